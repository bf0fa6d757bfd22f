"""Parcels out of landopt, in the format of the target's ending; whole or not at all, and every change told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from pyproj.exceptions import CRSError

from parcels.common.atomic import clear
from parcels.common.issues import Issue, Refused, error, note, stop_on_errors
from parcels.common.kept import write_made
from parcels.formats.columns_out import Plan, plan_columns
from parcels.formats.registry import Outgoing, written
from parcels.formats.sources import RawTable
from parcels.formats.stated_areas import stated_areas
from parcels.geometry.crs import place, to_crs
from parcels.geometry.shapes import check_shapes
from parcels.geometry.systems import GEOGRAPHIC, epsg_of
from parcels.tables.columns import match_columns
from parcels.tables.findings import Findings


@dataclass(frozen=True, slots=True)
class Wrote:
    """What a conversion did: findings, the names of the columns in the file, by their names in the source."""

    issues: tuple[Issue, ...]
    columns: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()


def write_parcels(raw: RawTable, target: Path, *, crs: str | None = None, force: bool = False) -> Wrote:
    """Write a raw table with its outlines in the format of the target's ending.

    Parameters
    ----------
    raw
        As opened; columns keep their names and values as far as the format can hold them.
    target
        The file (or ``.gdb`` folder) to write.
    crs
        The CRS of a file that has none, or the one to project to.
    force
        Replace what is there.

    Returns
    -------
    Wrote
        Every column renamed, retyped or left out (finding 80); notes and warnings of the projection.

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
    form = written().get(suffix)
    if form is None or form.write is None:
        raise Refused(error("F002.format-not-written", at=str(target), file=target.name, drivers=written()))
    if target.exists() and not force:
        clear(target.parent)
        raise Refused(error("F007.there-already", at=str(target), target=target))
    if target.resolve() == raw.path.resolve():
        raise Refused(error("F007.input-itself", at=str(target), target=target))
    if raw.geometry is None:
        raise Refused(error("P003.no-outlines", at=raw.where, file=raw.path.name))
    geometry, system, issues = _system(raw, crs, form.rules.projected)
    stop_on_errors(raw.issues)
    plan = plan_columns(raw, form.rules) if form.rules.columns else Plan(raw.where)
    out = Outgoing(plan.columns, plan.masks, geometry, system, raw)
    writer = form.write
    told: list[Issue] = []

    def fill(path: Path) -> None:
        told.extend(writer(out, path))

    issues.extend(_place(target, fill))
    names = tuple(plan.columns)
    if form.read is not None:
        names = _names_in(target, names, plan)
    if form.rules.columns:
        told.extend(stated_areas(raw, geometry, system)[1])
    if form.rules.grain:
        issues.append(note("P080.grain", at=target.name, metres=form.rules.grain))
    return Wrote(
        (*issues, *plan.issues(), *told),
        names,
        tuple(plan.renamed),
        tuple(name for name, _ in plan.dropped),
        tuple(name for name, _ in plan.retyped),
    )


def _names_in(target: Path, names: tuple[str, ...], plan: Plan) -> tuple[str, ...]:
    """The columns that the file really has, as its own reader finds them; a difference to the plan is told."""
    from parcels.formats.opening import open_parcels

    back = tuple(open_parcels(target, crs=None).columns)
    lost = [name for name in names if name not in back]
    fresh = [name for name in back if name not in names]
    own = {new: old for old, new in plan.renamed}
    if len(lost) == len(fresh):
        became = dict(zip(lost, fresh, strict=True))
        plan.renamed[:] = [(old, became.get(new, new)) for old, new in plan.renamed]
        plan.renamed.extend((name, new) for name, new in became.items() if name not in own)
    else:
        plan.dropped.extend((own.get(name, name), "dropped-no-column") for name in lost)
    return back


def _system(raw: RawTable, crs: str | None, projected: bool) -> tuple[np.ndarray[Any, Any], int, list[Issue]]:
    """Outlines in the system to write, and what was done to them."""
    assert raw.geometry is not None
    own = epsg_of(raw.crs) if raw.crs else None
    geometry, system, issues = raw.geometry, own, list[Issue]()
    degrees = crs is not None and not projected and own not in (None, GEOGRAPHIC) and _degrees(crs)
    if crs is not None or own is None or projected:
        placed = place(raw.geometry, raw.crs, raw.where, declared=None if degrees else crs)
        echo = any(issue.code in ("P014", "P016", "P017") for issue in raw.issues)
        stop_on_errors((*raw.issues, *(() if echo else placed.issues)))
        geometry, system, issues = placed.geometry, epsg_of(placed.crs), list(placed.issues)
        if degrees:
            geometry, system = to_crs(geometry, placed.crs, f"EPSG:{GEOGRAPHIC}"), GEOGRAPHIC
            issues.append(note("P015.projected-epsg-4490", at=raw.where))
    assert system is not None
    return geometry, system, issues


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


def _place(target: Path, writer: Callable[[Path], object]) -> tuple[Issue, ...]:
    """Write beside the target, then rename; a failure leaves nothing behind, and what stood there is kept."""
    kept = write_made(target, writer)
    if kept is None:
        return ()
    return (note("F008.kept", at=str(target), name=target.name, kept=kept.name),)
