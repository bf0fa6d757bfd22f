"""Connected blocks of parcels asked about past a cap, and the prices they are valued at: values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.entries import spans

Ints = NDArray[np.integer[Any]]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Blocks:
    """Connected blocks, each for one demand: ``demand`` (n,) rows, ``start`` and ``parcels`` as in ``Sites``."""

    demand: Ints
    start: Ints
    parcels: Ints

    def __len__(self) -> int:
        return int(self.demand.size)

    def at(self, rows: Ints) -> Blocks:
        """Some of the blocks."""
        sizes = np.diff(self.start)[rows]
        start = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        return Blocks(self.demand[rows], start, self.parcels[spans(self.start[rows], sizes)])


def joined(parts: list[Blocks]) -> Blocks:
    """Blocks one after the other."""
    sizes = np.concatenate([np.zeros(0, np.int64), *(np.diff(part.start) for part in parts)])
    return Blocks(
        np.concatenate([np.zeros(0, np.int64), *(part.demand for part in parts)]),
        np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
        np.concatenate([np.zeros(0, np.int32), *(part.parcels for part in parts)]),
    )


@dataclass(frozen=True)
class Rates:
    """Prices in points (millipoints a unit): of parcels and of rows by (rule, key); ``tiers`` weighs the scores."""

    parcels: Floats
    rows: Mapping[tuple[str, tuple[str, ...]], float]
    tiers: Floats


@dataclass(frozen=True)
class Singles:
    """Lawful offers of one parcel each, to platforms whose lists were cut short; no area window is asked.

    ``place`` (n,) among those platforms, ``parcel``, ``method``, ``period`` and ``score`` (of the first tier) of each;
    ``owner``, ``row`` and ``coef`` are what they count in rows, an entry each.
    """

    place: Ints
    parcel: Ints
    method: Ints
    period: Ints
    score: Ints
    owner: Ints
    row: Ints
    coef: Ints
