"""Where the heading of a typed table is, how many rows it takes, and the units that stand outside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from parcels.common.units import UNITS, unit_factor, unit_name
from parcels.formats.typed.sheet import Row, Sheet, known_cells, text_of
from parcels.tables.columns import field_of, parted, states_unit

FAR_DOWN = 12
"""A heading stands in one of the first so many filled rows."""
_SAID = re.compile(r"(?:计量)?单位\s*[:：]\s*([^;；)）]*)")
_UNIT_WORDS = frozenset(unit for known in UNITS.values() for unit in known) | {"m", "米", "个", "宗", "人", "家", "%"}
_NOTHING = {"-", "—", "/", "--", "——", "无", "文本", "文字", "日期", "是/否", ""}


@dataclass(frozen=True, slots=True)
class Heading:
    """``names`` of the columns (blank where there is none), the position of the first row of data, titles above."""

    names: list[str]
    data: int
    titles: tuple[str, ...]
    deep: int = 1
    units_in: str = ""
    unsure: tuple[str, ...] = ()


def find_heading(sheet: Sheet, rows: Sequence[Row], prefix: str) -> Heading:
    """The heading of the filled rows of a sheet.

    It is the row with the most names of known columns; where none is known, the first row that is no title. A row of
    units below it belongs to it, and so do units said in a title where a column has none of its own.
    """
    top = _top(sheet, rows, prefix)
    names, deep = _names(sheet, rows[top:], prefix)
    titles = tuple(text for _, row in rows[:top] for cell in row if (text := text_of(cell)))
    data = top + deep
    unit_row = ""
    if data < len(rows) and (units := _unit_row(rows[data][1], names)):
        names = [_with_unit(name, unit, prefix) for name, unit in zip(names, units, strict=True)]
        unit_row = ", ".join(unit for unit in units if unit)
        data += 1
    said = [unit for title in titles for found in _SAID.finditer(title) for unit in _units(found.group(1))]
    names, unsure = _apply(names, said, prefix)
    return Heading(names, data, titles, deep, unit_row or ", ".join(said), tuple(unsure))


def _top(sheet: Sheet, rows: Sequence[Row], prefix: str) -> int:
    """The position of the heading's first row."""
    known = [known_cells(row, prefix) for _, row in rows[:FAR_DOWN]]
    best = max(known, default=0)
    if best < 2:
        filled = [sum(bool(text_of(cell)) for cell in row) for _, row in rows[:6]]
        count = next((position for position, cells in enumerate(filled) if cells != 1), 0)
        return count if count and filled[count] > 2 else 0
    top = known.index(best)
    return top - 1 if top and _completes(sheet, rows[top - 1], rows[top]) else top


def _completes(sheet: Sheet, above: Row, heading: Row) -> bool:
    """True if the row above holds names that the heading lacks: merged downwards, or over its blank cells."""
    if any(area.first_row == above[0] and area.last_row >= heading[0] for area in sheet.merged):
        return True
    lacking = [at for at, cell in enumerate(above[1]) if text_of(cell) and not text_of(_at(heading[1], at))]
    named = [text_of(above[1][at]) for at in lacking]
    return (
        len([text for text in named if text]) > 0
        and not any(re.search("[:：]", text) for text in named)
        and (sum(bool(text_of(cell)) for cell in above[1]) > 1)
    )


def _at(cells: Sequence[object], at: int) -> object:
    return cells[at] if at < len(cells) else None


