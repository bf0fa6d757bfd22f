"""Drawings and tables with outlines: DXF, KML, GeoParquet, and CSV/XLSX with WKT or a reference to boundary points."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Issue, Refused, error, noted, warning
from parcels.common.place import within
from parcels.formats.boundary_txt import read_txt
from parcels.formats.encoding import decode
from parcels.formats.sources import RawTable, read_vector, unreadable
from parcels.tables.columns import column_key

WKT = ("wkt", "geometry", "geom", "the_geom", "几何", "图形")
REFERENCE = ("boundary_points", "界址点", "界址点文件", "坐标文件", "txt")
Array = np.ndarray[Any, Any]


def read_kml(path: Path, layer: str | None) -> RawTable:
    """Placemarks of a KML file; a placemark's name is its id where no column says more.

    Raises
    ------
    Refused
        As :func:`parcels.formats.sources.read_vector`.
    """
    raw = read_vector(path, layer)
    columns = dict(raw.columns)
    known = {column_key(name) for name in columns}
    for name in ("Name", "name"):
        if name in columns and not known & {"parcel_id", "宗地编号", "地块编号", "dkbh", "zdbh"}:
            columns["parcel_id"] = columns.pop(name)
    blank = [
        name
        for name, cells in columns.items()
        if name != "parcel_id" and all(cell in (None, "", -1, 0) for cell in cells)
    ]
    for name in blank:
        if column_key(name) in _KML or name.startswith("_"):
            columns.pop(name)
    return replace(raw, columns={n: c for n, c in columns.items() if column_key(n) not in _KML}, format="LIBKML")


_KML = {"description", "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility", "draworder"}
_KML |= {"icon", "snippet", "id"}


def read_dxf(path: Path, crs: str | None, *, encoding: str | None = None) -> RawTable:
    """Closed polylines of a drawing; the one text inside an outline is its id.

    Raises
    ------
    Refused
        As :func:`parcels.formats.sources.read_vector`; 2 if nothing is closed, 8 for arcs, 31 if no encoding fits.
    """
    decoded = decode(path.read_bytes(), path.name, encoding=encoding)
    options = {"DXF_CLOSED_LINE_AS_POLYGON": True, "DXF_ENCODING": "UTF-8"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        if decoded.text.isascii():
            meta, _, wkb, data = pyogrio.raw.read(str(path), layer="entities")
        else:
            with tempfile.TemporaryDirectory(prefix="landopt-") as folder:
                meta, _, wkb, data = pyogrio.raw.read(str(_in_utf8(decoded.text, Path(folder))), layer="entities")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        raise Refused(unreadable(path, problem)) from None
    finally:
        pyogrio.set_gdal_config_options(before)
    names = list(meta["fields"])
    shapes = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
    kinds = shapely.get_type_id(shapes)
    outlines, points = np.flatnonzero(np.isin(kinds, (3, 6))), np.flatnonzero(kinds == 0)
    open_lines = int(np.isin(kinds, (1, 5)).sum())
    if not len(outlines):
        raise Refused(error("P002.no-closed-outline", at=path.name, file=path.name, open_lines=open_lines))
    cells = {name: data[i] for i, name in enumerate(names)}
    texts = [str(text).strip() if text is not None else "" for text in cells.get("Text", [None] * len(shapes))]
    issues: list[Issue] = []
    if open_lines:
        issues.append(warning("P010.open-line-not", at=path.name, open_lines=open_lines))
    arcs = [str(c) for c in cells.get("SubClasses", [])]
    curved = [
        i
        for i in outlines.tolist()
        if i < len(arcs) and ("Circle" in arcs[i] or "Ellipse" in arcs[i] or "Spline" in arcs[i])
    ]
    if curved:
        issues.append(error("P008.outline-circles-ellipses", at=path.name, count=len(curved)))
    bent = _bulges(path)
    if bent:
        issues.append(error("P008.point-polylines-begin", at=path.name, bent=bent))
    labelled = [i for i in points.tolist() if texts[i]]
    tree = shapely.STRtree(shapes[outlines])
    inside: dict[int, set[str]] = {}
    for label, outline in zip(*tree.query(shapes[labelled], predicate="within"), strict=True) if labelled else ():
        inside.setdefault(int(outline), set()).add(texts[labelled[int(label)]])
    ids: list[object] = []
    for position in range(len(outlines)):
        held = sorted(inside.get(position, set()))
        ids.append(held[0] if len(held) == 1 else None)
        if len(held) > 1:
            issues.append(error("P074.outline-holds-several", at=path.name, position=position + 1, held=held[:5]))
        if not held:
            issues.append(error("P074.outline-holds-no", at=path.name, position=position + 1))
    columns: dict[str, list[object]] = {"parcel_id": ids}
    rows = tuple(range(1, len(outlines) + 1))
    system = str(meta["crs"]) if meta.get("crs") else None
    return RawTable(
        path, "", "DXF", columns, rows, shapes[outlines], system, (decoded.note,), tuple(issues), sha256_of(path)
    )


def _in_utf8(text: str, folder: Path) -> Path:
    """A copy of a drawing in UTF-8: what a drawing says of its encoding is often wrong, or missing."""
    head = "0\nSECTION\n2\nHEADER\n0\nENDSEC\n"  # without a header section the encoding is not looked at
    copy = folder / "drawing.dxf"
    copy.write_text(text if "HEADER" in text[:2000] else head + text, encoding="utf-8", newline="")
    return copy


def _bulges(path: Path) -> int:
    """Points of polylines that begin an arc (group 42), which GDAL would make straight in silence."""
    lines = path.read_text("latin-1").splitlines()
    entity, count = "", 0
    for code, value in zip(lines[::2], lines[1::2], strict=False):
        if code.strip() == "0":
            entity = value.strip()
        elif code.strip() == "42" and entity in ("LWPOLYLINE", "VERTEX") and value.strip().strip("+-0.eE"):
            count += 1
    return count


def read_parquet(path: Path) -> RawTable:
    """GeoParquet, if pyarrow is there.

    Raises
    ------
    Environment
        ``F005`` without pyarrow.
    Refused
        ``F004`` if the file cannot be read.
    """
    try:
        import pyarrow  # noqa: F401 - only to say so early
    except ImportError:
        raise Environment(error("F005.geoparquet-needs-pyarrow", at=path.name, file=path.name)) from None
    import geopandas

    try:
        frame = geopandas.read_parquet(path)
    except Exception as problem:  # pyarrow raises many kinds
        raise Refused(error("F004.cannot-read", at=path.name, file=path.name, problem=str(problem)[:160])) from None
    columns: dict[str, Sequence[object]] = {}
    for name in frame.columns:
        if name != frame.geometry.name:
            cells = frame[name].astype(object)
            columns[str(name)] = cells.where(frame[name].notna(), None).tolist()
    crs = frame.crs.to_wkt() if frame.crs is not None else None
    shapes = np.asarray(frame.geometry.values, dtype=object)
    return RawTable(path, "", "Parquet", columns, range(1, len(frame) + 1), shapes, crs, sha256=sha256_of(path))


def with_outlines(raw: RawTable, *, encoding: str | None, crs: str | None) -> RawTable:
    """A table with its outlines from a WKT column, or from the boundary-point files it names.

    Raises
    ------
    Refused
        3 if it has neither.
    """
    by_key = {column_key(name): name for name in raw.columns}
    wkt = next((by_key[key] for key in WKT if key in by_key), None)
    reference = next((by_key[key] for key in REFERENCE if key in by_key), None)
    if wkt is not None:
        return _from_wkt(raw, wkt)
    if reference is not None:
        return _from_points(raw, reference, encoding, crs)
    raise Refused(error("P003.neither-column-wkt", at=raw.where, file=raw.path.name))


def _from_wkt(raw: RawTable, name: str) -> RawTable:
    shapes = np.full(len(raw.rows), None, dtype=object)
    issues = list(raw.issues)
    system: set[str] = set()
    for i, cell in enumerate(raw.columns[name]):
        if cell is None:
            continue
        text = str(cell).strip()
        if text.upper().startswith("SRID="):
            head, _, text = text.partition(";")
            system.add(f"EPSG:{head[5:].strip()}")
        kind = text.split("(")[0].strip().upper()
        if kind.startswith(("CURVE", "MULTISURFACE", "COMPOUND", "CIRCULAR")):
            issues.append(error("P008.outline-curves", at=within(raw.where, row=raw.rows[i])))
            continue
        try:
            shapes[i] = shapely.from_wkt(text)
        except shapely.errors.ShapelyError as problem:
            reason: str | Told = str(problem).partition(": ")[2][:100] or told("wkt.nothing")
            if any(word in str(problem) for word in ("closed", "at least 4", "fewer")):
                reason = told("wkt.ring")
            issues.append(error("P012.wkt-cannot-read", at=within(raw.where, row=raw.rows[i]), reason=reason))
    if len(system) > 1:
        shown = sorted(system)
        issues.append(error("P017.outlines-several-systems", at=raw.where, shown=shown))
    columns = {n: c for n, c in raw.columns.items() if n != name}
    crs = next(iter(system)) if len(system) == 1 else None
    return replace(raw, columns=columns, geometry=shapes, crs=crs, issues=tuple(issues))


def _from_points(raw: RawTable, name: str, encoding: str | None, crs: str | None) -> RawTable:
    """Outlines by "file.txt" (its plot of the row's id) or "file.txt#plot"; files lie beside the table."""
    from parcels.formats.companion import row_ids

    ids = row_ids(raw) or [""] * len(raw.rows)
    shapes = np.full(len(raw.rows), None, dtype=object)
    issues = list(raw.issues)
    opened: dict[str, Mapping[str, Any]] = {}
    systems: dict[str, None] = {}
    notes = list(raw.notes)
    for i, cell in enumerate(raw.columns[name]):
        if cell is None:
            continue
        file, _, plot = str(cell).strip().partition("#")
        if not file or Path(file).name != file or ":" in file or "\\" in file:
            issues.append(error("P043.no-name-file", at=within(raw.where, row=raw.rows[i], column=name), file=file))
            continue
        if file not in opened:
            target = raw.path.parent / file
            if not target.is_file():
                issues.append(
                    error("F001.there-no-file", at=within(raw.where, row=raw.rows[i], column=name), file=file)
                )
                opened[file] = {}
                continue
            points = read_txt(target, encoding=encoding, crs=crs)
            issues.extend(points.issues)
            notes.extend(points.notes)
            systems[points.crs or ""] = None
            assert points.geometry is not None
            numbers = [str(number or "") for number in points.columns["地块编号"]]
            opened[file] = dict(zip(numbers, points.geometry, strict=True))
            notes.append(noted(raw.path.name, told("note.outlines", file=file, digest=points.sha256[:12])))
        plots = opened[file]
        wanted = plot or (ids[i] if ids[i] in plots or len(plots) != 1 else next(iter(plots)))
        if plots and wanted not in plots:
            issues.append(
                error(
                    "P075.no-plot",
                    at=within(raw.where, row=raw.rows[i], column=name),
                    ids=(ids[i],),
                    file=file,
                    wanted=wanted,
                    plots=list(plots)[:10],
                )
            )
            continue
        shapes[i] = plots.get(wanted)
    if len(systems) > 1:
        issues.append(error("P017.boundary-point-files", at=raw.where))
    columns = {n: c for n, c in raw.columns.items() if n != name}
    system = next(iter(systems), "") or None
    return replace(raw, columns=columns, geometry=shapes, crs=system, issues=tuple(issues), notes=tuple(notes))
