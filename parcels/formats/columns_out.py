"""Columns on their way out: one type each, a name that the format keeps, and every change told.

A value is never bent to fit: whole numbers of 2^53 and more, decimals that no binary number holds, and mixed columns go
out as texts, with a finding that says so.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np

from parcels.common.issues import Issue, note, warning
from parcels.common.place import Place
from parcels.formats.companion import row_ids
from parcels.formats.registry import Rules
from parcels.formats.sources import RawTable
from parcels.tables.columns import match_columns
from parcels.tables.fact_table import as_id

_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
"""What UTF-8 files of GDAL cannot hold: a zero byte ends a text, half a surrogate pair is no character."""


@dataclass(slots=True)
class Plan:
    """Columns to write by their name in the file, and what was changed on the way (finding 80)."""

    at: Place
    columns: dict[str, Any] = field(default_factory=dict)
    masks: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    renamed: list[tuple[str, str]] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)
    retyped: list[tuple[str, str]] = field(default_factory=list)
    stripped: list[str] = field(default_factory=list)

    def issues(self) -> list[Issue]:
        """The changes as findings: one for each kind of change."""
        found: list[Issue] = []
        if self.renamed:
            pairs = [f"{old} -> {new}" for old, new in self.renamed]
            found.append(warning("P080.renamed", at=self.at, pairs=pairs))
        for why in sorted({why for _, why in self.dropped}):
            names = [name for name, reason in self.dropped if reason == why]
            found.append(warning(f"P080.{why}", at=self.at, names=names))
        for why in sorted({why for _, why in self.retyped}):
            names = [name for name, reason in self.retyped if reason == why]
            found.append(note(f"P080.{why}", at=self.at, names=names))
        if self.stripped:
            found.append(warning("P080.stripped", at=self.at, names=self.stripped))
        return found


def plan_columns(raw: RawTable, rules: Rules) -> Plan:
    """The columns of a table as a format with these rules can hold them.

    Parameters
    ----------
    raw
        As opened.
    rules
        Of the format written.

    Returns
    -------
    Plan
        Arrays of one type a column, with a mask of the blank cells.
    """
    plan = Plan(raw.where)
    ids = _id_column(raw)
    names = plan_names(raw.columns, rules)
    for name, cells in raw.columns.items():
        if any(isinstance(cell, bytes | bytearray) for cell in cells):
            plan.dropped.append((name, "dropped-bytes"))
            continue
        if raw.kinds.get(name) == "date":
            plan.retyped.append((name, "retyped-dates"))
        held = _as_ids(raw, cells) if name == ids else cells
        array, mask, why = typed(held, rules)
        if name == ids and any(not isinstance(cell, str) for cell in cells if cell is not None):
            why = "retyped-ids"
        if why:
            plan.retyped.append((name, why))
        if array.dtype == object:
            clean = [_UNWRITABLE.sub("\ufffd", cell) if isinstance(cell, str) else cell for cell in array.tolist()]
            if clean != array.tolist():
                plan.stripped.append(name)
                array[:] = clean
        new = names[name]
        if new != name:
            plan.renamed.append((name, new))
        plan.columns[new], plan.masks[new] = array, mask
    return plan


def plan_names(names: Mapping[str, object] | Sequence[str], rules: Rules) -> dict[str, str]:
    """A name of its own in the file for every column, as near to its own as the format allows.

    Names that need no change are given first, so that none of them is taken by another that does.
    """
    wanted = {name: _plain_name(name, rules) for name in names}
    taken: set[str] = {_key(name, rules) for name in rules.taken}
    out: dict[str, str] = {}
    for name in sorted(wanted, key=lambda one: wanted[one] != one):  # stable: untouched names first
        base, number = wanted[name], 1
        new = base
        while _key(new, rules) in taken:
            number += 1
            tail = f"_{number}"
            new = (base[: rules.length - len(tail)] if rules.length else base) + tail
        taken.add(_key(new, rules))
        out[name] = new
    return {name: out[name] for name in names}


def _key(name: str, rules: Rules) -> str:
    return name.casefold() if rules.caseless else name


def _plain_name(name: str, rules: Rules) -> str:
    plain = _UNWRITABLE.sub("_", name)
    if rules.letters_only:
        plain = "".join(mark if (mark.isalnum() and mark < "\U00010000") or mark == "_" else "_" for mark in plain)
        if plain[:1].isdigit():
            plain = f"_{plain}"
    if not plain.strip():
        plain = "column"
    return plain[: rules.length] if rules.length else plain


def typed(cells: Sequence[object], rules: Rules) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], str]:
    """A column as an array of one type, the mask of its blanks, and why it is of another type than its cells.

    Whole numbers stay whole within what the format holds exactly, numbers stay numbers where each is a binary one by
    its shortest decimal form, true and false where the format knows them; anything else becomes text.
    """
    known = [cell for cell in cells if cell is not None]
    blank = np.array([cell is None for cell in cells], dtype=bool)
    kinds = {_kind(cell) for cell in known}
    if kinds == {"bool"}:
        if rules.booleans:
            return np.array([bool(cell) for cell in cells], dtype=bool), blank, ""
        array = np.array([int(bool(cell)) for cell in cells], dtype=np.int16)
        return array, blank, "retyped-booleans"
    if kinds == {"int"}:
        if all(abs(int(str(cell))) < rules.whole for cell in known):
            whole = np.array([0 if cell is None else int(str(cell)) for cell in cells], dtype=np.int64)
            return (whole if rules.whole > 2**31 else whole.astype(np.int32)), blank, ""
        return _texts(cells), blank, "retyped-whole"
    if kinds and kinds <= {"int", "decimal", "float"}:
        if all(_binary(cell) for cell in known):
            numbers = np.array([np.nan if cell is None else float(str(cell)) for cell in cells], dtype=np.float64)
            return numbers, blank, ""
        return _texts(cells), blank, "retyped-decimals"
    why = "" if kinds <= {"text"} else "retyped-dates" if kinds == {"date"} else "retyped-mixed"
    return _texts(cells), blank, why


def _kind(cell: object) -> str:
    if isinstance(cell, bool | np.bool_):
        return "bool"
    if isinstance(cell, int | np.integer):
        return "int"
    if isinstance(cell, float):
        return "float"
    if isinstance(cell, Decimal):
        return "decimal"
    return "date" if isinstance(cell, datetime.date | datetime.datetime | datetime.time) else "text"


def _binary(cell: object) -> bool:
    """True if a number survives as a binary float: its shortest decimal form is the number itself."""
    number = float(str(cell))
    return np.isfinite(number).item() and Decimal(repr(number)) == Decimal(str(cell)) and abs(number) < 2**53


def _texts(cells: Sequence[object]) -> np.ndarray[Any, Any]:
    out = np.full(len(cells), None, dtype=object)
    out[:] = [None if cell is None else as_text(cell) for cell in cells]
    return out


def as_text(cell: object) -> str:
    """A cell as text, digit for digit: a whole binary number without a point, dates as ISO."""
    if isinstance(cell, bool | np.bool_):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 2**53 else repr(cell)
    if isinstance(cell, Decimal):
        return format(cell, "f") if cell.is_finite() and -40 < cell.adjusted() < 40 else str(cell)
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time(0):
        return cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, datetime.date | datetime.time) else str(cell)


def _id_column(raw: RawTable) -> str | None:
    column = match_columns(raw.columns, "parcel", raw.where).columns.get("parcel_id")
    return column.name if column else None


def _as_ids(raw: RawTable, cells: Sequence[object]) -> list[object]:
    """Ids as :func:`parcels.tables.fact_table.read_ids` reads them; texts stay as they stand."""
    read = row_ids(raw) or [as_id(cell) for cell in cells]
    return [
        None if cell is None else cell if isinstance(cell, str) else text
        for cell, text in zip(cells, read, strict=True)
    ]
