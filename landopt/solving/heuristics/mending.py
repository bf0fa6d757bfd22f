"""Mends a set of offers into a lawful plan: the move that loses least for what it mends, then moves that gain.

A move gives up an offer, or takes one and gives up those in its way. Rows that stay broken weigh more and more, so that
the search leaves dead ends; it draws nothing at random and repeats bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, columns

CLOSE = 12
"""Moves looked at exactly, of those that look best one by one."""
HEAVIER = 1.3
TRIES = 80
"""A row still broken weighs so many times more; so often in a row before the search gives up."""
BATCH = 4_000
"""Offers of the pool for which one more move is made before all are looked at again."""
REST = 12
"""Moves during which an offer just taken or given up stays as it is."""


@dataclass(frozen=True)
class _Outlook:
    """For every offer of the pool what its move mends (< 0) or breaks (> 0), and what it gains (millipoints)."""

    breaks: Floats
    gains: Floats


class Mender:
    """A set of offers out of ``pool`` (sorted offers, which hold ``taken``) that becomes lawful step by step."""

    def __init__(self, prog: Program, pool: Ints, taken: Ints) -> None:
        self.prog, self.pool = prog, pool
        self.head = prog.parcels + prog.demands
        starts, rows, coefs = columns(prog, pool)
        source = np.repeat(np.arange(len(pool)), np.diff(starts))
        tail = rows >= self.head
        self.land, self.land_of = rows[~tail], source[~tail]
        self.row, self.coef, self.row_of = rows[tail] - self.head, coefs[tail].astype(np.float64), source[tail]
        self.cut = np.searchsorted(self.row_of, np.arange(len(pool) + 1))
        self.land_cut = np.searchsorted(self.land_of, np.arange(len(pool) + 1))
        self.score = prog.score[pool].astype(np.float64)
        count = len(prog.sense)
        hard, rhs = prog.slack == 0, prog.rhs.astype(np.float64)
        self.low = np.where(hard & (prog.sense >= 0), rhs, -np.inf)
        self.high = np.where(hard & (prog.sense <= 0), rhs, np.inf)
        size = np.bincount(self.row, np.abs(self.coef), count) / np.maximum(1, np.bincount(self.row, minlength=count))
        self.weight = 1.0 / np.maximum(size, 1.0)
        self.load = np.zeros(count)
        self.owner = np.full(self.head, -1, np.int64)
        self.inside = np.zeros(len(pool), dtype=bool)
        self.free_at = np.zeros(len(pool), np.int64)
        self.moves = 0
        for at in np.searchsorted(pool, taken).tolist():
            self._put(at)

    def chosen(self) -> Ints:
        """The offers as they stand."""
        return np.asarray(self.pool[self.inside])

    def broken(self) -> Floats:
        """By how much each row is broken, in its own units."""
        return self._over(self.load)

    def mend(self, most: int) -> bool:
        """Move until no row is broken (True), or ``most`` moves or too many dead ends are spent."""
        tries, end = 0, self.moves + most
        while self.moves < end and tries < TRIES:
            over = self.broken()
            if not over.any():
                return True
            best = self._best_mends(self._outlook())
            if not best:
                self.weight[over > 0] *= HEAVIER
                tries += 1
                self.moves += 1
                continue
            tries = 0
            self._move(best[0])
            for at in best[1 : 1 + len(self.pool) // BATCH]:
                if self.free_at[at] <= self.moves and self._mends(at) < -1e-12:
                    self._move(at)
        return not self.broken().any()

    def gain(self, most: int) -> None:
        """From a lawful set: take what betters the score and breaks nothing, best first, in at most ``most`` looks."""
        self.free_at[:] = 0
        for _ in range(most):
            outlook = self._outlook()
            good = np.flatnonzero((outlook.gains > 0) & (outlook.breaks <= 1e-12) & ~self.inside)
            good = good[np.lexsort((good, -outlook.gains[good]))][: 8 * CLOSE]
            moved = False
            for at in good.tolist():
                if self._gains(at) > 0 and not self._over(self._after(at)).any():
                    self._move(at)
                    moved = True
            if not moved:
                return

    def _gains(self, at: int) -> float:
        """The score of an offer not taken beyond that of those in its way."""
        return float(self.score[at]) - sum(float(self.score[other]) for other in self._conflicts(at))

    def _over(self, load: Floats) -> Floats:
        return np.maximum(np.maximum(load - self.high, self.low - load), 0.0)

    def _outlook(self) -> _Outlook:
        before = self.weight * self.broken()
        sign = np.where(self.inside, -1.0, 1.0)
        load = self.load[self.row] + sign[self.row_of] * self.coef
        over = np.maximum(np.maximum(load - self.high[self.row], self.low[self.row] - load), 0.0)
        breaks = np.bincount(self.row_of, self.weight[self.row] * over - before[self.row], len(self.pool))
        gains = sign * self.score
        own = self.owner[self.land]
        hit = (own >= 0) & ~self.inside[self.land_of]
        pairs = np.unique(self.land_of[hit] * len(self.pool) + own[hit])
        mine, theirs = np.divmod(pairs, max(1, len(self.pool)))
        breaks = breaks + np.bincount(mine, breaks[theirs], len(self.pool))
        gains = gains - np.bincount(mine, self.score[theirs], len(self.pool))
        return _Outlook(breaks, gains)

    def _best_mends(self, outlook: _Outlook) -> list[int]:
        """Moves that mend, what gains most for it first, then what loses least for it."""
        rested = self.free_at <= self.moves
        near = np.flatnonzero(rested & (outlook.breaks < -1e-12))
        if not len(near):
            return []
        worth = self._worth(outlook.breaks[near], outlook.gains[near])
        near = near[np.lexsort((near, -worth))][: CLOSE + 2 * (len(self.pool) // BATCH)]
        exact = np.array([self._mends(at) for at in near.tolist()])
        real = exact < -1e-12
        near, worth = near[real], self._worth(exact[real], outlook.gains[near[real]])
        return [int(at) for at in near[np.lexsort((near, -worth))].tolist()]

    def _mends(self, at: int) -> float:
        """By how much a move changes the weight of what is broken."""
        after = float((self.weight * self._over(self._after(at))).sum())
        return after - float((self.weight * self.broken()).sum())

    @staticmethod
    def _worth(breaks: Floats, gains: Floats) -> Floats:
        return np.where(gains >= 0, gains * -breaks, gains / np.maximum(-breaks, 1e-12))

    def _conflicts(self, at: int) -> list[int]:
        own = self.owner[self.land[self.land_cut[at] : self.land_cut[at + 1]]]
        return sorted({each for each in own.tolist() if each >= 0})

    def _after(self, at: int) -> Floats:
        """The loads after a move."""
        load = self.load.copy()
        if self.inside[at]:
            self._shift(load, at, -1.0)
            return load
        for other in self._conflicts(at):
            self._shift(load, other, -1.0)
        self._shift(load, at, 1.0)
        return load

    def _shift(self, load: Floats, at: int, sign: float) -> None:
        here = slice(int(self.cut[at]), int(self.cut[at + 1]))
        load[self.row[here]] += sign * self.coef[here]

    def _move(self, at: int) -> None:
        self.moves += 1
        if self.inside[at]:
            self._drop(at)
            return
        for other in self._conflicts(at):
            self._drop(other)
        self._put(at)

    def _put(self, at: int) -> None:
        self._shift(self.load, at, 1.0)
        self.owner[self.land[self.land_cut[at] : self.land_cut[at + 1]]] = at
        self.inside[at] = True
        self.free_at[at] = self.moves + REST if self.moves else 0

    def _drop(self, at: int) -> None:
        self._shift(self.load, at, -1.0)
        self.owner[self.land[self.land_cut[at] : self.land_cut[at + 1]]] = -1
        self.inside[at] = False
        self.free_at[at] = self.moves + REST
