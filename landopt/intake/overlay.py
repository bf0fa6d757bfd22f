"""Scenarios on a case: overlays of rules and facts, ``--set RULE:amount=N``. Pure functions on a Case.

An overlay is a rule file (docs/rule-format.md): ``[[rule]]`` blocks add or replace rules by id, ``[[fact]]`` blocks
``parcel|demand, field, value`` change one fact each, ``[[applicant]]`` blocks add a platform. What a scenario changed
is printed wherever the plan is: "not on file: scenario X".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from constraints.case import Case
from constraints.language.expr import closest
from constraints.loading.keys import penalty_of
from constraints.loading.load import in_force_through, load
from constraints.loading.overlays import UNKNOWN, Fact, fact_value
from constraints.loading.period_law import days_of
from constraints.loading.ranks import LAW_RANK, OWN_MARK
from constraints.reading.case_facts import key_text
from constraints.types import Rule
from landopt.intake.applicants import late_checks, with_applicants
from landopt.intake.names import unknown_parcel, unknown_platform
from parcels.common.catalogue import Told, told
from parcels.common.frozen import FactTable
from parcels.common.gate import read_bytes
from parcels.common.issues import Issue, Refused, error, stop_on_errors
from parcels.common.schema import Field, Value, fields

BINDING_RANK = LAW_RANK
"""Rules from this rank on (law) are never set aside; what ranks below is policy."""
NUMBERED = {"limit": ("amount", "share", "penalty", "used"), "preference": ("points", "points_per_ha")}
"""The numbers of a rule of a kind that may be set."""
SETTABLE = tuple(what for kind in NUMBERED.values() for what in kind)
MOST_NAMED = 12
"""Rules named where one that does not exist was asked for."""
_SET = re.compile(
    r"(?P<rule>[^\[\]:=\s]+)(?:\[(?P<key>[^\]]*)\])?:(?P<what>[a-z_]+)=(?P<value>-?[0-9][0-9_]*(?:\.[0-9]+)?)"
)


def apply_overlays(case: Case, overlays: Sequence[str | Path] = (), sets: Sequence[str] = ()) -> Case:
    """The case under scenarios: each overlay file in turn, then each ``RULE[key]:amount=N``.

    Raises
    ------
    Refused
        If a file, a rule, a fact or a setting is not understood; every problem at once.
    """
    for entry in overlays:
        path = Path(entry)
        try:
            raw = read_bytes(path, 4_000_000)
        except OSError:
            raw = None
        loaded = load(path, f"{OWN_MARK}{path.stem}", {rule.id: rule for rule in case.rules}, raw)
        case = replace(with_rules(case, loaded.rules), overlays=(*case.overlays, path.stem))
        if raw is not None:
            case = _with_source(case, path.name, raw)
        case = with_applicants(case, loaded.applicants, loaded.facts, path.name)
        case = with_facts(case, loaded.facts, path.name)
        stop_on_errors(late_checks(case, loaded.applicants, path.name))
    return apply_sets(case, sets)


def _with_source(case: Case, name: str, raw: bytes) -> Case:
    """The case with an overlay among its sources and inputs."""
    text = raw.decode("utf-8")
    entry = {"name": name, "sha256": hashlib.sha256(raw).hexdigest(), "rows": len(text.splitlines())}
    source = {"role": "overlay", "name": name, "text": text}
    return replace(case, inputs=(*case.inputs, entry), sources=(*case.sources, source))


def with_rules(case: Case, rules: Sequence[Rule]) -> Case:
    """The case with rules added, or replaced where the id is known; those not in force on the round's date fall out."""
    named = {rule.id: rule for rule in case.rules}
    for rule in rules:
        named.pop(rule.id, None)
    active = in_force_through(rules, case.round.as_of, days_of(case.round))
    named.update((rule.id, rule) for rule in active)
    return replace(case, rules=tuple(named[name] for name in sorted(named)))


def without_rules(case: Case, ids: Sequence[str]) -> Case:
    """The case without some rules (a thing for diagnosis and comparison, never for a plan).

    Raises
    ------
    Refused
        If an id is not a rule of the case.
    """
    known = {rule.id for rule in case.rules}
    stop = [_unknown_rule(name, known, name) for name in ids if name not in known]
    if stop:
        raise Refused(stop)
    gone = set(ids)
    return replace(case, rules=tuple(rule for rule in case.rules if rule.id not in gone))


