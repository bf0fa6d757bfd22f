"""``[objective]`` of ``round.toml``: weights, tiers with what each may give, the ladder of ties."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from constraints.case import Objective
from landopt.intake.tomlreader import TomlReader
from parcels.common.schema import fields

PARTS = ("served", "preference", "revenue")
_WEIGHTS = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}


def read_objective(reader: TomlReader) -> Objective:
    """The objective of a round; problems are noted with the reader."""
    table = reader.table("objective")
    weights = dict(_WEIGHTS)
    for part, value in table.get("weights", {}).items():
        if part not in weights:
            reader.choice(part, tuple(weights), "objective", "weights")
            continue
        weights[part] = reader.decimal(value, "objective", "weights", Decimal(0), Decimal(10**6))
    if not any(Decimal(weights[part]) for part in PARTS):
        reader.refuse("C004.all-weights-0", "objective", "weights")
    tiers, gives = _tiers(reader, table.get("tiers") or [list(PARTS)])
    flat = [part for tier in tiers for part in tier]
    for part in flat:
        reader.choice(part, PARTS, "objective", "tiers")
    if len(set(flat)) < len(flat):
        reader.refuse("C004.part-stands-two", "objective", "tiers")
    ties = reader.texts(table.get("ties", ()), "objective", "ties")
    for tie in ties:
        reader.choice(tie.lstrip("-"), (*fields(), "score", "price"), "objective", "ties")
    later = reader.decimal(table.get("later", "0"), "objective", "later", Decimal(0), Decimal(1))
    if Decimal(later) and not reader.table("round").get("periods"):
        reader.refuse("C004.later-without-periods", "objective", "later")
    return Objective(weights, tiers, ties, gives, later)


def _tiers(reader: TomlReader, given: Sequence[Any]) -> tuple[tuple[tuple[str, ...], ...], tuple[tuple[int, int], ...]]:
    """The parts of each tier, and what part of its value each gives to later ones; none where no tier gives any.

    A tier is a part, a list of parts, or ``{ parts = [...], give = "1%" }``.
    """
    tiers: list[tuple[str, ...]] = []
    gives: list[tuple[int, int]] = []
    for number, tier in enumerate(given, 1):
        table = tier if isinstance(tier, dict) else {"parts": tier}
        for key in table:
            if key not in ("parts", "give"):
                reader.refuse("C001.unknown-key", "objective", "tiers", key=key, section="objective.tiers")
        tiers.append(reader.texts(table.get("parts", ()), "objective", "tiers"))
        if not tiers[-1]:
            reader.refuse("C003.missing-key", "objective", "tiers", section="objective.tiers", key="parts")
        text = str(table.get("give", "0")).strip()
        per = Fraction(1, 100) if text.endswith(("%", "％")) else Fraction(1)
        number_text = text.rstrip("%％").strip()
        most = Decimal(100) if per < 1 else Decimal(1)
        give = Fraction(reader.decimal(number_text, "objective", "give", Decimal(0), most)) * per
        if give and number == len(given):
            reader.refuse("C004.last-tier-gives", "objective", "tiers")
        gives.append((give.numerator, give.denominator))
    return tuple(tiers), tuple(gives) if any(give for give, _ in gives) else ()
