"""The nearest fact that would change a verdict: what the rules read, one at a time, at the law's own values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from constraints.language.expr import constants, parse
from constraints.reading.book import Clause
from constraints.reading.judge import SiteJudgement, judge_site
from constraints.types import STRICTNESS
from landopt.reasons.explain.context import fact_used
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.records import FactUsed, Shown
from parcels.common.schema import Field, Value, fields

MOST = 2_000
"""Single changes tried; beyond, the search says it stopped."""
FIXED = frozenset({"method", "right", "competitive", "period", "term_years", "site_parcels", "parcel_id", "demand_id"})
"""Fields that are the choice itself, not facts of the case."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The change of one fact that changes the verdict: what it is, what it would have to be, what the verdict becomes.

    ``fact`` is ``None`` where no single fact can change it; ``complete`` is False where the search stopped early.
    """

    fact: FactUsed | None
    needed: Shown
    verdict: str
    complete: bool
    others: tuple[str, ...] = ()


def nearest_fact(law: Law, site: Sequence[int], demand: int | None, method: str, period: str | None = None) -> Nearest:
    """The single fact whose change would lift a prohibition, the smallest relative change first.

    Facts that only planning or the platform itself can change come after facts that can be established; among several
    that would do, the others are named.
    """
    parcels, wanted, own = law.case_facts(site, demand, period)
    found: list[tuple[tuple[int, Fraction, str], FactUsed, Shown, str]] = []
    tried = 0
    for name, values in candidates(law, method):
        field = fields()[name]
        owner, was = _where(field, parcels, wanted, own)
        for value in _ordered(was, values):
            tried += 1
            if tried > MOST:
                break
            verdict = judged_with(law, parcels, wanted, own, demand, method, field, value).verdict
            if STRICTNESS[verdict] < STRICTNESS["forbid"]:
                rank = (0 if was is None else 1, _distance(was, value), name)
                found.append((rank, fact_used(name, owner, was), fact_used(name, owner, value).value, verdict))
                break
    if not found:
        return Nearest(None, None, "forbid", tried <= MOST)
    found.sort(key=lambda entry: entry[0])
    _, fact, needed, verdict = found[0]
    others = tuple(dict.fromkeys(entry[1].field for entry in found[1:] if entry[1].field != fact.field))
    return Nearest(fact, needed, verdict, tried <= MOST, others)


def candidates(law: Law, method: str) -> Iterable[tuple[str, tuple[Value, ...]]]:
    """The facts the rules of a method read, with the values at which an answer can change."""
    shelf = law.book.shelves[method]
    points: dict[str, set[Value]] = {}
    clauses: list[Clause] = [*shelf.permits, *shelf.strict, *shelf.terms, *shelf.adopted]
    for clause in clauses:
        for node in clause.nodes():
            for name, values in constants(node).items():
                points.setdefault(name, set()).update(values)
        for name in clause.reads():
            points.setdefault(name, set())
    for rule in law.case.rules:
        if rule.kind == "price_floor" and method in rule.spec["methods"]:
            for name in ("reserve_price",):
                points.setdefault(name, set()).update(constants(parse(rule.when)).get(name, ()))
    for name in fields():
        if name in points and name not in FIXED:
            yield name, _values(fields()[name], points[name])


def _values(field: Field, seen: set[Value]) -> tuple[Value, ...]:
    if field.type == "bool":
        return (True, False)
    if field.type == "int":
        numbers = [value for value in seen if isinstance(value, int)]
        near = {number + step for number in numbers for step in (-1, 0, 1)} | {0, 1}
        low, high = field.min, field.max
        return tuple(
            sorted(
                value
                for value in near
                if (low is None or value >= low * field.scale) and (high is None or value <= high * field.scale)
            )
        )
    if field.type == "code":
        return tuple(field.values) or tuple(sorted(str(value) for value in seen))
    if field.type == "codes":
        return (*((code,) for code in field.values),)
    if field.type == "date":
        return tuple(sorted(str(value) for value in seen))
    return ()


def _where(
    field: Field, parcels: Sequence[Mapping[str, Value]], wanted: Mapping[str, Value], own: Mapping[str, Value]
) -> tuple[str, Value]:
    if field.name in own:
        return "site", own[field.name]
    if field.of == "demand":
        return str(wanted.get("demand_id") or "site"), wanted.get(field.name)
    return str(parcels[0].get("parcel_id") or "site"), parcels[0].get(field.name)


def _ordered(was: Value, values: Sequence[Value]) -> list[Value]:
    return sorted((value for value in values if value != was), key=lambda value: (_distance(was, value), str(value)))


def _distance(was: Value, value: Value) -> Fraction:
    """How far a value is: relative for numbers, 1 for anything else."""
    if isinstance(was, int) and isinstance(value, int) and not isinstance(was, bool):
        return Fraction(abs(value - was), max(1, abs(was)))
    return Fraction(1)


def judged_with(
    law: Law,
    parcels: Sequence[Mapping[str, Value]],
    wanted: Mapping[str, Value],
    own: Mapping[str, Value],
    demand: int | None,
    method: str,
    field: Field,
    value: Value,
) -> SiteJudgement:
    """The answer if one fact were another; a parcel's fact on every parcel of the site."""
    name = field.name
    if name in own:
        own = {**own, name: value}
    elif field.of == "demand":
        wanted = {**wanted, name: value}
        parcels = [{**facts, name: value} if name in facts else facts for facts in parcels]
    else:
        parcels = [{**facts, name: value} for facts in parcels]
    return judge_site(
        law.book, parcels, wanted, own, law.case.method(method), records=law.case.records, market=demand is None
    )
