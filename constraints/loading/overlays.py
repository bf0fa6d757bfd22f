"""What a policy adopts by name and what a scenario puts in place of a fact. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from constraints.language.expr import closest
from constraints.loading.keys import Reading, decimal_text
from constraints.loading.kinds import ADOPT_KEYS, APPLICANT_KEYS, FACT_KEYS
from constraints.loading.ranks import own
from constraints.loading.rule_file import Block
from constraints.types import Rule
from parcels.common.catalogue import both
from parcels.common.issues import Issue, error
from parcels.common.schema import Field, Value, fields
from parcels.common.visible import says_something

UNKNOWN = "unknown"
"""How a fact that is not known is written where a blank cell cannot be."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact a scenario overlays: "not on file: scenario X"."""

    of: str
    id: str
    field: str
    value: object
    scenario: str


def adopted(blocks: Iterable[Block], known: Mapping[str, Rule], issues: list[Issue]) -> list[Rule]:
    """Looser rules that the policy adopts by name, rewritten: a permit becomes a condition, "below national rule X"."""
    found: list[Rule] = []
    for block in blocks:
        reading = Reading(block, ())
        for name in set(block.table) ^ set(ADOPT_KEYS):
            reading.bad(
                "R019.adopt-unknown" if name in block.table else "R019.adopt-key",
                name,
                maybe=closest(name, ADOPT_KEYS),
                name=name,
            )
        if not reading.issues:
            below, base = block.table["below"], known.get(block.table["rule"])
            if not isinstance(block.table["document"], str) or not says_something(block.table["document"]):
                reading.bad("R004.must-text", "document", key="document")
            for each in (block.table["rule"], *below):
                if each not in known:
                    reading.bad("R019.adopt-no", "rule", maybe=closest(each, known), each=each)
            if base is not None and own(base):
                reading.bad("R019.adopt-rule-round", "rule", id=base.id)
            if not reading.issues and base is not None:
                found.extend(_rewritten(base, tuple(below), str(block.table["document"]), block, reading))
        issues.extend(reading.issues)
    return found


def _rewritten(base: Rule, below: tuple[str, ...], document: str, block: Block, reading: Reading) -> list[Rule]:
    text = both("condition.adopted", rules=below, document=document).pair
    spec = dict(base.spec)
    if base.kind == "eligibility":
        spec["verdict"] = {name: "condition" if v == "permit" else v for name, v in spec["verdict"].items()}
        names: list[str] = []
    elif base.kind in ("price_floor", "term"):
        names = list(spec["methods"])
    else:
        reading.bad("R019.adopt-rule", "rule", kind=base.kind)
        return []
    rule = replace(
        base,
        id=f"{base.id}.adopted",
        spec={**spec, "adopted": list(below), **({"condition": text} if not names else {})},
        exception_to=tuple(dict.fromkeys((*base.exception_to, *below))),
        origin="policy",
        place=block.place(),
    )
    if not names:
        return [rule]
    flag = {"verdict": dict.fromkeys(names, "condition"), "condition": text}
    return [rule, replace(rule, id=f"{base.id}.below", kind="eligibility", spec=flag, exception_to=())]


def fact_of(block: Block, issues: list[Issue]) -> Fact | None:
    """A ``[[fact]]`` of an overlay; ``None`` (with an issue) if it is not one."""
    table = block.table
    field = fields().get(str(table.get("field")))
    of = "parcel" if "parcel" in table else "demand"
    where = block.spot("field")
    if set(table) - set(FACT_KEYS) or ("parcel" in table) == ("demand" in table) or "value" not in table:
        issues.append(error("R003.fact-parcel-or", at=where))
    elif field is None or field.of == "offer":
        maybe = closest(str(table.get("field")), fields())
        issues.append(error("R009.fact-unknown-field", at=where, maybe=maybe, name=table.get("field")))
    else:
        value = table["value"]
        shown = decimal_text(value) if decimal_text(value) is not None else value
        return Fact(of, str(table[of]), field.name, shown, str(table.get("scenario", "")))
    return None


def applicant_of(block: Block, issues: list[Issue]) -> tuple[Fact, ...]:
    """The facts of an ``[[applicant]]`` of an overlay: a platform that no file has; empty (with an issue) if none.

    Each fact's scenario is the reason with the name of who filed it, so that both are printed wherever the plan is.
    """
    table = block.table
    facts = table.get("facts")
    texts = [table.get(name) for name in ("demand", "reason", "by")]
    if (
        set(table) - set(APPLICANT_KEYS)
        or not all(isinstance(text, str) and text.strip() for text in texts)
        or not (isinstance(facts, dict) and facts)
    ):
        issues.append(error("R003.applicant", at=block.spot("demand")))
        return ()
    found = []
    for name, value in facts.items():
        field = fields().get(name)
        if field is None or field.of == "offer":
            maybe = closest(name, fields())
            issues.append(error("R009.fact-unknown-field", at=block.spot("facts"), maybe=maybe, name=name))
            continue
        shown = decimal_text(value) if decimal_text(value) is not None else value
        found.append(Fact("demand", str(texts[0]), name, shown, f"{texts[1]} ({texts[2]})"))
    return tuple(found)


def fact_value(field: Field, given: Any) -> Value:
    """A TOML value as the canonical fact; ``None`` if it is not one of the field."""
    if field.type == "bool":
        return given if isinstance(given, bool) else None
    if field.type == "int":
        number = Fraction(given) * field.scale if _numeric(given) else None
        if number is None or number.denominator != 1:
            return None
        whole = int(number)
        inside = (field.min is None or whole >= field.min * field.scale) and (
            field.max is None or whole <= field.max * field.scale
        )
        return whole if inside else None
    if field.type in ("codes", "ids"):
        items = [given] if isinstance(given, str) else given
        good = isinstance(items, list) and all(isinstance(item, str) for item in items)
        return tuple(items) if good and (not field.values or set(items) <= set(field.values)) else None
    if field.type == "date":
        text = str(given)
        return text if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) else None
    if isinstance(given, str) and (not field.values or given in field.values):
        return given
    return None


def _numeric(given: Any) -> bool:
    return not isinstance(given, bool) and re.fullmatch(r"-?\d+(\.\d+)?", str(given)) is not None
