"""Which methods may this case use, and why: an answer for every method. Standard library only."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from constraints.case import Record
from constraints.language.evaluate import truth
from constraints.language.expr import closest, parse
from constraints.loading.load import (
    grade_of,
    in_force,
    load_pack,
    methods,
    pack,
    pack_names,
    strongest,
)
from constraints.loading.method_facts import off
from constraints.loading.period_law import vague_end, vague_start
from constraints.reading.asking.assumed import PRICES, complete, incomplete, unchecked
from constraints.reading.asking.floor_words import floor_entry, floors_told, looser_floors, looser_note, money
from constraints.reading.asking.told_facts import FALSE, TRUE, read_facts
from constraints.reading.book import RuleBook, book
from constraints.reading.judge import Judgement, judge
from constraints.types import GRADES, STRICTNESS, Method, Rule
from parcels.common.catalogue import both
from parcels.common.issues import Refused, error
from parcels.common.schema import Value

_RECORD = ("rule", "document", "date", "by")


def ask(
    facts: Mapping[str, str],
    as_of: str,
    packs: Sequence[str] | None = None,
    *,
    policy: Sequence[Rule] = (),
    enabled: Collection[str] = (),
    rate: str = "0.05",
) -> dict[str, Any]:
    """Ask the rules in force on a date about one case.

    Parameters
    ----------
    facts
        Texts by field name (docs/fields.md); ``unknown`` makes a fact unknown; ``rule`` and ``document`` file a record.
    as_of
        ISO date of the plan or notice decision.
    packs
        Names of rule packs; all that are not switched off if ``None``.
    policy
        Further rules, such as a round's policy.
    enabled
        Methods that are off by default and shall be answered (``contribution``).
    rate
        Land reduction rate of the year factor, a decimal text.

    Returns
    -------
    dict
        By method: ``verdict``, ``grade``, ``rules``, ``conditions``, ``notes``, ``term_min_years``, ``term_max_years``,
        ``price_floor``; and ``assumed``: the facts nobody told.

    Raises
    ------
    Refused
        For a fact, a value or a pack that is not known.
    """
    names = tuple(packs) if packs is not None else pack_names()
    told = {key: value for key, value in facts.items() if key not in _RECORD}
    closed = told.get("publication_closed", "").lower()
    if closed in TRUE | FALSE:
        told["publication_closed"] = as_of if closed in TRUE else "unknown"
    case, assumed = complete(read_facts(_mixed(told)), as_of)
    records = _records(facts, as_of)
    known = {rule.id: rule for name in pack_names(off=True) for rule in load_pack(name)} if records else {}
    known |= {rule.id: rule for rule in policy}
    strange = [each.rule for each in records if each.rule not in known]
    if strange:
        raise Refused(
            [error("R016.there-no-rule", at="rule=", maybe=closest(name, known), name=name) for name in strange]
        )
    rulebook = _book(names, as_of, rate, tuple(policy)) if policy else _book_of_packs(names, as_of, rate)
    quiet = frozenset(name for name in PRICES if name not in case)
    late = [name for name in names if as_of < pack(name).complete_from]
    notes = [incomplete(name, as_of) for name in late] + unchecked(names, as_of)
    answer: dict[str, Any] = {}
    for method in methods():
        if off(method.id) and method.id not in enabled:
            answer[method.id] = _off(notes)
            continue
        judgement = judge(rulebook, case, method, records=records, assumed=quiet)
        answer[method.id] = _answer(rulebook, judgement, method, case, quiet, notes)
    return {**answer, "assumed": assumed}


def _book(names: tuple[str, ...], as_of: str, rate: str, policy: tuple[Rule, ...]) -> RuleBook:
    rules = in_force([*(rule for name in names for rule in load_pack(name)), *policy], as_of)
    return book(rules, methods(), as_of=as_of, rate=rate, law=True)


@lru_cache(maxsize=64)
def _book_of_packs(names: tuple[str, ...], as_of: str, rate: str) -> RuleBook:
    return _book(names, as_of, rate, ())


def _mixed(told: Mapping[str, str]) -> dict[str, str]:
    """``use=RES+IND`` means a mixed parcel."""
    found = dict(told)
    if "+" in found.get("use", ""):
        parts = [part.strip() for part in found.pop("use").split("+")]
        found.setdefault("use_mix", ";".join(parts))
    return found


def _records(facts: Mapping[str, str], as_of: str) -> tuple[Record, ...]:
    rules = [name.strip() for name in re.split(r"[;、,]", facts.get("rule", "")) if name.strip()]
    document, by = facts.get("document", ""), facts.get("by", "")
    return tuple(Record(name, "", "", document or "on file", facts.get("date", as_of), by) for name in rules)


def _order(entry: Mapping[str, Any], verdict: str, rulebook: RuleBook) -> tuple[bool, int, bool, int, int]:
    """The deciding rules first, the strictest of the others next; by rank, and the best-read of them first.

    Of rules that open a method the one that lifts a prohibition goes before those that would not have sufficed.
    """
    decides = entry["verdict"] == verdict
    rule = rulebook.rules.get(entry["id"])
    plain = not (entry["verdict"] == "permit" and rule is not None and rule.exception_to)
    rank, grade = entry["cite"]["rank"], GRADES.index(entry["grade"])
    return (not decides, -STRICTNESS[entry["verdict"]], plain, -rank, grade)


def _off(notes: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "verdict": "n/a",
        "grade": "",
        "rules": [],
        "conditions": [],
        "notes": notes,
        "term_min_years": None,
        "term_max_years": None,
        "term_years": None,
        "term_rules": [],
        "lease_years": None,
        "parts": [],
        "preferences": [],
        "price_floor": None,
    }


def _answer(
    rulebook: RuleBook,
    judgement: Judgement,
    method: Method,
    case: Mapping[str, Value],
    quiet: frozenset[str],
    notes: list[dict[str, str]],
) -> dict[str, Any]:
    rules = [rule_entry(rulebook, r.rule_id, r.verdict, r.unknowns) for r in judgement.rules]
    rules.sort(key=lambda entry: _order(entry, judgement.verdict, rulebook))
    floors = floors_told(rulebook, judgement, method, case, quiet)
    loose = sorted(looser_floors(floors).items())
    return {
        "verdict": stated_verdict(rulebook, judgement),
        "grade": strongest(entry["grade"] for entry in rules if entry["verdict"] == judgement.verdict),
        "rules": rules,
        "conditions": [
            {"rule": c.rule, "fact": c.fact, "en": c.text.en, "zh": c.text.zh, "document": c.document}
            for c in judgement.conditions
            if judgement.verdict != "forbid"
        ],
        "notes": notes
        + [_note(rulebook.rules[name], judgement) for name in judgement.notes]
        + [looser_note(rulebook.rules[low], rulebook.rules[high]) for low, high in loose],
        "term_min_years": judgement.term_min,
        "term_max_years": judgement.term_max,
        "term_years": judgement.term,
        "term_rules": list(judgement.term_rules),
        "lease_years": judgement.lease_years,
        "parts": [
            {
                "use": part.use,
                "percent": part.percent,
                "term_max_years": part.term_max,
                "term_years": part.term,
                "yuan_per_m2": None if part.floor is None else money(part.floor),
            }
            for part in judgement.parts
        ],
        "preferences": preferences(rulebook, method, judgement, case),
        "price_floor": floor_entry(judgement, floors),
    }


def stated_verdict(rulebook: RuleBook, judgement: Judgement) -> str:
    """The verdict as it is told: ``n/a`` before the method existed, ``undetermined`` where the law is silent."""
    deciding = judgement.deciding
    if judgement.verdict == "forbid" and all(_not_yet(rulebook, name) for name in deciding):
        return "n/a"
    if judgement.verdict == "condition" and any(name.startswith("default.") for name in deciding):
        return "undetermined"
    return judgement.verdict


def _not_yet(rulebook: RuleBook, name: str) -> bool:
    return name in rulebook.rules and bool(rulebook.rules[name].spec.get("not_yet"))


_DEFAULT: dict[str, Any] = {
    "domain": [],
    "cite": {
        "doc": "methods.toml",
        "number": "",
        "article": "",
        "rank": 0,
        "from": "",
        "until": None,
        "vague_start": "",
        "since": "",
        "since_known": True,
    },
    "grade": "U",
}


@lru_cache(maxsize=64)
def _first(rulebook: RuleBook) -> dict[tuple[str, str], Rule]:
    """By instrument (document, number) the rule in force that began first: since when the instrument is in force."""
    found: dict[tuple[str, str], Rule] = {}
    for rule in sorted(rulebook.rules.values(), key=lambda each: each.start):
        found.setdefault((rule.cite.doc, rule.cite.number), rule)
    return found


def rule_entry(rulebook: RuleBook, identifier: str, verdict: str, unknowns: Sequence[str] = ()) -> dict[str, Any]:
    """A deciding rule with its citation and grade, as JSON."""
    rule = rulebook.rules.get(identifier)
    if rule is None:
        title = both("side-note.default-of-method").pair
        return {**_DEFAULT, "title": title, "id": identifier, "verdict": verdict, "unknown": list(unknowns)}
    cite, first = rule.cite, _first(rulebook)[rule.cite.doc, rule.cite.number]
    begun = {"from": rule.start, "since": vague_start(first) or first.start, "since_known": not first.date_grade}
    if rule.spec.get("not_yet") and rule.until:  # it says of the days before its instrument that there was no method
        begun = {"from": "", "since": vague_end(rule) or rule.until, "since_known": not rule.date_grade}
    return {
        "id": rule.id,
        "domain": list(rule.domain),
        "verdict": verdict,
        "cite": {
            "doc": cite.doc,
            "number": cite.number,
            "article": cite.article,
            "rank": cite.rank,
            "until": rule.until,
            "vague_start": vague_start(rule),
            **begun,
        },
        "grade": grade_of(rule),
        "title": {"en": rule.title.en, "zh": rule.title.zh},
        "unknown": list(unknowns),
    }


def _note(rule: Rule, judgement: Judgement) -> dict[str, str]:
    if rule.kind == "note":
        return {"rule": rule.id, "flag": rule.spec["flag"], **rule.spec["text"]}
    if any(verdict == "permit" for verdict in rule.spec["verdict"].values()) and rule.id not in judgement.deciding:
        return {"rule": rule.id, "flag": "looser", **both("side-note.looser", rule=rule.title).pair}
    return {"rule": rule.id, "flag": "unknown", **both("side-note.may-apply", rule=rule.title).pair}


def preferences(
    rulebook: RuleBook, method: Method, judgement: Judgement, case: Mapping[str, Value]
) -> list[dict[str, Any]]:
    """The preferences that would count for the method; a wish, never a verdict."""
    here: dict[str, Value] = {**case, "method": method.id, "right": method.right, "competitive": method.competitive}
    here["term_years"] = judgement.term
    return [
        {"rule": rule.id, "points": rule.spec["points"], "points_per_ha": rule.spec["points_per_ha"]}
        for rule in rulebook.rules.values()
        if rule.kind == "preference" and method.id in rule.spec["methods"] and truth(parse(rule.when), here)
    ]
