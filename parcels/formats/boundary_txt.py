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

from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, note, warning
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


def make_table(path: Path, text: str, notes: tuple[str, ...], crs: str | None) -> RawTable:
    """As :func:`read_txt`, from decoded text."""
    written = take_apart(text, path.name)
    if not written.plots:
        what = f"{path.name} holds no plot: no line such as 4,0.7655,A1,plot,面,,,,@"
        raise Refused([*written.issues, error("P037", what, path.name, "is it cut off, or another kind of text?")])
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
                what = f"{name} has more than {MAX_POINTS:,} points"
                raise Refused(error("P021", what, f"{name}:{number}", "split the file"))
            issue = _point(plots[-1], number, cells, name)
            issues.extend([issue] if issue else [])
        elif number == len(lines) and plots:
            what = f"{name} is cut off: its last line breaks off at {line[:60]!r}"
            issues.append(error("P037", what, f"{name}:{number}", "copy or export the file again, whole"))
        else:
            what = f"neither a plot nor a point: {line[:60]!r}"
            issues.append(error("P069", what, f"{name}:{number}", "a point is J1,1,2582988.976,38383243.971"))
    return Written(header, tuple(plots), tuple(issues))


def _point(plot: Plot, line: int, cells: list[str], name: str) -> Issue | None:
    mark, ring, first, second = cells
    where = f"{name}:{line}"
    if not ring.isascii() or not ring.isdigit() or not 1 <= int(ring[:6]) <= 9999:
        return error(
            "P069", f"point {mark}: ring {ring!r} is no number", where, "the outer ring is 1, holes are 2, 3 ..."
        )
    for value in (first, second):
        if not _NUMBER.fullmatch(value):
            fault = "P013" if value.lower().lstrip("+-") in ("nan", "inf", "infinity") else "P027"
            return error(fault, f"point {mark}: {value!r} is no coordinate", where, "write plain decimals in metres")
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
        what = f"坐标系={system}: only the 2000 national system (CGCS2000) is read"
        issues.append(error("P014", what, name, "transform it with the bureau's parameters first"))
    unit = header.get("计量单位", "")
    if unit not in ("", "米", "m", "M"):
        issues.append(error("P019", f"计量单位={unit}: coordinates must be in metres", name, "convert them to metres"))
    points = [point for plot in written.plots for ring in plot.rings.values() for _, point in ring]
    if not points:
        return None, False, issues
    one, two = [p[0] for p in points], [p[1] for p in points]
    normal, turned = _zones_of(two, one), _zones_of(one, two)
    if normal is None and turned is None:
        what = "the coordinates are no northings and eastings of China in metres"
        issues.append(error("P016", what, name, "northing first (seven digits), then easting (eight digits, or six)"))
        return None, False, issues
    swapped = normal is None
    zones = turned if swapped else normal
    assert zones is not None
    if swapped:
        issues.append(warning("P070", "easting and northing are swapped in the file; they were turned round", name))
    if len(zones) > 1:
        shown = ", ".join(str(zone) for zone in sorted(zones))
        issues.append(error("P017", f"the plots lie in several zones ({shown})", name, "one zone in a file"))
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
        issues.append(error("P014", f"带号={stated[:20]} is no zone", name, "write the zone, for example 带号=38"))
        return None
    if zone and number and zone != number:
        what = f"带号={number}, but the eastings begin with {zone}"
        issues.append(error("P016", what, name, "correct the one that is wrong"))
        return None
    if number and not (13 <= number <= 23 or 25 <= number <= 45):
        issues.append(error("P014", f"带号={number} is no zone of CGCS2000", name, "three-degree zones are 25 to 45"))
        return None
    which = zone or number or 0
    if not which:
        if not said:
            what = "six-digit eastings and no 带号: the zone is not known"
            issues.append(error("P014", what, name, 'say crs = "EPSG:4547" (114 degrees east) or the one it is'))
        return None
    wide = which <= 23
    if degrees and degrees[:1] in "36" and (degrees[:1] == "6") != wide:
        issues.append(error("P016", f"几度分带={degrees} and zone {which} contradict each other", name, "correct one"))
        return None
    if not zone and not header.get("坐标系"):
        issues.append(note("P071", "坐标系 is not stated; CGCS2000 is taken", name))
    if wide:
        return f"EPSG:{(4478 if zone else 4489) + which}"
    return f"EPSG:{zone_epsg(which, prefixed=bool(zone))}"


def outline(plot: Plot, swapped: bool, name: str) -> tuple[Any, list[Issue]]:
    """The polygon of a plot, east first, and findings 10, 12, 72."""
    where = f"{name}:{plot.line}"
    label = (plot.cells[2] if len(plot.cells) > 2 else "") or f"line {plot.line}"
    kind = plot.cells[4] if len(plot.cells) > 4 else "面"
    issues: list[Issue] = []
    if kind not in ("面", "", "polygon"):
        issues.append(error("P010", f"plot {label} is a {kind}, not a 面", where, "send polygons only", (label,)))
        return None, issues
    rings: list[list[Point]] = []
    counted = 0
    for number in sorted(plot.rings):
        points = [(p[0], p[1]) if swapped else (p[1], p[0]) for _, p in plot.rings[number]]
        counted += len(points)
        if len(points) > 1 and points[0] == points[-1]:
            points.pop()
        if len(points) < 3:
            at = f"{name}:{plot.rings[number][0][0]}"
            what = f"plot {label}, ring {number} has {len(points)} point(s); three different ones make a ring"
            issues.append(error("P012", what, at, "draw the parcel again", (label,)))
            return None, issues
        rings.append(points)
    announced = plot.cells[0] if plot.cells else ""
    if announced.isascii() and announced.isdigit() and int(announced[:9]) > 0:
        told, bare = int(announced[:9]), sum(len(ring) for ring in rings)
        if told not in (counted, bare, bare + 1, bare + len(rings)):
            what = f"plot {label} announces {told} points and has {counted}"
            issues.append(error("P072", what, where, "lines may be missing: export the file again", (label,)))
    elif announced:
        issues.append(
            error("P027", f"plot {label}: {announced!r} is no count of points", where, "export again", (label,))
        )
    if not rings:
        issues.append(error("P002", f"plot {label} has no points", where, "draw it or drop it", (label,)))
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
