"""Awkward files as they arrive: every finding names its row and id once, in words of ours, with something to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import openpyxl
import pytest
import shapely

from parcels.check_map import check_parcels
from parcels.common.codes import codes
from parcels.common.issues import Issue
from parcels.demands import read_demands
from parcels.read import read_parcels
from tests.parcels.making import (
    DEMAND_HEAD,
    DEMAND_ROW,
    X0,
    Y0,
    box,
    chinese,
    csv_file,
    good,
    gpkg,
    has,
    one,
    poly,
    read,
    shapefile,
)

HEAD = ["宗地编号", "规划用途", "行政区", "土地来源", "净地", "农转用已批", "已征收", "权属性质", "供应计划"]
CELLS = ["IND", "横沥镇", "存量", "是", "是", "是", "国有", "是"]
RING = [[X0, Y0], [X0 + 100, Y0], [X0 + 100, Y0 + 80], [X0, Y0 + 80]]


def geojson(folder: Path, geometries: list[Any]) -> Path:
    """A GeoJSON file of parcels with these geometry members as they are."""
    path = folder / "p.geojson"
    geopandas.GeoDataFrame(
        {"parcel_id": [f"P{i + 1}" for i in range(len(geometries))]},
        geometry=[box(i, 0) for i in range(len(geometries))],
        crs=4526,
    ).to_file(path, driver="GeoJSON")
    value = json.loads(path.read_text("utf-8"))
    for feature, geometry in zip(value["features"], geometries, strict=True):
        feature["geometry"] = geometry
    path.write_text(json.dumps(value), "utf-8")
    return path


def workbook(folder: Path, rows: list[list[Any]], merge: tuple[str, ...] = ()) -> Path:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for area in merge:
        sheet.merge_cells(area)
    path = folder / "parcels.xlsx"
    book.save(path)
    return path


def row(i: int) -> list[Any]:
    """A parcel of a sheet, with its outline."""
    return [f"P{i + 1}", *CELLS, f"SRID=4526;{box(i, 0).wkt}"]


def between(path: Path) -> tuple[Issue, ...]:
    """The findings between the parcels of a file."""
    return check_parcels(good(path), as_of="2026-03-31")


def test_fault_12_an_unclosed_ring_is_closed_with_a_warning(tmp_path: Path) -> None:
    """What shapely does in silence is said, with row and id."""
    path = geojson(tmp_path, [{"type": "Polygon", "coordinates": [RING]}])
    issue = one(read(path), "P012")
    assert (issue.level, issue.where) == ("warning", "p.geojson, row 1, id P1")


@pytest.mark.parametrize("bad", [[[["a", 1], [2, 3], [4, 5], [6, 7]]], None, [RING[:2]], [[1, 2]]])
def test_fault_12_an_outline_that_cannot_be_built_is_told_once_in_our_words(tmp_path: Path, bad: Any) -> None:
    """One finding with the id, no words of a library, and no second finding that the geometry is missing."""
    issues = read(geojson(tmp_path, [{"type": "Polygon", "coordinates": bad}]))
    issue = one(issues, "P012")
    assert issue.ids == ("P1",)
    assert "id P1" in issue.where
    assert not has(issues, "P003")
    assert "object" not in issue.what
    assert "float" not in issue.what


def test_faults_4_5_20_39_name_the_rows_of_both(tmp_path: Path) -> None:
    """Findings between parcels say the rows of the file, not only the ids."""
    path = gpkg(tmp_path, [box(9, 9), box(0, 0), box(0.5, 0), box(3, 0), box(3, 0)], appraised_on=["2027-01-01"] * 5)
    issues = between(path)
    assert "row 2, id P2 and row 3, id P3" in one(issues, "P005").where
    assert "row 4, id P4 and row 5, id P5" in one(issues, "P004").where
    assert "row 1, id P1, column appraised_on" in next(i.where for i in issues if i.code == "P039")


@pytest.mark.parametrize(("shift", "code"), [(0.009, "P006"), (0.01, "P006"), (0.011, "P005")])
def test_fault_5_one_square_metre_is_still_a_sliver(tmp_path: Path, shift: float, code: str) -> None:
    """0.9 and 1.0 m2 are slivers, 1.1 m2 is refused; refused pairs are not called a slit as well."""
    pair = [shapely.box(X0, Y0, X0 + 100, Y0 + 100), shapely.box(X0 + 100 - shift, Y0, X0 + 200, Y0 + 100)]
    issues = between(gpkg(tmp_path, pair))
    assert one(issues, code)
    assert not has(issues, "P076", "warning") or code == "P006"


def test_fault_30_an_id_with_an_invisible_character_is_the_same_id(tmp_path: Path) -> None:
    """AB and A(zero width)B look alike: double, both named."""
    issue = one(read(gpkg(tmp_path, [box(0, 0), box(1, 0)], parcel_id=["AB", "A\u200bB"])), "P030")
    assert issue.ids == ("AB", "A\u200bB")


def test_fault_36_a_double_key_names_its_feature(tmp_path: Path) -> None:
    """Row and id of the feature that holds the key twice."""
    path = geojson(tmp_path, [{"type": "Polygon", "coordinates": [[*RING, RING[0]]]}] * 2)
    head, _, tail = path.read_text("utf-8").rpartition('"parcel_id"')
    path.write_text(f'{head}"use": "IND", "use": "RES", "parcel_id"{tail}', "utf-8")
    assert one(read(path), "P036").where == "p.geojson, row 2, id P2"


def test_fault_37_a_text_that_breaks_off_in_a_point_is_cut_off(tmp_path: Path) -> None:
    """The last line of a boundary-point file without its end is a cut, not a slip."""
    text = "4,0.8,A1,plot,面,,,,@\nJ1,1,2510000,38455000\nJ2,1,2510000,38455100\nJ3,1,2510080,384551"
    assert has(read(csv_file(tmp_path, text, "dk.txt")), "P016")
    issues = read(csv_file(tmp_path, text[:-10], "dk.txt"))
    assert one(issues, "P037").where == "dk.txt:4"


def test_a_system_is_missed_once(tmp_path: Path) -> None:
    """A boundary-point file without a zone is told so once, not again by the next step."""
    text = "3,0.4,A1,plot,面,,,,@\nJ1,1,2510000,455000\nJ2,1,2510000,455100\nJ3,1,2510080,455100\n"
    assert "带号" in one(read(csv_file(tmp_path, text, "dk.txt")), "P014").what


def test_title_rows_above_the_heading_are_passed_over(tmp_path: Path) -> None:
    """A sheet or CSV that begins with its title is read, and the title is said."""
    path = workbook(tmp_path, [["南沙区宗地一览表"], ["单位：公顷"], [*HEAD, "wkt"], row(0)], merge=("A1:J1",))
    file = good(path)
    assert file.table.ids == ("P1",)
    assert any("南沙区宗地一览表; 单位：公顷" in note for note in map(str, file.notes))
    table = csv_file(tmp_path, f"需求一览,,,,,,\n{DEMAND_HEAD}\n{DEMAND_ROW}\n")
    assert read_demands(table).table.ids == ("D1",)


def test_a_heading_of_two_merged_rows_is_read(tmp_path: Path) -> None:
    """Groups over columns: the lower name counts, or group and name together where that is a field."""
    first = [*HEAD[:4], "现状", "", "", *HEAD[7:], "容积率", "", "wkt"]
    second = ["", "", "", "", *HEAD[4:7], "", "", "上限", "下限", ""]
    data = [*row(0)[:-1], 3.5, 1.5, row(0)[-1]]
    down = tuple(f"{c}1:{c}2" for c in "ABCDHIL")
    file = good(workbook(tmp_path, [first, second, data], merge=("E1:G1", "J1:K1", *down)))
    assert file.table.column("far_max") == (350,)
    assert file.table.column("far_min") == (150,)
    assert file.lines == (3,)


def test_merged_cells_among_the_data_are_refused(tmp_path: Path) -> None:
    """Only the first of merged cells holds the value: the others would be unknown in silence."""
    path = workbook(
        tmp_path, [[*HEAD, "基准地价", "wkt"], [*row(0)[:-1], 500, row(0)[-1]], [*row(1)[:-1], None, row(1)[-1]]]
    )
    assert not has(read(path), "P068")
    path = workbook(
        tmp_path,
        [[*HEAD, "基准地价", "wkt"], [*row(0)[:-1], 500, row(0)[-1]], [*row(1)[:-1], None, row(1)[-1]]],
        merge=("J2:J3",),
    )
    assert "J2:J3" in one(read(path), "P068").what


@pytest.mark.parametrize("name", ["a.mdb", "a.dwg", "a.rar"])
def test_formats_that_are_common_and_not_read_say_what_to_send(tmp_path: Path, name: str) -> None:
    """An old workbook or drawing is answered with the format to save it as."""
    (tmp_path / name).write_bytes(b"x")
    assert "save it as" in one(read(tmp_path / name), "F002").maybe


def test_empty_tables_are_told(tmp_path: Path) -> None:
    """No parcel at all is refused; no demand at all is a warning, for the market may be served."""
    assert has(read(csv_file(tmp_path, ",".join([*HEAD, "wkt"]) + "\n", "parcels.csv")), "P068")
    issues = read_demands(csv_file(tmp_path, DEMAND_HEAD + "\n")).issues
    assert has(issues, "D068", "warning")
    assert not any(issue.level == "error" for issue in issues)


def test_every_error_says_what_can_be_done(tmp_path: Path) -> None:
    """Where a finding brings no advice of its own, that of its code stands."""
    path = gpkg(tmp_path, [poly((0, 0), (9, 0), (9, 9)), box(2, 0)], net_land=["对", "是"], area_m2=["12,000", "1e400"])
    issues = [issue for issue in read(path) if issue.level == "error"]
    assert len(issues) == 3
    assert all(issue.maybe for issue in issues)
    assert one(issues, "P050").maybe == codes()["P050"].todo("en")


def test_demand_uses_may_be_written_in_our_codes_under_another_system(tmp_path: Path) -> None:
    """RES in a demand is no code of planning-2023 and means what it says; in the parcels it stays refused."""
    file = read_demands(csv_file(tmp_path, f"{DEMAND_HEAD}\n{DEMAND_ROW}\n"), use_codes="planning-2023")
    assert file.table.column("uses") == (("RES",),)


@pytest.mark.parametrize("encoding", ["gbk", "utf-8"])
@pytest.mark.parametrize("header", ["", "0\nSECTION\n2\nHEADER\n9\n$DWGCODEPAGE\n3\nANSI_1252\n0\nENDSEC\n"])
def test_chinese_texts_of_a_drawing_are_read_from_their_bytes(tmp_path: Path, encoding: str, header: str) -> None:
    """Whatever the code page a drawing states: its texts are the parcels' ids, and mojibake would be other parcels."""
    lines = ["0", "SECTION", "2", "ENTITIES", "0", "LWPOLYLINE", "100", "AcDbEntity", "8", "0", "100", "AcDbPolyline"]
    lines += ["90", "4", "70", "1"]
    for x, y in RING:
        lines += ["10", str(x), "20", str(y)]
    lines += ["0", "TEXT", "100", "AcDbEntity", "8", "0", "100", "AcDbText", "10", str(X0 + 50), "20", str(Y0 + 40)]
    lines += ["40", "2", "1", "誠地块甲", "0", "ENDSEC", "0", "EOF", ""]
    path = tmp_path / "p.dxf"
    path.write_bytes((header + "\n".join(lines)).encode(encoding))
    csv_file(tmp_path, ",".join(HEAD) + "\n" + ",".join(["誠地块甲", *CELLS]) + "\n", "p.csv")
    file = good(path, crs="EPSG:4526")
    assert file.table.ids == ("誠地块甲",)
    assert any("p.dxf" in note and "found from the bytes" in note for note in map(str, file.notes))


