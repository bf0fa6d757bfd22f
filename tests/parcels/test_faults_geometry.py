"""The numbered faults of geometry (1-22): each is refused, noted or warned of as FAULTS says."""

from __future__ import annotations

import json
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely
from click.testing import CliRunner

from parcels.check_map import check_parcels
from parcels.common.issues import Refused
from parcels.formats.decoding.curves import curved_rows
from parcels.formats.kinds.boundary_txt import make_table
from parcels.layers import Layer, overlay_layers
from parcels.mend_outlines import repair_file
from parcels.read import read_parcels
from tests.parcels.making import X0, Y0, box, csv_file, good, gpkg, has, layer, one, poly, read, round_folder

BOW = poly((0, 0), (100, 100), (100, 0), (0, 100))


def wkt_file(folder: Path, *shapes: str) -> Path:
    """Parcels in a CSV with WKT."""
    rows = [f'P{i + 1},IND,横沥镇,stock,1,1,1,state,1,"{wkt}"' for i, wkt in enumerate(shapes)]
    head = "parcel_id,use,district,land_source,net_land,converted,expropriated,ownership,in_annual_plan,wkt"
    return csv_file(folder, "\n".join([head, *rows]) + "\n", "parcels.csv")


def test_outlines_under_any_heading_are_known_by_their_cells(tmp_path: Path) -> None:
    """A column of WKT polygons is the outline whatever its heading; of two such columns neither is."""
    path = wkt_file(tmp_path, box(3, 3).wkt, box(9, 3).wkt)
    plain = path.read_text("utf-8")
    path.write_text(plain.replace(",wkt\n", ",宗地 图形（WKT）\n", 1), encoding="utf-8")
    file = read_parcels(path, crs="EPSG:4526")
    assert len(file.table.ids) == 2
    assert any("known by what its cells hold" in str(note) for note in file.notes)
    head, *rows = plain.splitlines()
    twice = [head.replace(",wkt", ",a,b"), *(f"{row},{row[row.index(chr(34)) :]}" for row in rows)]
    path.write_text("\n".join(twice) + "\n", encoding="utf-8")
    assert one(read(path, crs="EPSG:4526"), "P003").level == "error"


def test_fault_01_bow_tie_is_refused_with_its_point(tmp_path: Path) -> None:
    """A bow-tie has no single area: refused, with the crossing point, the file, the row and the id."""
    issue = one(read(gpkg(tmp_path, [box(3, 3), BOW])), "P001")
    assert issue.level == "error"
    assert issue.ids == ("P2",)
    assert "parcels.gpkg, layer parcels, row 2, id P2" in issue.where
    assert "38455050 2510050" in issue.what


def test_fault_01_repair_writes_a_copy_and_a_list(tmp_path: Path) -> None:
    """The repaired copy is valid, the list says what changed, and the file itself is untouched."""
    path = gpkg(tmp_path, [box(3, 3), BOW])
    before = path.read_bytes()
    copy, listing, changes = repair_file(path, tmp_path)
    assert path.read_bytes() == before
    assert [change.parcel_id for change in changes] == ["P2"]
    assert "0.0 as drawn" in changes[0].before
    assert changes[0].after == "5000.0"
    assert "P2" in listing.read_text("utf-8-sig")
    assert good(copy).table.column("area_m2") == (8000, 5000)
    with pytest.raises(Refused):
        repair_file(path, tmp_path)


def test_fault_02_empty_geometry_is_refused(tmp_path: Path) -> None:
    """An empty polygon is not a parcel of area 0."""
    assert one(read(gpkg(tmp_path, [box(0, 0), shapely.Polygon()])), "P002").ids == ("P2",)


def test_fault_03_null_geometry_is_refused(tmp_path: Path) -> None:
    """A row without geometry is refused by its id."""
    assert one(read(gpkg(tmp_path, [box(0, 0), None])), "P003").ids == ("P2",)


def test_fault_04_duplicates_name_both_ids(tmp_path: Path) -> None:
    """The same outline twice, whatever its starting point, is refused with both ids."""
    other = shapely.Polygon(list(box(0, 0).exterior.coords)[2:-1] + list(box(0, 0).exterior.coords)[:2])
    land = good(gpkg(tmp_path, [box(0, 0), other]))
    assert one(check_parcels(land, as_of="2026-01-01"), "P004").ids == ("P1", "P2")


