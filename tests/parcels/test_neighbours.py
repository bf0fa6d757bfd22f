"""Neighbours and overlaps against brute force; a millimetre or an order of points decides nothing."""

from __future__ import annotations

from itertools import combinations
from random import Random

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.geoparquet import drawn
from parcels.geometry import overlaps, segments
from parcels.geometry.neighbours import TOLERANCE_M, neighbours
from parcels.geometry.overlaps import overlapping
from parcels.geometry.segments import Plane
from tests.parcels.making import X0, Y0, box, poly


def pairs(shapes: list[object], **options: float) -> dict[tuple[int, int], int]:
    """Pairs with their decimetres."""
    found = neighbours(np.array(shapes, dtype=object), **options)
    return dict(zip(found.pairs, found.shared_dm, strict=True))


def test_a_side_a_corner_and_a_gap() -> None:
    """A common side counts, a corner does not, nor does a gap of two centimetres."""
    shapes = [box(0, 0), box(1, 0), box(1, 1), poly((0, 80.02), (99, 80.02), (99, 160), (0, 160))]
    assert pairs(shapes) == {(0, 1): 800, (1, 2): 1000}


@pytest.mark.parametrize("off", [0.0, 0.001, -0.001, 0.004, -0.004])
def test_a_vertex_beside_the_neighbours_edge_does_not_part_them(off: float) -> None:
    """T-junctions rounded to a millimetre leave hair gaps or slivers; the shared side stays."""
    long = poly((0, 0), (200, 30), (200, 130), (0, 130))
    below = [
        poly((0, -90), (100, -90), (100, 15 + off), (0, 0)),
        poly((100, -90), (200, -90), (200, 30), (100, 15 + off)),
    ]
    found = pairs([long, *below])
    half = int(np.hypot(100, 15) * 10)
    assert set(found) == {(0, 1), (0, 2), (1, 2)}
    assert abs(found[(0, 1)] - half) <= 1
    assert abs(found[(0, 2)] - half) <= 1


def test_the_threshold_is_exclusive_and_settable() -> None:
    """Exactly 1 m is no neighbourhood; 1.1 m is; another threshold is obeyed."""
    shapes = [box(0, 0), poly((100, 79), (200, 79), (200, 160), (100, 160))]
    assert pairs(shapes) == {}
    assert pairs([box(0, 0), poly((100, 78.9), (200, 78.9), (200, 160), (100, 160))]) == {(0, 1): 11}
    assert pairs(shapes, min_shared_m=0.5) == {(0, 1): 10}


def test_a_road_is_no_neighbour_unless_asked() -> None:
    """Across 12 m only with a gap of at least 12 m, and not through a third parcel."""
    shapes = [box(0, 0), poly((112, 0), (212, 0), (212, 80), (112, 80))]
    assert pairs(shapes) == {}
    assert pairs(shapes, max_gap_m=11) == {}
    assert pairs(shapes, max_gap_m=12) == {(0, 1): 800}
    between = poly((102, -5), (110, -5), (110, 85), (102, 85))
    assert (0, 2) not in pairs([shapes[0], between, shapes[1]], max_gap_m=12)


def test_holes_have_neighbours_too() -> None:
    """A parcel that fills another's hole shares the hole's whole boundary."""
    inner = poly((20, 20), (40, 20), (40, 40), (20, 40))
    outer = shapely.Polygon(box(0, 0).exterior.coords, [inner.exterior.coords])
    assert pairs([inner, outer]) == {(0, 1): 800}


def test_missing_outlines_have_no_neighbours() -> None:
    """A refused outline takes no part and disturbs nobody's row."""
    assert pairs([box(0, 0), None, box(1, 0)]) == {(0, 2): 800}
    assert pairs([]) == {}
    assert pairs([None, None]) == {}


def grid(seed: int, side: int) -> list[shapely.Polygon]:
    """Irregular parcels of a bent grid, some merged, coordinates rounded to 1 mm."""
    rng = np.random.default_rng(seed)
    gx, gy = np.meshgrid(np.arange(side + 1), np.arange(side + 1))
    x = np.round(X0 + gx * 50 + rng.uniform(-12, 12, gx.shape), 3)
    y = np.round(Y0 + gy * 40 + rng.uniform(-9, 9, gx.shape), 3)
    shapes = []
    for j in range(side):
        for i in range(side):
            ring = [
                (x[j, i], y[j, i]),
                (x[j, i + 1], y[j, i + 1]),
                (x[j + 1, i + 1], y[j + 1, i + 1]),
                (x[j + 1, i], y[j + 1, i]),
            ]
            t = rng.uniform(0.2, 0.8)
            cut = (
                round(ring[0][0] + t * (ring[1][0] - ring[0][0]), 3),
                round(ring[0][1] + t * (ring[1][1] - ring[0][1]), 3),
            )
            shapes.append(shapely.Polygon([ring[0], cut, *ring[1:]]))
    keep = rng.random(len(shapes)) < 0.9
    return [shape for shape, kept in zip(shapes, keep, strict=True) if kept]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_neighbours_equal_brute_force(seed: int, side: int) -> None:
    """The length equals that of one boundary inside a thin buffer of the other, for every pair."""
    shapes = grid(seed, side)
    found = pairs(shapes, min_shared_m=1)
    for i, j in combinations(range(len(shapes)), 2):
        near = shapes[j].boundary.buffer(TOLERANCE_M)
        length = shapes[i].boundary.intersection(near).length
        if (i, j) in found:
            assert found[(i, j)] / 10 == pytest.approx(length, abs=0.6)
        else:
            assert length < 1.6


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_relabelling_moves_the_pairs_and_nothing_else(seed: int, draw: Random) -> None:
    """Rows shuffled and rings started elsewhere: the same pairs under the new names, to the decimetre."""
    shapes = grid(seed, 4)
    order = list(range(len(shapes)))
    draw.shuffle(order)
    turned = []
    for row in order:
        ring = list(shapes[row].exterior.coords)[:-1]
        turned.append(shapely.Polygon(ring[2:] + ring[:2]).reverse())
    before, after = pairs(shapes), pairs(turned)
    back = {tuple(sorted((order[i], order[j]))): length for (i, j), length in after.items()}
    assert set(back) == set(before)
    assert all(abs(back[pair] - before[pair]) <= 1 for pair in before)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 5), st.floats(-3, 3), st.booleans())
