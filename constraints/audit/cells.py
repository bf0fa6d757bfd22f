"""The offers of one platform once more, cell by cell: a cell is one parcel by one method, whatever site it is part of.

Standard library only.  The rule book and the rows are asked once a cell (and once for all demands of a class); an offer
is then the strictest verdict, the smallest term, the sums of prices, preferences and coefficients over its cells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constraints.audit.reread import Reader, level
from constraints.reading.case_facts import Facts, integer, texts
from constraints.reading.core import shut
from constraints.reading.judge import answer
from constraints.reading.rows import Key
from constraints.types import STRICTNESS
from parcels.common.schema import Value

WORDS = tuple(sorted(STRICTNESS, key=STRICTNESS.__getitem__))
WARN, FORBID = STRICTNESS["warn"], STRICTNESS["forbid"]
MOST_CELLS = 2_000_000
MOST_SITES = 500_000
"""Cells, and what cells are together, that are remembered at a time."""


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

    @property
    def identity(self) -> tuple[tuple[int, ...], int | None, int, int]:
        """Site, demand, method, period: names the offer."""
        return self.site, self.demand, self.method, self.period


class Plan:
    """What a parcel adds to the rows and which preferences it matches; shared by all demands that count alike."""

    __slots__ = ("adds", "laid", "matches", "number", "pairs")

    def __init__(self, adds: dict[int, int], number: int, matches: tuple[int, ...]) -> None:
        self.adds = adds
        self.number = number
        self.matches = matches
        amounts = list(adds.values())
        self.laid = {number: amounts}
        self.pairs = interleaved(tuple(adds), amounts)

    def over(self, number: int, rows: tuple[int, ...]) -> list[int]:
        """The coefficients laid out over the set of rows of that number, which holds the plan's own."""
        found = self.laid.get(number)
        if found is None:
            found = self.laid[number] = [self.adds.get(row, 0) for row in rows]
        return found


def interleaved(rows: Sequence[int], amounts: Sequence[int]) -> list[int]:
    """Row numbers and coefficients in turn, as the offers file lists them."""
    found = [0] * (2 * len(amounts))
    found[::2], found[1::2] = rows, amounts
    return found


class Cell:
    """One parcel by one method: what it brings to every offer it is part of, whoever asks among those of a class."""

    __slots__ = ("area", "floor", "price", "shut", "term", "terms", "verdict")

    def __init__(self, law: tuple[Any, ...], area: int, firm: bool) -> None:
        self.verdict, self.term, self.terms, self.floor, unit = law
        self.shut = firm and self.verdict == FORBID
        self.area = area
        self.price: int = unit * area


class Together:
    """What the cells of an offer are together: the strictest verdict, the price, the area-weighted floor.

    ``shut``: a cell is forbidden whatever the term, so that the rest does not matter.
    """

    __slots__ = ("floor", "price", "shut", "term", "terms", "verdict")

    def __init__(self, cells: tuple[Cell, ...]) -> None:
        self.shut = True in [cell.shut for cell in cells]
        self.verdict: int = max([cell.verdict for cell in cells])
        self.price: int = sum([cell.price for cell in cells])
        self.term: int = cells[0].term
        self.floor = _floor(cells)
        terms = frozenset().union(*[cell.terms for cell in cells])
        self.terms = len(terms)
        if len(cells) > 1 and self.terms > 1:
            self.term = min(terms - {0})


