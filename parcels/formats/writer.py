"""Parcels out of landopt: GeoPackage, FileGDB, GeoJSON, boundary-point TXT; whole or not at all."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from pyproj.exceptions import CRSError

from parcels.common.issues import Environment, Issue, Refused, error, note, stop_on_errors
from parcels.common.kept import write_made
from parcels.common.place import within
from parcels.common.units import BadValue, scaled
from parcels.formats.boundary_txt_writer import PlotHead, txt_text
from parcels.formats.sources import RawTable
from parcels.geometry.crs import GEOGRAPHIC, epsg_of, place, to_crs
from parcels.geometry.shapes import check_shapes
from parcels.tables.columns import match_columns
from parcels.tables.fact_table import Findings
from parcels.tables.values import clean_text

DRIVERS = {".gpkg": "GPKG", ".gdb": "OpenFileGDB", ".geojson": "GeoJSON", ".json": "GeoJSON", ".txt": "TXT"}


def write_parcels(raw: RawTable, target: Path, *, crs: str | None = None, force: bool = False) -> tuple[Issue, ...]:
    """Write a raw table with its outlines in the format of the target's ending.

    Parameters
    ----------
    raw
        As opened; columns keep their names and values.
    target
        The file (or ``.gdb`` folder) to write.
    crs
        The CRS of a file that has none, or the one to project to.
    force
        Replace what is there.

    Returns
    -------
    tuple of Issue
        Notes and warnings of the projection.

    Raises
    ------
    Refused
        ``F002`` (format), ``F007`` (exists), 33 (Shapefile with Chinese or long columns), and as
        :func:`parcels.geometry.crs.place`.
    Environment
        If the disk refuses.
    """
    suffix = target.suffix.lower()
    if suffix == ".shp":
        raise Refused(_no_shapefile(raw, target))
    if suffix not in DRIVERS:
        raise Refused(error("F002.format-not-written", at=str(target), file=target.name, drivers=DRIVERS))
    if target.exists() and not force:
        raise Refused(error("F007.there-already", at=str(target), target=target))
    if target.resolve() == raw.path.resolve():
        raise Refused(error("F007.input-itself", at=str(target), target=target))
    if raw.geometry is None:
        raise Refused(error("P003.no-outlines", at=raw.where, file=raw.path.name))
    own = epsg_of(raw.crs) if raw.crs else None
    geometry, system, issues = raw.geometry, own, list[Issue]()
    degrees = crs is not None and suffix != ".txt" and own not in (None, GEOGRAPHIC) and _degrees(crs)
    if crs is not None or own is None or suffix == ".txt":
        placed = place(raw.geometry, raw.crs, raw.where, declared=None if degrees else crs)
        echo = any(issue.code in ("P014", "P016", "P017") for issue in raw.issues)
        stop_on_errors((*raw.issues, *(() if echo else placed.issues)))
        geometry, system, issues = placed.geometry, epsg_of(placed.crs), list(placed.issues)
        if degrees:
            geometry, system = to_crs(geometry, placed.crs, f"EPSG:{GEOGRAPHIC}"), GEOGRAPHIC
            issues.append(note("P015.projected-epsg-4490", at=raw.where))
    stop_on_errors(raw.issues)
    assert system is not None
    if suffix == ".txt":
        text = txt_text(_heads(raw), geometry, system, target.name)
        kept = _place(target, lambda path: path.write_bytes(text.encode("gb18030")))
    else:
        kept = _place(target, lambda path: _gdal(raw, geometry, system, path, DRIVERS[suffix]))
    return (*issues, *kept)


def _degrees(crs: str) -> bool:
    try:
        return epsg_of(crs) == GEOGRAPHIC
    except CRSError:
        return False


def doubtful(raw: RawTable) -> tuple[Issue, ...]:
    """What is wrong with single outlines, as warnings: a conversion keeps them as they are, and says so."""
    column = match_columns(raw.columns, "parcel", raw.where).columns.get("parcel_id")
    cells = raw.columns[column.name] if column else [None] * len(raw.rows)
    found = Findings(raw.where, "P")
    assert raw.geometry is not None
    check_shapes(raw.geometry, [str(cell) for cell in cells], raw.rows, found)
    return tuple(replace(issue, level="warning") for issue in found.done() if issue.level == "error")


def _no_shapefile(raw: RawTable, target: Path) -> Issue:
    long = [name for name in raw.columns if len(name.encode("gb18030", errors="replace")) > 10]
    chinese = [name for name in raw.columns if not name.isascii()]
    cut = (chinese or long)[:5]
    key = "P033.names-would-be-cut" if cut else "P033.texts-would-be-cut"
    return error(key, at=str(target), file=target.name, names=cut, stem=target.stem)


def _heads(raw: RawTable) -> list[PlotHead]:
    columns = match_columns(raw.columns, "parcel", raw.where).columns
    if "parcel_id" not in columns:
        raise Refused(error("P023.no-column-holds-parcel", at=raw.where))

    def cell(field: str, row: int) -> object:
        return raw.columns[columns[field].name][row] if field in columns else None

    heads = []
    for row in range(len(raw.rows)):
        area = None
        try:
            stated = cell("area_m2", row)
            area = None if stated is None else scaled(stated, 1, columns["area_m2"].factor)
            texts = [clean_text(value) if (value := cell(name, row)) is not None else "" for name in _HEAD]
        except BadValue as problem:
            where = within(raw.where, row=raw.rows[row])
            raise Refused(error(f"P{problem.key}", at=where, field="area_m2", **problem.values)) from None
        heads.append(PlotHead(texts[0], texts[1], texts[2], area))
    return heads


_HEAD = ("parcel_id", "parcel_name", "use")


def _gdal(raw: RawTable, geometry: np.ndarray[Any, Any], epsg: int, path: Path, driver: str) -> None:
    import geopandas

    id_names = _id_columns(raw)
    data = {
        re.sub(r"[()（）\[\]【】/\s]", "_", name) if driver == "OpenFileGDB" else name: _typed(cells, name in id_names)
        for name, cells in raw.columns.items()
    }
    frame = geopandas.GeoDataFrame(data, geometry=geometry, crs=epsg)
    options = {"RFC7946": "NO"} if driver == "GeoJSON" else {}
    layer = {"layer": "parcels"} if driver != "GeoJSON" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # older FileGDB holds whole numbers as floats, exactly
        frame.to_file(
            path, driver=driver, engine="pyogrio", promote_to_multi=driver == "OpenFileGDB", **layer, **options
        )


def _id_columns(raw: RawTable) -> set[str]:
    column = match_columns(raw.columns, "parcel", raw.where).columns.get("parcel_id")
    return {column.name} if column else set()


def _typed(cells: Sequence[object], text: bool) -> Any:
    """A column as one type: whole numbers, numbers, booleans, or texts; blanks stay blank."""
    import pandas

    known = [cell for cell in cells if cell is not None]
    if text or not known:
        return pandas.Series([None if cell is None else _as_text(cell) for cell in cells], dtype=object)
    if all(isinstance(cell, bool) for cell in known):
        return pandas.Series(cells, dtype="boolean")
    if all(isinstance(cell, int) and not isinstance(cell, bool) and abs(cell) < 2**53 for cell in known):
        return pandas.Series(cells, dtype="Int64")
    if all(isinstance(cell, int | float | Decimal) and not isinstance(cell, bool) for cell in known):
        numbers = [float("nan") if cell is None else float(str(cell)) for cell in cells]
        return pandas.Series(numbers, dtype="float64")
    return pandas.Series([None if cell is None else _as_text(cell) for cell in cells], dtype=object)


def _as_text(cell: object) -> str:
    return cell if isinstance(cell, str) else clean_text(cell) if not isinstance(cell, float | Decimal) else str(cell)


def _place(target: Path, writer: Callable[[Path], object]) -> tuple[Issue, ...]:
    """Write beside the target, then rename; a failure leaves nothing behind, and what stood there is kept."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        kept = write_made(target, writer)
    except (DataSourceError, DataLayerError) as problem:
        why = "No space left on device" if "disk is full" in str(problem) else "GDAL stopped (is the disk full?)"
        raise Environment(error("E001.cannot-write-file", at=str(target), file=target.name, strerror=why)) from problem
    if kept is None:
        return ()
    return (note("F008.kept", at=str(target), name=target.name, kept=kept.name),)
