"""Files as bureaus send them: each has one habit of its program, and one right answer beside it."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from click.testing import CliRunner

from cli import desk
from parcels.common.issues import Refused
from parcels.formats.kinds.boundary_txt import make_table
from parcels.formats.opening import open_parcels
from parcels.read import read_parcels
from tests.parcels.making import has, one, read

SENT = Path(__file__).parent / "data" / "sent"


def converted(tmp_path: Path, name: str, ending: str, *options: str) -> tuple[dict[str, Any], Path]:
    """A file through ``landopt convert --json``: what it says, and where the result lies."""
    target = tmp_path / f"out{ending}"
    done = CliRunner().invoke(desk, ["convert", str(SENT / name), str(target), "--json", *options])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), target


def test_a_reference_never_picks_a_plot_without_a_number() -> None:
    """Two plots with blank numbers cannot be told apart; both are named as used by no row."""
    issues = read(SENT / "01_points_blank_numbers.csv")
    assert one(issues, "P075").level == "error"
    assert one(issues, "P086").ids == ("line 7", "line 13")


def test_a_reference_never_picks_a_plot_by_a_double_number(tmp_path: Path) -> None:
    """The last one does not win."""
    shutil.copy(SENT / "01_points_blank_numbers.csv", tmp_path / "p.csv")
    text = (SENT / "blank.txt").read_bytes().decode("gb18030").replace("5,,,", "5,,A1,")
    (tmp_path / "blank.txt").write_text(text, "utf-8")
    assert "2 plots with the number 'A1'" in one(read(tmp_path / "p.csv"), "P075").what


@pytest.mark.parametrize("ending", [".gpkg", ".gdb", ".geojson"])
def test_numbers_of_18_digits_keep_every_digit(tmp_path: Path, ending: str) -> None:
    """Texts in the output, and told."""
    told, target = converted(tmp_path, "02_18digit_second_column.geojson", ending)
    assert "big" in told["retyped"]
    before = open_parcels(SENT / "02_18digit_second_column.geojson").columns["big"]
    assert open_parcels(target).columns["big"] == [str(cell) for cell in before]
    assert len({str(cell) for cell in before}) == 2


def test_two_columns_stay_two_in_a_geodatabase(tmp_path: Path) -> None:
    """Brackets of either width become underscores; the names stay apart, and every rename is told."""
    told, target = converted(tmp_path, "03_gdb_two_columns_one.geojson", ".gdb")
    assert set(told["renamed"]) == {"单价（元）", "单价(元)"}
    back = open_parcels(target).columns
    assert set(told["columns"]) == set(back)
    source = open_parcels(SENT / "03_gdb_two_columns_one.geojson").columns
    for old, new in told["renamed"].items():
        assert list(back[new]) == list(source[old])


@pytest.mark.parametrize("ending", [".gpkg", ".gdb", ".geojson", ".txt"])
def test_an_id_with_decimals_is_one_id_everywhere(tmp_path: Path, ending: str) -> None:
    """440115001 in check, in convert and in what convert writes."""
    ids = ("440115001", "440115002")
    assert read_parcels(SENT / "04_float_id.shp").table.ids == ids
    _, target = converted(tmp_path, "04_float_id.shp", ending)
    assert read_parcels(target).table.ids == ids


def test_an_area_in_square_degrees_is_never_written(tmp_path: Path) -> None:
    """Measured areas stand in the TXT, and it is said."""
    told, target = converted(tmp_path, "05_shape_area_degrees.gpkg", ".txt")
    assert {"P018", "P080"} <= {issue["code"] for issue in told["issues"]}
    assert ",0.0000," not in target.read_bytes().decode("gb18030")
    assert open_parcels(target).columns["面积(公顷)"] == ["1.1371", "1.1371"]


def test_web_degrees_are_read_with_a_warning_and_by_word_without() -> None:
    """CRS84 is WGS 84; crs = "EPSG:4490" is the officer's word for what it really is."""
    path = SENT / "06_geojson_crs84.geojson"
    file = read_parcels(path)
    assert file.crs == "EPSG:4526"
    assert "hundreds of metres" in next(i.what for i in file.issues if i.level == "warning")
    said = read_parcels(path, crs="EPSG:4490")
    assert not has(said.issues, "P015", "warning")
    assert any("EPSG:4490" in str(note) for note in said.notes)
    assert said.table.column("area_m2") == file.table.column("area_m2")


