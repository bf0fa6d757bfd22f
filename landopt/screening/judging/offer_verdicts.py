"""Judging candidate pairs of site and demand: verdict, term, price and floor of every method at once, by look-up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from constraints.reading.timetable import Calendar, done_by, upstream_days
from constraints.types import STRICTNESS
from landopt.screening.judging.eligible import Eligible, number
from landopt.screening.judging.pricing import Found, PriceBasis, Pricer, Work
from landopt.screening.judging.verdict_tables import Exceptions, Panel, Panels, Stack, panel_key, stack
from landopt.screening.law.verdicts import FORBID, OPEN, WARN, Law
from parcels.common.schema import Value
from parcels.geometry.sites import Sites

Ints = NDArray[np.integer[Any]]
MARKET = -1
NEVER = 9999_12_31


@dataclass(frozen=True)
class Judged:
    """Lawful offers on sites of one number of parcels: (n,) arrays; ``parcels`` and ``unit`` are (n, parcels)."""

    site: Ints
    demand: Ints
    method: Ints
    period: Ints
    term: Ints
    verdict: Ints
    floor: Ints
    price: Ints
    parcels: Ints
    unit: Ints

    def by(self, methods: NDArray[np.bool_]) -> Judged:
        """The offers by some methods only."""
        keep = np.flatnonzero(methods[self.method])
        if keep.size == self.method.size:
            return self
        return Judged(*(getattr(self, entry.name)[keep] for entry in fields(self)))

    def between(self, first: int, last: int) -> Judged:
        """Some offers one after the other."""
        return Judged(*(getattr(self, entry.name)[first:last] for entry in fields(self)))


class Others:
    """How many other demands could lawfully use a parcel: all that could, less the demand itself."""

    def __init__(self, parcels: int) -> None:
        self.total = np.zeros(parcels, np.int64)
        self.reach: dict[int, Ints] = {}

    def add(self, demand: int, parcels: Ints) -> None:
        """Count a demand's parcels."""
        self.reach[demand] = parcels
        self.total[parcels] += 1

    def of(self, demands: Ints, parcels: Ints) -> Ints:
        """For (n,) demands and (n, k) parcels the other demands, (n, k)."""
        found = self.total[parcels]
        for demand in np.unique(demands).tolist():
            mine = np.zeros(self.total.size, np.int64)
            mine[self.reach.get(demand, [])] = 1
            here = demands == demand
            found[here] -= mine[parcels[here]]
        return found


class JudgeBasis:
    """What all judging of a round rests on: the law on its sites, what demands want, the market, the calendar."""

    def __init__(self, law: Law, eligible: Eligible, sites: Sites, site_class: Ints) -> None:
        self.law, self.eligible, self.sites, self.site_class = law, eligible, sites, site_class
        case = law.sides.case
        self.size = np.diff(sites.start)
        self.panels = Panels(law, eligible.class_faces)
        self.allowed = np.zeros(4, bool)
        self.allowed[[STRICTNESS[verdict] for verdict in case.settings.verdicts]] = True
        self.paid = np.array([method.paid for method in law.methods], bool)
        self.alloc = np.array([method.right == "alloc" for method in law.methods], bool)
        facts = law.sides.demands
        wanted = [number(each.get("want_term")) for each in facts]
        self.want = np.array([*wanted, 0], np.int64)
        self.budget = np.array([*(number(each.get("budget_yuan"), 1 << 62) for each in facts), 1 << 62], np.int64)
        self.needed = np.array([*(_day(each.get("needed_by"), NEVER) for each in facts), NEVER], np.int64)
        _, market = eligible.of_market()
        methods = np.array([wish.methods for wish in eligible.wishes], bool).reshape(len(facts), len(law.methods))
        self.methods = np.concatenate((methods, market[None, :]))
        self.calendar = Calendar(case.calendar)
        self.done: dict[tuple[int, int], int] = {}
        days = case.parcels.column("available_from")
        self.available = np.array([_day(day, 0) for day in days], np.int64)
        self.dated = bool(self.available.any())
        self.begin = self._begin(case)
        self.prices = PriceBasis(law, self.panels, self.want, self.methods)

    def _begin(self, case: Case) -> Ints:
        """By parcel the day its supply can begin: free and, in an annual plan, with all that it lacks made ready."""
        if case.round.purpose != "annual_plan" or (self.needed == NEVER).all():
            return self.available
        begin, opening = self.available.copy(), max(case.round.as_of, case.round.start or "")
        for row, free in enumerate(case.parcels.column("available_from")):
            days = upstream_days({**case.parcels.row(row), "in_annual_plan": True})
            if days:
                begin[row] = _day(self.calendar.after(max(opening, str(free or "")), days), 0)
        return begin


