"""Areas whose layers forbid supply (basic farmland, ecological red line), from the round beside the plan.

A plan folder holds what the layers said of each parcel, not the layers. They are read from the round it lies in, and
only where the file still is the one the plan was made from, by its digest; otherwise the areas are not shown, and that
is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from landopt.report.source import Source
from parcels.common.catalogue import phrase
from parcels.common.issues import Refused

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from landopt.intake.roundfile import LayerFile

COLOURS = {
    "permanent_basic_farmland": "#8C6D1F",
    "ecological_red_line": "#117733",
    "ecological_red_line_core": "#004D1F",
}
"""The layers that forbid, and the colour of their hatch."""


@dataclass(frozen=True, slots=True)
class Protected:
    """A layer: its role and its polygons, in the system of the plan."""

    role: str
    shapes: tuple[Any, ...]

    def title(self, lang: str) -> str:
        """Its name."""
        return phrase(f"layer.{self.role}", lang)

    @property
    def colour(self) -> str:
        """The colour of its hatch."""
        return COLOURS[self.role]


def protected_areas(source: Source) -> tuple[Protected, ...]:
    """The layers of the round beside the plan folder that forbid supply; none where they are not those of the plan."""
    place = source.folder.absolute().parent / "round.toml"
    if not place.is_file():
        return ()
    from landopt.intake.roundfile import read_round_file

    try:
        named = read_round_file(place).layers
    except Refused:
        return ()
    known = {(entry["name"], entry["sha256"]) for entry in source.found.case.inputs}
    found = []
    for role in COLOURS:
        for layer in named:
            shapes = _shapes(layer, source, known) if layer.role == role and layer.path.exists() else ()
            if shapes:
                found.append(Protected(role, shapes))
    return tuple(found)


def _shapes(layer: LayerFile, source: Source, known: AbstractSet[tuple[str, str]]) -> tuple[Any, ...]:
    """The polygons near the parcels, in the system of the plan; none if the file is not the one of the plan."""
    import shapely

    from parcels.formats.opening import open_layer
    from parcels.geometry.crs import place, to_crs

    raw = open_layer(layer.path, layer.layer)
    if (layer.path.name, raw.sha256) not in known or raw.geometry is None:
        return ()
    placed = place(raw.geometry, raw.crs, raw.where, prefix="L")
    crs = source.found.case.crs
    if not placed.crs or not crs:
        return ()
    shapes = placed.geometry if placed.crs == crs else to_crs(placed.geometry, placed.crs, crs)
    west, south, east, north = source.polygons.total_bounds
    margin = 0.1 * max(east - west, north - south)
    window = shapely.box(west - margin, south - margin, east + margin, north + margin)
    parts = shapely.get_parts(shapely.intersection(shapely.make_valid(shapes), window))
    return tuple(part for part in parts if part.geom_type in ("Polygon", "MultiPolygon") and not part.is_empty)
