"""What a front lies between: parts of the objective and other sums over a plan, each an integer that more of is better.

``served`` and a preference are points at their weight in the round (millipoints), ``revenue`` expected yuan, ``area``
m² supplied, ``kept`` parcels whose choice stays as in a plan. ``fairness`` is the least of several sums: platforms of
the least served kind, or m² supplied in the least supplied district.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from constraints.case import Case, Objective
from constraints.types import Row
from landopt.reasons.explain.changed.variants import with_row
from landopt.reasons.many.scenario import Assignment, located
from landopt.screening.changed_amounts import alike
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Ints
from parcels.common.issues import Refused, error

FAIR = {"platform_kind": "count", "district": "m2"}
"""The fields that fairness is asked between, and what is summed for each."""
KINDS = ("platform_kind", "use", "land_source")
"""The fields whose codes ``area:CODE`` may name: of platforms, then of parcels."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One of what a front lies between: ``sums`` (keys, offers) integers; its value is their sum, or least of several.

    ``unit`` is ``points``, ``yuan``, ``m2``, ``parcels`` or ``count``.
    """

    name: str
    unit: str
    sums: Ints

    @property
    def plain(self) -> bool:
        """Whether it is one sum, which an objective can be."""
        return len(self.sums) == 1

    def value(self, chosen: Sequence[int]) -> int:
        """What a plan is worth on it."""
        return int(self.sums[:, np.asarray(chosen, np.int64)].sum(axis=1).min()) if len(self.sums) else 0

    def ceiling(self, offers: Offers) -> int:
        """What no plan exceeds: of each sum the best offer of every part, as if none stood in another's way."""
        best = np.zeros((len(self.sums), len(offers.part_start) - 1), np.int64)
        part = np.repeat(np.arange(best.shape[1]), np.diff(offers.part_start))
        for key, sums in enumerate(self.sums):
            np.maximum.at(best[key], part, sums)
        return int(best.sum(axis=1).min()) if len(best) else 0

    def least(self, offers: Offers) -> int:
        """What no plan falls below: of each sum the worst offer of every part, or none."""
        worst = np.zeros((len(self.sums), len(offers.part_start) - 1), np.int64)
        part = np.repeat(np.arange(worst.shape[1]), np.diff(offers.part_start))
        for key, sums in enumerate(self.sums):
            np.minimum.at(worst[key], part, sums)
        return int(worst.sum(axis=1).min()) if len(worst) else 0

    def at_least(self, offers: Offers, floor: int) -> Offers:
        """The offers under rows that ask for so much of it."""
        for key, sums in enumerate(self.sums):
            members = np.flatnonzero(sums)
            row = Row(f"front.{self.name}.{key}", "front", (self.name, str(key)), "limit", ">=", floor)
            offers = with_row(offers, row, members.tolist(), sums[members].tolist())
        return offers


def axes(case: Case, offers: Offers, names: Sequence[str], kept: Sequence[Assignment]) -> list[Axis]:
    """The axes by their names.

    Raises
    ------
    Refused
        W010: a name is none, with those that are; W011: not two or three, or none that an objective can be.
    """
    if not 2 <= len(set(names)) == len(names) <= 3:
        raise Refused(error("W011.two-or-three", at="--between", count=len(set(names))))
    if all(name.startswith("fairness") for name in names):
        raise Refused(error("W011.fairness-alone", at="--between"))
    found: list[Axis] = []
    for name in names:
        axis = _axis(case, offers, name, kept)
        if axis is None:
            raise Refused(error("W010.no-part", at="--between", name=name, parts=tuple(known(case))))
        found.append(axis)
    return found


def known(case: Case) -> list[str]:
    """The names of all axes of a round."""
    rules = [rule.id for rule in case.rules if rule.kind == "preference"]
    areas = [f"area:{code}" for field in KINDS for code in _codes(case, field)]
    return ["served", "revenue", *rules, "area", *areas, *(f"fairness:{field}" for field in FAIR), "kept"]


def _axis(case: Case, offers: Offers, name: str, kept: Sequence[Assignment]) -> Axis | None:
    part, _, code = name.partition(":")
    area = _areas(case, offers)
    if name == "served":
        return Axis(name, "points", _points(case, offers, "served", ""))
    if name == "revenue":
        return Axis(name, "yuan", np.asarray(offers.price, np.int64)[None])
    if any(rule.id == name and rule.kind == "preference" for rule in case.rules):
        return Axis(name, "points", _points(case, offers, "preference", name))
    if name == "kept":
        taken, _ = located(case, offers, kept)
        sums = np.zeros((1, len(offers)), np.int64)
        sums[0, taken] = np.diff(offers.site_start)[offers.site[taken]]
        return Axis(name, "parcels", sums)
    if part == "area":
        field = next((field for field in KINDS if code in _codes(case, field)), None)
        if code and field is None:
            return None
        return Axis(name, "m2", (area if field is None else _of(case, offers, field, code, area))[None])
    if part == "fairness" and code in FAIR:
        worth = area if FAIR[code] == "m2" else (offers.demand >= 0).astype(np.int64)
        keys = [_of(case, offers, code, key, worth) for key in _codes(case, code)]
        return Axis(name, FAIR[code], np.array([line for line in keys if line.any()]).reshape(-1, len(offers)))
    return None


def _codes(case: Case, field: str) -> list[str]:
    table = case.demands if field in case.demands.columns and field == "platform_kind" else case.parcels
    return sorted({str(value) for value in table.column(field) if value is not None})


def _areas(case: Case, offers: Offers) -> Ints:
    """m² of each offer."""
    area = np.array([int(str(value or 0)) for value in case.parcels.column("area_m2")], np.int64)
    start, parcels = offers.parcel_rows()
    total = np.concatenate(([0], np.cumsum(area[parcels])))
    return np.asarray(total[start[1:]] - total[start[:-1]])


def _of(case: Case, offers: Offers, field: str, code: str, worth: Ints) -> Ints:
    """What each offer is worth where its platform, or of its land the part, has a code (``worth``: all of it)."""
    if field == "platform_kind":
        match = np.array([*(value == code for value in case.demands.column(field)), False], bool)
        return np.where(match[offers.demand], worth, 0)
    match = np.array([value == code for value in case.parcels.column(field)], bool)
    area = np.array([int(str(value or 0)) for value in case.parcels.column("area_m2")], np.int64)
    start, parcels = offers.parcel_rows()
    total = np.concatenate(([0], np.cumsum(np.where(match, area, 0)[parcels])))
    return np.asarray(total[start[1:]] - total[start[:-1]])


def _points(case: Case, offers: Offers, part: str, rule: str) -> Ints:
    """The points of one part of the objective, by screening a round in which nothing else has any."""
    weight = case.objective.weights.get(part, "0")
    weights: dict[str, Any] = {part: weight if weight not in ("", "0") else "1", "warn": "0", "condition": "0"}
    rules = tuple(each for each in case.rules if each.kind != "preference" or each.id == rule)
    alone = build_offers(replace(case, rules=rules, objective=Objective(weights, ((part,),))))
    if not alike(offers, alone):
        raise AssertionError("what an offer is worth decided whether it is lawful")
    return np.asarray(alone.score[:1], np.int64)
