"""GML, and saved answers of a WFS, which are GML: simple features with polygons.

Read here and not by GDAL, whose reader follows the addresses of schemas. The order of coordinates is the trap: a system
named by ``urn:`` or ``http:`` has its own axis order (northing first for CGCS2000), one named ``EPSG:4526`` east first.
"""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np
import shapely

from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.geometry.systems import parsed

_MEMBERS = ("featureMember", "featureMembers", "member")
_SHAPES = ("Polygon", "Surface", "MultiSurface", "MultiPolygon", "Point", "LineString", "MultiCurve", "Curve")


@reads("GML", ".gml", ".xml")
def read_gml(ask: Ask) -> RawTable:
    """The features of a GML document.

    Raises
    ------
    Refused
        ``F004`` for a document with its own entities, an error report of a service, or another kind of XML; 37 for one
        that breaks off.
    """
    path = ask.path
    content = path.read_bytes()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused(error("F004.gml", at=path.name, file=path.name, reason="<!DOCTYPE"))
    if b"ExceptionReport" in content[:4096] or b"ServiceException" in content[:4096]:
        raise Refused(error("F004.service-error", at=path.name, file=path.name))
    try:
        root = fromstring(content)  # noqa: S314 - without a document type nothing can grow
    except (ParseError, LookupError, ValueError) as problem:
        raise Refused(error("P037.gml", at=path.name, file=path.name, reason=str(problem)[:120])) from None
    features = [item for holder in root.iter() if _tag(holder) in _MEMBERS for item in holder]
    if not features:
        raise Refused(error("F004.no-featurecollection", at=path.name, file=path.name))
    names = list(dict.fromkeys(_tag(child) for item in features for child in item if _is_value(child)))
    columns: dict[str, list[object]] = {name: [] for name in names}
    shapes: list[Any] = []
    issues: list[Issue] = []
    systems: dict[str, None] = {}
    for number, item in enumerate(features, 1):
        held = {_tag(child): (child.text or "").strip() or None for child in item if _is_value(child)}
        for name, cells in columns.items():
            cells.append(held.get(name))
        system = next((part.get("srsName") for part in item.iter() if part.get("srsName")), None) or _srs(root)
        if system:
            systems[system] = None
        try:
            shapes.append(_shape(item, system or ""))
        except (ValueError, IndexError, shapely.errors.ShapelyError):
            shapes.append(None)
            issues.append(error("P012.kml-outline", at=Place(file=path.name, row=number)))
    if len(systems) > 1:
        issues.append(error("P017.outlines-several-systems", at=path.name, shown=list(systems)))
    geometry = np.full(len(shapes), None, dtype=object)
    geometry[:] = shapes
    crs = next(iter(systems), None)
    rows = tuple(range(1, len(features) + 1))
    return RawTable(path, "", "GML", columns, rows, geometry, crs, issues=tuple(issues), sha256=sha256_of(path))


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _is_value(element: Element) -> bool:
    return len(element) == 0 and _tag(element) not in ("boundedBy", "location")


def _srs(root: Element) -> str | None:
    return next((part.get("srsName") for part in root.iter() if part.get("srsName")), None)


def _shape(item: Element, system: str) -> Any:
    """The outline of a feature, east first; ``None`` where it has none."""
    held = next((part for part in item.iter() if _tag(part) in _SHAPES), None)
    if held is None:
        return None
    turned = system.startswith(("urn:", "http")) and _north_first(system)
    patches = [part for part in held.iter() if _tag(part) in ("Polygon", "PolygonPatch")]
    if not patches:
        points = _points(held, turned)
        return shapely.Point(points[0]) if len(points) == 1 else shapely.LineString(points)
    parts = []
    for patch in patches:
        outer = [ring for bound in patch if _tag(bound) in ("exterior", "outerBoundaryIs") for ring in bound]
        inner = [ring for bound in patch if _tag(bound) in ("interior", "innerBoundaryIs") for ring in bound]
        parts.append(shapely.Polygon(_points(outer[0], turned), [_points(ring, turned) for ring in inner]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _north_first(system: str) -> bool:
    axes = parsed(system).axis_info
    return bool(axes) and axes[0].direction == "north"


def _points(element: Element, turned: bool) -> list[tuple[float, float]]:
    """The coordinates below an element: ``posList``, ``pos`` or the older ``coordinates``."""
    out: list[tuple[float, float]] = []
    for part in element.iter():
        text = (part.text or "").strip()
        if _tag(part) in ("posList", "pos"):
            numbers = [float(number) for number in text.split()]
            wide = int(part.get("srsDimension") or element.get("srsDimension") or 2)
            out += [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers) - 1, wide)]
        elif _tag(part) == "coordinates":
            pairs = [pair.split(",") for pair in text.split()]
            out += [(float(pair[0]), float(pair[1])) for pair in pairs]
    return [(y, x) for x, y in out] if turned else out
