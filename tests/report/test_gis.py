"""What other GIS programs find: styles, boundary points, a file geodatabase."""

from __future__ import annotations

import html
import os
import re
import shutil
import sqlite3
import subprocess
import xml.dom.minidom
import zipfile
from pathlib import Path
from typing import Any

import pytest

from landopt.report.source import open_source
from tests.report.making import call
from tests.report.test_codec import unpack


def test_the_gpkg_opens_in_the_colours_of_the_map(plain: Path) -> None:
    """QGIS finds a default style for each layer, with a category a method."""
    with sqlite3.connect(plain / "plan.gpkg") as store:
        rows = list(store.execute("SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"))
    assert [row[0] for row in rows] == ["parcels", "sites"]
    assert all(row[1] == "geom" and row[2] == 1 for row in rows)
    parsed = xml.dom.minidom.parseString(rows[0][3])
    values = [node.getAttribute("value") for node in parsed.getElementsByTagName("category")]
    assert set(open_source(plain).methods) <= set(values)


def test_boundary_points_hold_the_supplied_parcels(plain: Path) -> None:
    """Every part of a supplied parcel is a plot of its own, in GB 18030 with the zone named."""
    source = open_source(plain)
    text = (plain / "report" / "boundary.txt").read_bytes().decode("gb18030")
    supplied = [row for row in source.rows if row.entry is not None]
    assert text.count(",面,") == sum(len(source.polygons.geometry.loc[row.parcel_id].geoms) for row in supplied)
    assert "带号=38" in text
    assert {row.parcel_id for row in supplied} <= {line.split(",")[2] for line in text.split("\r\n") if ",面," in line}


def test_a_file_geodatabase_on_request(plain: Path, tmp_path: Path) -> None:
    """Both layers, all parcels."""
    import pyogrio

    assert call(plain, "--gdb", "-o", tmp_path / "r").exit_code == 0
    assert len(pyogrio.read_dataframe(tmp_path / "r" / "plan.gdb", layer="parcels")) == len(open_source(plain).rows)


OLD_GDAL = shutil.which("ogrinfo")
BARE = {name: value for name, value in os.environ.items() if not name.startswith("GDAL_")}
SYSTEM = "/usr/bin/python3"
QGIS = Path("/usr/lib/python3/dist-packages/qgis/core").exists()
needs_gdal = pytest.mark.skipif(
    OLD_GDAL is None and not os.environ.get("CI"), reason="Debian's gdal-bin is not installed"
)
needs_qgis = pytest.mark.skipif(not QGIS and not os.environ.get("CI"), reason="Debian's python3-qgis is not installed")


@needs_gdal
@pytest.mark.parametrize("kind", ["gpkg", "gdb"])
def test_an_old_gdal_reads_every_layer_whole(plain: Path, tmp_path: Path, kind: str) -> None:
    """GDAL of Debian (3.6): no warning, no whole number of 64 bits, every row, amounts exact."""
    path = plain / "plan.gpkg"
    if kind == "gdb":
        assert call(plain, "--gdb", "-o", tmp_path / "r").exit_code == 0
        path = tmp_path / "r" / "plan.gdb"
    for layer in ("parcels", "sites"):
        done = subprocess.run(
            [str(OLD_GDAL), "-ro", "-al", str(path), layer], capture_output=True, text=True, timeout=60, env=BARE
        )
        assert done.returncode == 0
        assert not re.search("warning|error", done.stderr, re.I), done.stderr
        assert "Integer64" not in done.stdout
        told = re.search(r"Feature Count: (\d+)", done.stdout)
        assert told is not None
        count = int(told[1])
        source = open_source(plain)
        assert count == (len(source.rows) if layer == "parcels" else len(source.plan["assignments"]))
        prices = [float(each) for each in re.findall(r"start_price_yuan \(Real\) = (\d+)", done.stdout)]
        wanted = sum(
            e["start_price_yuan"] * (len(e["parcel_ids"]) if layer == "parcels" else 1)
            for e in source.plan["assignments"]
        )
        assert sum(prices) == wanted
        if kind == "gdb":
            assert 'alternative name="供应方式"' in done.stdout


