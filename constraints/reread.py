"""Every listed offer and every assignment once more, by the scalar reading, from the facts alone.

Standard library only. :class:`Reader` holds what a case gives once; :class:`PartReader` re-derives the offers of one
platform (or of the market), asking the rule book once for each parcel, method and term and adding up sites from there.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from constraints.case import Case
from constraints.check import Key, PlanRows
from constraints.expr import parse
from constraints.facts import CaseFacts, Facts, integer, texts
from constraints.judge import Judgement, SiteJudgement, book, judge, judge_site
from constraints.nodes import names
from constraints.points import Points
from constraints.timetable import Calendar, done_by
from constraints.types import STRICTNESS, Method
from parcels.schema import Value

SITE_FACTS = ("site_area_m2", "site_parcels", "intending_users")
WARN = STRICTNESS["warn"]
WORDS = tuple(sorted(STRICTNESS, key=STRICTNESS.__getitem__))


@dataclass(frozen=True, slots=True)
class Reading:
    """One offer as the facts give it; ``refused`` says why it is no lawful offer of the round (None: it is one)."""

    site: tuple[int, ...]
    demand: int | None
    method: int
    period: int
    refused: str | None
    verdict: int = 3
    term: int = 0
    floor: int | None = None
    price: int = 0
    score: tuple[int, ...] = ()
    rows: Mapping[Key, int] = field(default_factory=dict)
    prices: tuple[int, ...] = ()

    @property
    def identity(self) -> tuple[tuple[int, ...], int | None, int, int]:
        """Site, demand, method, period: names the offer."""
        return self.site, self.demand, self.method, self.period


class Reader:
    """A case compiled for the scalar reading."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = CaseFacts(case)
        self.points = Points(case)
        self.rows = PlanRows(case, self.facts)
        self.book = book(
            case.rules,
            case.methods,
            as_of=case.round.as_of,
            rate=case.round.land_reduction_rate,
            purpose=case.round.purpose,
            start=case.round.start,
            end=case.round.end,
            calendar=case.calendar,
        )
        self.calendar = Calendar(case.calendar)
        self.method_row = {method.id: row for row, method in enumerate(case.methods)}
        self.periods = tuple(range(len(case.round.periods))) or (-1,)
        self.allowed = frozenset(STRICTNESS[verdict] for verdict in case.settings.verdicts)
        self.adjacent: list[set[int]] = [set() for _ in case.parcels.ids]
        for one, other in case.neighbours.pairs:
            self.adjacent[one].add(other)
            self.adjacent[other].add(one)
        read = {name: levels for shelf in self.book.shelves.values() for name, levels, _ in shelf.signature}
        self.law_facts = [(name, self._levels(name)) for name in SITE_FACTS if name in read]
        self.law_period = "period" in read
        self.asks_applicants = "other_applicants" in read or any("other_applicants" in t for t in self._plan_texts())
        planned: set[str] = set().union(*(names(parse(text)) for text in self._plan_texts()))
        self.plan_facts = tuple(name for name in SITE_FACTS if name in planned)
        self.reach: dict[int, frozenset[int]] = {}
        self._counts = [0] * len(case.parcels)

    def _plan_texts(self) -> list[str]:
        found = []
        for rule in self.case.rules:
            if rule.kind in ("limit", "preference"):
                credit = rule.spec.get("credit") or {}
                found += [rule.when, rule.spec.get("of") or "", credit.get("where") or ""]
        return [text for text in found if text]

    def _levels(self, name: str) -> tuple[int, ...] | None:
        """The constants a site fact is compared with; None where its exact value may matter."""
        found: set[int] = set()
        for shelf in self.book.shelves.values():
            for other, levels, _ in shelf.signature:
                if other == name:
                    if levels is None:
                        return None
                    found.update(levels)
        return tuple(sorted(found))

    def count_reach(self) -> None:
        """Count for each parcel the demands whose lawful sites hold it."""
        self._counts = [0] * len(self.case.parcels)
        for parcels in self.reach.values():
            for parcel in parcels:
                self._counts[parcel] += 1

    def others(self, parcel: int, demand: int | None) -> int:
        """Other demands of the round that could lawfully use the parcel."""
        mine = demand is not None and parcel in self.reach.get(demand, ())
        return self._counts[parcel] - mine

    def first_pass(self) -> Reader:
        """The same case before other applicants are counted."""
        return Reader(self.case)

    def part(self, demand: int | None) -> PartReader:
        """The reader of one platform's offers (None: the market's)."""
        return PartReader(self, demand)

    def parcel_problem(self, parcel: int, demand: int | None) -> str | None:
        """Why a parcel cannot be part of a site for the demand, whatever the method; None if it can."""
        facts, case = self.facts.parcels[parcel], self.case
        if not self.facts.candidate[parcel]:
            return f"status {facts['status']}"
        if demand is None:
            market = case.market
            return None if market is not None and facts.get("use") in market.uses else "use not offered openly"
        wish = self.facts.demands[demand]
        if facts.get("use") not in texts(wish.get("uses")):
            return "use not wanted"
        districts, zones = texts(wish.get("districts")), texts(wish.get("zones"))
        if districts and facts.get("district") not in districts:
            return "district not accepted"
        if zones and set(zones).isdisjoint(texts(facts.get("zone"))):
            return "zone not accepted"
        near = wish.get("near")
        for place in near.split(";") if isinstance(near, str) else texts(near):
            point, _, metres = (part.strip() for part in place.rpartition(":"))
            if place.strip() and (point not in case.distances or case.distances[point][parcel] > Fraction(metres)):
                return f"too far from {point}"
        return None

    def site_problem(self, site: Sequence[int], demand: int | None) -> str | None:
        """Why a set of parcels is no site of the demand; None if it is one."""
        count = len(self.case.parcels)
        if not site or list(site) != sorted(set(site)) or site[0] < 0 or site[-1] >= count:
            return "not ascending parcel rows"
        if demand is not None and not 0 <= demand < len(self.case.demands):
            return "no such demand"
        for parcel in site:
            problem = self.parcel_problem(parcel, demand)
            if problem:
                return f"{self.case.parcels.ids[parcel]}: {problem}"
        if demand is None:
            return None if len(site) == 1 else "the market takes single parcels"
        wish = self.facts.demands[demand]
        if len(site) > integer(wish.get("max_parcels") or 1):
            return "more parcels than wanted"
        area = sum(self.facts.area[parcel] for parcel in site)
        if not integer(wish.get("area_min_m2")) <= area <= integer(wish.get("area_max_m2")):
            return f"{area} m2 is outside the window"
        reached, inside = {site[0]}, set(site)
        while border := {n for p in reached for n in self.adjacent[p] if n in inside} - reached:
            reached |= border
        return None if reached == inside else "not connected"

    def market_parcels(self) -> list[int]:
        """The parcels that may be offered openly."""
        return [row for row in range(len(self.case.parcels)) if self.parcel_problem(row, None) is None]

    def judge_site(self, site: Sequence[int], demand: int | None, method: int, period: int) -> SiteJudgement:
        """The full answer for one offer, with rulings and conditions."""
        parcels = [self.parcel_facts(parcel, demand) for parcel in site]
        together = {**self.facts.site(site), "period": self.period_id(period)}
        wish: Facts = {} if demand is None else self.facts.demands[demand]
        how, records = self.case.methods[method], self.case.records
        return judge_site(self.book, parcels, wish, together, how, records=records, market=demand is None)

    def parcel_facts(self, parcel: int, demand: int | None) -> dict[str, Value]:
        """A parcel's facts with what depends on who asks: the operator on it, other applicants."""
        found = dict(self.facts.parcels[parcel])
        found["other_applicants"] = self.others(parcel, demand)
        if demand is not None and demand in self.facts.held_by[parcel]:
            found["operator"] = "existing_user"
        return found

    def period_id(self, period: int) -> str | None:
        """The id of a period; None where the round has none."""
        return self.case.round.periods[period].id if period >= 0 else None

    def late(self, site: Sequence[int], demand: int | None, method: Method, period: int) -> bool:
        """True where the offer cannot meet ``needed_by``."""
        needed = None if demand is None else self.facts.demands[demand].get("needed_by")
        if needed is None:
            return False
        starts = [self.case.round.as_of, *(str(self.facts.parcels[p].get("available_from") or "") for p in site)]
        if period >= 0:
            starts.append(self.case.round.periods[period].start)
        return done_by(method, {}, max(starts), self.calendar) > str(needed)

    def available(self, site: Sequence[int], period: int) -> bool:
        """False where a parcel becomes available only after the period (the round)."""
        end = self.case.round.periods[period].end if period >= 0 else self.case.round.end
        dates = [str(self.facts.parcels[p].get("available_from") or "") for p in site]
        return end is None or max(dates) <= end