def with_facts(case: Case, facts: Sequence[Fact], where: str = "[[fact]]") -> Case:
    """The case with some facts changed.

    Raises
    ------
    Refused
        If an id, a field or a value is not understood; every problem at once.
    """
    issues: list[Issue] = []
    told: list[dict[str, Any]] = []
    new: dict[str, dict[tuple[int, str], Value]] = {"parcel": {}, "demand": {}}
    tables = {"parcel": case.parcels, "demand": case.demands}
    for fact in facts:
        found = _fact(fact, tables[fact.of], where, issues)
        if found is not None:
            row, value = found
            was = tables[fact.of].column(fact.field)[row]
            new[fact.of][row, fact.field] = value
            told.append(
                {
                    "of": fact.of,
                    "id": fact.id,
                    "field": fact.field,
                    "was": _plain(was),
                    "is": _plain(value),
                    "scenario": fact.scenario,
                }
            )
    if issues:
        raise Refused(issues)
    names = dict.fromkeys(fact.scenario for fact in facts if fact.scenario)
    return replace(
        case,
        parcels=changed(case.parcels, new["parcel"]),
        demands=changed(case.demands, new["demand"]),
        overlays=(*case.overlays, *(name for name in names if name not in case.overlays)),
        scenario=(*case.scenario, *told),
    )


def _plain(value: Value) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _fact(fact: Fact, table: FactTable, where: str, issues: list[Issue]) -> tuple[int, Value] | None:
    rows = table.index()
    if fact.id not in rows:
        unknown = unknown_parcel if fact.of == "parcel" else unknown_platform
        issues.append(unknown(fact.id, rows, where))
        return None
    field = fields()[fact.field]
    if field.of not in (fact.of, "case") or field.derived or field.name == f"{fact.of}_id":
        issues.append(error("O003.not-field-scenario", at=where, field=field.name, of=fact.of))
        return None
    value = fact_value(field, fact.value)
    if value is None and fact.value != UNKNOWN:
        issues.append(error("O004.cannot", at=where, maybe=_range(field), field=field.name, value=fact.value))
        return None
    return rows[fact.id], value


def _range(field: Field) -> Told:
    if field.values:
        return told("near.one-of", names=field.values)
    kind = field.type if field.type in ("int", "bool", "date") else "text"
    return told("near.number-in" if field.unit and kind == "int" else f"near.{kind}", unit=field.unit)


def changed(table: FactTable, values: Mapping[tuple[int, str], Value]) -> FactTable:
    """The table with single facts replaced, by (row, field)."""
    if not values:
        return table
    columns = {name: list(column) for name, column in table.columns.items()}
    for (row, name), value in values.items():
        columns.setdefault(name, [None] * len(table))[row] = value
    return FactTable(table.ids, {name: tuple(column) for name, column in columns.items()})


def apply_sets(case: Case, sets: Sequence[str]) -> Case:
    """The case with numbers of rules changed: ``RULE:amount=N``, ``RULE[key]:amount=N``, ``RULE:share=0.45``.

    ``N`` is in the rule's own base unit (m², yuan, count). Law (rank 2 or higher) is not moved: an overlay states
    another law as a scenario.

    Raises
    ------
    Refused
        Every setting that is not understood, at once.
    """
    issues: list[Issue] = []
    rules = {rule.id: rule for rule in case.rules}
    for text in sets:
        match = _SET.fullmatch(text.strip())
        if match is None:
            issues.append(error("O005.not-rule-amount", at="--set", text=text))
            continue
        rule = rules.get(match["rule"])
        if rule is None:
            issues.append(_no_number(match["rule"], case, f"--set {text}"))
            continue
        try:
            _require_key(case, rule, match["what"], _key(match["key"]))
            rules[rule.id] = set_number(rule, match["what"], match["value"].replace("_", ""), _key(match["key"]))
        except NotSettable as refused:
            said = refused.said
            hint = _help(rule) if said.key != "O006.no-amount-for" else _keys(case, rule)
            issues.append(error(said.key, at=f"--set {text}", maybe=hint, id=rule.id, **said.named))
    if issues:
        raise Refused(issues)
    overlays = (*case.overlays, *(text.strip() for text in sets))
    return replace(case, rules=tuple(rules[name] for name in sorted(rules)), overlays=overlays)


def _key(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",")) if text.strip() else ()


def _require_key(case: Case, rule: Rule, what: str, key: tuple[str, ...] | None) -> None:
    """Refuse a key that the rule does not name and nothing of the round can have: nothing would count against it."""
    per = rule.spec.get("per") or ()
    named = {tuple(entry["key"]) for entry in rule.spec.get("values") or ()}
    if not key or key in named or rule.spec.get("across") or len(per) != len(key):
        return
    for name, value in zip(per, key, strict=True):
        known = _values_of(case, name)
        if known and value not in known:
            raise NotSettable(told("O006.no-amount-for", number=what, key=list(key)))


