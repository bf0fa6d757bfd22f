"""Boundary-point TXT: the writer.

GB18030 with CRLF, northing first, the first point repeated at the end of each ring. The format has cells for number,
name, use and area of a plot, and for nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.issues import Issue, Refused, error, note, warning
from parcels.common.place import within
from parcels.common.units import BadValue
from parcels.formats.companion import row_ids
from parcels.formats.registry import Outgoing, Rules, writes
from parcels.formats.stated_areas import stated_areas
from parcels.geometry.systems import zone_of
from parcels.tables.columns import match_columns
from parcels.tables.values import clean_text


@dataclass(frozen=True, slots=True)
class PlotHead:
    """What the heading of a plot says besides its points: number, name, use; ``area_m2`` ``None`` = as drawn."""

    number: str
    name: str = ""
    use: str = ""
    area_m2: int | None = None


def txt_text(heads: Sequence[PlotHead], geometry: np.ndarray[Any, Any], epsg: int, name: str) -> str:
    """The text of a boundary-point file.

    Parameters
    ----------
    heads
        One a plot.
    geometry
        ``(n,)`` polygons of one part, east first, in a CGCS2000 three-degree zone.
    epsg
        Code of that zone.
    name
        The file, for messages.

    Raises
    ------
    Refused
        10 for what is no single polygon, 14 for another system, 41 for a comma or line feed in a heading.
    """
    zone = zone_of(epsg)
    if zone is None:
        raise Refused(error("P014.epsg-no-three", at=name, epsg=epsg))
    issues: list[Issue] = []
    lines = ["[属性描述]", "坐标系=2000国家大地坐标系", "几度分带=3", "投影类型=高斯克吕格", "计量单位=米"]
    lines += [f"带号={zone}", "精度=0.001", "转换参数=,,,,,,", "[地块坐标]"]
    for head, shape in zip(heads, geometry, strict=True):
        polygon = _single(shape)
        if polygon is None:
            issues.append(error("P010.parcel-no-single", at=name, ids=(head.number,), number=head.number))
            continue
        if any(mark in text for text in (head.number, head.name, head.use) for mark in (",", "\n", "\r", "@")):
            issues.append(error("P041.parcel-comma-or", at=name, ids=(head.number,), number=head.number))
            continue
        lines += _plot(head, polygon)
    if issues:
        raise Refused(issues)
    return "\r\n".join(lines) + "\r\n"


def _single(shape: Any) -> Any:
    if shape is None or shapely.is_empty(shape):
        return None
    parts = shapely.get_parts(shape)
    return parts[0] if len(parts) == 1 and parts[0].geom_type == "Polygon" else None


def _plot(head: PlotHead, polygon: Any) -> list[str]:
    points: list[str] = []
    mark = 0
    for ring, line in enumerate((polygon.exterior, *polygon.interiors), 1):
        first = mark + 1
        coordinates = shapely.get_coordinates(line).tolist()
        for east, north in coordinates[:-1]:
            mark += 1
            points.append(f"J{mark},{ring},{north:.3f},{east:.3f}")
        east, north = coordinates[0]
        points.append(f"J{first},{ring},{north:.3f},{east:.3f}")
    area = head.area_m2 if head.area_m2 is not None else float(polygon.area)
    return [f"{len(points)},{area / 10_000:.4f},{head.number},{head.name},面,,{head.use},,@", *points]


_CELLS = ("parcel_id", "parcel_name", "use", "area_m2")


@writes("TXT", ".txt", rules=Rules(columns=False, projected=True, grain="0.001"))
def write_txt(out: Outgoing, path: Path) -> Iterable[Issue]:
    """A boundary-point file: areas of the table where they agree with the outlines, else as measured.

    Raises
    ------
    Refused
        23 without ids, and as :func:`txt_text`.
    """
    raw = out.raw
    columns = match_columns(raw.columns, "parcel", raw.where).columns
    ids = row_ids(raw)
    if ids is None:
        raise Refused(error("P023.no-column-holds-parcel", at=raw.where))
    areas, issues = stated_areas(raw, out.geometry, out.epsg)
    heads = []
    for row, identifier in enumerate(ids):
        texts = []
        for name in ("parcel_name", "use"):
            cell = raw.columns[columns[name].name][row] if name in columns else None
            try:
                texts.append("" if cell is None else clean_text(cell))
            except BadValue as problem:
                at = within(raw.where, row=raw.rows[row])
                raise Refused(error(f"P{problem.key}", at=at, field=name, **problem.values)) from None
        heads.append(PlotHead(identifier, texts[0], texts[1], areas[row]))
    text = txt_text(heads, out.geometry, out.epsg, path.name)
    path.write_bytes(text.encode("gb18030"))
    told = list(issues)
    if issues:
        told.append(warning("P080.measured", at=raw.where, count=len(issues[0].ids)))
    carried = {columns[name].name for name in _CELLS if name in columns}
    left = [name for name in raw.columns if name not in carried]
    if left:
        told.append(warning("P080.dropped-cells", at=raw.where, names=left))
    if any(area is not None for area in areas):
        told.append(note("P080.hectares", at=raw.where))
    return told
