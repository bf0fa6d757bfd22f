"""The declared fields (``schema.toml``): one vocabulary for files, rules and the audit. Standard library only."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Value = int | bool | str | tuple[str, ...] | None
"""A fact: integer (value x scale), boolean, code or text, ISO date, tuple of codes or ids, or ``None`` for unknown."""


@dataclass(frozen=True, slots=True)
class Field:
    """One declared field; ``of`` is ``parcel``, ``demand``, ``case`` or ``offer``."""

    name: str
    of: str
    type: str
    title_en: str
    title_zh: str
    unit: str = ""
    scale: int = 1
    required: bool = False
    values: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    default: Value = None
    ask: Value = None
    min: int | None = None
    max: int | None = None
    site: bool = False
    derived: bool = False

    @property
    def is_set(self) -> bool:
        """True when a value is a tuple of codes or ids."""
        return self.type in ("codes", "ids")

    def title(self, lang: str) -> str:
        """The title in a language; a third one gets the English."""
        return self.title_zh if lang == "zh" else self.title_en


def _field(of: str, name: str, entry: dict[str, Any]) -> Field:
    title = entry.pop("title")
    for key in ("values", "aliases"):
        entry[key] = tuple(entry.get(key, ()))
    for key in ("ask", "default"):
        if isinstance(entry.get(key), list):
            entry[key] = tuple(entry[key])
    return Field(name=name, of=of, title_en=title["en"], title_zh=title["zh"], **entry)


@cache
def fields() -> dict[str, Field]:
    """All declared fields by name, in file order: parcel, demand, case, offer."""
    text = (Path(__file__).parent / "schema.toml").read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    found: dict[str, Field] = {}
    for of in ("parcel", "demand", "case", "offer"):
        for name, entry in tables[of].items():
            found[name] = _field(of, name, dict(entry))
    return found


def measures() -> dict[str, str]:
    """What a limit may add up, with its unit: offers counted, their expected prices, every field of whole numbers."""
    whole = {name: field.unit for name, field in fields().items() if field.type == "int"}
    return {"count": "count", "expected_price_yuan": "yuan", **whole}


def titles(lang: str) -> dict[str, str]:
    """The titles of the fields by dotted key (``field.use``), as the catalogue of texts has them."""
    return {f"field.{name}": field.title(lang) for name, field in fields().items() if lang in ("en", "zh")}


def fields_of(*kinds: str) -> dict[str, Field]:
    """The declared fields of the given kinds (``parcel``, ``demand``, ``case``, ``offer``)."""
    return {name: field for name, field in fields().items() if field.of in kinds}
