"""The words a grade rests on, as stored with the packs, and what is to be read to raise it. Standard library only."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from constraints.loading.ranks import PACKS
from constraints.types import Rule
from parcels.common.catalogue import Bilingual, told

DECIDING = ("eligibility", "term", "price_floor")
"""Kinds of rule that decide about an offer; notes, limits and preferences do not."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words of a text as they were read: its document and article, the address, the day (ISO)."""

    id: str
    text: str
    words: str
    address: str
    read: str


@cache
def quotations() -> dict[str, Quotation]:
    """Every stored quotation by its id."""
    tables = tomllib.loads((PACKS / "quotations.toml").read_text(encoding="utf-8"))
    return {
        name: Quotation(name, each["text"], each["words"], each["address"], each["read"].isoformat())
        for name, each in tables.items()
    }


def quotations_of(rule: Rule) -> tuple[Quotation, ...]:
    """The quotations a rule's source names as ``q:id``."""
    stored = quotations()
    return tuple(stored[name] for name in re.findall(r"\bq:([\w-]+)", rule.cite.source) if name in stored)


def below_v1(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The deciding rules whose article was not read itself, weakest grades first."""
    order = ("U", "T", "V2L", "V2")
    found = (rule for rule in rules if rule.kind in DECIDING and rule.cite.grade in order)
    return tuple(sorted(found, key=lambda rule: (order.index(rule.cite.grade), rule.id)))


def to_raise(rule: Rule) -> Bilingual:
    """What is to be read so that a rule may be graded V1."""
    cite = rule.cite
    seen = quotations_of(rule)
    said = told(
        "raise-grade.read" if cite.number else "raise-grade.read-unnumbered",
        doc=cite.doc,
        number=cite.number,
        article=cite.article,
    )
    if seen:
        said = told("raise-grade.so-far", said=said, address=seen[0].address, date=seen[0].read)
    if rule.date_grade:
        said = told("raise-grade.and-its-day", said=said)
    return Bilingual(said.text("en"), said.text("zh"))
