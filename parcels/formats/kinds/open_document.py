"""ODS (OpenDocument spreadsheets, as LibreOffice saves them) as sheets. Standard library only."""

from __future__ import annotations

import datetime
import zipfile
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

from parcels.common.gate import check_shape
from parcels.common.issues import Refused, error
from parcels.formats.decoding.archives import TORN, check_members
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.formats.typed.book import table_of_book
from parcels.formats.typed.sheet import Area, Sheet

_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
MAX_ROWS, MAX_COLUMNS = 1_048_576, 16_384
"""A repeated blank to the edge of the sheet is no data; these are the edges."""


@reads("ODS", ".ods", ".fods", kind="table")
def read_open_document(ask: Ask) -> RawTable:
    """A sheet of an OpenDocument spreadsheet.

    Raises
    ------
    Refused
        ``F003`` (sheet), ``F004`` (no spreadsheet), 37 (cut off), 68 (heading).
    """
    return table_of_book(_sheets(ask.path, ask.prefix), ask, "ODS")


def _sheets(path: Path, prefix: str) -> list[Sheet]:
    if path.suffix.lower() == ".fods":
        content = path.read_bytes()
    else:
        try:
            with zipfile.ZipFile(path) as archive:
                check_members(archive, path.name)
                content = archive.read("content.xml")
        except TORN as problem:
            raise Refused(error(f"{prefix}037.ods", at=path.name, file=path.name, problem=str(problem))) from None
        except (KeyError, OSError, RuntimeError) as problem:
            raise Refused(error("F004.ods", at=path.name, file=path.name, reason=str(problem)[:120])) from None
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise Refused(error("F004.ods", at=path.name, file=path.name, reason="<!DOCTYPE"))
    try:
        root = fromstring(content)  # noqa: S314 - without a document type nothing can grow
    except (ParseError, LookupError, ValueError) as problem:
        raise Refused(error("F004.ods", at=path.name, file=path.name, reason=str(problem)[:120])) from None
    unseen = {
        style.get(f"{_STYLE}name")
        for style in root.iter(f"{_STYLE}style")
        for properties in style.iter(f"{_STYLE}table-properties")
        if properties.get(f"{_TABLE}display") == "false"
    }
    return [
        _sheet(table, table.get(f"{_TABLE}style-name") in unseen, path.name) for table in root.iter(f"{_TABLE}table")
    ]


def _sheet(table: Element, hidden: bool, file: str) -> Sheet:
    rows: list[tuple[int, list[object]]] = []
    hidden_rows: set[int] = set()
    areas: list[Area] = []
    formulas: dict[tuple[int, int], str] = {}
    computed: set[tuple[int, int]] = set()
    errors: dict[tuple[int, int], str] = {}
    number, title = 1, table.get(f"{_TABLE}name", "")
    for row in table.iter(f"{_TABLE}table-row"):
        repeat = int(row.get(f"{_TABLE}number-rows-repeated", "1"))
        cells: list[object] = []
        for cell in row:
            if cell.tag not in (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"):
                continue
            across = int(cell.get(f"{_TABLE}number-columns-repeated", "1"))
            value, wrong = _value(cell)
            place = (number, len(cells) + 1)
            if wrong:
                errors[place] = wrong
            elif (formula := cell.get(f"{_TABLE}formula")) is not None:
                if value is None:
                    formulas[place] = formula
                else:
                    computed.add(place)
            wide, deep = (int(cell.get(f"{_TABLE}number-{way}-spanned", "1")) for way in ("columns", "rows"))
            if wide > 1 or deep > 1:
                areas.append(Area(number, place[1], number + deep - 1, place[1] + wide - 1))
            if value is not None or across < 1000:
                cells.extend([value] * min(across, MAX_COLUMNS - len(cells)))
        if any(cell is not None for cell in cells):
            # one row repeated a million times stands for them all: refused before they are made
            width = max(place for place, cell in enumerate(cells, 1) if cell is not None)
            check_shape(file, f"{file}, sheet {title}", width, len(rows) + min(repeat, MAX_ROWS - number + 1))
            rows += [(number + step, list(cells)) for step in range(min(repeat, MAX_ROWS - number + 1))]
            if row.get(f"{_TABLE}visibility") in ("collapse", "filter"):
                hidden_rows.update(range(number, number + min(repeat, MAX_ROWS)))
        number += repeat
    return Sheet(
        table.get(f"{_TABLE}name", ""),
        rows,
        hidden,
        frozenset(hidden_rows),
        tuple(areas),
        formulas,
        frozenset(computed),
        errors,
    )


def _value(cell: Element) -> tuple[object, str]:
    """A cell's value by its type, and its error if it is one."""
    kind = cell.get(f"{_OFFICE}value-type")
    shown = "\n".join("".join(part.itertext()) for part in cell.findall(f"{_TEXT}p"))
    if shown.startswith("#") and shown.rstrip("!?").lstrip("#").replace("/", "").isupper():
        return None, shown
    if kind in ("float", "percentage", "currency"):
        number = float(cell.get(f"{_OFFICE}value", "nan"))
        return (int(number) if number.is_integer() and abs(number) < 2**53 else number), ""
    if kind == "date":
        text = cell.get(f"{_OFFICE}date-value", "")
        try:
            moment = datetime.datetime.fromisoformat(text)
        except ValueError:
            return text, ""
        return (moment if moment.time() != datetime.time(0) else moment.date()), ""
    if kind == "boolean":
        return cell.get(f"{_OFFICE}boolean-value") == "true", ""
    return (shown if shown.strip() else None), ""
