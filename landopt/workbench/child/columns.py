"""How the columns of a round's tables were understood: the field each is read as, its unit, its first values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.workbench.guards import both
from parcels.common.catalogue import Say
from parcels.common.issues import Refused
from parcels.common.schema import Field, fields_of
from parcels.common.units import unit_factor
from parcels.common.visible import visible
from parcels.how_read import AREAS, FACTS, HowRead

if TYPE_CHECKING:
    from landopt.intake.roundfile import LayerFile, RoundFile
    from parcels.formats.sources import RawTable
    from parcels.tables.columns import Column

LANGS = ("en", "zh")
SHAPEFILES = ("ESRI Shapefile", "zip")
CHOICES = {
    "m2": ("m2", "ha", "mu", "km2"),
    "yuan": ("yuan", "10k_yuan", "亿元"),
    "yuan/m2": ("yuan/m2", "yuan/mu", "10k_yuan/mu", "10k_yuan/ha"),
}
"""The units offered for a field; any other that is read may stand in ``round.toml``."""
EXAMPLES, LONG = 3, 40


def columns(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Every table and layer of a round; one that cannot be opened has its findings instead."""
    from landopt.intake.roundfile import read_round_file

    file = read_round_file(Path(request["folder"]))
    tables = [_table(of, file) for of in ("parcel", "demand")]
    if file.records is not None:
        tables.append(_source("records", file.records, lambda: _records(file), file.records_how))
    for layer in file.layers:
        tables.append(_source(layer.role, layer.path, partial(_layer, layer), layer.how))
    return {"tables": tables}


def _source(role: str, path: Path, opened: Callable[[], RawTable], how: HowRead) -> dict[str, Any]:
    """Records or a layer: which column each of its facts is read from."""
    required = ("rule", "document", "date") if role == "records" else ("name",)
    facts = [
        {
            "name": fact,
            "title": None,
            "required": fact in required,
            "unit": "m2" if fact in AREAS else "",
            "units": list(CHOICES["m2"]) if fact in AREAS else [],
        }
        for fact in FACTS.get(role, ())
    ]
    said = {"of": role, "file": path.name, "fields": facts, "set": {"encoding": how.encoding, "crs": how.crs}}
    try:
        raw = opened()
        read, alone = _read_as(role, raw, how), _read_as(role, raw, HowRead())
    except Refused as refusal:
        return {**said, "columns": [], "issues": [both(issue) for issue in refusal.issues]}
    by_column, by_itself = ({heading: fact for fact, heading in each.items()} for each in (read, alone))
    listed = raw.columns.items() if facts else ()
    return {
        **said,
        "layer": raw.layer,
        "crs": raw.crs or "",
        "columns": [
            {
                "name": name,
                "shown": visible(name),
                "values": _examples(cells),
                "field": by_column.get(name, ""),
                "alone": by_itself.get(name, ""),
                "unit": how.units.get(by_column.get(name, ""), ""),
            }
            for name, cells in listed
        ],
        "missing": [fact for fact in required if fact in FACTS.get(role, ()) and fact not in read],
        "issues": [],
    }


def _read_as(role: str, raw: RawTable, how: HowRead) -> dict[str, str]:
    from parcels.demands import record_columns
    from parcels.role_columns import said_name, said_number
    from parcels.tables.columns import column_key

    if role == "records":
        return record_columns(raw.columns, how, raw.where)
    there = {column_key(name): name for name in raw.columns}
    found = {}
    for fact in FACTS.get(role, ()):
        by_itself = said_name(raw.columns, role) if fact == "name" else said_number(raw.columns, fact)
        heading = how.heading(fact, by_itself, there, raw.where)
        if heading is not None:
            found[fact] = heading
    return found


def _records(file: RoundFile) -> RawTable:
    from parcels.formats.opening import open_table

    assert file.records is not None
    return open_table(file.records, layer=file.records_layer, encoding=file.records_how.encoding, prefix="K")


def _layer(layer: LayerFile) -> RawTable:
    from parcels.formats.opening import open_layer

    how = layer.how
    return open_layer(layer.path, layer.layer, points=layer.role == "points", encoding=how.encoding, crs=how.crs)


def _table(of: str, file: RoundFile) -> dict[str, Any]:
    opened: Mapping[str, Callable[[], RawTable]] = {"parcel": lambda: _parcels(file), "demand": lambda: _demands(file)}
    said: dict[str, Any] = {"of": of, "file": (file.parcels if of == "parcel" else file.demands).name}
    said["fields"] = [_field(field) for field in fields_of(of).values() if not field.derived]
    try:
        return {**said, **_matched(of, opened[of](), file)}
    except Refused as refusal:
        return {**said, "columns": [], "issues": [both(issue) for issue in refusal.issues]}


def _parcels(file: RoundFile) -> RawTable:
    from parcels.formats.opening import open_parcels

    return open_parcels(file.parcels, layer=file.layer, encoding=file.encoding, crs=file.crs)


def _demands(file: RoundFile) -> RawTable:
    from parcels.formats.opening import open_table

    return open_table(file.demands, layer=file.demands_layer, encoding=file.demands_encoding)


def _matched(of: str, raw: RawTable, file: RoundFile) -> dict[str, Any]:
    from parcels.tables.columns import SYSTEM, column_key, match_columns

    stubs = raw.format in SHAPEFILES and of == "parcel"
    asked: dict[str, Any] = {"units": file.units, "stubs": stubs}
    match = match_columns(raw.columns, of, raw.where, named=file.columns, **asked)
    alone = match_columns(raw.columns, of, raw.where, **asked)  # what the headings say by themselves
    read, by_itself = ({column.name: column for column in each.columns.values()} for each in (match, alone))
    return {
        "layer": raw.layer,
        "format": raw.format,
        "rows": len(raw.rows),
        "crs": raw.crs or "",
        "columns": [
            _column(name, cells, read.get(name), by_itself.get(name))
            for name, cells in raw.columns.items()
            if column_key(name) not in SYSTEM or name in read
        ],
        "missing": [name for name, field in fields_of(of).items() if field.required and name not in match.columns],
        "issues": [both(issue) for issue in match.issues if issue.level != "note"],
    }


def _column(name: str, cells: Sequence[object], read: Column | None, alone: Column | None) -> dict[str, Any]:
    return {
        "name": name,
        "shown": visible(name),
        "values": _examples(cells),
        "field": read.field.name if read else "",
        "alone": alone.field.name if alone else "",
        "unit": _unit(read) if read else "",
    }


def _unit(read: Column) -> str:
    """The unit a column is read in, by the name it is offered under."""
    if not read.field.unit:
        return ""
    same = (unit for unit in CHOICES.get(read.field.unit, ()) if unit_factor(read.field.unit, unit) == read.factor)
    return next(same, read.unit or read.field.unit)


def _examples(cells: Sequence[object]) -> list[str]:
    """The first values that differ, as texts."""
    found: dict[str, None] = {}
    for cell in cells[:500]:
        text = "" if cell is None else " ".join(str(cell).split())
        if text and text != "nan":
            found.setdefault(visible(text[:LONG] + ("…" if len(text) > LONG else "")))
        if len(found) == EXAMPLES:
            break
    return list(found)


def _field(field: Field) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": {lang: field.title(lang) for lang in LANGS},
        "required": field.required,
        "unit": field.unit,
        "units": list(CHOICES.get(field.unit, ())),
    }
