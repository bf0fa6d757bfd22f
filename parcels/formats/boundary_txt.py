"""Boundary-point TXT (界址点坐标交换格式): the reader. Northing comes first in the file; landopt turns it east first.

Generators disagree: the first point is repeated or not, the point count is missing, the two columns are swapped, the
header is blank. All of these are read; what contradicts itself is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from parcels.common.catalogue import Told
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, note, warning
from parcels.common.place import Place
from parcels.formats.encoding import decode
from parcels.formats.sources import RawTable
from parcels.geometry.crs import zone_epsg

MAX_POINTS = 1_000_000
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_HEADER = ("[属性描述]", "[地块坐标]")
Point = tuple[float, float]


@dataclass(slots=True)
class Plot:
    """A plot as written: its heading cells, the line it begins in and its rings of (first, second) coordinates."""

    line: int
    cells: list[str]
    rings: dict[int, list[tuple[int, Point]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """The text taken apart, before any sense is made of it."""

    header: Mapping[str, str]
    plots: tuple[Plot, ...]
    issues: tuple[Issue, ...]


def read_txt(path: Path, *, encoding: str | None = None, crs: str | None = None) -> RawTable:
    """A boundary-point file as a raw table.

    Parameters
    ----------
    path
        The file.
    encoding
        Overrides what is found from the bytes.
    crs
        What the round says, for files that do not say their zone.

    Raises
    ------
    Refused
        31 (encoding), 37 (no plot in it). Other findings are in the table's ``issues``.
    """
    decoded = decode(path.read_bytes(), path.name, encoding=encoding)
    return make_table(path, decoded.text, (decoded.note,), crs)


def make_table(path: Path, text: str, notes: tuple[Told, ...], crs: str | None) -> RawTable:
    """As :func:`read_txt`, from decoded text."""
    written = take_apart(text, path.name)
    if not written.plots:
        raise Refused([*written.issues, error("P037.holds-no-plot", at=path.name, file=path.name)])
    issues = list(written.issues)
    system, swapped, found = coordinates(written, path.name, said=crs is not None)
    issues.extend(found)
    shapes = np.full(len(written.plots), None, dtype=object)
    for i, plot in enumerate(written.plots):
        shapes[i], bad = outline(plot, swapped, path.name)
        issues.extend(bad)
    columns = _columns(written.plots)
    lines = tuple(plot.line for plot in written.plots)
    digest = sha256_of(path) if path.exists() else ""
    return RawTable(path, "", "TXT", columns, lines, shapes, system, notes, tuple(issues), digest)


def take_apart(text: str, name: str) -> Written:
    """Header, plots and points of a boundary-point text, with the lines that are neither."""
    header: dict[str, str] = {}
    plots: list[Plot] = []
    issues: list[Issue] = []
    total = 0
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, raw in enumerate(lines, 1):
        line = raw.strip("\ufeff \t\x1a\x00")
        if not line or (line.startswith("[") and line.endswith("]")):
            continue
        cells = [cell.strip() for cell in line.split(",")]
        if line.endswith("@"):
            plots.append(Plot(number, cells))
        elif "=" in line and not plots:
            key, _, value = line.partition("=")
            header[key.strip()] = value.strip()
        elif len(cells) == 4 and plots:
            total += 1
            if total > MAX_POINTS:
                raise Refused(error("P021.more-than-points", at=Place(name, number), name=name, max_points=MAX_POINTS))
            issue = _point(plots[-1], number, cells, name)
            issues.extend([issue] if issue else [])
        elif number == len(lines) and plots:
            issues.append(error("P037.cut-off-last", at=Place(name, number), name=name, line=line[:60]))
        else:
            issues.append(error("P069.neither-plot-nor", at=Place(name, number), line=line[:60]))
    return Written(header, tuple(plots), tuple(issues))


def _point(plot: Plot, line: int, cells: list[str], name: str) -> Issue | None:
    mark, ring, first, second = cells
    if not ring.isascii() or not ring.isdigit() or not 1 <= int(ring[:6]) <= 9999:
        return error("P069.point-ring-no", at=Place(name, line), mark=mark, ring=ring)
    for value in (first, second):
        if not _NUMBER.fullmatch(value):
            endless = value.lower().lstrip("+-") in ("nan", "inf", "infinity")
            key = "P013.point-no-coordinate" if endless else "P027.point-no-coordinate"
            return error(key, at=Place(name, line), mark=mark, value=value)
    plot.rings.setdefault(int(ring[:6]), []).append((line, (float(first), float(second))))
    return None


def coordinates(written: Written, name: str, *, said: bool) -> tuple[str | None, bool, list[Issue]]:
    """The CRS, whether the easting comes first, and findings 14, 16, 70.

    Eight-digit eastings carry their zone; six-digit ones need 带号 or a stated CRS. Which column is the easting follows
    from the numbers: a northing in China has seven digits.
    """
    header = written.header
    issues: list[Issue] = []
    system = header.get("坐标系", "")
    if system and "2000" not in system:
        issues.append(error("P014.only-2000-national", at=name, system=system))
    unit = header.get("计量单位", "")
    if unit not in ("", "米", "m", "M"):
        issues.append(error("P019.coordinates-must-metres", at=name, unit=unit))
    points = [point for plot in written.plots for ring in plot.rings.values() for _, point in ring]
    if not points:
        return None, False, issues
    one, two = [p[0] for p in points], [p[1] for p in points]
    normal, turned = _zones_of(two, one), _zones_of(one, two)
    if normal is None and turned is None:
        issues.append(error("P016.coordinates-no-northings", at=name))
        return None, False, issues
    swapped = normal is None
    zones = turned if swapped else normal
    assert zones is not None
    if swapped:
        issues.append(warning("P070.easting-northing-swapped", at=name))
    if len(zones) > 1:
        shown = sorted(zones)
        issues.append(error("P017.plots-lie-several", at=name, shown=shown))
        return None, swapped, issues
    return _system(header, next(iter(zones)), name, said, issues), swapped, issues


def _zones_of(eastings: list[float], northings: list[float]) -> set[int] | None:
    """The zones in front of the eastings ({0}: six-digit eastings), or ``None`` if the numbers cannot be that."""
    if not all(300_000 <= value <= 6_100_000 for value in northings):
        return None
    if all(100_000 <= value < 1_000_000 for value in eastings):
        return {0}
    if all(13_000_000 <= value < 46_000_000 for value in eastings):
        return {int(value // 1_000_000) for value in eastings}
    return None


def _system(header: Mapping[str, str], zone: int, name: str, said: bool, issues: list[Issue]) -> str | None:
    stated = header.get("带号", "")
    degrees = header.get("几度分带", "")
    number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 3 else None
    if stated and number is None:
        issues.append(error("P014.no-zone", at=name, stated=stated[:20]))
        return None
    if zone and number and zone != number:
        issues.append(error("P016.but-eastings-begin", at=name, number=number, zone=zone))
        return None
    if number and not (13 <= number <= 23 or 25 <= number <= 45):
        issues.append(error("P014.no-zone-cgcs2000", at=name, number=number))
        return None
    which = zone or number or 0
    if not which:
        if not said:
            issues.append(error("P014.six-digit-eastings", at=name))
        return None
    wide = which <= 23
    if degrees and degrees[:1] in "36" and (degrees[:1] == "6") != wide:
        issues.append(error("P016.zone-contradict-each", at=name, degrees=degrees, which=which))
        return None
    if not zone and not header.get("坐标系"):
        issues.append(note("P071.not-stated-cgcs2000", at=name))
    if wide:
        return f"EPSG:{(4478 if zone else 4489) + which}"
    return f"EPSG:{zone_epsg(which, prefixed=bool(zone))}"


def outline(plot: Plot, swapped: bool, name: str) -> tuple[Any, list[Issue]]:
    """The polygon of a plot, east first, and findings 10, 12, 72."""
    label = (plot.cells[2] if len(plot.cells) > 2 else "") or f"line {plot.line}"
    kind = plot.cells[4] if len(plot.cells) > 4 else "面"
    issues: list[Issue] = []
    if kind not in ("面", "", "polygon"):
        issues.append(error("P010.plot-not", at=Place(name, plot.line), ids=(label,), label=label, kind=kind))
        return None, issues
    rings: list[list[Point]] = []
    counted = 0
    for number in sorted(plot.rings):
        points = [(p[0], p[1]) if swapped else (p[1], p[0]) for _, p in plot.rings[number]]
        counted += len(points)
        if len(points) > 1 and points[0] == points[-1]:
            points.pop()
        if len(points) < 3:
            issues.append(
                error(
                    "P012.plot-ring-point",
                    at=Place(name, plot.rings[number][0][0]),
                    ids=(label,),
                    label=label,
                    number=number,
                    count=len(points),
                )
            )
            return None, issues
        rings.append(points)
    announced = plot.cells[0] if plot.cells else ""
    if announced.isascii() and announced.isdigit() and int(announced[:9]) > 0:
        told, bare = int(announced[:9]), sum(len(ring) for ring in rings)
        if told not in (counted, bare, bare + 1, bare + len(rings)):
            issues.append(
                error(
                    "P072.plot-announces-points",
                    at=Place(name, plot.line),
                    ids=(label,),
                    label=label,
                    told=told,
                    counted=counted,
                )
            )
    elif announced:
        issues.append(
            error("P027.plot-no-count", at=Place(name, plot.line), ids=(label,), label=label, announced=announced)
        )
    if not rings:
        issues.append(error("P002.plot-no-points", at=Place(name, plot.line), ids=(label,), label=label))
        return None, issues
    return shapely.Polygon(rings[0], rings[1:]), issues


_NAMES = ((2, "地块编号"), (1, "面积(公顷)"), (3, "地块名称"), (6, "地块用途"))


def _columns(plots: tuple[Plot, ...]) -> dict[str, list[object]]:
    """The heading cells as columns; a column blank throughout is left out, so that a table beside it may bring it."""
    columns: dict[str, list[object]] = {}
    for position, name in _NAMES:
        cells: list[object] = [
            (plot.cells[position] or None) if position < len(plot.cells) - 1 else None for plot in plots
        ]
        if name == "地块编号" or any(cell is not None for cell in cells):
            columns[name] = cells
    return columns
