"""The points of one offer per tier (docs/model.md §6): millipoints, integers, each part floors on its own.

Standard library only: the scalar reading beside the arrays of the optimiser.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor

from constraints.case import KEPT, Case, Objective
from constraints.language.evaluate import compiled
from constraints.language.expr import Node, parse
from constraints.reading.case_facts import Facts

PARTS = ("served", "preference", "revenue")
DEDUCTIONS = {"warn": "500", "condition": "50"}


class Points:
    """The points of a case: weights read once, preferences parsed once, each part an exact quotient of integers."""

    def __init__(self, case: Case) -> None:
        objective = case.objective
        served, self._revenue = _weight(objective, "served"), _weight(objective, "revenue")
        self._served = 1000 * served
        self._less = 1 / (1 + Fraction(objective.later))
        self._powers: dict[int, tuple[int, int]] = {}
        self._deduct = {
            verdict: floor(-1000 * Fraction(objective.weights.get(verdict, points)))
            for verdict, points in DEDUCTIONS.items()
        }
        self._tiers = [tuple(part in tier for part in (*PARTS, KEPT)) for tier in objective.tiers]
        self._last = objective.last
        self._kept = frozenset(
            number
            for number, rule in enumerate(rule for rule in case.rules if rule.kind == "preference")
            if rule.spec.get("part") == KEPT
        )
        self.preferences = [
            (compiled(_condition(rule.when, rule.id)), frozenset(rule.spec.get("methods") or ()))
            for rule in case.rules
            if rule.kind == "preference"
        ]
        weight = _weight(objective, "preference")
        self._quotients = [
            _quotient(
                weight, Fraction(str(rule.spec.get("points") or 0)), Fraction(str(rule.spec.get("points_per_ha") or 0))
            )
            for rule in case.rules
            if rule.kind == "preference"
        ]

    def kept(self, matches: Sequence[tuple[int, ...]]) -> int:
        """The kept part: a point where every parcel matches a plan that is carried on."""
        return 1000 if self._kept and self._kept.intersection(*map(set, matches)) else 0

    def matches(self, facts: Facts) -> tuple[int, ...]:
        """The numbers of the preferences that match these facts; unknown does not match."""
        method = facts.get("method")
        return tuple(
            number
            for number, (test, methods) in enumerate(self.preferences)
            if (not methods or method in methods) and test(facts) is True
        )

    def _floored(self, top: int, bottom: int, period: int) -> int:
        """floor(top / bottom); what is above 0 and comes in a later period is lessened first, and floored once."""
        if period <= 0 or top <= 0:
            return top // bottom
        if period not in self._powers:
            power = self._less**period
            self._powers[period] = power.numerator, power.denominator
        times, parts = self._powers[period]
        return top * times // (bottom * parts)

    def preferred(self, matches: Sequence[tuple[int, ...]], areas: Sequence[int], period: int = 0) -> int:
        """The preference part: per rule, points where every parcel matches, points per hectare on those that do."""
        total, first = 0, matches[0]
        if list(matches).count(first) == len(matches):  # every parcel matches the same
            size = sum(areas)
            for number in first:
                if number in self._kept:
                    continue
                whole, each, divisor = self._quotients[number]
                total += self._floored(whole + each * size, divisor, period)
            return total
        hit: dict[int, int] = {}
        everywhere = set(first).intersection(*matches)
        for numbers, area in zip(matches, areas, strict=True):
            for number in (each for each in numbers if each not in self._kept):
                hit[number] = hit.get(number, 0) + area
        for number, size in hit.items():
            whole, each, divisor = self._quotients[number]
            total += self._floored((whole if number in everywhere else 0) + each * size, divisor, period)
        return total

    def served(self, priority: int | None, period: int = 0) -> int:
        """The served part; ``priority`` is None for the open market, ``period`` the place of the period (from 0)."""
        if priority is None:
            return 0
        return self._floored(self._served.numerator * priority, self._served.denominator, period)

    # One parameter a part.
    def tiers(self, served: int, preferred: int, price: int, verdict: str, period: int = 0, kept: int = 0) -> list[int]:
        """The score per tier from the parts."""
        revenue = self.revenue(price, period)
        found = [
            (served if first else 0)
            + (preferred if second else 0)
            + (revenue if third else 0)
            + (kept if fourth else 0)
            for first, second, third, fourth in self._tiers
        ]
        found[self._last] += self.deducted(verdict)
        return found

    def revenue(self, price: int, period: int = 0) -> int:
        """The revenue part of an expected price in yuan."""
        return self._floored(self._revenue.numerator * price, self._revenue.denominator * 1000, period)

    def deducted(self, verdict: str) -> int:
        """What a verdict takes off (0 or less)."""
        return self._deduct.get(verdict, 0)


def _quotient(weight: Fraction, points: Fraction, per_hectare: Fraction) -> tuple[int, int, int]:
    """(whole, each, divisor): weight x (1000 x points + per_hectare x area / 10) = (whole + each x area) / divisor."""
    divisor = weight.denominator * points.denominator * per_hectare.denominator * 10
    whole = weight.numerator * 1000 * points.numerator * 10 * per_hectare.denominator
    return whole, weight.numerator * per_hectare.numerator * points.denominator, divisor


def _weight(objective: Objective, part: str) -> Fraction:
    return Fraction(objective.weights.get(part, "0"))


def _condition(text: str, identifier: str) -> Node:
    return parse(text, f"rule {identifier}")
