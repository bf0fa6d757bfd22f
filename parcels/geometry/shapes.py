"""Each outline by itself: valid, polygonal, finite, flat; its area. Vectorised, no loop over sound parcels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import shapely

from parcels.tables.fact_table import Findings

MAX_VERTICES = 1_000_000
"""More points than this in one parcel are refused (finding 21)."""

_POLYGON, _MULTI = 3, 6
_KINDS = {0: "point", 1: "line", 2: "ring", 4: "points", 5: "lines", 7: "collection"}

Geometry = np.ndarray[Any, Any]


def check_shapes(
    geometry: Geometry,
    ids: Sequence[str],
    rows: Sequence[int],
    found: Findings,
    unbuilt: Collection[int] = (),
) -> Geometry:
    """Judge every outline (findings 1-3, 7, 9-13, 21) and return them flat and normalised.

    Parameters
    ----------
    geometry
        ``(n,)`` object array; ``None`` is a null geometry.
    ids, rows
        Of each parcel, for messages.
    found
        Where the findings go.
    unbuilt
        Rows whose outline the reader could not build, and has said so.

    Returns
    -------
    ndarray
        Outlines without Z and M, in normal form (start and direction of rings decide nothing).
    """

    def tell(level: str, fault: int, mask: Geometry, what: str, maybe: str) -> None:
        for i in np.flatnonzero(mask).tolist():
            found.add(level, fault, what, f"row {rows[i]}, id {ids[i]}", maybe, (ids[i],))

    kinds = shapely.get_type_id(geometry)
    null = shapely.is_missing(geometry)
    told = np.isin(np.asarray(rows, dtype=np.int64), list(unbuilt)) if unbuilt else np.zeros(len(ids), dtype=bool)
    tell("error", 3, null & ~told, "the parcel has no geometry", "draw it or drop it")
    empty = ~null & shapely.is_empty(geometry)
    tell("error", 2, empty, "the geometry is empty", "draw it or drop it")
    other = ~null & ~empty & (kinds != _POLYGON) & (kinds != _MULTI)
    for i in np.flatnonzero(other).tolist():
        what = f"the geometry is a {_KINDS.get(int(kinds[i]), 'thing')}, not a polygon"
        found.add("error", 10, what, f"row {rows[i]}, id {ids[i]}", "send polygons only", (ids[i],))
    good = ~null & ~empty & ~other
    flat = good & (shapely.has_z(geometry) | _has_m(geometry))
    if flat.any():
        geometry = shapely.force_2d(geometry)
        lost = [ids[i] for i in np.flatnonzero(flat).tolist()]
        found.add("note", 7, f"heights or measures (Z/M) of {len(lost)} parcel(s) are not used", "", "", lost)
    infinite = good & _not_finite(geometry)
    tell("error", 13, infinite, "a coordinate is not a finite number", "draw the parcel again")
    good &= ~infinite
    vertices = shapely.get_num_coordinates(geometry)
    for i in np.flatnonzero(vertices > MAX_VERTICES).tolist():
        what = f"the outline has {int(vertices[i]):,} points; the limit is {MAX_VERTICES:,}"
        found.add("error", 21, what, f"row {rows[i]}, id {ids[i]}", "simplify it to 0.01 m", (ids[i],))
    good &= vertices <= MAX_VERTICES
    _validity(geometry, good, ids, rows, found)
    many = good & (kinds == _MULTI) & (shapely.get_num_geometries(geometry) > 1)
    if many.any():
        parts = [ids[i] for i in np.flatnonzero(many).tolist()]
        found.add("note", 9, f"{len(parts)} parcel(s) have several parts; each stays one parcel", "", "", parts)
    usable = geometry.copy()
    usable[~good] = None
    return np.asarray(shapely.normalize(usable))


def _has_m(geometry: Geometry) -> Geometry:
    return np.asarray(shapely.has_m(geometry)) if shapely.geos_version >= (3, 12, 0) else np.zeros(len(geometry), bool)


def _not_finite(geometry: Geometry) -> Geometry:
    points, index = shapely.get_coordinates(geometry, return_index=True)
    bad = np.zeros(len(geometry), dtype=bool)
    bad[index[~np.isfinite(points).all(axis=1)]] = True
    return bad


def _validity(geometry: Geometry, good: Geometry, ids: Sequence[str], rows: Sequence[int], found: Findings) -> None:
    invalid = good & ~shapely.is_valid(geometry)
    for i in np.flatnonzero(invalid).tolist():
        reason = str(shapely.is_valid_reason(geometry[i]))
        kind, _, point = reason.partition("[")
        at = f" at {point.rstrip(']')}" if point else ""
        place = f"row {rows[i]}, id {ids[i]}"
        if "hole" in kind.lower() or "nested" in kind.lower():
            what = f"{kind.strip().lower()}{at}"
            found.add("error", 11, what, place, "draw holes inside their outline", (ids[i],))
        elif "few points" in kind.lower():
            found.add("error", 12, f"a ring has fewer than four points{at}", place, "draw the parcel again", (ids[i],))
        elif "coordinate" in kind.lower():
            found.add("error", 13, f"invalid coordinate{at}", place, "draw the parcel again", (ids[i],))
        else:
            what = f"the outline is not simple: {kind.strip().lower()}{at}"
            maybe = "correct it, or look at what landopt check --repair would make of it"
            found.add("error", 1, what, place, maybe, (ids[i],))
        good[i] = False


def area_m2(geometry: Geometry) -> list[int | None]:
    """Areas as whole m², rounded half up; ``None`` for a missing outline.

    The float area is first rounded to 0.1 mm², so that the order of points cannot decide a half.
    """
    area = np.round(shapely.area(geometry), 4)
    missing = np.isnan(area) | shapely.is_missing(geometry)
    whole = np.floor(np.where(missing, 0, area) + 0.5).astype(np.int64).tolist()
    return [None if gone else value for value, gone in zip(whole, missing.tolist(), strict=True)]
