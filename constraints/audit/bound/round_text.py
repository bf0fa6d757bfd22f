"""``round.toml`` read a second time, as far as it decides: round, packs, policies, objective, market, settings.

Standard library only; shares nothing with the reader of ``landopt.intake``. What that refuses (unknown keys, types) is
not refused again: here only what the text says is held against what the case says.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Any

from parcels.common.gate import load_toml
from parcels.common.units import exact

WEIGHTS = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}
SETTINGS: dict[str, Any] = {
    "verdicts": ["permit", "condition"],
    "gap": "0.001",
    "time_limit_s": None,
    "nodes": None,
    "seed": 0,
    "threads": 1,
    "adjacency_m": "1",
    "adjacency_gap_m": "0",
    "site_cap": 200_000,
}
PULLED = ("parcels.pulled.gpkg", "parcels.pulled.json")
"""The snapshot of a table of the central database, and the paper that says where it is from."""
DECIMALS = ("gap", "adjacency_m", "adjacency_gap_m", "land_reduction_rate", "later")


def read_round_text(text: str) -> dict[str, Any]:
    """What the text of a ``round.toml`` says, in the form of ``case.json``; ``policy``, ``files`` ...: names of files.

    Raises
    ------
    ValueError
        If it is not TOML or has not the tables of a round.
    """
    tables = load_toml(text.replace("\r\n", "\n").removeprefix("\ufeff"), parse_float=Decimal)
    head, rules = tables["round"], tables.get("rules", {})
    title = head.get("title", head["id"])
    both = title if isinstance(title, dict) else {"en": title, "zh": title}
    en, zh = str(both.get("en") or both.get("zh") or ""), str(both.get("zh") or both.get("en") or "")
    return {
        "round": {
            "id": str(head["id"]),
            "title": {"en": en, "zh": zh},
            "authority": str(head.get("authority", "")),
            "land_reduction_rate": str(head.get("land_reduction_rate", "0.05")),
            "purpose": str(head.get("purpose", "supply")),
            "as_of": _day(head["as_of"]),
            "start": _day(head.get("start")),
            "end": _day(head.get("end")),
            "periods": [_period(str(name)) for name in head.get("periods", [])],
        },
        "files": _files(tables.get("inputs", {})),
        "paths": _paths(tables.get("inputs", {})),
        "packs": _texts(rules.get("packs", ["cn"])),
        "policy": [_base(name) for name in _texts(rules.get("policy"))],
        "corrections": [_base(name) for name in _texts(tables.get("inputs", {}).get("corrections"))],
        "roles": sorted(tables.get("inputs", {}).get("layers", {})),
        "objective": _objective(tables.get("objective", {})),
        "market": _market(tables.get("market")),
        "settings": _settings(tables.get("solve", {})),
    }


def _base(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _files(table: Mapping[str, Any]) -> list[str]:
    """The names of the files that ``[inputs]`` names, each once."""
    return sorted(set(_paths(table)))


def _paths(table: Mapping[str, Any]) -> list[str]:
    """The name of every different path that ``[inputs]`` names: parcels, demands, records, layers by role."""
    named = [table.get(key) for key in ("parcels", "demands", "records")]
    named += list(table.get("layers", {}).values())
    paths = [(each.get("path") or each.get("file")) if isinstance(each, dict) else each for each in named]
    found = {str(path).partition("|")[0] for path in paths if path and not _central(path)}
    return [_base(path) for path in found.union(*(PULLED for path in paths if path and _central(path)))]


def _central(path: Any) -> bool:
    """Whether parcels come from the central database: what counts then is the snapshot pulled into the round."""
    return str(path).startswith(("postgis://", "postgresql://"))


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(item) for item in value or ()]


def _day(value: Any) -> str | None:
    return None if value is None else str(value)


def _period(name: str) -> dict[str, str]:
    """A year, half, quarter or month with its first and last day."""
    year, _, part = name.partition("-")
    spans = {"": (1, 12), "H1": (1, 6), "H2": (7, 12)} | {f"Q{k}": (3 * k - 2, 3 * k) for k in range(1, 5)}
    first, last = spans[part] if part in spans else (int(part), int(part))
    days = calendar.monthrange(int(year), last)[1]
    start, end = datetime.date(int(year), first, 1), datetime.date(int(year), last, days)
    return {"id": name, "start": start.isoformat(), "end": end.isoformat()}


def _objective(table: Mapping[str, Any]) -> dict[str, Any]:
    tiers = table.get("tiers") or [["served", "preference", "revenue"]]
    weights = {**WEIGHTS, **{name: str(value) for name, value in table.get("weights", {}).items()}}
    listed = [_texts(tier.get("parts") if isinstance(tier, dict) else tier) for tier in tiers]
    gives = [_part(tier.get("give", 0) if isinstance(tier, dict) else 0) for tier in tiers]
    kept: dict[str, Any] = {"gives": [[give.numerator, give.denominator] for give in gives]} if any(gives) else {}
    later = str(table.get("later", "0"))
    kept |= {"later": later} if exact(later) else {}
    return {"weights": weights, "tiers": listed, "ties": _texts(table.get("ties")), **kept}


def _part(value: Any) -> Fraction:
    """A part of a whole, written as a decimal or in per cent."""
    text = str(value).strip()
    return exact(text.rstrip("%％").strip()) / (100 if text.endswith(("%", "％")) else 1)


def _market(table: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if table is None else {"uses": _texts(table.get("uses")), "methods": _texts(table.get("methods"))}


def _settings(table: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: table.get(name, default) for name, default in SETTINGS.items()}
    found["verdicts"] = _texts(found["verdicts"])
    return {name: str(value) if name in DECIMALS else value for name, value in found.items()}


def equal(name: str, stated: Any, found: Any) -> bool:
    """Whether two values say the same: decimals, plainly written, by value, all else as it stands."""
    if name in DECIMALS or name in WEIGHTS:
        plain = isinstance(stated, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", stated, re.ASCII) is not None
        return plain and Decimal(stated) == Decimal(str(found))
    return bool(stated == found) and type(stated) is type(found)
