"""Every format a bureau sends gives the same parcels; what landopt writes it reads back."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas
import openpyxl
import pytest
import shapely
from click.testing import CliRunner

from parcels.common.issues import Refused
from parcels.demands import read_demands
from parcels.formats.kinds.dxf import _is_area
from parcels.formats.opening import open_parcels
from parcels.formats.writer import write_parcels
from parcels.read import read_parcels
from tests.parcels.making import X0, Y0, box, chinese, columns, csv_file, good, gpkg, has, one, read, shapefile

SHAPES = [
    box(0, 0),
    shapely.Polygon(box(1, 0).exterior.coords, [shapely.box(X0 + 120, Y0 + 20, X0 + 140, Y0 + 40).exterior.coords]),
]
AREAS = (8000, 7600)
HEAD = "parcel_id,use,district,land_source,net_land,converted,expropriated,ownership,in_annual_plan"
ROWS = ["P1,IND,横沥镇,stock,true,true,true,state,true", "P2,IND,横沥镇,stock,true,true,true,state,true"]


def frame() -> geopandas.GeoDataFrame:
    """The two parcels."""
    return geopandas.GeoDataFrame(columns(2), geometry=SHAPES, crs=4526)


def table(folder: Path, name: str, extra: str = "", cells: tuple[str, str] = ("", "")) -> Path:
    """The two parcels' facts as CSV, with one column more."""
    rows = [HEAD + (f",{extra}" if extra else "")]
    rows += [row + (f',"{cell}"' if extra else "") for row, cell in zip(ROWS, cells, strict=True)]
    return csv_file(folder, "\n".join(rows) + "\n", name)


@pytest.mark.parametrize("ending", ["gpkg", "geojson", "gdb", "parquet", "csv", "xlsx"])
def test_every_format_gives_the_same_facts(tmp_path: Path, ending: str) -> None:
    """Facts, areas and outlines do not depend on the format they come in."""
    path = tmp_path / f"p.{ending}"
    if ending == "parquet":
        frame().to_parquet(path)
    elif ending == "csv":
        table(tmp_path, "p.csv", "wkt", (SHAPES[0].wkt, SHAPES[1].wkt))
    elif ending == "xlsx":
        book = openpyxl.Workbook()
        book.active.append([*HEAD.split(","), "WKT"])
        for row, shape in zip(ROWS, SHAPES, strict=True):
            book.active.append([*row.split(","), shape.wkt])
        book.save(path)
    elif ending == "gdb":
        frame().to_file(path, driver="OpenFileGDB", engine="pyogrio", layer="parcels")
    else:
        frame().to_file(path, engine="pyogrio")
    land = good(path, crs="EPSG:4526" if ending in ("csv", "xlsx") else None)
    expected = good(gpkg(tmp_path, SHAPES, name="expected.gpkg"))
    assert land.table == expected.table
    assert land.table.column("area_m2") == AREAS
    assert land.crs == "EPSG:4526"
    assert all(a.equals(b) for a, b in zip(land.geometry.geometry, expected.geometry.geometry, strict=True))


def test_dxf_outlines_take_their_id_from_the_text_inside_and_facts_from_the_table_beside(tmp_path: Path) -> None:
    """A drawing carries outlines; a CSV of the same name brings the facts, joined by id."""
    shapes = [box(0, 0).exterior, box(1, 0).exterior, shapely.Point(X0 + 50, Y0 + 40), shapely.Point(X0 + 150, Y0 + 40)]
    lines = ["0", "SECTION", "2", "ENTITIES"]
    for shape in shapes[:2]:
        points = list(shape.coords)[:-1]
        lines += ["0", "LWPOLYLINE", "8", "parcels", "90", str(len(points)), "70", "1"]
        for x, y in points:
            lines += ["10", str(x), "20", str(y)]
    for shape, text in zip(shapes[2:], ("P1", "P2"), strict=True):
        lines += ["0", "TEXT", "8", "ids", "10", str(shape.x), "20", str(shape.y), "40", "5", "1", text]
    lines += ["0", "ENDSEC", "0", "EOF"]
    path = csv_file(tmp_path, "\n".join(lines) + "\n", "plan.dxf")
    table(tmp_path, "plan.csv")
    land = good(path, crs="EPSG:4526")
    assert land.table.ids == ("P1", "P2")
    assert land.table.column("area_m2") == (8000, 8000)
    assert any("joined by parcel id" in text for text in map(str, land.notes))
    table(tmp_path, "plan.csv")
    (tmp_path / "plan.csv").write_text((tmp_path / "plan.csv").read_text().replace("P2,", "P3,"))
    assert len([issue for issue in read(path, crs="EPSG:4526") if issue.code == "P073"]) == 2


