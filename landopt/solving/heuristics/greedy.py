"""A first lawful plan without a solver: minimum limits and locks first, then the best offers that still fit.

Where shares are left broken, :mod:`landopt.solving.heuristics.mending` mends the set by the moves that lose least.
"""

from __future__ import annotations

import numpy as np

from landopt.solving.heuristics.mending import Mender
from landopt.solving.programme.arrays import Floats, Ints, Program, columns, standing
from landopt.solving.programme.price_bound import part_best

HELPERS = 400
"""Offers kept for each row with a minimum, beside the best of every part."""
BEST = 6
"""Offers a part brings to the first plan."""
MOVES = 500
"""The most moves that mend a first plan, and looks that better it."""


def greedy(
    prog: Program, worth: Floats | None = None, pool: Ints | None = None, start: Ints | None = None
) -> Ints | None:
    """A lawful set of offers (sorted), or None where this simple rule finds none.

    ``worth`` orders the offers (default: score a parcel used); ``pool`` limits them (default: the best of every part
    and those that minimum limits or locks count); ``start`` are offers taken first where they fit. Without a pool the
    set is mended where the rule leaves rows broken, then bettered.
    """
    if prog.count == 0:
        empty = np.zeros(0, dtype=np.int64)
        return empty if standing(prog, empty).lawful else None
    if worth is None:
        size = np.diff(prog.site_start)[prog.site]
        worth = prog.score / size
    chosen_pool = _pool(prog, worth) if pool is None else pool
    order = chosen_pool[np.lexsort((chosen_pool, -worth[chosen_pool]))]
    state = _State(prog, order)
    for offer in () if start is None else start.tolist():
        state.take_if(offer, strict=False)
    if pool is None:
        return _mended(prog, state, chosen_pool)
    for strict in (False, True):
        state.mend(strict)
        state.fill(strict)
        state.mend(strict)
        state.shed()
        chosen = np.array(sorted(state.taken), dtype=np.int64)
        if strict and standing(prog, chosen).lawful:
            return chosen
    return None


