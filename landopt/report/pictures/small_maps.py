"""A plan as a small map (SVG): parcels by method, a heavy line around what differs from the first; and the numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from markupsafe import Markup

from landopt.reasons import words
from landopt.report.map.charts import COLOURS
from parcels.common.catalogue import told
from parcels.common.csv_text import csv_text

if TYPE_CHECKING:
    import geopandas

WIDE, HIGH, EDGE = 360, 270, 6
OTHER, HELD, LINE, MOVED = "#999999", "#ffffff", "#8b95a3", "#000000"
Choice = tuple[str | None, str]
"""Whom a parcel goes to (None: the market) and how."""


@dataclass(frozen=True)
class Outlines:
    """The outlines of a round on a small map; ``frame`` holds them by parcel id (None: no map was kept)."""

    frame: geopandas.GeoDataFrame | None

    @cached_property
    def paths(self) -> dict[str, str]:
        """For each parcel its rings as the data of an SVG path, in tenths of a dot of the map."""
        import shapely

        if self.frame is None:
            return {}
        shapes = np.asarray(self.frame.geometry.values)
        if not len(shapes):
            return {}
        west, south, east, north = shapely.total_bounds(shapes)
        size = max((east - west) / (WIDE - 2 * EDGE), (north - south) / (HIGH - 2 * EDGE)) or 1.0
        rings, owner = shapely.get_rings(shapely.simplify(shapes, size / 4), return_index=True)
        found: dict[int, list[str]] = {}
        for ring, row in zip(rings, owner.tolist(), strict=True):
            points = (shapely.get_coordinates(ring)[:-1] - [west, north]) / [size, -size] + EDGE
            found.setdefault(row, []).append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist()) + "Z")
        return {str(name): "".join(found.get(row, ())) for row, name in enumerate(self.frame.index)}


def choices_of(plan: Mapping[str, Any]) -> dict[str, Choice]:
    """What ``plan.json`` does with each parcel that it supplies."""
    return {name: (each["demand_id"], each["method"]) for each in plan["assignments"] for name in each["parcel_ids"]}


def small_map(outlines: Outlines, chosen: Mapping[str, Choice], first: Mapping[str, Choice], title: str) -> str:
    """One map as SVG; what differs from ``first`` has a heavy line."""
    by: dict[str, list[str]] = {}
    for name, path in outlines.paths.items():
        by.setdefault(chosen[name][1] if name in chosen else "", []).append(path)
    drawn = [_drawn(by.pop("", []), HELD, LINE, 0.6)]
    drawn += [_drawn(paths, COLOURS.get(method, OTHER), "#3c4654", 0.8) for method, paths in sorted(by.items())]
    moved = [path for name, path in outlines.paths.items() if chosen.get(name) != first.get(name)]
    drawn.append(_drawn(moved, "none", MOVED, 2.4))
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img">'
            '<title>{title}</title><rect width="{w}" height="{h}" fill="#f4f6f8"/>{inner}</svg>\n'
        ).format(w=WIDE, h=HIGH, title=title, inner=Markup("").join(drawn))
    )


def legend(plans: Iterable[Mapping[str, Choice]], lang: str) -> str:
    """What the colours mean, as SVG: the methods of the plans, held back, and what differs."""
    methods = sorted({method for plan in plans for _, method in plan.values()})
    entries = [(COLOURS.get(method, OTHER), "#3c4654", 0.8, words.word("method", method, lang)) for method in methods]
    entries.append((HELD, LINE, 0.6, told("pictures.held").text(lang)))
    entries.append(("none", MOVED, 2.4, told("pictures.differs").text(lang)))
    drawn, x = [], 4
    for fill, line, wide, text in entries:
        drawn.append(
            Markup(
                '<rect x="{}" y="5" width="20" height="13" fill="{}" stroke="{}" stroke-width="{}"/>'
                '<text x="{}" y="16" font-size="13" fill="#1d2530">{}</text>'
            ).format(x, fill, line, wide, x + 27, text)
        )
        x += 45 + sum(14 if ord(char) > 0x2E80 else 8 for char in text)
    return str(
        Markup(
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {x} 24" width="{x}" height="24" role="img" '
            'font-family="sans-serif">{inner}</svg>\n'
        ).format(x=x, inner=Markup("").join(drawn))
    )


def maps_csv(parcels: Sequence[str], plans: Mapping[str, Mapping[str, Choice]]) -> str:
    """The numbers of the maps: a line a parcel that some plan supplies, for each plan method and platform."""
    rows: list[list[object]] = [
        ["parcel_id", *(f"{name} {what}" for name in plans for what in ("method", "demand_id"))]
    ]
    for parcel in parcels:
        here = [plan.get(parcel) for plan in plans.values()]
        if any(here):
            cells = [cell for choice in here for cell in ((choice[1], choice[0] or "") if choice else ("", ""))]
            rows.append([parcel, *cells])
    return csv_text(rows)


def _drawn(paths: Sequence[str], fill: str, line: str, wide: float) -> Markup:
    if not paths:
        return Markup("")
    return Markup(
        '<path d="{}" fill="{}" fill-rule="evenodd" stroke="{}" stroke-width="{}" stroke-linejoin="round"/>'
    ).format("".join(paths), fill, line, wide)
