"""Coordinate systems: the forms of CGCS2000 zones, what is transformed, what is refused."""

from __future__ import annotations

from pathlib import Path

import geopandas
import pyproj
import pytest
import shapely

from parcels.geometry.crs import zone_epsg
from parcels.geometry.systems import epsg_of, zone_of
from parcels.layers import Layer, overlay_layers
from tests.parcels.making import box, good, gpkg, has, layer, one, read


def test_both_forms_of_every_zone() -> None:
    """4513 + zone - 25 with the zone in the easting, 4534 + zone - 25 without."""
    assert (zone_epsg(38), zone_epsg(38, prefixed=False)) == (4526, 4547)
    assert (zone_epsg(40), zone_epsg(25), zone_epsg(45)) == (4528, 4513, 4533)
    assert zone_of(4526) == zone_of(4547) == 38
    assert zone_of(4490) is None
    for zone in range(25, 46):
        for prefixed in (True, False):
            crs = pyproj.CRS.from_epsg(zone_epsg(zone, prefixed=prefixed))
            assert crs.to_dict()["lon_0"] == 3 * zone
            assert crs.to_dict()["x_0"] == 500_000 + prefixed * zone * 1_000_000


@pytest.mark.parametrize("epsg", [4526, 4547, 4490, 4508, 4534])
def test_systems_are_known_from_epsg_wkt_and_esri_wkt(epsg: int) -> None:
    """As GeoPackage, .prj of ArcGIS and round.toml write them."""
    crs = pyproj.CRS.from_epsg(epsg)
    for text in (f"EPSG:{epsg}", crs.to_wkt(), crs.to_wkt("WKT1_ESRI"), crs.to_wkt("WKT1_GDAL")):
        assert epsg_of(text) == epsg, text


def test_a_prj_without_any_code_is_known_by_its_parameters() -> None:
    """A hand-written transverse Mercator named CGCS2000 is the zone of its meridian and false easting."""
    text = (
        'PROJCS["GZ_CGCS2000_114",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],'
        'PROJECTION["Gauss_Kruger"],PARAMETER["False_Easting",{easting}],PARAMETER["False_Northing",0.0],'
        'PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],PARAMETER["Latitude_Of_Origin",0.0],'
        'UNIT["Meter",1.0]]'
    )
    assert epsg_of(text.replace("{easting}", "38500000.0")) == 4526
    assert epsg_of(text.replace("{easting}", "500000.0")) == 4547
    assert epsg_of(text.replace("{easting}", "700000.0")) is None


def test_the_two_forms_of_a_zone_give_the_same_place() -> None:
    """4547 (455000, 2510000) is 4526 (38455000, 2510000)."""
    moved = geopandas.GeoSeries([shapely.Point(455000, 2510000)], crs=4547).to_crs(4526).iloc[0]
    assert (moved.x, moved.y) == pytest.approx((38455000, 2510000), abs=1e-6)


@pytest.mark.parametrize("epsg", [2414, 2362, 4214, 4610])
def test_older_datums_are_refused(tmp_path: Path, epsg: int) -> None:
    """Beijing 54 and Xi'an 80 need the bureau's parameters: never a ballpark shift."""
    degrees = pyproj.CRS.from_epsg(epsg).is_geographic
    shapes = [shapely.box(113.5, 22.7, 113.501, 22.701) if degrees else box(0, 0)]
    assert one(read(gpkg(tmp_path, shapes, crs=epsg)), "P014").level == "error"


def test_web_and_utm_coordinates_are_projected_and_recorded(tmp_path: Path) -> None:
    """Areas are never measured in web Mercator, where they are 17 % too large here."""
    for epsg in (3857, 32649, 4326):
        shapes = geopandas.GeoSeries([box(0, 0)], crs=4526).to_crs(epsg).tolist()
        land = good(gpkg(tmp_path, shapes, crs=epsg, name=f"{epsg}.gpkg"))
        assert land.crs == "EPSG:4526"
        assert land.table.column("area_m2") == (8000,)
        assert has(land.issues, "P015", "warning")


def test_a_geojson_in_metres_without_crs_is_refused(tmp_path: Path) -> None:
    """Without a crs member GeoJSON is in degrees; eight-digit eastings are not, so the system must be said."""
    path = tmp_path / "p.geojson"
    frame = geopandas.read_file(gpkg(tmp_path, [box(0, 0)]))
    path.write_text(frame.to_json(drop_id=True).replace('"crs"', '"was"'))
    assert "EPSG:4526" in one(read(path), "P014").maybe
    assert good(path, crs="EPSG:4526").table.column("area_m2") == (8000,)


def test_nonsense_is_refused(tmp_path: Path) -> None:
    """A crs that is none."""
    assert has(read(gpkg(tmp_path, [box(0, 0)], crs=None), crs="zone 38"), "P014")


def test_layers_without_a_system_are_refused(tmp_path: Path) -> None:
    """A red line without CRS is not taken to be in the parcels' system."""
    land = good(gpkg(tmp_path, [box(0, 0)]))
    laid = overlay_layers(land, [Layer("ecological_red_line", layer(tmp_path, "erl", [box(0, 0)], crs=None))])
    assert has(laid.issues, "L014")
    assert laid.table.column("in_erl") == (None,)
