"""Canonical JSON (RFC 8785 for integers, strings, null, booleans, ASCII keys) and SHA-256. Standard library only."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value.

    Raises
    ------
    ValueError
        For a float, a non-ASCII key or a type JSON does not know: numbers are integers or decimal strings here.
    """
    try:
        text = _ENCODER.encode(value)  # refuses what holds itself
    except TypeError as strange:
        raise ValueError(f"no canonical form: {strange}") from strange
    _check(value)
    return text.encode("utf-8")


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


_ATOMS = frozenset({str, int, bool, type(None)})


def _check(value: Any) -> None:
    """Every number an integer, every key ASCII text; a dictionary that stands in several places is looked at once."""
    known: set[str] = set()
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if id(each) in seen:
                continue
            seen.add(id(each))
            if not known.issuperset(each):
                for key in each:
                    if not isinstance(key, str) or not key.isascii():
                        raise ValueError(f"key {key!r} is not ASCII text")
                known.update(each)
            if not _ATOMS.issuperset(map(type, each.values())):
                waiting += [item for item in each.values() if type(item) not in _ATOMS]
        elif isinstance(each, list | tuple):
            if not _ATOMS.issuperset(map(type, each)):
                waiting += [item for item in each if type(item) not in _ATOMS]
        elif each is not None and not isinstance(each, bool | int | str):
            raise ValueError(f"{each!r} has no canonical form: use an integer or a decimal string")


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()
