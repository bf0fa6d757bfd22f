"""A workbook of any format as a raw table: the sheet that is meant, its words replaced by its own list."""

from __future__ import annotations

from collections.abc import Sequence

from parcels.common.issues import Refused, error
from parcels.formats.registry import Ask
from parcels.formats.sources import RawTable
from parcels.formats.typed.sheet import WORDS, Sheet, choose
from parcels.formats.typed.table import replace_words, table_of_sheet


def table_of_book(sheets: Sequence[Sheet], ask: Ask, form: str) -> RawTable:
    """The table of the sheet that is asked for, or the only one that fits.

    Raises
    ------
    Refused
        As :func:`parcels.formats.typed.sheet.choose` and :func:`parcels.formats.typed.table.table_of_sheet`.
    """
    _check_text(sheets, ask.path.name)
    sheet, issues = choose(sheets, ask.path, ask.layer, ask.prefix)
    raw = table_of_sheet(sheet, ask.path, form, ask.prefix, issues)
    words = next((each for each in sheets if each.name.strip().lower() in WORDS), None)
    return raw if words is None or words is sheet else replace_words(raw, words, ask.prefix)


TEXT = 256_000_000
"""Characters of all cells of a workbook that are read: one long text may be shared by every cell of a small file."""


def _check_text(sheets: Sequence[Sheet], name: str) -> None:
    """Refuse a workbook whose cells hold more text than its file could (F012)."""
    count = sum(len(cell) for sheet in sheets for _, row in sheet.rows for cell in row if isinstance(cell, str))
    if count > TEXT:
        raise Refused(error("F012.text", at=name, name=name, count=count, most=TEXT))