class PartReader:
    """Re-derives the offers of one platform or of the market."""

    def __init__(self, reader: Reader, demand: int | None) -> None:
        self.reader = reader
        self.demand = demand
        self.market = demand is None
        self.wish: Facts = {} if demand is None else reader.facts.demands[demand]
        partners = texts(self.wish.get("partners"))
        self.partners: tuple[Value, ...] = partners
        self._judged: dict[Any, tuple[Judgement, ...]] = {}
        self._planned: dict[Any, tuple[dict[Key, int], tuple[bool, ...]]] = {}
        self._sites: dict[tuple[int, ...], dict[str, Value]] = {}

    def _site(self, site: tuple[int, ...]) -> dict[str, Value]:
        found = self._sites.get(site)
        if found is None:
            found = self._sites[site] = self.reader.facts.site(site)
        return found

    def _alone(
        self, parcel: int, method: int, period: int, term: int | None, together: Facts, level: tuple[Any, ...]
    ) -> tuple[Judgement, ...]:
        """The judgements of one parcel, one for each operator of the demand."""
        key = (parcel, method, period if self.reader.law_period else -1, term, level)
        found = self._judged.get(key)
        if found is None:
            reader = self.reader
            facts = {**self.wish, **reader.parcel_facts(parcel, self.demand), **together}
            facts["period"] = reader.period_id(period)
            operators = dict.fromkeys((facts.get("operator"), *self.partners))
            how, records = reader.case.methods[method], reader.case.records
            found = self._judged[key] = tuple(
                judge(reader.book, {**facts, "operator": o}, how, records=records, market=self.market, term=term)
                for o in operators
            )
        return found

    def read(self, site: tuple[int, ...], method: int, period: int) -> Reading:
        """The offer as the facts give it."""
        reader = self.reader
        case = reader.case
        refuse = self._filters(site, method, period)
        if refuse:
            return Reading(site, self.demand, method, period, refuse)
        together = self._site(site)
        level = tuple(_level(together[name], levels) for name, levels in reader.law_facts)
        judged = [self._alone(p, method, period, None, together, level) for p in site]
        if len(site) > 1:
            terms = [one.term for each in judged for one in each if one.term is not None]
            term = min(terms) if terms else None
            judged = [self._alone(p, method, period, term, together, level) for p in site]
        verdict = max(STRICTNESS[one.verdict] for each in judged for one in each)
        if reader.late(site, self.demand, case.methods[method], period):
            verdict = max(verdict, WARN)
        if verdict not in reader.allowed:
            return Reading(site, self.demand, method, period, f"verdict {WORDS[verdict]}", verdict)
        areas = [reader.facts.area[p] for p in site]
        first = [each[0] for each in judged]
        prices = [(one.unit_price or 0) * area for one, area in zip(first, areas, strict=True)]
        price = sum(prices)
        budget = self.wish.get("budget_yuan")
        if isinstance(budget, int) and price > budget:
            return Reading(site, self.demand, method, period, f"price {price} above the budget", verdict)
        years = first[0].term or 0
        rows: dict[Key, int] = {}
        matches = []
        for parcel, yuan in zip(site, prices, strict=True):
            part, match = self._plan(parcel, method, period, years, yuan, together)
            matches.append(match)
            for key, value in part.items():
                rows[key] = rows.get(key, 0) + value
        rows.update(reader.rows.links(site, self.demand, case.methods[method].id))
        priority = None if self.market else integer(self.wish.get("priority"))
        score = reader.points.tiers(priority, reader.points.preferred(matches, areas), price, WORDS[verdict])
        rows = {key: value for key, value in rows.items() if value}
        floor = _floor(first, areas)
        return Reading(
            site, self.demand, method, period, None, verdict, years, floor, price, score, rows, tuple(prices)
        )

    def _filters(self, site: tuple[int, ...], method: int, period: int) -> str | None:
        case = self.reader.case
        if not 0 <= method < len(case.methods) or period not in self.reader.periods:
            return "no such method or period"
        how = case.methods[method]
        if self.market:
            market = case.market
            if market is None or how.id not in market.methods or not how.competitive:
                return "method not offered openly"
        else:
            rights = texts(self.wish.get("want_right"))
            if rights and how.right not in rights:
                return "right not wanted"
        return None if self.reader.available(site, period) else "not available in time"

    def _plan(
        self, parcel: int, method: int, period: int, years: int, price: int, together: Facts
    ) -> tuple[dict[Key, int], tuple[bool, ...]]:
        """What one parcel adds to the limits, and which preferences it matches."""
        reader = self.reader
        key = (parcel, method, period, years, price, *(together[name] for name in reader.plan_facts))
        found = self._planned.get(key)
        if found is None:
            others = reader.others(parcel, self.demand)
            how = reader.case.methods[method]
            facts = reader.facts.offer(parcel, self.demand, together, how, years, reader.period_id(period), others)
            adds = reader.rows.of_parcel(facts, price, self.market)
            adds = {name: value for name, value in adds.items() if reader.rows.row(*name) is not None}
            found = self._planned[key] = adds, reader.points.matches(facts)
        return found


def _level(value: Value, levels: tuple[int, ...] | None) -> Value:
    if levels is None or not isinstance(value, int):
        return value
    return bisect_left(levels, value) + bisect_right(levels, value)


def _floor(judged: Sequence[Judgement], areas: Sequence[int]) -> int | None:
    """Area-weighted floor, yuan/m2, rounded up; None where one parcel has none."""
    if any(one.floor is None for one in judged) or not sum(areas):
        return None
    total = sum((one.floor or Fraction(0)) * area for one, area in zip(judged, areas, strict=True))
    return -((-total) // sum(areas))
