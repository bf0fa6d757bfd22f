"""A planner's town from random numbers: street blocks cut into parcels. Plain coordinates in metres, no facts.

Blocks are quadrilaterals between slightly bent streets, with corner cuts at the crossings. A block is cut again and
again across its longer side, at a small angle, so that parcels meet in T-junctions; some cuts take a corner out (the
rest is L-shaped), and a service lane may leave a parcel in two parts. Coordinates are rounded to a thousandth of a
millimetre: rounding to whole ones leaves slivers along every T-junction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from shapely import LineString, MultiPolygon, Polygon
from shapely.geometry.polygon import orient

Point = tuple[float, float]
Ring = list[Point]

ORIGIN = (38_451_200.0, 2_516_300.0)
"""South-west corner of the town: EPSG:4526 easting with the zone number 38, and northing, near Nansha."""


KERB = 4.0
"""Metres a block keeps from the middle of a bent street at least."""


@dataclass(frozen=True, slots=True)
class Block:
    """One street block: its outline (inside the kerbs) and its parcels in the order of the areas asked for."""

    outline: Polygon
    plots: tuple[Polygon | MultiPolygon, ...]


def town(
    areas: Sequence[Sequence[float]], draw: Random, lanes: frozenset[tuple[int, int]] = frozenset()
) -> list[Block]:
    """Lay out blocks in rows and cut each into parcels.

    Parameters
    ----------
    areas
        For each block the areas of its parcels, m²; met up to the slack that fitting a block between streets needs.
    draw
        Source of all randomness.
    lanes
        (block, parcel) pairs that a service lane cuts into two parts.

    Returns
    -------
    list of Block
        In the order of ``areas``, coordinates in EPSG:4526, metres, rounded to 0.000001.
    """
    width_limit = 1.25 * math.sqrt(sum(map(sum, areas)) * 1.35)
    street = _Streets(draw)
    angle = math.radians(draw.uniform(8, 16))
    blocks: list[Block] = []
    row, x, depth = 0, 0.0, street.depth(0)
    for number, wanted in enumerate(areas):
        half = draw.choice([8.0, 9.0, 12.0])
        width = sum(wanted) / (depth - 2 * half) + 2 * half
        if x > 0 and x + width > width_limit:
            row, x = row + 1, 0.0
            depth = street.depth(row)
            width = sum(wanted) / (depth - 2 * half) + 2 * half
        quad = street.quad(row, x, x + width)
        half = max(half, street.bend(row, x, x + width) + KERB)  # a wide block's straight side stays on its side
        x += width
        outline = _cut_corners(_inset(quad, half), draw)
        rings = _cut_until_good(outline, wanted, draw)
        plots = [Polygon(ring) if isinstance(ring, list) else ring for ring in rings]
        for index in range(len(plots)):
            if (number, index) in lanes:
                plots[index] = _lane(plots[index])
        blocks.append(Block(_place(Polygon(outline), angle), tuple(_place(plot, angle) for plot in plots)))
    return blocks


class _Streets:
    """The bent streets along the rows; cross streets lean a little."""

    def __init__(self, draw: Random) -> None:
        self.draw = draw
        self.base = [0.0]
        self.waves = [(draw.uniform(8, 22), draw.uniform(500, 900), draw.uniform(0, 6.28)) for _ in range(2)]
        self.lean = {0: draw.uniform(-0.06, 0.06)}

    def depth(self, row: int) -> float:
        """The mean depth of a row of blocks, street middle to street middle, m."""
        while len(self.base) < row + 2:
            self.base.append(self.base[-1] + self.draw.uniform(270, 430))
            self.waves.append((self.draw.uniform(8, 22), self.draw.uniform(500, 900), self.draw.uniform(0, 6.28)))
            self.lean[len(self.base) - 1] = self.draw.uniform(-0.06, 0.06)
        return self.base[row + 1] - self.base[row]

    def at(self, street: int, x: float) -> Point:
        """The point of a street where the cross street of offset ``x`` meets it."""
        size, length, phase = self.waves[street]
        lean = self.lean.get(street, 0.0)
        return (x + lean * 40, self.base[street] + size * math.sin(x / length + phase))

    def bend(self, row: int, left: float, right: float) -> float:
        """How far the streets along a row leave the straight line between two crossings, m."""
        most = 0.0
        for street in (row, row + 1):
            (x0, y0), (x1, y1) = self.at(street, left), self.at(street, right)
            for step in range(1, 20):
                x, y = self.at(street, left + (right - left) * step / 20)
                most = max(most, abs(y - y0 - (y1 - y0) * (x - x0) / (x1 - x0)))
        return most

    def quad(self, row: int, left: float, right: float) -> Ring:
        """The four street crossings around a block, counter-clockwise."""
        return [self.at(row, left), self.at(row, right), self.at(row + 1, right), self.at(row + 1, left)]


def _inset(ring: Ring, distance: float) -> Ring:
    """A convex counter-clockwise ring moved inwards."""
    found = ring
    for (x0, y0), (x1, y1) in zip(ring, ring[1:] + ring[:1], strict=True):
        length = math.hypot(x1 - x0, y1 - y0)
        normal = ((y1 - y0) / length, -(x1 - x0) / length)
        found = _clip(found, normal, normal[0] * x0 + normal[1] * y0 - distance)
    return found


def _cut_corners(ring: Ring, draw: Random) -> Ring:
    """Corner cuts at the crossings, 8 to 15 m along each street; now and then a corner is kept."""
    found: Ring = []
    count = len(ring)
    for index, (x, y) in enumerate(ring):
        cut = draw.uniform(8, 15)
        if draw.random() < 0.2:
            found.append((x, y))
            continue
        for px, py in (ring[index - 1], ring[(index + 1) % count]):
            length = math.hypot(px - x, py - y)
            part = min(cut / length, 0.3)
            found.append((x + (px - x) * part, y + (py - y) * part))
    return found


def _cut_until_good(outline: Ring, wanted: Sequence[float], draw: Random) -> list[Ring | Polygon]:
    """Cut a block; take other angles until each parcel has 4 to 9 corners and no edge shorter than 2 m."""
    scale = _area(outline) / sum(wanted)
    areas = [area * scale for area in wanted]
    best: list[Ring | Polygon] = []
    for attempt in range(40):
        jitter = 5.0 if attempt < 30 else 1.5
        best = _split(outline, areas, draw, jitter)
        if all(_good(plot) for plot in best):
            break
    return best


def _good(plot: Ring | Polygon) -> bool:
    ring = plot if isinstance(plot, list) else list(plot.exterior.coords)[:-1]
    edges = zip(ring, ring[1:] + ring[:1], strict=True)
    return 4 <= len(ring) <= 9 and min(math.hypot(b[0] - a[0], b[1] - a[1]) for a, b in edges) >= 2.0


def _split(ring: Ring, areas: Sequence[float], draw: Random, jitter: float) -> list[Ring | Polygon]:
    if len(areas) == 1:
        return [ring]
    if len(areas) == 2 and min(areas) < 0.45 * sum(areas) and draw.random() < 0.3:
        notched = _notch(ring, min(areas), draw)
        if notched is not None:
            return list(notched) if areas[0] < areas[1] else [notched[1], notched[0]]
    total, running, at = sum(areas), 0.0, 1
    for index, area in enumerate(areas[:-1], 1):
        running += area
        at = index
        if running + areas[index] / 2 >= total / 2:
            break
    angle = _long_axis(ring) + math.radians(draw.uniform(-jitter, jitter))
    normal = (math.cos(angle), math.sin(angle))
    left, right = _halve(ring, normal, running / total)
    return _split(left, areas[:at], draw, jitter) + _split(right, areas[at:], draw, jitter)


def _halve(ring: Ring, normal: Point, part: float) -> tuple[Ring, Ring]:
    """Cut a convex ring by a line with this normal so that ``part`` of the area lies below it."""
    heights = [normal[0] * x + normal[1] * y for x, y in ring]
    low, high, wanted = min(heights), max(heights), part * _area(ring)
    for _ in range(34):
        middle = (low + high) / 2
        if _area(_clip(ring, normal, middle)) < wanted:
            low = middle
        else:
            high = middle
    return _clip(ring, normal, high), _clip(ring, (-normal[0], -normal[1]), -high)


def _notch(ring: Ring, area: float, draw: Random) -> tuple[Ring, Polygon] | None:
    """A corner piece of that area along two sides and the L-shaped rest; ``None`` where the ring does not suit."""
    if not 4 <= len(ring) <= 5:
        return None
    index = draw.randrange(len(ring))
    (bx, by), (ax, ay), (cx, cy) = ring[index - 1], ring[index], ring[(index + 1) % len(ring)]
    sides = math.hypot(bx - ax, by - ay), math.hypot(cx - ax, cy - ay)
    if min(sides) < 40:
        return None
    to_b = ((bx - ax) / sides[0], (by - ay) / sides[0])
    to_c = ((cx - ax) / sides[1], (cy - ay) / sides[1])
    sine = abs(to_b[0] * to_c[1] - to_b[1] * to_c[0])
    if sine < 0.9:
        return None
    part = math.sqrt(area / (sides[0] * sides[1] * sine))
    if part > 0.75 or part * min(sides) < 15:
        return None
    u, v = sides[0] * part, sides[1] * part
    corner = [
        (ax, ay),
        (ax + to_c[0] * v, ay + to_c[1] * v),
        (ax + to_b[0] * u + to_c[0] * v, ay + to_b[1] * u + to_c[1] * v),
        (ax + to_b[0] * u, ay + to_b[1] * u),
    ]
    rest: Ring = []
    for step, point in enumerate(ring):
        rest += [corner[3], corner[2], corner[1]] if step == index else [point]
    polygon = Polygon(rest)
    return (corner, polygon) if polygon.is_valid and abs(polygon.area + area - _area(ring)) < 1 else None


def _lane(plot: Polygon) -> Polygon | MultiPolygon:
    """The parcel without a service lane 5 m wide through its middle, across its longer side."""
    ring = list(plot.exterior.coords)[:-1]
    angle = _long_axis([(x, y) for x, y in ring]) + math.pi / 2
    middle = plot.centroid
    reach = (300 * math.cos(angle), 300 * math.sin(angle))
    line = LineString([(middle.x - reach[0], middle.y - reach[1]), (middle.x + reach[0], middle.y + reach[1])])
    parts = plot.difference(line.buffer(2.5, cap_style="flat"))
    return parts if isinstance(parts, MultiPolygon) and len(parts.geoms) == 2 else plot


def _long_axis(ring: Ring) -> float:
    """The direction (radians) of the longer side of the ring's box, boxes taken along the ring's longest edge."""
    a, b = max(
        zip(ring, ring[1:] + ring[:1], strict=True), key=lambda e: math.hypot(e[1][0] - e[0][0], e[1][1] - e[0][1])
    )
    angle = math.atan2(b[1] - a[1], b[0] - a[0])
    along, across = (
        [x * math.cos(turn) + y * math.sin(turn) for x, y in ring] for turn in (angle, angle + math.pi / 2)
    )
    longer = max(along) - min(along) >= max(across) - min(across)
    return angle if longer else angle + math.pi / 2


def _clip(ring: Ring, normal: Point, limit: float) -> Ring:
    """The part of a convex ring where ``normal . point <= limit``."""
    found: Ring = []
    heights = [normal[0] * x + normal[1] * y - limit for x, y in ring]
    for index, (point, height) in enumerate(zip(ring, heights, strict=True)):
        before, below = ring[index - 1], heights[index - 1]
        if (height <= 0) != (below <= 0):
            part = below / (below - height)
            found.append((before[0] + (point[0] - before[0]) * part, before[1] + (point[1] - before[1]) * part))
        if height <= 0:
            found.append(point)
    return found


def _area(ring: Ring) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:] + ring[:1], strict=True)) / 2


def _place(shape: Polygon | MultiPolygon, angle: float) -> Polygon | MultiPolygon:
    """Turn, move to the town's place and round."""
    if isinstance(shape, MultiPolygon):
        return MultiPolygon([_place(part, angle) for part in shape.geoms])
    cos, sin = math.cos(angle), math.sin(angle)
    ring = [
        (round(ORIGIN[0] + x * cos - y * sin, 6), round(ORIGIN[1] + x * sin + y * cos, 6))
        for x, y in list(orient(shape).exterior.coords)[:-1]
    ]
    return Polygon(ring)