LONGEST = {"gdb": (64, 255), "gpkg": (64, 255)}
"""Signs of a field's name and of its alias that ArcGIS 10.x documents for a geodatabase; a GeoPackage is read alike."""
_KEYWORDS = (
    "add alter and between by column create date delete drop exists for from group in insert into is like not null or",
    "order select set table update values where objectid shape shape_length shape_area",
)
RESERVED = {word for line in _KEYWORDS for word in line.split()}
"""Words that ArcGIS refuses as names of fields or layers."""
TYPES = {"String", "Integer", "Real", "Date"}
"""What ArcGIS 10.x has of what GDAL tells: no whole numbers of 64 bits, lists, times, booleans, JSON or binary."""


def layers_of(path: Path) -> dict[str, tuple[str, dict[str, tuple[str, str]]]]:
    """By layer its kind of geometry and its fields (type, alias) as Debian's GDAL tells them."""
    command = [str(OLD_GDAL), "-ro", "-so", "-al", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=BARE, check=True)
    assert not re.search("warning|error", done.stderr, re.I), done.stderr
    found = {}
    for part in done.stdout.split("Layer name: ")[1:]:
        name, _, rest = part.partition("\n")
        geometry = re.search(r"^Geometry: (.*)$", rest, re.M)
        fields = re.findall(r"^(\w+): (\w+(?:\(\w+\))?) \([\d.]+\)(?:.*alternative name=\"(.*)\")?", rest, re.M)
        assert geometry is not None
        found[name] = geometry[1], {field: (kind, alias) for field, kind, alias in fields}
    return found


@needs_gdal
def test_files_keep_to_what_arcgis_10_reads(plain: Path, tmp_path: Path) -> None:
    """Names, aliases, types and geometry of every layer that is written, the public edition and the protected too."""
    folder = with_round(plain, tmp_path / "round")
    assert call(folder, "--gdb", "--qgz", "-o", tmp_path / "r").exit_code == 0
    assert call(folder, "--public", "-o", tmp_path / "p").exit_code == 0
    files = [folder / "plan.gpkg", *(tmp_path / "r").glob("*.g*"), *(tmp_path / "p").glob("*.gpkg")]
    assert {path.name for path in files} == {"plan.gpkg", "plan.gdb", "plan-public.gpkg", "protected.gpkg"}
    for path in files:
        layers = {name: each for name, each in layers_of(path).items() if name != "layer_styles"}
        assert layers
        longest, widest = LONGEST[path.suffix[1:]]
        for name, (geometry, fields) in layers.items():
            assert geometry == "Multi Polygon"
            assert fields
            assert len(name) <= longest
            for field, (kind, alias) in fields.items():
                assert kind in TYPES, (path.name, name, field)
                assert re.fullmatch("[A-Za-z][A-Za-z0-9_]*", field)
                assert len(field) <= longest
                assert field.lower() not in RESERVED
                assert len(alias) <= widest
        if path.suffix == ".gpkg":
            with sqlite3.connect(path) as store:
                assert store.execute("PRAGMA application_id").fetchone() == (0x47504B47,)  # "GPKG", from 1.2 on
                assert store.execute("PRAGMA user_version").fetchone() == (10200,)
                extensions = {name for (name,) in store.execute("SELECT extension_name FROM gpkg_extensions")}
                assert extensions <= {"gpkg_rtree_index", "gpkg_schema"}


