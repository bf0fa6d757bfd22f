"""What other GIS programs find: styles, boundary points, a file geodatabase."""

from __future__ import annotations

import sqlite3
import xml.dom.minidom
from pathlib import Path

from landopt.report.source import open_source
from tests.report.making import call


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
