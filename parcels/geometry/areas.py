"""The area of a parcel: as the file says, as measured, and what to do where the two differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.issues import noted
from parcels.common.place import Place
from parcels.common.schema import Value
from parcels.common.units import BadValue
from parcels.common.units import exact as as_exact
from parcels.geometry.shapes import area_m2
from parcels.tables.columns import Column
from parcels.tables.fact_table import Facts, Findings

Array = np.ndarray[Any, Any]
_RATIOS = ((10_000, "ha", 0.01), (2000 / 3, "mu", 0.0075), (1_000_000, "km2", 0.01), (1 / 10_000, "", 0.01))


def settle_areas(
    facts: Facts,
    outlines: Array,
    rows: Sequence[int],
    found: Findings,
    column: Column | None,
    area_source: str | None,
    projected: bool,
    cells: Sequence[object] = (),
) -> tuple[Told, ...]:
    """Fill ``area_m2`` of ``facts`` in place and report (findings 18, 19).

    Where the file gives no area it is measured in the projected CRS, and said so. Where it gives one that differs from
    the measured by more than 1 % the parcel is refused, unless ``area_source`` says which counts.
    """
    measured = area_m2(outlines) if projected else [None] * len(facts.ids)
    stated: list[Value] = facts.columns.get("area_m2", [None] * len(facts.ids))
    if column is None or not any(value is not None for value in stated):
        facts.columns["area_m2"] = list(measured)
        return (noted(found.where, told("note.measured")),) if projected and facts.ids else ()
    notes: list[Told] = []
    a = np.array([value if isinstance(value, int) else -1 for value in stated], dtype=np.int64)
    m = np.array([value if value is not None else -1 for value in measured], dtype=np.int64)
    exact = shapely.area(outlines)
    both = (a > 0) & (m > 0)
    differ = both & (np.abs(a - np.where(np.isnan(exact), 0, exact)) > 0.01 * np.maximum(a, m) + 0.5)
    plain = _unrounded(a, cells, column) if differ.any() else a
    unit = _unit_hint(plain[both], exact[both]) if differ.any() else ""
    if differ.any() and area_source is None:
        if unit:
            times = _times(plain[both], exact[both])
            hit = [facts.ids[i] for i in np.flatnonzero(differ).tolist()]
            found.add(
                "error",
                "019.area-m2-read",
                at=Place(column=column.name),
                ids=hit,
                read_as=column.unit or "m2",
                times=times,
                unit=unit,
            )
        else:
            _each(differ, a, m, plain, facts, rows, found, column)
    elif differ.any():
        hit = [facts.ids[i] for i in np.flatnonzero(differ).tolist()]
        found.add(
            "warning",
            "018.area-outline-parcel",
            at=Place(column=column.name),
            ids=hit,
            count=len(hit),
            area_source=area_source,
        )
    blank = (a < 0) & (m >= 0)
    if blank.any() and area_source != "geometry":
        hit = [facts.ids[i] for i in np.flatnonzero(blank).tolist()]
        found.add("note", "058.area-parcel-blank", at=Place(column=column.name), ids=hit, count=len(hit))
    use = (
        measured
        if area_source == "geometry"
        else [s if s is not None else v for s, v in zip(stated, measured, strict=True)]
    )
    facts.columns["area_m2"] = list(use)
    if area_source == "geometry":
        notes.append(noted(found.where, told("note.measured-as-said")))
    return tuple(notes)


def _unrounded(stated: Array, cells: Sequence[object], column: Column) -> Array:
    """The stated areas before rounding to m², to tell a unit by its ratio."""
    out = stated.astype(float)
    for i, cell in enumerate(cells):
        try:
            out[i] = float(as_exact(cell) * column.factor) if stated[i] > 0 else out[i]
        except BadValue:
            continue
    return out


def _unit_hint(stated: Array, measured: Array) -> str:
    """The unit in which most values would agree with the outlines, or ""."""
    if not len(stated):
        return ""
    ratio = measured / stated
    for factor, unit, tolerance in _RATIOS:
        if unit and np.mean(np.abs(ratio / factor - 1) < tolerance) > 0.5:
            return unit
    return ""


def _times(stated: Array, measured: Array) -> str:
    return f"{float(np.median(measured / stated)):,.0f} times"


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
        mixed = next((unit for size, unit, near in _RATIOS if unit and abs(factor / size - 1) < near), "")
        if mixed:
            found.add(
                "error",
                "019.area-m2-against",
                at=Place(row=rows[i], id=facts.ids[i], column=column.name),
                ids=(facts.ids[i],),
                stated=stated,
                measured=measured,
                mixed=mixed,
            )
            continue
        percent = abs(stated - measured) * 100 / max(stated, measured)
        found.add(
            "error",
            "018.area-m2-table",
            at=Place(row=rows[i], id=facts.ids[i], column=column.name),
            ids=(facts.ids[i],),
            stated=stated,
            measured=measured,
            percent=percent,
        )
