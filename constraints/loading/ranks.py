"""Law stands above policy: what a policy, an overlay or a pack of the round's own may say against shipped law.

A rule of rank 2 or higher of a shipped pack is law here. Nothing of the round silences, replaces or loosens it, unless
the rule itself leaves the choice (``leaves_to = "policy"`` with ``leaves_words``, the words of its text); what is left
open gives ``condition``, with the document that makes use of it. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from constraints.language import expr
from constraints.language.nodes import And
from constraints.loading.lint import overlap, satisfiable
from constraints.loading.method_facts import unopposed
from constraints.types import Rule
from parcels.common.catalogue import both, told
from parcels.common.issues import Issue, error, warning
from parcels.common.place import Place, at_line, within

PACKS = Path(__file__).parents[1] / "packs"
LAW_RANK = 2
"""Rules of shipped packs from this rank on are law; what ranks below is practice and local text."""
OWN_PACK = "own:"
"""Before the folder name of a pack that is not shipped in ``origin``."""
OWN_MARK = "overlay:"
"""Before the name of an overlay file in ``origin``, so that no file can be named like a pack."""
MADE_IDS = ("ledger.", "keep.", "override.", "correction.")
"""Beginnings of ids that landopt gives: an overlay could put a rule of its own in their place."""
GENERALLY = frozenset({"R-201-LL", "R-201-LG"})
"""Terms 自然资发〔2022〕201号 states as "generally" (一般): an officer's fix with its reason may depart from them."""
_ADVICE = "Law stands above policy: leave it out. Maybe a rule that is stricter, or a record on file, is meant."


@cache
def known_packs() -> frozenset[str]:
    """The names of the packs that are shipped."""
    return frozenset(path.parent.name for path in PACKS.glob("*/rules.toml"))


def is_law(rule: Rule) -> bool:
    """Whether a rule is law: of a shipped pack and of rank 2 or higher."""
    return rule.cite.rank >= LAW_RANK and rule.origin in known_packs()


def own(rule: Rule) -> bool:
    """Whether a rule is of the round's own making, whatever rank it claims; ``pack`` is a rule made without a file."""
    return rule.origin != "pack" and rule.origin not in known_packs()


def leaves(rule: Rule) -> bool:
    """Whether a rule's own text leaves the choice to policy; the words stand in ``leaves_words``."""
    return rule.spec.get("leaves_to") == "policy" and bool(rule.spec.get("leaves_words"))


def against_law(rules: Sequence[Rule], law: Mapping[str, Rule], known: Iterable[Rule] = ()) -> list[Issue]:
    """What rules of the round's own say against law: one issue a pair, naming both.

    Parameters
    ----------
    rules
        Rules of a policy, an overlay or a pack of the round's own, whatever rank they claim.
    law
        Every rule of the shipped packs by id, of every date.
    known
        The shipped rules the round loads: a permit is held against what they forbid.
    """
    issues: list[Issue] = []
    for rule in rules:
        if rule.id.startswith(MADE_IDS):
            prefix = rule.id.partition(".")[0]
            issues.append(error("R025.made-id", at=at_line(rule.place), ids=(rule.id,), id=rule.id, prefix=prefix))
        if rule.id in law:
            base = law[rule.id]
            issues.append(
                error(
                    "R025.rule-takes-id",
                    at=_both(rule, base),
                    ids=(rule.id,),
                    id=rule.id,
                    origin=rule.origin,
                    origin2=base.origin,
                )
            )
        for name in rule.exception_to:
            found = law.get(name)
            if found is not None and found.cite.rank >= LAW_RANK and not leaves(found):
                issues.append(
                    error(
                        "R024.rule-rank-exception",
                        at=_both(rule, found),
                        ids=(rule.id, name),
                        id=rule.id,
                        rank=rule.cite.rank,
                        origin=rule.origin,
                        name=name,
                        rank2=found.cite.rank,
                        origin2=found.origin,
                    )
                )
            elif found is not None and found.cite.rank >= LAW_RANK and rule.kind != found.kind:
                issues.append(
                    error(
                        "R024.rule-cannot-use",
                        at=_both(rule, found),
                        ids=(rule.id, name),
                        id=rule.id,
                        kind=rule.kind,
                        name=name,
                        kind2=found.kind,
                    )
                )
        issues += _permits(rule, known)
    return issues


