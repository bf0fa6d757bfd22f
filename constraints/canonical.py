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
    _check(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("utf-8")


def _check(value: Any) -> None:
    if value is None or isinstance(value, bool | int | str):
        return
    if isinstance(value, list | tuple):
        for item in value:
            _check(item)
        return
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"key {key!r} is not ASCII text")
            _check(item)
        return
    raise ValueError(f"{value!r} has no canonical form: use an integer or a decimal string")


def digest(value: Any) -> str:
    """Hexadecimal SHA-256 of the canonical bytes."""
    return hashlib.sha256(canonical(value)).hexdigest()
