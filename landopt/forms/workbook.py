"""A workbook to fill in, written with XlsxWriter: lists, prompts, marks, notes; Excel, WPS and LibreOffice open it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landopt.forms.columns import FormColumn
from parcels.common.catalogue import listed, phrase, told

ROWS = 2_000
"""So many rows have lists and prompts."""
COLOURS = {"error": "#F8CBAD", "warning": "#FFE699", "note": "#DDEBF7"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A finding in a cell of a sheet (row and column from 0): its level and its words."""

    row: int
    column: int
    level: str
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A sheet: its kind, columns, rows of cells, and marks."""

    kind: str
    columns: Sequence[FormColumn]
    rows: Sequence[Sequence[object]] = ()
    marks: Sequence[Mark] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def write_forms(
    path: Path,
    forms: Sequence[Form],
    lang: str,
    *,
    first: Sequence[Sequence[object]] = (),
    missing: Sequence[Sequence[object]] | None = None,
) -> None:
    """Write sheets to fill in, with notes and lists.

    Parameters
    ----------
    path
        The file, in a folder of its own.
    forms
        The sheets.
    lang
        Of headings, prompts and notes.
    first
        Rows of a sheet before all others (level, code, words, place, advice, link, level), if there is to be one.
    missing
        Rows of a sheet of unknown facts (fact, offers, conditions, words).
    """
    import xlsxwriter

    # texts that begin with a formula sign stay texts, and no address becomes a link
    options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        styles = _styles(book)
        if first:
            _write_findings(book.add_worksheet(phrase("sheet-name.findings", lang)), first, styles, lang)
        if missing is not None:
            sheet = book.add_worksheet(phrase("sheet-name.missing", lang))
            sheet.set_column(3, 3, 90, styles["wrap"])
            for number, row in enumerate(missing):
                for at, cell in enumerate(row):
                    _cell(sheet, number, at, cell, styles, ())
        lists: list[tuple[str, tuple[str, ...]]] = []
        for form in forms:
            _write_form(book, form, styles, lang, lists)
        _write_notes(book.add_worksheet(phrase("sheet-name.notes", lang)), forms, styles, lang)
        held = book.add_worksheet(phrase("sheet-name.lists", lang))
        for column, (name, choices) in enumerate(lists):
            held.write_column(0, column, [name, *choices])
        held.hide()


def _styles(book: Any) -> dict[str, Any]:
    made = {
        "must": book.add_format({"bold": True, "bg_color": "#FFD966", "border": 1, "text_wrap": True}),
        "may": book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1, "text_wrap": True}),
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "plain": book.add_format({}),
        "link": book.add_format({"font_color": "#0563C1", "underline": 1}),
        "wrap": book.add_format({"text_wrap": True, "valign": "top"}),
    }
    for level, colour in COLOURS.items():
        made[level] = book.add_format({"bg_color": colour})
        made[f"{level} date"] = book.add_format({"bg_color": colour, "num_format": "yyyy-mm-dd"})
    return made


def _write_form(
    book: Any, form: Form, styles: Mapping[str, Any], lang: str, lists: list[tuple[str, tuple[str, ...]]]
) -> None:
    sheet = book.add_worksheet(phrase(f"sheet-name.{form.kind}", lang))
    sheet.freeze_panes(1, 1)
    marked: dict[tuple[int, int], list[Mark]] = {}
    for mark in form.marks:
        marked.setdefault((mark.row, mark.column), []).append(mark)
    last = max(ROWS, len(form.rows) + 100)
    for at, column in enumerate(form.columns):
        sheet.write_string(0, at, column.heading, styles["must" if column.required else "may"])
        style = styles["date"] if column.kind == "date" else styles["plain" if column.kind == "int" else "text"]
        sheet.set_column(at, at, max(10, min(24, 2 * len(column.heading) + 2)), style)
        _validate(sheet, at, column, last, lang, lists)
    for number, row in enumerate(form.rows, 1):
        for at, cell in enumerate(row):
            _cell(sheet, number, at, cell, styles, marked.get((number, at), ()))
    for (line, at), marks in marked.items():
        if line == 0:
            _cell(sheet, 0, at, form.columns[at].heading, styles, marks)
        text = "\n".join(mark.text for mark in marks)[:2_000]
        sheet.write_comment(line, at, text, {"x_scale": 2.5, "y_scale": 1.6})


def _cell(sheet: Any, row: int, at: int, cell: object, styles: Mapping[str, Any], marks: Sequence[Mark]) -> None:
    """A value by its kind; a text is never a formula."""
    level = min((mark.level for mark in marks), key=list(COLOURS).index, default="")
    style = styles[level] if level else None
    if cell is None or cell == "":
        sheet.write_blank(row, at, None, style) if style is not None else None
    elif isinstance(cell, datetime.date | datetime.datetime):
        sheet.write_datetime(row, at, cell, styles[f"{level} date"] if level else styles["date"])
    elif isinstance(cell, bool):
        sheet.write_boolean(row, at, cell, style)
    elif isinstance(cell, int | float) and abs(cell) < 2**53:
        sheet.write_number(row, at, cell, style)
    else:
        sheet.write_string(row, at, str(cell)[:32_000], style if style is not None else styles["text"])


def _validate(
    sheet: Any, at: int, column: FormColumn, last: int, lang: str, lists: list[tuple[str, tuple[str, ...]]]
) -> None:
    prompt = prompt_of(column, lang)
    rule: dict[str, Any] = {"validate": "any"}
    if column.choices:
        lists.append((column.heading, column.choices))
        letter = _letters(len(lists) - 1)
        source = f"='{phrase('sheet-name.lists', lang)}'!${letter}$2:${letter}${len(column.choices) + 1}"
        rule = {"validate": "list", "source": source, "error_type": "warning"}
    elif column.kind == "date":
        rule = {"validate": "date", "criteria": ">=", "value": datetime.date(1990, 1, 1), "error_type": "warning"}
    elif column.kind == "int":
        rule = {"validate": "decimal", "criteria": ">=", "value": 0, "error_type": "warning"}
    rule |= {"input_title": column.heading[:32], "input_message": prompt[:255], "ignore_blank": True}
    sheet.data_validation(1, at, last, at, rule)


def prompt_of(column: FormColumn, lang: str) -> str:
    """What a cell wants, in a sentence or two."""
    parts = [told("form.required" if column.required else "form.optional").text(lang)]
    parts.append(told(f"form.{column.kind}").text(lang))
    if column.unit:
        parts.append(told("form.unit", unit=column.unit).text(lang))
    return " ".join(parts)


def _letters(column: int) -> str:
    from parcels.formats.typed.sheet import cell_name

    return cell_name(1, column + 1)[:-1]


def _write_notes(sheet: Any, forms: Sequence[Form], styles: Mapping[str, Any], lang: str) -> None:
    """One line a column: what it wants, its words, an example."""
    sheet.set_column(0, 0, 14)
    sheet.set_column(1, 1, 26)
    sheet.set_column(2, 4, 50, styles["wrap"])
    sheet.write_string(0, 0, told("form.about").text(lang))
    row = 2
    for form in forms:
        for column in form.columns:
            choices = listed(column.choices, lang)
            for at, text in enumerate((column.name, column.heading, prompt_of(column, lang), choices, column.example)):
                sheet.write_string(row, at, text)
            row += 1
        row += 1


def _write_findings(sheet: Any, rows: Sequence[Sequence[object]], styles: Mapping[str, Any], lang: str) -> None:
    """All findings: level, code, words, place, advice; the place is a link where there is a cell."""
    for at, key in enumerate(("level", "code", "what", "where", "maybe")):
        sheet.write_string(0, at, told(f"form.head-{key}").text(lang), styles["may"])
    for at, width in enumerate((10, 10, 70, 45, 50)):
        sheet.set_column(at, at, width, styles["wrap"])
    sheet.freeze_panes(1, 0)
    for number, row in enumerate(rows, 1):
        *cells, link, level = row
        for at, cell in enumerate(cells):
            if at == 3 and link:
                sheet.write_url(number, at, f"internal:{link}", styles["link"], str(cell) or str(link))
            else:
                sheet.write_string(number, at, str(cell), styles[str(level)] if at == 0 else None)
