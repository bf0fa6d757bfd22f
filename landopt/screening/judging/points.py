"""The points of offers per tier (docs/model.md §6): exact int64 millipoints, each part floored on its own."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import KEPT
from constraints.language import expr
from constraints.language.nodes import Node
from landopt.screening.judging.condition_bits import Meets
from landopt.screening.judging.eligible import number
from landopt.screening.judging.offer_verdicts import Judged
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.verdicts import CONDITION, WARN

Ints = NDArray[np.integer[Any]]
DEDUCTIONS = {"warn": 500, "condition": 50}
_ROOM = 1 << 62


class Points:
    """The points of a case; ``nodes`` are the conditions of its preferences, to be marked first in :class:`Marks`."""

    def __init__(self, sides: Sides) -> None:
        case = sides.case
        self.sides, self.objective = sides, case.objective
        self.preferences = [rule for rule in case.rules if rule.kind == "preference"]
        self.nodes: list[Node] = [expr.parse(rule.when, rule.place) for rule in self.preferences]
        weight = {part: Fraction(self.objective.weights.get(part, "0")) for part in ("served", "preference", "revenue")}
        self.weight = weight
        self.less = 1 / (1 + Fraction(self.objective.later))
        self.served = np.array([*(1000 * number(facts.get("priority")) for facts in sides.demands), 0], np.int64)
        self.deduction = np.zeros(4, np.int64)
        for code, word in ((WARN, "warn"), (CONDITION, "condition")):
            self.deduction[code] = _floor(-1000 * Fraction(self.objective.weights.get(word, str(DEDUCTIONS[word]))))
        self.methods = [tuple(rule.spec.get("methods") or ()) or None for rule in self.preferences]

    def score(self, offers: Judged, meets: Meets) -> Ints:
        """(tiers, offers) millipoints of offers of one period."""
        less = self.less ** max(0, int(offers.period[0])) if offers.period.size else Fraction(1)
        parts = {
            "served": scaled(self.served[offers.demand], self.weight["served"] * less),
            "preference": self._preferred(offers, meets, less),
            "revenue": scaled(offers.price, self.weight["revenue"] / 1000 * less),
            KEPT: self._kept(offers, meets),
        }
        found = np.zeros((len(self.objective.tiers), offers.site.size), np.int64)
        for tier, names in enumerate(self.objective.tiers):
            for name in names:
                if name in parts:
                    found[tier] += parts[name]
        found[self.objective.last] += self.deduction[offers.verdict]
        return found

    def _kept(self, offers: Judged, meets: Meets) -> Ints:
        """A point for what a plan carried on had."""
        found = np.zeros(offers.site.size, np.int64)
        for place, rule in enumerate(self.preferences):
            if rule.spec.get("part") == KEPT and meets.any(place):
                found = np.maximum(found, 1000 * meets.all_of(place))
        return found

    def _preferred(self, offers: Judged, meets: Meets, less: Fraction) -> Ints:
        total = np.zeros(offers.site.size, np.int64)
        weight = self.weight["preference"]
        for place, rule in enumerate(self.preferences):
            if rule.spec.get("part") == KEPT or not meets.any(place):
                continue
            points, per_hectare = (Fraction(str(rule.spec.get(name) or 0)) for name in ("points", "points_per_ha"))
            every = meets.all_of(place)
            if per_hectare == 0:
                total += _floor(weight * 1000 * points * (less if points > 0 else 1)) * every
                continue
            whole = 10_000 * points
            common = whole.denominator * per_hectare.denominator
            matching = np.where(meets.each(place), self.sides.area[offers.parcels], 0).sum(axis=1)
            value = int(whole * common) * every + int(per_hectare * common) * matching
            own = scaled(value, weight / (10 * common))
            total += own if less == 1 else np.where(value > 0, scaled(value, weight / (10 * common) * less), own)
        return total


def _floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def scaled(values: Ints, factor: Fraction) -> Ints:
    """floor(values x factor), exactly: in int64 where no product comes near its end, else in Python's numbers."""
    if values.size == 0 or factor == 0:
        return np.zeros(values.size, np.int64)
    largest = max(abs(int(values.min())), abs(int(values.max())), 1)
    if largest * abs(factor.numerator) < _ROOM and factor.denominator < _ROOM:
        return np.asarray(values.astype(np.int64) * factor.numerator // factor.denominator)
    return np.array([int(v) * factor.numerator // factor.denominator for v in values.tolist()], np.int64)
