"""Blocks of several parcels that hang together by a corner, or are long and thin: told, so that somebody looks.

No law forbids them; both numbers are landopt's own: a rule that reads ``site_compact`` or ``adjacency_m`` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from constraints.case import Case
from parcels.common.issues import Issue, warning

if TYPE_CHECKING:
    import geopandas

CORNER_PERCENT = 10
"""A parcel whose longest boundary with another of its block is less of the side of a square of its area hangs by a
corner."""
CORRIDOR = 25
"""A block less compact than this (a square: 100; a strip 14 times as long as wide: 25) is like a corridor."""


def odd_blocks(plan: Mapping[str, Any], case: Case, outlines: geopandas.GeoDataFrame | None) -> Iterator[Issue]:
    """A warning for each block of the plan that hangs by a corner, and for each that is like a corridor."""
    import shapely

    if outlines is None:
        return
    rows = case.parcels.index()
    shared = dict(zip(case.neighbours.pairs, case.neighbours.shared_dm, strict=True))
    for entry in plan["assignments"]:
        names = list(entry["parcel_ids"])
        if len(names) < 2 or not set(names) <= set(outlines.index):
            continue
        shapes = outlines.geometry.loc[names].to_numpy()
        edges = shapely.length(shapely.boundary(shapes))
        block, place = "+".join(names), sorted(rows[name] for name in names)
        inside = {(a, b): shared.get((a, b), 0) / 10 for a in place for b in place if a < b}
        sides = shapely.area(shapes) ** 0.5
        for name, side in zip(names, sides.tolist(), strict=True):
            longest = max(length for pair, length in inside.items() if rows[name] in pair)
            if 100 * longest < CORNER_PERCENT * side:
                yield warning("S021.corner", ids=(name,), block=block, name=name, metres=round(longest, 1))
                break
        around = edges.sum() - 2 * sum(inside.values())
        compact = int(1600 * shapely.area(shapes).sum() / around**2) if around > 0 else CORRIDOR
        if compact < CORRIDOR:
            yield warning("S021.corridor", ids=names, block=block, compact=compact)