def test_fault_08_arcs_of_a_drawing_are_refused(tmp_path: Path) -> None:
    """A polyline with a bulge is an arc, which GDAL would make straight without a word."""
    lines = ["0", "SECTION", "2", "ENTITIES", "0", "LWPOLYLINE", "8", "p", "90", "3", "70", "1"]
    for x, y, bulge in ((0, 0, "0.5"), (100, 0, "0.0"), (100, 80, "0")):
        lines += ["10", str(X0 + x), "20", str(Y0 + y), "42", bulge]
    path = csv_file(tmp_path, "\n".join([*lines, "0", "ENDSEC", "0", "EOF"]) + "\n", "arc.dxf")
    assert one(read(path, crs="EPSG:4526"), "P008").what.startswith("1 point")


def test_kml_is_projected_and_joined(tmp_path: Path) -> None:
    """Placemarks in degrees become parcels in the zone of their longitude; the placemark's name is the id."""
    degrees = geopandas.GeoSeries([box(0, 0), box(1, 0)], crs=4526).to_crs(4326)
    marks = "".join(
        f"<Placemark><name>P{i + 1}</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{x:.9f},{y:.9f},0" for x, y in shape.exterior.coords)
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for i, shape in enumerate(degrees)
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>'
    path = csv_file(tmp_path, text, "p.kml")
    table(tmp_path, "p.csv")
    land = good(path)
    assert land.crs == "EPSG:4526"
    assert land.table.column("area_m2") == (8000, 8000)
    assert has(land.issues, "P015", "warning")


def test_csv_with_a_reference_to_boundary_points(tmp_path: Path) -> None:
    """A table that names a boundary-point file takes the plot of the row's id, or the one it says."""
    write_parcels(open_parcels(gpkg(tmp_path, SHAPES)), tmp_path / "plots.txt")
    path = table(tmp_path, "p.csv", "boundary_points", ("plots.txt", "plots.txt#P2"))
    land = good(path)
    assert land.crs == "EPSG:4526"
    assert land.table.column("area_m2") == AREAS
    bad = table(tmp_path, "q.csv", "boundary_points", ("plots.txt#P9", "none.txt"))
    assert has(read(bad), "P075")
    assert has(read(bad), "F001")


def test_several_layers_of_a_geodatabase_are_listed(tmp_path: Path) -> None:
    """Forty layers, and which one is meant is asked; the one named is read; a wrong name lists them."""
    path = tmp_path / "b.gdb"
    for name in ("现状", "规划"):
        frame().to_file(path, driver="OpenFileGDB", engine="pyogrio", layer=name)
    issue = one(read(path), "F003")
    assert "现状" in issue.maybe
    assert "规划" in issue.maybe
    assert good(path, layer="规划").rows == 2
    assert "规划" in one(read(path, layer="x"), "F003").maybe


def test_missing_files_and_endings_name_the_nearest(tmp_path: Path) -> None:
    """A typing error in a file name gets the nearest one; an unknown ending the known ones."""
    gpkg(tmp_path, [box(0, 0)])
    assert "parcels.gpkg" in one(read(tmp_path / "parcel.gpkg"), "F001").maybe
    assert ".gpkg" in one(read(csv_file(tmp_path, "x", "a.docx")), "F002").maybe