def test_fault_05_overlap_names_the_pair_and_its_area(tmp_path: Path) -> None:
    """An overlap above the tolerance is refused with its area."""
    land = good(gpkg(tmp_path, [box(0, 0), box(0.9, 0)]))
    issue = one(check_parcels(land, as_of="2026-01-01"), "P005")
    assert issue.ids == ("P1", "P2")
    assert "800.0 m2" in issue.what


@pytest.mark.parametrize(("shift", "code"), [(0.0001, "P006"), (0.0124, "P006"), (0.0126, "P005")])
def test_fault_06_sliver_is_a_warning_up_to_the_tolerance(tmp_path: Path, shift: float, code: str) -> None:
    """An overlap of up to 1 m² is a sliver: recorded, not refused."""
    land = good(gpkg(tmp_path, [box(0, 0), shapely.affinity.translate(box(1, 0), -shift)]))
    if shift == 0.0001:
        assert has(check_parcels(land, as_of="2026-01-01"), code, "warning")
        return
    land = good(
        gpkg(tmp_path, [box(0, 0), poly((100 - shift, 0), (200, 0), (200, 80), (100 - shift, 80))], name="b.gpkg")
    )
    level = "warning" if code == "P006" else "error"
    assert has(check_parcels(land, as_of="2026-01-01"), code, level)


def test_fault_07_heights_are_dropped_with_a_note(tmp_path: Path) -> None:
    """Z is dropped and said so; the area is planar."""
    tall = shapely.force_3d(box(0, 0), 12.5)
    land = good(gpkg(tmp_path, [tall]))
    assert one(land.issues, "P007").level == "note"
    assert land.table.column("area_m2") == (8000,)
    assert not shapely.has_z(land.geometry.geometry.iloc[0])


def test_fault_08_curves_are_refused_with_advice(tmp_path: Path) -> None:
    """A curve polygon is refused, not read as something else."""
    ring = ", ".join(f"{X0 + x} {Y0 + y}" for x, y in ((0, 0), (10, 10), (20, 0), (10, -10), (0, 0)))
    curve = f"CURVEPOLYGON (CIRCULARSTRING ({ring}))"
    issue = one(read(wkt_file(tmp_path, curve), crs="EPSG:4526"), "P008")
    assert issue.level == "error"
    assert "linearise" in issue.maybe