def _mended(prog: Program, state: _State, pool: Ints) -> Ints | None:
    """The first plan: minimum limits, then the best that fit whatever becomes of shares, then mended and bettered.

    Where that leads nowhere, from the empty set.
    """
    state.mend(False)
    state.fill(False)
    state.mend(False)
    full = np.array(sorted(state.taken), dtype=np.int64)
    for taken in (full, full[:0]):
        mender = Mender(prog, pool, taken)
        if mender.mend(min(MOVES, 100 + len(pool) // 2)):
            plan = mender.chosen()
            mender.gain(MOVES)
            for found in (mender.chosen(), plan):
                if standing(prog, found).lawful:
                    return found
    return None


def _pool(prog: Program, worth: Floats) -> Ints:
    keep = best_of_parts(prog, worth, 8 if prog.count < 20_000 else BEST)
    needed = np.flatnonzero((prog.rhs > 0) & (prog.slack == 0) & (prog.sense > 0) | (prog.sense == 0))
    for row in needed.tolist():
        offers, coefs = prog.entries.row(row)
        helper = offers[coefs > 0]
        if len(helper) > HELPERS:
            helper = helper[np.argpartition(-worth[helper], HELPERS)[:HELPERS]]
        keep = np.union1d(keep, helper)
    return keep


def best_of_parts(prog: Program, worth: Floats, most: int, part: Ints | None = None) -> Ints:
    """The ``most`` best offers of every part by ``worth`` (ties: the earlier offer), sorted by offer."""
    part = prog.part() if part is None else part
    left = np.array(worth, dtype=np.float64)
    found: list[Ints] = []
    for _ in range(most):
        hit = np.flatnonzero((left >= part_best(prog, left)[part]) & (left > -np.inf))
        if not len(hit):
            break
        found.append(hit[np.unique(part[hit], return_index=True)[1]])
        left[found[-1]] = -np.inf
    return np.sort(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


class _State:
    """A growing set of offers with the rows it uses; every step keeps rows that hold."""

    def __init__(self, prog: Program, order: Ints) -> None:
        self.prog = prog
        self.order = order.tolist()
        starts, rows, coefs = columns(prog, order)
        self.entries: dict[int, list[tuple[int, int]]] = {}
        rows_list, coefs_list, starts_list = rows.tolist(), coefs.tolist(), starts.tolist()
        for k, offer in enumerate(self.order):
            low, high = starts_list[k], starts_list[k + 1]
            self.entries[offer] = list(zip(rows_list[low:high], coefs_list[low:high], strict=True))
        head = prog.parcels + prog.demands
        self.head = head
        self.load = [0] * (head + len(prog.sense))
        hard = prog.slack == 0
        self.low = [-1] * head + np.where(hard & (prog.sense >= 0), prog.rhs, -(2**62)).tolist()
        self.high = [1] * head + np.where(hard & (prog.sense <= 0), prog.rhs, 2**62).tolist()
        self.taken: set[int] = set()
        self.owner: dict[int, int] = {}
        self.shares = self._shares()

    def _shares(self) -> set[int]:
        """Rows that some offers raise and some lower: the first offer taken may break them, later ones mend them."""
        profile = self.prog.entries.profile
        return {self.head + int(r) for r in np.flatnonzero(profile.raised & profile.lowered)}

    def take_if(self, offer: int, strict: bool = True) -> bool:
        """Take the offer if no row that holds breaks and no broken row gets worse; shares may, unless ``strict``."""
        if offer in self.taken or offer not in self.entries:
            return False
        for row, coef in self.entries[offer]:
            if not strict and row in self.shares:
                continue
            new = self.load[row] + coef
            if (coef > 0 and new > self.high[row]) or (coef < 0 and new < self.low[row]):
                return False
        self._add(offer, 1)
        return True

    def _add(self, offer: int, sign: int) -> None:
        for row, coef in self.entries[offer]:
            self.load[row] += sign * coef
            if row < self.head and sign > 0:
                self.owner[row] = offer
            elif row < self.head and self.owner.get(row) == offer:
                del self.owner[row]
        if sign > 0:
            self.taken.add(offer)
        else:
            self.taken.discard(offer)

    def mend(self, strict: bool) -> None:
        """Raise rows that are below their minimum, swapping out what stands in the way where that stays lawful."""
        for row in range(self.head, len(self.load)):
            if self.load[row] >= self.low[row] or (row in self.shares and not strict):
                continue
            helpers = [o for o in self.order if any(r == row and c > 0 for r, c in self.entries[o])]
            for offer in helpers:
                if self.load[row] >= self.low[row]:
                    break
                if not self.take_if(offer, strict):
                    self._swap(offer, row, strict)

    def _swap(self, offer: int, row: int, strict: bool) -> None:
        if offer in self.taken:
            return
        heads = (r for r, _ in self.entries[offer] if r < self.head)
        out = sorted({self.owner[r] for r in heads if r in self.owner})
        before = self.load[row]
        for other in out:
            self._add(other, -1)
        lows = [r for other in out for r, _ in self.entries[other] if r >= self.head]
        held = all(self.load[r] >= self.low[r] for r in lows if r != row)
        if not (held and self.take_if(offer, strict) and self.load[row] > before):
            if offer in self.taken:
                self._add(offer, -1)
            for other in out:
                self._add(other, 1)

    def fill(self, strict: bool) -> None:
        """Take offers of positive score in order, twice (a first offer may open the way for one it is required by)."""
        score = self.prog.score
        for _ in range(2):
            for offer in self.order:
                if score[offer] > 0:
                    self.take_if(offer, strict)

    def shed(self) -> None:
        """Give up the offers that break a share and are worth least for it, until every share holds."""
        score = self.prog.score
        for _ in range(len(self.taken)):
            broken = [(self._excess(row), row) for row in self.shares]
            worst, row = max(broken, default=(0, -1))
            if worst <= 0:
                return
            sign = 1 if self.load[row] > self.high[row] else -1
            part = [(o, sign * c) for o in self.taken for r, c in self.entries[o] if r == row and sign * c > 0]
            for offer, _ in sorted(part, key=lambda item: (score[item[0]] / item[1], item[0])):
                self._add(offer, -1)
                if all(self.load[r] >= self.low[r] for r, _ in self.entries[offer] if r not in self.shares):
                    break
                self._add(offer, 1)
            else:
                return

    def _excess(self, row: int) -> float:
        scale = max(1, abs(self.load[row]))
        return float(max(self.load[row] - self.high[row], self.low[row] - self.load[row])) / scale