class Judge:
    """Judges pairs by the tables of some panels: ``panels`` of the demands to judge, ``single`` of (demand, parcel).

    ``ways`` are the methods to judge.
    """

    def __init__(
        self,
        basis: JudgeBasis,
        panels: Sequence[Panel],
        single: Mapping[tuple[int, int], Panel],
        ways: NDArray[np.bool_],
    ) -> None:
        self.basis, self.law, self.panels = basis, basis.law, basis.panels
        self.stack: Stack = stack(basis.panels, [*panels, *single.values()], basis.prices.numbers)
        self.pricer = Pricer(basis.prices, self.stack)
        self.panel = np.array([self.stack.place[panel_key(panel)] for panel in panels], np.int64)
        found = {key: self.stack.place[panel_key(panel)] for key, panel in single.items()}
        self.exceptions = Exceptions(found, basis.law.sides.count)
        self.ways = basis.methods & ways

    def judge(self, site: Ints, demand: Ints, panel: Ints, period: int, others: Others | None) -> list[Judged]:
        """The lawful offers among pairs of site and demand (-1: the market) in one period (-1: the whole round).

        ``panel`` is the position of each pair's demand among the panels.
        """
        size = self.basis.size
        found = []
        for parcels in np.unique(size[site]).tolist():
            here = np.flatnonzero(size[site] == parcels)
            found.extend(self._judge(site[here], demand[here], panel[here], parcels, period, others))
        return [each for each in found if each.site.size]

    def _judge(
        self, site: Ints, demand: Ints, panel: Ints, size: int, period: int, others: Others | None
    ) -> list[Judged]:
        parcels = self.basis.sites.parcels[self.basis.sites.start[site][:, None] + np.arange(size)]
        keep = self._in_time(parcels, period)
        if keep is not None:
            site, demand, panel, parcels = site[keep], demand[keep], panel[keep], parcels[keep]
        near = self._near(demand, parcels)
        if near is not None:
            site, demand, panel, parcels = site[near], demand[near], panel[near], parcels[near]
        if site.size == 0:
            return []
        strides, grid = self.panels.strides, self.law.grid
        rows = np.repeat(self.panel[panel][:, None], size, axis=1)
        self.exceptions.put(demand, parcels, rows)
        inner = (self.basis.site_class[site].astype(np.int64) * strides[1] + int(grid.period_class[period]))[:, None]
        if others is not None:
            inner = inner + grid.others_class[others.of(demand, parcels)].astype(np.int64) * strides[2]
        else:
            inner = inner + int(grid.others_class[0]) * strides[2]
        base = rows * self.panels.cells + inner
        cell = base + self.basis.eligible.parcel_class[parcels].astype(np.int64) * strides[0]
        work = Work(site, demand, parcels, rows, base, cell)
        alone = (self.basis.want[demand] == 0) & (size == 1)
        found = []
        for here, judge in ((alone, self._longest), (~alone, self._common)):
            if here.any():
                found.append(self._finish(judge(work.at(np.flatnonzero(here))), period))
        return found

    def _in_time(self, parcels: Ints, period: int) -> NDArray[np.bool_] | None:
        case = self.law.sides.case
        if period >= 0 and case.round.periods[period].end < case.round.as_of:
            return np.zeros(len(parcels), bool)  # a period that is over takes nothing new
        end = case.round.periods[period].end if period >= 0 else case.round.end
        if end is None or not self.basis.dated:
            return None
        return np.asarray((self.basis.available <= _day(end, 0))[parcels].all(axis=1))

    def _near(self, demand: Ints, parcels: Ints) -> NDArray[np.bool_] | None:
        """Which pairs keep the distances their demand asks for; None where none asks."""
        asking = [row for row in np.unique(demand).tolist() if row >= 0 and self.basis.eligible.wishes[row].near]
        if not asking:
            return None
        keep = np.ones(demand.size, bool)
        distances = self.law.sides.case.distances
        for row in asking:
            close = np.ones(self.law.sides.count, bool)
            for point, metres in self.basis.eligible.wishes[row].near:
                close &= np.array(distances[point]) <= metres if point in distances else False
            here = demand == row
            keep[here] = close[parcels[here]].all(axis=1)
        return keep

    def _longest(self, work: Work) -> Found:
        """Sites of one parcel that take their longest term."""
        cell = work.cell[:, 0]
        verdict = self.stack.single[cell]
        at, method = np.nonzero((verdict < FORBID) & self.ways[work.demand])
        rows = cell[at]
        terms = self.stack.term[:, rows, method].astype(np.int64)
        work = work.at(at)
        if self.law.reads_term:
            work.base += self.law.grid.term_class[terms[0]].astype(np.int64)[:, None] * self.panels.strides[3]
        return Found(work, method, verdict[at, method], terms)

    def _common(self, work: Work) -> Found:
        """Sites whose parcels share a term: the one wanted, else the shortest of their longest."""
        verdict = self.stack.many[work.cell].max(axis=1)
        at, method = np.nonzero((verdict < FORBID) & self.ways[work.demand])
        work, verdict = work.at(at), verdict[at, method]
        least = self.stack.least[work.cell, method[:, None]].max(axis=1)
        most = self.stack.most[work.cell, method[:, None]].min(axis=1).astype(np.int64)
        want = self.basis.want[work.demand]
        term = np.where(self.basis.alloc[method], OPEN, np.where(want > 0, want, most))
        good = (term == OPEN) | ((term >= least) & (term <= most))
        term = np.where(term == OPEN, 0, term)[good]
        work, method, verdict = work.at(np.flatnonzero(good)), method[good], verdict[good]
        if self.law.reads_term:
            shift = self.law.grid.term_class[term].astype(np.int64) * self.panels.strides[3]
            verdict = self.stack.many[work.cell + shift[:, None], method[:, None]].max(axis=1)
            work.base += shift[:, None]
        return Found(work, method, verdict, term[None, :])

    def _finish(self, found: Found, period: int) -> Judged:
        """Prices, budgets, dates; and only what the round allows."""
        work, method, verdict = found.work, found.method, found.verdict.astype(np.int8)
        unit = np.zeros(work.parcels.shape, np.int64)
        floor = np.full(method.size, -1, np.int64)
        paid = np.flatnonzero(self.basis.paid[method])
        if paid.size:
            priced = found.at(paid)
            for voice in range(int(self.stack.voices.max())):
                asks, own_unit, own_floor = self.pricer.priced(priced, voice)
                verdict[paid] = np.maximum(verdict[paid], asks)
                if voice == 0:
                    unit[paid], floor[paid] = np.maximum(own_unit, 0), own_floor
        price = (unit * self.law.sides.area[work.parcels]).sum(axis=1)
        verdict[self._late(work, method, period) & (verdict < WARN)] = WARN
        keep = np.flatnonzero(self.basis.allowed[verdict] & (price <= self.basis.budget[work.demand]))
        return Judged(
            work.site[keep],
            work.demand[keep],
            method[keep],
            np.full(keep.size, period, np.int64),
            found.terms[0][keep],
            verdict[keep],
            floor[keep],
            price[keep],
            work.parcels[keep],
            unit[keep],
        )

    def _late(self, work: Work, method: Ints, period: int) -> NDArray[np.bool_]:
        late = np.zeros(method.size, bool)
        asking = np.flatnonzero(self.basis.needed[work.demand] < NEVER)
        if asking.size:
            case = self.law.sides.case
            opening = max(case.round.as_of, case.round.periods[period].start if period >= 0 else "")
            start = np.maximum(self.basis.begin[work.parcels[asking]].max(axis=1), _day(opening, 0))
            distinct, code = np.unique(start, return_inverse=True)
            methods = range(len(self.law.methods))
            table = np.array([[self._contract(day, row) for row in methods] for day in distinct.tolist()])
            late[asking] = table[code.reshape(-1), method[asking]] > self.basis.needed[work.demand[asking]]
        return late

    def _contract(self, start: int, method: int) -> int:
        key = (start, method)
        if key not in self.basis.done:
            first = f"{start // 10_000:04d}-{start // 100 % 100:02d}-{start % 100:02d}"
            self.basis.done[key] = _day(done_by(self.law.methods[method], {}, first, self.basis.calendar), 0)
        return self.basis.done[key]


def _day(day: Value, unknown: int) -> int:
    """An ISO date as a number that orders alike."""
    return int(day.replace("-", "")) if isinstance(day, str) else unknown
