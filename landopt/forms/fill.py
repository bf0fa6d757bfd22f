"""Templates written, empty or filled with a round's own facts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landopt.forms.columns import FormColumn, columns_of, shown
from landopt.forms.policy_sheet import policy_columns, rows_of
from landopt.forms.workbook import Form, write_forms
from landopt.intake.assemble import read_round
from landopt.intake.roundfile import read_round_file
from parcels.common.issues import Refused, error
from parcels.common.kept import write_made
from parcels.common.schema import fields_of


def write_template(target: Path, kind: str, lang: str, source: Path | None = None) -> tuple[Path | None, int]:
    """Write a workbook to fill in; returns where a file that stood there is kept, and the number of rows.

    Raises
    ------
    Refused
        ``F002`` for another ending than ``.xlsx``; as :func:`landopt.intake.assemble.read_round` for ``source``.
    """
    if target.suffix.lower() != ".xlsx":
        raise Refused(error("F002.format-not-written", at=str(target), file=target.name, drivers=[".xlsx"]))
    form = form_of(kind, lang, source)
    kept = write_made(target, lambda path: write_forms(path, [form], lang))
    return kept, len(form.rows)


def form_of(kind: str, lang: str, source: Path | None = None) -> Form:
    """A sheet to fill in, with the rows of a round where one is named."""
    if kind == "policy":
        rows: list[list[object]] = []
        if source is not None:
            for path in read_round_file(source).policy:
                rows += rows_of(path, lang)
        return Form(kind, policy_columns(lang), rows)
    columns = columns_of(kind, lang)
    return Form(kind, columns, _rows(kind, columns, lang, source) if source is not None else ())


def _rows(kind: str, columns: Sequence[FormColumn], lang: str, source: Path) -> list[list[object]]:
    case = read_round(source).ready()
    if kind == "records":
        return [[getattr(record, column.name) for column in columns] for record in case.records]
    if kind == "results":
        return [[identifier, *[None] * (len(columns) - 1)] for identifier in case.parcels.ids]
    table = case.parcels if kind == "parcels" else case.demands
    fields = fields_of(kind.removesuffix("s"))
    key = f"{kind.removesuffix('s')}_id"
    held = {name: (table.ids if name == key else table.columns.get(name)) for name in fields}
    made = []
    for at in range(len(table.ids)):
        row = []
        for column in columns:
            cells = held.get(column.name)
            row.append(None if cells is None else shown(fields.get(column.name), cells[at], lang))
        made.append(row)
    return made
