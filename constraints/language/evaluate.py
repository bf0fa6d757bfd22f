"""The scalar reading of the rule language: one case at a time, three-valued (Kleene), exact. Standard library only."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import Any

from constraints.language.nodes import (
    And,
    Apply,
    Compare,
    CompareFields,
    Const,
    Contains,
    ContainsField,
    Flag,
    In,
    Node,
    Not,
    Number,
    Or,
    PriceField,
    PriceNode,
    YearFactor,
)
from parcels.common.schema import Value

Facts = Mapping[str, Value]
Test = Callable[[Facts], bool | None]
"""A compiled condition: true, false, or ``None`` where the answer hangs on an unknown fact."""

_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@lru_cache(maxsize=8192)
def compiled(node: Node) -> Test:
    """The condition as a function of the facts (a missing key is an unknown fact)."""
    match node:
        case Const(known):
            return lambda facts: known
        case Flag(field):
            return _flag(field)
        case Compare(name, op, value):
            return _compare(name, _ORDER[op], value)
        case CompareFields(left, op, right, left_factor, right_factor):
            return _compare_fields(left, _ORDER[op], right, left_factor, right_factor)
        case In(name, values):
            return _member(name, frozenset(values))
        case Contains(name, codes):
            return _contains(name, frozenset(codes))
        case ContainsField(name, item):
            return _contains_field(name, item)
        case Not(inner):
            return _negate(compiled(inner))
        case And(items):
            return _all(tuple(map(compiled, items)))
        case Or(items):
            return _any(tuple(map(compiled, items)))


def _flag(name: str) -> Test:
    def test(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None else bool(fact)

    return test


def _compare(name: str, holds: Callable[[Any, Any], bool], value: object) -> Test:
    def test(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None else holds(fact, value)

    return test


def _compare_fields(left: str, holds: Callable[[Any, Any], bool], right: str, by_left: int, by_right: int) -> Test:
    def test(facts: Facts) -> bool | None:
        a, b = facts.get(left), facts.get(right)
        if a is None or b is None:
            return None
        if isinstance(a, str) or isinstance(b, str) or isinstance(a, tuple) or isinstance(b, tuple):
            return holds(a, b)
        return holds(a * by_left, b * by_right)

    return test


def _member(name: str, values: frozenset[object]) -> Test:
    def test(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None else fact in values

    return test


def _contains(name: str, codes: frozenset[str]) -> Test:
    def test(facts: Facts) -> bool | None:
        fact = facts.get(name)
        return None if fact is None else not codes.isdisjoint(fact)  # type: ignore[arg-type]

    return test


def _contains_field(name: str, item: str) -> Test:
    def test(facts: Facts) -> bool | None:
        fact, wanted = facts.get(name), facts.get(item)
        return None if fact is None or wanted is None else wanted in fact  # type: ignore[operator]

    return test


def _negate(inner: Test) -> Test:
    def test(facts: Facts) -> bool | None:
        found = inner(facts)
        return None if found is None else not found

    return test


def _all(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        known = True
        for each in tests:
            found = each(facts)
            if found is None:
                known = False
            elif not found:
                return False
        return True if known else None

    return test


def _any(tests: tuple[Test, ...]) -> Test:
    def test(facts: Facts) -> bool | None:
        known = True
        for each in tests:
            found = each(facts)
            if found is None:
                known = False
            elif found:
                return True
        return False if known else None

    return test


def truth(node: Node, facts: Facts) -> bool | None:
    """Whether a condition holds: true, false, or ``None`` where it hangs on an unknown fact."""
    return compiled(node)(facts)


def unknowns(node: Node, facts: Facts) -> tuple[str, ...]:
    """The unknown facts the answer hangs on, in the order they are read; empty where the answer is known."""
    found: list[str] = []
    _collect(node, facts, found)
    return tuple(dict.fromkeys(found))


def _collect(node: Node, facts: Facts, found: list[str]) -> None:
    if compiled(node)(facts) is not None:
        return
    match node:
        case Flag(name) | Compare(name) | In(name) | Contains(name):
            found.append(name)
        case CompareFields(left, _, right):
            found.extend(name for name in (left, right) if facts.get(name) is None)
        case ContainsField(name, item):
            found.extend(field for field in (name, item) if facts.get(field) is None)
        case Not(inner):
            _collect(inner, facts, found)
        case And(items) | Or(items):
            for part in items:
                _collect(part, facts, found)


def amount(node: PriceNode, facts: Facts, year_factor: Fraction | None = None) -> Fraction | None:
    """A price in yuan per m², exactly; ``None`` where a fact it needs is unknown."""
    match node:
        case Number(value):
            return value
        case PriceField(name, scale):
            fact = facts.get(name)
            return None if fact is None or isinstance(fact, str | tuple) else Fraction(fact, scale)
        case YearFactor():
            return year_factor
        case Apply(op, items):
            amounts = [amount(item, facts, year_factor) for item in items]
            known = [value for value in amounts if value is not None]
            if len(known) < len(amounts):
                return None
            if op == "max":
                return max(known)
            if op == "min":
                return min(known)
            left, right = known
            return left + right if op == "+" else left - right if op == "-" else left * right


def missing(node: PriceNode, facts: Facts, year_factor: Fraction | None = None) -> tuple[str, ...]:
    """The unknown facts a price needs."""
    match node:
        case Number():
            return ()
        case PriceField(name):
            return () if facts.get(name) is not None else (name,)
        case YearFactor():
            return () if year_factor is not None else ("term_years",)
        case Apply(_, items):
            return tuple(dict.fromkeys(name for item in items for name in missing(item, facts, year_factor)))
