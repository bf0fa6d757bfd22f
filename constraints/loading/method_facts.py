"""What is known of a supply method besides its law: its steps, words and look; all of it from ``methods.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@cache
def tables() -> Mapping[str, Mapping[str, Any]]:
    """``methods.toml`` by method, in the order every list uses."""
    return tomllib.loads((Path(__file__).parents[1] / "methods.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Look:
    """How a method is shown: ``way`` in an answer, ``short`` in a spreadsheet, ``colour`` and ``sign`` on pictures.

    ``light``: the colour takes dark letters.
    """

    way: str
    short: str
    colour: str
    sign: str
    light: bool


@cache
def looks() -> Mapping[str, Look]:
    """By method; what the file leaves out is the title, grey and a question mark."""
    return {
        name: Look(
            table.get("way", f"以{table['title']['zh']}方式供地"),
            table.get("short", table["title"]["zh"]),
            table.get("colour", "#999999"),
            table.get("sign", "?"),
            bool(table.get("light", False)),
        )
        for name, table in tables().items()
    }


def off(method: str) -> bool:
    """True for a method that is answered and used only where it is asked for."""
    return bool(tables().get(method, {}).get("off", False))


@cache
def yardstick() -> str:
    """The method by which others are measured: full terms, reserves of leases, and what agreement falls back to."""
    return next((name for name, table in tables().items() if table.get("yardstick")), "")


def unopposed() -> frozenset[str]:
    """The methods in use that choose without competition; what permits them needs law."""
    return frozenset(name for name, table in tables().items() if not table["competitive"] and not off(name))


def steps(method: str) -> tuple[tuple[str, int, int, int, str, int], ...]:
    """Its steps in order: name, calendar days, working days, planning days, rule, days within which (0: none)."""
    found = [(*step, 0)[:6] for step in tables()[method].get("steps", ())]
    return tuple(
        (str(name), int(days), int(work), int(plan), str(rule), int(within))
        for name, days, work, plan, rule, within in found
    )


def open_to_market() -> tuple[str, ...]:
    """The methods by which land may be offered to everyone: the competitive ones that are not off."""
    return tuple(name for name, table in tables().items() if table["competitive"] and not off(name))