def test_fault_08_curves_of_a_geopackage_are_not_made_straight_in_silence(tmp_path: Path) -> None:
    """GDAL approximates a curve polygon without a word; the row is found in the file's own bytes."""
    path = gpkg(tmp_path, [box(0, 0), box(1, 0)])
    points = ((0, 0), (10, 10), (20, 0), (10, -10), (0, 0))
    arc = struct.pack("<BII", 1, 8, 5) + b"".join(struct.pack("<dd", X0 + x, Y0 + y) for x, y in points)
    with closing(sqlite3.connect(path)) as base:
        head = base.execute("select substr(geom, 1, 40) from parcels where fid = 2").fetchone()[0]
        for (trigger,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            base.execute(f'drop trigger "{trigger}"')
        base.execute("update parcels set geom = ? where fid = 2", (head + struct.pack("<BII", 1, 10, 1) + arc,))
        base.execute("update gpkg_geometry_columns set geometry_type_name = 'CURVEPOLYGON'")
        base.commit()
    assert "row 2" in one(read(path), "P008").where


def test_fault_08_the_filter_for_geodatabases_sees_the_type_of_each_row(tmp_path: Path) -> None:
    """The filter that finds curves in a FileGDB works on the type of each row's geometry."""
    path = tmp_path / "p.gdb"
    frame = geopandas.GeoDataFrame({"a": [1, 2]}, geometry=[box(0, 0), box(1, 0)], crs=4526)
    frame.to_file(path, driver="OpenFileGDB", engine="pyogrio", layer="p", promote_to_multi=True)
    _, fids, _, _ = pyogrio.raw.read(str(path), layer="p", where="OGR_GEOMETRY = 'MULTIPOLYGON'", return_fids=True)
    assert len(fids) == 2
    assert curved_rows(path, "p") == []


def test_fault_09_multipart_stays_one_parcel(tmp_path: Path) -> None:
    """A multipart parcel is one parcel with the sum of its areas, and says so."""
    land = good(gpkg(tmp_path, [shapely.MultiPolygon([box(0, 0), box(2, 0)])]))
    assert one(land.issues, "P009").level == "note"
    assert land.table.column("area_m2") == (16000,)


@pytest.mark.parametrize(
    "wkt",
    [
        f"POINT ({X0} {Y0})",
        f"LINESTRING ({X0} {Y0}, {X0 + 9} {Y0})",
        f"GEOMETRYCOLLECTION (POINT ({X0} {Y0}), {box(0, 0).wkt})",
    ],
)
def test_fault_10_other_geometries_are_refused(tmp_path: Path, wkt: str) -> None:
    """Points, lines and collections are no parcels."""
    assert one(read(wkt_file(tmp_path, box(1, 1).wkt, wkt), crs="EPSG:4526"), "P010").ids == ("P2",)


def test_fault_11_hole_outside_and_nested_shells_are_refused(tmp_path: Path) -> None:
    """Rings that do not belong together are refused."""
    hole = shapely.Polygon(box(0, 0).exterior.coords, [box(3, 3).exterior.coords])
    nested = shapely.MultiPolygon([box(0, 5), poly((10, 410), (20, 410), (20, 420), (10, 420))])
    issues = read(gpkg(tmp_path, [hole, nested]))
    assert sorted(issue.ids for issue in issues if issue.code == "P011") == [("P1",), ("P2",)]


def test_fault_12_rings_with_too_few_points_are_refused(tmp_path: Path) -> None:
    """Two points and a return are no ring, in WKT and in boundary-point text."""
    wkt = f"POLYGON (({X0} {Y0}, {X0 + 9} {Y0}, {X0} {Y0}))"
    assert has(read(wkt_file(tmp_path, box(1, 1).wkt, wkt), crs="EPSG:4526"), "P012")
    text = "[地块坐标]\n2,0.1,A,甲,面,,,,@\nJ1,1,2510000,38455000\nJ2,1,2510010,38455000\n"
    assert has(make_table(Path("a.txt"), text, (), None).issues, "P012")


def test_fault_13_not_finite_coordinates_are_refused(tmp_path: Path) -> None:
    """NaN and infinity in an outline are refused by id, and the other parcels keep their system."""
    with np.errstate(invalid="ignore"):
        bad = shapely.Polygon([(X0, Y0), (X0 + 9, float("nan")), (X0 + 9, Y0 + 9)])
        worse = shapely.Polygon([(X0, Y0), (float("inf"), Y0), (X0 + 9, Y0 + 9)])
    issues = read(gpkg(tmp_path, [box(0, 0), bad, worse]))
    assert sorted(issue.ids for issue in issues if issue.code == "P013") == [("P2",), ("P3",)]


def test_fault_14_no_crs_is_refused_with_a_proposal(tmp_path: Path) -> None:
    """Without a CRS nothing is measured; an eight-digit easting earns a proposal, never a decision."""
    path = gpkg(tmp_path, [box(0, 0)], crs=None)
    issue = one(read(path), "P014")
    assert "EPSG:4526" in issue.maybe
    assert good(path, crs="EPSG:4526").crs == "EPSG:4526"


def test_fault_14_six_digit_eastings_are_never_guessed(tmp_path: Path) -> None:
    """A six-digit easting fits every zone: refused without a stated one, right with it."""
    path = gpkg(tmp_path, [shapely.affinity.translate(box(0, 0), -38_000_000)], crs=None)
    assert "fit every zone" in one(read(path), "P014").maybe
    assert good(path, crs="EPSG:4547").table.column("area_m2") == (8000,)


def test_fault_15_degrees_are_projected_and_recorded(tmp_path: Path) -> None:
    """Geographic coordinates go to the zone of their longitude, or the declared one; areas are measured there."""
    frame = geopandas.GeoDataFrame(geometry=[box(0, 0)], crs=4526).to_crs(4490)
    path = gpkg(tmp_path, frame.geometry.tolist(), crs=4490)
    land = good(path)
    assert land.crs == "EPSG:4526"
    assert land.table.column("area_m2") == (8000,)
    assert one(land.issues, "P015").level == "note"
    assert good(path, crs="EPSG:4547").crs == "EPSG:4547"


def test_fault_16_swapped_axes_are_refused(tmp_path: Path) -> None:
    """Northing in x is recognised and refused."""
    turned = shapely.transform(box(0, 0), lambda points: points[:, ::-1])
    issue = one(read(gpkg(tmp_path, [turned])), "P016")
    assert "swapped" in issue.what


def test_fault_16_wrong_zone_is_refused(tmp_path: Path) -> None:
    """Eastings of zone 38 in a file that says zone 39 are refused."""
    assert has(read(gpkg(tmp_path, [box(0, 0)], crs=4527)), "P016")


def test_fault_16_everything_outside_the_declared_box(tmp_path: Path) -> None:
    """The district's declared box catches a zone that is wrong by whole kilometres."""
    land = good(gpkg(tmp_path, [box(0, 0), box(1, 0)]))
    assert has(check_parcels(land, as_of="2026-01-01", box=("38300000", "2500000", "38301000", "2501000")), "P016")


def test_fault_17_layers_in_other_systems_are_reprojected_and_recorded(tmp_path: Path) -> None:
    """A red line in degrees is brought to the parcels' system, and the plan's notes say so."""
    land = good(gpkg(tmp_path, [box(0, 0), box(5, 0)]))
    degrees = geopandas.GeoSeries([poly((0, 0), (50, 0), (50, 80), (0, 80))], crs=4526).to_crs(4490)
    path = layer(tmp_path, "erl", degrees.tolist(), crs=4490)
    laid = overlay_layers(land, [Layer("ecological_red_line", path)])
    assert laid.table.column("in_erl") == (4000, 0)
    assert any("EPSG:4490" in text or "EPSG:4526" in text for text in map(str, laid.notes))
    assert any(issue.code in ("L015", "L017") for issue in laid.issues)


def test_fault_17_contradicting_declaration_is_refused(tmp_path: Path) -> None:
    """crs = "EPSG:3857" for a file in zone 38 is a contradiction."""
    assert has(read(gpkg(tmp_path, [box(0, 0)]), crs="EPSG:3857"), "P017")


def test_fault_18_area_disagreement_is_refused_unless_a_source_is_named(tmp_path: Path) -> None:
    """More than 1 % apart is refused; area_source decides which counts, and it is recorded."""
    path = gpkg(tmp_path, [box(0, 0), box(1, 0), box(2, 0)], area_m2=[8000, 8100, 8200])
    assert [issue.ids for issue in read(path) if issue.code == "P018"] == [("P2",), ("P3",)]
    assert good(path, area_source="attribute").table.column("area_m2") == (8000, 8100, 8200)
    assert good(path, area_source="geometry").table.column("area_m2") == (8000, 8000, 8000)


def test_fault_18_within_one_per_cent_the_attribute_counts(tmp_path: Path) -> None:
    """A measured difference of 0.9 % is no finding."""
    land = good(gpkg(tmp_path, [box(0, 0)], area_m2=[8072]))
    assert land.table.column("area_m2") == (8072,)


def test_slits_between_parcels_are_warned_of(tmp_path: Path) -> None:
    """Twenty centimetres between two parcels part them, and it is said; a road is not."""
    land = good(gpkg(tmp_path, [box(0, 0), poly((100.2, 0), (200, 0), (200, 80), (100.2, 80)), box(2.12, 0)]))
    assert one(check_parcels(land, as_of="2026-01-01"), "P076").ids == ("P1", "P2")


@pytest.mark.parametrize(("unit", "size"), [("ha", 10_000), ("mu", 2000 / 3)])
def test_fault_19_a_whole_column_in_another_unit_is_refused_with_the_unit(
    tmp_path: Path, unit: str, size: float
) -> None:
    """Hectares or mu read as m² are found by the ratio, not converted silently."""
    path = gpkg(tmp_path, [box(0, 0), box(1, 0)], area_m2=[8000 / size] * 2)
    issue = one(read(path), "P019")
    assert f'"{unit}"' in issue.maybe
    assert good(path, units={"area_m2": unit}).table.column("area_m2") == (8000, 8000)


def test_fault_19_one_row_in_mu_among_square_metres(tmp_path: Path) -> None:
    """A single row in another unit is refused by its id."""
    issue = one(read(gpkg(tmp_path, [box(0, 0), box(1, 0), box(2, 0)], area_m2=[8000, 8000, 12])), "P019")
    assert issue.ids == ("P3",)
    assert "mu" in issue.what


def test_fault_20_a_parcel_outside_the_box_or_far_away_is_refused(tmp_path: Path) -> None:
    """One parcel outside the declared box, or 250 km off, is refused by id."""
    land = good(gpkg(tmp_path, [box(0, 0), box(1, 0), box(90, 0)]))
    sides = (str(X0), str(Y0), str(X0 + 500), str(Y0 + 500))
    assert one(check_parcels(land, as_of="2026-01-01", box=sides), "P020").ids == ("P3",)
    far = good(gpkg(tmp_path, [box(0, 0), box(1, 0), shapely.affinity.translate(box(0, 0), 0, 250_000)], name="f.gpkg"))
    assert one(check_parcels(far, as_of="2026-01-01"), "P020").ids == ("P3",)


def test_fault_21_more_than_a_million_points_is_refused(tmp_path: Path) -> None:
    """The count is said."""
    ring = shapely.segmentize(box(0, 0), 360 / 1_000_050)
    issue = one(read(gpkg(tmp_path, [box(3, 3), ring])), "P021")
    assert "1,0" in issue.what
    assert issue.ids == ("P2",)


def test_fault_22_the_antimeridian_is_caught_by_the_box_of_china(tmp_path: Path) -> None:
    """Degrees on the other side of the earth are refused (the box test of fault 16 covers it)."""
    assert has(read(gpkg(tmp_path, [shapely.box(-179.9, 22.5, 179.9, 22.6)], crs=4490)), "P016")


def test_all_problems_of_a_file_at_once_and_exit_one(tmp_path: Path) -> None:
    """The desk lists every problem in one run, exits 1, prints no traceback and writes nothing."""
    from landopt.desk.prepare.check import check

    gpkg(tmp_path, [BOW, None, box(2, 2), box(2.5, 2)], use=["IND", "IND", "HOUSE", "IND"])
    round_folder(tmp_path)
    files = sorted(entry.name for entry in tmp_path.iterdir())
    result = CliRunner().invoke(check, [str(tmp_path), "--json"])
    assert result.exit_code == 1
    codes = {issue["code"] for issue in json.loads(result.stdout)["issues"]}
    assert {"P001", "P003", "P048"} <= codes
    assert isinstance(result.exception, SystemExit)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == files


def test_a_truncated_geopackage_says_where_it_ends(tmp_path: Path) -> None:
    """The size its own header announces is compared with what is there."""
    path = gpkg(tmp_path, [box(i, 0) for i in range(50)])
    whole = path.read_bytes()
    pages = struct.unpack(">I", whole[28:32])[0]
    path.write_bytes(whole[: len(whole) // 2])
    issue = one(read(path), "P037")
    assert f"{len(whole) // 2:,}" in issue.what
    assert pages > 1


def test_reading_never_depends_on_row_or_vertex_order(tmp_path: Path) -> None:
    """Rows shuffled and rings started elsewhere give the same facts and outlines."""
    shapes = [box(i, j) for i in range(4) for j in range(3)]
    ids = [f"P{i}" for i in range(12)]
    turned = [
        shapely.Polygon([*list(s.exterior.coords)[1:-1], s.exterior.coords[0], s.exterior.coords[1]]) for s in shapes
    ]
    a = good(gpkg(tmp_path, shapes, parcel_id=ids))
    b = good(gpkg(tmp_path, turned[::-1], name="b.gpkg", parcel_id=ids[::-1]))
    assert a.table == b.table
    assert all(x.equals_exact(y) for x, y in zip(a.geometry.geometry, b.geometry.geometry, strict=True))


def test_refusal_of_everything_unreadable_is_ours(tmp_path: Path) -> None:
    """Random bytes under every ending are refused by our own errors."""
    for ending in (".gpkg", ".geojson", ".shp", ".dxf", ".kml", ".zip", ".csv", ".xlsx", ".txt", ".parquet"):
        path = tmp_path / f"noise{ending}"
        path.write_bytes(bytes(range(256)) * 7)
        with pytest.raises(Refused):
            read_parcels(path)
