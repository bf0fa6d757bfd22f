"""Which parcels touch along a boundary, and how long: from line segments, so that a millimetre decides nothing.

Coordinates rounded to 1 mm leave hair gaps and slivers at every T-junction, and the plain intersection of two parcels
then loses the boundary they share. Here two segments share boundary where they run side by side within a tolerance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from parcels.tables import Neighbours

TOLERANCE_M = 0.01
"""Two boundaries closer than this are the same boundary."""

_CHUNK = 4_000_000
Array = np.ndarray[Any, Any]


def neighbours(
    geometries: Any, min_shared_m: float = 1.0, max_gap_m: float = 0.0, *, tree: shapely.STRtree | None = None
) -> Neighbours:
    """Pairs of parcels whose shared boundary is longer than ``min_shared_m``.

    Parameters
    ----------
    geometries
        ``(n,)`` polygons in a projected CRS, sorted by parcel id (array, GeoSeries or list); ``None`` has no neighbour.
    min_shared_m
        Least length, exclusive, in metres.
    max_gap_m
        Parcels across a gap (a road) up to this width count too, unless a third parcel lies between; 0: only true
        neighbours.
    tree
        An STRtree of the same geometries, if there is one already.

    Returns
    -------
    Neighbours
        ``pairs`` sorted, i < j; ``shared_dm`` in decimetres, rounded down.
    """
    shapes = np.asarray(geometries, dtype=object)
    gap = max(TOLERANCE_M, max_gap_m)
    left, right = candidate_pairs(shapes, gap, tree)
    return among(shapes, left, right, min_shared_m, max_gap_m, tree)


def candidate_pairs(shapes: Array, gap: float, tree: shapely.STRtree | None = None) -> tuple[Array, Array]:
    """Pairs i < j whose boxes come within ``gap`` metres, sorted."""
    boxes = shapely.bounds(shapes)
    grown = shapely.box(boxes[:, 0] - gap, boxes[:, 1] - gap, boxes[:, 2] + gap, boxes[:, 3] + gap)
    grown[np.isnan(boxes[:, 0])] = None
    tree = tree if tree is not None else shapely.STRtree(shapes)
    left, right = tree.query(grown)
    once = left < right
    left, right = left[once], right[once]
    order = np.lexsort((right, left))
    return left[order], right[order]


def among(
    shapes: Array, left: Array, right: Array, min_shared_m: float, max_gap_m: float, tree: shapely.STRtree | None = None
) -> Neighbours:
    """As :func:`neighbours`, among given candidate pairs."""
    gap = max(TOLERANCE_M, max_gap_m)
    shared = shared_length(shapes, left, right, gap)
    take = shared > min_shared_m
    left, right, shared = left[take], right[take], shared[take]
    if max_gap_m > TOLERANCE_M and len(left):
        seen = _in_sight(shapes, left, right, tree)
        left, right, shared = left[seen], right[seen], shared[seen]
    decimetres = np.floor(shared * 10 + 1e-6).astype(np.int64)
    return Neighbours(tuple(zip(left.tolist(), right.tolist(), strict=True)), tuple(decimetres.tolist()))


class _Segments:
    """All boundary segments of all parcels: ends, and where each parcel's begin."""

    def __init__(self, shapes: Array) -> None:
        parts, of_part = shapely.get_parts(shapes, return_index=True)
        rings, of_ring_part = shapely.get_rings(parts, return_index=True)
        of_shape = of_part[of_ring_part]
        points, of_ring = shapely.get_coordinates(rings, return_index=True)
        inner = of_ring[1:] == of_ring[:-1]
        self.a = points[:-1][inner]
        self.b = points[1:][inner]
        owner = of_shape[of_ring[:-1][inner]]
        self.start = np.searchsorted(owner, np.arange(len(shapes) + 1))
        low, high = np.minimum(self.a, self.b), np.maximum(self.a, self.b)
        self.box = np.hstack([low, high])


def shared_length(shapes: Array, left: Array, right: Array, gap: float = TOLERANCE_M) -> Array:
    """Metres along which the boundaries of each pair run side by side within ``gap`` (multiples of 0.1 mm).

    Parameters
    ----------
    shapes
        ``(n,)`` polygons.
    left, right
        ``(k,)`` rows of the pairs.
    gap
        Greatest distance of the two boundaries, metres.

    Returns
    -------
    ndarray
        ``(k,)`` float64, metres.
    """
    if not len(left):
        return np.zeros(0)
    lines = _Segments(shapes)
    box = shapely.bounds(shapes)
    low = np.maximum(box[left, :2], box[right, :2]) - gap
    high = np.minimum(box[left, 2:], box[right, 2:]) + gap
    l_pair, l_segment = _near(lines, left, low, high)
    r_pair, r_segment = _near(lines, right, low, high)
    total = np.zeros(len(left), dtype=np.int64)
    r_start = np.searchsorted(r_pair, np.arange(len(left) + 1))
    width = (r_start[1:] - r_start[:-1])[l_pair]
    ends = np.cumsum(width)
    begin = 0
    while begin < len(l_pair):
        stop = int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + _CHUNK, side="right"))
        stop = max(stop, begin + 1)
        part = slice(begin, stop)
        first = np.repeat(l_segment[part], width[part])
        pair = np.repeat(l_pair[part], width[part])
        second = r_segment[_ranges(r_start[l_pair[part]], width[part])]
        np.add.at(total, pair, _side_by_side(lines, first, second, gap))
        begin = stop
    return np.asarray(total / 10_000)


