"""Price floors as an answer tells them: which hold, which never bind, in words. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from constraints.language.expr import parse_price
from constraints.reading.book import Clause, RuleBook
from constraints.reading.judge import Judgement
from constraints.reading.speak import decimal, formula
from constraints.types import Method, Rule
from parcels.common.catalogue import both, phrase
from parcels.common.schema import Value


def floors_told(
    rulebook: RuleBook, judgement: Judgement, method: Method, case: Mapping[str, Value], quiet: frozenset[str]
) -> tuple[Rule, ...]:
    """The floor rules that hold, and those that would hold for some price facts nobody told."""
    named = [part.rule for part in judgement.derivation.parts]
    if quiet:
        named += [clause.rule.id for clause in _possible(rulebook, method, case)]
    return tuple(rulebook.rules[name] for name in dict.fromkeys(named))


_SHARE = re.compile(r"(\d+(?:\.\d+)?) \* ([a-z_]\w*(?: \* year_factor)?)")
"""A floor that is a share of one price, such as ``0.7 * benchmark_price * year_factor``."""


def looser_floors(floors: Sequence[Rule]) -> dict[str, str]:
    """Floors that never bind, with the rule of higher rank that asks for a larger share of the same price."""
    shares = [
        (rule, Fraction(found[1]), found[2])
        for rule in floors
        if (found := _SHARE.fullmatch(rule.spec["per_m2"])) and found[2] != "year_factor"
    ]
    return {
        low.id: high.id
        for low, part, price in shares
        for high, whole, same in shares
        if price == same and part < whole and low.cite.rank < high.cite.rank
    }


def looser_note(low: Rule, high: Rule) -> dict[str, str]:
    """The note that a floor of lower rank is not obeyed."""
    return {
        "rule": low.id,
        "flag": "looser",
        **both("side-note.looser-floor", high=high.id, rule=low.title).pair,
    }


def floor_entry(judgement: Judgement, floors: Sequence[Rule]) -> dict[str, Any] | None:
    """The price floor: formula, and yuan per m² where the facts give it; ``None`` if there is none."""
    loose = looser_floors(floors)
    kept = [rule for rule in floors if rule.id not in loose]
    if not kept:
        return None
    texts = list(dict.fromkeys(rule.spec["per_m2"] for rule in kept))
    return {
        "yuan_per_m2": None if judgement.floor is None else money(judgement.floor),
        "formula": _largest(texts),
        "words": {lang: _words(texts, lang) for lang in ("en", "zh")},
        "rules": [rule.id for rule in kept],
        "year_factor": _factor(judgement),
    }


def _factor(judgement: Judgement) -> str:
    return decimal(judgement.factor, 6)


def _possible(rulebook: RuleBook, method: Method, case: Mapping[str, Value]) -> list[Clause]:
    """Floors that would hold for some price facts nobody told."""
    here = {**case, "method": method.id, "right": method.right, "competitive": method.competitive}
    return [clause for clause, _ in rulebook.shelves[method.id].floors if clause.holds(here) is not False]


_STEP = re.compile(r"[\d.]+ \* year_factor")


def _ladder(texts: Sequence[str]) -> tuple[list[str], tuple[str, str] | None]:
    """The texts without the steps of a price ladder that nothing chooses from; the ladder's ends."""
    steps = sorted(Fraction(text.split()[0]) for text in texts if _STEP.fullmatch(text))
    if len(steps) <= 3:
        return list(texts), None
    return [text for text in texts if not _STEP.fullmatch(text)], (decimal(steps[-1]), decimal(steps[0]))


def _words(texts: Sequence[str], lang: str) -> list[str]:
    shown, ladder = _ladder(texts)
    words = [formula(parse_price(text), lang) for text in shown]
    if ladder:
        most, least = ladder
        words.append(phrase("sentence.by-grade", lang, most=most, least=least))
    return words


def _largest(texts: Sequence[str]) -> str:
    shown, ladder = _ladder(texts)
    if ladder:
        shown.append(f"({ladder[0]} to {ladder[1]} by grade) * year_factor")
    return shown[0] if len(shown) == 1 else f"max({', '.join(shown)})"


def money(amount: Fraction) -> int | str:
    """An amount as JSON has it: a whole number, or a decimal text."""
    text = decimal(amount, 4)
    return int(text) if "." not in text else text