def _names(sheet: Sheet, rows: Sequence[Row], prefix: str) -> tuple[list[str], int]:
    """The names of the columns and how many rows they take.

    A heading of several rows is one whose cells are merged downwards, or whose groups are merged sideways; a column
    under a group is called by the lowest name, or by group and name together where that is the name of a field.
    """
    first = rows[0][0]
    above = [area for area in sheet.merged if area.first_row == first]
    last = max((area.last_row for area in above), default=first)
    groups = [area for area in above if area.last_column > area.first_column]
    if groups and last == first and len(rows) > 1:
        last = rows[1][0]
    deep = max(1, sum(number <= last for number, _ in rows))
    if deep == 1 and _continues(rows, prefix):
        deep = 2
    width = max(len(row) for _, row in rows[:deep])
    names = []
    group = ""
    for position in range(width):
        stack = [text_of(_at(row, position)) for _, row in rows[:deep]]
        if groups:
            over = next((area for area in groups if area.first_column <= position + 1 <= area.last_column), None)
            group = text_of(_at(rows[0][1], over.first_column - 1)) if over is not None and deep > 1 else ""
        elif deep > 1:
            group = stack[0] or group
        lowest = next((text for text in reversed(stack) if text), "")
        names.append(_under(group, lowest, prefix))
    while names and not names[-1]:
        names.pop()
    return names, deep


def _under(group: str, lowest: str, prefix: str) -> str:
    """The name of a column under a group: the two together where that names a field, with the unit that either says."""
    if not group or group == lowest:
        return lowest
    above, unit = parted(group)
    name, own = parted(lowest)
    for whole in (group + lowest, above + name, name + above):
        if field_of(whole, prefix):
            said = own or unit
            return f"{whole}({said})" if said and not states_unit(whole) else whole
    return lowest


def _continues(rows: Sequence[Row], prefix: str) -> bool:
    """True for a second row of names without any merged cell: it names what the first leaves blank, and no id."""
    if len(rows) < 2:
        return False
    one, two = rows[0][1], rows[1][1]
    group, fresh = "", 0
    for at in range(max(len(one), len(two))):
        over, under = text_of(_at(one, at)), text_of(_at(two, at))
        group = over or group
        if under and over and (found := field_of(over, prefix)) and found.name in _IDS:
            return False
        if (
            under
            and (field_of(under, prefix) or field_of(_under(group, under, prefix), prefix))
            and not (over and field_of(over, prefix))
        ):
            fresh += 1
    return fresh > 0


_IDS = ("parcel_id", "demand_id", "rule")


def _unit_row(cells: Sequence[object], names: Sequence[str]) -> list[str]:
    """The units of a row that holds nothing else, one a column; else an empty list."""
    texts = [_plain(text_of(cells[at])) if at < len(cells) else "" for at in range(len(names))]
    units = [text if unit_name(text) in _UNIT_WORDS else "" for text in texts]
    if not any(units) or any(text not in _NOTHING and not unit for text, unit in zip(texts, units, strict=True)):
        return []
    return units


def _with_unit(name: str, unit: str, prefix: str) -> str:
    """A name with its unit in brackets, where the quantity has one and the name does not say it."""
    found = field_of(name, prefix)
    return f"{name}({unit})" if unit and found is not None and found.unit and not states_unit(name) else name


def _plain(text: str) -> str:
    return text.strip("()（）[]【】 ")


def _units(said: str) -> list[str]:
    return [unit for part in re.split(r"[、,，\s]+", said) if (unit := part.strip()) and unit_name(unit) in _UNIT_WORDS]


def _apply(names: list[str], said: Sequence[str], prefix: str) -> tuple[list[str], list[str]]:
    """Names with the unit that a title says for their quantity; columns of a price per area that it leaves open."""
    if not said:
        return names, []
    out, unsure = [], []
    for name in names:
        found = field_of(name, prefix)
        if found is None or not found.unit or states_unit(name):
            out.append(name)
            continue
        fitting = [unit for unit in said if unit_factor(found.unit, unit) is not None]
        others = [unit for unit in said if unit_factor("yuan", unit) is not None or unit_factor("m2", unit) is not None]
        if len(fitting) == 1:
            out.append(f"{name}({fitting[0]})")
            continue
        if fitting or (found.unit == "yuan/m2" and others):
            unsure.append(name)
        out.append(name)
    return out, unsure
