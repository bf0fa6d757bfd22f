"""Rings to one outline, whatever a program calls them: nesting says which are parts, holes and islands in holes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import shapely

Point = tuple[float, float]


def loops(points: Sequence[Point]) -> list[list[Point]]:
    """The closed loops in a run of points, without their closing points.

    A program that gives all rings one number closes each by its first point and goes on: what follows is a loop of its
    own. A run that is never closed is one loop.
    """
    found: list[list[Point]] = []
    current: list[Point] = []
    for point in points:
        if len(current) >= 3 and point == current[0]:
            found.append(current)
            current = []
        elif not current or point != current[-1]:
            current.append(point)
    if current and not (found and len(current) == 1 and current[0] in (found[-1][0], found[-1][-1])):
        found.append(current)
    return found


def outline(rings: Sequence[Sequence[Point]]) -> Any:
    """A polygon of one ring, or what several make together: a ring inside an even number of others is a part.

    Rings that cross are left as they stand, as outer ring and holes: the check of outlines refuses them.
    """
    if len(rings) == 1:
        return shapely.Polygon(rings[0])
    shapes = [shapely.Polygon(ring) for ring in rings]
    if not all(shape.is_valid for shape in shapes):
        return shapely.Polygon(rings[0], rings[1:])
    inside = [
        [j for j, outer in enumerate(shapes) if j != i and outer.covers(inner) and outer.area > inner.area]
        for i, inner in enumerate(shapes)
    ]
    holes: dict[int, list[Sequence[Point]]] = {i: [] for i, over in enumerate(inside) if len(over) % 2 == 0}
    for i, over in enumerate(inside):
        if len(over) % 2:
            holder = min((j for j in over if j in holes), key=lambda j: shapes[j].area, default=None)
            if holder is None:
                return shapely.Polygon(rings[0], rings[1:])
            holes[holder].append(rings[i])
    parts = [shapely.Polygon(rings[i], held) for i, held in holes.items()]
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)
