"""The plan as tables of sums: use group by method, district by quarter; each sum a formula over the list of parcels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landopt.report.papers.plain import several_lines
from landopt.report.tables.cells import Cell
from landopt.report.tables.headings import Headings

MU = 15
"""亩 a hectare."""
HEAD = 3
"""The row of the headings; their units stand in the row below."""
Rows = Sequence[Mapping[str, Cell]]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of sums: its heading, its unit, what is summed, and the column of the list that must hold the heading.

    ``sums`` is a column of the list of parcels, "" for their number, or ``stock`` for what is not new.
    """

    heading: str
    unit: str
    sums: str
    where: str = ""
    times: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its label, and the labels of the list it sums; ``of`` holds the numbers of rows that a total adds up."""

    label: str
    values: frozenset[str] = frozenset()
    of: tuple[int, ...] = ()


class Ranges:
    """Where the columns of the list of parcels stand; ``whole`` is False if the bureau left out one that is summed."""

    def __init__(self, titles: Headings, count: int, needed: Iterable[str]) -> None:
        self.sheet, self.columns, self.count = titles.text("parcels", "sheet"), titles.columns("parcels"), count
        self.whole = count > 0 and all(name in self.columns for name in needed)

    def of(self, column: str) -> str:
        """The range of a column."""
        from xlsxwriter.utility import xl_col_to_name

        letter = xl_col_to_name(self.columns.index(column))
        return f"'{self.sheet}'!${letter}${HEAD + 2}:${letter}${HEAD + 1 + self.count}"


def summed(rows: Rows, by: str, line: Line, column: Column) -> float:
    """The sum of a cell, from the rows of the list themselves."""
    total = 0.0
    for row in rows:
        if row[by] in line.values and (not column.where or row[column.where] == column.heading):
            total += _amount(row, column.sums)
    return total * column.times


def _amount(row: Mapping[str, Cell], name: str) -> float:
    if not name:
        return 1.0
    area, new = (float(str(row[each] or 0)) for each in ("area_ha", "new_ha"))
    return {"area_ha": area, "new_ha": new, "stock": area - new}[name]


def formula(ranges: Ranges, by: str, at: tuple[int, int], column: Column) -> str:
    """The same sum as a formula: labels are compared whole and letter by letter, never read as conditions."""
    from xlsxwriter.utility import xl_col_to_name

    row, col = at
    tests = [f"EXACT({ranges.of(by)},$A{row + 1})"]
    if column.where:
        tests.append(f"EXACT({ranges.of(column.where)},{xl_col_to_name(col)}${HEAD + 1})")
    area, new = ranges.of("area_ha"), ranges.of("new_ha")
    amount = {"": "1", "area_ha": area, "new_ha": new, "stock": f"({area}-{new})"}[column.sums]
    times = "" if column.times == 1 else f"*{column.times}"
    return f"=SUMPRODUCT({'*'.join([*tests, amount])}{times})"


def width_of(column: Column) -> int:
    """The width of a column of sums, or of counts."""
    return 12 if column.sums else 8


def write(
    sheet: Any,
    formats: Mapping[str, Any],
    lines: Sequence[Line],
    columns: Sequence[Column],
    rows: Rows,
    by: str,
    ranges: Ranges,
) -> int:
    """Write headings, units and sums from the row of headings on; the number of the last row comes back."""
    sheet.write_string(HEAD, 0, "", formats["head"])
    sheet.set_row(HEAD, 32)
    for at, column in enumerate(columns, 1):
        sheet.write_string(HEAD, at, several_lines(column.heading), formats["head"])
        sheet.write_string(HEAD + 1, at, column.unit, formats["head"])
        sheet.set_column(at, at, width_of(column))
    from xlsxwriter.utility import xl_col_to_name

    def value(number: int, column: Column) -> float:
        line = lines[number]
        return sum(value(of, column) for of in line.of) if line.of else summed(rows, by, line, column)

    for number, line in enumerate(lines):
        row = HEAD + 2 + number
        total = bool(line.of) or not line.values
        sheet.write_string(row, 0, several_lines(line.label), formats["bold" if total else "inner"])
        for at, column in enumerate(columns, 1):
            name = xl_col_to_name(at)
            if total:
                text = "=SUM(" + ",".join(f"{name}{HEAD + 3 + of}" for of in line.of) + ")" if line.of else "=0"
            else:
                text = formula(ranges, by, (row, at), column) if ranges.whole else ""
            kind = ("bold_whole" if total else "whole") if not column.sums else ("bold_sum" if total else "sum")
            found = round(value(number, column), 6)
            if text:
                sheet.write_formula(row, at, text, formats[kind], found)
            else:
                sheet.write_number(row, at, found, formats[kind])
    return HEAD + 1 + len(lines)