def _permits(rule: Rule, known: Iterable[Rule]) -> list[Issue]:
    """A permit of the round's own against what law forbids where both can hold: the first such rule of each method."""
    if rule.kind != "eligibility" or "permit" not in rule.spec["verdict"].values():
        return []
    opened = {method for method, verdict in rule.spec["verdict"].items() if verdict == "permit"}
    node, found = expr.parse(rule.when), []
    for base in known:
        if base.kind != "eligibility" or base.cite.rank < LAW_RANK or base.id in rule.exception_to:
            continue
        shut = sorted(method for method in opened if base.spec["verdict"].get(method) == "forbid")
        if shut and overlap(rule, base) and satisfiable(And((node, expr.parse(base.when)))):
            opened -= set(shut)
            found.append(
                error(
                    "R026.rule-rank-permits",
                    at=_both(rule, base),
                    ids=(rule.id, base.id),
                    id=rule.id,
                    rank=rule.cite.rank,
                    origin=rule.origin,
                    methods=shut,
                    id2=base.id,
                    rank2=base.cite.rank,
                    origin2=base.origin,
                )
            )
    return found


def looser(rules: Sequence[Rule]) -> list[Issue]:
    """Rules of low rank that permit what is forbidden above, undeclared: reported, not obeyed (R017)."""
    strict = {
        method
        for rule in rules
        if rule.kind == "eligibility" and rule.cite.rank >= LAW_RANK
        for method, verdict in rule.spec["verdict"].items()
        if verdict == "forbid"
    } | unopposed()
    issues = []
    for rule in rules:
        if rule.kind != "eligibility" or (rule.cite.rank >= LAW_RANK and not own(rule)) or rule.exception_to:
            continue
        named = [m for m, verdict in rule.spec["verdict"].items() if verdict == "permit" and m in strict]
        if named:
            issues.append(
                warning(
                    "R017.rule-rank-permits",
                    at=at_line(rule.place),
                    ids=(rule.id,),
                    id=rule.id,
                    rank=rule.cite.rank,
                    methods=named,
                )
            )
    return issues


def _both(rule: Rule, base: Rule) -> Place:
    return within(at_line(rule.place), also=at_line(base.place) if base.place else None)


def as_left(rules: Sequence[Rule], law: Mapping[str, Rule]) -> list[Rule]:
    """The round's own rules with what they take of the choice that law leaves: condition at best, with its document.

    An eligibility rule gives ``condition`` for every method its bases speak of; a term or floor stands, and a rule
    ``ID.left`` beside it gives the condition.
    """
    found: list[Rule] = []
    for rule in rules:
        bases = [law[name] for name in rule.exception_to if name in law and _is_left(law[name])]
        if not bases:
            found.append(rule)
            continue
        text = _left_text(rule, bases)
        if rule.kind == "eligibility":
            said = dict.fromkeys((m for base in bases for m in base.spec["verdict"]), "condition")
            said |= {m: "condition" if v == "permit" else v for m, v in rule.spec["verdict"].items()}
            spec: dict[str, Any] = {**rule.spec, "verdict": said, "adopted": [base.id for base in bases]}
            found.append(replace(rule, spec={**spec, "condition": rule.spec.get("condition") or text}))
            continue
        spec = {"verdict": dict.fromkeys(rule.spec.get("methods", ()), "condition"), "condition": text}
        found.append(replace(rule, spec={**rule.spec, "adopted": [base.id for base in bases]}))
        if spec["verdict"]:
            found.append(replace(rule, id=f"{rule.id}.left", kind="eligibility", spec=spec, exception_to=()))
    return found


def _is_left(base: Rule) -> bool:
    return base.cite.rank >= LAW_RANK and leaves(base)


def _left_text(rule: Rule, bases: Sequence[Rule]) -> dict[str, str]:
    document = " ".join(part for part in (rule.cite.doc, rule.cite.number, rule.cite.article) if part)
    words = [told("condition.words-of", rule=base.id, words=base.spec["leaves_words"]) for base in bases]
    return both("condition.left", document=document, words=words).pair


def acting_exceptions(rules: Iterable[Rule]) -> list[tuple[Rule, tuple[str, ...]]]:
    """The exceptions of the round's own among rules in force, with the rules in force they silence."""
    every = list(rules)
    ids = {rule.id for rule in every}
    found = []
    for rule in every:
        bases = tuple(name for name in rule.exception_to if name in ids)
        if bases and own(rule):
            found.append((rule, bases))
    return found


def unlawful_exceptions(rules: Iterable[Rule], law: Mapping[str, Rule]) -> list[tuple[Rule, Rule]]:
    """The exceptions among a case's rules that silence law which leaves nothing open: (rule, the law it silences)."""
    found = []
    for rule in rules:
        if rule.id in law and rule.origin == law[rule.id].origin:
            continue
        for name in rule.exception_to:
            base = law.get(name)
            if base is None or base.cite.rank < LAW_RANK or leaves(base):
                continue
            if rule.origin == "override" and GENERALLY.intersection(base.domain):
                continue
            found.append((rule, base))
    return found
