"""How much of each parcel a layer covers: each piece of ground counted once, however the layer's polygons overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from parcels.geometry.segments import Array, Plane

PIECE = 400
"""Polygons with more points than this are cut into pieces before they are laid over parcels."""


@dataclass(frozen=True, slots=True)
class Cover:
    """``area``: ``(n,)`` float64, m² of each parcel under the layer; ``touched``: rows that meet it at all."""

    area: Array
    touched: Array


def cover(plane: Plane, layer: Array) -> Cover:
    """m² of each parcel covered by the union of a layer.

    Parameters
    ----------
    plane
        The parcels; ``None`` is covered by nothing.
    layer
        ``(m,)`` valid polygons of the same CRS.
    """
    shapes, whole = plane.shapes, plane.areas
    area = np.zeros(len(shapes))
    if not len(layer) or not len(shapes):
        return Cover(area, np.zeros(0, dtype=np.int64))
    pieces = subdivide(layer)
    tree = plane.tree
    _, inside = tree.query(pieces, predicate="contains")
    area[inside] = whole[inside]
    piece, parcel = tree.query(pieces, predicate="intersects")
    rest = ~np.isin(parcel, inside)
    piece, parcel = piece[rest], parcel[rest]
    order = np.lexsort((piece, parcel))
    parcel, piece = parcel[order], piece[order]
    touched, start, count = np.unique(parcel, return_index=True, return_counts=True)
    single = count == 1
    one = touched[single]
    area[one] = shapely.area(shapely.intersection(shapes[one], pieces[piece[start[single]]]))
    for row, first, many in zip(touched[~single], start[~single], count[~single], strict=True):
        parts = shapely.intersection(shapes[row], pieces[piece[first : first + many]])
        polygons = [part for part in parts if shapely.area(part) > 0]
        area[row] = shapely.area(shapely.union_all(polygons)) if polygons else 0.0
    return Cover(np.minimum(area, whole), np.union1d(touched, inside))


def subdivide(layer: Array, points: int = PIECE) -> Array:
    """Polygons cut by halves until none has more than ``points`` points; together they cover the same ground."""
    done: list[Any] = []
    todo = list(shapely.get_parts(layer))
    while todo:
        shape = todo.pop()
        if shapely.get_num_coordinates(shape) <= points:
            done.append(shape)
            continue
        x0, y0, x1, y1 = shape.bounds
        if x1 - x0 >= y1 - y0:
            middle = (x0 + x1) / 2
            boxes = [shapely.box(x0, y0, middle, y1), shapely.box(middle, y0, x1, y1)]
        else:
            middle = (y0 + y1) / 2
            boxes = [shapely.box(x0, y0, x1, middle), shapely.box(x0, middle, x1, y1)]
        for half in boxes:
            todo.extend(part for part in shapely.get_parts(shapely.intersection(shape, half)) if part.area > 0)
    return np.array(done, dtype=object)
