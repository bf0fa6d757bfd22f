"""Columns of raw cells to a checked table of facts; every problem of the file is kept, with row and id.

Standard library only; each distinct cell of a column is parsed once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from parcels.common.catalogue import told
from parcels.common.place import Place
from parcels.common.schema import Value, fields_of
from parcels.common.units import BadValue
from parcels.common.vocabulary import table
from parcels.tables.columns import Column
from parcels.tables.findings import Findings
from parcels.tables.values import (
    DATE_FORMATS,
    clean_text,
    date_format,
    has_control,
    hidden_marks,
    parser,
    without_marks,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """Rows in file order that have a usable id: ``keep`` their positions in the file; one column of facts a field."""

    ids: tuple[str, ...]
    keep: tuple[int, ...]
    columns: dict[str, list[Value]]
    dropped: tuple[str, ...] = ()


def read_ids(cells: Sequence[object], rows: Sequence[int], name: str, found: Findings) -> list[str | None]:
    """The ids of a column as text: trimmed, NFC; blank and double ids are findings 25 and 30.

    Parameters
    ----------
    cells
        The raw cells.
    rows
        The row number of each in the file, for messages.
    name
        Name of the column in the file.
    found
        Where the findings go.

    Returns
    -------
    list of str or None
        ``None`` where the row has no id of its own.
    """
    ids: list[str | None] = _plain_ids(cells)
    if ids:
        return ids
    first: dict[str, tuple[int, str]] = {}
    numeric = False
    for row, cell in zip(rows, cells, strict=True):
        try:
            text = "" if cell is None else clean_text(cell)
        except BadValue as problem:
            store = told("near.store-text")
            found.add("error", problem.key, at=Place(row=row, column=name), maybe=store, field="id", **problem.values)
            ids.append(None)
            continue
        numeric = numeric or isinstance(cell, int | float | Decimal)
        if not text:
            found.add("error", "025.blank-every", at=Place(row=row, column=name), name=name)
            ids.append(None)
            continue
        if _ROUNDED.fullmatch(text):
            found.add("error", "028.id-stored-number", at=Place(row=row, column=name), ids=(text,), text=text)
        key = text.lower() if text.isascii() else _id_key(text)
        if key in first:
            row_before, before = first[key]
            found.add(
                "error",
                "030.id-double" if before == text else "030.id-in-other-letters",
                at=Place(row=row, column=name),
                ids=(before, text),
                text=text,
                row_before=row_before,
                before=before,
            )
            ids.append(None)
            continue
        first[key] = (row, text)
        marked = hidden_marks(text)
        if marked:
            found.add(
                "warning", "044.id-invisible-characters", at=Place(row=row, column=name), ids=(text,), marked=marked
            )
        if has_control(cell):
            found.add("note", "041.control-characters-stripped", at=Place(row=row, column=name), ids=(text,), text=text)
        ids.append(text)
    if numeric:
        found.add("warning", "054.column-holds-numbers", at=Place(column=name), name=name)
    return ids


def read_facts(
    cells: Mapping[str, Sequence[object]],
    columns: Mapping[str, Column],
    rows: Sequence[int],
    of: str,
    found: Findings,
    *,
    use_codes: str | None = None,
    drop: Collection[str] = (),
) -> Facts:
    """All matched columns as facts.

    Parameters
    ----------
    cells
        Raw cells by the name of the column in the file.
    columns
        Field -> column, as matched.
    rows
        Row numbers of the file.
    of
        ``parcel`` or ``demand``.
    found
        Where the findings go.
    use_codes
        The stated code system of land use.
    drop
        Ids of rows that are left out before their values are judged.

    Returns
    -------
    Facts
        Rows in file order; a value that could not be read is unknown and has its finding.
    """
    id_field = f"{of}_id"
    if id_field not in columns:  # refused already; the rows are judged all the same, by their numbers
        ids: list[str | None] = [f"(row {row})" for row in rows]
        keep, dropped = tuple(range(len(rows))), tuple[str, ...]()
    else:
        ids, keep, dropped = _own_ids(cells[columns[id_field].name], columns[id_field].name, rows, drop, found)
    kept_ids = tuple(identifier for identifier in ids if identifier is not None)
    table: dict[str, list[Value]] = {id_field: list(kept_ids)}
    whole = len(keep) == len(rows)
    for name, column in columns.items():
        if name == id_field:
            continue
        raw = cells[column.name]
        part = raw if whole else [raw[i] for i in keep]
        table[name] = _column(part, column, kept_ids, [rows[i] for i in keep], found, use_codes)
    for name, declared in fields_of(of).items():
        if declared.default is not None:
            held = table.get(name)
            default = declared.default
            table[name] = [default] * len(keep) if held is None else [default if v is None else v for v in held]
    return Facts(kept_ids, keep, table, dropped)


def _own_ids(
    all_cells: Sequence[object], name: str, rows: Sequence[int], drop: Collection[str], found: Findings
) -> tuple[list[str | None], tuple[int, ...], tuple[str, ...]]:
    """Ids of the rows that are not dropped, the positions of those that have one, and the ids dropped."""
    wanted = {_id_key(identifier) for identifier in drop}
    ahead = [i for i, cell in enumerate(all_cells) if not (wanted and _id_key(cell) in wanted)]
    dropped = tuple(sorted({as_id(all_cells[i]) for i in set(range(len(all_cells))) - set(ahead)})) if wanted else ()
    ids = read_ids([all_cells[i] for i in ahead], [rows[i] for i in ahead], name, found)
    keep = tuple(i for i, identifier in zip(ahead, ids, strict=True) if identifier is not None)
    return ids, keep, dropped


def as_id(cell: object) -> str:
    """An id cell as text; a number that may have lost digits as it stands (finding 28 tells of it)."""
    try:
        return "" if cell is None else clean_text(cell)
    except BadValue:
        return str(cell)


def _plain_ids(cells: Sequence[object]) -> list[str | None]:
    """The ids of a column that nothing can be said of: plain ASCII texts, none blank, double or rounded; else none."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    whole = "".join(texts)
    if len(texts) < len(cells) or not whole.isascii() or not whole.isprintable() or "e+" in whole.lower():
        return []
    trimmed: list[str | None] = [text.strip() for text in texts]
    own = {text.strip().lower() for text in texts}
    return trimmed if "" not in own and len(own) == len(texts) else []