def test_a_reference_that_leads_nowhere_is_told_once(tmp_path: Path) -> None:
    """A missing boundary-point file is not told again as a missing outline."""
    table = ",".join([*HEAD, "boundary_points"]) + "\n" + ",".join(["P1", *CELLS, "nix.txt"]) + "\n"
    issues = read(csv_file(tmp_path, table, "p.csv"))
    assert one(issues, "F001").ids == ("P1",)
    assert not has(issues, "P003")


def test_two_zones_in_one_file_are_named(tmp_path: Path) -> None:
    """Both zones, and no second finding that the parcels lie far apart."""
    shapes = [box(0, 0), shapely.box(X0 + 1e6, Y0, X0 + 1e6 + 100, Y0 + 80)]
    path = gpkg(tmp_path, shapes)
    assert "38 and with 39" in one(read(path), "P016").what
    assert not has(check_parcels(read_parcels(path), as_of="2026-03-31"), "P020")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    """Only a geodatabase is a folder."""
    (tmp_path / "a.csv").mkdir()
    assert "folder" in one(read(tmp_path / "a.csv"), "F004").what


def test_mu_beside_hectares_is_one_area_where_all_rows_agree(tmp_path: Path) -> None:
    """The finer column is read and it is said; where one row differs by more than rounding, both are refused."""
    shapes = [box(0, 0), box(2, 0)]
    both: dict[str, Any] = {"面积(亩)": ["12.00", "12.00"], "面积（公顷）": ["0.8", "0.8"]}
    file = good(gpkg(tmp_path, shapes, **both))
    assert file.table.column("area_m2") == (8000, 8000)
    assert "面积(亩)" in one(file.issues, "P046").what
    for other in (["0.8", "0.9"], ["0.8", None], ["0.8", "x"]):
        issues = read(gpkg(tmp_path, shapes, name=f"{other[1]}.gpkg", **{**both, "面积（公顷）": other}))
        assert "all stand for area_m2" in one(issues, "P045").what


