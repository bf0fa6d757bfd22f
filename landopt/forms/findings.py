"""``check --xlsx``: the tables of a round as they were sent, each finding in its cell, all findings in front."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from landopt.forms.columns import FormColumn
from landopt.forms.missing import Missing
from landopt.forms.workbook import Form, Mark, write_forms
from landopt.intake.assemble import Loaded
from landopt.intake.roundfile import RoundFile
from parcels.common.catalogue import phrase, told
from parcels.common.findings_text import advice, words
from parcels.common.issues import Issue, Refused
from parcels.formats.companion import row_ids
from parcels.formats.opening import open_parcels, open_table
from parcels.formats.sources import RawTable
from parcels.formats.typed.sheet import cell_name
from parcels.tables.columns import field_of


def write_check(path: Path, loaded: Loaded, lang: str, unknown: Sequence[Missing] | None = None) -> int:
    """Write the workbook of a check; returns how many findings stand in cells of their own."""
    file = loaded.file
    tables: list[tuple[str, RawTable]] = []
    for kind in ("parcels", "demands"):
        try:
            tables.append((kind, _open(kind, file)))
        except Refused:
            continue  # a file that cannot be read has its findings in the list alone
    forms: list[Form] = []
    links: dict[int, str] = {}
    placed = 0
    for kind, raw in tables:
        names = list(raw.columns)
        columns = [_column(name, kind) for name in names]
        cells = [[raw.columns[name][at] for name in names] for at in range(len(raw.rows))]
        marks: list[Mark] = []
        for number, issue in enumerate(loaded.issues):
            hit = _cells(issue, kind, raw, names)
            if not hit:
                continue
            placed += 1
            text = f"{issue.code} {words(issue, lang)}" + (f"\n{hint}" if (hint := advice(issue, lang)) else "")
            marks += [Mark(row, at, issue.level, text) for row, at in hit]
            links.setdefault(
                number, f"'{phrase(f'sheet-name.{kind}', lang)}'!{cell_name(hit[0][0] + 1, hit[0][1] + 1)}"
            )
        forms.append(Form(kind, columns, cells, marks))
    first: list[tuple[object, ...]] = []
    for at, issue in sorted(enumerate(loaded.issues), key=lambda pair: _ORDER.index(pair[1].level)):
        said = (told(f"level.{issue.level}").text(lang), issue.code, words(issue, lang), issue.place.text(lang))
        first.append((*said, advice(issue, lang), links.get(at), issue.level))
    facts: list[tuple[object, ...]] | None = None
    if unknown is not None:
        facts = [(one.fact, one.offers, one.conditions, "\n".join(one.lines(lang))) for one in unknown]
    write_forms(path, forms, lang, first=first or [("", "", "", "", "", None, "note")], missing=facts)
    return placed


def _open(kind: str, file: RoundFile) -> RawTable:
    if kind == "parcels":
        return open_parcels(file.parcels, layer=file.layer, encoding=file.encoding, crs=file.crs)
    return open_table(file.demands, layer=file.demands_layer)


_ORDER = ("error", "warning", "note")


def _column(name: str, kind: str) -> FormColumn:
    found = field_of(name, kind[0].upper())
    return FormColumn(found.name if found else name, name, "text", bool(found and found.required))


def _cells(issue: Issue, kind: str, raw: RawTable, names: Sequence[str]) -> list[tuple[int, int]]:
    """The cells (row and column from 0, the heading is row 0) that a finding is about in a table."""
    place = issue.place
    letter = issue.code[:1]
    if letter not in ({"P", "L"} if kind == "parcels" else {"D", "C"}):
        return []
    column = names.index(place.column) if place.column in names else None
    rows: list[int] = []
    if place.row and place.row in raw.rows:
        rows = [list(raw.rows).index(place.row)]
    elif issue.ids or place.id:
        wanted = set(issue.ids) | ({place.id} if place.id else set())
        ids = row_ids(raw) if kind == "parcels" else _demand_ids(raw)
        rows = [at for at, identifier in enumerate(ids or ()) if identifier in wanted]
    if not rows:
        return [(0, column)] if column is not None else []
    at = column if column is not None else _key(names, kind)
    return [(row + 1, at) for row in rows]


def _demand_ids(raw: RawTable) -> list[str]:
    from parcels.tables.fact_table import as_id

    key = _key(list(raw.columns), "demands")
    cells = list(raw.columns.values())[key] if raw.columns else []
    return [as_id(cell) for cell in cells]


def _key(names: Sequence[str], kind: str) -> int:
    wanted = "parcel_id" if kind == "parcels" else "demand_id"
    return next((at for at, name in enumerate(names) if (f := field_of(name, kind[0].upper())) and f.name == wanted), 0)