def _id_key(cell: object) -> str:
    """An id as compared: compatibility forms, letter case and characters that cannot be seen make no difference."""
    text = as_id(cell)
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", without_marks(text)).casefold().strip()


def blank(cell: object) -> bool:
    """True for a cell that says nothing: none, not a number, empty, or crossed out (:data:`DASHES`)."""
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip(DASHES))


DASHES = " \t\r\n\u3000-－–—―/／\\"
"""A cell of these alone is how officers cross out what does not apply: blank, and told."""


def _column(
    cells: Sequence[object],
    column: Column,
    ids: Sequence[str],
    rows: Sequence[int],
    found: Findings,
    use_codes: str | None,
) -> list[Value]:
    read = parser(column, use_codes)
    bad: dict[tuple[type, Any], BadValue] = {}
    known: dict[type, dict[Any, Value]] = {}  # 1, True and 1.0 are one key of a dictionary: a table for each class
    kinds = set(map(type, cells))
    for kind in kinds:
        values = known[kind] = {}
        for cell in dict.fromkeys(cells if len(kinds) == 1 else (cell for cell in cells if type(cell) is kind)):
            if blank(cell):
                values[cell] = None
                continue
            try:
                values[cell] = read(cell)
            except BadValue as problem:
                bad[kind, cell] = problem
                values[cell] = None
    dashes = {cell for cell in known.get(str, ()) if cell.strip() and blank(cell)}
    if dashes:
        crossed = [identifier for identifier, cell in zip(ids, cells, strict=True) if cell in dashes]
        found.add("note", "083.crossed", at=Place(column=column.name), ids=crossed, count=len(crossed))
    if len(kinds) == 1:
        out = list(map(next(iter(known.values())).__getitem__, cells))
    else:
        out = [known[type(cell)][cell] for cell in cells]
    _tell(cells, out, bad, column, ids, rows, found)
    return out