@pytest.mark.parametrize("number", ["4.401152025e17", "12.5"])
def test_fault_28_an_id_in_json_with_an_exponent_has_lost_digits(tmp_path: Path, number: str) -> None:
    """A decimal that is no whole number as written is no id; 12.0 is 12, with a warning."""
    path = geojson(tmp_path, [{"type": "Polygon", "coordinates": [[*RING, RING[0]]]}])
    text = path.read_text("utf-8")
    path.write_text(text.replace('"parcel_id": "P1"', f'"parcel_id": {number}'), "utf-8")
    assert has(read(path), "P028")
    path.write_text(text.replace('"parcel_id": "P1"', '"parcel_id": 12.0'), "utf-8")
    assert read_parcels(path).table.ids == ("12",)
    assert has(read(path), "P054", "warning")


@pytest.mark.parametrize("rows", [1, 3])
def test_fault_37_outlines_and_rows_of_a_shapefile_that_differ_in_number_are_refused(tmp_path: Path, rows: int) -> None:
    """GDAL reads the fewer of the two in silence, which loses a parcel or shifts the attributes."""
    path = shapefile(tmp_path, [box(0, 0), box(2, 0)], chinese(2))
    others = shapefile(tmp_path, [box(i, 5) for i in range(rows)], chinese(rows), name="other.shp")
    path.with_suffix(".dbf").write_bytes(others.with_suffix(".dbf").read_bytes())
    assert f"2 outlines, its .dbf {rows} row{'s' if rows > 1 else ''}" in one(read(path), "P037").what
