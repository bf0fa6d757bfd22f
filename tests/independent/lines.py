"""Offers and rows of the independent model, as docs/model.md has them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Name = tuple[tuple[int, ...], int | None, int, int]
"""Site, platform (None: the market), method, period: rows and positions."""


Key = tuple[str, tuple[str, ...]]


@dataclass
class Offer:
    """A lawful offer: its name, what is said of it, points a tier, coefficients by row."""

    name: Name
    verdict: int
    term: int
    floor: int | None
    price: int
    score: list[int]
    rows: dict[Key, int] = field(default_factory=dict)


@dataclass
class Line:
    """A row."""

    sense: str
    rhs: int
    unit: int = 0
    penalty: int = 0
    tier: int = 0
    once: bool = False


def holds(row: Line, used: int) -> bool:
    return used <= row.rhs if row.sense == "<=" else used >= row.rhs if row.sense == ">=" else used == row.rhs


def text(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "" if value is None else "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)