def test_overlaps_equal_brute_force(seed: int, side: int, push: float, dent: bool) -> None:
    """Every pair that shares ground is found with its area, convex or not; no other is."""
    shapes = grid(seed, side)
    rng = np.random.default_rng(seed)
    for _ in range(2):
        row = int(rng.integers(0, len(shapes))) if shapes else 0
        if shapes:
            shapes[row] = shapely.affinity.translate(shapes[row], push, -push)
    if dent and shapes:
        x0, y0, x1, y1 = shapes[0].bounds
        shapes.append(shapely.Polygon([(x0, y0), (x1, y0), (x1, y1), ((x0 + x1) / 2, (y0 + y1) / 2), (x0, y1)]))
    left, right, area = overlapping(Plane(shapes))
    found = {
        pair: m2
        for *pair_, m2 in zip(left.tolist(), right.tolist(), area.tolist(), strict=True)
        for pair in [tuple(pair_)]
    }
    for i, j in combinations(range(len(shapes)), 2):
        exact = shapes[i].intersection(shapes[j]).area
        assert found.get((i, j), 0.0) == pytest.approx(exact, abs=1e-4)


TRAPS = {
    "the same outline twice": [box(0, 0), box(0, 0), box(1, 0)],
    "one inside another": [box(0, 0), poly((20, 20), (40, 20), (40, 40), (20, 40)), box(1, 0)],
    "one inside another, at its corners": [box(0, 0), poly((0, 0), (100, 0), (50, 40)), box(1, 0)],
    "a chord from corner to corner": [box(0, 0), poly((0, 0), (100, 0), (100, 80), (0, 80), (60, 40)), box(0, 1)],
    "through two corners and out": [box(0, 0), poly((0, 0), (200, 160), (200, 0)), box(1, 0), box(1, 1)],
    "a corner pushed into the next": [poly((0, 0), (103, 3), (103, 80), (0, 80)), box(1, 0), box(0, 1)],
    "an island that fills the hole": [
        shapely.Polygon(box(0, 0).exterior, [poly((20, 20), (20, 40), (40, 40), (40, 20)).exterior]),
        poly((20, 20), (40, 20), (40, 40), (20, 40)),
    ],
    "an island larger than the hole": [
        shapely.Polygon(box(0, 0).exterior, [poly((20, 20), (20, 40), (40, 40), (40, 20)).exterior]),
        poly((20, 20), (41, 20), (41, 40), (20, 40)),
    ],
    "parts on both sides": [
        shapely.MultiPolygon([box(0, 0), box(2, 0)]),
        box(1, 0),
        poly((150, 10), (250, 10), (250, 20), (150, 20)),
    ],
}


@pytest.mark.parametrize("name", TRAPS)
def test_ground_is_shared_as_brute_force_says_whatever_fits_corner_by_corner(name: str) -> None:
    """Outlines whose corners fit each other may share ground all the same."""
    shapes = TRAPS[name]
    left, right, area = overlapping(Plane(shapes))
    found = {(i, j): m2 for i, j, m2 in zip(left.tolist(), right.tolist(), area.tolist(), strict=True)}
    exact = {(i, j): shapes[i].intersection(shapes[j]).area for i, j in combinations(range(len(shapes)), 2)}
    assert found == {pair: pytest.approx(m2) for pair, m2 in exact.items() if m2 > 0}


@pytest.mark.parametrize("gap", [0.0, 0.3, 3.0, 15.0])
def test_portions_and_what_is_known_beforehand_decide_nothing(monkeypatch: pytest.MonkeyPatch, gap: float) -> None:
    """The same pairs in tiles of a few, in any order of parcels, and in a plane that knew of the gap or did not."""
    rng = np.random.default_rng(7)
    parcels = [each for each in drawn(300) if rng.random() < 0.9]
    parcels += [shapely.affinity.translate(each, 1.5, 0) for each in parcels[::40]]
    shapes = np.array([*parcels, None], dtype=object)[rng.permutation(len(parcels) + 1)]
    whole, across = overlapping(Plane(shapes)), neighbours(Plane(shapes, gap), 1.0, gap)
    assert len(whole[0]) > 5
    assert len(across.pairs) > 300
    monkeypatch.setattr(segments, "TILE", 50)
    monkeypatch.setattr(overlaps, "MATCHED", 0.99)
    for known in (gap, 0.0, 20.0):
        plane = Plane(shapes, known)
        for one, other in zip(overlapping(plane), whole, strict=True):
            assert one == pytest.approx(other)
        assert neighbours(plane, 1.0, gap) == across