def test_a_domain_is_read_by_its_text(tmp_path: Path) -> None:
    """0 means yes here; the code alone would say no."""
    file = read_parcels(SENT / "07_domain_0yes_1no.gpkg")
    assert file.table.column("net_land") == (True, True)
    assert file.table.column("expropriated") == (False, False)
    _, target = converted(tmp_path, "07_domain_0yes_1no.gpkg", ".geojson")
    assert open_parcels(target).columns["净地"] == ["是", "是"]


def test_a_code_without_a_text_is_an_error(tmp_path: Path) -> None:
    """The raw code never stands for itself."""
    import sqlite3

    path = shutil.copy(SENT / "07_domain_0yes_1no.gpkg", tmp_path / "p.gpkg")
    with sqlite3.connect(path) as base:
        base.execute("delete from gpkg_data_column_constraints where constraint_name = 'yn' and value = '1'")
    issue = next(issue for issue in read(Path(path)) if issue.code == "P081")
    assert issue.level == "error"
    assert "'1'" in issue.what


def test_a_column_fid_is_written_under_another_name(tmp_path: Path) -> None:
    """Doubles in a column ``fid`` are no sign of a full disk."""
    told, target = converted(tmp_path, "08_fid_double.geojson", ".gpkg")
    assert open_parcels(target).columns[told["renamed"]["fid"]] == [7, 7]


@pytest.mark.parametrize(
    ("name", "area"),
    [
        ("09_txt_parts.txt", 20_000),
        ("10_txt_area_with_unit.txt", 10_000),
        ("10_txt_joined.txt", 10_000),
        ("10_txt_province_11_cells.txt", 10_000),
    ],
)
def test_boundary_points_of_many_programs(name: str, area: int) -> None:
    """Parts numbered as rings, a unit in the area cell, joined files, a province's eleven cells."""
    raw = open_parcels(SENT / name)
    assert not [issue for issue in raw.issues if issue.level == "error"]
    assert raw.geometry is not None
    assert round(raw.geometry[0].area) == area
    assert read_parcels(SENT / name).table.column("area_m2")[0] == area


def test_the_number_of_a_provincial_plot() -> None:
    """The cells stand around 面, wherever that is."""
    raw = open_parcels(SENT / "10_txt_province_11_cells.txt")
    assert (raw.columns["地块编号"], raw.columns["地块名称"]) == (["D8-003"], ["地块4"])


def test_mu_in_the_cell_of_hectares_is_one_finding_without_a_way_round() -> None:
    """15 for 1 ha looks like mu; no setting accepts 150,000 m2."""
    for source in (None, "attribute"):
        issues = read(SENT / "11_txt_area_in_mu.txt", area_source=source)
        issue = one(issues, "P019")
        assert "15 times" in issue.what
        assert "mu" in issue.maybe
        assert "attribute" not in issue.maybe
        assert not has(issues, "P018")
    assert read_parcels(SENT / "11_txt_area_in_mu.txt", units={"area_m2": "mu"}).table.column("area_m2") == (10_000,)


def test_degrees_in_a_boundary_file_are_one_finding() -> None:
    """Said as what they are, once."""
    issues = [issue for issue in open_parcels(SENT / "12_txt_degrees.txt").issues if issue.level == "error"]
    assert [issue.key for issue in issues] == ["P016.degrees"]


def test_a_text_of_two_lines_is_no_id() -> None:
    """Refused, never joined."""
    assert "two lines" in one(read(SENT / "13_dxf_mtext_two_lines.dxf", layer="JZD"), "P074").what


