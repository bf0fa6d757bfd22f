"""``plan.gpkg``: parcels with method and reasons, and the supplied sites, for QGIS and ArcGIS."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.report.gis.styles import add_styles

if TYPE_CHECKING:
    import geopandas

    from parcels.common.frozen import FactTable

_COLUMNS = ("use", "district", "land_source", "area_m2")
_SAID = (
    *("state", "site", "demand_id", "role", "method", "term_years", "verdict", "start_price_yuan", "rules"),
    *("reasons_en", "reasons_zh"),
)
_OF_SITE = ("demand_id", "method", "role", "area_m2", "term_years", "start_price_yuan")
_NUMBERS = frozenset({"area_m2", "term_years", "start_price_yuan"})


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


def write_plan_gpkg(path: Path, plan: Mapping[str, Any], parcels: FactTable, polygons: geopandas.GeoDataFrame) -> None:
    """Write the layers ``parcels`` and ``sites``.

    The file is not flushed to the disk: the folder it belongs to is, as a whole (:mod:`parcels.common.atomic`).

    Parameters
    ----------
    path
        The GeoPackage to write.
    plan
        ``plan.json``.
    parcels
        The facts of the parcels (``use``, ``district``, ``land_source``, ``area_m2``).
    polygons
        Polygons in the projected CRS, index = parcel id.

    Raises
    ------
    OSError
        If the disk refuses.
    """
    import numpy as np
    import pyogrio
    import shapely

    state: dict[str, dict[str, Any]] = {}
    for entry in plan["assignments"]:
        state.update(dict.fromkeys(entry["parcel_ids"], _of_assignment(entry)))
    for entry in plan["held"]:
        state[entry["parcel_id"]] = {
            "state": "held",
            "reasons_en": _joined(entry["reasons"], "en"),
            "reasons_zh": _joined(entry["reasons"], "zh"),
        }
    ids = [str(identifier) for identifier in polygons.index]
    rows = parcels.index()
    order = [rows[identifier] for identifier in ids]
    nothing: dict[str, Any] = {}
    said = [state.get(identifier, nothing) for identifier in ids]
    columns: dict[str, list[Any]] = {"parcel_id": ids}
    for name in _COLUMNS:
        values = parcels.column(name)
        columns[name] = [values[row] for row in order]
    columns |= {name: [each.get(name) for each in said] for name in _SAID}
    shapes = np.asarray(polygons.geometry.values)
    at = {identifier: number for number, identifier in enumerate(ids)}
    taken = plan["assignments"]
    sites: dict[str, list[Any]] = {"site": ["+".join(entry["parcel_ids"]) for entry in taken]}
    sites |= {name: [entry[name] for entry in taken] for name in _OF_SITE}
    places = [[at[name] for name in entry["parcel_ids"]] for entry in taken]
    united = [shapely.union_all(shapes[place]) for place in places]
    # the date inside the file is the round's, so that the same plan gives the same bytes
    options = {"OGR_CURRENT_DATE": f"{plan['case']['as_of']}T00:00:00.000Z", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    pyogrio.set_gdal_config_options(options)
    try:
        with disk_of(path):
            _write_layer(path, "parcels", columns, shapes, polygons.crs)
            if taken:
                _write_layer(path, "sites", sites, np.array(united, object), polygons.crs)
            add_styles(path, plan["case"]["as_of"])
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def _write_layer(path: Path, layer: str, columns: Mapping[str, list[Any]], shapes: Any, crs: Any) -> None:
    """Write (or add) a layer of multi-polygons; blank numbers and texts stay blank."""
    import numpy as np
    import pyogrio.raw
    import shapely

    data, blank = [], []
    for name, values in columns.items():
        if name in _NUMBERS:
            missing = np.array([value is None for value in values], bool)
            data.append(np.array([value or 0 for value in values], np.int64))
            blank.append(missing if missing.any() else None)
        else:
            data.append(np.array(values, object))
            blank.append(None)
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        data,
        list(columns),
        field_mask=blank,
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=None if crs is None else _named(crs),
        promote_to_multi=True,
    )


def _named(crs: Any) -> str:
    """A coordinate system as GDAL takes it: by number, else by its definition."""
    number = crs.to_epsg()
    return str(crs.to_wkt("WKT1_GDAL")) if number is None else f"EPSG:{number}"
