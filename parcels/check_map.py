"""Parcels against each other and against the round: duplicates, overlaps, slivers, the declared box, dates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from parcels.common.frozen import FactTable
from parcels.common.issues import Issue
from parcels.common.place import Place, within
from parcels.geometry.neighbours import side_by_side
from parcels.geometry.overlaps import overlapping
from parcels.geometry.segments import NEAR_M, Plane
from parcels.read import ParcelFile
from parcels.tables.findings import Findings

OVERLAP_M2 = 1.0
"""Two parcels may overlap by this much (slivers of rounding); more is refused."""

SLIT_M = NEAR_M
"""A gap narrower than this between two parcels is taken for a drawing error and warned of; a road is wider."""

FAR_M = 200_000.0
"""A parcel this far from the middle of all is taken for a digitising error."""

PAST = ("publication_closed", "appraised_on")
"""Dates of things that have happened: they cannot lie after the round's date."""

Array = np.ndarray[Any, Any]


_NO_PLACE = {"P014", "P016", "P017"}
"""After these findings nobody knows where the parcels lie."""


def check_parcels(
    land: ParcelFile,
    table: FactTable | None = None,
    *,
    as_of: str,
    tolerance_m2: float = OVERLAP_M2,
    box: Sequence[str] = (),
    plane: Plane | None = None,
) -> tuple[Issue, ...]:
    """What is wrong between parcels, or between parcels and the round.

    Parameters
    ----------
    land
        The parcels as read.
    table
        Their facts, layers included (default: those of the file).
    as_of
        The round's date (ISO).
    tolerance_m2
        Overlap that is tolerated, m².
    box
        West, south, east, north of the district in the parcels' CRS, as decimal texts.
    plane
        The outlines side by side, if they are there already.

    Returns
    -------
    tuple of Issue
        Findings 4-6, 16, 20, 39, 67, 76.
    """
    found = Findings(land.where, "P")
    facts = land.table if table is None else table
    plane = Plane(land.geometry.geometry.values) if plane is None else plane
    rows = land.lines or tuple(range(1, len(facts.ids) + 1))
    places = _Places(rows, facts.ids)
    apart = _overlaps(plane, facts.ids, places, tolerance_m2, found)
    _gaps(plane, facts.ids, places, apart, found)
    if not any(issue.level == "error" and issue.code in _NO_PLACE for issue in land.issues):
        _placed(plane.bounds, facts.ids, places, box, land.crs, found)
    _dates(facts, places, as_of, found)
    _ranges(facts, places, found)
    return found.done()


class _Places(Sequence[Place]):
    """The place of each parcel, made when it is told of."""

    def __init__(self, rows: Sequence[int], ids: Sequence[str]) -> None:
        self.rows, self.ids = rows, ids

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, at: int) -> Place:  # type: ignore[override]  # of one parcel only
        return Place(row=self.rows[at], id=self.ids[at])


def _overlaps(
    plane: Plane, ids: Sequence[str], places: Sequence[Place], tolerance: float, found: Findings
) -> set[tuple[int, int]]:
    """Tell of pairs that share ground; returns those that were refused."""
    shapes = plane.shapes
    left, right, area = overlapping(plane)
    real = np.round(area, 4) > tolerance
    for i, j, m2 in zip(left[real].tolist(), right[real].tolist(), area[real].tolist(), strict=True):
        pair, place = (ids[i], ids[j]), within(places[i], also=places[j])
        if shapes[i].equals(shapes[j]):
            found.add("error", "004.same-outline", at=place, ids=pair, names=ids[i], names2=ids[j])
        else:
            found.add(
                "error",
                "005.overlaps-m2-tolerance",
                at=place,
                ids=pair,
                names=ids[i],
                names2=ids[j],
                m2=m2,
                tolerance=tolerance,
            )
    sliver = ~real & (area > 0.0001)
    if sliver.any():
        worst = int(np.argmax(np.where(sliver, area, 0)))
        names = sorted({ids[i] for i in (*left[sliver].tolist(), *right[sliver].tolist())})
        found.add(
            "warning",
            "006.slivers",
            ids=names,
            count=int(sliver.sum()),
            tolerance=tolerance,
            largest=float(area[worst]),
            first=ids[int(left[worst])],
            second=ids[int(right[worst])],
        )
    return set(zip(left[real].tolist(), right[real].tolist(), strict=True))


