"""Areas as a table states them, against its outlines: what a conversion tells, and writes where one alone fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely

from parcels.common.issues import Issue, warning
from parcels.common.place import Place
from parcels.common.units import BadValue, scaled
from parcels.formats.companion import row_ids
from parcels.formats.sources import RawTable
from parcels.geometry.crs import place
from parcels.geometry.systems import zone_of
from parcels.tables.columns import match_columns

AGREES = 0.01
"""Areas that differ by less than this part of the larger are one and the same."""


def stated_areas(raw: RawTable, geometry: np.ndarray[Any, Any], epsg: int) -> tuple[list[int | None], list[Issue]]:
    """The areas of the area column in m² where they agree with the outlines, and finding 18 where they do not.

    Parameters
    ----------
    raw
        The table.
    geometry, epsg
        Its outlines and the EPSG code they are in; degrees are projected to be measured.

    Returns
    -------
    list of int or None
        ``None`` where the cell is blank, no number, or more than 1 % off the outline.
    """
    column = match_columns(raw.columns, "parcel", raw.where).columns.get("area_m2")
    if column is None:
        return [None] * len(raw.rows), []
    measured = _measured(geometry, epsg, raw.where)
    out: list[int | None] = []
    wrong: list[int] = []
    for row, cell in enumerate(raw.columns[column.name]):
        if cell is None:
            out.append(None)
            continue
        try:
            area = scaled(cell, 1, column.factor)
        except BadValue:
            area = -1
        drawn = float(measured[row])
        fits = area > 0 and (np.isnan(drawn) or abs(area - drawn) <= AGREES * max(area, drawn) + 0.5)
        out.append(area if fits else None)
        if not fits:
            wrong.append(row)
    if not wrong:
        return out, []
    ids = row_ids(raw) or [f"row {row}" for row in raw.rows]
    first = wrong[0]
    told = warning(
        "P018.convert",
        at=raw.where,
        ids=[ids[row] for row in wrong],
        column=column.name,
        count=len(wrong),
        total=len(out),
        stated=str(raw.columns[column.name][first]),
        unit=column.unit or "m2",
        measured=0 if np.isnan(measured[first]) else round(measured[first]),
    )
    return out, [told]


def _measured(geometry: np.ndarray[Any, Any], epsg: int, where: Place) -> Sequence[float]:
    if zone_of(epsg) is None:
        placed = place(geometry, f"EPSG:{epsg}", where)
        if not placed.crs or any(issue.level == "error" for issue in placed.issues):
            return np.full(len(geometry), np.nan).tolist()
        geometry = placed.geometry
    areas: list[float] = shapely.area(geometry).tolist()
    return areas
