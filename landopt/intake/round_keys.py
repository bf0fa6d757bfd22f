"""Every key of ``round.toml`` with type, default and example (``round_keys.toml``), for docs and blank rounds."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, slots=True)
class RoundKey:
    """A key: its table, name, type, default (blank where required), an example as TOML, what it says."""

    table: str
    name: str
    type: str
    example: str
    en: str
    zh: str
    default: str = ""
    required: bool = False


@cache
def round_keys() -> tuple[RoundKey, ...]:
    """All keys in order."""
    page = tomllib.loads((Path(__file__).parent / "round_keys.toml").read_text(encoding="utf-8"))
    return tuple(RoundKey(table, name, **entry) for table, keys in page.items() for name, entry in keys.items())


def blank_round(identifier: str, values: dict[str, str], lang: str) -> str:
    """A ``round.toml`` with every key explained; keys without a value stand as comments with their example.

    Parameters
    ----------
    identifier
        Of the round.
    values
        TOML by dotted key, for the keys that are set.
    lang
        Of the explanations.
    """
    set_ = {"round.id": f'"{identifier}"', **values}
    lines: list[str] = []
    table = ""
    for key in round_keys():
        if key.table != table:
            table = key.table
            lines += [f"[{table}]"]
        said = key.zh if lang == "zh" else key.en
        lines.append(f"# {said} ({key.type})")
        dotted = f"{key.table}.{key.name}"
        lines.append(f"{key.name} = {set_[dotted]}" if dotted in set_ else f"# {key.name} = {key.example}")
    return "\n".join(lines).replace("\n[", "\n\n[") + "\n"