@pytest.mark.parametrize("ending", ["gpkg", "gdb", "geojson", "txt"])
def test_convert_round_trip(tmp_path: Path, ending: str) -> None:
    """What is written is read back with the same ids, areas and outlines (to a millimetre)."""
    from landopt.desk.prepare.convert import convert

    source = gpkg(tmp_path, SHAPES)
    target = tmp_path / f"out.{ending}"
    done = CliRunner().invoke(convert, [str(source), str(target), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["parcels"] == 2
    again = open_parcels(target)
    assert again.geometry is not None
    assert all(shapely.hausdorff_distance(a, b) < 0.001 for a, b in zip(again.geometry, SHAPES, strict=True))
    refused = CliRunner().invoke(convert, [str(source), str(target)])
    assert isinstance(refused.exception, Refused)
    assert refused.exception.issues[0].code == "F007"
    assert sorted(e.name for e in tmp_path.iterdir()) == sorted(["parcels.gpkg", target.name])


def test_chinese_columns_survive_geopackage_and_geodatabase(tmp_path: Path) -> None:
    """Converted from a GBK shapefile, names, units and values stay."""
    source = shapefile(tmp_path, [box(0, 0)], chinese(1, **{"面积(亩)": ["12"]}))
    for ending in ("gpkg", "gdb"):
        target = tmp_path / f"o.{ending}"
        write_parcels(open_parcels(source), target)
        land = good(target)
        assert land.table.ids == ("NS-001",)
        assert land.table.column("use") == ("RES",)
        assert land.table.column("area_m2") == (8000,)


def test_deleted_dbf_records_are_left_out(tmp_path: Path) -> None:
    """A record marked as deleted is no parcel, and the rest keeps its row."""
    path = shapefile(tmp_path, [box(0, 0), box(1, 0), box(2, 0)], chinese(3))
    dbf = path.with_suffix(".dbf")
    raw = bytearray(dbf.read_bytes())
    width = int.from_bytes(raw[10:12], "little")
    raw[int.from_bytes(raw[8:10], "little") + width] = ord("*")
    dbf.write_bytes(bytes(raw))
    assert good(path).table.ids == ("NS-001", "NS-003")


def test_demands_from_a_workbook_and_list_cells(tmp_path: Path) -> None:
    """`;`, `、` and `,` part the items of a list; Chinese words stand for codes."""
    book = openpyxl.Workbook()
    book.active.append(
        ["需求编号", "平台类型", "主体类型", "需求用途", "最小面积(亩)", "最大面积(公顷)", "优先级", "意向行政区"]
    )
    book.active.append(["D1", "国家级平台", "高校", "科研用地、IND;NS_M9", 15, 2, 7, "南沙街道,横沥镇"])
    book.save(tmp_path / "d.xlsx")
    file = read_demands(tmp_path / "d.xlsx")
    assert file.issues == ()
    row = file.table.row(0)
    assert row["uses"] == ("IND", "NS_M9", "RES")
    assert row["districts"] == ("南沙街道", "横沥镇")
    assert (row["area_min_m2"], row["area_max_m2"]) == (10_000, 20_000)
    assert row["operator"] == "univ"


def test_workbooks_with_several_sheets_ask_which(tmp_path: Path) -> None:
    """The sheets are listed; the one named is read."""
    book = openpyxl.Workbook()
    for name in ("一", "二"):
        sheet = book.create_sheet(name)
        sheet.append(["demand_id", "platform_kind", "operator", "uses", "area_min_m2", "area_max_m2", "priority"])
        sheet.append(["D1", "national", "univ", "RES", 1, 2, 5])
    book.save(tmp_path / "d.xlsx")
    with pytest.raises(Refused) as caught:
        read_demands(tmp_path / "d.xlsx")
    assert "一, 二" in caught.value.issues[0].maybe
    assert read_demands(tmp_path / "d.xlsx", layer="二").rows == 1


def test_drop_leaves_a_parcel_out_before_it_is_judged(tmp_path: Path) -> None:
    """A broken parcel that is dropped is no longer a finding; an unknown id is one."""
    path = gpkg(tmp_path, [box(0, 0), None])
    land = good(path, drop=["P2"])
    assert land.table.ids == ("P1",)
    assert land.dropped == ("P2",)
    assert "P2" in one(read(path, drop=["P3"]), "P059").what or has(read(path, drop=["P3"]), "P003")


def test_digest_of_a_file_is_its_sha256(tmp_path: Path) -> None:
    """The digest names the bytes as they lie on disk."""
    import hashlib

    path = gpkg(tmp_path, [box(0, 0)])
    assert read_parcels(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("label", ["A1", "1", "15", "B-1", "1ha-3"])
def test_a_name_that_looks_like_an_area_stays_a_name(label: str) -> None:
    """A1 in a parcel of one hectare is its name; beside another text there are two names."""
    assert not _is_area(label, 10_000.0)


@pytest.mark.parametrize(
    "label", ["10000", "10000.0", "1.0000", "1公顷", "15亩", "面积=1", "面积：10000㎡", "S=10000", "1.0 ha"]
)
def test_labels_that_say_the_area(label: str) -> None:
    """With a word, a unit, a decimal point, or whole square metres."""
    assert _is_area(label, 10_000.0)
    assert not _is_area(label, 12_000.0)
