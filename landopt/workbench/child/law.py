"""The law in the page: what a case may use, the rules of a date, one rule with its text and cases, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landopt.workbench.child.spoken import spoken
from parcels.common.catalogue import Say, titled

LANGS = ("en", "zh")
CASES = 12
"""Worked cases that are told of one rule."""


def ask(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Which methods a case may use."""
    from landopt.api import ask as asked
    from landopt.reasons.law_words.answer_words import answer_lines

    facts = {str(name): str(value) for name, value in request["facts"].items() if str(value).strip()}
    date = request["as_of"]
    found = asked(date, **facts)
    whole: dict[str, Any] = {name: dict(answer.data) for name, answer in found.items()}
    whole["assumed"] = dict(found.assumed)
    return {
        "methods": [{"method": name, "verdict": answer.verdict} for name, answer in found.items()],
        "text": spoken(lambda lang: "\n".join(answer_lines(whole, date, lang))),
    }


def rules(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """The rules in force on a date, by pack."""
    from constraints.loading.load import grade_of, in_force, load_pack, pack_names

    found = [rule for name in pack_names() for rule in load_pack(name)]
    return {
        "rules": [
            {
                "id": rule.id,
                "kind": rule.kind,
                "pack": rule.origin,
                "title": {"en": rule.title.en, "zh": rule.title.zh},
                "cite": " ".join(part for part in (rule.cite.doc, rule.cite.number, rule.cite.article) if part),
                "from": rule.start,
                "until": rule.until,
                "grade": grade_of(rule),
            }
            for rule in sorted(in_force(found, request["as_of"]), key=lambda rule: (-rule.cite.rank, rule.id))
        ]
    }


def rule(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """One rule: its text and where it stands, in each of its times, and the worked cases in which it has a say."""
    from constraints.language.expr import closest
    from constraints.loading.load import load_pack, pack_names
    from constraints.reading.asking.worked_cases import load_cases, run
    from landopt.reasons.law_words.rule_pages import rule_page
    from parcels.common.catalogue import told
    from parcels.common.issues import Refused, error

    names = pack_names(off=True)
    every = [rule for name in names for rule in load_pack(name)]
    mine = sorted((rule for rule in every if rule.id == request["id"]), key=lambda rule: rule.start)
    if not mine:
        maybe = closest(request["id"], [rule.id for rule in every]) or told("near.rules-list-all")
        raise Refused(error("R016.there-no-rule", maybe=maybe, name=request["id"]))
    cases = [case for name in names for case in load_cases(name) if request["id"] in (*case.rules, *case.absent)]
    told_ = [
        {
            "id": case.id,
            "as_of": case.as_of,
            "facts": [_fact(name, value) for name, value in case.facts.items()],
            "expect": dict(case.expect),
            "silent": request["id"] in case.absent,
            "agrees": not run(case).wrong,
        }
        for case in cases[:CASES]
    ]
    text = spoken(lambda lang: "\n\n".join(rule_page(each, lang) for each in mine))
    return {"id": request["id"], "text": text, "cases": told_, "count": len(cases)}


def _fact(name: str, value: str) -> dict[str, Any]:
    from parcels.common.schema import fields

    field = fields().get(name)
    return {
        lang: f"{field.title(lang) if field else name}: {_value(name, value, lang) if field else value}"
        for lang in LANGS
    }


def _value(name: str, value: str, lang: str) -> str:
    from parcels.common.schema import fields

    known = fields()[name].values
    return ", ".join(titled(part, lang, name) if part in known else part for part in value.split(";"))


def changed(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """What changed between two dates, and for whom."""
    from constraints.loading.load import pack_names
    from constraints.reading.asking.law_changes import diff
    from landopt.reasons.law_words.rule_pages import changes_lines
    from landopt.reasons.words import code_word

    found = diff(pack_names(), request["as_of"], request["other"], code_word)
    return {"text": spoken(lambda lang: "\n".join(changes_lines(found, lang))), "count": len(found["changes"])}
