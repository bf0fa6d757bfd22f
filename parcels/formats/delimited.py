"""CSV as a raw table: encoding from the bytes, the delimiter from the heading, nothing turned into numbers."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from parcels.common.catalogue import Told, told
from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, noted
from parcels.common.place import Place
from parcels.formats.encoding import decode
from parcels.formats.sources import RawTable

MAX_CELL = 16_000_000


def read_csv(path: Path, *, encoding: str | None = None, prefix: str = "D") -> RawTable:
    """A CSV file, every cell a text (``None`` where blank).

    Raises
    ------
    Refused
        31 (no encoding fits), 37 (an open quotation mark runs to the end), 68 (no heading, double headings).
    """
    decoded = decode(path.read_bytes(), path.name, encoding=encoding, prefix=prefix)
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


def title_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many rows above the heading hold one text alone (the table's title, who made it, its date)."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows[:6]]
    count = next((position for position, cells in enumerate(filled) if cells != 1), 0)
    return count if count and filled[count] > 2 else 0


def table_of(path: Path, rows: list[tuple[int, list[str]]], prefix: str, notes: tuple[Told, ...] = ()) -> RawTable:
    """Rows with a heading as a raw table.

    Raises
    ------
    Refused
        68 if there is no heading, a heading is double or blank, or a row has more cells than the heading.
    """
    if not rows:
        raise Refused(error(f"{prefix}068.empty", at=path.name, file=path.name))
    titles = title_rows([row for _, row in rows])
    if titles:
        shown = "; ".join(next(cell.strip() for cell in row if cell.strip()) for _, row in rows[:titles])
        notes = (*notes, noted(path.name, told("note.title", shown=shown)))
        rows = rows[titles:]
    heading = [cell.strip("\ufeff \t") for cell in rows[0][1]]
    while heading and not heading[-1]:
        heading.pop()
    issues: list[Issue] = []
    double = sorted({name for name in heading if name and heading.count(name) > 1})
    for name in double:
        issues.append(error(f"{prefix}068.two-columns-called", at=Place(path.name, rows[0][0]), name=name))
    columns: dict[str, list[object]] = {name: [] for name in heading if name}
    for line, row in rows[1:]:
        extra = [cell for cell in row[len(heading) :] if cell.strip()]
        if extra:
            issues.append(
                error(f"{prefix}068.row-cells-under", at=Place(path.name, line), count=len(row), count2=len(heading))
            )
        if len(row) < len(heading):
            issues.append(
                error(f"{prefix}068.row-cells-heading", at=Place(path.name, line), count=len(row), count2=len(heading))
            )
        seen: set[str] = set()
        for position, name in enumerate(heading):
            if name and name not in seen:
                cell = row[position] if position < len(row) else ""
                columns[name].append(cell if cell.strip() else None)
                seen.add(name)
    lines = tuple(line for line, _ in rows[1:])
    return RawTable(path, "", "CSV", columns, lines, notes=notes, issues=tuple(issues), sha256=sha256_of(path))
