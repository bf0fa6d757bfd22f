"""How records and layers are read where their headings do not say: ``columns``, ``units``, ``encoding``, ``crs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landopt.intake.tomlreader import TomlReader
from parcels.common.catalogue import told
from parcels.common.units import unit_factor
from parcels.how_read import AREAS, FACTS, HowRead

KEYS = ("columns", "units", "encoding", "crs")


def how_read(reader: TomlReader, entry: Mapping[str, Any], section: str, role: str) -> HowRead:
    """What an entry of ``[inputs]`` says of how its file is read; what is wrong is an issue of ``reader``."""
    known = FACTS.get(role, ())
    tables: dict[str, dict[str, str]] = {"columns": {}, "units": {}}
    for table, found in tables.items():
        given = entry.get(table, {})
        if not isinstance(given, dict):
            _kind(reader, section, role, table, given, "kind-of-value.table")
            continue
        for name, value in given.items():
            allowed = known if table == "columns" else tuple(fact for fact in known if fact in AREAS)
            if name not in allowed:
                maybe = told("near.known", names=allowed) if allowed else None
                reader.refuse("C001.unknown-fact", section, role, maybe=maybe, fact=name, role=role, table=table)
            elif not isinstance(value, str):
                _kind(reader, section, role, name, value, "kind-of-value.text")
            elif table == "units" and unit_factor("m2", value) is None:
                reader.refuse("C004.unit", section, role, fact=name, unit=value)
            else:
                found[name] = value
    texts: dict[str, str | None] = {}
    for name in ("encoding", "crs"):
        texts[name] = entry.get(name)
        if name in entry and not isinstance(entry[name], str):
            _kind(reader, section, role, name, entry[name], "kind-of-value.text")
            texts[name] = None
    return HowRead(tables["columns"], tables["units"], texts["encoding"], texts["crs"])


def _kind(reader: TomlReader, section: str, role: str, name: str, value: Any, want: str) -> None:
    reader.refuse("C002.other-kind", section, role, key=name, section=section, value=value, want=[told(want)])
