"""The JSON schemas of a justification, made from the record types.

``docs/justification.schema.json`` is that of whole records (``landopt explain --json``), ``docs/plan.schema.json`` that
of the records of ``plan.json`` with their tables (docs/plan.md).
"""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from landopt.reasons.explain.records import LEFT_OUT, SCHEMA, Assignment, Held, PlanReasons, Unserved

KINDS = {"assignment": Assignment, "unserved": Unserved, "held": Held, "plan": PlanReasons}


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of a list of whole records."""
    defs: dict[str, Any] = {}
    for kind, cls in KINDS.items():
        _define(cls, defs)
        defs[cls.__name__]["properties"]["kind"] = {"const": kind}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "Justification of a landopt plan: assignments, unserved platforms, held parcels, the plan",
        "type": "array",
        "items": {"oneOf": [{"$ref": f"#/$defs/{cls.__name__}"} for cls in KINDS.values()]},
        "$defs": dict(sorted(defs.items())),
    }


def file_schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of ``citations``, ``timetables`` and ``justification`` of ``plan.json``."""
    whole = schema()
    defs: dict[str, Any] = json.loads(json.dumps(whole["$defs"]).replace('"#/$defs/Citation"', '"#/$defs/Key"'))
    defs["Key"] = {"type": "string", "description": "A key of the table citations or timetables of this file."}
    for kind, defaults in LEFT_OUT.items():
        entry = defs[kind.__name__]
        entry["required"] = [name for name in entry["required"] if name not in defaults]
        for name, default in defaults.items():
            entry["properties"][name]["default"] = default
    steps = defs["Assignment"]["properties"]["timetable"]
    defs["Assignment"]["properties"]["timetable"] = {"$ref": "#/$defs/Key"}
    for record, name in (("Assignment", "notes"), ("PlanReasons", "notes"), ("PlanReasons", "tensions")):
        listed = defs[record]["properties"][name]
        listed["items"] = {"anyOf": [{"$ref": "#/$defs/Key"}, listed["items"]]}
    properties = {
        "citations": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Citation"}},
        "timetables": {"type": "object", "additionalProperties": steps},
        "justification": {"type": "array", "items": whole["items"]},
    }
    return {
        "$schema": whole["$schema"],
        "$id": f"{SCHEMA}/file",
        "title": "Justification of a landopt plan as plan.json holds it: citations and timetables once, records by key",
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "$defs": dict(sorted(defs.items())),
    }


def _define(cls: type[Any], defs: dict[str, Any]) -> None:
    if cls.__name__ in defs:
        return
    hints = get_type_hints(cls)
    defs[cls.__name__] = entry = {
        "type": "object",
        "description": " ".join((cls.__doc__ or "").split()),
        "properties": {},
        "required": [field.name for field in fields(cls)],
        "additionalProperties": False,
    }
    entry["properties"] = {field.name: _shape(hints[field.name], defs) for field in fields(cls)}


_PLAIN: dict[Any, dict[str, Any]] = {
    int: {"type": "integer"},
    str: {"type": "string"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
}


def _shape(hint: Any, defs: dict[str, Any]) -> dict[str, Any]:
    if hint in _PLAIN:
        return dict(_PLAIN[hint])
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_shape(option, defs) for option in get_args(hint)]}
    if origin in (tuple, list):
        return {"type": "array", "items": _shape(get_args(hint)[0], defs)}
    if origin is dict:
        return {"type": "object"}
    if is_dataclass(hint) and isinstance(hint, type):
        _define(hint, defs)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    raise TypeError(f"{hint!r} has no schema")
