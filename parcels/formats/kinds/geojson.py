"""GeoJSON read strictly: exact decimals, no double keys, no NaN, and the offset where a cut-off file ends."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.digests import sha256_of
from parcels.common.gate import deeper
from parcels.common.issues import Issue, Refused, error, warning
from parcels.common.place import Place, within
from parcels.formats.decoding.esri_json import from_esri
from parcels.formats.registry import Ask, Outgoing, reads, writes
from parcels.formats.sources import RawTable
from parcels.tables.columns import column_key


class _Double(ValueError):
    """A key that appears twice in one object, and the number of the feature it stands in."""


class _NotFinite(ValueError):
    """NaN or Infinity, which JSON does not know."""


class _Pairs:
    """Objects from their pairs; counts the features that are complete, so that a double key can be placed."""

    def __init__(self) -> None:
        self.features = 0

    def __call__(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            keys = [key for key, _ in pairs]
            raise _Double(next(key for key in keys if keys.count(key) > 1), self.features + 1, made)
        self.features += made.get("type") == "Feature"
        return made


def _row_of(double: _Double, name: str) -> str:
    key = column_key
    ids = {key(str(k)): str(v) for k, v in double.args[2].items() if isinstance(v, str | int)}
    known = next((ids[k] for k in ("parcel_id", "宗地编号", "地块编号", "dkbh", "zdbh", "id") if k in ids), "")
    return f"{name}, row {double.args[1]}" + (f", id {known}" if known else "")


def _constant(name: str) -> Any:
    raise _NotFinite(name)


def load_json(path: Path) -> Any:
    """The value of a JSON file, numbers with a point as exact decimals.

    Raises
    ------
    Refused
        31 (not UTF-8), 35 (NaN, Infinity), 36 (a key twice in one object), 37 (cut off, with the offset).
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Refused(error("P031.not-utf-8", at=path.name, file=path.name, start=problem.start)) from None
    try:
        found = json.loads(text, object_pairs_hook=_Pairs(), parse_float=Decimal, parse_constant=_constant)
        if deeper(found):
            raise Refused(error("F012.deep", at=path.name, name=path.name))
        return found
    except _Double as problem:
        raise Refused(error("P036.key-appears-twice", at=_row_of(problem, path.name), name=problem.args[0])) from None
    except _NotFinite as problem:
        line = 1 + text[: max(text.find(str(problem)), 0)].count("\n")
        raise Refused(error("P035.no-number-json", at=Place(path.name, line), problem=problem)) from None
    except json.JSONDecodeError as problem:
        cut = problem.pos >= len(text.rstrip()) - 1 or problem.msg.startswith("Unterminated")
        at = len(raw) if cut else len(text[: problem.pos].encode())
        key = "P037.json-cut-off" if cut else "P037.no-json"
        raise Refused(
            error(key, at=Place(path.name, problem.lineno), file=path.name, byte=at, trouble=problem.msg)
        ) from None
    except (RecursionError, ValueError) as problem:
        raise Refused(
            error("F004.cannot-read-export", at=path.name, file=path.name, problem=str(problem)[:120])
        ) from None


@reads("GeoJSON", ".geojson", ".json")
def read_geojson(ask: Ask) -> RawTable:
    """A GeoJSON feature collection as a raw table.

    Raises
    ------
    Refused
        As :func:`load_json`; ``F004`` if it is no feature collection.
    """
    path = ask.path
    value = load_json(path)
    if isinstance(value, dict) and str(value.get("geometryType", "")).startswith("esri"):
        value = from_esri(value, path.name)
    if not isinstance(value, dict) or not isinstance(value.get("features"), list):
        raise Refused(error("F004.no-featurecollection", at=path.name, file=path.name))
    names: dict[str, None] = {}
    for feature in value["features"]:
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if isinstance(properties, dict):
            names.update(dict.fromkeys(properties))
    columns: dict[str, list[object]] = {name: [] for name in names}
    shapes: list[Any] = []
    issues: list[Issue] = []
    for row, feature in enumerate(value["features"], 1):
        entry = feature if isinstance(feature, dict) else {}
        properties = entry.get("properties")
        properties = properties if isinstance(properties, dict) else {}
        for name, column in columns.items():
            column.append(_cell(properties.get(name)))
        shape, issue = _shape(entry.get("geometry"), Place(path.name, row=row))
        shapes.append(shape)
        issues.extend(issue)
        if not issue and _open(entry.get("geometry")):
            issues.append(warning("P012.ring-does-not", at=within(path.name, row=row)))
    geometry = np.full(len(shapes), None, dtype=object)
    geometry[:] = shapes
    crs = _crs(value)
    if "crs" not in value and (np.abs(shapely.get_coordinates(geometry)) > 360).any():
        crs = None  # without a crs member GeoJSON is in degrees; these are not
    return RawTable(
        path,
        "",
        "GeoJSON",
        columns,
        range(1, len(shapes) + 1),
        geometry,
        crs,
        issues=tuple(issues),
        sha256=sha256_of(path),
    )


