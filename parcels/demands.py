"""Demands of innovation platforms and records on file, read with the same care as parcels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from parcels.common.catalogue import Told
from parcels.common.frozen import FactTable, table
from parcels.common.issues import Issue, Refused, error, stop_on_errors, warning
from parcels.common.place import Place
from parcels.common.schema import fields
from parcels.common.units import BadValue
from parcels.common.visible import says_something
from parcels.formats.opening import open_table
from parcels.how_read import RECORDS, HowRead
from parcels.tables.columns import column_key, match_columns
from parcels.tables.fact_table import read_facts
from parcels.tables.findings import Findings
from parcels.tables.use_codes import systems
from parcels.tables.values import clean_text, parse_date


@dataclass(frozen=True, slots=True)
class DemandFile:
    """Demands sorted by id; refused if one of ``issues`` is an error."""

    table: FactTable
    issues: tuple[Issue, ...]
    notes: tuple[Told, ...]
    sha256: str
    path: Path

    @property
    def rows(self) -> int:
        """Number of demands."""
        return len(self.table)

    def table_or_stop(self) -> FactTable:
        """The demands; every error at once where there is one.

        Raises
        ------
        Refused
            With the issues that are errors.
        """
        stop_on_errors(self.issues)
        return self.table


@dataclass(frozen=True, slots=True)
class RecordFile:
    """Documents on file; each record has rule, parcel_id, demand_id, document, date and by."""

    rows_: tuple[dict[str, str], ...]
    issues: tuple[Issue, ...]
    notes: tuple[Told, ...]
    sha256: str
    path: Path

    @property
    def rows(self) -> int:
        """Number of records."""
        return len(self.rows_)


def read_demands(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    use_codes: str | None = None,
) -> DemandFile:
    """Read a demand table.

    Parameters
    ----------
    path
        CSV or XLSX.
    layer
        Sheet of a workbook.
    encoding
        Overrides what is found from the bytes.
    units
        Unit by field or column.
    columns
        Heading by field, stronger than what the headings say; blank: the field is read from no column.
    use_codes
        Code system of ``uses``; uses may also be written in landopt's own codes where they are no code of the system.

    Returns
    -------
    DemandFile
        Complete only if none of its issues is an error.

    Raises
    ------
    Refused
        If nothing can be read at all.
    """
    path = Path(path)
    if use_codes is not None and use_codes not in systems():
        raise Refused(error("D048.use-codes-no", at=path.name, use_codes=use_codes, systems=systems()))
    raw = open_table(path, layer=layer, encoding=encoding)
    found = Findings(raw.where, "D")
    match = match_columns(raw.columns, "demand", raw.where, units=units, named=columns)
    facts = read_facts(raw.columns, match.columns, raw.rows, "demand", found, use_codes=use_codes)
    held = table(facts.ids, facts.columns)
    _cross(held, found)
    if not facts.ids and not any(issue.level == "error" for issue in raw.issues):
        found.add("warning", "068.table-no-demand")
    issues = (*raw.issues, *match.issues, *found.done())
    told = tuple(issue.note for issue in issues if issue.level == "note")
    return DemandFile(held, issues, (*raw.notes, *told), raw.sha256, path)


def check_demands(held: FactTable, where: str) -> list[Issue]:
    """What facts of a demand say against each other."""
    found = Findings(Place(where), "D")
    _cross(held, found)
    return list(found.done())


def _cross(held: FactTable, found: Findings) -> None:
    for identifier, low, high in zip(held.ids, held.column("area_min_m2"), held.column("area_max_m2"), strict=True):
        if isinstance(low, int) and isinstance(high, int) and low > high:
            found.add("error", "067.area-min-m2", at=Place(id=identifier), ids=(identifier,), low=low, high=high)
    assumed = fields()["lease_years"].default
    terms = zip(held.ids, held.column("lease_years"), held.column("want_term"), strict=True)
    for identifier, lease, term in terms:
        if isinstance(lease, int) and isinstance(term, int) and lease > term and lease != assumed:
            found.add(
                "error", "067.lease-years-above", at=Place(id=identifier), ids=(identifier,), lease=lease, term=term
            )


_RECORD_ZH = {
    "rule": "规则",
    "parcel_id": "宗地编号",
    "demand_id": "需求编号",
    "document": "文件",
    "date": "日期",
    "by": "经办",
}


def record_columns(headings: Iterable[str], how: HowRead, where: Place | str) -> dict[str, str]:
    """The column of each fact of a document, by its heading or as it is named."""
    words = {word.lower(): name for name in RECORDS for word in (name, _RECORD_ZH[name])}
    there = {column_key(name): name for name in headings}
    said = {words[name.strip().lower()]: name for name in headings if name.strip().lower() in words}
    found = {name: how.heading(name, said.get(name), there, where) for name in RECORDS}
    return {name: heading for name, heading in found.items() if heading is not None}


def read_records(
    path: str | Path, *, layer: str | None = None, encoding: str | None = None, columns: Mapping[str, str] | None = None
) -> RecordFile:
    """Read the table of documents on file (``rule, parcel_id, demand_id, document, date, by``).

    Raises
    ------
    Refused
        If nothing can be read at all.
    """
    path = Path(path)
    raw = open_table(path, layer=layer, encoding=encoding, prefix="K")
    found = Findings(raw.where, "K")
    columns = record_columns(raw.columns, HowRead(columns or {}), raw.where)
    issues = list(raw.issues)
    for name in RECORDS:
        if name not in columns and name in ("rule", "document", "date"):
            issues.append(error("K023.column-missing", at=raw.where, name=name, title=_RECORD_ZH[name]))
    unknown = [name for name in raw.columns if name not in columns.values()]
    if unknown:
        issues.append(warning("K024.not-known-not", at=raw.where, unknown=unknown))
    records = []
    for position, row in enumerate(raw.rows):
        entry: dict[str, str] = {}
        for name in RECORDS:
            cell = raw.columns[columns[name]][position] if name in columns else None
            try:
                text = "" if cell is None else (parse_date(cell) or "") if name == "date" else clean_text(cell)
            except BadValue as problem:
                found.add("error", problem.key, at=Place(row=row, column=name), field=name, **problem.values)
                text = ""
            else:
                if name in ("rule", "document", "date") and not says_something(text):
                    found.add("error", "025.blank", at=Place(row=row, column=name), name=name)
            entry[name] = text
        records.append(entry)
    order = sorted(records, key=lambda entry: tuple(entry[name] for name in RECORDS))
    return RecordFile(tuple(order), (*issues, *found.done()), raw.notes, raw.sha256, path)
