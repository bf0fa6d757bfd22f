"""The lines of a boundary-point text, taken apart: headers, plots, points, and what is none of these.

Programs that write the format disagree in nearly everything but the order of its parts. What one line may look like is
decided here; what the whole means, in :mod:`parcels.formats.kinds.boundary_txt`. Standard library only.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from parcels.common.catalogue import told
from parcels.common.issues import Issue, Refused, error, finding, note
from parcels.common.place import Place

MAX_POINTS = 1_000_000
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:\.[0-9]{1,12})?")
_KINDS = ("面", "线", "点", "polygon", "多边形", "面状", "area")
Point = tuple[float, float]


@dataclass(slots=True)
class Plot:
    """A plot as written: its heading cells, the line it begins in and its rings of (line, (first, second)).

    ``count`` and ``area`` are the first two cells; ``number``, ``name``, ``kind``, ``use`` are found around the cell
    that says what it is (面), wherever a province puts it; ``extra`` are cells before the number. A plot is ``broken``
    where a line of it could not be read: that has its finding, and what is left is no outline.
    """

    line: int
    cells: list[str]
    rings: dict[int, list[tuple[int, Point]]] = field(default_factory=dict)
    broken: bool = False

    @property
    def kind_at(self) -> int:
        """The position of the cell 面; 4 where there is none."""
        found = next((at for at, cell in enumerate(self.cells) if at >= 3 and cell.lower() in _KINDS), None)
        return 4 if found is None else found

    def cell(self, offset: int) -> str:
        """The cell so far from 面: -2 number, -1 name, 0 kind, 1 sheet, 2 use, 3 code."""
        at = self.kind_at + offset
        return self.cells[at] if 0 <= at < len(self.cells) - 1 else ""

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.cell(-2) or f"line {self.line}"

    @property
    def extra(self) -> list[str]:
        """Cells between area and number, which only some provinces write."""
        return self.cells[2 : self.kind_at - 2]


class Causes:
    """Findings by cause: each is told once, with its first place and the number of others like it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._first: dict[str, tuple[int, dict[str, object]]] = {}
        self._ids: dict[str, list[str]] = {}
        self._count: dict[str, int] = {}

    def add(self, key: str, line_number: int, label: str = "", **values: object) -> None:
        """Keep an error of a key (a code and its sentence); ``label`` is the plot it is about."""
        self._first.setdefault(key, (line_number, values))
        self._count[key] = self._count.get(key, 0) + 1
        if label:
            self._ids.setdefault(key, []).append(label)

    def done(self) -> list[Issue]:
        """One finding a cause."""
        out = []
        for key, (line, values) in self._first.items():
            more = self._count[key] - 1
            rest = told("boundary.more", count=more) if more else ""
            ids = dict.fromkeys(self._ids.get(key, ()))
            place = Place(self.name, line)
            out.append(finding("error", key, at=place, ids=ids, values={**values, "rest": rest}))
        return out


@dataclass(frozen=True, slots=True)
class Written:
    """The text taken apart, before any sense is made of it; ``headers`` one for each file joined into it."""

    headers: tuple[Mapping[str, str], ...]
    plots: tuple[Plot, ...]
    issues: tuple[Issue, ...]

    @property
    def header(self) -> Mapping[str, str]:
        """What the headers say, the first that says it first."""
        merged: dict[str, str] = {}
        for header in self.headers:
            for key, value in header.items():
                if value and not merged.get(key):
                    merged[key] = value
        return merged


