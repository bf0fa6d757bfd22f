"""Canonical JSON (RFC 8785 for integers, strings, null, booleans, ASCII keys) and SHA-256. Standard library only."""

from __future__ import annotations

import hashlib
import json
from itertools import chain
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
_MANY = 200_000
"""Containers of a level from which on those that stand in several places are looked for."""


def _check(value: Any) -> None:
    """Every number an integer, every key ASCII text: level by level; what stands in many places is looked at once."""
    keys: set[Any] = set()
    level = [value]
    while level:
        dicts = [each for each in level if type(each) is dict]
        lists = [each for each in level if type(each) is list]
        if len(dicts) + len(lists) < len(level):
            _sort_out(level, dicts, lists)
        keys.update(chain.from_iterable(dicts))
        level = [item for each in dicts for item in each.values() if type(item) not in _ATOMS]
        level += [item for each in lists for item in each if type(item) not in _ATOMS]
        if len(level) > _MANY:
            level = list({id(item): item for item in level}.values())
    for key in keys:
        if not isinstance(key, str) or not key.isascii():
            raise ValueError(f"key {key!r} is not ASCII text")


def _sort_out(level: list[Any], dicts: list[Any], lists: list[Any]) -> None:
    """Add what is neither a plain dictionary nor a plain list to where it belongs; refuse what has no place in JSON."""
    for each in level:
        if type(each) is dict or type(each) is list:
            continue
        if isinstance(each, dict):
            dicts.append(each)
        elif isinstance(each, list | tuple):
            lists.append(each)
        elif each is not None and not isinstance(each, bool | int | str):
            raise ValueError(f"{each!r} has no canonical form: use an integer or a decimal string")


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()
