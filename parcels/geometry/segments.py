"""The boundary segments of many parcels as flat arrays, the pairs that lie near, and the segments of a pair that do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
import shapely

Array = np.ndarray[Any, Any]
BLOCK = 600_000
"""So many segments are looked at together: bounds the memory, not the result."""


class Segments:
    """Ends (ax, ay)-(bx, by) of all segments; those of parcel p are ``start[p]:start[p + 1]``."""

    def __init__(self, shapes: Array) -> None:
        parts, of_part = shapely.get_parts(shapes, return_index=True)
        rings, of_ring_part = shapely.get_rings(parts, return_index=True)
        of_shape = of_part[of_ring_part]  # get_rings alone passes over multipart parcels
        points, of_ring = shapely.get_coordinates(rings, return_index=True)
        inner = np.flatnonzero(of_ring[1:] == of_ring[:-1])
        owner = of_shape[of_ring[inner]]
        self.start = np.searchsorted(owner, np.arange(len(shapes) + 1))
        self.ax, self.ay, self.bx, self.by = (points[at, k] for at in (inner, inner + 1) for k in (0, 1))

    def count(self, rows: Array) -> Array:
        """Number of segments of each parcel."""
        return np.asarray(self.start[rows + 1] - self.start[rows])

    def near(self, rows: Array, box: tuple[Array, Array, Array, Array]) -> tuple[Array, Array]:
        """Segments of each listed parcel that reach the box (west, south, east, north) beside it."""
        width = self.count(rows)
        pair = np.repeat(np.arange(len(rows)), width)
        segment = ranges(self.start[rows], width)
        west, south, east, north = box
        for a, b, low, high in ((self.ax, self.bx, west, east), (self.ay, self.by, south, north)):
            keep = np.minimum(a[segment], b[segment]) <= high[pair]
            keep &= np.maximum(a[segment], b[segment]) >= low[pair]
            pair, segment = pair[keep], segment[keep]
        return pair, segment


def ranges(start: Array, width: Array) -> Array:
    """start[0], start[0]+1, ... (width[0] of them), start[1], ..."""
    total = int(width.sum())
    if not total:
        return np.zeros(0, dtype=np.int64)
    offset = np.cumsum(width) - width
    return np.asarray(np.repeat(start - offset, width) + np.arange(total))


def blocks(weight: Array, limit: int = BLOCK) -> Iterator[slice]:
    """Slices of consecutive positions whose weights add up to at most ``limit`` (or are one position)."""
    ends = np.cumsum(weight)
    begin = 0
    while begin < len(weight):
        before = int(ends[begin - 1]) if begin else 0
        stop = max(int(np.searchsorted(ends, before + limit, side="right")), begin + 1)
        yield slice(begin, stop)
        begin = stop


def common_box(bounds: Array, left: Array, right: Array, gap: float) -> tuple[Array, Array, Array, Array]:
    """West, south, east, north of what the boxes of each pair share, grown by ``gap``."""
    a, b = bounds[left], bounds[right]
    low, high = np.maximum(a[:, :2], b[:, :2]) - gap, np.minimum(a[:, 2:], b[:, 2:]) + gap
    return low[:, 0], low[:, 1], high[:, 0], high[:, 1]


NEAR_M = 0.5
"""Pairs within this distance are looked for once; questions about nearer ones choose among them."""


class Plane:
    """Parcels side by side, for every question about two of them: boxes, tree, segments and near pairs, made once.

    ``shapes``: ``(n,)`` polygons of one projected CRS, ``None`` where there is none; ``bounds``: ``(n, 4)`` metres.
    """

    def __init__(self, shapes: Any) -> None:
        self.shapes: Array = np.asarray(shapes, dtype=object)
        self.bounds: Array = shapely.bounds(self.shapes)
        self.known: dict[str, tuple[Array, ...]] = {}  # what other modules have worked out of it

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Of the shapes."""
        return shapely.STRtree(self.shapes)

    @cached_property
    def areas(self) -> Array:
        """m² of each, 0 where there is no outline."""
        return np.asarray(np.nan_to_num(shapely.area(self.shapes)))

    @cached_property
    def lines(self) -> Segments:
        """Their boundary segments."""
        return Segments(self.shapes)

    @cached_property
    def _near(self) -> tuple[Array, Array]:
        return _candidate_pairs(self.bounds, self.tree, NEAR_M)

    def pairs(self, gap: float) -> tuple[Array, Array]:
        """Pairs i < j whose boxes come within ``gap`` metres, sorted."""
        if gap >= NEAR_M:
            return self._near if gap == NEAR_M else _candidate_pairs(self.bounds, self.tree, gap)
        left, right = self._near
        a, b = self.bounds[left], self.bounds[right]
        keep = ((a[:, :2] - gap <= b[:, 2:]) & (b[:, :2] <= a[:, 2:] + gap)).all(axis=1)
        return left[keep], right[keep]


def _candidate_pairs(bounds: Array, tree: shapely.STRtree, gap: float) -> tuple[Array, Array]:
    lefts, rights = [], []
    for first in range(0, len(bounds), 100_000):
        part = bounds[first : first + 100_000]
        grown = shapely.box(part[:, 0] - gap, part[:, 1] - gap, part[:, 2] + gap, part[:, 3] + gap)
        grown[np.isnan(part[:, 0])] = None
        left, right = tree.query(grown)
        left += first
        once = left < right
        lefts.append(left[once].astype(np.int64))
        rights.append(right[once].astype(np.int64))
    left, right = (np.concatenate(part) if part else np.zeros(0, np.int64) for part in (lefts, rights))
    order = np.lexsort((right, left))
    return left[order], right[order]
