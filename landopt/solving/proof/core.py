"""The relaxation of the offers that a proof is still about, kept alive in HiGHS while it branches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from constraints.audit.certificate.price_tree import Split, Sum, Supplied
from landopt.solving.programme.arrays import Floats, Ints, Program, ranges, segment_sum
from landopt.solving.programme.price_bound import LARGEST_PRICE, within_penalties
from landopt.solving.proof.certificate import NONE, Mask
from landopt.solving.proof.columns import Columns

FREE = 10**15
"""Beyond the ends of any row."""


@dataclass(frozen=True)
class Path:
    """What the branches above a node say: offers left, parts that must take one, parcels supplied or not, sums.

    Of a soft row ``sums`` are the units that it may be missed by.
    """

    splits: tuple[tuple[Split, bool], ...]
    allowed: Mask
    forced: frozenset[int] = frozenset()
    supplied: frozenset[int] = frozenset()
    barred: frozenset[int] = frozenset()
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Priced:
    """Integer prices (of all rows, derived ones last; of all parcels) and what every offer is worth at them.

    ``total`` is what they add before any offer at the root, without the rows ``odd`` that have no end there on the side
    priced; ``below`` are the parcels priced below 0; ``gain`` is what missing each soft row by a unit more gains.
    """

    rows: Ints
    parcels: Ints
    worth: Ints
    total: int
    odd: frozenset[int]
    below: frozenset[int]
    gain: dict[int, int]


@dataclass(frozen=True)
class Solved:
    """A relaxation under a path: ``value`` in millipoints (None: none), ``x`` of the offers, prices in doubles.

    ``missed`` are the units by which it misses the soft rows, in their order.
    """

    value: float | None
    x: Floats
    missed: Floats
    parcels: Floats
    rows: Floats


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
    def _uses(self) -> tuple[Ints, Ints]:
        """(offer, parcel) of all sites."""
        prog = self.prog
        length = np.diff(prog.site_start)[prog.site]
        land = prog.site_parcels[ranges(prog.site_start[prog.site], length)]
        return np.repeat(np.arange(prog.count), length), land

    @cached_property
    def on_parcel(self) -> dict[int, Ints]:
        """The offers on each parcel."""
        owner, land = self._uses
        order = np.argsort(land, kind="stable")
        edges = np.flatnonzero(np.diff(land[order], prepend=-1)).tolist()
        ends = [*edges[1:], len(order)] if edges else []
        return {int(land[order[a]]): owner[order[a:b]] for a, b in zip(edges, ends, strict=True)}

    # The whole relaxation is handed over at once: sizes, rows, then columns, in the order HiGHS takes them.
    @cached_property
    def solver(self) -> Any:
        """The relaxation in HiGHS."""
        import highspy

        from landopt.solving.programme.silent_highs import live_highs

        prog, inf = self.prog, highspy.kHighsInf
        own, more = len(prog.sense), len(self.derived)
        self.parcels = np.array(sorted(self.on_parcel), np.int64)
        place = np.full(prog.parcels, -1)
        place[self.parcels] = np.arange(len(self.parcels))
        self.first_part = len(self.parcels)
        self.first_row = self.first_part + self.parts
        self.parcel_row = place
        owner, rows, coefs = self.triples
        derived, offers, counted = self.derived.triples()
        holder, land = self._uses
        column = np.concatenate([holder, np.arange(prog.count), owner, offers])
        row = np.concatenate(
            [place[land], self.first_part + self.part, self.first_row + rows, self.first_row + own + derived]
        )
        value = np.concatenate(
            [
                np.ones(len(holder)),
                np.ones(prog.count),
                coefs.astype(float),
                counted.astype(float),
            ]
        )
        size = np.ones(self.first_row + own + more)
        np.maximum.at(size, row, np.abs(value))
        self.unit_of_row = 2.0 ** np.round(np.log2(size) / 2)
        top = float(np.abs(prog.score).max(initial=1))
        self.unit = float(2.0 ** np.round(np.log2(max(1.0, top)) - 6))
        order = np.lexsort((row, column))
        start = np.searchsorted(column[order], np.arange(prog.count))
        settings: dict[str, Any] = {"presolve": "off", "solver": "simplex", "threads": 1}
        settings |= {"random_seed": self.seed, "simplex_strategy": 1}
        settings |= {"primal_feasibility_tolerance": 1e-8, "dual_feasibility_tolerance": 1e-8}
        solver = live_highs(settings)
        self.base_low = np.concatenate([np.full(self.first_row, -inf), self._end(self.low, -inf)])
        ones = np.ones(self.first_row)
        ones[self.first_part + prog.demands :] = inf  # market parts: their parcel says as much
        self.base_high = np.concatenate([ones, self._end(self.high, inf)])
        self.base_low /= self.unit_of_row
        self.base_high /= self.unit_of_row
        none = np.zeros(0, np.int32)
        solver.addRows(len(size), self.base_low, self.base_high, 0, none, none, np.zeros(0))
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        scaled = value[order] / self.unit_of_row[row[order]]
        solver.addCols(
            prog.count, prog.score / self.unit, np.zeros(prog.count), np.full(prog.count, inf), len(order),
            start.astype(np.int32), row[order].astype(np.int32), scaled,
        )  # fmt: skip
        for soft in self.soft:
            cells = {
                at: float(prog.slack[each]) * (-1 if prog.sense[each] < 0 else 1) / self.unit_of_row[at]
                for each in prog.soft[soft]
                for at in (self.first_row + each,)
            }
            if prog.carry[soft] >= 0:
                late = self.first_row + int(prog.carry[soft])
                cells[late] = -float(prog.carried[soft]) / self.unit_of_row[late]
            index, amounts = np.array(list(cells), np.int32), np.array(list(cells.values()))
            most = float(prog.most[soft])
            solver.addCol(-float(prog.penalty[soft]) / self.unit, 0.0, most, len(cells), index, amounts)
        self.upper = np.full(prog.count, inf)
        self.moved: set[int] = set()
        self.bounded: set[int] = set()
        self.inf = inf
        return solver

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
        solver = self.solver
        upper = np.where(path.allowed, self.inf, 0.0)
        changed = np.flatnonzero(upper != self.upper).astype(np.int32)
        if len(changed):
            solver.changeColsBounds(len(changed), changed, np.zeros(len(changed)), upper[changed])
        self.upper = upper
        wanted: dict[int, tuple[float, float]] = {}
        for part in path.forced:
            wanted[self.first_part + part] = (1.0, 1.0)
        for parcel in path.supplied:
            if self.parcel_row[parcel] >= 0:
                wanted[int(self.parcel_row[parcel])] = (1.0, 1.0)
        missed = {row: path.sums[row] for row in self.soft if row in path.sums}
        for row in self.bounded | missed.keys():
            fewest, end = missed.get(row, (0, FREE))
            end = min(end, max(fewest, int(self.prog.most[row])))
            solver.changeColBounds(self.prog.count + self.soft[row], float(fewest), float(end))
        self.bounded = set(missed)
        for row, (low, high) in path.sums.items():
            if row in missed:
                continue
            at = self.first_row + row
            ends = self._end(np.array([low]), -self.inf)[0], self._end(np.array([high]), self.inf)[0]
            wanted[at] = ends[0] / self.unit_of_row[at], ends[1] / self.unit_of_row[at]
        for row in self.moved - wanted.keys():
            solver.changeRowBounds(row, float(self.base_low[row]), float(self.base_high[row]))
        for row, (least, most) in wanted.items():
            unit = self.unit_of_row[row] if row < self.first_row else 1.0
            solver.changeRowBounds(row, least / unit, most / unit)
        self.moved = set(wanted)

    def solve(self, path: Path) -> Solved:
        """The relaxation under a path; where it has no solution, prices that show so."""
        import highspy

        self.apply(path)
        self.solver.run()
        status = self.solver.getModelStatus()
        if status not in (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible):
            self.solver.clearSolver()
            self.solver.run()
            status = self.solver.getModelStatus()
        if status == highspy.HighsModelStatus.kInfeasible:
            _, has, ray = self.solver.getDualRay()
            dual = np.array(ray) if has else np.zeros(self.first_row + len(self.low))
            return self._solved(None, np.zeros(self.prog.count + len(self.soft)), dual * self.unit)
        found = self.solver.getSolution()
        value = float(self.solver.getObjectiveValue()) * self.unit
        return self._solved(value, np.array(found.col_value), np.array(found.row_dual) * self.unit)

    def _solved(self, value: float | None, columns: Floats, dual: Floats) -> Solved:
        x, missed = columns[: self.prog.count], columns[self.prog.count :]
        dual = dual / self.unit_of_row[: len(dual)]
        parcels = np.zeros(self.prog.parcels)
        parcels[self.parcels] = dual[: self.first_part]
        return Solved(value, x, missed, parcels, dual[self.first_row :])

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
