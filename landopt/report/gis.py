"""``plan.gpkg``: parcels with method and reasons, and the supplied sites, for QGIS and ArcGIS."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.report.styles import add_styles

if TYPE_CHECKING:
    import geopandas

_COLUMNS = ("use", "district", "land_source", "area_m2")


@contextmanager
def disk_of(path: Path) -> Iterator[None]:
    """GDAL and SQLite tell a full or broken disk in errors of their own; from here on it is an ``OSError`` like any."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataSourceError, DataLayerError, sqlite3.Error) as trouble:
        raise OSError(errno.EIO, f"{path.name}: {trouble}", str(path)) from trouble


def _joined(reasons: list[Mapping[str, Any]], language: str) -> str:
    return "; ".join(str(reason.get(language, "")) for reason in reasons if reason.get(language))


def _of_assignment(entry: Mapping[str, Any]) -> dict[str, Any]:
    conditions = entry["conditions"]
    return {
        "state": "supplied",
        "site": "+".join(entry["parcel_ids"]),
        "demand_id": entry["demand_id"],
        "role": entry["role"],
        "method": entry["method"],
        "term_years": entry["term_years"],
        "verdict": entry["verdict"],
        "start_price_yuan": entry["start_price_yuan"],
        "rules": "; ".join(entry["rules"]),
        "reasons_en": _joined(conditions, "en"),
        "reasons_zh": _joined(conditions, "zh"),
    }


def write_plan_gpkg(
    path: Path, plan: Mapping[str, Any], parcels: Mapping[str, Mapping[str, Any]], polygons: geopandas.GeoDataFrame
) -> None:
    """Write the layers ``parcels`` and ``sites``.

    Parameters
    ----------
    path
        The GeoPackage to write.
    plan
        ``plan.json``.
    parcels
        For each parcel id its facts (``use``, ``district``, ``land_source``, ``area_m2``).
    polygons
        Polygons in the projected CRS, index = parcel id.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    import geopandas
    import numpy as np
    import pyogrio
    import shapely

    state: dict[str, dict[str, Any]] = {}
    for entry in plan["assignments"]:
        for identifier in entry["parcel_ids"]:
            state[identifier] = _of_assignment(entry)
    for entry in plan["held"]:
        state[entry["parcel_id"]] = {
            "state": "held",
            "reasons_en": _joined(entry["reasons"], "en"),
            "reasons_zh": _joined(entry["reasons"], "zh"),
        }
    names = ["state", "site", "demand_id", "role", "method", "term_years", "verdict", "start_price_yuan", "rules"]
    names += ["reasons_en", "reasons_zh"]
    nothing: dict[str, Any] = {}
    facts = [parcels[identifier] for identifier in polygons.index]
    said = [state.get(identifier, nothing) for identifier in polygons.index]
    rows = {
        "parcel_id": list(polygons.index),
        **{name: [each.get(name) for each in facts] for name in _COLUMNS},
        **{name: [each.get(name) for each in said] for name in names},
    }
    shapes = np.asarray(polygons.geometry.values)
    at = {identifier: number for number, identifier in enumerate(polygons.index)}
    frame = geopandas.GeoDataFrame(rows, geometry=shapes, crs=polygons.crs)
    for name in ("term_years", "start_price_yuan", "area_m2"):
        frame[name] = frame[name].astype("Int64")
    sites = [
        {
            "site": "+".join(entry["parcel_ids"]),
            "demand_id": entry["demand_id"],
            "method": entry["method"],
            "role": entry["role"],
            "area_m2": entry["area_m2"],
            "term_years": entry["term_years"],
            "start_price_yuan": entry["start_price_yuan"],
            "geometry": shapely.union_all(shapes[[at[name] for name in entry["parcel_ids"]]]),
        }
        for entry in plan["assignments"]
    ]
    # the date inside the file is the round's, so that the same plan gives the same bytes
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{plan['case']['as_of']}T00:00:00.000Z"})
    try:
        with disk_of(path):
            frame.to_file(path, layer="parcels", driver="GPKG", engine="pyogrio", promote_to_multi=True)
            if sites:
                chosen = geopandas.GeoDataFrame(sites, geometry="geometry", crs=polygons.crs)
                chosen["term_years"] = chosen["term_years"].astype("Int64")
                chosen.to_file(path, layer="sites", driver="GPKG", engine="pyogrio", promote_to_multi=True)
            add_styles(path, plan["case"]["as_of"])
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