def _tell(
    cells: Sequence[object],
    values: Sequence[Value],
    bad: Mapping[tuple[type, Any], BadValue],
    column: Column,
    ids: Sequence[str],
    rows: Sequence[int],
    found: Findings,
) -> None:
    field_ = column.field
    worded = _worded(cells, bad, column, ids, found)
    if bad or (field_.required and None in values):
        for cell, value, identifier, row in zip(cells, values, ids, rows, strict=True):
            if value is not None:
                continue
            place = Place(row=row, id=identifier, column=column.name)
            problem = bad.get((cell.__class__, cell))
            if cell in worded:
                continue
            if problem is not None:
                found.add("error", problem.key, at=place, ids=(identifier,), field=field_.name, **problem.values)
            elif field_.required:
                found.add(
                    "error",
                    "025.blank-field",
                    at=place,
                    ids=(identifier,),
                    field=field_.name,
                )
    if field_.type == "date":
        _dates(cells, values, column, ids, rows, found)
    if field_.type in ("text", "ids"):
        _texts(cells, column, ids, rows, found)
    if field_.name == "district":
        _former(values, column, ids, found)
    if field_.name == "far_max" and any(value == 0 for value in values):
        zero = [identifier for identifier, value in zip(ids, values, strict=True) if value == 0]
        found.add("warning", "055.far-max-0", at=Place(column=column.name), ids=zero, count=len(zero))


def _worded(
    cells: Sequence[object],
    bad: Mapping[tuple[type, Any], BadValue],
    column: Column,
    ids: Sequence[str],
    found: Findings,
) -> frozenset[object]:
    """Words where numbers are wanted (高, 中, 低), told in one finding; they are never given a number here."""
    if column.field.type != "int":
        return frozenset()
    plain = {cell: problem.key for (_, cell), problem in bad.items() if isinstance(cell, str)}
    words_ = {cell for cell, key in plain.items() if key == "027.not-plain" and _WORD.fullmatch(cell.strip())}
    if not words_:
        return frozenset()
    hit = [identifier for identifier, cell in zip(ids, cells, strict=True) if cell in words_]
    shown = sorted(str(word).strip() for word in words_)
    found.add(
        "error",
        "027.words",
        at=Place(column=column.name),
        ids=hit,
        field=column.field.name,
        words=shown,
        count=len(hit),
        first=shown[0],
    )
    return frozenset(words_)


_WORD = re.compile(r"[\u4e00-\u9fff]{1,4}|[A-Za-z]{2,10}")


def _dates(
    cells: Sequence[object],
    values: Sequence[Value],
    column: Column,
    ids: Sequence[str],
    rows: Sequence[int],
    found: Findings,
) -> None:
    formats: dict[str, tuple[int, str]] = {}
    filler = []
    for cell, value, identifier, row in zip(cells, values, ids, rows, strict=True):
        if value is not None:
            style = date_format(cell)
            if style:
                formats.setdefault(style, (row, identifier))
        elif not blank(cell) and "1900" in str(cell):
            filler.append(identifier)
    if len(formats) > 1:
        seen = [told("seen.date", date=DATE_FORMATS[style], row=row) for style, (row, _) in formats.items()]
        found.add("error", "038.dates-written-ways", at=Place(column=column.name), count=len(formats), seen=seen)
    if filler:
        found.add("warning", "056.1900-01-01", at=Place(column=column.name), ids=filler, count=len(filler))


def _texts(cells: Sequence[object], column: Column, ids: Sequence[str], rows: Sequence[int], found: Findings) -> None:
    suspicious = {cell for cell in set(cells) if isinstance(cell, str) and _SUSPICIOUS.search(cell)}
    if not suspicious:
        return
    for cell, identifier, row in zip(cells, ids, rows, strict=True):
        if cell not in suspicious or not isinstance(cell, str):
            continue
        marked = hidden_marks(cell)
        if marked:
            found.add(
                "warning",
                "044.invisible-characters",
                at=Place(row=row, id=identifier, column=column.name),
                ids=(identifier,),
                marked=marked,
            )
        if has_control(cell):
            found.add(
                "note",
                "041.control-characters-stripped-2",
                at=Place(row=row, id=identifier, column=column.name),
                ids=(identifier,),
            )


_ROUNDED = re.compile(r"\d(\.\d+)?[eE]\+\d+")
"""An id as a spreadsheet writes a long number."""
_SUSPICIOUS = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def _former(values: Sequence[Value], column: Column, ids: Sequence[str], found: Findings) -> None:
    gone = set(table()["former_districts"]["names"])
    hit = [identifier for identifier, value in zip(ids, values, strict=True) if value in gone]
    if hit:
        names = sorted({str(value) for value in values if value in gone})
        found.add("warning", "057.district-no-longer", at=Place(column=column.name), ids=hit, names=names)
