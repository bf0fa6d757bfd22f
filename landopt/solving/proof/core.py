"""The relaxation of the offers that a proof is still about, kept alive in HiGHS while it branches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from constraints.audit.certificate.price_tree import Split, Sum, Supplied
from landopt.solving.programme.arrays import Floats, Ints, Program, ranges, segment_sum
from landopt.solving.programme.price_bound import LARGEST_PRICE, within_penalties
from landopt.solving.proof.certificate import NONE
from landopt.solving.proof.columns import Columns
from landopt.solving.proof.relaxed import Live, Path, Priced, Solved

FREE = 10**15
"""Beyond the ends of any row."""


class Core:
    """Offers, the rows that hold for them, and their relaxation.

    ``prog`` is the programme over the offers left; ``columns`` and ``ends`` are the derived rows: what every offer
    counts in each, and the most it allows.
    """

    def __init__(self, prog: Program, columns: Columns, ends: Sequence[int], scale: int, seed: int) -> None:
        self.prog, self.scale = prog, scale
        self.part = prog.part()
        self.soft = {row: place for place, row in enumerate(prog.soft)}
        self.parts = len(prog.part_start) - 1
        self.derived = columns
        own = len(prog.sense)
        hard = prog.slack == 0
        self.low = np.concatenate([np.where(prog.sense >= 0, prog.rhs, -FREE), np.full(len(ends), -FREE)])
        self.high = np.concatenate([np.where(prog.sense <= 0, prog.rhs, FREE), np.array(ends, np.int64)])
        self.low[:own][~hard & (prog.sense < 0)] = -FREE
        self.seed = seed
        whole = np.diff(prog.part_start) > 0
        self.begins: Ints = prog.part_start[:-1][whole]
        self.filled: Ints = np.where(whole, np.cumsum(whole) - 1, -1)
        top = np.concatenate([prog.entries.profile.largest, columns.largest()])
        use = np.maximum(np.where(self.high >= FREE, np.abs(self.low), np.abs(self.high)), 4 * top)
        self.use: Ints = np.maximum(use, 1)

    @cached_property
    def triples(self) -> tuple[Ints, Ints, Ints]:
        """(offer, row, coefficient) of all entries."""
        starts, rows, coefs = self.prog.entries.of(np.arange(self.prog.count))
        return np.repeat(np.arange(self.prog.count), np.diff(starts)), rows, coefs

    @cached_property
    def uses(self) -> tuple[Ints, Ints]:
        """(offer, parcel) of all sites."""
        prog = self.prog
        length = np.diff(prog.site_start)[prog.site]
        land = prog.site_parcels[ranges(prog.site_start[prog.site], length)]
        return np.repeat(np.arange(prog.count), length), land

    @cached_property
    def on_parcel(self) -> dict[int, Ints]:
        """The offers on each parcel."""
        owner, land = self.uses
        order = np.argsort(land, kind="stable")
        edges = np.flatnonzero(np.diff(land[order], prepend=-1)).tolist()
        ends = [*edges[1:], len(order)] if edges else []
        return {int(land[order[a]]): owner[order[a:b]] for a, b in zip(edges, ends, strict=True)}

    # The whole relaxation is handed over at once: sizes, rows, then columns, in the order HiGHS takes them.
    @cached_property
    def live(self) -> Live:
        """The relaxation in HiGHS."""
        import highspy

        from landopt.solving.programme.silent_highs import live_highs

        prog, inf = self.prog, highspy.kHighsInf
        own, more = len(prog.sense), len(self.derived)
        parcels = np.array(sorted(self.on_parcel), np.int64)
        place = np.full(prog.parcels, -1)
        place[parcels] = np.arange(len(parcels))
        first_part = len(parcels)
        first_row = first_part + self.parts
        owner, rows, coefs = self.triples
        derived, offers, counted = self.derived.triples()
        holder, land = self.uses
        column = np.concatenate([holder, np.arange(prog.count), owner, offers])
        row = np.concatenate([place[land], first_part + self.part, first_row + rows, first_row + own + derived])
        value = np.concatenate(
            [
                np.ones(len(holder)),
                np.ones(prog.count),
                coefs.astype(float),
                counted.astype(float),
            ]
        )
        size = np.ones(first_row + own + more)
        np.maximum.at(size, row, np.abs(value))
        unit_of_row = 2.0 ** np.round(np.log2(size) / 2)
        top = float(np.abs(prog.score).max(initial=1))
        unit = float(2.0 ** np.round(np.log2(max(1.0, top)) - 6))
        order = np.lexsort((row, column))
        start = np.searchsorted(column[order], np.arange(prog.count))
        settings: dict[str, Any] = {"presolve": "off", "solver": "simplex", "threads": 1}
        settings |= {"random_seed": self.seed, "simplex_strategy": 1}
        settings |= {"primal_feasibility_tolerance": 1e-8, "dual_feasibility_tolerance": 1e-8}
        solver = live_highs(settings)
        base_low = np.concatenate([np.full(first_row, -inf), self._end(self.low, -inf)])
        ones = np.ones(first_row)
        ones[first_part + prog.demands :] = inf  # market parts: their parcel says as much
        base_high = np.concatenate([ones, self._end(self.high, inf)])
        base_low /= unit_of_row
        base_high /= unit_of_row
        none = np.zeros(0, np.int32)
        solver.addRows(len(size), base_low, base_high, 0, none, none, np.zeros(0))
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        scaled = value[order] / unit_of_row[row[order]]
        solver.addCols(
            prog.count, prog.score / unit, np.zeros(prog.count), np.full(prog.count, inf), len(order),
            start.astype(np.int32), row[order].astype(np.int32), scaled,
        )  # fmt: skip
        for soft in self.soft:
            cells = {
                at: float(prog.slack[each]) * (-1 if prog.sense[each] < 0 else 1) / unit_of_row[at]
                for each in prog.soft[soft]
                for at in (first_row + each,)
            }
            if prog.carry[soft] >= 0:
                late = first_row + int(prog.carry[soft])
                cells[late] = -float(prog.carried[soft]) / unit_of_row[late]
            index, amounts = np.array(list(cells), np.int32), np.array(list(cells.values()))
            most = float(prog.most[soft])
            solver.addCol(-float(prog.penalty[soft]) / unit, 0.0, most, len(cells), index, amounts)
        return Live(
            solver,
            inf,
            parcels,
            place,
            first_part,
            first_row,
            unit_of_row,
            unit,
            base_low,
            base_high,
            np.full(prog.count, inf),
        )

    def _end(self, values: Ints, none: float) -> Floats:
        return np.where(np.abs(values) >= FREE, none, values.astype(float))

    def land_of(self, offer: int) -> Ints:
        """The parcels of an offer."""
        site = int(self.prog.site[offer])
        return self.prog.site_parcels[int(self.prog.site_start[site]) : int(self.prog.site_start[site + 1])]

    def root(self) -> Path:
        """The path of the root."""
        return Path((), np.ones(self.prog.count, bool))

    def below(self, path: Path, on: Split, hit: Ints, taken: bool) -> Path | None:
        """The path on one side of a branch; ``hit`` are the offers it names. None where it contradicts itself."""
        splits = (*path.splits, (on, taken))
        allowed, forced, supplied, barred, sums = path.allowed, path.forced, path.supplied, path.barred, path.sums
        if isinstance(on, Sum):
            whole = (0, FREE) if on.row in self.soft else (int(self.low[on.row]), int(self.high[on.row]))
            low, high = sums.get(on.row, whole)
            low, high = (max(low, on.most + 1), high) if taken else (low, min(high, on.most))
            return (
                None if low > high else Path(splits, allowed, forced, supplied, barred, {**sums, on.row: (low, high)})
            )
        if isinstance(on, Supplied):
            if taken:
                supplied = supplied | {on.parcel}
            else:
                allowed, barred = allowed.copy(), barred | {on.parcel}
                allowed[hit] = False
            return None if supplied & barred else Path(splits, allowed, forced, supplied, barred, sums)
        allowed = allowed.copy()
        if taken:
            part = int(self.part[hit[0]])
            here = slice(int(self.prog.part_start[part]), int(self.prog.part_start[part + 1]))
            keep = np.zeros(here.stop - here.start, bool)
            keep[hit - here.start] = True
            allowed[here] &= keep
            forced = forced | {part}
            if not allowed[here].any():
                return None
        else:
            allowed[hit] = False
        return Path(splits, allowed, forced, supplied, barred, sums)

    def apply(self, path: Path) -> None:
        """Give the relaxation the bounds of a path."""
        solver = self.live.solver
        upper = np.where(path.allowed, self.live.inf, 0.0)
        changed = np.flatnonzero(upper != self.live.upper).astype(np.int32)
        if len(changed):
            solver.changeColsBounds(len(changed), changed, np.zeros(len(changed)), upper[changed])
        self.live.upper = upper
        wanted: dict[int, tuple[float, float]] = {}
        for part in path.forced:
            wanted[self.live.first_part + part] = (1.0, 1.0)
        for parcel in path.supplied:
            if self.live.parcel_row[parcel] >= 0:
                wanted[int(self.live.parcel_row[parcel])] = (1.0, 1.0)
        missed = {row: path.sums[row] for row in self.soft if row in path.sums}
        for row in self.live.bounded | missed.keys():
            fewest, end = missed.get(row, (0, FREE))
            end = min(end, max(fewest, int(self.prog.most[row])))
            solver.changeColBounds(self.prog.count + self.soft[row], float(fewest), float(end))
        self.live.bounded = set(missed)
        for row, (low, high) in path.sums.items():
            if row in missed:
                continue
            at = self.live.first_row + row
            ends = self._end(np.array([low]), -self.live.inf)[0], self._end(np.array([high]), self.live.inf)[0]
            wanted[at] = ends[0] / self.live.unit_of_row[at], ends[1] / self.live.unit_of_row[at]
        for row in self.live.moved - wanted.keys():
            solver.changeRowBounds(row, float(self.live.base_low[row]), float(self.live.base_high[row]))
        for row, (least, most) in wanted.items():
            unit = self.live.unit_of_row[row] if row < self.live.first_row else 1.0
            solver.changeRowBounds(row, least / unit, most / unit)
        self.live.moved = set(wanted)

    def solve(self, path: Path) -> Solved:
        """The relaxation under a path; where it has no solution, prices that show so."""
        import highspy

        self.apply(path)
        self.live.solver.run()
        status = self.live.solver.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            self.live.solver.clearSolver()
            self.live.solver.run()
            status = self.live.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            _, has, ray = self.live.solver.getDualRay()
            dual = np.array(ray) if has else np.zeros(self.live.first_row + len(self.low))
            return self._solved(None, np.zeros(self.prog.count + len(self.soft)), dual * self.live.unit)
        found = self.live.solver.getSolution()
        value = float(self.live.solver.getObjectiveValue()) * self.live.unit
        return self._solved(value, np.array(found.col_value), np.array(found.row_dual) * self.live.unit)

    def stretched(self, path: Path, cost: float) -> Solved:
        """The relaxation where what a path or a limit asks for at least may be made up for, at a cost for each offer's.

        It has a solution under every path, and where there is none without, a worth that falls with the cost.
        """
        self.apply(path)
        live, solver = self.live, self.live.solver
        size = np.ones(live.first_row + len(self.low))
        np.maximum.at(size[live.first_row :], self.triples[1], np.abs(self.triples[2]).astype(float))
        low, _ = self.ends(path)
        asked = [live.first_part + part for part in sorted(path.forced)]
        asked += [int(live.parcel_row[parcel]) for parcel in sorted(path.supplied) if live.parcel_row[parcel] >= 0]
        asked += (live.first_row + np.flatnonzero(low > -FREE)).tolist()
        before = self.prog.count + len(self.soft)
        for row in asked:
            one = np.array([size[row] / live.unit_of_row[row]])
            solver.addCol(-cost / live.unit, 0.0, live.inf, 1, np.array([row], np.int32), one)
        solver.run()
        found = solver.getSolution()
        value = float(solver.getObjectiveValue()) * live.unit
        solved = self._solved(value, np.array(found.col_value)[:before], np.array(found.row_dual) * live.unit)
        solver.deleteCols(len(asked), np.arange(before, before + len(asked), dtype=np.int32))
        return solved

    def _solved(self, value: float | None, columns: Floats, dual: Floats) -> Solved:
        x, missed = columns[: self.prog.count], columns[self.prog.count :]
        dual = dual / self.live.unit_of_row[: len(dual)]
        parcels = np.zeros(self.prog.parcels)
        parcels[self.live.parcels] = dual[: self.live.first_part]
        return Solved(value, x, missed, parcels, dual[self.live.first_row :])

    def rounded(self, parcels: Floats, rows: Floats, path: Path) -> Priced:
        """Prices in integers with the signs that a path allows, and what the offers are worth at them."""
        top = float(LARGEST_PRICE)
        land = np.clip(np.rint(parcels * self.scale), -top, top).astype(np.int64)
        of_rows = np.clip(np.rint(rows * self.scale), -top, top).astype(np.int64)
        return self.priced(*self.signed(land, of_rows, path))

    def signed(self, land: Ints, of_rows: Ints, path: Path) -> tuple[Ints, Ints]:
        """Prices clamped to the signs that a path allows, those of soft rows to what missing them costs."""
        land, of_rows = land.copy(), of_rows.copy()
        negative = np.flatnonzero(land < 0)
        for parcel in negative.tolist():
            if parcel not in path.supplied:
                land[parcel] = 0
        low, high = self.ends(path)
        of_rows[(of_rows < 0) & (low <= -FREE)] = 0
        of_rows[(of_rows > 0) & (high >= FREE)] = 0
        prog = self.prog
        soft = np.array([row for row in self.soft if path.sums.get(row, (0, FREE))[1] >= FREE], np.int64)
        within_penalties(prog, of_rows, self.scale, soft)
        return land, of_rows

    def ends(self, path: Path) -> tuple[Ints, Ints]:
        """The ends of every row under a path."""
        if not path.sums:
            return self.low, self.high
        low, high = self.low.copy(), self.high.copy()
        for row, (least, most) in path.sums.items():
            if row not in self.soft:
                low[row], high[row] = least, most
        return low, high

    def priced(self, land: Ints, of_rows: Ints) -> Priced:
        """What the offers are worth at integer prices."""
        prog = self.prog
        own = len(prog.sense)
        worth = prog.score * self.scale - segment_sum(land[prog.site_parcels], prog.site_start)[prog.site]
        if of_rows[:own].any():
            worth -= prog.entries.use(of_rows[:own])
        if of_rows[own:].any():
            worth -= self.derived.use(of_rows[own:])
        place = np.flatnonzero(of_rows)
        end = np.where(of_rows[place] > 0, self.high[place], self.low[place])
        odd = np.abs(end) >= FREE
        pairs = zip(of_rows[place[~odd]].tolist(), end[~odd].tolist(), strict=True)
        total = sum(price * amount for price, amount in pairs) + _exact(land)
        wrong = frozenset(place[odd].tolist()), frozenset(np.flatnonzero(land < 0).tolist())
        gain = {row: self._gain(of_rows, row) for row in self.soft}
        return Priced(of_rows, land, worth, total, *wrong, gain)

    def _gain(self, of_rows: Ints, row: int) -> int:
        prog, late = self.prog, int(self.prog.carry[row])
        gain = sum(abs(int(of_rows[each])) * int(prog.slack[each]) for each in prog.soft[row])
        gain -= int(prog.penalty[row]) * self.scale
        return gain if late < 0 else gain + int(of_rows[late]) * int(prog.carried[row])

    def constant(self, priced: Priced, path: Path) -> int | None:
        """What prices add before any offer under a path; None where their signs are wrong there."""
        if not (priced.odd <= path.sums.keys() and priced.below <= path.supplied):
            return None
        total = priced.total
        for row, gain in priced.gain.items():
            least, most = path.sums.get(row, (0, FREE))
            if row in priced.odd or (gain > 0 and most >= FREE):
                return None
            total += gain * (most if gain > 0 else least)
        for row, (least, most) in path.sums.items():
            if row in self.soft:
                continue
            price = int(priced.rows[row])
            if price:
                end = most if price > 0 else least
                if abs(end) >= FREE:
                    return None
                before = 0 if row in priced.odd else int(self.high[row] if price > 0 else self.low[row])
                total += price * (end - before)
        return total - sum(int(priced.parcels[parcel]) for parcel in path.barred)

    def nothing(self) -> Priced:
        """Prices of 0."""
        return self.priced(np.zeros(self.prog.parcels, np.int64), np.zeros(len(self.low), np.int64))

    def proved(self, priced: Priced, path: Path) -> int:
        """:meth:`bound`, beyond everything where the prices do not apply."""
        found = self.bound(priced, path)
        return 2**62 if found is None else found

    def bound(self, priced: Priced, path: Path) -> int | None:
        """What prices prove under a path, times the scale; None where they do not apply, NONE where nothing is left."""
        constant = self.constant(priced, path)
        if constant is None:
            return None
        values = np.where(path.allowed, priced.worth, NONE)
        best = np.maximum.reduceat(values, self.begins) if len(self.begins) else values
        top = np.maximum(best, 0)
        for part in path.forced:
            place = self.filled[part]
            if place < 0 or best[place] == NONE:
                return NONE
            top[place] = best[place]
        return constant + _exact(top)


def _exact(values: Ints) -> int:
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
