"""Every listed offer and every assignment once more, by the scalar reading, from the facts alone.

Standard library only. :class:`Reader` holds what a case gives once: rules, points and rows compiled, the hard filters
of parcels and sites, who else applies. :mod:`constraints.audit.cells` re-derives the offers with it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from copy import copy
from fractions import Fraction
from typing import Any

from constraints.case import Case, Record
from constraints.language.expr import parse
from constraints.language.nodes import names
from constraints.loading.method_facts import yardstick
from constraints.reading.book import Clause, RuleBook, case_book, signature
from constraints.reading.case_facts import CASE_DEFAULTS, CaseFacts, Facts, integer, texts
from constraints.reading.judge import SiteJudgement, cases_of, judge_site
from constraints.reading.points import Points
from constraints.reading.rows import Key, PlanRows
from constraints.reading.timetable import Calendar, done_by, upstream_days
from constraints.types import STRICTNESS, Method
from parcels.common.catalogue import Told, told
from parcels.common.schema import Value

SITE_FACTS = ("site_area_m2", "site_parcels", "intending_users", "site_compact")


class Reader:
    """A case compiled for the scalar reading."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.facts = CaseFacts(case)
        self.points = Points(case)
        self.rows = PlanRows(case, self.facts)
        self.book = case_book(case)
        _require_words(case, self.book)
        self._books = self.book.every()
        self._read = {name: self._signed(name) for name in self.book.shelves}
        self.calendar = Calendar(case.calendar)
        self.method_row = {method.id: row for row, method in enumerate(case.methods)}
        self.periods = tuple(range(len(case.round.periods))) or (-1,)
        self.allowed = frozenset(STRICTNESS[verdict] for verdict in case.settings.verdicts)
        self.adjacent: list[set[int]] = [set() for _ in case.parcels.ids]
        for one, other in case.neighbours.pairs:
            self.adjacent[one].add(other)
            self.adjacent[other].add(one)
        self.law = self._law_reads()
        self.law_facts = [(name, self.law[name]) for name in SITE_FACTS if name in self.law]
        planned: set[str] = set().union(*(names(parse(text)) for text in self._plan_texts()))
        planned.update(name for limit in self.rows.limits for name in (*limit.per, limit.measure))
        self.plan_facts = tuple(name for name in SITE_FACTS if name in planned)
        self.plan_period = "period" in planned or Fraction(case.objective.later) > 0
        self.plan_applicants = "other_applicants" in planned
        self.asks_applicants = self.plan_applicants or "other_applicants" in self.law
        asked = set(case.demands.columns)
        self._law_wish = [self._wish_facts(method.id, asked) for method in case.methods]
        self._plan_wish = sorted(asked & planned)
        self.law_asks = ["operator" in self._asked_of(method.id) for method in case.methods]
        forbidden = STRICTNESS["forbid"] not in self.allowed
        self.firm = [forbidden and self._is_firm(method.id) for method in case.methods]
        self.plan_term, self.plan_operator = "term_years" in planned, "operator" in planned
        self.plan_price = any(limit.measure == "expected_price_yuan" for limit in self.rows.limits)
        self._filed = {record.demand_id for record in case.records if record.demand_id}
        self._records: dict[str, list[Record]] = {}
        for record in case.records:
            self._records.setdefault(record.parcel_id, []).append(record)
        self.planned_from = case.round.as_of
        self._prepared: dict[int, str] = {}
        self._first: Reader | None = None
        self._asked: tuple[int | None, dict[int, Told | None]] | None = None
        self.reach: dict[int, frozenset[int]] = {}
        self._counts = [0] * len(case.parcels)
        self.row_number: dict[Key, int] = {}
        self.row_keys: list[Key] = []
        self._row_sets: dict[tuple[int, ...], int] = {}
        self._unions: dict[frozenset[int], tuple[int, tuple[int, ...]]] = {}
        self.kinds: dict[object, int] = {}
        self._classes: dict[object, int] = {}
        self.law_cells: dict[object, Any] = {}
        self.plan_cells: dict[object, Any] = {}
        self.together: dict[object, Any] = {}
        self.sums: dict[object, Any] = {}
        self.places: dict[tuple[int, ...], Any] = {}
        self._joined: dict[tuple[int, ...], bool] = {}

    def _law_reads(self) -> dict[str, tuple[int, ...] | None]:
        """The facts the law reads, with the constants an integer is compared with (None: its exact value matters)."""
        found: dict[str, tuple[int, ...] | None] = {}
        for read in self._read.values():
            for name, levels, _ in read:
                before = found.get(name, ())
                found[name] = None if levels is None or before is None else tuple(sorted({*before, *levels}))
        for shelf in (shelf for book in self._books for shelf in book.shelves.values()):
            found.update(dict.fromkeys(shelf.prices))
        if self.book.periods:
            found["period"] = None  # each period has its own law
        return found

    def _signed(self, method: str) -> list[tuple[str, tuple[int, ...] | None, Value]]:
        """The facts that tell answers about a method apart, by the law of some period."""
        signed = [signature(book.shelves[method].deciding, book.purpose) for book in self._books]
        return [each for found in signed for each in found]

    def _asked_of(self, method: str) -> set[str]:
        """The facts a method's answers depend on (prices of a lease are held against a listing)."""
        read: set[str] = set()
        for name in (method, yardstick()):
            if name in self._read:
                read |= {each for each, _, _ in self._read[name]}
                read |= {each for book in self._books for each in book.shelves[name].prices}
        return read

    def _wish_facts(self, method: str, asked: set[str]) -> list[tuple[str, tuple[int, ...] | None]]:
        """The demand facts that tell answers about a method apart."""
        read = self._asked_of(method)
        ruled = {name for clause in self._deciding(method) for name in clause.reads()}
        read -= {"want_right", "lease_years", "operator"} - ruled
        return sorted((name, self.law[name]) for name in asked & read - {"operator"})

    def _is_firm(self, method: str) -> bool:
        """Where what a method's rules forbid is forbidden at any shorter term too: no rule reads the term itself."""
        return not any("term_years" in clause.reads() for clause in self._deciding(method))

    def _deciding(self, method: str) -> Iterator[Clause]:
        """The clauses that decide about a method in some period."""
        return (clause for book in self._books for clause in book.shelves[method].deciding)

    def open_price(self, parcel: int) -> bool:
        """True where an answer may change with the term beyond its rules: a reserve price, a mix of uses."""
        facts = self.facts.parcels[parcel]
        return facts.get("reserve_price") is not None or bool(facts.get("use_mix"))

    def wish_class(self, demand: int, method: int) -> tuple[Value, ...]:
        """Demands of one class get the same answers about a method they take, the operator apart."""
        facts, own = self.facts.demands[demand], self.case.demands.ids[demand]
        known = (level(facts[name], levels) for name, levels in self._law_wish[method])
        return (own if own in self._filed else None, *known)

    def plan_class(self, demand: int) -> tuple[Value, ...]:
        """Demands of one class count alike in limits and preferences, the operator apart."""
        facts = self.facts.demands[demand]
        return tuple(facts[name] for name in self._plan_wish)

    def class_number(self, found: object) -> int:
        """A small number for a class, equal for equal ones: quicker in a key than what it stands for."""
        return self._classes.setdefault(found, len(self._classes))

    def number(self, key: Key) -> int:
        """The number of a row; those of the offers file are numbered first, in their order."""
        found = self.row_number.get(key)
        if found is None:
            found = self.row_number[key] = len(self.row_keys)
            self.row_keys.append(key)
        return found

    def row_set(self, rows: tuple[int, ...]) -> int:
        """The number of an ascending set of rows."""
        return self._row_sets.setdefault(rows, len(self._row_sets))

    def united(self, sets: frozenset[int]) -> tuple[int, tuple[int, ...]]:
        """The number and the rows of the union of some sets of rows."""
        found = self._unions.get(sets)
        if found is None:
            known = list(self._row_sets)
            rows = tuple(sorted({row for number in sets for row in known[number]}))
            found = self._unions[sets] = self.row_set(rows), rows
        return found

    def _plan_texts(self) -> list[str]:
        found = []
        for rule in self.case.rules:
            if rule.kind in ("limit", "preference"):
                credit = rule.spec.get("credit") or {}
                found += [rule.when, rule.spec.get("of") or "", credit.get("where") or ""]
        return [text for text in found if text]

    def count_reach(self) -> None:
        """Count for each parcel the demands whose lawful sites hold it."""
        self._counts = [0] * len(self.case.parcels)
        for parcels in self.reach.values():
            for parcel in parcels:
                self._counts[parcel] += 1

    def forget(self) -> None:
        """Drop what was derived before the other applicants were counted."""
        for found in (self.law_cells, self.plan_cells, self.together, self.sums, self.places, self._joined):
            found.clear()

    def others(self, parcel: int, demand: int | None) -> int:
        """Other demands of the round that could lawfully use the parcel."""
        mine = demand is not None and parcel in self.reach.get(demand, ())
        return self._counts[parcel] - mine

    def first_pass(self) -> Reader:
        """The same case before other applicants are counted; what was derived names their number and is shared."""
        if self._first is None:
            self._first = copy(self)
            self._first.reach = {}
            self._first.count_reach()
        return self._first

    def crowded(self, method: int) -> bool:
        """True where the law of a method may look at the other applicants."""
        return "other_applicants" in self._asked_of(self.case.methods[method].id)

    def parcel_problem(self, parcel: int, demand: int | None) -> Told | None:
        """Why a parcel cannot be part of a site for the demand, whatever the method; None if it can."""
        facts, case = self.facts.parcels[parcel], self.case
        if not self.facts.candidate[parcel]:
            return told("site.status", status=facts["status"])
        if demand is None:
            market = case.market
            return None if market is not None and facts.get("use") in market.uses else told("site.use-not-offered")
        wish = self.facts.demands[demand]
        if facts.get("use") not in texts(wish.get("uses")):
            return told("site.use")
        districts, zones = texts(wish.get("districts")), texts(wish.get("zones"))
        if districts and facts.get("district") not in districts:
            return told("site.district")
        if zones and set(zones).isdisjoint(texts(facts.get("zone"))):
            return told("site.zone")
        near = wish.get("near")
        for place in near.split(";") if isinstance(near, str) else texts(near):
            point, _, metres = (part.strip() for part in place.rpartition(":"))
            if place.strip() and (point not in case.distances or case.distances[point][parcel] > Fraction(metres)):
                return told("site.far", point=point)
        return None

    def site_problem(self, site: Sequence[int], demand: int | None) -> Told | None:
        """Why a set of parcels is no site of the demand; None if it is one."""
        count = len(self.case.parcels)
        if not site or list(site) != sorted(set(site)) or site[0] < 0 or site[-1] >= count:
            return told("site.rows")
        if demand is not None and not 0 <= demand < len(self.case.demands):
            return told("site.demand")
        if self._asked is None or self._asked[0] != demand:
            self._asked = (demand, {})
        known = self._asked[1]
        for parcel in site:
            if parcel not in known:
                known[parcel] = self.parcel_problem(parcel, demand)
            problem = known[parcel]
            if problem:
                return told("site.parcel", parcel=self.case.parcels.ids[parcel], problem=problem)
        if demand is None:
            return None if len(site) == 1 else told("site.market-single")
        wish = self.facts.demands[demand]
        if len(site) > integer(wish.get("max_parcels") or 1):
            return told("site.too-many")
        area = sum([self.facts.area[parcel] for parcel in site])
        if not integer(wish.get("area_min_m2")) <= area <= integer(wish.get("area_max_m2")):
            return told("site.area", area=area)
        if len(site) == 1:
            return None
        joined = self._joined.get(tuple(site))
        if joined is None:
            reached, inside = {site[0]}, set(site)
            while border := {n for p in reached for n in self.adjacent[p] if n in inside} - reached:
                reached |= border
            joined = self._joined[tuple(site)] = reached == inside
        return None if joined else told("site.connected")

    def market_parcels(self) -> list[int]:
        """The parcels that may be offered openly."""
        return [row for row in range(len(self.case.parcels)) if self.parcel_problem(row, None) is None]

    def judge_site(
        self, site: Sequence[int], demand: int | None, method: int, period: int, *, noted: bool = True
    ) -> SiteJudgement:
        """The full answer for one offer, with rulings and conditions; without ``noted``, notes are left out."""
        parcels = [self.parcel_facts(parcel, demand) for parcel in site]
        together = {**self.facts.site(site), "period": self.period_id(period)}
        wish: Facts = {} if demand is None else self.facts.demands[demand]
        how, records = self.case.methods[method], self.case.records
        market = demand is None
        return judge_site(self.book, parcels, wish, together, how, records=records, market=market, noted=noted)

    def cases(self, site: Sequence[int], demand: int | None, period: int) -> list[Facts]:
        """The facts that :meth:`judge_site` asks the law about."""
        parcels = [self.parcel_facts(parcel, demand) for parcel in site]
        together = {**self.facts.site(site), "period": self.period_id(period)}
        wish: Facts = {} if demand is None else self.facts.demands[demand]
        return [{**CASE_DEFAULTS, **facts} for each in cases_of(parcels, wish, together) for facts in each]

    def records(self, parcel: int, demand: int | None) -> list[Record]:
        """The records on file that may speak of a parcel and a demand, in their order on file for each parcel named."""
        named = self._records
        if not named:
            return []
        who = "" if demand is None else self.case.demands.ids[demand]
        filed = [*named.get("", ()), *named.get(self.case.parcels.ids[parcel], ())]
        return [record for record in filed if record.demand_id in ("", who)]

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

    def late(self, start: str, demand: int | None, method: Method, period: int) -> bool:
        """True where an offer whose site can begin on ``start`` (:meth:`ready_from`) cannot meet ``needed_by``."""
        needed = None if demand is None else self.facts.demands[demand].get("needed_by")
        if needed is None:
            return False
        start = max(start, self.planned_from, self.case.round.periods[period].start if period >= 0 else "")
        return done_by(method, {}, start, self.calendar) > str(needed)

    def available(self, start: str, period: int) -> bool:
        """False where a site that is free on ``start`` comes after the period (the round), or the period is over."""
        if period >= 0 and self.case.round.periods[period].end < self.planned_from:
            return False
        end = self.case.round.periods[period].end if period >= 0 else self.case.round.end
        return end is None or start <= end

    def free_from(self, site: Sequence[int]) -> str:
        """The day the last parcel of a site becomes available; blank where all are."""
        return max([self.facts.free[parcel] for parcel in site])

    def ready_from(self, site: Sequence[int]) -> str:
        """The day the supply of a site can begin: free and, in an annual plan, with all that it lacks made ready."""
        return max([self._ready(parcel) for parcel in site])

    def _ready(self, parcel: int) -> str:
        free = self.facts.free[parcel]
        if self.case.round.purpose != "annual_plan":
            return free
        if parcel not in self._prepared:
            days = upstream_days({**self.facts.parcels[parcel], "in_annual_plan": True})
            opening = max(self.case.round.as_of, self.case.round.start or "", free)
            self._prepared[parcel] = self.calendar.after(opening, days) if days else free
        return self._prepared[parcel]


def _require_words(case: Case, book: RuleBook) -> None:
    """That verdicts are verdicts and years whole numbers, also of rules that no question comes to.

    KeyError, AttributeError or TypeError if not.
    """
    for method in case.methods:
        STRICTNESS[method.default], book.defaults(method)
    for rule in case.rules:
        for verdict in rule.spec["verdict"].values() if rule.kind == "eligibility" else ():
            STRICTNESS[verdict]
        for name in ("min_years", "max_years") if rule.kind == "term" else ():
            if type(rule.spec.get(name)) not in (int, type(None)):
                raise TypeError(f"{rule.id}: {name} is no whole number")


def level(value: Value, levels: tuple[int, ...] | None) -> Value:
    """An integer by where it stands among the constants it is compared with; other values as they are."""
    if levels is None or not isinstance(value, int):
        return value
    return bisect_left(levels, value) + bisect_right(levels, value)
