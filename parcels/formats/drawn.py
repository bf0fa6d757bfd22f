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

from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Issue, Refused, error, warning
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
        what = f"{path.name} has no closed outline ({open_lines} open line(s))"
        raise Refused(error("P002", what, path.name, "close the polylines of the parcels"))
    cells = {name: data[i] for i, name in enumerate(names)}
    texts = [str(text).strip() if text is not None else "" for text in cells.get("Text", [None] * len(shapes))]
    issues: list[Issue] = []
    if open_lines:
        issues.append(warning("P010", f"{open_lines} open line(s) are not read", path.name, "close parcels' outlines"))
    arcs = [str(c) for c in cells.get("SubClasses", [])]
    curved = [
        i
        for i in outlines.tolist()
        if i < len(arcs) and ("Circle" in arcs[i] or "Ellipse" in arcs[i] or "Spline" in arcs[i])
    ]
    if curved:
        issues.append(
            error("P008", f"{len(curved)} outline(s) are circles, ellipses or splines", path.name, "linearise")
        )
    bent = _bulges(path)
    if bent:
        issues.append(
            error("P008", f"{bent} point(s) of polylines begin an arc", path.name, "make arcs straight first")
        )
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
            what = f"outline {position + 1} holds several texts: {', '.join(held[:5])}"
            issues.append(error("P074", what, path.name, "leave the parcel's id as the one text inside"))
        if not held:
            issues.append(error("P074", f"outline {position + 1} holds no text with the parcel's id", path.name))
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
        what = f"{path.name}: GeoParquet needs pyarrow"
        raise Environment(error("F005", what, path.name, "pip install 'landopt[geoparquet]'")) from None
    import geopandas

    try:
        frame = geopandas.read_parquet(path)
    except Exception as problem:  # pyarrow raises many kinds
        raise Refused(error("F004", f"{path.name} cannot be read: {str(problem)[:160]}", path.name)) from None
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
    what = f"{raw.path.name} has neither a column wkt nor boundary_points: the parcels have no outline"
    raise Refused(error("P003", what, raw.where, "add wkt (POLYGON ((east north, ...))) or send a GeoPackage"))


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
            issues.append(error("P008", "the outline has curves", f"{raw.where}, row {raw.rows[i]}", "linearise it"))
            continue
        try:
            shapes[i] = shapely.from_wkt(text)
        except shapely.errors.ShapelyError as problem:
            reason = str(problem).partition(": ")[2][:100] or "no geometry"
            if "closed" in reason or "at least 4" in reason or "fewer" in reason:
                reason = "a ring is not closed, or has fewer than four points"
            what = f"the WKT cannot be read: {reason}"
            issues.append(error("P012", what, f"{raw.where}, row {raw.rows[i]}", "write POLYGON ((east north, ...))"))
    if len(system) > 1:
        shown = ", ".join(sorted(system))
        issues.append(error("P017", f"outlines in several systems: {shown}", raw.where, "write one SRID in all rows"))
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
        where = f"{raw.where}, row {raw.rows[i]}, column {name}"
        if cell is None:
            continue
        file, _, plot = str(cell).strip().partition("#")
        if not file or Path(file).name != file or ":" in file or "\\" in file:
            what = f"{file!r} is no name of a file beside the table"
            issues.append(error("P043", what, where, "write the bare name, without folders"))
            continue
        if file not in opened:
            target = raw.path.parent / file
            if not target.is_file():
                issues.append(error("F001", f"there is no file {file}", where, "send it beside the table"))
                opened[file] = {}
                continue
            points = read_txt(target, encoding=encoding, crs=crs)
            issues.extend(points.issues)
            notes.extend(points.notes)
            systems[points.crs or ""] = None
            assert points.geometry is not None
            numbers = [str(number or "") for number in points.columns["地块编号"]]
            opened[file] = dict(zip(numbers, points.geometry, strict=True))
            notes.append(f"{raw.path.name}: outlines from {file} (SHA-256 {points.sha256[:12]})")
        plots = opened[file]
        wanted = plot or (ids[i] if ids[i] in plots or len(plots) != 1 else next(iter(plots)))
        if plots and wanted not in plots:
            what = f"{file} has no plot {wanted!r}"
            issues.append(error("P075", what, where, f"its plots are {', '.join(list(plots)[:10])}", (ids[i],)))
            continue
        shapes[i] = plots.get(wanted)
    if len(systems) > 1:
        issues.append(error("P017", "the boundary-point files are in different systems", raw.where, "use one zone"))
    columns = {n: c for n, c in raw.columns.items() if n != name}
    system = next(iter(systems), "") or None
    return replace(raw, columns=columns, geometry=shapes, crs=system, issues=tuple(issues), notes=tuple(notes))
