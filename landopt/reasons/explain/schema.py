"""The JSON schema of a justification, made from the record types (``docs/justification.schema.json``)."""

from __future__ import annotations

import types
from dataclasses import fields, is_dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from landopt.reasons.explain.records import SCHEMA, Assignment, Held, PlanReasons, Unserved

KINDS = {"assignment": Assignment, "unserved": Unserved, "held": Held, "plan": PlanReasons}


def schema() -> dict[str, Any]:
    """The JSON schema (draft 2020-12) of the ``justification`` list of ``plan.json``."""
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
