"""Each outline by itself: valid, polygonal, finite, flat; its area. Vectorised, no loop over sound parcels."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import shapely

from parcels.common.catalogue import told
from parcels.common.place import Place
from parcels.tables.findings import Findings

MAX_VERTICES = 1_000_000
"""More points than this in one parcel are refused (finding 21)."""

PORTION = 50_000
"""So many outlines are looked at together where that takes memory."""

_POLYGON, _MULTI = 3, 6
_KINDS = {0: "point", 1: "line", 2: "ring", 4: "points", 5: "lines", 7: "collection"}

Geometry = np.ndarray[Any, Any]


def check_shapes(
    geometry: Geometry,
    ids: Sequence[str],
    rows: Sequence[int],
    found: Findings,
    unbuilt: Collection[int] = (),
    *,
    spend: bool = False,
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
    spend
        ``geometry`` may be changed: outlines as read are let go portion by portion, as their normal forms are made.

    Returns
    -------
    ndarray
        Outlines without Z and M, in normal form (start and direction of rings decide nothing).
    """

    def tell(key: str, mask: Geometry) -> None:
        for i in np.flatnonzero(mask).tolist():
            found.add("error", key, at=Place(row=rows[i], id=ids[i]), ids=(ids[i],))

    kinds = shapely.get_type_id(geometry)
    null = shapely.is_missing(geometry)
    known = np.isin(np.asarray(rows, dtype=np.int64), list(unbuilt)) if unbuilt else np.zeros(len(ids), dtype=bool)
    tell("003.no-geometry", null & ~known)
    empty = ~null & shapely.is_empty(geometry)
    tell("002.empty", empty)
    other = ~null & ~empty & (kinds != _POLYGON) & (kinds != _MULTI)
    for i in np.flatnonzero(other).tolist():
        found.add(
            "error",
            "010.geometry-not-polygon",
            at=Place(row=rows[i], id=ids[i]),
            ids=(ids[i],),
            kind=told(f"shape.{_KINDS.get(int(kinds[i]), 'thing')}"),
        )
    good = ~null & ~empty & ~other
    flat = good & (shapely.has_z(geometry) | _has_m(geometry))
    if flat.any():
        geometry = shapely.force_2d(geometry)
        lost = [ids[i] for i in np.flatnonzero(flat).tolist()]
        found.add("note", "007.heights-or-measures", ids=lost, count=len(lost))
    infinite = good & _not_finite(geometry)
    tell("013.not-finite", infinite)
    good &= ~infinite
    vertices = shapely.get_num_coordinates(geometry)
    for i in np.flatnonzero(vertices > MAX_VERTICES).tolist():
        found.add(
            "error",
            "021.outline-points-limit",
            at=Place(row=rows[i], id=ids[i]),
            ids=(ids[i],),
            vertices=int(vertices[i]),
            max_vertices=MAX_VERTICES,
        )
    good &= vertices <= MAX_VERTICES
    _validity(geometry, good, ids, rows, found)
    many = good & (kinds == _MULTI) & (shapely.get_num_geometries(geometry) > 1)
    if many.any():
        parts = [ids[i] for i in np.flatnonzero(many).tolist()]
        found.add("note", "009.parcel-several-parts", ids=parts, count=len(parts))
    usable = geometry if spend else geometry.copy()
    usable[~good] = None
    for first in range(0, len(usable), PORTION):
        usable[first : first + PORTION] = shapely.normalize(usable[first : first + PORTION])
    return usable


def _has_m(geometry: Geometry) -> Geometry:
    return np.asarray(shapely.has_m(geometry)) if shapely.geos_version >= (3, 12, 0) else np.zeros(len(geometry), bool)


def _not_finite(geometry: Geometry) -> Geometry:
    bad = np.zeros(len(geometry), dtype=bool)
    for first in range(0, len(geometry), PORTION):
        points, index = shapely.get_coordinates(geometry[first : first + PORTION], return_index=True)
        bad[first + index[~np.isfinite(points).all(axis=1)]] = True
    return bad


def _validity(geometry: Geometry, good: Geometry, ids: Sequence[str], rows: Sequence[int], found: Findings) -> None:
    invalid = good & ~shapely.is_valid(geometry)
    for i in np.flatnonzero(invalid).tolist():
        reason = str(shapely.is_valid_reason(geometry[i]))
        kind, _, point = reason.partition("[")
        at = point.rstrip("]")
        if "hole" in kind.lower() or "nested" in kind.lower():
            found.add(
                "error",
                "011.holes-or-shells",
                at=Place(row=rows[i], id=ids[i]),
                ids=(ids[i],),
                kind=kind.strip().lower(),
                spot=at,
            )
        elif "few points" in kind.lower():
            found.add("error", "012.ring-fewer-than", at=Place(row=rows[i], id=ids[i]), ids=(ids[i],), spot=at)
        elif "coordinate" in kind.lower():
            found.add("error", "013.invalid-coordinate", at=Place(row=rows[i], id=ids[i]), ids=(ids[i],), spot=at)
        else:
            found.add(
                "error",
                "001.outline-not-simple",
                at=Place(row=rows[i], id=ids[i]),
                ids=(ids[i],),
                kind=kind.strip().lower(),
                spot=at,
            )
        good[i] = False


def area_m2(geometry: Geometry) -> list[int | None]:
    """Areas as whole m², rounded half up; ``None`` for a missing outline.

    The float area is first rounded to 0.1 mm², so that the order of points cannot decide a half.
    """
    area = np.round(shapely.area(geometry), 4)
    missing = np.isnan(area) | shapely.is_missing(geometry)
    whole = np.floor(np.where(missing, 0, area) + 0.5).astype(np.int64).tolist()
    return [None if gone else value for value, gone in zip(whole, missing.tolist(), strict=True)]
