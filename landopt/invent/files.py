"""Writes an invented round: GeoPackages with a fixed date, CSV tables, polygon layers that touch some parcels."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from landopt.invent.parcel_facts import Cell
from landopt.invent.platforms import DEMAND_COLUMNS
from landopt.invent.set_pieces import is_clean

if TYPE_CHECKING:
    from landopt.invent.draft import Draft

CRS = "EPSG:4526"
FIXED_DATE = "2026-03-31T00:00:00.000Z"
"""Written instead of the clock, so that one seed gives one file."""
_RECORD_COLUMNS = ("rule", "parcel_id", "demand_id", "document", "date", "by")
_WHOLE = (
    "new_area_m2", "area_m2", "grade", "benchmark_price", "cost_floor", "appraised_price", "office_price",
    "intending_users", "failed_times",
)  # fmt: skip
_FLAGS = ("net_land", "converted", "expropriated", "in_annual_plan")


def write_parcels(path: Path, rows: Sequence[Mapping[str, Cell]], plots: Sequence[Any]) -> None:
    """The parcels as a GeoPackage layer ``parcels`` in EPSG:4526."""
    import pandas as pd

    columns: dict[str, Any] = {}
    for name in rows[0]:
        cells = [row[name] for row in rows]
        kind = "Int64" if name in _WHOLE else "bool" if name in _FLAGS else "object"
        columns[name] = pd.Series(cells, dtype=kind)
    _write(path, "parcels", columns, plots)


def write_table(path: Path, rows: Sequence[Mapping[str, Cell]]) -> None:
    """Demands or records as CSV (UTF-8 with a mark, so that spreadsheets read the Chinese; LF)."""
    if not rows:
        return
    columns = DEMAND_COLUMNS if "platform_kind" in rows[0] else _RECORD_COLUMNS
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(row.get(name)) for name in columns] for row in rows)


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return str(cell)


def write_layers(path: Path, found: Draft, draw: Random) -> None:
    """Red lines, boundary, industrial blocks, zones and stations around the town, one layer a role."""
    from shapely import Point, box, unary_union
    from shapely.affinity import rotate

    outlines = [block.outline for block in found.town]
    plots = [plot for block in found.town for plot in block.plots]
    hull = unary_union(outlines).convex_hull
    named = {index for index, row in enumerate(found.parcels) if f'"{row["parcel_id"]}"' in found.policy}
    spared = unary_union([plots[index].buffer(2, join_style="mitre") for index in sorted(named)])
    free = [index for index, row in enumerate(found.parcels) if is_clean(dict(row)) and index not in named]
    if len(free) < 3:
        free = list(range(len(plots)))
    draw.shuffle(free)
    rim = sorted(free, key=lambda index: plots[index].distance(hull.exterior) > 90)
    count = min(max(3, len(plots) // 40), max(1, len(rim) // 3))

    def patch(index: int, size: tuple[int, int]) -> Any:
        corner = max(plots[index].convex_hull.exterior.coords, key=lambda xy: -hull.exterior.distance(Point(xy)))
        half = draw.uniform(*size) / 2
        square = box(corner[0] - half, corner[1] - half, corner[0] + half, corner[1] + half * draw.uniform(0.7, 1.3))
        return _largest(rotate(square, draw.uniform(0, 45), origin=corner).difference(spared))

    farmland = [patch(index, (50, 120)) for index in rim[:count]]
    red = [patch(index, (60, 140)) for index in rim[count : count + max(1, count * 2 // 3)]]
    core = [_largest(red[0].buffer(-8, join_style="mitre"))]
    outside = max(rim[count:], key=lambda index: plots[index].centroid.x)
    edge = plots[outside].centroid
    beyond = box(edge.x, edge.y - 170, edge.x + 3_000, edge.y + 170).difference(spared)
    around = hull.buffer(70, join_style="mitre")
    boundary = _largest(around.difference(beyond))
    boundary = boundary if boundary.contains(spared) else around
    works = [n for n, plan in enumerate(found.plans) if plan.kind in ("industry", "valley")]
    kept = works[:-1] if len(works) > 3 else works
    ftz = [outlines[n].buffer(6, join_style="mitre") for n in range(len(outlines)) if _in_ftz(found, n)]
    middle = hull.centroid
    stations = [
        Point(round(middle.x + 700 * math.cos(a), 1), round(middle.y + 500 * math.sin(a), 1)) for a in (0.6, 3.9)
    ]
    path.unlink(missing_ok=True)
    _add(path, "permanent_basic_farmland", {"name": [f"PBF-{n + 1:02d}" for n in range(len(farmland))]}, farmland)
    _add(path, "ecological_red_line", {"name": [f"ERL-{n + 1:02d}" for n in range(len(red))]}, red)
    _add(path, "ecological_red_line_core", {"name": [f"CORE-{n + 1:02d}" for n in range(len(core))]}, core)
    _add(path, "urban_boundary", {"name": ["UDB-1"]}, [boundary])
    _add(path, "industrial_block", _block_columns(found, kept), [_around(outlines[n]) for n in kept])
    zones = [("nansha", hull.buffer(400, join_style="mitre")), *(("nansha_ftz", shape) for shape in ftz)]
    _add(path, "zones", {"zone": [zone for zone, _ in zones]}, [shape for _, shape in zones])
    names = ["明珠湾站｜Mingzhu Bay station", "庆盛站｜Qingsheng station"]
    _add(path, "points", {"point_id": ["M-1", "M-2"], "name": names}, stations)


def _largest(shape: Any) -> Any:
    """The largest part."""
    return max(getattr(shape, "geoms", [shape]), key=lambda part: part.area)


def _in_ftz(found: Draft, block: int) -> bool:
    first = found.block_of.index(block)
    return "nansha_ftz" in str(found.parcels[first]["zone"])


def _around(outline: Any) -> Any:
    return outline.buffer(6, join_style="mitre")


def _block_columns(found: Draft, kept: Iterable[int]) -> dict[str, list[Any]]:
    """Id, level and areas (m²) of the industrial blocks: M0 well below a tenth of a block, industry above 65 %."""
    columns: dict[str, list[Any]] = {"ind_block": [], "level": [], "area_m2": [], "ind_m2": [], "m0_m2": []}
    for number, block in enumerate(kept, 1):
        area = round(_around(found.town[block].outline).area) * 4
        columns["ind_block"].append(f"NSB-{number:02d}")
        columns["level"].append(1 if number % 3 else 2)
        columns["area_m2"].append(area)
        columns["ind_m2"].append(area * 62 // 100)
        columns["m0_m2"].append(area * 3 // 100)
    return columns


def _add(path: Path, layer: str, columns: Mapping[str, Sequence[Any]], shapes: Sequence[Any]) -> None:
    from shapely import set_precision

    _write(path, layer, dict(columns), [set_precision(shape, 0.001) for shape in shapes], append=path.exists())


def _write(path: Path, layer: str, columns: Mapping[str, Any], shapes: Sequence[Any], append: bool = False) -> None:
    import geopandas as gpd
    import pyogrio

    if not append:
        path.unlink(missing_ok=True)
    frame = gpd.GeoDataFrame(dict(columns), geometry=list(shapes), crs=CRS)
    kinds = {shape.geom_type for shape in shapes}
    several = any(kind.startswith("Multi") for kind in kinds)
    kind = "Point" if kinds == {"Point"} else "MultiPolygon" if several else "Polygon"
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DATE})
    try:
        pyogrio.write_dataframe(
            frame, path, layer=layer, driver="GPKG", geometry_type=kind, promote_to_multi=several, append=append
        )
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})
