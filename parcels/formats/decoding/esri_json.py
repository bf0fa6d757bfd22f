"""Esri JSON (what an ArcGIS service answers with ``f=json``) as the GeoJSON it could have been.

Rings lie in one list there; which are outer ones and which are holes follows from nesting. Codes of a field's domain
become their texts, as in a geodatabase.
"""

from __future__ import annotations

from typing import Any

from parcels.common.issues import Refused, error
from parcels.formats.decoding.rings import outline


def from_esri(value: dict[str, Any], name: str) -> dict[str, Any]:
    """A GeoJSON feature collection with a ``crs`` member.

    Raises
    ------
    Refused
        ``F004`` for an answer without features, 8 for curves.
    """
    if not isinstance(value.get("features"), list):
        raise Refused(error("F004.no-featurecollection", at=name, file=name))
    if value.get("exceededTransferLimit"):
        raise Refused(error("P037.esri-limit", at=name, file=name, count=len(value["features"])))
    domains = {str(field.get("name")): _codes(field) for field in value.get("fields", ()) if isinstance(field, dict)}
    features = []
    for feature in value["features"]:
        attributes = feature.get("attributes", {}) if isinstance(feature, dict) else {}
        shape = feature.get("geometry") if isinstance(feature, dict) else None
        if isinstance(shape, dict) and "curveRings" in shape:
            raise Refused(error("P008.outline-curves-make", at=name))
        properties = {key: domains.get(key, {}).get(str(cell), cell) for key, cell in attributes.items()}
        features.append({"type": "Feature", "properties": properties, "geometry": _geometry(shape)})
    system = value.get("spatialReference") or {}
    return {"type": "FeatureCollection", "features": features, "crs": _crs(system)}


def _codes(field: dict[str, Any]) -> dict[str, Any]:
    domain = field.get("domain")
    pairs = domain.get("codedValues", ()) if isinstance(domain, dict) else ()
    known = [pair for pair in pairs if isinstance(pair, dict) and {"code", "name"} <= set(pair)]
    return {str(pair["code"]): pair["name"] for pair in known}


def _geometry(shape: Any) -> dict[str, Any] | None:
    if not isinstance(shape, dict):
        return None
    if "x" in shape and "y" in shape:
        return {"type": "Point", "coordinates": [shape["x"], shape["y"]]}
    rings = [[(float(point[0]), float(point[1])) for point in ring] for ring in shape.get("rings", ())]
    if not rings or any(len(ring) < 4 for ring in rings):
        return {"type": "Polygon", "coordinates": rings}  # the reader says what is wrong with it
    made: dict[str, Any] = outline(rings).__geo_interface__
    return made


def _crs(system: dict[str, Any]) -> dict[str, Any] | None:
    code = system.get("latestWkid") or system.get("wkid")
    name = f"EPSG:{code}" if code else system.get("wkt")
    return {"type": "name", "properties": {"name": name}} if name else None
