"""Facts beside a drawing: DXF, KML and TXT carry outlines and little else; a table of the same name brings the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parcels.common.issues import error
from parcels.formats.registry import Ask, format_of
from parcels.formats.sources import RawTable
from parcels.tables.columns import match_columns
from parcels.tables.fact_table import as_id

BESIDE = (".csv", ".xlsx", ".xls", ".et", ".ods")
"""Endings of the table looked for, in this order."""


def with_companion(raw: RawTable, path: Path) -> RawTable:
    """Join ``name.csv`` or ``name.xlsx`` beside ``path`` by parcel id, if it is there.

    Findings 73 (a row without an outline, or an outline without a row).
    """
    table = next((file for ending in BESIDE if (file := path.with_suffix(ending)).exists() and file != path), None)
    if table is None:
        return raw
    reader = format_of(table).read
    assert reader is not None
    return join(raw, reader(Ask(table)))


def join(raw: RawTable, beside: RawTable) -> RawTable:
    """The columns of ``beside`` at the outlines of ``raw``, by parcel id; its columns are stronger."""
    left, right = row_ids(raw), row_ids(beside)
    issues = [*raw.issues, *beside.issues]
    if left is None or right is None:
        which = raw.where if left is None else beside.where
        issues.append(error("P023", "no column holds the parcel ids, by which the two are joined", which))
        return replace(raw, issues=tuple(issues))
    row_of: dict[str, int] = {}
    for row, identifier in enumerate(right):
        if identifier in row_of:
            what = f"id {identifier!r} is double in {beside.path.name}"
            issues.append(error("P030", what, f"{beside.where}, row {beside.rows[row]}", "", (identifier,)))
        row_of.setdefault(identifier, row)
    lonely = sorted(set(row_of) - set(left) - {""})
    bare = sorted(set(left) - set(row_of))
    if lonely:
        what = f"{len(lonely)} row(s) have no outline in {raw.path.name}: {', '.join(lonely[:10])}"
        issues.append(error("P073", what, beside.where, "the ids must be written alike", lonely))
    if bare:
        what = f"{len(bare)} outline(s) have no row in {beside.path.name}: {', '.join(bare[:10])}"
        issues.append(error("P073", what, raw.where, "the ids must be written alike", bare))
    columns: dict[str, Sequence[object]] = {}
    theirs = {column.field.name for column in match_columns(beside.columns, "parcel", "").columns.values()}
    own = match_columns(raw.columns, "parcel", "").columns
    id_name = own["parcel_id"].name
    for name, cells in raw.columns.items():
        field = next((f for f, column in own.items() if column.name == name), None)
        if name == id_name or (field not in theirs and name not in beside.columns):
            columns[name] = cells
    their_id = match_columns(beside.columns, "parcel", "").columns["parcel_id"].name
    for name, cells in beside.columns.items():
        if name != their_id:
            columns[name] = [cells[row_of[i]] if i in row_of else None for i in left]
    said = f"{raw.path.name}: attributes from {beside.path.name}, joined by parcel id"
    return replace(raw, columns=columns, issues=tuple(issues), notes=(*raw.notes, *beside.notes, said))


def row_ids(raw: RawTable) -> list[str] | None:
    """The parcel ids of a table as text, or ``None`` if no column holds them."""
    column = match_columns(raw.columns, "parcel", "").columns.get("parcel_id")
    if column is None:
        return None
    return [as_id(cell) for cell in raw.columns[column.name]]
