"""XLSX as a raw table: typed cells, formulas refused, one sheet."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Refused, error
from parcels.formats.kinds.csv_table import title_rows
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.tables.columns import column_key, fields_known


@reads("XLSX", ".xlsx", kind="table")
def read_xlsx(ask: Ask) -> RawTable:
    """A sheet of a workbook.

    Raises
    ------
    Refused
        ``F003`` (sheet), ``F004`` (no workbook), 37 (cut off), 68 (heading).
    Environment
        ``F005`` without openpyxl.
    """
    path, layer, prefix = ask.path, ask.layer, ask.prefix
    try:
        import openpyxl
    except ImportError:
        what = f"{path.name}: workbooks need openpyxl"
        raise Environment(error("F005", what, path.name, "pip install openpyxl, or save the sheet as CSV")) from None
    from parcels.formats.decoding.archives import check_members

    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path.name)
        book = openpyxl.load_workbook(path, read_only=False, data_only=False)
    except (zipfile.BadZipFile, EOFError) as problem:
        what = f"{path.name} is cut off or no workbook ({path.stat().st_size:,} bytes): {problem}"
        raise Refused(error(f"{prefix}037", what, path.name, "save it again as .xlsx")) from None
    except (KeyError, ValueError, TypeError, OSError, SyntaxError) as problem:
        raise Refused(error("F004", f"{path.name} cannot be read: {problem}", path.name, "save it again")) from None
    sheet = _sheet(book, path, layer)
    rows = [(number, list(row)) for number, row in enumerate(sheet.iter_rows(), 1)]
    rows = [(number, row) for number, row in rows if any(_text(cell.value) for cell in row)]
    if not rows:
        raise Refused(
            error(f"{prefix}068", f"{path.name}: the sheet is empty", path.name, "the first row is the heading")
        )
    where = f"{path.name}, sheet {sheet.title}"
    notes: tuple[str, ...] = ()
    titles = title_rows([[_text(cell.value) for cell in row] for _, row in rows[:7]])
    if titles:
        shown = "; ".join(next(text for cell in row if (text := _text(cell.value))) for _, row in rows[:titles])
        notes = (f"{where}: taken as the table's title: {shown}",)
        rows = rows[titles:]
    heading, deep = headings(sheet, rows)
    if deep > 1:
        notes = (*notes, f"{where}: the heading has {deep} rows")
    issues = [
        error(f"{prefix}068", what, where, "unmerge the cells and fill each") for what in _merged(sheet, rows, deep)
    ]
    for name in sorted({name for name in heading if name and heading.count(name) > 1}):
        issues.append(error(f"{prefix}068", f"two columns are called {name!r}", where, "keep one"))
    columns: dict[str, list[object]] = {name: [] for name in heading if name}
    for number, row in rows[deep:]:
        seen: set[str] = set()
        for name, cell in zip(heading, row, strict=False):
            if not name or name in seen:
                continue
            seen.add(name)
            value = cell.value
            if cell.data_type == "f":
                what = f"{cell.coordinate} holds a formula ({str(value)[:60]}); landopt reads values only"
                issues.append(error(f"{prefix}040", what, f"{where}, row {number}, column {name}", "paste as values"))
                value = None
            elif cell.data_type == "e":
                what = f"{cell.coordinate} holds the error {value}"
                issues.append(error(f"{prefix}040", what, f"{where}, row {number}, column {name}", "correct the cell"))
                value = None
            columns[name].append(_value(value))
    lines = tuple(number for number, _ in rows[deep:])
    digest = sha256_of(path)
    return RawTable(path, sheet.title, "XLSX", columns, lines, notes=notes, issues=tuple(issues), sha256=digest)


def headings(sheet: Any, rows: Sequence[tuple[int, Sequence[Any]]]) -> tuple[list[str], int]:
    """The names of the columns and how many rows they take.

    A heading of several rows is one whose cells are merged downwards; a column under a merged group is called by the
    lowest name, or by group and name together where that is the name of a field (容积率 over 上限).
    """
    first = rows[0][0]
    tops = [area for area in sheet.merged_cells.ranges if area.min_row == first]
    last = max((area.max_row for area in tops), default=first)
    groups = [area for area in tops if area.max_col > area.min_col]
    if groups and last == first and len(rows) > 1:
        last = rows[1][0]  # groups with their names in the next row, nothing merged downwards
    deep = max(1, sum(number <= last for number, _ in rows))
    known = fields_known()
    names = []
    for position, cell in enumerate(rows[0][1]):
        stack = [_text(row[position].value) for _, row in rows[:deep]]
        over = next((area for area in groups if area.min_col <= cell.column <= area.max_col), None)
        group = _text(sheet.cell(over.min_row, over.min_col).value) if over is not None and deep > 1 else ""
        lowest = next((text for text in reversed(stack) if text), "")
        whole = group + lowest
        names.append(whole if group and group != lowest and column_key(whole) in known else lowest)
    return names, deep


def _merged(sheet: Any, rows: Sequence[tuple[int, Sequence[Any]]], deep: int) -> list[str]:
    """What is wrong with merged cells among the data: only the first of them holds the value."""
    data = [number for number, _ in rows[deep:]]
    found = [
        area for area in sheet.merged_cells.ranges if data and data[0] <= area.max_row and area.min_row <= data[-1]
    ]
    return [f"cells {area.coord} are merged: only the first of them holds a value" for area in found[:25]]


def _sheet(book: Any, path: Path, layer: str | None) -> Any:
    names = book.sheetnames
    if layer is not None:
        if layer not in names:
            raise Refused(
                error("F003", f"{path.name} has no sheet {layer!r}", path.name, f"sheets: {', '.join(names)}")
            )
        return book[layer]
    filled = [sheet for sheet in book.worksheets if sheet.max_row > 1]
    if len(filled) > 1:
        shown = ", ".join(sheet.title for sheet in filled)
        raise Refused(
            error("F003", f"{path.name} has {len(filled)} sheets with rows", path.name, f"say which: {shown}")
        )
    return filled[0] if filled else book.worksheets[0]


def _text(value: object) -> str:
    return "" if value is None else str(value).strip("\ufeff \t\r\n")


def _value(value: object) -> object:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, datetime.datetime | datetime.date | int | float | bool) or value is None:
        return value
    return str(value)
