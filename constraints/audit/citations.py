"""The citations a plan prints, word for word from the rules of its case: a second reading. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constraints.audit.problem import Problem
from constraints.case import Case
from constraints.loading.load import grade_of, shipped
from constraints.types import Rule
from parcels.common.catalogue import told


def check_citations(plan: Mapping[str, Any], case: Case) -> tuple[int, list[Problem]]:
    """How many citations were compared, and those that are not as their rule has them.

    The words are the rule's title, or the text of a note. What the case has no rule for is a method's default, named by
    its id alone, or a rule of a shipped pack that is cited though it is not in force.
    """
    rules = {rule.id: rule for rule in case.rules}
    known = shipped()
    problems: list[Problem] = []
    table = plan.get("citations") or {}
    for key, cite in table.items():
        name = cite["rule"]
        rule = rules.get(name) or known.get(name)
        wrong = _default(cite) if rule is None else _differing(cite, rule)
        if not key.startswith(name) or wrong:
            what = ", ".join(wrong) or "key"
            problems.append(("citation", told("breach.citation", key=key, what=what)))
    return len(table), problems


def _default(cite: Mapping[str, Any]) -> list[str]:
    name = cite["rule"]
    plain: dict[str, Any] = dict.fromkeys(("en", "zh", "doc"), name) | dict.fromkeys(("number", "article", "start"), "")
    plain |= {"rank": 0, "grade": "U", "origin": "pack", "until": None}
    return sorted(field for field, value in plain.items() if cite[field] != value)


def _differing(cite: Mapping[str, Any], rule: Rule) -> list[str]:
    text = rule.spec.get("text") if rule.kind == "note" else None
    words = [(rule.title.en, rule.title.zh)]
    if isinstance(text, Mapping):
        words.append((text["en"], text["zh"]))
    due = {
        "doc": rule.cite.doc,
        "number": rule.cite.number,
        "article": rule.cite.article,
        "rank": rule.cite.rank,
        "grade": grade_of(rule),
        "start": rule.start,
        "until": rule.until,
        "origin": rule.origin,
    }
    found = [field for field, value in due.items() if cite[field] != value]
    return sorted([*found, *(["words"] if (cite["en"], cite["zh"]) not in words else [])])
