"""Pairs of parcels that share ground, and how much.

Parcels that fit each other corner by corner (a valid coverage, as GEOS judges it in one pass) share none; of the others
those that an edge parts; intersections are made only of what is left.
"""

from __future__ import annotations

import numpy as np
import shapely

from parcels.geometry.segments import Array, Plane, Segments, blocks, common_box, ranges

SIMPLE = 64
"""Outlines with more segments than this are not looked through for an edge that parts them."""

MATCHED = 0.5
"""The part of the pairs of one neighbourhood that fit each other corner by corner, at least, for the next to be tried
for it."""

_CHUNK = 50_000


def overlapping(plane: Plane) -> tuple[Array, Array, Array]:
    """Pairs i < j whose interiors meet, and m² of overlap.

    Parameters
    ----------
    plane
        Valid polygons; ``None`` overlaps nothing.

    Returns
    -------
    left, right, area : ndarray
        ``(k,)`` rows and float64 m², sorted by pair.
    """
    left, right = plane.pairs(0.0)
    open_ = np.ones(len(left), dtype=bool)
    fits = True
    for at, rows, mine, other in plane.tiles(left, right):
        here = plane.shapes[rows]
        if fits:
            odd = ~shapely.is_empty(shapely.coverage_invalid_edges(here))
            open_[at] = odd[mine] | odd[other]  # of two that fit all others, neither holds ground of the other
            fits = float(open_[at].mean()) < 1 - MATCHED
            at, mine, other = (each[odd[mine] | odd[other]] for each in (at, mine, other))
        open_[at] = ~parted(Segments(here), plane.bounds[rows], mine, other)
    left, right = left[open_], right[open_]
    area = np.zeros(len(left))
    shapes = plane.shapes
    for first in range(0, len(left), _CHUNK):
        rows = np.arange(first, min(first + _CHUNK, len(left)))
        rows = rows[~shapely.touches(shapes[left[rows]], shapes[right[rows]])]  # exact, a third of an intersection
        area[rows] = shapely.area(shapely.intersection(shapes[left[rows]], shapes[right[rows]]))
    some = area > 0
    return left[some], right[some], area[some]


def parted(lines: Segments, bounds: Array, left: Array, right: Array) -> Array:
    """True where an edge of one parcel has all of itself on one side and all of the other parcel on the other."""
    out = np.zeros(len(left), dtype=bool)
    if not len(left):
        return out
    edge_side = _one_sided(lines)
    for mine, other in ((left, right), (right, left)):
        open_ = np.flatnonzero(~out & (lines.count(mine) <= SIMPLE) & (lines.count(other) <= SIMPLE))
        for part in blocks(lines.count(mine[open_])):
            pairs = open_[part]
            pair, segment = lines.near(mine[pairs], common_box(bounds, mine[pairs], other[pairs], 0.0))
            keep = edge_side[segment] != 0
            pair, segment = pair[keep], segment[keep]
            if len(pair):
                hit = _beyond(lines, segment, edge_side[segment], other[pairs[pair]])
                out[pairs[pair[hit]]] = True
    return out


def _one_sided(lines: Segments) -> Array:
    """+1 or -1 where the whole parcel lies left or right of the line through an edge of its own; else 0."""
    count = lines.start[1:] - lines.start[:-1]
    owner = np.repeat(np.arange(len(count)), count)
    side = np.zeros(len(owner), dtype=np.int8)
    few = np.flatnonzero(count[owner] <= SIMPLE)
    for part in blocks(count[owner[few]], 3_000_000):
        edge = few[part]
        low, high = _extremes(lines, edge, owner[edge])
        length = np.hypot(lines.bx[edge] - lines.ax[edge], lines.by[edge] - lines.ay[edge])
        hair = 1e-7 * length
        side[edge] = np.where(low >= -hair, 1, np.where(high <= hair, -1, 0)) * (length > 0)
    return side


def _beyond(lines: Segments, edge: Array, side: Array, parcel: Array) -> Array:
    """True where all points of a parcel lie on the far side of an edge (which has ``side`` on its own)."""
    out = np.zeros(len(edge), dtype=bool)
    for part in blocks(lines.count(parcel), 3_000_000):
        low, high = _extremes(lines, edge[part], parcel[part])
        length = np.hypot(lines.bx[edge[part]] - lines.ax[edge[part]], lines.by[edge[part]] - lines.ay[edge[part]])
        hair = 1e-7 * length
        out[part] = np.where(side[part] > 0, high <= hair, low >= -hair)
    return out


def _extremes(lines: Segments, edge: Array, parcel: Array) -> tuple[Array, Array]:
    """Least and greatest cross product of each edge with the points of a parcel (> 0: left of the edge)."""
    width = lines.count(parcel)
    points = ranges(lines.start[parcel], width)
    e = np.repeat(edge, width)
    ax, ay = lines.ax[e], lines.ay[e]
    cross = (lines.bx[e] - ax) * (lines.ay[points] - ay) - (lines.by[e] - ay) * (lines.ax[points] - ax)
    begin = np.cumsum(width) - width
    return np.minimum.reduceat(cross, begin), np.maximum.reduceat(cross, begin)
