"""Boundary-point TXT (界址点坐标交换格式): the reader. Northing comes first in the file; landopt turns it east first.

Generators disagree: the first point is repeated or not, counts and areas are missing or 0, the two columns are swapped,
headers are blank, joined or of a province's own, parts are numbered as rings. All of these are read; what contradicts
itself is refused with its line, once a cause.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from parcels.common.catalogue import Told
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, note, warning
from parcels.common.units import unit_factor
from parcels.formats.decoding.boundary_lines import Causes, Plot, Point, Written, take_apart
from parcels.formats.decoding.encoding import decode
from parcels.formats.decoding.rings import loops, outline
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.geometry.crs import zone_epsg


@reads("TXT", ".txt", kind="drawing")
def read_txt(ask: Ask) -> RawTable:
    """A boundary-point file as a raw table; ``ask.crs`` serves files that do not say their zone.

    Raises
    ------
    Refused
        31 (encoding), 37 (no plot in it). Other findings are in the table's ``issues``.
    """
    decoded = decode(ask.path.read_bytes(), ask.path.name, encoding=ask.encoding)
    return make_table(ask.path, decoded.text, (decoded.note,), ask.crs)


def make_table(path: Path, text: str, notes: tuple[Told, ...], crs: str | None) -> RawTable:
    """As :func:`read_txt`, from decoded text."""
    written = take_apart(text, path.name)
    if not written.plots:
        raise Refused([*written.issues, error("P037.holds-no-plot", at=path.name, file=path.name)])
    issues = list(written.issues)
    system, swapped, found = coordinates(written, path.name, said=crs is not None)
    issues.extend(found)
    shapes = np.full(len(written.plots), None, dtype=object)
    causes = Causes(path.name)
    for i, plot in enumerate(written.plots):
        shapes[i] = _outline(plot, swapped, causes)
    issues.extend(causes.done())
    columns, told = _columns(written.plots, path.name)
    lines = tuple(plot.line for plot in written.plots)
    digest = sha256_of(path) if path.exists() else ""
    return RawTable(path, "", "TXT", columns, lines, shapes, system, notes, (*issues, *told), digest)


def coordinates(written: Written, name: str, *, said: bool) -> tuple[str | None, bool, list[Issue]]:
    """The CRS, whether the easting comes first, and findings 14, 16, 17, 19, 70.

    Eight-digit eastings carry their zone; six-digit ones need 带号, a central meridian or a stated CRS. Which column is
    the easting follows from the numbers: a northing in China has seven digits.
    """
    issues: list[Issue] = []
    for key in ("坐标系", "带号", "几度分带", "计量单位"):
        values = list(dict.fromkeys(value for header in written.headers if (value := header.get(key, ""))))
        if len(values) > 1:
            issues.append(error("P017.joined-files", at=name, key=key, one=values[0], other=values[1]))
            return None, False, issues
    header = written.header
    system = header.get("坐标系", "")
    if system and "2000" not in system:
        issues.append(error("P014.only-2000-national", at=name, system=system))
    unit = header.get("计量单位", "")
    if unit not in ("", "米", "m", "M", "meter", "metre", "公尺"):
        issues.append(error("P019.coordinates-must-metres", at=name, unit=unit))
    points = [point for plot in written.plots for ring in plot.rings.values() for _, point in ring]
    if not points:
        return None, False, issues
    one, two = [p[0] for p in points], [p[1] for p in points]
    normal, turned = _zones_of(two, one), _zones_of(one, two)
    if normal is None and turned is None:
        issues.append(_no_coordinates(one, two, name))
        return None, False, issues
    swapped = normal is None
    zones = turned if swapped else normal
    assert zones is not None
    if swapped:
        issues.append(warning("P070.easting-northing-swapped", at=name))
    if len(zones) > 1:
        issues.append(error("P017.plots-lie-several", at=name, shown=sorted(zones)))
        return None, swapped, issues
    return _system(header, next(iter(zones)), name, said, issues), swapped, issues


def _no_coordinates(one: list[float], two: list[float], name: str) -> Issue:
    """Finding 16 for numbers that are no metres: degrees are recognised."""
    for lat, lon in ((one, two), (two, one)):
        if all(3 <= value <= 54 for value in lat) and all(73 <= value <= 136 for value in lon):
            return error("P016.degrees", at=name)
    return error("P016.coordinates-no-northings", at=name)


def _zones_of(eastings: list[float], northings: list[float]) -> set[int] | None:
    """The zones in front of the eastings ({0}: six-digit eastings), or ``None`` if the numbers cannot be that."""
    if not all(300_000 <= value <= 6_100_000 for value in northings):
        return None
    if all(100_000 <= value < 1_000_000 for value in eastings):
        return {0}
    if all(13_000_000 <= value < 46_000_000 for value in eastings):
        return {int(value // 1_000_000) for value in eastings}
    return None


def _zone_stated(header: Mapping[str, str], name: str, issues: list[Issue]) -> int | None:
    """The zone that a header names, by 带号 or by a central meridian that only a three-degree zone has."""
    stated = re.sub(r"[带號号NnＮ度°\s]", "", header.get("带号", ""))
    if stated in ("", "0"):
        for key in ("中央经线", "中央子午线", "中央子午线经度"):
            degrees = re.sub(r"[EeＥ东经度°\s]", "", header.get(key, ""))
            if re.fullmatch(r"[0-9]{2,3}(\.0*)?", degrees) and not int(float(degrees)) % 3:
                return int(float(degrees)) // 3
        return None
    number = int(stated) if stated.isascii() and stated.isdigit() and len(stated) <= 3 else -1
    if number < 0:
        issues.append(error("P014.no-zone", at=name, stated=stated[:20]))
    elif not (13 <= number <= 23 or 25 <= number <= 45):
        issues.append(error("P014.no-zone-cgcs2000", at=name, number=number))
        return -1
    return number


def _system(header: Mapping[str, str], zone: int, name: str, said: bool, issues: list[Issue]) -> str | None:
    degrees = header.get("几度分带", "")
    number = _zone_stated(header, name, issues)
    if number == -1:
        return None
    if zone and number and zone != number:
        issues.append(error("P016.but-eastings-begin", at=name, number=number, zone=zone))
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


def _outline(plot: Plot, swapped: bool, causes: Causes) -> Any:
    """The outline of a plot, east first, and findings 2, 10, 12, 27, 72."""
    label = plot.label
    kind = plot.cell(0)
    if kind not in ("面", "", "多边形", "面状") and kind.lower() not in ("polygon", "area"):
        causes.add("P010.plot-not", plot.line, label, plot=label, kind=kind)
        return None
    if plot.broken:
        return None
    rings: list[list[Point]] = []
    counted = 0
    for number in sorted(plot.rings):
        points = [(p[0], p[1]) if swapped else (p[1], p[0]) for _, p in plot.rings[number]]
        counted += len(points)
        for loop in loops(points):
            if len(loop) < 3:
                at = plot.rings[number][0][0]
                causes.add("P012.plot-ring-point", at, label, plot=label, ring=number, count=len(loop))
                return None
            rings.append(loop)
    _count(plot, counted, rings, causes)
    if not rings:
        causes.add("P002.plot-no-points", plot.line, label, plot=label)
        return None
    return outline(rings)


def _count(plot: Plot, counted: int, rings: list[list[Point]], causes: Causes) -> None:
    """Finding 72 if the number of points announced is none of the ways they are counted; 0 announces nothing."""
    label = plot.label
    announced = plot.cells[0] if plot.cells else ""
    if announced.isascii() and announced.isdigit() and int(announced[:9]) > 0:
        told, bare = int(announced[:9]), sum(len(ring) for ring in rings)
        if told not in (counted, bare, bare + 1, bare + len(rings)):
            causes.add("P072.plot-announces-points", plot.line, label, plot=label, announced=told, counted=counted)
    elif announced and not (announced.isascii() and announced.isdigit()):
        causes.add("P027.plot-no-count", plot.line, label, plot=label, announced=announced)


_NAMES = ((-2, "地块编号"), (-1, "地块名称"), (2, "地块用途"))
_UNIT = re.compile(r"\s*([0-9.]+)\s*(\D*)$")


def _columns(plots: tuple[Plot, ...], name: str) -> tuple[dict[str, list[object]], list[Issue]]:
    """The heading cells as columns; a column blank throughout is left out, so that a table beside it may bring it."""
    columns: dict[str, list[object]] = {}
    for offset, title in _NAMES:
        cells: list[object] = [plot.cell(offset) or None for plot in plots]
        if title == "地块编号" or any(cell is not None for cell in cells):
            columns[title] = cells
    head, areas = _areas([plot.cells[1] if len(plot.cells) > 2 else "" for plot in plots])
    if any(cell is not None for cell in areas):
        columns[head] = areas
    issues: list[Issue] = []
    most = max((len(plot.extra) for plot in plots), default=0)
    for at in range(most):
        columns[f"附加{at + 1}"] = [plot.extra[at] or None if at < len(plot.extra) else None for plot in plots]
    if most:
        issues.append(note("P071.extra-cells", at=name, count=most))
    return columns, issues


def _areas(cells: list[str]) -> tuple[str, list[object]]:
    """The area cells under a heading with their unit: hectares, or m² where a cell names another unit; 0 is unknown."""
    read: list[object] = []
    units: set[str] = set()
    for cell in cells:
        found = _UNIT.fullmatch(cell)
        number, unit = (found.group(1), found.group(2).strip() or "公顷") if found else (cell, "公顷")
        if unit_factor("m2", unit) is None:
            number, unit = cell, "公顷"
        blank = not number.strip("0. ")
        units.update(() if blank else (unit,))
        read.append(None if blank else (number, unit))
    if len(units) <= 1:
        return f"面积({next(iter(units), '公顷')})", [pair[0] if isinstance(pair, tuple) else None for pair in read]
    out: list[object] = []
    for pair in read:
        factor = unit_factor("m2", pair[1]) if isinstance(pair, tuple) else None
        if not isinstance(pair, tuple) or factor is None or not re.fullmatch(r"[0-9]+(\.[0-9]+)?", pair[0]):
            out.append(pair[0] if isinstance(pair, tuple) else None)
            continue
        metres = Fraction(pair[0]) * factor
        out.append(Decimal(round(metres * 10_000)) / 10_000)
    return "面积(平方米)", out
