"""What services and other programs answer: Esri JSON, GML and WFS, FlatGeobuf, web degrees, other grids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import shapely

from parcels.common.issues import Refused
from parcels.common.place import Place
from parcels.geometry.crs import place
from parcels.read import read_parcels
from tests.parcels.making import X0, Y0, box, columns, good, one, read

HEAD = (
    '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs" xmlns:gml="http://www.opengis.net/gml" xmlns:t="t">'
)


def gml(folder: Path, system: str, turned: bool, extra: str = "") -> Path:
    """A WFS answer with one parcel."""
    facts = "".join(
        f"<t:{name}>{str(cells[0]).lower() if name != 'parcel_id' else cells[0]}</t:{name}>"
        for name, cells in columns(1, use="0802").items()
    )
    points = " ".join(f"{y} {x}" if turned else f"{x} {y}" for x, y in box(0, 0).exterior.coords)
    ring = f"<gml:exterior><gml:LinearRing><gml:posList>{points}</gml:posList></gml:LinearRing></gml:exterior>"
    shape = f'<t:geom><gml:Polygon srsName="{system}">{ring}</gml:Polygon></t:geom>'
    path = folder / "answer.gml"
    path.write_text(
        f"{extra}{HEAD}<gml:featureMember><t:dk>{facts}{shape}</t:dk></gml:featureMember></wfs:FeatureCollection>",
        "utf-8",
    )
    return path


@pytest.mark.parametrize(
    ("system", "turned"),
    [("urn:ogc:def:crs:EPSG::4526", True), ("EPSG:4526", False), ("http://www.opengis.net/def/crs/EPSG/0/4526", True)],
)
def test_gml_of_either_axis_order(tmp_path: Path, system: str, turned: bool) -> None:
    """The name of the system says which coordinate comes first."""
    file = good(gml(tmp_path, system, turned), use_codes="planning-2023")
    assert file.table.column("area_m2") == (8000,)
    assert file.geometry.geometry.iloc[0].equals(box(0, 0))


def test_gml_in_the_wrong_order_is_refused(tmp_path: Path) -> None:
    """Never turned in silence."""
    assert one(read(gml(tmp_path, "EPSG:4526", True), use_codes="planning-2023"), "P016")


@pytest.mark.parametrize("text", ["<ows:ExceptionReport/>", '<!DOCTYPE x [<!ENTITY a "b">]><x/>', "<a", "<a/>"])
def test_what_is_no_answer_is_refused(tmp_path: Path, text: str) -> None:
    """Error reports, entities, broken and empty documents."""
    path = tmp_path / "a.gml"
    path.write_text(text, "utf-8")
    with pytest.raises(Refused):
        read_parcels(path)


def esri(folder: Path, **others: Any) -> Path:
    """An answer of an ArcGIS service with one parcel and a hole."""
    hole = shapely.box(X0 + 10, Y0 + 10, X0 + 20, Y0 + 20)
    rings = [list(map(list, box(0, 0).exterior.coords))[::-1], list(map(list, hole.exterior.coords))]
    facts = {name: cells[0] for name, cells in columns(1, net_land=None).items()}
    domain = {"type": "codedValue", "codedValues": [{"name": "是", "code": 0}, {"name": "否", "code": 1}]}
    value = {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4526, "latestWkid": 4526},
        "fields": [{"name": "净地", "type": "esriFieldTypeInteger", "domain": domain}],
        "features": [{"attributes": {**facts, "净地": 0}, "geometry": {"rings": rings}}],
        **others,
    }
    path = folder / "answer.json"
    path.write_text(json.dumps(value, ensure_ascii=False), "utf-8")
    return path


def test_esri_json_is_read_with_its_domains_and_holes(tmp_path: Path) -> None:
    """The code 0 is 是 here."""
    file = good(esri(tmp_path))
    assert file.table.column("net_land") == (True,)
    assert file.table.column("area_m2") == (7900,)


def test_an_answer_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    """The service says itself that there are more features."""
    assert one(read(esri(tmp_path, exceededTransferLimit=True)), "P037")


def test_flatgeobuf_and_geoparquet(tmp_path: Path) -> None:
    """Both keep ids, facts and system; GeoParquet in its default degrees gets the warning of web degrees."""
    frame = geopandas.GeoDataFrame(columns(2), geometry=[box(0, 0), box(2, 0)], crs=4526)
    frame.to_file(tmp_path / "p.fgb", driver="FlatGeobuf", engine="pyogrio")
    assert good(tmp_path / "p.fgb").table.column("area_m2") == (8000, 8000)
    pytest.importorskip("pyarrow")
    frame.to_crs("OGC:CRS84").to_parquet(tmp_path / "p.parquet")
    file = good(tmp_path / "p.parquet")
    assert file.crs == "EPSG:4526"
    assert any(issue.key == "P015.wgs-84-taken" for issue in file.issues)


GRID = (
    'PROJCS["{name}",GEOGCS["{base}",DATUM["{datum}",SPHEROID["{sphere}",6378137.0,{flat}]],PRIMEM["Greenwich",0.0],'
    'UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{east}],'
    'PARAMETER["False_Northing",{north}],PARAMETER["Central_Meridian",{lon}],PARAMETER["Scale_Factor",{k}],'
    'PARAMETER["Latitude_Of_Origin",{lat}],UNIT["Meter",{unit}]]'
)
CGCS = {
    "name": "CGCS2000_3_Degree_GK_CM_114E",
    "base": "GCS_China_Geodetic_Coordinate_System_2000",
    "datum": "D_China_2000",
    "sphere": "CGCS2000",
    "flat": 298.257222101,
    "east": 500000.0,
    "north": 0.0,
    "lon": 114.0,
    "k": 1.0,
    "lat": 0.0,
    "unit": 1.0,
}
SQUARE = np.array([shapely.box(455000, 2510000, 455100, 2510080)], dtype=object)


def test_a_grid_is_a_zone_only_if_all_of_it_is() -> None:
    """Each parameter alone makes it another grid; the false northing of -2,000,000 was once taken for EPSG:4547."""
    assert place(SQUARE, GRID.format(**CGCS), Place("x")).crs == "EPSG:4547"
    for change in (
        {"north": -2_000_000.0},
        {"k": 0.9996},
        {"lat": 20.0},
        {"lon": 113.0},
        {"east": 400_000.0},
        {"unit": 0.3048},
        {"flat": 298.3},
    ):
        placed = place(SQUARE, GRID.format(**{**CGCS, **change}), Place("x"))
        assert [issue.code for issue in placed.issues if issue.level == "error"] == ["P014"], change
        assert not placed.crs


def test_wgs_84_grids_are_read_with_the_warning() -> None:
    """Gauss-Krüger and UTM on WGS 84."""
    wgs = {
        "name": "WGS_1984_GK",
        "base": "GCS_WGS_1984",
        "datum": "D_WGS_1984",
        "sphere": "WGS_1984",
        "flat": 298.257223563,
    }
    for system in (GRID.format(**{**CGCS, **wgs}), "EPSG:32649"):
        placed = place(SQUARE, system, Place("x"))
        assert placed.crs.startswith("EPSG:45")
        assert "P015.wgs-84-taken" in [issue.key for issue in placed.issues]
