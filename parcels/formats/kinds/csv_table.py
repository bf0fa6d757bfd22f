"""CSV as a raw table: encoding from the bytes, the delimiter from the heading, nothing turned into numbers."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from parcels.common.catalogue import Told
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.formats.decoding.encoding import decode
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable
from parcels.formats.typed.sheet import Sheet
from parcels.formats.typed.table import table_of_sheet

MAX_CELL = 16_000_000


@reads("CSV", ".csv", kind="table")
def read_csv(ask: Ask) -> RawTable:
    """A CSV file, every cell a text (``None`` where blank).

    Raises
    ------
    Refused
        31 (no encoding fits), 37 (an open quotation mark runs to the end), 68 (no heading, double headings).
    """
    path, prefix = ask.path, ask.prefix
    decoded = decode(path.read_bytes(), path.name, encoding=ask.encoding, prefix=prefix)
    return table_of(path, rows_of(decoded.text, path.name, prefix), prefix, (decoded.note,))


def rows_of(text: str, name: str, prefix: str = "D") -> list[tuple[int, list[str]]]:
    """The rows of a CSV text with the number of the line each begins at.

    Raises
    ------
    Refused
        37 for an open quotation mark, 68 for other trouble of the format.
    """
    if "\x00" in text:
        line = text[: text.index("\x00")].count("\n") + 1
        raise Refused(error(f"{prefix}037.holds-zero-byte", at=Place(name, line), name=name))
    head = next((line for line in text.split("\n")[:6] if any(mark in line for mark in ",;\t")), "")
    delimiter = max(",;\t", key=lambda mark: (head.count(mark), mark == ","))
    csv.field_size_limit(MAX_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    start = 1
    try:
        for row in reader:
            rows.append((start, row))
            start = reader.line_num + 1
    except csv.Error as problem:
        if "unexpected end" in str(problem):
            raise Refused(
                error(f"{prefix}037.cut-off-quotation", at=Place(name, start), name=name, start=start)
            ) from None
        raise Refused(error(f"{prefix}068.as-told", at=Place(name, start), name=name, problem=problem)) from None
    return [(line, row) for line, row in rows if any(cell.strip() for cell in row)]


def named_rows(text: str, name: str, prefix: str = "K") -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The heading of a CSV text, and each row as cells by column with its line; raises as :func:`rows_of`."""
    rows = rows_of(text, name, prefix)
    heading = rows[0][1] if rows else []
    return heading, [(line, dict(zip(heading, cells, strict=False))) for line, cells in rows[1:]]


def table_of(path: Path, rows: list[tuple[int, list[str]]], prefix: str, notes: tuple[Told, ...] = ()) -> RawTable:
    """Rows with a heading as a raw table.

    Raises
    ------
    Refused
        68 if there is no heading, a heading is double or blank, or a row has more cells than the heading.
    """
    sheet = Sheet("", [(line, list(row)) for line, row in rows])
    return table_of_sheet(sheet, path, "CSV", prefix, notes=notes)
