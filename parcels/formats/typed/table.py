"""A sheet as people type it becomes a raw table; what is no row of data is told once, and a total is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path

from parcels.common.catalogue import Told
from parcels.common.digests import sha256_of
from parcels.common.gate import check_shape
from parcels.common.issues import Issue, Refused, error, note, warning
from parcels.common.place import Place
from parcels.common.units import BadValue, exact
from parcels.formats.sources import RawTable
from parcels.formats.typed.headings import Heading, find_heading
from parcels.formats.typed.sheet import Row, Sheet, cell_name, text_of
from parcels.tables.columns import column_key, field_of

_TOTAL = re.compile(r"(合\s*计|总\s*计|共\s*计|累\s*计|total|sum)\s*[:：]?$", re.I)
_PART = re.compile(r"(小\s*计|subtotal|.{1,12}(小计|合计))\s*[:：]?$", re.I)
_REMARK = re.compile(
    r"(注|备注|说明|附注|填表人|制表人|制表|填报人|填报单位|填表单位|审核人|审核|复核|负责人|单位负责人|联系人|联系电话|"
    r"填表日期|填报日期|日期|note|notes|remark|prepared by|checked by)\s*[:：]",
    re.I,
)
_REMARK_ALONE = re.compile(r"(注|备注|说明)\s*\d*\s*[、.．]")
_LABEL = re.compile(r"[\u4e00-\u9fff]{2,10}\s*[:：]")
"""Any label at the foot of a form (经办：...), where the row holds hardly anything else."""
_TOLD = 3


def table_of_sheet(
    sheet: Sheet, path: Path, form: str, prefix: str, issues: Sequence[Issue] = (), notes: tuple[Told, ...] = ()
) -> RawTable:
    """Rows with a heading as a raw table.

    Parameters
    ----------
    sheet
        As its reader gives it.
    path, form
        The file and its format.
    prefix
        First letter of the codes of findings.
    issues, notes
        What the reader has told already.

    Raises
    ------
    Refused
        68 if there is no heading.
    """
    rows = [(number, row) for number, row in sheet.filled if number not in sheet.hidden_rows]
    at = Place(file=path.name, sheet=sheet.name) if sheet.name else Place(file=path.name)
    if not rows:
        raise Refused([*issues, error(f"{prefix}068.empty", at=at, file=path.name)])
    width = max(next((n for n in range(len(row), 0, -1) if text_of(row[n - 1])), 0) for _, row in rows)
    check_shape(path.name, str(at), width, len(rows))
    heading = find_heading(sheet, rows, prefix)
    found = [*issues, *_told_heading(heading, at, prefix)]
    found += _double(heading.names, at, prefix)
    data, left = _split(rows[heading.data :], heading, prefix)
    found += _hidden(sheet, rows[0][0], heading, at, prefix)
    found += _told_left(left, at, prefix)
    found += _totals(data, left, heading, at, prefix)
    found += _merged(sheet, data, at, prefix)
    found += _formulas(sheet, data, heading, at, prefix)
    columns = _columns(data, heading.names)
    found += _extra(data, heading.names, at, prefix, form)
    lines = tuple(number for number, _ in data)
    return RawTable(path, sheet.name, form, columns, lines, notes=notes, issues=tuple(found), sha256=sha256_of(path))


def _told_heading(heading: Heading, at: Place, prefix: str) -> list[Issue]:
    issues: list[Issue] = []
    if heading.titles:
        issues.append(note(f"{prefix}083.titles", at=at, titles="; ".join(heading.titles)))
    if heading.deep > 1:
        issues.append(note(f"{prefix}083.deep-heading", at=at, count=heading.deep))
    if heading.units_in:
        issues.append(note(f"{prefix}087.units-said", at=at, units=heading.units_in))
    if heading.unsure:
        issues.append(error(f"{prefix}087.units-open", at=at, units=heading.units_in, columns=heading.unsure))
    return issues


def _double(names: Sequence[str], at: Place, prefix: str) -> list[Issue]:
    double = sorted({name for name in names if name and names.count(name) > 1})
    return [error(f"{prefix}068.two-columns-called", at=at, name=name) for name in double]


def _split(rows: Sequence[Row], heading: Heading, prefix: str) -> tuple[list[Row], list[tuple[str, Row]]]:
    """Rows of data, and those that are none: totals, parts of totals, remarks, the heading again on a next page."""
    key = _key_position(heading.names, prefix)
    data: list[Row] = []
    left: list[tuple[str, Row]] = []
    for number, row in rows:
        texts = [text_of(cell) for cell in row]
        kind = _kind(texts, key, heading.names)
        if kind:
            left.append((kind, (number, row)))
        else:
            data.append((number, row))
    return data, left


def _key_position(names: Sequence[str], prefix: str) -> int | None:
    wanted = {"P": ("parcel_id",), "D": ("demand_id",)}.get(prefix, ("rule", "parcel_id", "demand_id"))
    for at, name in enumerate(names):
        found = field_of(name, prefix)
        if found is not None and found.name in wanted:
            return at
    return None


def _kind(texts: Sequence[str], key: int | None, names: Sequence[str]) -> str:
    """What a row is that is no data: ``total``, ``part``, ``remark``, ``heading``; "" for data.

    A row with an id of its own is data whatever else it holds; its first words decide for the others.
    """
    if len([text for text in texts if text]) > 2 and [text for text in texts if text] == [
        name for name in names if name
    ]:
        return "heading"
    first = next((text for text in texts if text), "")
    own = texts[key] if key is not None and key < len(texts) else ""
    spoken = own or first
    if _TOTAL.fullmatch(spoken) or (not own and _TOTAL.fullmatch(first)):
        return "total"
    if (not own or own == first) and _PART.fullmatch(spoken):
        return "part"
    filled = sum(bool(text) for text in texts)
    if filled <= 2 and (not own or own == first) and _LABEL.match(spoken):
        return "remark"
    if filled <= 4 and (not own or own == first) and (_REMARK.match(spoken) or _REMARK_ALONE.match(spoken)):
        return "remark"
    return ""


def _told_left(left: Sequence[tuple[str, Row]], at: Place, prefix: str) -> list[Issue]:
    """One finding for all rows that are left out, with the first of them in words."""
    if not left:
        return []
    shown = ["; ".join(text for cell in row if (text := text_of(cell)))[:40] for _, (_, row) in left[:_TOLD]]
    numbers = [number for _, (number, _) in left]
    return [note(f"{prefix}083.left-out", at=at, count=len(left), rows=numbers[:20], shown=shown)]


def _hidden(sheet: Sheet, first: int, heading: Heading, at: Place, prefix: str) -> list[Issue]:
    """A warning with the ids of rows that a filter or a person has hidden."""
    gone = [(number, row) for number, row in sheet.filled if number in sheet.hidden_rows and number > first]
    if not gone:
        return []
    key = _key_position(heading.names, prefix)
    ids = [text_of(row[key]) for _, row in gone if key is not None and key < len(row) and text_of(row[key])]
    return [
        warning(f"{prefix}083.hidden-rows", at=at, ids=ids, count=len(gone), rows=[number for number, _ in gone][:20])
    ]


def _totals(
    data: Sequence[Row], left: Sequence[tuple[str, Row]], heading: Heading, at: Place, prefix: str
) -> list[Issue]:
    """Finding 84 where a total is not the sum of the rows it stands for: all of them, or those since the last part."""
    issues: list[Issue] = []
    ends = [number for kind, (number, _) in left if kind == "part"]
    for kind, (number, row) in left:
        if kind not in ("total", "part"):
            continue
        since = max((end for end in ends if end < number), default=0) if kind == "part" else 0
        part = [cells for line, cells in data if since < line < number] if kind == "part" else [c for _, c in data]
        for position, name in enumerate(heading.names):
            if not name or position >= len(row) or not (stated := _number(row[position])):
                continue
            cells = [_number(cells[position]) if position < len(cells) else None for cells in part]
            known = [value for value in cells if value is not None]
            if not known:
                continue
            digits = max(_digits(row[position]), *(_digits(cells[position]) for cells in part if position < len(cells)))
            added = sum(known, Decimal(0))
            slack = Decimal(len(known) + 1) / (2 * Decimal(10) ** digits) if digits else Decimal(0)
            if abs(added - stated) > slack:
                place = at.but(row=number, column=name)
                issues.append(warning(f"{prefix}084.total", at=place, stated=str(stated), added=str(added)))
    return issues


def _number(cell: object) -> Decimal | None:
    if cell is None or isinstance(cell, bool):
        return None
    try:
        value = exact(cell if not isinstance(cell, str) else cell.strip())
    except BadValue:
        return None
    return Decimal(value.numerator) / Decimal(value.denominator)


def _digits(cell: object) -> int:
    return len(str(cell).partition(".")[2].rstrip("0")) if isinstance(cell, str | float | Decimal) else 0


def _merged(sheet: Sheet, data: Sequence[Row], at: Place, prefix: str) -> list[Issue]:
    """Merged cells among the data: only the first of them holds the value, the others would be unknown in silence."""
    if not data:
        return []
    numbers = {number for number, _ in data}
    hit = [area for area in sheet.merged if any(row in numbers for row in range(area.first_row, area.last_row + 1))]
    return [error(f"{prefix}068.merged", at=at, cells=area.name) for area in hit[:25]]


def _formulas(sheet: Sheet, data: Sequence[Row], heading: Heading, at: Place, prefix: str) -> list[Issue]:
    """Formulas without a stored value and cells in error are refused; stored values are read and told by column."""
    issues: list[Issue] = []
    numbers = {number for number, _ in data}
    names = {position: name for position, name in enumerate(heading.names, 1) if name}
    for (row, column), text in sheet.formulas.items():
        if row in numbers and column in names:
            place = at.but(row=row, column=names[column])
            issues.append(
                error(
                    f"{prefix}040.holds-formula-landopt", at=place, coordinate=cell_name(row, column), value=text[:60]
                )
            )
    for (row, column), text in sheet.errors.items():
        if row in numbers and column in names:
            place = at.but(row=row, column=names[column])
            issues.append(error(f"{prefix}040.holds-error", at=place, coordinate=cell_name(row, column), value=text))
    computed: dict[str, int] = {}
    for row, column in sorted(sheet.computed):
        if row in numbers and column in names:
            computed[names[column]] = computed.get(names[column], 0) + 1
    if computed:
        count = sum(computed.values())
        issues.append(note(f"{prefix}085.computed", at=at, count=count, columns=list(computed)))
    return issues


def _columns(data: Sequence[Row], names: Sequence[str]) -> Mapping[str, Sequence[object]]:
    columns: dict[str, list[object]] = {name: [] for name in names if name}
    places: dict[str, int] = {}
    for position, name in enumerate(names):
        if name:
            places.setdefault(name, position)
    for _, row in data:
        for name, position in places.items():
            cell = row[position] if position < len(row) else None
            columns[name].append(None if isinstance(cell, str) and not cell.strip() else cell)
    return columns


def _extra(data: Sequence[Row], names: Sequence[str], at: Place, prefix: str, form: str) -> list[Issue]:
    """Cells outside the columns: in a text file a row of another length, in a sheet cells under no heading."""
    issues: list[Issue] = []
    beside: list[int] = []
    for number, row in data:
        loose = [cell for position, cell in enumerate(row) if (position >= len(names) or not names[position])]
        if form != "CSV":
            beside += [number] if any(text_of(cell) for cell in loose) else []
            continue
        place = Place(file=at.file, line=number)
        if any(text_of(cell) for cell in row[len(names) :]):
            issues.append(error(f"{prefix}068.row-cells-under", at=place, count=len(row), count2=len(names)))
        if len(row) < len(names):
            issues.append(error(f"{prefix}068.row-cells-heading", at=place, count=len(row), count2=len(names)))
    if beside:
        issues.append(warning(f"{prefix}083.no-heading", at=at, count=len(beside), rows=beside[:20]))
    return issues


def replace_words(raw: RawTable, words: Sheet, prefix: str) -> RawTable:
    """The table with the words of its own list (column, word, value) in place: 高 -> 90 only where the file says so."""
    from dataclasses import replace

    meant: dict[str, dict[str, str]] = {}
    for _, row in words.filled:
        cells = [text_of(cell) for cell in row[:3]]
        if len(cells) == 3 and all(cells):
            found = field_of(cells[0], prefix)
            meant.setdefault(found.name if found else column_key(cells[0]), {})[cells[1]] = cells[2]
    columns = dict(raw.columns)
    told: list[Issue] = []
    for name, cells_ in raw.columns.items():
        found = field_of(name, prefix)
        mapping = meant.get(found.name if found else column_key(name), {})
        used = {text: mapping[text] for cell in cells_ if (text := text_of(cell)) in mapping}
        if used:
            columns[name] = [used.get(text_of(cell), cell) for cell in cells_]
            pairs = [f"{word} = {value}" for word, value in used.items()]
            at = Place(file=raw.path.name, sheet=words.name, column=name)
            told.append(note(f"{prefix}083.words", at=at, pairs=pairs))
    return replace(raw, columns=columns, issues=(*raw.issues, *told))
