"""KML and KMZ: placemarks of all folders, with the names of their data as written.

The reader of GDAL turns every Chinese letter in a name of untyped data into an underscore, so that several columns
become one; the format is small enough to be read here.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, ParseError, fromstring

import numpy as np
import shapely

from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place
from parcels.formats.decoding.archives import TORN, check_members
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.tables.columns import field_of

FOLDER = "图层"
"""The column that says in which folder a placemark stands, where there is more than one."""


@reads("LIBKML", ".kml", ".kmz", kind="drawing")
def read_kml(ask: Ask) -> RawTable:
    """Placemarks with an outline; a placemark's name is its id where no column says more.

    Raises
    ------
    Refused
        ``F003`` (no such folder), ``F004`` (no KML), 37 (cut off), 2 (no outline).
    """
    path = ask.path
    root = _root(ask)
    marks = list(_placemarks(root, ""))
    folders = list(dict.fromkeys(folder for folder, _ in marks))
    if ask.layer is not None:
        if ask.layer not in folders:
            raise Refused(error("F003.no-layer", at=path.name, file=path.name, layer=ask.layer, names=folders))
        marks = [(folder, mark) for folder, mark in marks if folder == ask.layer]
    wanted = ("Point",) if ask.points else ("Polygon",)
    rows: list[dict[str, object]] = []
    shapes: list[Any] = []
    issues: list[Issue] = []
    for number, (folder, mark) in enumerate(marks, 1):
        if not any(_all(mark, kind) for kind in wanted):
            continue
        try:
            shape = _shape(mark, ask.points)
        except (ValueError, IndexError, shapely.errors.ShapelyError):
            shape = None
            issues.append(error("P012.kml-outline", at=Place(file=path.name, row=number)))
        shapes.append(shape)
        rows.append({FOLDER: folder or None, **_data(mark)})
    if not rows:
        raise Refused(error("P002.kml-no-outline", at=path.name, file=path.name))
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns: dict[str, list[object]] = {name: [row.get(name) for row in rows] for name in names}
    if len(set(columns[FOLDER])) < 2:
        columns.pop(FOLDER)
    if not any((found := field_of(name, "P")) and found.name == "parcel_id" for name in columns if name != "name"):
        columns = {("parcel_id" if name == "name" else name): cells for name, cells in columns.items()}
    geometry = np.full(len(shapes), None, dtype=object)
    geometry[:] = shapes
    layer = ask.layer or (folders[0] if len(folders) == 1 else "")
    count = tuple(range(1, len(rows) + 1))
    return RawTable(
        path, layer, "LIBKML", columns, count, geometry, "EPSG:4326", issues=tuple(issues), sha256=sha256_of(path)
    )


def _root(ask: Ask) -> Element:
    """The document, also out of a KMZ."""
    path = ask.path
    if path.suffix.lower() == ".kmz":
        try:
            with zipfile.ZipFile(path) as archive:
                members = check_members(archive, path.name)
                inside = [member.filename for member in members if member.filename.lower().endswith(".kml")]
                content = archive.read("doc.kml" if "doc.kml" in inside else inside[0])
        except (*TORN, IndexError, OSError, RuntimeError) as problem:
            raise Refused(error("P037.kml", at=path.name, file=path.name, reason=str(problem)[:120])) from None
    else:
        content = path.read_bytes()
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise Refused(error("F004.kml", at=path.name, file=path.name, reason="<!DOCTYPE"))
    try:
        return fromstring(content)  # noqa: S314 - without a document type nothing can grow
    except (ParseError, LookupError, ValueError) as problem:
        raise Refused(error("P037.kml", at=path.name, file=path.name, reason=str(problem)[:120])) from None


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _all(root: Element, tag: str) -> list[Element]:
    return [element for element in root.iter() if _tag(element) == tag]


def _placemarks(element: Element, folder: str) -> Iterator[tuple[str, Element]]:
    """Every placemark with the name of the nearest folder around it."""
    for child in element:
        kind = _tag(child)
        if kind == "Placemark":
            yield folder, child
        elif kind in ("Folder", "Document"):
            named = next((part.text or "" for part in child if _tag(part) == "name"), "").strip()
            yield from _placemarks(child, named or folder)


def _data(mark: Element) -> dict[str, object]:
    """Name and data of a placemark: typed (SimpleData) or not (Data), by their names as written."""
    found: dict[str, object] = {}
    name = next((part.text for part in mark if _tag(part) == "name" and part.text), None)
    found["name"] = name.strip() if name else None
    for element in mark.iter():
        if _tag(element) == "SimpleData":
            text = element.text
        elif _tag(element) == "Data":
            text = next((part.text for part in element if _tag(part) == "value"), None)
        else:
            continue
        label = element.get("name", "").strip()
        if label:
            found[label] = text.strip() if text and text.strip() else None
    return found


def _shape(mark: Element, points: bool) -> Any:
    if points:
        return shapely.Point(_coordinates(_all(mark, "Point")[0])[0])
    parts = []
    for polygon in _all(mark, "Polygon"):
        outer = [ring for bound in _all(polygon, "outerBoundaryIs") for ring in _all(bound, "LinearRing")]
        inner = [ring for bound in _all(polygon, "innerBoundaryIs") for ring in _all(bound, "LinearRing")]
        parts.append(shapely.Polygon(_coordinates(outer[0]), [_coordinates(ring) for ring in inner]))
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def _coordinates(element: Element) -> list[tuple[float, ...]]:
    """Longitude, latitude and perhaps height of every point; a height counts only if every point has one."""
    text = _all(element, "coordinates")[0].text or ""
    points = [tuple(float(number) for number in part.split(",")) for part in text.split()]
    flat = any(len(point) < 3 for point in points) or all(point[2] == 0 for point in points)
    return [point[:2] for point in points] if flat else [point[:3] for point in points]
