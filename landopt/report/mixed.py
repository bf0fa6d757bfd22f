"""Parcels of several uses in the papers: what part each use has, and the term of each part (docs/model.md §3).

The plan holds one term for a site, that of the dominant use; every other part has its own (Order 55 art. 12), which the
law of the case gives, read again one parcel at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.case import Case
from constraints.reading.book import case_book
from constraints.reading.case_facts import CaseFacts
from constraints.reading.judge import judge
from landopt.reasons import words
from parcels.common.catalogue import listed, phrase


@dataclass(frozen=True, slots=True)
class MixedPart:
    """A part of a parcel: its use, its per cent as it was told, its term in years (``None`` without one)."""

    use: str
    percent: str
    term: int | None


def mixed_parts(case: Case, assignments: Sequence[Mapping[str, Any]]) -> dict[str, tuple[MixedPart, ...]]:
    """The parts of each supplied parcel that has several uses, by its id."""
    mixes = case.parcels.column("use_mix")
    rows = case.parcels.index()
    sites = [entry for entry in assignments if any(mixes[rows[name]] for name in entry["parcel_ids"])]
    if not sites:
        return {}
    book, facts, wants = case_book(case), CaseFacts(case), case.demands.index()
    found = {}
    for entry in sites:
        site = [rows[name] for name in entry["parcel_ids"]]
        demand = None if entry["demand_id"] is None else wants[entry["demand_id"]]
        wish = {} if demand is None else facts.demands[demand]
        for name, row in zip(entry["parcel_ids"], site, strict=True):
            told = {**wish, **facts.parcels[row], **facts.site(site), "period": entry["period"]}
            term = entry["term_years"] if len(site) > 1 else None
            judged = judge(book, told, case.method(entry["method"]), market=demand is None, term=term, noted=False)
            if judged.parts:
                found[name] = tuple(MixedPart(part.use, part.percent, part.term) for part in judged.parts)
    return found


def said_of(
    parts: Mapping[str, tuple[MixedPart, ...]], parcel_ids: Sequence[str], term: int | None, lang: str
) -> dict[str, str] | None:
    """What is said of a site beside its use and its term; ``None`` where no parcel of it has several uses.

    ``terms`` is empty where every part has the term of the site.
    """
    mine = {name: parts[name] for name in parcel_ids if name in parts}
    if not mine:
        return None
    several = len(parcel_ids) > 1
    uses = [_of_parcel(name, _shares(each, lang), lang, several=several) for name, each in mine.items()]
    other = {name: each for name, each in mine.items() if any(part.term not in (None, term) for part in each)}
    terms = [_of_parcel(name, _terms(each, lang), lang, several=several) for name, each in other.items()]
    return {
        "uses": phrase("mixed.uses", lang, parts=listed(uses, lang, "semicolon")),
        "terms": phrase("mixed.terms", lang, parts=listed(terms, lang, "semicolon")) if terms else "",
    }


def _of_parcel(name: str, said: str, lang: str, *, several: bool) -> str:
    return phrase("mixed.parcel", lang, parcel=name, said=said) if several else said


def _shares(parts: Sequence[MixedPart], lang: str) -> str:
    shown = [phrase("mixed.share", lang, use=words.word("use", part.use, lang), percent=part.percent) for part in parts]
    return listed(shown, lang)


def _terms(parts: Sequence[MixedPart], lang: str) -> str:
    shown = [
        phrase("mixed.term", lang, use=words.word("use", part.use, lang), years=part.term)
        for part in parts
        if part.term is not None
    ]
    return listed(shown, lang)
