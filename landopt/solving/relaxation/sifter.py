"""A linear programme over some of the offers, kept alive in HiGHS: columns and rows come in, the last basis stays."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.solving.programme.arrays import Floats, Ints, Program, columns
from landopt.solving.relaxation.odd_sets import with_sets


class Stopped(Exception):
    """The clock ran out inside the relaxation."""


class Sifter:
    """A linear programme over some offers kept alive in HiGHS, rows and objective scaled by powers of two."""

    def __init__(self, prog: Program, *, seed: int = 0, deadline: float | None = None) -> None:
        import highspy

        from landopt.solving.programme.silent_highs import live_highs

        self.prog, self.deadline = prog, deadline
        self.head = prog.parcels + prog.demands
        self.infinity = highspy.kHighsInf
        self.part = prog.part()
        self.inside = np.zeros(prog.count, dtype=bool)
        self.order = np.zeros(0, dtype=np.int64)
        self.bounds: dict[int, tuple[float, float]] = {}
        self.unit = _power(float(np.median(np.abs(prog.score[prog.score != 0]))) / 64 if prog.score.any() else 1.0)
        self.row_unit = _row_units(prog)
        settings = {"presolve": "off", "solver": "simplex", "simplex_strategy": 4, "threads": 1, "random_seed": seed}
        self.solver: Any = live_highs(settings)
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
        for row, members in prog.soft.items():
            sign, unit = -1.0 if prog.sense[row] < 0 else 1.0, self.row_unit[row] / float(prog.slack[row])
            cells = [(self.head + row, sign)]
            for each in members[1:]:
                cells.append((self.head + each, sign * unit * float(prog.slack[each]) / self.row_unit[each]))
            if prog.carry[row] >= 0:
                tier_row = int(prog.carry[row])
                cells.append((self.head + tier_row, -float(prog.carried[row]) * unit / self.row_unit[tier_row]))
            cost.append(-float(prog.penalty[row]) * unit / self.unit)
            upper.append(self.infinity)
            entries.append(cells)
        self.soft = len(cost)
        for row in range(len(prog.sense)):
            sense, rhs = int(prog.sense[row]), int(prog.rhs[row])
            if prog.slack[row]:
                continue
            if (sense >= 0 and rhs > 0) or sense == 0:
                entries.append([(self.head + row, 1.0)])
            if (sense <= 0 and rhs < 0) or sense == 0:
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

    def bar(self, barred: NDArray[np.bool_]) -> None:
        """Take the offers marked out of use, as far as they are in, and all others into use."""
        cols = np.arange(self.extra, self.extra + len(self.order), dtype=np.int32)
        most = np.where(barred[self.order], 0.0, self.infinity)
        self.solver.changeColsBounds(len(cols), cols, np.zeros(len(cols)), most)

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
            soft = self.prog.slacks
            cost[: self.soft] = -(self.prog.penalty[soft] * self.row_unit[soft]) / (self.prog.slack[soft] * self.unit)
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

    def left(self) -> tuple[Ints, Ints]:
        """The last basis: the status of every column (slacks first) and of every row."""
        basis = self.solver.getBasis()
        of_columns = np.array([int(each) for each in basis.col_status], dtype=np.int8)
        return of_columns, np.array([int(each) for each in basis.row_status], dtype=np.int8)

    def basic(self) -> Ints:
        """The offers in the last basis."""
        import highspy

        return np.asarray(self.order[self.left()[0][self.extra :] == int(highspy.HighsBasisStatus.kBasic)])

    def resume(self, offers: Ints, basis: tuple[Ints, Ints]) -> None:
        """Go on from the offers and the basis of a like programme (:meth:`left`); where they do not fit, from none."""
        import highspy

        self._phase(2)
        self.add(offers)
        if [len(of) for of in basis] == [self.extra + len(self.order), self.head + len(self.prog.sense)]:
            found = highspy.HighsBasis()
            found.col_status, found.row_status = ([highspy.HighsBasisStatus(int(each)) for each in of] for of in basis)
            found.valid = True
            self.solver.setBasis(found)
        self.solver.setOptionValue("simplex_strategy", 1)
        self.run()
        self.solver.setOptionValue("simplex_strategy", 4)

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

    def add_sets(self, sets: Sequence[Sequence[int]]) -> None:
        """Add the rows of odd sets (``oddsets``) for the offers that are in and those to come."""
        old = self.prog
        self.prog = with_sets(old, sets)
        self.row_unit = np.concatenate([self.row_unit, np.ones(len(sets))])
        place = np.full(old.count, -1, dtype=np.int64)
        place[self.order] = np.arange(len(self.order)) + self.extra
        starts, index, value = [0], [], []
        for offers, half in self.prog.entries.added[-len(sets) :]:
            here = place[offers] >= 0
            index.append(place[offers][here].astype(np.int32))
            value.append(half[here].astype(np.float64))
            starts.append(starts[-1] + len(index[-1]))
        low, high = np.full(len(sets), -self.infinity), self.prog.rhs[len(old.rhs) :].astype(np.float64)
        begin = np.array(starts[:-1], dtype=np.int32)
        self.solver.addRows(len(sets), low, high, starts[-1], begin, np.concatenate(index), np.concatenate(value))

    def drop_sets(self, prog: Program) -> None:
        """Take the rows of odd sets out again: ``prog`` is the programme without them."""
        own = len(prog.sense)
        if own < len(self.prog.sense):
            self.solver.deleteRows(
                len(self.prog.sense) - own,
                np.arange(self.head + own, self.head + len(self.prog.sense), dtype=np.int32),
            )
        self.prog, self.row_unit = prog, self.row_unit[:own]

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
    if len(unit):
        mean = prog.entries.profile.total / np.maximum(1, prog.entries.profile.count)
        unit[mean > 0] = 2.0 ** np.round(np.log2(mean[mean > 0]))
    return unit
