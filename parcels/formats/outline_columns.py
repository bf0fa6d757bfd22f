"""Outlines of a table: a column with WKT, or a reference to boundary-point files beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.gate import admit
from parcels.common.issues import Refused, error, noted, warning
from parcels.common.place import within
from parcels.formats.companion import row_ids
from parcels.formats.registry import Ask, format_of
from parcels.formats.sources import RawTable
from parcels.tables.columns import column_key
from parcels.tables.fact_table import as_id

WKT = ("wkt", "geometry", "geom", "the_geom", "几何", "图形")
_POLYGON = re.compile(r"\s*(?:SRID=\d+;)?\s*(?:MULTI)?POLYGON\s*(?:Z|M|ZM)?\s*(?:\(|EMPTY)", re.I)
REFERENCE = ("boundary_points", "界址点", "界址点文件", "坐标文件", "txt")


def with_outlines(raw: RawTable, *, encoding: str | None, crs: str | None) -> RawTable:
    """A table with its outlines from a WKT column, or from the boundary-point files it names.

    Raises
    ------
    Refused
        3 if it has neither.
    """
    by_key = {column_key(name): name for name in raw.columns}
    wkt = next((by_key[key] for key in WKT if key in by_key), None)
    if wkt is None and (wkt := _by_content(raw)) is not None:
        raw = replace(raw, notes=(*raw.notes, noted(raw.path.name, told("note.wkt-by-content", column=wkt))))
    reference = next((by_key[key] for key in REFERENCE if key in by_key), None)
    if wkt is not None:
        return _from_wkt(raw, wkt)
    if reference is not None:
        return _from_points(raw, reference, encoding, crs)
    raise Refused(error("P003.neither-column-wkt", at=raw.where, file=raw.path.name))


def _by_content(raw: RawTable) -> str | None:
    """The one column whose cells are all outlines as WKT, whatever its heading."""
    found = [
        name
        for name, cells in raw.columns.items()
        if (said := [str(cell) for cell in cells if cell is not None]) and all(map(_POLYGON.match, said))
    ]
    return found[0] if len(found) == 1 else None


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


@dataclass(slots=True)
class _Points:
    """The plots of a boundary-point file by number, and which of them a row has used."""

    name: str
    numbers: list[str]
    lines: Sequence[int]
    shapes: Sequence[Any]
    used: set[int] = field(default_factory=set)

    def pick(self, wanted: str, identifier: str) -> tuple[int | None, str, int]:
        """The position of the plot meant, or which finding and how many: a blank or double number tells no plot."""
        if not wanted and len(self.numbers) == 1:
            return 0, "", 1
        named = wanted or identifier
        hits = [at for at, number in enumerate(self.numbers) if number == named]
        if len(hits) == 1:
            return hits[0], "", 1
        if len(hits) > 1:
            return None, "double-plot", len(hits)
        blank = sum(not number for number in self.numbers)
        if blank:
            return None, "blank-plots", blank
        return None, "no-plot", 0

    def unused(self) -> list[str]:
        """The plots that no row has named: by number, or by line where they have none."""
        rest = [at for at in range(len(self.numbers)) if at not in self.used]
        return [self.numbers[at] or f"line {self.lines[at]}" for at in rest]


def _from_points(raw: RawTable, name: str, encoding: str | None, crs: str | None) -> RawTable:
    """Outlines by "file.txt" (its plot of the row's id) or "file.txt#plot"; files lie beside the table."""
    ids = row_ids(raw) or [""] * len(raw.rows)
    shapes = np.full(len(raw.rows), None, dtype=object)
    issues = list(raw.issues)
    opened: dict[str, _Points | None] = {}
    systems: dict[str, None] = {}
    notes = list(raw.notes)
    for i, cell in enumerate(raw.columns[name]):
        where = within(raw.where, row=raw.rows[i], column=name)
        if cell is None:
            continue
        file, _, plot = str(cell).strip().partition("#")
        if not file or Path(file).name != file or ":" in file or "\\" in file or not file.lower().endswith(".txt"):
            issues.append(error("P043.no-name-file", at=where, file=file))
            continue
        if file not in opened:
            target = raw.path.parent / file
            if not target.is_file():
                issues.append(error("F001.there-no-file", at=where, file=file))
                opened[file] = None
                continue
            points = _opened(target, encoding, crs)
            issues.extend(points.issues)
            notes.extend(points.notes)
            systems[points.crs or ""] = None
            assert points.geometry is not None
            numbers = ["" if number is None else as_id(number).strip() for number in points.columns["地块编号"]]
            opened[file] = _Points(file, numbers, points.rows, points.geometry.tolist())
            notes.append(noted(raw.path.name, told("note.outlines", file=file, digest=points.sha256[:12])))
        plots = opened[file]
        if plots is None:
            continue
        at, why, count = plots.pick(plot.strip(), ids[i])
        if at is None:
            numbered = list(dict.fromkeys(number for number in plots.numbers if number))[:10] or ["-"]
            wanted = plot.strip() or ids[i]
            issues.append(
                error(f"P075.{why}", at=where, ids=(ids[i],), file=file, wanted=wanted, count=count, plots=numbered)
            )
            continue
        plots.used.add(at)
        shapes[i] = plots.shapes[at]
    for file, plots in opened.items():
        if plots is not None and (rest := plots.unused()):
            issues.append(
                warning("P086.plots-unused", at=raw.where, ids=rest, file=file, count=len(rest), plots=rest[:10])
            )
    if len(systems) > 1:
        issues.append(error("P017.boundary-point-files", at=raw.where))
    columns = {n: c for n, c in raw.columns.items() if n != name}
    system = next(iter(systems), "") or None
    return replace(raw, columns=columns, geometry=shapes, crs=system, issues=tuple(issues), notes=tuple(notes))


def _opened(target: Path, encoding: str | None, crs: str | None) -> RawTable:
    reader = format_of(admit(target)).read
    assert reader is not None
    return reader(Ask(target, encoding=encoding, crs=crs))