def _values_of(case: Case, name: str) -> set[str]:
    """The values that a field can have in a round; empty where the offers alone tell them.

    What an offer says of a platform need not stand in its row (the operator may be a partner's): of a closed list of
    values any may be meant.
    """
    if name == "period":
        return {period.id for period in case.round.periods}
    if name in fields() and fields()[name].values:
        return set(fields()[name].values)
    values = case.parcels.columns.get(name, ())
    return set() if any(isinstance(value, tuple) for value in values) else {key_text(value) for value in values}


def _keys(case: Case, rule: Rule) -> Told:
    """The keys that a rule names, or those that its one field has in the round."""
    named = {",".join(entry["key"]) for entry in rule.spec.get("values") or () if entry["key"]}
    per: Sequence[str] = rule.spec.get("per") or ()
    known = named or (_values_of(case, per[0]) if len(per) == 1 else set())
    return told("near.one-of", names=[f"{rule.id}[{key}]" for key in sorted(known)] or [f"{rule.id}:amount"])


def _help(rule: Rule) -> Told:
    if rule.cite.rank >= BINDING_RANK:
        return told("near.overlay")
    return told("near.one-of", names=SETTABLE)


class NotSettable(ValueError):
    """Why a number of a rule cannot be set: a sentence without its hole ``id``."""

    def __init__(self, said: Told) -> None:
        super().__init__(said.key)
        self.said = said


def set_number(rule: Rule, what: str, value: str, key: tuple[str, ...] | None = None) -> Rule:
    """The rule with one of its numbers changed.

    Raises
    ------
    NotSettable
        If the rule is law, has no such number, or the value does not fit; it says which.
    """
    if rule.cite.rank >= BINDING_RANK:
        raise NotSettable(told("O006.law", rank=rule.cite.rank))
    spec = dict(rule.spec)
    if what not in NUMBERED.get(rule.kind, ()):
        raise NotSettable(told("O006.no-such-number", kind=rule.kind, number=what))
    if what == "share":
        fraction = Fraction(value)
        if not spec.get("share") or not 0 <= fraction <= 1:
            raise NotSettable(told("O006.not-a-share" if spec.get("share") else "O006.no-share", value=value))
        spec["share"] = [fraction.numerator, fraction.denominator]
        return replace(rule, spec=spec)
    if what == "penalty":
        spec["penalty"] = penalty_of(value)
        if spec["penalty"] is None:
            raise NotSettable(told("O006.no-penalty", value=value))
        return replace(rule, spec=spec)
    if Fraction(value).denominator != 1:
        raise NotSettable(told("O006.not-whole", value=value))
    number = int(value)
    if what in ("points", "points_per_ha"):
        spec[what] = number
        return replace(rule, spec=spec)
    return replace(rule, spec={**spec, **_amounts(spec, what, number, key)})


def _amounts(spec: Mapping[str, Any], what: str, number: int, key: tuple[str, ...] | None) -> dict[str, Any]:
    name = "values" if what == "amount" else "used"
    entries = [dict(entry) for entry in spec.get(name) or ()]
    hit = [entry for entry in entries if key is None or tuple(entry["key"]) == key]
    common = next((entry for entry in entries if not entry["key"]), None)
    if not hit and what == "amount" and common is not None and key is not None and len(key) == len(spec["per"]):
        hit = [{**common, "key": list(key)}]  # one amount for all keys: this one gets its own
        entries += hit
    if not hit and (what == "amount" or key is None):
        raise NotSettable(told("O006.no-amount" if key is None else "O006.no-amount-for", number=what, key=key))
    for entry in hit:
        entry["amount"] = number
    if not hit and key is not None:
        entries.append({"key": list(key), "amount": number})
    return {name: entries}


def _no_number(name: str, case: Case, where: str) -> Issue:
    """A rule that does not exist, with the nearest whose number may be set, else all of these."""
    able = sorted(rule.id for rule in case.rules if rule.kind in NUMBERED and rule.cite.rank < BINDING_RANK)
    listed = told("near.one-of", names=able[:MOST_NAMED]) if able else told("near.rules-list")
    return error("O007.not-rule-force", at=where, maybe=closest(name, able, 0.5) or listed, name=name)


def _unknown_rule(name: str, known: Any, where: str) -> Issue:
    return error("O007.not-rule-force", at=where, maybe=closest(name, known, 0.5) or told("near.rules-list"), name=name)
