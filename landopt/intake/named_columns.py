"""Columns that ``round.toml`` names for fields: ``columns = { area_m2 = "用地规模" }``, over what headings say."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from landopt.intake.tomlreader import TomlReader
from parcels.common.catalogue import told
from parcels.common.schema import fields_of
from parcels.tables.columns import column_key


def named_columns(reader: TomlReader, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Heading by field, of parcels and demands; blank where a field is read from no column.

    What is no field, no text, or a heading named for two fields of one table is an issue of ``reader`` (C001, C002,
    C004).
    """
    said: dict[str, str] = {}
    taken: dict[tuple[str, str], str] = {}
    known = fields_of("parcel", "demand")
    for name, heading in inputs.get("columns", {}).items():
        if name not in known:
            near = get_close_matches(name, known, n=1)
            maybe = told("near.meant", name=near[0]) if near else told("near.known", names=tuple(known)[:12])
            reader.refuse("C001.unknown-column-field", "inputs.columns", name, maybe=maybe, field=name)
        elif not isinstance(heading, str):
            want = [told("kind-of-value.text")]
            where = "inputs.columns"
            reader.refuse("C002.other-kind", where, name, key=name, section=where, value=heading, want=want)
        elif heading and (known[name].of, column_key(heading)) in taken:
            other = taken[known[name].of, column_key(heading)]
            reader.refuse("C004.heading-twice", "inputs.columns", name, heading=heading, field=name, other=other)
        else:
            taken[known[name].of, column_key(heading)] = name
            said[name] = heading
    return said
