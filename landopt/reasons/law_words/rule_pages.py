"""A rule in full, and what changed between two dates, as the lines a reader gets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constraints.language.expr import parse
from constraints.loading.load import grade_of
from constraints.loading.quotations import quotations_of
from constraints.reading.asking.law_changes import by_instrument, effect
from constraints.reading.speak import sentence
from constraints.types import Rule
from landopt.reasons.law_words.rulewords import shift_lines
from landopt.reasons.words import code_word, word
from parcels.common.catalogue import phrase


def rule_page(rule: Rule, lang: str) -> str:
    """One rule: what it says, where it stands, the words of its text that were read, since when."""
    cite = rule.cite
    words = quotations_of(rule)
    cited = " ".join(part for part in (cite.doc, cite.number, cite.article) if part)
    grade = grade_of(rule)
    rows = [
        ("where", sentence(parse(rule.when), lang, code_word)),
        ("effect", effect(rule).text(lang)),
        ("cite", cited if words else phrase("law.aside", lang, text=cited, aside=phrase("law.copy", lang))),
        ("rank", phrase("law.aside", lang, text=f"{cite.rank}, {grade}", aside=word("grade", grade, lang))),
        ("dates", f"{rule.start} .. {rule.until or ''}".rstrip()),
        ("exception", ", ".join(rule.exception_to)),
        ("when", rule.when),
    ]
    for each in words:
        place = {"text": each.text, "address": each.address, "read": each.read}
        rows.append(("words", phrase("law.words", lang, words=each.words, **place)))
    if rule.spec.get("condition"):
        rows.append(("on-file", rule.spec["condition"][lang]))
    told_ = [phrase("law.row", lang, label=word("law-label", label, lang), text=text) for label, text in rows if text]
    return "\n".join([f"{rule.id}  {rule.title.text(lang)}", *told_])


def changes_lines(found: Mapping[str, Any], lang: str, notes: bool = False) -> list[str]:
    """What changed, by instrument, and for whom.

    Parameters
    ----------
    found
        As :func:`constraints.reading.asking.law_changes.diff` gives it.
    notes
        Notes of procedure that changed, too.
    """
    lines = [phrase("law.note", lang, text=note[lang]) for note in found["notes"]]
    told = [change for change in found["changes"] if notes or (change["law"] and change["kind"] != "note")]
    lines += by_instrument(told, lang)
    hidden = len(found["changes"]) - len(told)
    if hidden:
        lines.append(phrase("law.hidden", lang, count=hidden))
    if found["shifts"]:
        lines.append("\n" + phrase("law.for-whom", lang))
    lines += shift_lines(found["shifts"], lang)
    if not found["changes"] and not found["shifts"]:
        lines.append(phrase("law.nothing", lang))
    return lines
