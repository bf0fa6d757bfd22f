"""The boundary segments of many parcels as flat arrays, and the few of a pair that come near each other."""

from __future__ import annotations

from collections.abc import Iterator
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
        x, y = np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])
        self.ax, self.ay, self.bx, self.by = x[inner], y[inner], x[inner + 1], y[inner + 1]
        owner = of_shape[of_ring[inner]]
        self.start = np.searchsorted(owner, np.arange(len(shapes) + 1))
        self.x0, self.x1 = np.minimum(self.ax, self.bx), np.maximum(self.ax, self.bx)
        self.y0, self.y1 = np.minimum(self.ay, self.by), np.maximum(self.ay, self.by)

    def count(self, rows: Array) -> Array:
        """Number of segments of each parcel."""
        return np.asarray(self.start[rows + 1] - self.start[rows])

    def near(self, rows: Array, box: tuple[Array, Array, Array, Array]) -> tuple[Array, Array]:
        """Segments of each listed parcel that reach the box (west, south, east, north) beside it."""
        width = self.count(rows)
        pair = np.repeat(np.arange(len(rows)), width)
        segment = ranges(self.start[rows], width)
        west, south, east, north = box
        for low, high in ((self.x0, east), (self.y0, north)):
            keep = low[segment] <= high[pair]
            pair, segment = pair[keep], segment[keep]
        for high, low in ((self.x1, west), (self.y1, south)):
            keep = high[segment] >= low[pair]
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


def candidate_pairs(shapes: Array, gap: float, tree: shapely.STRtree | None = None) -> tuple[Array, Array]:
    """Pairs i < j whose boxes come within ``gap`` metres, sorted."""
    bounds = shapely.bounds(shapes)
    tree = tree if tree is not None else shapely.STRtree(shapes)
    lefts, rights = [], []
    for first in range(0, len(shapes), 100_000):
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
