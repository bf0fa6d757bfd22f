"""Offers in the making, kept in arrays that grow in place: a round of ten million offers is never held twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.entries import narrow

Ints = NDArray[np.integer[Any]]
KINDS: dict[str, type] = {
    "site": np.int32,
    "demand": np.int32,
    "method": np.int8,
    "period": np.int16,
    "term": np.int16,
    "verdict": np.int8,
    "floor": np.int64,
    "price": np.int64,
}


@dataclass
class Block:
    """The offers of a group of demands: columns, points per tier, rows (sizes by offer, then rows and coefficients).

    ``total`` is what all rows of each share of all supply take off: (shares, offers).
    """

    columns: dict[str, Ints]
    score: Ints
    row_size: Ints
    row_index: Ints
    row_coef: Ints
    total: Ints


class Store:
    """Blocks one after the other; ``cuts`` and ``row_cuts`` tell where each begins among offers and entries."""

    def __init__(self, tiers: int, shares: int) -> None:
        self.offers: dict[str, Ints] = {name: np.empty(0, kind) for name, kind in KINDS.items()}
        self.offers["row_size"] = np.empty(0, np.int32)
        self.offers.update((f"score {tier}", np.empty(0, np.int64)) for tier in range(tiers))
        self.entries: dict[str, Ints] = {"row_index": np.empty(0, np.int32), "row_coef": np.empty(0, np.int32)}
        self.offers.update((f"total {share}", np.empty(0, np.int32)) for share in range(shares))
        self.tiers, self.shares = tiers, shares
        self.cuts, self.row_cuts = [0], [0]

    def add(self, block: Block) -> None:
        """Append a block."""
        self._widen(block)
        self._room(self.cuts[-1] + block.row_size.size, self.row_cuts[-1] + block.row_index.size, slack=4)
        self._put(block, self.cuts[-1], self.row_cuts[-1])
        self.cuts.append(self.cuts[-1] + block.row_size.size)
        self.row_cuts.append(self.row_cuts[-1] + block.row_index.size)

    def block(self, number: int) -> Block:
        """A copy of a block."""
        here = slice(self.cuts[number], self.cuts[number + 1])
        rows = slice(self.row_cuts[number], self.row_cuts[number + 1])
        none = np.zeros(self.cuts[number + 1] - self.cuts[number], np.int32)
        return Block(
            {name: self.offers[name][here].copy() for name in KINDS},
            np.stack([self.offers[f"score {tier}"][here] for tier in range(self.tiers)]),
            self.offers["row_size"][here].copy(),
            self.entries["row_index"][rows].copy(),
            self.entries["row_coef"][rows].copy(),
            np.array([*(self.offers[f"total {share}"][here] for share in range(self.shares)), none])[:-1],
        )

    def merge(self, others: Sequence[Block], merged: Callable[[Block, Block], Block]) -> None:
        """Put ``merged(block, other)`` in the place of each block, from the last to the first: no second copy."""
        cuts = np.cumsum([0, *(b.row_size.size for b in others)]) + np.array(self.cuts)
        row_cuts = np.cumsum([0, *(b.row_index.size for b in others)]) + np.array(self.row_cuts)
        self._room(int(cuts[-1]), int(row_cuts[-1]), slack=0)
        for block in others:
            self._widen(block)
        for number in range(len(others) - 1, -1, -1):
            block = merged(self.block(number), others[number])
            self._put(block, int(cuts[number]), int(row_cuts[number]))
        self.cuts, self.row_cuts = cuts.tolist(), row_cuts.tolist()

    def renumber(self, numbers: Ints) -> None:
        """Give every row its new number and put the rows of each offer in ascending order."""
        for number in range(len(self.cuts) - 1):
            rows = slice(self.row_cuts[number], self.row_cuts[number + 1])
            index = numbers[self.entries["row_index"][rows]].astype(np.int32)
            size = self.offers["row_size"][self.cuts[number] : self.cuts[number + 1]]
            falls = np.diff(index) < 0
            ends = np.cumsum(size)
            falls[ends[(ends > 0) & (ends < index.size)] - 1] = False
            if falls.any():
                order = np.lexsort((index, np.repeat(np.arange(size.size), size)))
                index = index[order]
                self.entries["row_coef"][rows] = self.entries["row_coef"][rows][order]
            self.entries["row_index"][rows] = index

    def used(self, count: int) -> NDArray[np.bool_]:
        """Which of ``count`` rows some offer uses."""
        found = np.zeros(count, bool)
        for first, last in zip(self.row_cuts, self.row_cuts[1:], strict=False):
            found[self.entries["row_index"][first:last]] = True
        return found

    def score(self) -> Ints:
        """(tiers, offers) points."""
        if self.tiers == 1:
            return self.offers["score 0"][None, :]
        return np.stack([self.offers.pop(f"score {tier}") for tier in range(self.tiers)])

    def total(self) -> Ints:
        """(shares, offers) what rows take off; (0, 0) without shares."""
        found = [self.offers[f"total {share}"] for share in range(self.shares)]
        if len(found) == 1:
            return found[0][None, :]
        return np.stack(found) if found else np.zeros((0, 0), np.int32)

    def close(self) -> None:
        """Give back what was reserved and is not needed."""
        self._room(self.cuts[-1], self.row_cuts[-1], slack=0)

    def _room(self, offers: int, entries: int, slack: int) -> None:
        for arrays, need in ((self.offers, offers), (self.entries, entries)):
            for found in arrays.values():
                if found.size < need or (slack == 0 and found.size > need):
                    found.resize(need + need // slack if slack else need, refcheck=False)

    def _widen(self, block: Block) -> None:
        """Coefficients take 32 bits until one does not fit."""
        if narrow(block.row_coef).dtype != np.int32 and self.entries["row_coef"].dtype == np.int32:
            self.entries["row_coef"] = self.entries["row_coef"].astype(np.int64)
        for share in range(self.shares):
            name = f"total {share}"
            if narrow(block.total[share]).dtype != np.int32 and self.offers[name].dtype == np.int32:
                self.offers[name] = self.offers[name].astype(np.int64)

    def _put(self, block: Block, at: int, row_at: int) -> None:
        here = slice(at, at + block.row_size.size)
        for name in KINDS:
            self.offers[name][here] = block.columns[name]
        for tier in range(self.tiers):
            self.offers[f"score {tier}"][here] = block.score[tier]
        for share in range(self.shares):
            self.offers[f"total {share}"][here] = block.total[share]
        self.offers["row_size"][here] = block.row_size
        rows = slice(row_at, row_at + block.row_index.size)
        self.entries["row_index"][rows] = block.row_index
        self.entries["row_coef"][rows] = block.row_coef
