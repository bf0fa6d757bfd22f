"""The area of a parcel: as the file says, as measured, and what to do where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from parcels.common.schema import Value
from parcels.common.units import BadValue
from parcels.common.units import exact as as_exact
from parcels.geometry.shapes import area_m2
from parcels.tables.columns import Column
from parcels.tables.fact_table import Facts, Findings

Array = np.ndarray[Any, Any]
_UNITS = ((1.0, "m2", 0.005), (2000 / 3, "mu", 0.0075), (10_000.0, "ha", 0.01), (1_000_000.0, "km2", 0.01))
"""m² in each unit an area may be written in, and how near the ratio must be to tell the unit by it."""


def settle_areas(
    facts: Facts,
    outlines: Array,
    rows: Sequence[int],
    found: Findings,
    column: Column | None,
    area_source: str | None,
    projected: bool,
    cells: Sequence[object] = (),
) -> tuple[str, ...]:
    """Fill ``area_m2`` of ``facts`` in place and report (findings 18, 19).

    Where the file gives no area it is measured in the projected CRS, and said so. Where it gives one that differs from
    the measured by more than 1 % the parcel is refused, unless ``area_source`` says which counts.
    """
    measured = area_m2(outlines) if projected else [None] * len(facts.ids)
    stated: list[Value] = facts.columns.get("area_m2", [None] * len(facts.ids))
    if column is None or not any(value is not None for value in stated):
        facts.columns["area_m2"] = list(measured)
        return (f"{found.where}: areas measured in the projected CRS",) if projected and facts.ids else ()
    notes: list[str] = []
    a = np.array([value if isinstance(value, int) else -1 for value in stated], dtype=np.int64)
    m = np.array([value if value is not None else -1 for value in measured], dtype=np.int64)
    exact = shapely.area(outlines)
    both = (a > 0) & (m > 0)
    differ = both & (np.abs(a - np.where(np.isnan(exact), 0, exact)) > 0.01 * np.maximum(a, m) + 0.5)
    plain = _as_written(a, cells, column) if differ.any() else a.astype(float)
    unit = _unit_hint(plain[both], exact[both], column) if differ.any() else ""
    hit = [facts.ids[i] for i in np.flatnonzero(differ).tolist()]
    if unit and area_source != "geometry":  # no setting makes the area of a mistaken unit right
        hint = f'the values look like {unit}: say units = {{ area_m2 = "{unit}" }} or head the column with its unit'
        found.add("error", 19, _times(a[differ], exact[differ], column), f"column {column.name}", hint, hit)
    elif hit and area_source is None:
        _each(differ, a, m, plain, facts, rows, found, column)
    elif hit:
        what = (
            f"area and outline of {len(hit)} parcel(s) differ by more than 1 %; by area_source the {area_source} counts"
        )
        found.add("warning", 18, what, f"column {column.name}", "", hit)
    blank = (a < 0) & (m >= 0)
    if blank.any() and area_source != "geometry":
        bare = [facts.ids[i] for i in np.flatnonzero(blank).tolist()]
        found.add(
            "note", 58, f"area of {len(bare)} parcel(s) is blank and was measured", f"column {column.name}", "", bare
        )
    use = (
        measured
        if area_source == "geometry"
        else [s if s is not None else v for s, v in zip(stated, measured, strict=True)]
    )
    facts.columns["area_m2"] = list(use)
    if area_source == "geometry":
        notes.append(f"{found.where}: areas measured in the projected CRS, as area_source says")
    return tuple(notes)


def _as_written(stated: Array, cells: Sequence[object], column: Column) -> Array:
    """The stated areas as the cells have them, before any unit is applied."""
    out = stated / float(column.factor)
    for i, cell in enumerate(cells):
        try:
            out[i] = float(as_exact(cell)) if stated[i] > 0 else out[i]
        except BadValue:
            continue
    return out


def _unit_hint(written: Array, measured: Array, column: Column) -> str:
    """The unit in which most values would agree with the outlines, other than the one they are read in, or ""."""
    if not len(written):
        return ""
    ratio = measured / written
    for factor, unit, tolerance in _UNITS:
        if abs(float(column.factor) / factor - 1) > tolerance and np.mean(np.abs(ratio / factor - 1) < tolerance) > 0.5:
            return unit
    return ""


def _times(stated: Array, measured: Array, column: Column) -> str:
    """How far the two are apart: by the larger over the smaller."""
    ratio = float(np.median(measured / stated))
    if ratio >= 1:
        return f"area_m2 is read as {column.unit or 'm2'}, but the outlines are about {ratio:,.4g} times as large"
    return f"area_m2 is read as {column.unit or 'm2'}, but the areas are about {1 / ratio:,.4g} times the measured ones"


def _each(
    differ: Array,
    a: Array,
    m: Array,
    plain: Array,
    facts: Facts,
    rows: Sequence[int],
    found: Findings,
    column: Column,
) -> None:
    for i in np.flatnonzero(differ).tolist():
        stated, measured = int(a[i]), int(m[i])
        factor = measured / float(plain[i])
        own = float(column.factor)
        mixed = next((unit for size, unit, near in _UNITS if size != own and abs(factor / size - 1) < near), "")
        place = f"row {rows[i]}, id {facts.ids[i]}, column {column.name}"
        if mixed:
            what = f"area {stated:,} m2 against {measured:,} m2 measured: this row seems to be in {mixed}"
            found.add("error", 19, what, place, "use one unit in a column", (facts.ids[i],))
            continue
        percent = abs(stated - measured) * 100 / max(stated, measured)
        what = f"area {stated:,} m2 in the table, {measured:,} m2 measured: {percent:.1f} % apart"
        maybe = "correct one of the two"
        if percent < 20:  # a survey and a title may differ; no setting is offered for what can only be a mistake
            maybe += ', or say area_source = "geometry" or "attribute"'
        found.add("error", 18, what, place, maybe, (facts.ids[i],))