def test_a_price_above_32_bits_is_exact(plain: Path, tmp_path: Path) -> None:
    """4,912,345,679 yuan: more than a whole number of 32 bits holds, and no digit is lost."""
    from landopt.report.gis.layer_files import write_gdb_layer, write_gpkg_layer

    polygons = open_source(plain).polygons
    shapes = polygons.geometry.values[:1]
    columns: dict[str, list[Any]] = {"site": ["a"], "start_price_yuan": [4_912_345_679], "term_years": [None]}
    import pyogrio

    for write, name in ((write_gpkg_layer, "a.gpkg"), (write_gdb_layer, "a.gdb")):
        write(tmp_path / name, "sites", columns, shapes, polygons.crs)
        frame = pyogrio.read_dataframe(tmp_path / name, layer="sites")
        assert int(frame["start_price_yuan"][0]) == 4_912_345_679
        assert frame["term_years"].isna()[0]


def test_the_gpkg_is_version_1_2_with_chinese_aliases(plain: Path) -> None:
    """user_version 10200, an alias a column, and the extension that says so."""
    with sqlite3.connect(plain / "plan.gpkg") as store:
        assert store.execute("PRAGMA user_version").fetchone() == (10200,)
        named = dict(store.execute("SELECT column_name, name FROM gpkg_data_columns WHERE table_name = 'parcels'"))
        assert store.execute(
            "SELECT count(*) FROM gpkg_extensions WHERE extension_name = 'gpkg_schema'"
        ).fetchone() == (1,)
        columns = [row[1] for row in store.execute("PRAGMA table_info(parcels)")]
    assert set(named) == set(columns) - {"fid", "geom"}
    assert all(re.search("[\u4e00-\u9fff]", alias) for alias in named.values())


def with_round(plain: Path, place: Path) -> Path:
    """The plan beside a round with a layer of basic farmland, the file its plan knows."""
    import json

    import geopandas
    import pyogrio
    import shapely

    from parcels.common.digests import sha256_of

    source = open_source(plain)
    west, south, _, _ = source.polygons.total_bounds
    frame = geopandas.GeoDataFrame(
        {"n": ["x"]}, geometry=[shapely.box(west, south, west + 90, south + 90)], crs="EPSG:4526"
    )
    place.mkdir()
    pyogrio.write_dataframe(frame, place / "pbf.gpkg", layer="pbf")
    (place / "round.toml").write_text(
        '[round]\nid = "r"\ntitle = { en = "R", zh = "轮" }\nauthority = "A"\nas_of = 2026-03-31\n'
        'start = 2026-04-01\nend = 2026-12-31\n[inputs]\nparcels = "p.gpkg"\ndemands = "d.csv"\n'
        '[inputs.layers]\npermanent_basic_farmland = "pbf.gpkg|pbf"\n',
        "utf-8",
    )
    for name in ("p.gpkg", "d.csv"):
        (place / name).write_bytes(b"")
    folder = shutil.copytree(plain, place / "plan", ignore=shutil.ignore_patterns("report*"))
    case = json.loads((folder / "case.json").read_text("utf-8"))
    case["inputs"].append({"name": "pbf.gpkg", "sha256": sha256_of(place / "pbf.gpkg"), "rows": 1})
    (folder / "case.json").write_text(json.dumps(case, ensure_ascii=False), "utf-8")
    return folder


def test_protected_areas_come_from_the_round_and_only_as_the_plan_knew_them(plain: Path, tmp_path: Path) -> None:
    """The layer beside the plan is shown; once the file has changed it is not."""
    from landopt.report.protected import protected_areas

    folder = with_round(plain, tmp_path / "round")
    (area,) = protected_areas(open_source(folder))
    assert (area.role, len(area.shapes)) == ("permanent_basic_farmland", 1)
    with sqlite3.connect(tmp_path / "round" / "pbf.gpkg") as store:
        store.execute("DELETE FROM pbf")
    assert protected_areas(open_source(folder)) == ()
    assert protected_areas(open_source(plain)) == ()


