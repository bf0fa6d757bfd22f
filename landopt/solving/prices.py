"""The linear relaxation over all lawful offers by sifting: a live HiGHS over a growing set, all priced each round.

The primal simplex starts from the last basis, presolve is off, and one sparse product prices every offer. The prices of
*any* round give a bound (``prices_bound``), so the loop may stop as soon as that bound is close enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import Any

import numpy as np

from landopt.solving.greedy import best_of_parts
from landopt.solving.model_arrays import Floats, Ints, Program, columns
from landopt.solving.prices_bound import Prices, bound, part_best, reduced_float, rounded

FIRST = 5
PER_PART = 6
"""Offers a part adds to the linear programme: at the start, and in a round of pricing."""


@dataclass(frozen=True)
class Relaxation:
    """A solved relaxation.

    ``value`` is its optimum (millipoints, a double), ``columns`` the offers in it and ``x`` their values; ``parcels``
    and ``rows`` its prices, ``margin`` for every offer its score beyond all prices and its part's best (<= 0 when
    priced out). ``prices`` are the integer prices and ``bound`` what they prove. ``feasible`` is False where no mix of
    offers keeps the rows.
    """

    feasible: bool
    value: float
    columns: Ints
    x: Floats
    parcels: Floats
    rows: Floats
    demands: Floats
    margin: Floats
    prices: Prices
    bound: int
    rounds: int


class Stopped(Exception):
    """The clock ran out inside the relaxation."""


class Sifter:
    """A linear programme over some offers kept alive in HiGHS, rows and objective scaled by powers of two."""

    def __init__(self, prog: Program, *, seed: int = 0, deadline: float | None = None) -> None:
        import highspy

        self.prog, self.deadline = prog, deadline
        self.head = prog.parcels + prog.demands
        self.infinity = highspy.kHighsInf
        self.part = prog.part()
        self.inside = np.zeros(prog.count, dtype=bool)
        self.order = np.zeros(0, dtype=np.int64)
        self.bounds: dict[int, tuple[float, float]] = {}
        self.unit = _power(float(np.median(np.abs(prog.score[prog.score != 0]))) / 64 if prog.score.any() else 1.0)
        self.row_unit = _row_units(prog)
        solver = highspy.Highs()
        for option, value in (
            ("output_flag", False),
            ("presolve", "off"),
            ("solver", "simplex"),
            ("simplex_strategy", 4),
            ("threads", 1),
            ("random_seed", seed),
        ):
            solver.setOptionValue(option, value)
        self.solver: Any = solver
        self._add_rows()
        self._add_slacks()

    def _add_rows(self) -> None:
        prog, inf = self.prog, self.infinity
        rhs = prog.rhs / self.row_unit
        low = np.concatenate([np.full(self.head, -inf), np.where(prog.sense >= 0, rhs, -inf)])
        high = np.concatenate([np.ones(self.head), np.where(prog.sense <= 0, rhs, inf)])
        none = np.zeros(0, dtype=np.int32)
        self.solver.addRows(len(low), low, high, 0, none, none, np.zeros(0))
        import highspy

        self.solver.changeObjectiveSense(highspy.ObjSense.kMaximize)

    def _add_slacks(self) -> None:
        """Slack columns of soft rows, then two artificial columns for rows that the empty plan may break."""
        prog = self.prog
        cost: list[float] = []
        upper: list[float] = []
        entries: list[list[tuple[int, float]]] = []
        for row in np.flatnonzero(prog.slack > 0).tolist():
            sign = -1.0 if prog.sense[row] < 0 else 1.0
            cells = [(self.head + row, sign)]
            if prog.carry[row] >= 0:
                tier_row = int(prog.carry[row])
                ratio = float(prog.carried[row]) * self.row_unit[row] / self.row_unit[tier_row]
                cells.append((self.head + tier_row, -ratio))
            cost.append(-float(prog.penalty[row]) * self.row_unit[row] / self.unit)
            upper.append(float(prog.slack[row]) / self.row_unit[row])
            entries.append(cells)
        self.soft = len(cost)
        for row in range(len(prog.sense)):
            sense, rhs, slack = int(prog.sense[row]), int(prog.rhs[row]), int(prog.slack[row])
            if (sense >= 0 and rhs > slack) or sense == 0:
                entries.append([(self.head + row, 1.0)])
            if (sense <= 0 and rhs < -slack) or sense == 0:
                entries.append([(self.head + row, -1.0)])
        self.artificial = len(entries) - self.soft
        cost += [0.0] * self.artificial
        upper += [self.infinity] * self.artificial
        starts = np.cumsum([0, *(len(cells) for cells in entries)])[:-1].astype(np.int32)
        index = np.array([row for cells in entries for row, _ in cells], dtype=np.int32)
        value = np.array([coef for cells in entries for _, coef in cells], dtype=np.float64)
        count = len(entries)
        if count:
            self.solver.addCols(
                count, np.array(cost), np.zeros(count), np.array(upper), len(index), starts, index, value
            )
        self.extra = count

    def add(self, offers: Ints, phase: int = 2) -> None:
        """Add offers that are not in yet."""
        new = offers[~self.inside[offers]]
        if not len(new):
            return
        starts, rows, coefs = columns(self.prog, new)
        value = coefs.astype(np.float64)
        tail = rows >= self.head
        value[tail] /= self.row_unit[rows[tail] - self.head]
        cost = self.prog.score[new] / self.unit if phase == 2 else np.zeros(len(new))
        zero, one = np.zeros(len(new)), np.full(len(new), self.infinity)
        self.solver.addCols(
            len(new), cost, zero, one, len(rows), starts[:-1].astype(np.int32), rows.astype(np.int32), value
        )
        self.inside[new] = True
        self.order = np.concatenate([self.order, new])

    def _phase(self, phase: int) -> None:
        """Phase 1 minimises the artificial columns alone; phase 2 bars them and brings the scores in."""
        count = self.extra + len(self.order)
        cols = np.arange(count, dtype=np.int32)
        cost = np.zeros(count)
        if phase == 1:
            cost[self.soft : self.extra] = -1.0
            free = np.arange(self.soft, self.extra, dtype=np.int32)
            if len(free):
                self.solver.changeColsBounds(len(free), free, np.zeros(len(free)), np.full(len(free), self.infinity))
        else:
            soft = np.flatnonzero(self.prog.slack > 0)
            cost[: self.soft] = -(self.prog.penalty[soft] * self.row_unit[soft]) / self.unit
            cost[self.extra :] = self.prog.score[self.order] / self.unit
            bars = np.arange(self.soft, self.extra, dtype=np.int32)
            if len(bars):
                self.solver.changeColsBounds(len(bars), bars, np.zeros(len(bars)), np.zeros(len(bars)))
        if count:
            self.solver.changeColsCost(count, cols, cost)

    def run(self, retry: bool = True) -> None:
        """Solve the current programme from the last basis; ``retry`` from none where that ends without an answer.

        Raises
        ------
        Stopped
            If the deadline passes first.
        """
        import highspy

        if self.deadline is not None:
            left = self.deadline - monotonic()
            if left <= 0:
                raise Stopped
            self.solver.setOptionValue("time_limit", float(self.solver.getRunTime() + left))
        self.solver.run()
        status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kTimeLimit:
            raise Stopped
        known = (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kUnknown,
            highspy.HighsModelStatus.kInfeasible,
        )
        if retry and status not in known:
            self.solver.clearSolver()
            self.solver.run()
        self.status = self.solver.getModelStatus()

    def change(self, prog: Program, deadline: float | None) -> None:
        """Take over the scores and right-hand sides of another programme over the same offers and rows."""
        self.prog, self.deadline = prog, deadline
        for row, (sense, rhs) in enumerate(zip(prog.sense.tolist(), prog.rhs / self.row_unit, strict=True)):
            low, high = (-self.infinity, rhs) if sense < 0 else (rhs, self.infinity if sense > 0 else rhs)
            self.solver.changeRowBounds(self.head + row, low, high)
        self._phase(2)
        self.solver.setOptionValue("simplex_strategy", 1)
        self.run()
        self.solver.setOptionValue("simplex_strategy", 4)

    @property
    def value(self) -> float:
        """The optimum of the current programme in millipoints (of phase 2)."""
        return float(self.solver.getObjectiveValue()) * self.unit

    def duals(self, phase: int = 2) -> tuple[Floats, Floats, Floats]:
        """Prices of parcels, demands and rows; in millipoints (phase 2) or bare (phase 1)."""
        dual = np.array(self.solver.getSolution().row_dual)
        unit = self.unit if phase == 2 else 1.0
        rows = dual[self.head :] / self.row_unit * unit
        return dual[: self.prog.parcels] * unit, dual[self.prog.parcels : self.head] * unit, rows

    def x(self) -> Floats:
        """The values of the offers in the programme, in the order they came in."""
        return np.array(self.solver.getSolution().col_value)[self.extra :]

    def infeasible(self) -> bool:
        """True where the last run found that its offers cannot keep the rows."""
        import highspy

        return bool(self.status == highspy.HighsModelStatus.kInfeasible)

    def shortfall(self) -> float:
        """What is still missing in phase 1."""
        return float(np.array(self.solver.getSolution().col_value)[self.soft : self.extra].sum())


def _power(value: float) -> float:
    return float(2.0 ** np.round(np.log2(value))) if value > 0 else 1.0


def _row_units(prog: Program) -> Floats:
    unit = np.ones(len(prog.sense))
    if len(prog.row_index):
        total = np.bincount(prog.row_index, np.abs(prog.row_coef), len(unit))
        count = np.maximum(1, np.bincount(prog.row_index, minlength=len(unit)))
        mean = total / count
        unit[mean > 0] = 2.0 ** np.round(np.log2(mean[mean > 0]))
    return unit


def relax(
    prog: Program,
    *,
    start: Ints | None = None,
    enough: float = 0.0,
    seed: int = 0,
    deadline: float | None = None,
    tell: Callable[[float, int], None] | None = None,
    again: Sifter | None = None,
) -> tuple[Relaxation, Sifter]:
    """Solve the relaxation over all offers.

    ``start`` are offers to begin with beside the best of each part; the loop ends once the bound is within ``enough``
    (relative) of the optimum over the offers it holds. ``tell`` hears (value, bound) each round. ``again`` is the live
    programme of a round that differs in scores and right-hand sides only: it goes on from its offers and basis.

    Raises
    ------
    Stopped
        If the deadline (of ``time.monotonic``) passes before there are prices.
    """
    if again is not None:
        sifter = again
        sifter.change(prog, deadline)
    else:
        sifter = Sifter(prog, seed=seed, deadline=deadline)
        first = best_of_parts(prog, prog.score / np.sqrt(np.diff(prog.site_start)[prog.site]), FIRST, sifter.part)
        sifter.add(first if start is None else np.union1d(first, start))
    rounds = 0
    if sifter.artificial and (again is None or sifter.infeasible()):
        sifter._phase(1)
        rounds, feasible = _first_phase(sifter)
        sifter._phase(2)
        if not feasible:
            return _result(sifter, None, rounds, feasible=False), sifter
    best: tuple[float, tuple[Floats, Floats, Floats]] | None = None
    while True:
        rounds += 1
        try:
            sifter.run()
        except Stopped:
            if best is None:
                raise
            break
        parcels, demands, rows = sifter.duals()
        left = reduced_float(prog, parcels, rows)
        about = float(parcels.sum() + rows @ prog.rhs + np.maximum(part_best(prog, left), 0.0).sum())
        if best is None or about <= best[0]:
            best = (about, (parcels, demands, rows))
        if tell is not None:
            tell(sifter.value, int(np.ceil(best[0])))
        new = improving(sifter, _beyond(prog, left, demands), 1e-7 * sifter.unit * 64)
        if not len(new) or best[0] - sifter.value <= enough * max(1.0, abs(sifter.value)):
            break
        sifter.add(new)
    return _result(sifter, best[1], rounds, feasible=True), sifter


def _beyond(prog: Program, left: Floats, demands: Floats) -> Floats:
    """What offers are worth beyond the prices of their rows *and* their platform."""
    return left - np.where(prog.demand >= 0, demands[prog.demand], 0.0) if prog.demands else left


def margins(sifter: Sifter, parcels: Floats, demands: Floats, rows: Floats) -> Floats:
    """What every offer is worth beyond all prices (millipoints): above 0 it would better the relaxation."""
    return _beyond(sifter.prog, reduced_float(sifter.prog, parcels, rows), demands)


def improving(sifter: Sifter, margin: Floats, eps: float, most: int = PER_PART) -> Ints:
    """The ``most`` best offers of every part that are worth more than their prices and not in yet."""
    hit = np.flatnonzero((margin > eps) & ~sifter.inside)
    if not len(hit):
        return hit
    part = sifter.part[hit]
    order = np.lexsort((-margin[hit], part))
    part = part[order]
    first = np.concatenate([[0], np.flatnonzero(np.diff(part)) + 1])
    rank = np.arange(len(part)) - np.repeat(first, np.diff(np.concatenate([first, [len(part)]])))
    return np.sort(hit[order[rank < most]])


def _first_phase(sifter: Sifter) -> tuple[int, bool]:
    prog, rounds = sifter.prog, 0
    while True:
        rounds += 1
        sifter.run()
        if sifter.shortfall() <= 1e-9:
            return rounds, True
        parcels, demands, rows = sifter.duals(1)
        margin = margins(sifter, parcels, demands, rows) - prog.score
        new = improving(sifter, margin, 1e-9)
        if not len(new):
            return rounds, sifter.shortfall() <= 1e-6
        sifter.add(new, phase=1)


def _result(sifter: Sifter, duals: tuple[Floats, Floats, Floats] | None, rounds: int, feasible: bool) -> Relaxation:
    prog = sifter.prog
    if duals is None:
        duals = np.zeros(prog.parcels), np.zeros(prog.demands), np.zeros(len(prog.sense))
    parcels, demands, rows = duals
    prices = rounded(prog, parcels, rows)
    margin = reduced_float(prog, parcels, rows)
    top = np.maximum(part_best(prog, margin), 0.0)
    margin -= top[sifter.part] if prog.count else 0.0
    return Relaxation(
        feasible,
        sifter.value if feasible else float("-inf"),
        sifter.order,
        sifter.x() if feasible else np.zeros(len(sifter.order)),
        parcels,
        rows,
        demands,
        margin,
        prices,
        bound(prog, prices),
        rounds,
    )
