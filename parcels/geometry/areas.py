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
from parcels.tables.fact_table import Facts
from parcels.tables.findings import Findings

Array = np.ndarray[Any, Any]
_UNITS = ((1.0, "m2", 0.005), (2000 / 3, "mu", 0.0075), (10_000.0, "ha", 0.01), (1_000_000.0, "km2", 0.01))
"""m² in each unit an area may be written in, and how near the ratio must be to tell the unit by it."""
LIKE = 0.2
"""A survey and a title may differ by this part; beyond it no setting is offered, for only a mistake differs so much."""


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
    both = (a > 0) & (m >= 0)
    differ = both & (np.abs(a - np.where(np.isnan(exact), 0, exact)) > 0.01 * np.maximum(a, m) + 0.5)
    plain = _as_written(a, cells, column) if differ.any() else a.astype(float)
    unit = _unit_hint(plain[both], exact[both], column) if differ.any() else ""
    hit = [facts.ids[i] for i in np.flatnonzero(differ).tolist()]
    at = Place(column=column.name)
    if unit and area_source != "geometry":  # no setting makes the area of a mistaken unit right
        ratio = float(np.median(a[differ] / exact[differ]))
        key = "019.area-m2-read" if ratio < 1 else "019.area-m2-times"
        times = f"{max(ratio, 1 / ratio):,.4g}"
        found.add("error", key, at=at, ids=hit, read_as=column.unit or "m2", times=times, unit=unit)
    elif hit and area_source is None:
        _each(differ, a, m, plain, facts, rows, found, column)
    elif hit:
        found.add("warning", "018.area-outline-parcel", at=at, ids=hit, count=len(hit), area_source=area_source)
    blank = (a < 0) & (m >= 0)
    if blank.any() and area_source != "geometry":
        bare = [facts.ids[i] for i in np.flatnonzero(blank).tolist()]
        found.add("note", "058.area-parcel-blank", at=at, ids=bare, count=len(bare))
    use = (
        measured
        if area_source == "geometry"
        else [s if s is not None else v for s, v in zip(stated, measured, strict=True)]
    )
    facts.columns["area_m2"] = list(use)
    if area_source == "geometry":
        notes.append(noted(found.where, told("note.measured-as-said")))
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
            "018.area-m2-table" if percent <= 100 * LIKE else "018.area-m2-far",
            at=Place(row=rows[i], id=facts.ids[i], column=column.name),
            ids=(facts.ids[i],),
            stated=stated,
            measured=measured,
            percent=percent,
        )
