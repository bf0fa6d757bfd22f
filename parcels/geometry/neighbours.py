"""Which parcels touch along a boundary, and how long: from line segments, so that a millimetre decides nothing.

Coordinates rounded to 1 mm leave hair gaps and slivers at every T-junction, and the plain intersection of two parcels
then loses the boundary they share. Here two segments share boundary where they run side by side within a tolerance.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from parcels.common.frozen import Neighbours
from parcels.geometry.segments import HAIR_M, NEAR_M, Array, Plane, Segments, blocks, common_box, ranges

TOLERANCE_M = 0.01
"""Two boundaries closer than this are the same boundary."""


def neighbours(geometries: Any, min_shared_m: float = 1.0, max_gap_m: float = 0.0) -> Neighbours:
    """Pairs of parcels whose shared boundary is longer than ``min_shared_m``.

    Parameters
    ----------
    geometries
        ``(n,)`` polygons in a projected CRS, sorted by parcel id (array, GeoSeries, list, or the plane they lie in);
        ``None`` has no neighbour.
    min_shared_m
        Least length, exclusive, in metres.
    max_gap_m
        Parcels across a gap (a road) up to this width count too, unless a third parcel lies between; 0: only true
        neighbours.

    Returns
    -------
    Neighbours
        ``pairs`` sorted, i < j; ``shared_dm`` in decimetres, rounded down.
    """
    gap = max_gap_m + HAIR_M if max_gap_m > TOLERANCE_M else 0.0
    plane = geometries if isinstance(geometries, Plane) else Plane(geometries, max_gap_m)
    if not gap:
        left, right, shared, _ = side_by_side(plane)
        true = shared
    elif gap == plane.reach:
        side_by_side(plane)
        left, right, true, shared = plane.known["far"]
    else:
        left, right = plane.pairs(gap)
        true, shared = shared_lengths(plane, left, right, (TOLERANCE_M, gap))
    take = shared > min_shared_m
    left, right, shared, true = left[take], right[take], shared[take], true[take]
    if gap and len(left):
        seen = true > 0  # a line between two that touch is too short to run through anything
        seen[~seen] = _in_sight(plane, left[~seen], right[~seen])
        left, right, shared = left[seen], right[seen], shared[seen]
    decimetres = np.floor(shared * 10 + 1e-6).astype(np.int64)
    number, length = list(range(len(plane.shapes))), list(range(int(decimetres.max(initial=0)) + 1))
    pairs = zip(map(number.__getitem__, left.tolist()), map(number.__getitem__, right.tolist()), strict=True)
    return Neighbours(tuple(pairs), tuple(map(length.__getitem__, decimetres.tolist())))


def side_by_side(plane: Plane) -> tuple[Array, Array, Array, Array]:
    """The pairs within :data:`NEAR_M`: left, right, and the metres they share within a centimetre and within that.

    What they share within the reach of the plane is found on the way (``plane.known["far"]``: left, right, the metres
    within a centimetre and within the reach).
    """
    if "beside" not in plane.known:
        left, right = plane.pairs(plane.reach)
        gaps = (TOLERANCE_M, NEAR_M, plane.reach)[: 2 + (plane.reach > NEAR_M)]
        true, wide, far = (*shared_lengths(plane, left, right, gaps), *[np.zeros(0)])[:3]
        if plane.reach > NEAR_M:
            plane.known["far"] = left, right, true, far
            some = wide > 0
            left, right, true, wide = left[some], right[some], true[some], wide[some]
        plane.known["beside"] = left, right, true, wide
    left, right, true, wide = plane.known["beside"]
    return left, right, true, wide


def shared_lengths(plane: Plane, left: Array, right: Array, gaps: tuple[float, ...]) -> list[Array]:
    """Metres along which the boundaries of each pair run side by side within a gap (multiples of 0.1 mm).

    Parameters
    ----------
    plane
        The polygons.
    left, right
        ``(k,)`` rows of the pairs.
    gaps
        Greatest distances of the two boundaries, metres, rising.

    Returns
    -------
    list of ndarray
        For each gap ``(k,)`` float64, metres.
    """
    found = [np.zeros(len(left)) for _ in gaps]
    for at, rows, mine, other in plane.tiles(left, right):
        totals = _of_tile(Segments(plane.shapes[rows]), plane.bounds[rows], mine, other, gaps)
        for metres, total in zip(found, totals, strict=True):
            metres[at] = total / 10_000
    return found


def _of_tile(lines: Segments, bounds: Array, left: Array, right: Array, gaps: tuple[float, ...]) -> list[Array]:
    """What pairs share within each gap, in 0.1 mm."""
    totals = [np.zeros(len(left), dtype=np.int64) for _ in gaps]
    for part in blocks(lines.count(left) + lines.count(right)):
        box = common_box(bounds, left[part], right[part], gaps[-1])
        l_pair, l_segment = lines.near(left[part], box)
        r_pair, r_segment = lines.near(right[part], box)
        size = part.stop - part.start
        r_start = np.searchsorted(r_pair, np.arange(size + 1))
        width = (r_start[1:] - r_start[:-1])[l_pair]
        for few in blocks(width):
            first = np.repeat(l_segment[few], width[few])
            pair = np.repeat(l_pair[few], width[few])
            second = r_segment[ranges(r_start[l_pair[few]], width[few])]
            pair, lengths = _side_by_side(lines, pair, first, second, gaps)
            for total, length in zip(totals, lengths, strict=True):
                total[part] += np.bincount(pair, length, minlength=size).astype(np.int64)
    return totals


def _side_by_side(
    lines: Segments, pair: Array, first: Array, second: Array, gaps: tuple[float, ...]
) -> tuple[Array, list[Array]]:
    """(pair, for each gap the length in 0.1 mm) of the part of each first segment that has the second beside it."""
    for a, b in ((lines.ax, lines.bx), (lines.ay, lines.by)):
        p, q, r, s = a[first], b[first], a[second], b[second]
        reach = np.minimum(p, q) <= np.maximum(r, s) + gaps[-1]
        reach &= np.minimum(r, s) <= np.maximum(p, q) + gaps[-1]
        pair, first, second = pair[reach], first[reach], second[reach]
    ax, ay = lines.ax[first], lines.ay[first]
    ux, uy = lines.bx[first] - ax, lines.by[first] - ay
    length = np.hypot(ux, uy)
    sound = length > 0
    ux, uy = ux / np.where(sound, length, 1), uy / np.where(sound, length, 1)
    cx, cy, dx, dy = lines.ax[second] - ax, lines.ay[second] - ay, lines.bx[second] - ax, lines.by[second] - ay
    t0, t1 = cx * ux + cy * uy, dx * ux + dy * uy
    s0, s1 = cy * ux - cx * uy, dy * ux - dx * uy
    span = t1 - t0
    level = np.abs(s1 - s0) <= np.abs(span)  # steeper than 45 degrees is not side by side
    rise = np.where(level & (span != 0), (s1 - s0) / np.where(span != 0, span, 1), 0)
    offset = s0 - rise * t0
    tilted = np.abs(rise) > 1e-12
    upper, lower = np.minimum(np.maximum(t0, t1), length), np.maximum(np.minimum(t0, t1), 0)
    found = []
    for gap in gaps:
        with np.errstate(divide="ignore", invalid="ignore"):
            u, v = (-gap - offset) / rise, (gap - offset) / rise
        inside = np.abs(offset) <= gap
        near_low = np.where(tilted, np.minimum(u, v), np.where(inside, -np.inf, np.inf))
        near_high = np.where(tilted, np.maximum(u, v), np.where(inside, np.inf, -np.inf))
        shared = np.minimum(upper, near_high) - np.maximum(lower, near_low)
        shared = np.where(level & sound & np.isfinite(shared), np.maximum(shared, 0), 0)
        found.append(np.rint(shared * 10_000))
    return pair, found


def _in_sight(plane: Plane, left: Array, right: Array) -> Array:
    """False where the shortest line between two parcels runs through a third."""
    shapes = plane.shapes
    line = shapely.shortest_line(shapes[left], shapes[right])
    pair, third = plane.tree.query(line, predicate="intersects")
    other = (third != left[pair]) & (third != right[pair])
    pair, third = pair[other], third[other]
    through = shapely.length(shapely.intersection(line[pair], shapes[third])) > TOLERANCE_M
    seen = np.ones(len(left), dtype=bool)
    seen[pair[through]] = False
    return seen