def _cell(value: Any) -> object:
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict) else value


def _crs(value: dict[str, Any]) -> str | None:
    named = value.get("crs")
    if isinstance(named, dict) and isinstance(named.get("properties"), dict):
        name = named["properties"].get("name")
        return str(name) if name else None
    return "EPSG:4326" if "crs" not in value else None


_BUILD = {"Polygon": 1, "MultiPolygon": 2}


def _shape(geometry: Any, where: Place) -> tuple[Any, list[Issue]]:
    if geometry is None:
        return None, []
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    try:
        if kind == "Polygon":
            return _polygon(geometry["coordinates"]), []
        if kind == "MultiPolygon":
            return shapely.MultiPolygon([_polygon(part) for part in geometry["coordinates"]]), []
        return shapely.from_geojson(json.dumps(geometry, default=float)), []
    except (ValueError, TypeError, KeyError, IndexError, OverflowError, shapely.errors.ShapelyError) as problem:
        kind = kind if isinstance(kind, str) else "nothing"
        if "at least 4 coordinates" in str(problem):
            return None, [error("P012.ring-too-short", at=where)]
        return None, [error("P012.no-outline", at=where, kind=kind[:40])]


def _open(geometry: Any) -> bool:
    """True if a ring of a sound polygon lacks its closing point."""
    parts = geometry["coordinates"] if isinstance(geometry, dict) and geometry.get("type") in _BUILD else ()
    rings = parts if geometry and geometry.get("type") == "Polygon" else [ring for part in parts for ring in part]
    return any(ring[0][:2] != ring[-1][:2] for ring in rings)


def _polygon(rings: list[list[list[Any]]]) -> shapely.Polygon:
    closed = [[(float(point[0]), float(point[1])) for point in ring] for ring in rings]
    return shapely.Polygon(closed[0], closed[1:]) if closed else shapely.Polygon()


@writes("GeoJSON", ".geojson", ".json")
def write_geojson(out: Outgoing, path: Path) -> Iterable[Issue]:
    """A feature collection that names its system, in the coordinates of that system.

    Written here and not by GDAL, whose numbers have 17 digits: 1637266.3729 would become 1637266.3729000001.
    """
    names = [json.dumps(name, ensure_ascii=False) for name in out.columns]
    cells = [_texts(out.columns[name], out.masks[name]) for name in out.columns]
    outlines = ["null" if shape is None else shapely.to_geojson(shape) for shape in out.geometry.tolist()]
    system = f"urn:ogc:def:crs:EPSG::{out.epsg}"
    crs = json.dumps({"type": "name", "properties": {"name": system}})
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f'{{"type": "FeatureCollection", "name": "parcels", "crs": {crs}, "features": [')
        for row, outline in enumerate(outlines):
            pairs = ", ".join(f"{name}: {column[row]}" for name, column in zip(names, cells, strict=True))
            file.write(",\n" if row else "\n")
            file.write(f'{{"type": "Feature", "properties": {{{pairs}}}, "geometry": {outline}}}')
        file.write("\n]}\n")
    return ()


def _texts(column: np.ndarray[Any, Any], blank: np.ndarray[Any, Any]) -> list[str]:
    """The cells of a column as JSON."""
    cells = zip(column.tolist(), blank.tolist(), strict=True)
    return ["null" if empty else json.dumps(cell, ensure_ascii=False) for cell, empty in cells]
