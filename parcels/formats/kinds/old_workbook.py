"""XLS and ET (the binary workbooks of old Excel and of WPS) as sheets; one that is XLSX inside is read as that."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from parcels.common.issues import Environment, Refused, error
from parcels.formats.kinds.workbook import plain_value, xlsx_sheets
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.formats.typed.book import table_of_book
from parcels.formats.typed.sheet import Area, Sheet

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@reads("XLS", ".xls", ".et", kind="table")
def read_old_workbook(ask: Ask) -> RawTable:
    """A sheet of an XLS or ET workbook.

    Raises
    ------
    Refused
        ``F003`` (sheet), ``F004`` (no workbook, or one with a password), 68 (heading).
    Environment
        ``F005`` without xlrd.
    """
    with ask.path.open("rb") as file:
        head = file.read(8)
    if head[:4] == b"PK\x03\x04":
        return table_of_book(xlsx_sheets(ask.path, ask.prefix), ask, "XLSX")
    if head != _OLE:
        raise Refused(error("F004.no-old-workbook", at=ask.path.name, file=ask.path.name))
    return table_of_book(_sheets(ask.path), ask, "XLS")


def _sheets(path: Path) -> list[Sheet]:
    try:
        import xlrd
    except ImportError:
        raise Environment(error("F005.xlrd", at=path.name, file=path.name)) from None
    try:
        book = xlrd.open_workbook(str(path), formatting_info=True, on_demand=False, logfile=_Silent())
    except Exception as problem:  # xlrd fails in many ways on what is no workbook
        reason = (str(problem).splitlines() or [type(problem).__name__])[0][:120]
        raise Refused(error("F004.old-workbook", at=path.name, file=path.name, reason=reason)) from None
    return [_sheet(book, sheet) for sheet in book.sheets()]


class _Silent:
    """Swallows what xlrd writes to its log: everything worth telling is a finding."""

    def write(self, text: str) -> int:
        """Take a text and keep nothing."""
        return len(text)

    def flush(self) -> None:
        """Nothing waits."""


def _sheet(book: Any, sheet: Any) -> Sheet:
    errors: dict[tuple[int, int], str] = {}
    rows = []
    for number in range(sheet.nrows):
        cells = []
        for column, cell in enumerate(sheet.row(number)):
            value, wrong = _value(book, cell)
            if wrong:
                errors[number + 1, column + 1] = wrong
            cells.append(value)
        rows.append((number + 1, cells))
    hidden = {number + 1 for number, info in sheet.rowinfo_map.items() if info.hidden}
    areas = [Area(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells]
    return Sheet(sheet.name, rows, bool(sheet.visibility), frozenset(hidden), tuple(areas), errors=errors)


def _value(book: Any, cell: Any) -> tuple[object, str]:
    """A cell as a value, and its error if it is one; in XLS a number without a fraction is taken as a whole one."""
    import xlrd

    if cell.ctype == xlrd.XL_CELL_ERROR:
        return None, xlrd.error_text_from_code.get(cell.value, "#ERROR!")
    if cell.ctype == xlrd.XL_CELL_DATE:
        try:
            moment = xlrd.xldate.xldate_as_datetime(cell.value, book.datemode)
        except (ValueError, OverflowError):
            return cell.value, ""
        return (moment if moment.time() != datetime.time(0) else moment.date()), ""
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return bool(cell.value), ""
    if cell.ctype == xlrd.XL_CELL_NUMBER and float(cell.value).is_integer() and abs(cell.value) < 2**53:
        return int(cell.value), ""
    return plain_value(None if cell.ctype in (xlrd.XL_CELL_EMPTY, xlrd.XL_CELL_BLANK) else cell.value), ""
