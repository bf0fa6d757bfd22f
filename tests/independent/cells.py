"""Cells of a written case, as docs/model.md has them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any


def rows(table: Any) -> Iterator[dict[str, Any]]:
    """The rows of a table of columns, without what is unknown."""
    names = list(table["columns"])
    for at in range(len(table["ids"])):
        values = {name: table["columns"][name][at] for name in names}
        yield {name: tuple(v) if isinstance(v, list) else v for name, v in values.items() if v is not None}


def parts_of(mix: Any) -> dict[str, int]:
    """The uses of a mixed parcel with their per cent."""
    items = mix.split(";") if isinstance(mix, str) else mix or ()
    found: dict[str, int] = {}
    for item in items:
        use, _, percent = item.partition(":")
        found[use] = found.get(use, 0) + int(percent)
    return found


def up(value: Fraction) -> int:
    """Rounded up."""
    return -(-value.numerator // value.denominator)
