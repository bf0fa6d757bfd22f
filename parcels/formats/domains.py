"""Coded-value domains: what the codes of a column mean, as a GeoPackage or FileGDB says it itself.

A code is never taken as the value: 0 may stand for yes and 1 for no. A code that the domain does not know is an error.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from xml.etree.ElementTree import Element, ParseError, fromstring

import pyogrio

from parcels.common.issues import Issue, error, note
from parcels.formats.sources import RawTable

Texts = Mapping[str, str]
"""Code, as :func:`code_key` writes it -> text."""


@dataclass(frozen=True, slots=True)
class Domains:
    """Texts by column; ``kind`` the column of subtypes, ``by_kind`` the texts by column for single subtypes."""

    columns: Mapping[str, Texts] = field(default_factory=dict)
    kind: str = ""
    by_kind: Mapping[str, Mapping[str, Texts]] = field(default_factory=dict)


def code_key(code: object) -> str:
    """A code as compared: 1, 1.0 and "1" are one code."""
    text = str(code).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    return str(int(number)) if number.is_finite() and number == number.to_integral_value() else str(number.normalize())


def decoded(raw: RawTable, domains: Domains) -> RawTable:
    """A table whose coded columns hold their texts (findings 81)."""
    columns = dict(raw.columns)
    told: list[str] = []
    issues: list[Issue] = []
    kinds = [code_key(cell) for cell in raw.columns[domains.kind]] if domains.kind in raw.columns else []
    special = {name for texts in domains.by_kind.values() for name in texts}
    for name, cells in raw.columns.items():
        if name not in domains.columns and name not in special:
            continue
        plain = domains.columns.get(name)
        out: list[object] = []
        lost: dict[str, int] = {}
        for row, cell in enumerate(cells):
            texts = domains.by_kind.get(kinds[row], {}).get(name, plain) if kinds else plain
            if cell is None or texts is None or (isinstance(cell, str) and not cell.strip()):
                out.append(cell)
                continue
            text = texts.get(code_key(cell)) or None
            if text is None and isinstance(cell, str) and cell.strip() in texts.values():
                text = cell.strip()
            if text is None:
                lost.setdefault(str(cell), row)
            out.append(cell if text is None else text)
        for code, row in lost.items():
            place = raw.where.but(row=raw.rows[row], column=name)
            known = [f"{key} = {text}" for key, text in (plain or {}).items()][:12]
            issues.append(error("P081.no-text", at=place, code=code, column=name, known=known))
        columns[name] = out
        told.append(name)
    if told:
        issues.append(note("P081.read-by-text", at=raw.where, columns=told))
    return replace(raw, columns=columns, issues=(*raw.issues, *issues))


def geopackage_domains(path: Path, layer: str) -> Domains:
    """The enumerations of a GeoPackage's schema extension for a layer.

    A word without a description means itself, unless others of its list have one; a number never does.
    """
    query = """select c.column_name, k.value, k.description from gpkg_data_columns c
        join gpkg_data_column_constraints k on k.constraint_name = c.constraint_name
        where lower(c.table_name) = lower(?) and k.constraint_type = 'enum'"""
    found: dict[str, dict[str, str]] = {}
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            for column, value, text in base.execute(query, (layer,)):
                found.setdefault(str(column), {})[code_key(value)] = str(text or "").strip()
    except sqlite3.Error:
        return Domains()  # most GeoPackages have no such tables
    for texts in found.values():
        if not any(texts.values()):
            texts.update({code: code for code in texts if not re.fullmatch(r"[+-]?[0-9.]+", code)})
    return Domains(found)


def geodatabase_domains(path: Path, layer: str) -> Domains:
    """The coded-value domains and subtypes of a FileGDB for a layer, from its own catalogue."""
    try:
        meta, _, _, data = pyogrio.raw.read(str(path), layer="GDB_Items", columns=["Name", "Definition"])
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        return Domains()
    names = list(meta["fields"])
    items = zip(data[names.index("Name")], data[names.index("Definition")], strict=True)
    domains: dict[str, Texts] = {}
    ours: Element | None = None
    for name, text in items:
        root = _parsed(text)
        if root is None:
            continue
        if root.tag.rpartition("}")[2].startswith("GPCodedValueDomain"):
            pairs = {code_key(_text(v, "Code")): _text(v, "Name") for v in _all(root, "CodedValue")}
            domains[_text(root, "DomainName") or str(name)] = pairs
        elif name == layer and _first(root, "GPFieldInfoExs") is not None:
            ours = root
    return Domains() if ours is None else _of_layer(ours, domains)


def _of_layer(root: Element, domains: Mapping[str, Texts]) -> Domains:
    columns: dict[str, Texts] = {}
    for info in _all(root, "GPFieldInfoEx"):
        domain = domains.get(_text(info, "DomainName"))
        if domain is not None:
            columns[_text(info, "Name")] = domain
    kind = _text(root, "SubtypeFieldName")
    by_kind: dict[str, dict[str, Texts]] = {}
    kinds: dict[str, str] = {}
    for subtype in _all(root, "Subtype"):
        code = code_key(_text(subtype, "SubtypeCode"))
        kinds[code] = _text(subtype, "SubtypeName")
        for info in _all(subtype, "SubtypeFieldInfo"):
            domain = domains.get(_text(info, "DomainName"))
            if domain is not None:
                by_kind.setdefault(code, {})[_text(info, "FieldName")] = domain
    if kind and kinds:
        columns[kind] = kinds
    return Domains(columns, kind, by_kind)


def _parsed(text: object) -> Element | None:
    if not isinstance(text, str) or "<!DOCTYPE" in text or "<!ENTITY" in text:
        return None
    try:
        return fromstring(text.encode())  # noqa: S314 - without a document type nothing can grow
    except ParseError:
        return None


def _all(root: Element, tag: str) -> list[Element]:
    return [element for element in root.iter() if element.tag.rpartition("}")[2] == tag]


def _first(root: Element, tag: str) -> Element | None:
    return next(iter(_all(root, tag)), None)


def _text(root: Element, tag: str) -> str:
    found = _first(root, tag)
    return "" if found is None or found.text is None else found.text.strip()