def test_a_layer_of_a_drawing_is_read_alone(tmp_path: Path) -> None:
    """Frame, house and the label of the area stay outside."""
    raw = open_parcels(SENT / "14_dxf_frame_house_labels.dxf", layer="JZD")
    assert raw.columns["parcel_id"] == ["440115-A1"]
    assert not [issue for issue in raw.issues if issue.level == "error"]
    _, target = converted(tmp_path, "14_dxf_frame_house_labels.dxf", ".gpkg", "--layer", "JZD", "--crs", "EPSG:4526")
    assert open_parcels(target).columns["parcel_id"] == ["440115-A1"]
    assert "JZD" in one(read(SENT / "14_dxf_frame_house_labels.dxf", layer="nix"), "F003").maybe


def test_names_of_untyped_data_in_kml_are_kept(tmp_path: Path) -> None:
    """No two columns become one."""
    columns = open_parcels(SENT / "15_kml_chinese_data_names.kml").columns
    assert "规划用途" in columns
    told, target = converted(tmp_path, "15_kml_chinese_data_names.kml", ".gpkg")
    assert set(told["columns"]) == set(open_parcels(target).columns) == set(columns)


def test_names_in_a_zip_of_windows_are_shown_as_written() -> None:
    """The layer is found by the name that is shown."""
    with pytest.raises(Refused) as caught:
        read_parcels(SENT / "16_zip_gbk_names.zip")
    assert "宗地.shp" in caught.value.issues[0].what
    assert read_parcels(SENT / "16_zip_gbk_names.zip", layer="宗地").rows > 0


def test_areas_of_a_six_degree_zone_are_those_of_its_three_degree_zone() -> None:
    """11,371 m2, not 11,406."""
    file = read_parcels(SENT / "18_six_degree_area.gpkg")
    assert file.crs == "EPSG:4526"
    assert file.table.column("area_m2") == (11_371, 11_371)


def test_a_price_survives_a_geodatabase(tmp_path: Path) -> None:
    """基准地价(万元/亩) comes back as 基准地价_万元_亩_, and is the same price."""
    before = read_parcels(SENT / "19_price_column_to_gdb.geojson").table
    _, target = converted(tmp_path, "19_price_column_to_gdb.geojson", ".gdb")
    after = read_parcels(target).table
    assert after.column("benchmark_price") == before.column("benchmark_price")
    assert after.column("area_m2") == before.column("area_m2")
    assert None not in after.column("benchmark_price")


def test_a_number_without_a_description_has_no_text(tmp_path: Path) -> None:
    """1 beside "否" would have been read as yes; a list of bare words means the words."""
    path = Path(shutil.copy(SENT / "07_domain_0yes_1no.gpkg", tmp_path / "p.gpkg"))
    with closing(sqlite3.connect(path)) as base:
        base.execute("update gpkg_data_column_constraints set description = null where value = '1'")
        base.commit()
    assert {i.value("code") for i in read(path) if i.key == "P081.no-text"} == {"1"}
    with closing(sqlite3.connect(path)) as base:
        base.execute("update gpkg_data_column_constraints set description = null")
        base.commit()
    assert {i.value("code") for i in read(path) if i.key == "P081.no-text"} == {"0", "1"}


def test_a_geodatabase_domain_is_read_by_its_text(tmp_path: Path) -> None:
    """From the catalogue of the database itself."""
    if shutil.which("ogr2ogr") is None:
        pytest.skip("ogr2ogr is needed to make a FileGDB with a domain")
    import subprocess

    target = tmp_path / "d.gdb"
    command = ["ogr2ogr", "-f", "OpenFileGDB", str(target), str(SENT / "07_domain_0yes_1no.gpkg")]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this ogr2ogr writes no FileGDB")
    assert pyogrio.list_layers(target).tolist()[0][0] == "parcels"
    assert read_parcels(target).table.column("net_land") == (True, True)


HEADER = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n计量单位=米\n带号=38\n[地块坐标]\n"
RING = ((2582900, 38383200), (2582900, 38383300), (2583000, 38383300), (2583000, 38383200))


