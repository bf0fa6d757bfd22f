"""How facts, units and shares are written for people. Standard library only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from constraints.types import Rule
from parcels.common.schema import Value, fields, measures


def unit_of(rule: Rule | None) -> str:
    """The unit in which a limit's amounts are told."""
    if rule is None or rule.kind != "limit":
        return "count"
    return measures().get(str(rule.spec.get("measure")), "")


def percent(share: Sequence[int]) -> str:
    """A share (num, den) in per cent where two places are exact, else as a fraction."""
    whole, rest = divmod(share[0] * 10_000, share[1])
    if rest:
        return f"{share[0]}/{share[1]}"
    return f"{whole // 100} %" if whole % 100 == 0 else f"{whole // 100}.{whole % 100:02d} %"


def distinct(values: Iterable[Value]) -> list[str]:
    """Known values as texts, each once, in their order."""
    return list(dict.fromkeys(str(value) for value in values if value is not None))


def text(value: Value) -> str | None:
    """A fact as a text; ``None`` if it is not known."""
    return None if value is None else str(value)


def shown(name: str, value: Value) -> Any:
    """A canonical fact as people write it: hundredths as a decimal text, sets as lists."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    scale = fields()[name].scale
    if scale == 1:
        return value
    sign, whole, part = "-" if value < 0 else "", *divmod(abs(value), scale)
    return f"{sign}{whole}.{part:0{len(str(scale)) - 1}d}"


def totals(entries: Iterable[Mapping[str, Any]], methods: Sequence[str]) -> list[dict[str, Any]]:
    """The table of methods: assignments, parcels, area and price of each that a plan uses, in the order of the case."""
    found: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name = entry["method"]
        empty = {"method": name, "assignments": 0, "parcels": 0, "area_m2": 0, "start_price_yuan": 0}
        line = found.setdefault(name, empty)
        line["assignments"] += 1
        line["parcels"] += len(entry["parcel_ids"])
        line["area_m2"] += entry["area_m2"]
        line["start_price_yuan"] += entry["expected_price_yuan"]
    return [found[name] for name in methods if name in found]
