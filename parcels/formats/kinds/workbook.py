"""XLSX as sheets: typed cells, stored values of formulas, merged cells, hidden sheets and rows."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from typing import Any

from parcels.common.issues import Environment, Refused, error
from parcels.formats.registry import Ask, Prefix, reads
from parcels.formats.sources import RawTable
from parcels.formats.typed.book import table_of_book
from parcels.formats.typed.sheet import Area, Sheet


@reads("XLSX", ".xlsx", ".xlsm", kind="table")
def read_xlsx(ask: Ask) -> RawTable:
    """A sheet of a workbook.

    Raises
    ------
    Refused
        ``F003`` (sheet), ``F004`` (no workbook), 37 (cut off), 68 (heading).
    Environment
        ``F005`` without openpyxl.
    """
    return table_of_book(xlsx_sheets(ask.path, ask.prefix), ask, "XLSX")


def xlsx_sheets(path: Path, prefix: Prefix) -> list[Sheet]:
    """The sheets of a workbook in the format of Office Open XML."""
    try:
        import openpyxl
    except ImportError:
        raise Environment(error("F005.workbooks-need-openpyxl", at=path.name, file=path.name)) from None
    from parcels.formats.decoding.archives import TORN, check_members

    try:
        with zipfile.ZipFile(path) as archive:
            check_members(archive, path.name)
        book = openpyxl.load_workbook(path, data_only=False)
        _check_rectangles(book, path.name)
        stored = openpyxl.load_workbook(path, data_only=True) if _has_formulas(book) else book
    except TORN as problem:
        size = path.stat().st_size
        issue = error(f"{prefix}037.no-workbook", at=path.name, file=path.name, size=size, problem=str(problem))
        raise Refused(issue) from None
    except (LookupError, ValueError, TypeError, AttributeError, ArithmeticError, OSError, SyntaxError) as problem:
        issue = error("F004.cannot-read-save", at=path.name, file=path.name, problem=str(problem)[:160])
        raise Refused(issue) from None
    return [_sheet(sheet, stored[sheet.title]) for sheet in book.worksheets]


_RECTANGLE = 20_000_000
"""Cells of a sheet, blank ones counted, that are looked at."""


def _check_rectangles(book: Any, name: str) -> None:
    """Every cell of a rectangle is looked at, also the blank ones: one cell in the last corner would never end."""
    for sheet in book.worksheets:
        rows, columns = sheet.max_row, sheet.max_column
        if rows * columns > _RECTANGLE:
            at = f"{name}, sheet {sheet.title}"
            raise Refused(error("F012.rows", at=at, name=name, count=rows, columns=columns, most=_RECTANGLE // columns))


def _has_formulas(book: Any) -> bool:
    return any(cell.data_type == "f" for sheet in book.worksheets for row in sheet.iter_rows() for cell in row)


def _sheet(sheet: Any, stored: Any) -> Sheet:
    rows = []
    formulas: dict[tuple[int, int], str] = {}
    computed: set[tuple[int, int]] = set()
    errors: dict[tuple[int, int], str] = {}
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells: list[object] = []
        for cell in row:
            value = cell.value
            if cell.data_type == "f":
                text, value = str(value), stored.cell(cell.row, cell.column).value
                if value is None:
                    formulas[cell.row, cell.column] = text
                else:
                    computed.add((cell.row, cell.column))
            if isinstance(value, str) and value.startswith("#") and (cell.data_type == "e" or value in _ERRORS):
                errors[cell.row, cell.column] = value
                computed.discard((cell.row, cell.column))
                value = None
            cells.append(plain_value(value))
        rows.append((number, cells))
    hidden = {number for number, dimension in sheet.row_dimensions.items() if dimension.hidden}
    areas = [Area(a.min_row, a.min_col, a.max_row, a.max_col) for a in sheet.merged_cells.ranges]
    return Sheet(
        sheet.title,
        rows,
        sheet.sheet_state != "visible",
        frozenset(hidden),
        tuple(areas),
        formulas,
        frozenset(computed),
        errors,
    )


_ERRORS = {"#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#N/A", "#NUM!", "#NULL!"}


def plain_value(value: object) -> object:
    """A cell of a workbook as text, number, truth value, date or ``None``."""
    if isinstance(value, str):
        return value if value.strip() else None
    if isinstance(value, datetime.datetime | datetime.date | int | float | bool) or value is None:
        return value
    return str(value)
