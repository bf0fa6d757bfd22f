"""Role layers: each piece of ground counted once, 1 m² decides, inside means inside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from parcels.geometry.overlay import cover, subdivide
from parcels.geometry.segments import Plane
from parcels.layers import Layer, overlay_layers
from tests.parcels.making import X0, Y0, box, good, gpkg, has, layer, one, poly


def laid(folder: Path, role: str, shapes: list[Any], facts: dict[str, Any] | None = None, **others: Any) -> Any:
    """One layer over two parcels, which may state facts of their own."""
    land = good(gpkg(folder, [box(0, 0), box(1, 0)], **(facts or {})))
    return overlay_layers(land, [Layer(role, layer(folder, "layer", shapes, **others))])


@pytest.mark.parametrize(
    ("width", "counted", "reported"),
    [(0.0, 0, False), (0.012, 0, True), (0.0125, 1, False), (0.013, 1, False), (0.2, 16, False)],
)
def test_one_square_metre_decides(tmp_path: Path, width: float, counted: int, reported: bool) -> None:
    """Below 1 m² an overlap is reported and counts 0; from 1 m² on it counts."""
    found = laid(tmp_path, "permanent_basic_farmland", [poly((-50, -10), (width, -10), (width, 90), (-50, 90))])
    assert found.table.column("in_pbf") == (counted, 0)
    assert has(found.issues, "L063", "warning") == reported


def test_ground_under_two_polygons_counts_once(tmp_path: Path) -> None:
    """Overlapping red lines do not add up."""
    half = poly((0, 0), (50, 0), (50, 80), (0, 80))
    more = poly((25, 0), (75, 0), (75, 80), (25, 80))
    assert laid(tmp_path, "ecological_red_line", [half, more, half]).table.column("in_erl") == (6000, 0)


def test_the_three_overlap_roles(tmp_path: Path) -> None:
    """Each role fills its own field and leaves the others alone."""
    for role, field in (("ecological_red_line_core", "in_erl_core"), ("permanent_basic_farmland", "in_pbf")):
        table = laid(tmp_path, role, [box(0, 0)]).table
        assert table.column(field) == (8000, 0)
        assert table.column("in_erl") == (None, None)


def test_inside_the_boundary_within_tolerance(tmp_path: Path) -> None:
    """Wholly inside, also across two polygons of the boundary; 1 m² outside is tolerated, 2 are not."""
    sides = [poly((0, 0), (60, 0), (60, 80), (0, 80)), poly((60, 0), (199.99, 0), (199.99, 80), (60, 80))]
    assert laid(tmp_path, "urban_boundary", sides).table.column("in_udb") == (True, True)
    short = [sides[0], poly((60, 0), (199.97, 0), (199.97, 80), (60, 80))]
    assert laid(tmp_path, "urban_boundary", short).table.column("in_udb") == (True, False)


def test_blocks_give_id_level_and_totals(tmp_path: Path) -> None:
    """The block that holds the parcel wholly; a partial one is reported and does not count."""
    blocks = [poly((-10, -10), (150, -10), (150, 500), (-10, 500))]
    found = laid(tmp_path, "industrial_block", blocks, block_id=["B-1"], level=[2], ind_m2=[70000], m0_m2=[5000])
    row, other = found.table.row(0), found.table.row(1)
    assert (row["in_ind_block"], row["ind_block"], row["ind_block_level"]) == (True, "B-1", 2)
    assert (row["ind_block_area_m2"], row["ind_block_ind_m2"], row["ind_block_m0_m2"]) == (81600, 70000, 5000)
    assert (other["in_ind_block"], other["ind_block"]) == (False, None)
    assert one(found.issues, "L065").ids == ("P2",)


def test_a_block_of_several_polygons_is_one_block(tmp_path: Path) -> None:
    """A parcel across two polygons of the same block is inside; polygons that disagree on the totals are refused."""
    halves = [poly((0, 0), (50, 0), (50, 80), (0, 80)), poly((50, 0), (110, 0), (110, 80), (50, 80))]
    found = laid(tmp_path, "industrial_block", halves, block_id=["B-1", "B-1"], level=[1, 1])
    assert found.table.column("ind_block") == ("B-1", None)
    assert found.table.column("ind_block_area_m2") == (8800, None)
    assert has(laid(tmp_path, "industrial_block", halves, block_id=["B", "B"], level=[1, 2]).issues, "L067")


def test_zones_by_the_larger_part(tmp_path: Path) -> None:
    """Several zones may hold a parcel; one across an edge is reported."""
    zones = [poly((-1, -1), (170, -1), (170, 99), (-1, 99)), poly((-1, -1), (100, -1), (100, 99), (-1, 99))]
    found = laid(tmp_path, "zones", zones, zone=["nansha", "南沙自贸区"])
    assert found.table.column("zone") == (("nansha", "nansha_ftz"), ("nansha",))
    assert one(found.issues, "L066").ids == ("P2",)
    assert has(laid(tmp_path, "zones", zones, zone=["nansha", "pudong"]).issues, "L051")


def test_points_give_distances_rounded_up(tmp_path: Path) -> None:
    """Metres from the outline, rounded up; 0 inside."""
    points = [shapely.Point(X0 + 50, Y0 + 40), shapely.Point(X0 + 300.2, Y0 + 40)]
    found = laid(tmp_path, "points", points, point_id=["A", "B"])
    assert dict(found.distances) == {"A": (0, 50), "B": (201, 101)}
    assert has(laid(tmp_path, "points", points, point_id=["A", "A"]).issues, "L030")


def test_where_file_and_layer_differ_the_stricter_counts(tmp_path: Path) -> None:
    """The larger overlap and "outside" win, and both values are told."""
    found = laid(tmp_path, "permanent_basic_farmland", [box(0, 0)], {"in_pbf": [5, 700]})
    assert found.table.column("in_pbf") == (8000, 700)
    assert len([issue for issue in found.issues if issue.code == "L060"]) == 2
    outside = laid(tmp_path, "urban_boundary", [box(0, 0), box(1, 0)], {"in_udb": [False, True]})
    assert outside.table.column("in_udb") == (False, True)


def test_invalid_layer_polygons_are_refused(tmp_path: Path) -> None:
    """A bow-tie red line has no area to measure."""
    bow = poly((0, 0), (100, 100), (100, 0), (0, 100))
    assert has(laid(tmp_path, "ecological_red_line", [bow]).issues, "L001")


def test_an_empty_layer_is_said(tmp_path: Path) -> None:
    """Every parcel lies outside a layer without polygons, with a warning."""
    found = laid(tmp_path, "ecological_red_line", [shapely.Point(X0, Y0)])
    assert found.table.column("in_erl") in ((0, 0), (None, None))
    assert has(found.issues, "L062", "warning") or has(found.issues, "F003")


def test_a_layer_of_another_kind_shows_nothing(tmp_path: Path) -> None:
    """Points where farmland is named do not say that there is no farmland, whatever the layer is said to cover."""
    point = [shapely.Point(X0, Y0)]
    assert laid(tmp_path, "permanent_basic_farmland", point).table.column("in_pbf") == (None, None)
    assert laid(tmp_path, "urban_boundary", point).table.column("in_udb") == (None, None)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6))
def test_cover_equals_brute_force_also_for_large_polygons(seed: int) -> None:
    """Subdivision and containment shortcuts change no area."""
    rng = np.random.default_rng(seed)
    parcels = np.array([box(i, j) for i in range(5) for j in range(5)] + [None], dtype=object)
    blobs = [
        shapely.Point(X0 + rng.uniform(0, 500), Y0 + rng.uniform(0, 400)).buffer(
            rng.uniform(20, 200), int(rng.integers(4, 300))
        )
        for _ in range(4)
    ]
    whole = shapely.union_all(blobs)
    expected = [0.0 if parcel is None else parcel.intersection(whole).area for parcel in parcels]
    assert cover(Plane(parcels), np.array(blobs, dtype=object)).area == pytest.approx(expected, abs=1e-3)


def test_subdivision_keeps_the_ground() -> None:
    """Pieces are small, do not overlap and add up."""
    blob = shapely.Point(X0, Y0).buffer(1000, 2000).difference(shapely.Point(X0, Y0).buffer(300, 500))
    pieces = subdivide(np.array([blob], dtype=object), 100)
    assert max(shapely.get_num_coordinates(pieces)) <= 100
    assert shapely.area(pieces).sum() == pytest.approx(blob.area)
    assert shapely.union_all(pieces).area == pytest.approx(blob.area)