def _gaps(
    plane: Plane, ids: Sequence[str], places: Sequence[Place], apart: set[tuple[int, int]], found: Findings
) -> None:
    """Pairs that would be neighbours but for a slit too narrow to be meant."""
    left, right, true, wide = side_by_side(plane)
    slit = (wide > 1) & (true < 0.5 * wide) & (true <= 1)
    for i, j, metres in zip(left[slit].tolist(), right[slit].tolist(), wide[slit].tolist(), strict=True):
        if (i, j) in apart:
            continue
        found.add(
            "warning",
            "076.slit",
            at=within(places[i], also=places[j]),
            ids=(ids[i], ids[j]),
            first=ids[i],
            second=ids[j],
            metres=metres,
            apart=SLIT_M,
        )


def _placed(
    bounds: Array, ids: Sequence[str], places: Sequence[Place], box: Sequence[str], crs: str, found: Findings
) -> None:
    known = ~np.isnan(bounds[:, 0])
    if not known.any():
        return
    if box:
        west, south, east, north = (float(side) for side in box)
        out = known & ~(
            (bounds[:, 0] >= west) & (bounds[:, 1] >= south) & (bounds[:, 2] <= east) & (bounds[:, 3] <= north)
        )
        if out.sum() == known.sum():
            found.add("error", "016.all-parcels-lie", ids=ids, sum=int(out.sum()), box=box, crs=crs)
            return
        for i in np.flatnonzero(out).tolist():
            found.add("error", "020.lies-outside-declared", at=places[i], ids=(ids[i],), names=ids[i])
        return
    centre = (bounds[:, :2] + bounds[:, 2:]) / 2
    middle = np.median(centre[known], axis=0)
    far = known & (np.hypot(*(centre - middle).T) > FAR_M)
    for i in np.flatnonzero(far).tolist():
        away = float(np.hypot(*(centre[i] - middle))) / 1000
        found.add("error", "020.lies-km-from", at=places[i], ids=(ids[i],), names=ids[i], away=away)


def _dates(facts: FactTable, places: Sequence[Place], as_of: str, found: Findings) -> None:
    for name in PAST:
        for k, value in enumerate(facts.columns.get(name, ())):
            if isinstance(value, str) and value > as_of:
                found.add(
                    "error",
                    "039.lies-after-round",
                    at=within(places[k], column=name),
                    ids=(facts.ids[k],),
                    name=name,
                    value=value,
                    as_of=as_of,
                )


def _ranges(facts: FactTable, places: Sequence[Place], found: Findings) -> None:
    _at_most(facts, places, "far_min", "far_max", found)
    for part in ("new_area_m2", "in_pbf", "in_erl", "in_erl_core"):
        _at_most(facts, places, part, "area_m2", found, slack=True)


def _at_most(
    facts: FactTable, places: Sequence[Place], low: str, high: str, found: Findings, slack: bool = False
) -> None:
    if low not in facts.columns or high not in facts.columns:
        return
    for k, (a, b) in enumerate(zip(facts.columns[low], facts.columns[high], strict=True)):
        if isinstance(a, int) and isinstance(b, int) and a > b + (b // 100 + 1 if slack else 0):
            level = "warning" if low == "far_min" else "error"
            found.add(
                level,
                "067.above",
                at=places[k],
                ids=(facts.ids[k],),
                low=low,
                number=_number(a, low),
                high=high,
                number2=_number(b, high),
            )


def _number(value: int, name: str) -> str:
    return f"{value / 100:.2f}" if name.startswith("far") else f"{value:,}"
