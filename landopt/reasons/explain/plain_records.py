"""Records of a justification as the plain JSON of ``plan.json``."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from landopt.reasons.explain.records import Citation, Counted, FactUsed, OtherMethod, Ruling, StepDue

_ATOMS = frozenset({str, int, bool, type(None)})
_SHARED = frozenset({Citation, FactUsed, Ruling, OtherMethod, StepDue, Counted})
"""Parts that many records hold in common: each is turned into JSON once."""
_TOGETHER = frozenset({Ruling, StepDue})
"""Parts whose tuples many records hold in common too."""
_NAMES: dict[type[Any], tuple[str, ...]] = {}


def as_json(value: Any, known: dict[int, Any] | None = None) -> Any:
    """A record (or part of one) as plain JSON: dataclasses become objects (names in order), tuples lists.

    ``known`` remembers parts that records share, by identity, for as long as the records are held; what they share then
    is one object of the JSON too, not to be changed in place.
    """
    kind = type(value)
    if kind in _ATOMS:
        return value
    if kind is tuple or kind is list:
        if known is None or not value or type(value[0]) not in _TOGETHER:
            return [item if type(item) in _ATOMS else as_json(item, known) for item in value]
        listed = known.get(id(value))
        if listed is None:
            listed = known[id(value)] = [as_json(item, known) for item in value]
        return listed
    shared = known is not None and kind in _SHARED
    if known is not None and shared and id(value) in known:
        return known[id(value)]
    names = _NAMES.get(kind)
    if names is None:
        if isinstance(value, dict):
            return {str(key): as_json(item, known) for key, item in value.items()}
        if not is_dataclass(kind):
            return value
        names = _NAMES[kind] = tuple(sorted(field.name for field in fields(kind)))
    found = {}
    for name in names:
        item = getattr(value, name)
        found[name] = item if type(item) in _ATOMS else as_json(item, known)
    if known is not None and shared:
        known[id(value)] = found
    return found
