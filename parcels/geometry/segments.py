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


HAIR_M = 0.0001
"""Added to a stated gap, so that a road of exactly that width counts whatever the rounding of its coordinates."""
TILE = 100_000
"""So many pairs of one neighbourhood are looked at together: the segments of their parcels alone are held."""


class Plane:
    """Parcels side by side, for every question about two of them: boxes, tree and near pairs, made once.

    ``shapes``: ``(n,)`` polygons of one projected CRS, ``None`` where there is none; ``bounds``: ``(n, 4)`` metres.
    ``max_gap_m``: the widest gap across which pairs will be asked for, where that is known beforehand; ``reach`` is
    that and a hair, or :data:`NEAR_M`.
    """

    def __init__(self, shapes: Any, max_gap_m: float = 0.0) -> None:
        self.shapes: Array = np.asarray(shapes, dtype=object)
        self.bounds: Array = shapely.bounds(self.shapes)
        self.reach = max(NEAR_M, max_gap_m + HAIR_M)
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
    def _near(self) -> tuple[Array, Array]:
        return _candidate_pairs(self.bounds, self.tree, self.reach)

    def pairs(self, gap: float) -> tuple[Array, Array]:
        """Pairs i < j whose boxes come within ``gap`` metres, sorted."""
        if gap >= self.reach:
            return self._near if gap == self.reach else _candidate_pairs(self.bounds, self.tree, gap)
        left, right = self._near
        keep = np.ones(len(left), dtype=bool)
        for low, high in ((0, 2), (1, 3)):
            for a, b in ((left, right), (right, left)):
                keep &= self.bounds[a, low] - gap <= self.bounds[b, high]
        return left[keep], right[keep]

    @cached_property
    def _cells(self) -> Array:
        """A number of each parcel that is near those of its neighbours: by columns, up and down in turn."""
        known = np.flatnonzero(~np.isnan(self.bounds[:, 0]))
        across = max(1, int((len(known) / 1_000) ** 0.5))
        x, y = (np.empty(len(known), np.int64) for _ in range(2))
        for rank, low in ((x, 0), (y, 1)):
            rank[np.argsort(self.bounds[known, low], kind="stable")] = np.arange(len(known)) * across // len(known)
        found = np.zeros(len(self.bounds), np.int64)
        found[known] = x * across + np.where(x % 2, across - 1 - y, y)
        return found

    def tiles(self, left: Array, right: Array) -> Iterator[tuple[Array, Array, Array, Array]]:
        """Pairs in portions that lie together: (their positions, rows of the parcels in them, left and right there)."""
        order = np.argsort(self._cells[left], kind="stable") if len(left) > TILE else np.arange(len(left))
        for first in range(0, len(order), TILE):
            at = order[first : first + TILE]
            rows, place = np.unique(np.concatenate([left[at], right[at]]), return_inverse=True)
            yield at, rows, place[: len(at)], place[len(at) :]


def _candidate_pairs(bounds: Array, tree: shapely.STRtree, gap: float) -> tuple[Array, Array]:
    lefts, rights = [], []
    for first in range(0, len(bounds), 100_000):
        part = bounds[first : first + 100_000]
        grown = shapely.box(part[:, 0] - gap, part[:, 1] - gap, part[:, 2] + gap, part[:, 3] + gap)
        grown[np.isnan(part[:, 0])] = None
        left, right = tree.query(grown)
        left += first
        once = left < right
        left, right = left[once].astype(np.int64), right[once].astype(np.int64)
        order = np.lexsort((right, left))
        lefts.append(left[order])
        rights.append(right[order])
    left, right = (np.concatenate(part) if part else np.zeros(0, np.int64) for part in (lefts, rights))
    return left, right
