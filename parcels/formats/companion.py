"""Facts beside a drawing: DXF, KML and TXT carry outlines and little else; a table of the same name brings the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from parcels.common.catalogue import told
from parcels.common.gate import admit, check_shape
from parcels.common.issues import error, noted
from parcels.common.place import NOWHERE, within
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
    reader = format_of(admit(table)).read
    assert reader is not None
    beside = reader(Ask(table))
    check_shape(table.name, table.name, len(beside.columns), len(beside.rows))
    return join(raw, beside)


def join(raw: RawTable, beside: RawTable) -> RawTable:
    """The columns of ``beside`` at the outlines of ``raw``, by parcel id; its columns are stronger."""
    left, right = row_ids(raw), row_ids(beside)
    issues = [*raw.issues, *beside.issues]
    if left is None or right is None:
        which = raw.where if left is None else beside.where
        issues.append(error("P023.no-column-holds", at=which))
        return replace(raw, issues=tuple(issues))
    row_of: dict[str, int] = {}
    for row, identifier in enumerate(right):
        if identifier in row_of:
            issues.append(
                error(
                    "P030.id-double-in-file",
                    at=within(beside.where, row=beside.rows[row]),
                    ids=(identifier,),
                    identifier=identifier,
                    file=beside.path.name,
                )
            )
        row_of.setdefault(identifier, row)
    lonely = sorted(set(row_of) - set(left) - {""})
    bare = sorted(set(left) - set(row_of))
    if lonely:
        issues.append(
            error(
                "P073.row-no-outline",
                at=beside.where,
                ids=lonely,
                count=len(lonely),
                file=raw.path.name,
                lonely=lonely[:10],
            )
        )
    if bare:
        issues.append(
            error("P073.outline-no-row", at=raw.where, ids=bare, count=len(bare), file=beside.path.name, bare=bare[:10])
        )
    columns: dict[str, Sequence[object]] = {}
    theirs = {column.field.name for column in match_columns(beside.columns, "parcel", NOWHERE).columns.values()}
    own = match_columns(raw.columns, "parcel", NOWHERE).columns
    id_name = own["parcel_id"].name
    for name, cells in raw.columns.items():
        field = next((f for f, column in own.items() if column.name == name), None)
        if name == id_name or (field not in theirs and name not in beside.columns):
            columns[name] = cells
    their_id = match_columns(beside.columns, "parcel", NOWHERE).columns["parcel_id"].name
    for name, cells in beside.columns.items():
        if name != their_id:
            columns[name] = [cells[row_of[i]] if i in row_of else None for i in left]
    said = noted(raw.path.name, told("note.attributes", file=beside.path.name))
    return replace(raw, columns=columns, issues=tuple(issues), notes=(*raw.notes, *beside.notes, said))


def row_ids(raw: RawTable) -> list[str] | None:
    """The parcel ids of a table as text, or ``None`` if no column holds them."""
    column = match_columns(raw.columns, "parcel", NOWHERE).columns.get("parcel_id")
    if column is None:
        return None
    return [as_id(cell) for cell in raw.columns[column.name]]
