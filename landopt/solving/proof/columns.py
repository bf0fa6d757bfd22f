"""What offers count in derived rows, held small: few offers count in one, and a proof may have hundreds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from landopt.solving.programme.arrays import Ints


class Columns(Sequence[Ints]):
    """What every offer counts in derived rows, held small: few offers count in one."""

    def __init__(self, offers: int) -> None:
        self.offers = offers
        self.cells: list[tuple[Ints, Ints]] = []

    def append(self, column: Ints) -> None:
        """One row more."""
        at = np.flatnonzero(column)
        self.cells.append((at, column[at]))

    def narrowed(self, kept: Ints) -> Columns:
        """The same rows over some of the offers (ascending)."""
        place = np.full(self.offers, -1)
        place[kept] = np.arange(len(kept))
        found = Columns(len(kept))
        for at, value in self.cells:
            hit = place[at] >= 0
            found.cells.append((place[at[hit]], value[hit]))
        return found

    def __len__(self) -> int:
        return len(self.cells)

    def __getitem__(self, number: int) -> Ints:  # type: ignore[override]  # no slices
        column = np.zeros(self.offers, np.int64)
        at, value = self.cells[number]
        column[at] = value
        return column

    def use(self, prices: Ints) -> Ints:
        """What every offer uses of these rows at whole prices."""
        out = np.zeros(self.offers, np.int64)
        for number in np.flatnonzero(prices).tolist():
            at, value = self.cells[number]
            out[at] += prices[number] * value
        return out

    def triples(self) -> tuple[Ints, Ints, Ints]:
        """(row, offer, coefficient) of all entries."""
        none = [np.zeros(0, np.int64)]
        row = [np.full(len(at), number) for number, (at, _) in enumerate(self.cells)]
        offers, values = [at for at, _ in self.cells], [value for _, value in self.cells]
        return np.concatenate(none + row), np.concatenate(none + offers), np.concatenate(none + values)

    def largest(self) -> Ints:
        """The largest size of each row."""
        return np.array([int(np.abs(value).max(initial=0)) for _, value in self.cells], np.int64)