def _floor(cells: Sequence[Cell]) -> int | None:
    """Area-weighted floor, yuan/m2, rounded up; None where one parcel has none."""
    first, whole = cells[0].floor, sum([cell.area for cell in cells])
    if first is None or not whole:
        return None
    top, bottom, same = 0, 1, True
    for cell in cells:
        if cell.floor is None:
            return None
        upper, lower = cell.floor
        same = same and cell.floor == first
        if lower == bottom:
            top += upper * cell.area
        else:
            top, bottom = top * lower + upper * cell.area * bottom, bottom * lower
    return int(-(-first[0] // first[1])) if same else -(-top // (bottom * whole))


class Site:
    """What is the same for every offer on a site."""

    __slots__ = ("area", "areas", "free", "kind", "laws", "linked", "parcels", "plans", "together")

    def __init__(self, reader: Reader, parcels: tuple[int, ...], linked: bool) -> None:
        self.parcels = parcels
        self.areas = [reader.facts.area[parcel] for parcel in parcels]
        self.area = sum(self.areas)
        self.free = reader.free_from(parcels)
        self.together = reader.facts.site(parcels)
        self.laws = tuple([level(self.together[name], levels) for name, levels in reader.law_facts])
        self.plans = tuple([self.together[name] for name in reader.plan_facts])
        self.kind = reader.kinds.setdefault((self.laws, self.plans), len(reader.kinds))
        self.linked = linked


class PartReader:
    """Re-derives the offers of one platform (``demand`` a row) or of the market (None).

    ``screening``: most of what is asked will be forbidden, so that a ban is looked for first.
    """

    def __init__(self, reader: Reader, demand: int | None, *, screening: bool = False) -> None:
        self.reader = reader
        self.screening = screening
        self.demand = demand
        self.market = demand is None
        self.wish: Facts = {} if demand is None else reader.facts.demands[demand]
        self.partners: tuple[Value, ...] = texts(self.wish.get("partners"))
        priority = None if self.market else integer(self.wish.get("priority"))
        self.served = {period: reader.points.served(priority, period) for period in reader.periods}
        budget = self.wish.get("budget_yuan")
        self.budget = None if budget is None else integer(budget)
        self.hurried = "needed_by" in self.wish
        self.classes = [
            -1 if demand is None else reader.class_number((reader.wish_class(demand, method), self.partners))
            for method in range(len(reader.case.methods))
        ]
        self.crowd = reader.law.get("other_applicants", ())
        self.plan_class = -1 if demand is None else reader.class_number(reader.plan_class(demand))
        self.cells: dict[object, dict[int, Cell]] = {}
        self.plans: dict[object, dict[int, Plan]] = {}
        self.shut: dict[object, set[int]] = {}
        self._told: dict[object, dict[str, Value]] = {}
        self.late: dict[object, bool] = {}
        self.names = frozenset() if demand is None else frozenset((reader.case.demands.ids[demand],))
        self.ways = [self._way(row) for row in range(len(reader.case.methods))]
        self.linked = reader.rows.linked_demand(self.names)
        if len(reader.law_cells) > MOST_CELLS or max(len(reader.together), len(reader.places)) > MOST_SITES:
            reader.forget()

    def _way(self, method: int) -> str | None:
        """Why the platform or the market does not take a method; None if it does."""
        how = self.reader.case.methods[method]
        if self.market:
            market = self.reader.case.market
            lawful = market is not None and how.id in market.methods and how.competitive
            return None if lawful else "method not offered openly"
        rights = texts(self.wish.get("want_right"))
        return "right not wanted" if rights and how.right not in rights else None

    def site(self, parcels: tuple[int, ...]) -> Site:
        """The site's own facts."""
        if self.linked:
            return Site(self.reader, parcels, True)
        found: Site | None = self.reader.places.get(parcels)
        if found is None:
            found = Site(self.reader, parcels, self.reader.rows.linked_site(parcels))
            self.reader.places[parcels] = found
        return found

    def read(self, parcels: tuple[int, ...], method: int, period: int) -> Reading:
        """The offer as the facts give it."""
        found = self.derive(self.site(parcels), method, period)
        if isinstance(found, str):
            return Reading(parcels, self.demand, method, period, found)
        term, verdict, floor, price, score, pairs = found
        keys, numbers = self.reader.row_keys, iter(pairs)
        rows = {keys[number]: next(numbers) for number in numbers}
        return Reading(parcels, self.demand, method, period, None, verdict, term, floor, price, tuple(score), rows)

    def derive(self, site: Site, method: int, period: int) -> list[Any] | str:
        """[term, verdict, floor, price, scores, row pairs] as the offers file lists them; a text says why not."""
        settled = self._settled(site, method, period)
        if isinstance(settled, str):
            return settled
        place, found, verdict = settled
        known = self.plans.get(place)
        if known is None:
            known = self.plans[place] = {}
        try:
            plans = tuple([known[parcel] for parcel in site.parcels])
        except KeyError:
            plans = tuple([self._planned(known, place, parcel, site, method, period) for parcel in site.parcels])
        reader = self.reader
        summed = reader.sums.get(plans)
        if summed is None:
            matches = [plan.matches for plan in plans]
            preferred, kept = reader.points.preferred(matches, site.areas, period), reader.points.kept(matches)
            summed = reader.sums[plans] = preferred, kept, self._pairs(plans)
        preferred, kept, pairs = summed
        score = reader.points.tiers(self.served[period], preferred, found.price, WORDS[verdict], period, kept)
        if site.linked:
            pairs = self._linked(plans, site, method, period)
        return [found.term, verdict, found.floor, found.price, score, pairs]

    def lawful(self, site: Site, method: int, period: int) -> bool:
        """Whether the offer is a lawful one of the round."""
        shut = self.shut.get((method, period, site.kind))
        if shut is not None and not shut.isdisjoint(site.parcels):
            return False
        return not isinstance(self._settled(site, method, period), str)

    def _settled(self, site: Site, method: int, period: int) -> tuple[object, Together, int] | str:
        """Where the cells of a lawful offer are kept, what they are together, the verdict; a text says why not."""
        reader = self.reader
        if not 0 <= method < len(self.ways) or period not in reader.periods:
            return "no such method or period"
        why = self.ways[method]
        if why is not None:
            return why
        if not reader.available(site.free, period):
            return "not available in time"
        place: object = (method, period, None, site.kind)
        found = self._together(place, site, method, period, None)
        if found.shut:
            return f"verdict {WORDS[FORBID]}"
        if len(site.parcels) > 1 and found.terms > 1:
            place = (method, period, found.term, site.kind)
            found = self._together(place, site, method, period, found.term)
        verdict = found.verdict
        if verdict < WARN and self.hurried and self._late(self.reader.ready_from(site.parcels), method, period):
            verdict = WARN
        if verdict not in reader.allowed:
            return f"verdict {WORDS[verdict]}"
        if self.budget is not None and found.price > self.budget:
            return f"price {found.price} above the budget"
        return place, found, verdict

    def _pairs(self, plans: Sequence[Plan]) -> list[int]:
        """Row numbers and coefficients in turn, ascending, without zeros; those of relations and locks apart."""
        return plans[0].pairs if len(plans) == 1 else interleaved(*self._laid(plans))

    def _laid(self, plans: Sequence[Plan]) -> tuple[Sequence[int], list[int]]:
        rows: Sequence[int]
        number, rows = self.reader.united(frozenset([plan.number for plan in plans]))
        laid = [plan.laid.get(number) or plan.over(number, rows) for plan in plans]
        amounts = list(map(sum, zip(*laid, strict=True)))
        if 0 in amounts:
            rows = [number for number, value in zip(rows, amounts, strict=True) if value]
            amounts = [value for value in amounts if value]
        return rows, amounts

    def _linked(self, plans: Sequence[Plan], site: Site, method: int, period: int) -> list[int]:
        """:meth:`_pairs` with the rows of relations and locks."""
        merged = dict(zip(*self._laid(plans), strict=True))
        how, when = self.reader.case.methods[method].id, self.reader.period_id(period)
        links = self.reader.rows.links(site.parcels, self.demand, how, when)
        merged.update((self.reader.number(key), value) for key, value in links.items())
        rows = sorted(number for number, value in merged.items() if value)
        return interleaved(rows, [merged[number] for number in rows])

    def _late(self, free: str, method: int, period: int) -> bool:
        key = (free, method, period)
        found = self.late.get(key)
        if found is None:
            how = self.reader.case.methods[method]
            found = self.late[key] = self.reader.late(free, self.demand, how, period)
        return found

    def _together(self, place: object, site: Site, method: int, period: int, term: int | None) -> Together:
        known = self.cells.get(place)
        if known is None:
            known = self.cells[place] = {}
        try:
            cells = tuple([known[parcel] for parcel in site.parcels])
        except KeyError:
            cells = tuple(
                [known.get(p) or self._cell(known, place, p, site, method, period, term) for p in site.parcels]
            )
        found = self.reader.together.get(cells)
        if found is None:
            found = self.reader.together[cells] = Together(cells)
        return found

    def _cell(
        self, known: dict[int, Cell], place: object, parcel: int, site: Site, method: int, period: int, term: int | None
    ) -> Cell:
        reader = self.reader
        operator = reader.facts.operator(parcel, self.demand) if reader.law_asks[method] else None
        others = reader.others(parcel, self.demand) if reader.asks_applicants else 0
        when = period if "period" in reader.law else -1
        crowd = level(others, self.crowd)
        key: object = (parcel, method, when, term, site.laws, operator, self.classes[method], crowd, self.market)
        cell: Cell | None = reader.law_cells.get(key)
        if cell is None:
            firm = term is None and reader.firm[method] and not reader.open_price(parcel)
            law = self._law(parcel, site, method, period, term, others, firm)
            cell = reader.law_cells[key] = Cell(law, reader.facts.area[parcel], firm)
        known[parcel] = cell
        if cell.shut:
            self.shut.setdefault((method, period, site.kind), set()).add(parcel)
        return cell

    def _planned(
        self, known: dict[int, Plan], place: object, parcel: int, site: Site, method: int, period: int
    ) -> Plan:
        """What a cell adds to the limits, and the preferences it matches."""
        plan: Plan | None = known.get(parcel)
        if plan is not None:
            return plan
        reader, cell = self.reader, self.cells[place][parcel]
        years = cell.term if reader.plan_term else -1
        price = cell.price if reader.plan_price else -1
        operator = reader.facts.operator(parcel, self.demand) if reader.plan_operator else None
        others = reader.others(parcel, self.demand) if reader.asks_applicants else 0
        when = period if reader.plan_period else -1
        counted = others if reader.plan_applicants else 0
        key = (parcel, method, when, years, site.plans, price, operator, self.plan_class, counted, self.market)
        plan = reader.plan_cells.get(key)
        if plan is None:
            plan = reader.plan_cells[key] = self._plan(parcel, site, method, period, cell.term, cell.price, others)
        known[parcel] = plan
        return plan

    def _law(
        self, parcel: int, site: Site, method: int, period: int, term: int | None, others: int, firm: bool
    ) -> tuple[int, int, frozenset[int], tuple[int, int] | None, int]:
        """(verdict, term, terms of all operators, floor, unit price) of one parcel; ``firm``: a ban settles it."""
        reader = self.reader
        facts = self._told.get((parcel, site.kind))
        if facts is None:
            facts = {**self.wish, **reader.parcel_facts(parcel, self.demand), **site.together}
            self._told[parcel, site.kind] = facts
        mine = facts.get("operator")
        facts["period"] = reader.period_id(period)
        facts["other_applicants"] = others
        how = reader.case.methods[method]
        if firm and self.screening and shut(reader.book, facts, how, self.market):
            return FORBID, 0, frozenset(), None, 0
        records, judged = reader.records(parcel, self.demand), []
        for operator in dict.fromkeys((mine, *self.partners)):
            facts["operator"] = operator
            judged.append(answer(reader.book, facts, how, records=records, market=self.market, term=term))
        facts["operator"] = mine
        _, years, floor, price = judged[0]
        verdict = max([STRICTNESS[one[0]] for one in judged])
        terms = frozenset([one[1] or 0 for one in judged])  # 0: no term, as where no rule bounds it
        pair = None if floor is None else (floor.numerator, floor.denominator)
        return verdict, years or 0, terms, pair, price or 0

    def _plan(self, parcel: int, site: Site, method: int, period: int, years: int, price: int, others: int) -> Plan:
        """What one parcel adds to the limits, and the preferences it matches."""
        reader = self.reader
        how, when = reader.case.methods[method], reader.period_id(period)
        facts = reader.facts.offer(parcel, self.demand, site.together, how, years, when, others)
        adds = reader.rows.of_parcel(facts, price, self.market)
        numbered = {reader.number(key): value for key, value in adds.items() if value and reader.rows.row(*key)}
        numbered = dict(sorted(numbered.items()))
        return Plan(numbered, reader.row_set(tuple(numbered)), reader.points.matches(facts))