def points(
    ring: tuple[tuple[float, float], ...], number: int = 1, shift: float = 0, form: str = "J{i},{n},{x},{y}"
) -> str:
    """The lines of a ring."""
    return "".join(form.format(i=i, n=number, x=x, y=y + shift) + "\n" for i, (x, y) in enumerate((*ring, ring[0]), 1))


INNER = ((2582920, 38383220), (2582920, 38383280), (2582980, 38383280), (2582980, 38383220))
ISLAND = ((2582940, 38383240), (2582940, 38383260), (2582960, 38383260), (2582960, 38383240))


@pytest.mark.parametrize(
    ("text", "area"),
    [
        (HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING, form="J{i},{n},{x},{y},12.5"), 10_000),
        (HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING, form="J{i},{n},{x},{y},"), 10_000),
        (HEADER + "5，1，A1，甲，面，，，，＠\n" + points(RING, form="J{i}，{n}，{x}，{y}"), 10_000),
        (HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING, form="J{i}\t{n}\t{x}\t{y}"), 10_000),
        (HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING, form="J{i},{x},{y}"), 10_000),
        (HEADER + "5,1,A1,甲,面,,,\n" + points(RING), 10_000),
        (HEADER + "0,0,A1,甲,面,,,,@\n" + points(RING), 10_000),
        (HEADER + "5,15亩,A1,甲,面,,,,@\n" + points(RING), 10_000),
        (HEADER + ",10000平方米,A1,甲,面,,,,@\n" + points(RING), 10_000),
        (HEADER + "15,,A1,甲,面,,,,@\n" + points(RING) + points(INNER, 2) + points(ISLAND, 3), 6_800),
        (HEADER + "15,,A1,甲,面,,,,@\n" + points(RING) + points(INNER, 1) + points(ISLAND, 1), 6_800),
        ("某项目勘测定界界址点成果\n" + HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING), 10_000),
        (
            HEADER.replace("[", "【").replace("]", "】").replace("=", "＝") + "5,1,A1,甲,面,,,,@\n" + points(RING),
            10_000,
        ),
        (HEADER.replace("带号=38", "带号=38带") + "5,1,A1,甲,面,,,,@\n" + points(RING), 10_000),
        (
            HEADER.replace("带号=38", "中央子午线=114")
            + "5,1,A1,甲,面,,,,@\n"
            + points(RING, shift=-38_000_000).replace(".0", ""),
            10_000,
        ),
    ],
    ids=[
        "height",
        "trailing comma",
        "full width",
        "tabs",
        "no ring",
        "no at sign",
        "count and area 0",
        "mu said",
        "square metres said",
        "island in a hole",
        "one ring number",
        "title line",
        "bold brackets",
        "zone with a word",
        "central meridian",
    ],
)
def test_boundary_points_as_really_written(text: str, area: int) -> None:
    """One variant each; outline and id are right, and nothing is refused."""
    raw = make_table(Path("a.txt"), text, (), None)
    assert not [issue for issue in raw.issues if issue.level == "error"], raw.issues
    assert raw.geometry is not None
    assert round(raw.geometry[0].area) == area
    assert raw.columns["地块编号"] == ["A1"]
    assert raw.crs in ("EPSG:4526", "EPSG:4547")


def test_what_cannot_be_read_is_one_finding_a_cause() -> None:
    """Forty stray lines are one finding with their number, not forty."""
    text = HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING) + "".join(f"some words {i}\n" for i in range(40))
    issues = [issue for issue in make_table(Path("a.txt"), text, (), None).issues if issue.level == "error"]
    assert [issue.key for issue in issues] == ["P069.neither-plot-nor"]
    assert "39 more" in issues[0].what


def test_joined_files_of_two_zones_are_refused() -> None:
    """Never read in the zone of the first."""
    other = HEADER.replace("带号=38", "带号=39") + "5,1,A2,乙,面,,,,@\n" + points(RING, shift=1_000_000)
    issues = make_table(Path("a.txt"), HEADER + "5,1,A1,甲,面,,,,@\n" + points(RING) + other, (), None).issues
    assert "P017.joined-files" in [issue.key for issue in issues]
