"""How far a layer reaches: beyond its coverage nothing is known of what it would show, and nothing is not zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.issues import Issue, error, note, warning
from parcels.common.place import Place
from parcels.formats.opening import open_layer
from parcels.geometry.crs import place, to_crs
from parcels.geometry.overlay import cover
from parcels.geometry.segments import Plane

Array = np.ndarray[Any, Any]
BEYOND_M = 5_000.0
"""A layer that does not state its coverage is taken to reach so far beyond its features; it is asked to state it."""
AWAY_M = 200_000.0
"""A layer this far from all parcels lies in another grid or another part of the country."""
TOLERANCE_M2 = 1
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Reach:
    """Which parcels a layer reaches (``(n,)`` booleans), what was found, and the file that says so, if one does."""

    rows: Array
    issues: tuple[Issue, ...]
    file: Path | None = None
    sha256: str = ""


# What a layer says of itself and what the round says of it, one parameter each.
def reach(
    plane: Plane,
    features: Array,
    crs: str,
    at: Place,
    *,
    coverage: Path | tuple[str, ...] | None,
    coverage_layer: str | None,
    as_of: str,
    districts: Sequence[object],
    ids: Sequence[str],
    protects: bool,
) -> Reach:
    """Where a layer speaks of the parcels at all.

    Parameters
    ----------
    plane, features
        Parcels and features of the layer, in ``crs``.
    at
        The layer, for messages.
    coverage, coverage_layer
        An outline file or the names of districts that the layer covers whole; ``None`` where it is not stated.
    as_of
        The day the layer shows, ISO; "" where it is not stated.
    districts
        Of each parcel.
    ids
        Of each parcel.
    protects
        A protection layer: it must state both.

    Returns
    -------
    Reach
        With findings 82 (coverage or date not stated, parcels beyond it) and 88 (the extents do not meet).
    """
    count = len(plane.shapes)
    issues = list(_apart(plane, features, at))
    file, digest = None, ""
    if isinstance(coverage, Path):
        raw = open_layer(coverage, coverage_layer)
        outline = raw.geometry if raw.geometry is not None else np.zeros(0, dtype=object)
        placed = place(outline, raw.crs, raw.where, prefix="L")
        issues += [issue for issue in (*raw.issues, *placed.issues) if issue.level == "error"]
        held = placed.geometry if placed.crs in ("", crs) else to_crs(placed.geometry, placed.crs, crs)
        rows = plane.areas - cover(plane, held[~shapely.is_missing(held)]).area <= TOLERANCE_M2
        file, digest = coverage, raw.sha256
    elif coverage is not None:
        rows = np.array([str(district) in coverage for district in districts], dtype=bool)
        strange = [name for name in coverage if name not in {str(district) for district in districts}]
        if strange and count:
            issues.append(warning("L082.district-unknown", at=at, names=strange))
    else:
        rows = _near(plane, features)
    if protects and (coverage is None or not as_of):
        key = "coverage-and-date" if coverage is None and not as_of else "coverage" if coverage is None else "date"
        issues.append(warning(f"L082.{key}", at=at, metres=int(BEYOND_M)))
    elif coverage is not None or as_of:
        said = coverage.name if isinstance(coverage, Path) else list(coverage or ())
        issues.append(note("L082.stated", at=at, coverage=said or "-", date=as_of or "-"))
    beyond = [identifier for identifier, inside in zip(ids, rows.tolist(), strict=True) if not inside]
    if beyond:
        issues.append(warning("L082.beyond", at=at, ids=beyond, count=len(beyond)))
    return Reach(rows, tuple(issues), file, digest)


def _near(plane: Plane, features: Array) -> Array:
    """Parcels within the box of all features, grown by :data:`BEYOND_M`."""
    if not len(features):
        return np.zeros(len(plane.shapes), dtype=bool)
    west, south, east, north = shapely.total_bounds(features).tolist()
    bounds = plane.bounds
    with np.errstate(invalid="ignore"):
        return np.asarray(
            (bounds[:, 0] >= west - BEYOND_M)
            & (bounds[:, 1] >= south - BEYOND_M)
            & (bounds[:, 2] <= east + BEYOND_M)
            & (bounds[:, 3] <= north + BEYOND_M)
        )


def _apart(plane: Plane, features: Array, at: Place) -> list[Issue]:
    """Finding 88 where the extents of layer and parcels do not meet at all."""
    if not len(features) or not len(plane.shapes):
        return []
    a, b = shapely.total_bounds(plane.shapes), shapely.total_bounds(features)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return []
    gaps = [max(0.0, b[i] - a[i + 2], a[i] - b[i + 2]) for i in (0, 1)]
    metres = float(np.hypot(*gaps))
    if metres <= 0:
        return []
    maker = error if metres > AWAY_M else warning
    return [maker("L088.apart", at=at, kilometres=f"{metres / 1000:,.1f}")]