def _ranges(start: Array, width: Array) -> Array:
    """start[0], start[0]+1, ... (width[0] of them), start[1], ..."""
    if not width.sum():
        return np.zeros(0, dtype=np.int64)
    offset = np.repeat(np.cumsum(width) - width, width)
    return np.asarray(np.repeat(start, width) + np.arange(int(width.sum())) - offset)


def _near(lines: _Segments, rows: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """For each pair the segments of one side that reach the box of both: (pair, segment), sorted by pair."""
    pairs, segments = [], []
    width = lines.start[rows + 1] - lines.start[rows]
    ends = np.cumsum(width)
    begin = 0
    while begin < len(rows):
        stop = int(np.searchsorted(ends, (ends[begin - 1] if begin else 0) + _CHUNK, side="right"))
        stop = max(stop, begin + 1)
        pair = np.repeat(np.arange(begin, stop), width[begin:stop])
        segment = _ranges(lines.start[rows[begin:stop]], width[begin:stop])
        box = lines.box[segment]
        hit = (box[:, :2] <= high[pair]).all(axis=1) & (box[:, 2:] >= low[pair]).all(axis=1)
        pairs.append(pair[hit])
        segments.append(segment[hit])
        begin = stop
    return np.concatenate(pairs), np.concatenate(segments)


def _side_by_side(lines: _Segments, first: Array, second: Array, gap: float) -> Array:
    """Length, in 0.1 mm, of the longer segment's part that has the other within ``gap`` beside it."""
    reach = (lines.box[first, :2] <= lines.box[second, 2:] + gap).all(axis=1)
    reach &= (lines.box[second, :2] <= lines.box[first, 2:] + gap).all(axis=1)
    out = np.zeros(len(first), dtype=np.int64)
    index = np.flatnonzero(reach)
    if not len(index):
        return out
    a, b = lines.a[first[index]], lines.b[first[index]]
    c, d = lines.a[second[index]], lines.b[second[index]]
    way = b - a
    length = np.hypot(way[:, 0], way[:, 1])
    unit = way / np.where(length > 0, length, 1)[:, None]

    def along(point: Array) -> Array:
        return np.asarray(((point - a) * unit).sum(axis=1))

    def aside(point: Array) -> Array:
        return np.asarray((point - a)[:, 1] * unit[:, 0] - (point - a)[:, 0] * unit[:, 1])

    t0, t1, s0, s1 = along(c), along(d), aside(c), aside(d)
    lower, upper = np.maximum(np.minimum(t0, t1), 0), np.minimum(np.maximum(t0, t1), length)
    span = t1 - t0
    slope = np.where(np.abs(span) > 1e-12, (s1 - s0) / np.where(np.abs(span) > 1e-12, span, 1), np.inf)
    steep = np.abs(slope) > 1
    slope = np.where(steep, 0, slope)
    level = s0 - slope * t0
    with np.errstate(divide="ignore", invalid="ignore"):
        u, v = (-gap - level) / slope, (gap - level) / slope
    flat = np.abs(slope) < 1e-12
    inside = np.abs(level) <= gap
    near_low = np.where(flat, np.where(inside, -np.inf, np.inf), np.minimum(u, v))
    near_high = np.where(flat, np.where(inside, np.inf, -np.inf), np.maximum(u, v))
    shared = np.minimum(upper, near_high) - np.maximum(lower, near_low)
    shared = np.where(steep | (length == 0) | ~np.isfinite(shared), 0, np.maximum(shared, 0))
    out[index] = np.rint(shared * 10_000).astype(np.int64)
    return out


def _in_sight(shapes: Array, left: Array, right: Array, tree: shapely.STRtree | None) -> Array:
    """False where the shortest line between two parcels runs through a third."""
    line = shapely.shortest_line(shapes[left], shapes[right])
    tree = tree if tree is not None else shapely.STRtree(shapes)
    pair, third = tree.query(line, predicate="intersects")
    other = (third != left[pair]) & (third != right[pair])
    pair, third = pair[other], third[other]
    through = shapely.length(shapely.intersection(line[pair], shapes[third])) > TOLERANCE_M
    seen = np.ones(len(left), dtype=bool)
    seen[pair[through]] = False
    return seen
