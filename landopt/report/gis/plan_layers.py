"""``plan.gpkg``: parcels with method and reasons, and the supplied sites, for QGIS and ArcGIS."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.report.gis.layer_files import add_aliases, disk_of, write_gpkg_layer
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


_PUBLIC = ("site", "user", "method", "term_years", "period")
_PUBLIC_SITE = ("user", "method", "area_m2", "term_years", "period")
"""What the public edition says of a parcel and of a site besides its land (:mod:`landopt.report.public`)."""


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


def _published(entry: Mapping[str, Any], users: Mapping[str, str]) -> dict[str, Any]:
    return {
        "site": "+".join(entry["parcel_ids"]),
        "user": users.get(entry["demand_id"] or ""),
        **{name: entry[name] for name in ("method", "term_years", "period")},
    }


def write_plan_gpkg(
    path: Path,
    plan: Mapping[str, Any],
    parcels: FactTable,
    polygons: geopandas.GeoDataFrame,
    *,
    users: Mapping[str, str] | None = None,
) -> None:
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
    users
        For the public edition, whose ``plan`` is reduced: the names of the users that are displayed, by id.

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
        said = _of_assignment(entry) if users is None else _published(entry, users)
        state.update(dict.fromkeys(entry["parcel_ids"], said))
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
    told = [state.get(identifier, nothing) for identifier in ids]
    columns: dict[str, list[Any]] = {"parcel_id": ids}
    for name in _COLUMNS if users is None else ("parcel_name", *_COLUMNS):
        values = parcels.column(name)
        columns[name] = [values[row] for row in order]
    columns |= {name: [each.get(name) for each in told] for name in (_SAID if users is None else _PUBLIC)}
    shapes = np.asarray(polygons.geometry.values)
    at = {identifier: number for number, identifier in enumerate(ids)}
    taken = plan["assignments"]
    sites: dict[str, list[Any]] = {"site": ["+".join(entry["parcel_ids"]) for entry in taken]}
    if users is None:
        sites |= {name: [entry[name] for entry in taken] for name in _OF_SITE}
    else:
        shown = [_published(entry, users) | {"area_m2": entry["area_m2"]} for entry in taken]
        sites |= {name: [each[name] for each in shown] for name in _PUBLIC_SITE}
    places = [[at[name] for name in entry["parcel_ids"]] for entry in taken]
    united = [shapely.union_all(shapes[place]) for place in places]
    # the date inside the file is the round's, so that the same plan gives the same bytes
    options = {"OGR_CURRENT_DATE": f"{plan['case']['as_of']}T00:00:00.000Z", "OGR_SQLITE_SYNCHRONOUS": "OFF"}
    pyogrio.set_gdal_config_options(options)
    try:
        with disk_of(path):
            write_gpkg_layer(path, "parcels", columns, shapes, polygons.crs)
            if taken:
                write_gpkg_layer(path, "sites", sites, np.array(united, object), polygons.crs)
            add_aliases(path, {"parcels": list(columns), **({"sites": list(sites)} if taken else {})})
            add_styles(path, plan["case"]["as_of"])
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))
