"""A sheet of rows as any workbook or CSV gives it, and which sheet of several is meant. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parcels.common.issues import Issue, Refused, error, note, warning
from parcels.tables.columns import field_of

Row = tuple[int, list[object]]
"""The number of a row as its program shows it, and its cells."""
WORDS = ("对照", "对照表", "words")
"""Names of the sheet that says what words mean (column, word, value)."""
OWN = ("说明", "notes", "列表", "lists", "检查结果", "findings", "未知事实", "missing")
"""Sheets of landopt's own workbooks that hold no table to read."""


@dataclass(frozen=True, slots=True)
class Area:
    """Merged cells, rows and columns counted from 1."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def name(self) -> str:
        """As a spreadsheet writes it (``B2:C3``)."""
        return f"{cell_name(self.first_row, self.first_column)}:{cell_name(self.last_row, self.last_column)}"


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows with their numbers, and what a spreadsheet knows besides: (row, column) from 1 for single cells.

    ``formulas`` are cells whose formula has no stored value, ``computed`` those whose stored value stands in the row,
    ``errors`` cells like ``#REF!``.
    """

    name: str
    rows: Sequence[Row]
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()
    merged: tuple[Area, ...] = ()
    formulas: Mapping[tuple[int, int], str] = field(default_factory=dict)
    computed: frozenset[tuple[int, int]] = frozenset()
    errors: Mapping[tuple[int, int], str] = field(default_factory=dict)

    @property
    def filled(self) -> list[Row]:
        """The rows that hold anything."""
        return [(number, row) for number, row in self.rows if any(text_of(cell) for cell in row)]


def text_of(cell: object) -> str:
    """A cell as trimmed text; "" where it is blank."""
    return "" if cell is None else str(cell).strip("\ufeff \t\r\n\u3000")


def cell_name(row: int, column: int) -> str:
    """``B2`` for row 2, column 2."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


def known_cells(cells: Sequence[object], prefix: str) -> int:
    """How many cells of a row are names of columns that landopt knows."""
    return sum(field_of(text_of(cell), prefix) is not None for cell in cells if text_of(cell))


def choose(sheets: Sequence[Sheet], path: Path, layer: str | None, prefix: str) -> tuple[Sheet, list[Issue]]:
    """The sheet to read: the one named, else the only visible one with rows, else the only one with known columns.

    Raises
    ------
    Refused
        ``F003`` if there is none of that name, or several fit: all are listed.
    """
    names = [sheet.name for sheet in sheets]
    if layer is not None:
        named = next((sheet for sheet in sheets if sheet.name == layer), None)
        if named is None:
            raise Refused(error("F003.no-sheet", at=path.name, file=path.name, layer=layer, names=names))
        return named, []
    issues: list[Issue] = []
    out_of_sight = [
        sheet.name for sheet in sheets if sheet.hidden and sheet.filled and sheet.name not in (*WORDS, *OWN)
    ]
    if out_of_sight:
        issues.append(warning(f"{prefix}083.hidden-sheets", at=path.name, sheets=out_of_sight))
    aside = (*WORDS, *OWN)
    seen = [sheet for sheet in sheets if not sheet.hidden and sheet.name.strip().lower() not in aside]
    filled = [sheet for sheet in seen if len(sheet.filled) > 1]
    if len(filled) <= 1:
        return (filled or seen or list(sheets))[0], issues
    fitting = [
        sheet for sheet in filled if max((known_cells(row, prefix) for _, row in sheet.filled[:8]), default=0) > 2
    ]
    if len(fitting) == 1:
        others = [sheet.name for sheet in filled if sheet is not fitting[0]]
        issues.append(note(f"{prefix}083.other-sheets", at=path.name, sheet=fitting[0].name, sheets=others))
        return fitting[0], issues
    shown = [sheet.name for sheet in fitting or filled]
    raise Refused(error("F003.sheets-rows", at=path.name, file=path.name, count=len(shown), shown=shown))
