"""A file as a raw table: columns of plain cells, geometry, CRS, row numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from parcels.common.catalogue import Told, told
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error
from parcels.common.place import Place, within
from parcels.formats.decoding.curves import curved_rows

SYSTEM_LAYERS = {"layer_styles", "qgis_projects"}
SHEETS = ("XLSX", "XLS", "ODS")
"""Formats whose layers are called sheets."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """Cells as they stand in a file.

    ``geometry`` is an object array of shapely geometries (``None`` where there is none); ``crs`` a text that pyproj
    reads, or ``None``; ``rows`` the row numbers used in messages (from 1, headings not counted, or the line of a text);
    ``kinds`` the columns whose cells are texts here and of another type in the file (``date``).
    """

    path: Path
    layer: str
    format: str
    columns: Mapping[str, Sequence[object]]
    rows: Sequence[int]
    geometry: np.ndarray[Any, Any] | None = None
    crs: str | None = None
    notes: tuple[Told, ...] = ()
    issues: tuple[Issue, ...] = ()
    sha256: str = field(default="", compare=False)
    kinds: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> Place:
        """File and layer, as a place."""
        if self.format in SHEETS:
            return Place(file=self.path.name, sheet=self.layer)
        return Place(file=self.path.name, layer=self.layer)

    @property
    def where(self) -> Place:
        """File and layer, for messages."""
        if self.format in SHEETS:
            return Place(self.path.name, sheet=self.layer)
        return Place(self.path.name, layer=self.layer)


def pick_layer(path: Path, layer: str | None, *, points: bool = False) -> str:
    """The layer to read: the one asked for, else the only one that fits.

    Raises
    ------
    Refused
        ``F003`` if the layer is not there, or several fit: all are listed.
    """
    try:
        listed = [(str(name), kind) for name, kind in pyogrio.list_layers(str(path)) if name not in SYSTEM_LAYERS]
    except (DataSourceError, DataLayerError) as problem:
        raise Refused(unreadable(path, problem)) from None
    names = [name for name, _ in listed]
    if layer is not None:
        if layer in names:
            return layer
        raise Refused(error("F003.no-layer", at=path.name, file=path.name, layer=layer, names=names))
    fitting = [name for name, kind in listed if kind is not None and _fits(str(kind), points)]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting and len(names) == 1:
        return names[0]
    if "parcels" in fitting:
        return "parcels"
    shown = [told("layer.kind" if kind else "layer.table", name=name, kind=kind) for name, kind in listed]
    first = fitting[0] if fitting else (names[0] if names else "NAME")
    raise Refused(
        error(
            "F003.layers-may-hold" if fitting else "F003.no-polygons",
            at=path.name,
            file=path.name,
            count=len(fitting),
            first=first,
            shown=shown,
        )
    )


def _fits(kind: str, points: bool) -> bool:
    wanted = ("Point", "Unknown") if points else ("Polygon", "Unknown", "Surface", "Collection", "Geometry")
    return any(word in kind for word in wanted)


def unreadable(path: Path, problem: Exception) -> Issue:
    """A file that GDAL cannot open, with the place where it breaks off if that can be told (finding 37)."""
    from parcels.formats.decoding.damage import truncation

    cut = truncation(path)
    if cut:
        return error("P037.cut-off-copy", at=path.name, file=path.name, cut=cut)
    text = str(problem).replace(str(path), path.name).splitlines()[0][:200]
    if "malformed" in text or "sqlite" in text.lower():
        return error("F004.database-damaged", at=path.name, file=path.name)
    if "Error occurred in" in text or "not recognized as being in a supported" in text:
        return error("F004.damaged", at=path.name, file=path.name)
    return error("F004.cannot-read-2", at=path.name, file=path.name, text=text)


def read_vector(path: Path, layer: str | None, *, points: bool = False) -> RawTable:
    """A layer of a vector file whose format says its encoding (GeoPackage, FileGDB, KML).

    Raises
    ------
    Refused
        ``F001``-``F004``, 37.
    """
    name = pick_layer(path, layer, points=points)
    try:
        meta, fids, wkb, data = pyogrio.raw.read(str(path), layer=name, return_fids=True, datetime_as_string=True)
    except NotImplementedError as problem:
        raise Refused(
            error("P008.as-told", at=within(path.name, layer=name), file=path.name, problem=problem)
        ) from None
    except (DataSourceError, DataLayerError, UnicodeDecodeError, ValueError) as problem:
        raise Refused(unreadable(path, problem)) from None
    columns: dict[str, list[object]] = {}
    kinds: dict[str, str] = {}
    for field_name, column, kind in zip(meta["fields"], data, meta["dtypes"], strict=True):
        title = str(field_name)
        if column.dtype.kind == "f" and (str(kind) == "bool" or str(kind).startswith(("int", "uint"))):
            columns[title] = _whole(path, name, title, fids)
        else:
            columns[title] = _cells(column)
        if str(kind).startswith("datetime"):
            kinds[title] = "date"
    where = Place(path.name, layer=name)
    geometry, issues = geometries(wkb, where) if wkb is not None else (None, ())
    for row in curved_rows(path, name)[:25]:
        issues = (*issues, error("P008.outline-curves-make", at=within(where, row=row)))
    count = len(fids) if fids is not None else 0
    return RawTable(
        path,
        name,
        "",
        columns,
        range(1, count + 1),
        geometry,
        str(meta["crs"]) if meta.get("crs") else None,
        issues=issues,
        sha256=sha256_of(path),
        kinds=kinds,
    )


def _whole(path: Path, layer: str, column: str, fids: np.ndarray[Any, Any]) -> list[object]:
    """A column of whole numbers or truth values with blanks, exactly.

    Where a column has a blank the library makes it binary floats, which hold no 18 digits; the rows that have a value
    are read once more without the others.
    """
    quoted = column.replace('"', '""')
    _, known, _, data = pyogrio.raw.read(
        str(path),
        layer=layer,
        columns=[column],
        where=f'"{quoted}" IS NOT NULL',
        read_geometry=False,
        return_fids=True,
    )
    values = dict(zip(known.tolist(), data[0].tolist(), strict=True))
    return [values.get(fid) for fid in fids.tolist()]


def geometries(
    wkb: np.ndarray[Any, Any], where: Place, before: int = 0
) -> tuple[np.ndarray[Any, Any], tuple[Issue, ...]]:
    """Outlines from WKB; those that cannot be built are ``None`` with finding 8 (curves) or 12.

    ``before``: so many rows of the file stand before the first.
    """
    with np.errstate(invalid="ignore"):
        try:
            geometry = shapely.from_wkb(wkb, on_invalid="ignore")
        except NotImplementedError:  # a curve among them: each by itself
            geometry = np.array([_built(each) for each in wkb], object)
    lost = np.flatnonzero((geometry == None) & (wkb != None))  # noqa: E711 - elementwise
    issues = []
    for row in lost[:25].tolist():
        kind = int.from_bytes(wkb[row][1:5], "little" if wkb[row][:1] == b"\x01" else "big") & 0x0FFFFFFF
        if kind % 1000 in (8, 9, 10, 11, 12, 13, 14):
            issues.append(error("P008.outline-curves-make", at=within(where, row=before + row + 1)))
        else:
            issues.append(error("P012.outline-cannot-built", at=within(where, row=before + row + 1)))
    return geometry, tuple(issues)


def _built(wkb: bytes | None) -> Any:
    try:
        return None if wkb is None else shapely.from_wkb(wkb, on_invalid="ignore")
    except NotImplementedError:
        return None


def _cells(column: np.ndarray[Any, Any]) -> list[object]:
    if column.dtype.kind == "f":
        return [None if cell != cell else cell for cell in column.tolist()]
    if column.dtype.kind == "M":
        return [None if cell == "NaT" else cell for cell in np.datetime_as_string(column).tolist()]
    return list(column.tolist())
