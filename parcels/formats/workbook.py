"""XLSX as a raw table: typed cells, formulas refused, one sheet."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parcels.common.catalogue import Told, told
from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Refused, error, noted
from parcels.common.place import Place, within
from parcels.formats.delimited import title_rows
from parcels.formats.sources import RawTable
from parcels.tables.columns import column_key, fields_known


def read_xlsx(path: Path, *, layer: str | None = None, prefix: str = "D") -> RawTable:
    """A sheet of a workbook.

    Raises
    ------
    Refused
        ``F003`` (sheet), ``F004`` (no workbook), 37 (cut off), 68 (heading).
    Environment
        ``F005`` without openpyxl.
    """
    try:
        import openpyxl
    except ImportError:
        raise Environment(error("F005.workbooks-need-openpyxl", at=path.name, file=path.name)) from None
    from parcels.formats.archives import check_members

    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path.name)
        book = openpyxl.load_workbook(path, read_only=False, data_only=False)
    except (zipfile.BadZipFile, EOFError) as problem:
        raise Refused(
            error(f"{prefix}037.no-workbook", at=path.name, file=path.name, size=path.stat().st_size, problem=problem)
        ) from None
    except (KeyError, ValueError, TypeError, OSError, SyntaxError) as problem:
        raise Refused(error("F004.cannot-read-save", at=path.name, file=path.name, problem=problem)) from None
    sheet = _sheet(book, path, layer)
    rows = [(number, list(row)) for number, row in enumerate(sheet.iter_rows(), 1)]
    rows = [(number, row) for number, row in rows if any(_text(cell.value) for cell in row)]
    if not rows:
        raise Refused(error(f"{prefix}068.sheet-empty", at=path.name, file=path.name))
    where = Place(path.name, sheet=sheet.title)
    notes: tuple[Told, ...] = ()
    titles = title_rows([[_text(cell.value) for cell in row] for _, row in rows[:7]])
    if titles:
        shown = "; ".join(next(text for cell in row if (text := _text(cell.value))) for _, row in rows[:titles])
        notes = (noted(where, told("note.title", shown=shown)),)
        rows = rows[titles:]
    heading, deep = headings(sheet, rows)
    if deep > 1:
        notes = (*notes, noted(where, told("note.heading", deep=deep)))
    issues = [error(f"{prefix}{said.key}", at=where, **said.named) for said in _merged(sheet, rows, deep)]
    for name in sorted({name for name in heading if name and heading.count(name) > 1}):
        issues.append(error(f"{prefix}068.two-columns-called", at=where, name=name))
    columns: dict[str, list[object]] = {name: [] for name in heading if name}
    for number, row in rows[deep:]:
        seen: set[str] = set()
        for name, cell in zip(heading, row, strict=False):
            if not name or name in seen:
                continue
            seen.add(name)
            value = cell.value
            if cell.data_type == "f":
                issues.append(
                    error(
                        f"{prefix}040.holds-formula-landopt",
                        at=within(where, row=number, column=name),
                        coordinate=cell.coordinate,
                        value=str(value)[:60],
                    )
                )
                value = None
            elif cell.data_type == "e":
                issues.append(
                    error(
                        f"{prefix}040.holds-error",
                        at=within(where, row=number, column=name),
                        coordinate=cell.coordinate,
                        value=value,
                    )
                )
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


def _merged(sheet: Any, rows: Sequence[tuple[int, Sequence[Any]]], deep: int) -> list[Told]:
    """What is wrong with merged cells among the data: only the first of them holds the value."""
    data = [number for number, _ in rows[deep:]]
    found = [
        area for area in sheet.merged_cells.ranges if data and data[0] <= area.max_row and area.min_row <= data[-1]
    ]
    return [told("068.merged", cells=area.coord) for area in found[:25]]


def _sheet(book: Any, path: Path, layer: str | None) -> Any:
    names = book.sheetnames
    if layer is not None:
        if layer not in names:
            raise Refused(error("F003.no-sheet", at=path.name, file=path.name, layer=layer, names=names))
        return book[layer]
    filled = [sheet for sheet in book.worksheets if sheet.max_row > 1]
    if len(filled) > 1:
        shown = [sheet.title for sheet in filled]
        raise Refused(error("F003.sheets-rows", at=path.name, file=path.name, count=len(filled), shown=shown))
    return filled[0] if filled else book.worksheets[0]


def _text(value: object) -> str:
    return "" if value is None else str(value).strip("\ufeff \t\r\n")


def _value(value: object) -> object:
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, datetime.datetime | datetime.date | int | float | bool) or value is None:
        return value
    return str(value)