def test_the_map_carries_the_protected_areas_that_forbid(plain: Path, tmp_path: Path) -> None:
    """Each area with its title and its outline; a plan without its round has none."""
    for folder, wanted in ((with_round(plain, tmp_path / "round"), ["永久基本农田"]), (plain, [])):
        out = tmp_path / f"page-{len(wanted)}"
        assert call(folder, "--html", "--lang", "zh", "-o", out).exit_code == 0
        packed = re.search(r'id="payload">([^<]*)<', (out / "map.html").read_text("utf-8"))
        assert packed is not None
        head, columns = unpack(html.unescape(packed[1]))
        assert [area["title"]["zh"] for area in head["protected"]] == wanted
        assert (len(columns["protected_x"]) >= 4) == bool(wanted)
        assert len(columns["protected_x"]) == len(columns["protected_y"])


def text_of(node: xml.dom.minidom.Element) -> str:
    """The text that an element begins with."""
    text = node.firstChild
    assert isinstance(text, xml.dom.minidom.Text)
    return text.data


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_project_names_its_layers_by_relative_paths(plain: Path, tmp_path: Path, lang: str) -> None:
    """plan.qgz is well-formed, same bytes twice, with plan, sites, protected areas and a layout; nothing outside."""
    folder = with_round(plain, tmp_path / "round")
    for name in ("a", "b"):
        assert call(folder, "--qgz", "--lang", lang, "-o", folder / name).exit_code == 0
    assert (folder / "a" / "plan.qgz").read_bytes() == (folder / "b" / "plan.qgz").read_bytes()
    text = zipfile.ZipFile(folder / "a" / "plan.qgz").read("plan.qgs").decode()
    parsed = xml.dom.minidom.parseString(text)
    sources = [text_of(node) for node in parsed.getElementsByTagName("datasource")]
    assert sources == [
        "../plan.gpkg|layername=sites",
        "./protected.gpkg|layername=permanent_basic_farmland",
        "../plan.gpkg|layername=parcels",
    ]
    assert len(parsed.getElementsByTagName("Layout")) == 1
    assert not re.search(r"https?://(?!mrcc\.com/qgis\.dtd)", text)
    assert ("第38带" if lang == "zh" else "zone 38") in text


@needs_qgis
def test_qgis_3_22_opens_the_project_and_prints_the_layout(plain: Path, tmp_path: Path) -> None:
    """Headless QGIS of Debian: every layer valid and in its colours, aliases read, the layout printed."""
    folder = with_round(plain, tmp_path / "round")
    assert call(folder, "--qgz", "--lang", "zh").exit_code == 0
    script = (
        "import sys\nfrom qgis.core import *\napp = QgsApplication([], False); app.initQgis()\n"
        "p = QgsProject.instance(); assert p.read(sys.argv[1]); print('crs', p.crs().authid())\n"
        "for l in p.mapLayers().values():\n"
        "    a = [l.attributeAlias(i) for i in range(l.fields().count())]\n"
        "    print('layer', l.name(), l.isValid(), l.featureCount(), type(l.renderer()).__name__, '供应方式' in a)\n"
        "lay = p.layoutManager().layouts()[0]; s = QgsLayoutExporter.ImageExportSettings(); s.dpi = 30\n"
        "print('printed', QgsLayoutExporter(lay).exportToImage(sys.argv[2], s) == QgsLayoutExporter.Success)\n"
        "app.exitQgis()\n"
    )
    given = {**BARE, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": "", "HOME": str(tmp_path)}
    command = [SYSTEM, "-c", script, str(folder / "report" / "plan.qgz"), str(tmp_path / "map.png")]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    count = len(open_source(plain).rows)
    lines = done.stdout.splitlines()
    assert f"layer 方案宗地 True {count} QgsCategorizedSymbolRenderer True" in lines
    assert "layer 永久基本农田 True 1 QgsSingleSymbolRenderer False" in lines
    assert {"crs EPSG:4526", "printed True"} <= set(lines)
    assert (tmp_path / "map.png").stat().st_size > 2000
