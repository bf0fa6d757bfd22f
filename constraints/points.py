"""The points of one offer per tier (docs/model.md §6): millipoints, integers, each part floors on its own.

Standard library only: the scalar reading beside the arrays of the optimiser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import floor

from constraints.case import Case, Objective
from constraints.expr import Node, parse
from constraints.facts import Facts, integer
from constraints.scalar import compiled

DEDUCTIONS = {"warn": "500", "condition": "50"}


class Points:
    """The points of a case: weights read once, preferences parsed once."""

    def __init__(self, case: Case) -> None:
        self.objective = case.objective
        self.served = _weight(case.objective, "served")
        self.preference = _weight(case.objective, "preference")
        self.revenue = _weight(case.objective, "revenue")
        self.deduction = {
            verdict: floor(-1000 * Fraction(case.objective.weights.get(verdict, points)))
            for verdict, points in DEDUCTIONS.items()
        }
        self.preferences = [
            (
                compiled(_condition(rule.when, rule.id)),
                frozenset(rule.spec.get("methods") or ()),
                Fraction(str(rule.spec.get("points") or 0)),
                Fraction(str(rule.spec.get("points_per_ha") or 0)),
            )
            for rule in case.rules
            if rule.kind == "preference"
        ]

    def matches(self, facts: Facts) -> tuple[bool, ...]:
        """For each preference whether it matches these facts; unknown does not match."""
        method = facts.get("method")
        return tuple(
            (not methods or method in methods) and test(facts) is True for test, methods, _, _ in self.preferences
        )

    def preferred(self, matches: Sequence[tuple[bool, ...]], areas: Sequence[int]) -> int:
        """The preference part: per rule, points where every parcel matches, points per hectare on those that do."""
        total = 0
        for number, (_, _, points, per_hectare) in enumerate(self.preferences):
            hit = [area for match, area in zip(matches, areas, strict=True) if match[number]]
            if hit:
                whole = 1000 * points if len(hit) == len(areas) else 0
                total += floor(self.preference * (whole + per_hectare * sum(hit) / 10))
        return total

    def tiers(self, priority: int | None, preferred: int, price: int, verdict: str) -> tuple[int, ...]:
        """The score per tier; ``priority`` is None for the open market."""
        parts: Mapping[str, int] = {
            "served": 0 if priority is None else floor(1000 * self.served * priority),
            "preference": preferred,
            "revenue": floor(self.revenue * price / 1000),
        }
        found = [sum(parts[name] for name in tier if name in parts) for tier in self.objective.tiers]
        found[-1] += self.deduction.get(verdict, 0)
        return tuple(found)

    def score(
        self, facts: Sequence[Facts], areas: Sequence[int], price: int, verdict: str, market: bool
    ) -> tuple[int, ...]:
        """The score of one offer per tier from the facts of each of its parcels."""
        priority = None if market else integer(facts[0].get("priority"))
        return self.tiers(priority, self.preferred([self.matches(each) for each in facts], areas), price, verdict)


def _weight(objective: Objective, part: str) -> Fraction:
    return Fraction(objective.weights.get(part, "0"))


def _condition(text: str, identifier: str) -> Node:
    return parse(text, f"rule {identifier}")
