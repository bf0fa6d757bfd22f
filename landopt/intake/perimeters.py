"""The perimeters of the parcels, measured where a rule asks how compact a site is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import shapely

from constraints.types import Rule

if TYPE_CHECKING:
    import geopandas


def reads_compactness(rules: Iterable[Rule]) -> bool:
    """Whether a rule reads ``site_compact``, in a condition, as a measure or in a key."""
    return any("site_compact" in rule.when or "site_compact" in str(dict(rule.spec)) for rule in rules)


def perimeters(polygons: geopandas.GeoDataFrame) -> tuple[int, ...]:
    """Decimetres of boundary of each parcel, holes included, rounded half up; of a projected CRS in metres."""
    metres = shapely.length(shapely.boundary(np.asarray(polygons.geometry.values)))
    return tuple(np.floor(np.nan_to_num(metres) * 10 + 0.5).astype(np.int64).tolist())