def take_apart(text: str, name: str) -> Written:
    """Headers, plots and points of a boundary-point text; lines that are neither are one finding a cause.

    Raises
    ------
    Refused
        21 for more than a million points.
    """
    headers: list[dict[str, str]] = [{}]
    plots: list[Plot] = []
    causes = Causes(name)
    titles: list[str] = []
    total = 0
    heading = True  # inside a header: before the first plot, and after [属性描述] of a joined file
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    last = next((number for number in range(len(lines), 0, -1) if _bare(lines[number - 1])), 0)
    for number, raw in enumerate(lines, 1):
        line = _bare(raw)
        if not line:
            continue
        section = _section(line)
        if section is not None:
            if "属性" in section and (plots or headers[-1]):
                headers.append({})
            heading = "坐标" not in section
            continue
        cells = _cells(line)
        if cells in (["@"], ["＠"]) and plots and not plots[-1].rings:  # the end of the plot's heading, on its own line
            continue
        if _is_plot(cells):
            heading = False
            plots.append(Plot(number, cells))
        elif (heading or not plots) and (pair := _pair(line)):
            headers[-1][pair[0]] = pair[1]
        elif len(cells) in (3, 4, 5) and _is_point(cells):
            heading = False
            total += 1
            if total > MAX_POINTS:
                raise Refused(error("P021.more-than-points", at=Place(name, number), name=name, max_points=MAX_POINTS))
            if not plots:
                causes.add("P069.points-before-plot", number, line=line[:60])
            else:
                _point(plots[-1], number, cells, causes)
        elif not plots and not headers[-1] and len(titles) < 5:
            titles.append(line)
        elif number == last and plots and not raw.endswith("\n") and number == len(lines):
            causes.add("P037.cut-off-last", number, name=name, line=line[:60])
        else:
            causes.add("P069.neither-plot-nor", number, plots[-1].label if plots else "", line=line[:60])
            if plots and not plots[-1].rings:
                plots[-1].broken = True
    issues = causes.done()
    if titles and plots:
        issues.append(note("P071.heading-line", at=name, titles=titles))
    return Written(tuple(headers), tuple(plots), tuple(issues))


def _bare(line: str) -> str:
    return line.strip("\ufeff \t\x1a\x00\u3000")


def _section(line: str) -> str | None:
    """The name of a section ([地块坐标], also in full-width or bold brackets), or ``None``."""
    return line[1:-1] if line[0] in "[［【" and line[-1] in "]］】" else None


def _cells(line: str) -> list[str]:
    """The cells of a line: commas part them; full-width commas, tabs or blanks where there are no others."""
    plain = _stripped(next(csv.reader([line])) if '"' in line else line.split(","))
    if len(plain) >= 4:
        return plain
    for pattern in ("[,，]", "[,，;；\t]", r"[,，;；\s]+"):
        cells = _stripped(re.split(pattern, line))
        if len(cells) >= 4:
            return cells
    return plain


def _stripped(cells: list[str]) -> list[str]:
    """Cells without blanks around them; blank ones at the end of a point line are a trailing comma."""
    out = [cell.strip(" \t\u3000") for cell in cells]
    marks = [at for at, cell in enumerate(out) if cell in ("@", "＠")]
    if marks:
        return [*out[: marks[-1]], "@"]
    while len(out) > 3 and not out[-1] and not any(cell.lower() in _KINDS for cell in out):
        out.pop()
    return out


def _is_plot(cells: list[str]) -> bool:
    """A line that ends in @, or one with 面 among its cells where a converter left the @ out."""
    if cells[-1].endswith(("@", "＠")):
        return True
    return len(cells) >= 5 and any(cell.lower() in _KINDS for cell in cells[3:7])


def _pair(line: str) -> tuple[str, str] | None:
    found = re.match(r"([^=＝:：,，]{1,30}?)\s*[=＝:：]\s*(.*)$", line)
    return (found.group(1).strip(), found.group(2).strip()) if found else None


def _half(text: str) -> str:
    """Full-width digits, points and signs as plain ones."""
    return unicodedata.normalize("NFKC", text) if not text.isascii() else text


def _is_point(cells: list[str]) -> bool:
    """Three cells are a point without a ring only if both numbers are long enough to be coordinates in metres."""
    if len(cells) == 3:
        return all(re.fullmatch(r"[0-9]{6,8}(\.[0-9]+)?", _half(cell)) for cell in cells[1:])
    return any(mark.isdigit() for mark in cells[-1] + cells[-2]) or len(cells) == 4


def _point(plot: Plot, line: int, cells: list[str], causes: Causes) -> None:
    """Keep a point of a plot: mark, ring, two coordinates, perhaps a height; without a ring it is the outer one."""
    mark = cells[0]
    ring, pair = ("1", cells[1:3]) if len(cells) == 3 else (_half(cells[1]) or "1", cells[2:4])
    if not ring.isascii() or not ring.isdigit() or not 1 <= int(ring[:6]) <= 9999:
        causes.add("P069.point-ring-no", line, plot.label, mark=mark, ring=ring)
        plot.broken = True
        return
    values = [_half(value) for value in pair]
    for value in values:
        if not _NUMBER.fullmatch(value):
            fault = "P013" if value.lower().lstrip("+-") in ("nan", "inf", "infinity") else "P027"
            causes.add(f"{fault}.point-no-coordinate", line, plot.label, mark=mark, value=value)
            plot.broken = True
            return
    plot.rings.setdefault(int(ring[:6]), []).append((line, (float(values[0]), float(values[1]))))
