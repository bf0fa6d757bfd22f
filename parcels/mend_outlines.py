"""``--repair``: a copy of the parcel file with sound outlines and a list of every change.

The file itself is never touched.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.atomic import clear, write_file
from parcels.common.issues import Refused, error
from parcels.formats.companion import row_ids
from parcels.formats.opening import open_parcels
from parcels.formats.sources import RawTable
from parcels.formats.writer import write_parcels


@dataclass(frozen=True, slots=True)
class Change:
    """One change: row and id, what was wrong, what was done, areas in m² as texts (before: three readings of it)."""

    row: int
    parcel_id: str
    wrong: str
    done: str
    before: str
    after: str


def repaired(raw: RawTable) -> tuple[RawTable, tuple[Change, ...]]:
    """A table with sound outlines, and what was changed.

    Outlines that are not valid are rebuilt by ``make_valid`` (structure); of what comes out only polygons are kept.
    Heights are left aside. Missing, empty and non-polygon geometries cannot be repaired and stay as they are; overlaps
    between parcels are never repaired, because whose ground it is cannot be known.
    """
    assert raw.geometry is not None
    shapes = raw.geometry.copy()
    ids = row_ids(raw) or [""] * len(shapes)
    polygons = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
    changes: list[Change] = []
    for i in np.flatnonzero(polygons & ~shapely.is_valid(shapes)).tolist():
        wrong = str(shapely.is_valid_reason(shapes[i]))
        if not np.isfinite(shapely.get_coordinates(shapes[i])).all():
            continue
        before = f"{shapes[i].area:.1f} as drawn; {shapely.buffer(shapes[i], 0).area:.1f} by buffer(0)"
        new = _polygonal(shapely.make_valid(shapes[i], method="structure", keep_collapsed=False))
        if new is None:
            continue
        changes.append(Change(raw.rows[i], ids[i], wrong, "rebuilt (make_valid, structure)", before, f"{new.area:.1f}"))
        shapes[i] = new
    flat = polygons & (shapely.has_z(shapes) | shapely.has_m(shapes))
    for i in np.flatnonzero(flat).tolist():
        area = f"{shapes[i].area:.1f}"
        changes.append(Change(raw.rows[i], ids[i], "heights or measures", "left aside", area, area))
    return replace(raw, geometry=shapely.force_2d(shapes)), tuple(changes)


def _polygonal(shape: Any) -> Any:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def repair_file(
    path: Path, folder: Path, *, layer: str | None = None, encoding: str | None = None, crs: str | None = None
) -> tuple[Path, Path, tuple[Change, ...]]:
    """Write ``<name>.repaired.gpkg`` and ``<name>.repaired.csv`` (the changes) into a folder.

    Raises
    ------
    Refused
        If the file cannot be read, or a repaired copy is there already (``F007``).
    """
    raw = open_parcels(path, layer=layer, encoding=encoding, crs=crs)
    copy, changes = repaired(replace(raw, issues=()))
    target, listing = folder / f"{path.stem}.repaired.gpkg", folder / f"{path.stem}.repaired.csv"
    clear(folder)
    for there in (target, listing):
        if there.exists():
            raise Refused(error("F007.there-already-2", at=str(there), file=there.name))
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(["row", "parcel_id", "wrong", "done", "area_before_m2", "area_after_m2"])
    for change in changes:
        rows.writerow([change.row, _safe(change.parcel_id), change.wrong, change.done, change.before, change.after])
    try:
        write_file(listing, b"\xef\xbb\xbf" + text.getvalue().encode("utf-8"))
        write_parcels(copy, target, crs=None if raw.crs else crs)
    except BaseException:
        listing.unlink(missing_ok=True)
        raise
    return target, listing, changes


def _safe(text: str) -> str:
    """A text that a spreadsheet will not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
