"""The front of best compromises between two or three parts of a plan: each point a lawful plan with its proven gap.

By epsilon-constraint: the first part is made as large as it can be while every other one reaches a floor; then, with
that held, the others in turn. The floors run from what the best plan by the first part gives to the most there is, so
that points of the front that no weights would find are found too. Soft limits are held where the plan as it stands
leaves them: what a point gains is never bought by missing them further.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from constraints.canonical import digest
from constraints.case import Case, case_digest, from_json, to_json
from landopt.reasons.alternatives import value
from landopt.reasons.many.axes import Axis, axes
from landopt.reasons.many.scenario import Assignment, Effort, located, named
from landopt.reasons.many.sweep import open_desk
from landopt.runs.execute import Ran, execute
from landopt.runs.work import Run, Task, Where, Work
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import program, standing
from landopt.solving.solver import solve
from parcels.common.catalogue import Say, told

STEPS = 6
"""Halvings towards the largest floor of a part that no objective can be (fairness)."""


@dataclass(frozen=True, slots=True)
class Front:
    """Points as plain JSON, the first part falling; the plan as it stands; whether Ctrl-C ended the rest.

    A point is ``{"values", "floors", "objective", "bound", "gap", "plan_id", "plan", "stopped", "nondominated"}``:
    ``bound`` by part is what no plan exceeds that reaches the floors and, of the parts taken before it, what the point
    reaches; ``gap`` the largest gap of a part; ``nondominated`` says that the point is proved to be on the front (gap 0
    in every part).
    """

    between: tuple[Mapping[str, str], ...]
    points: tuple[Mapping[str, Any], ...]
    present: Mapping[str, Any]
    interrupted: bool

    def as_dict(self) -> dict[str, Any]:
        """The front as plain JSON."""
        return {
            "between": [dict(part) for part in self.between],
            "points": [dict(point) for point in self.points],
            "present": dict(self.present),
            "interrupted": self.interrupted,
        }


class Fronted:
    """A round as a worker holds it for points of a front."""

    def __init__(self, case: Case, names: Sequence[str], present: Sequence[Assignment], effort: Effort) -> None:
        self.case, self.present, self.effort = case, present, effort
        self.offers = build_offers(case)
        self.start, _ = located(case, self.offers, present)
        self.axes = axes(case, self.offers, names, present)
        self.held = _held(case, self.offers, self.start.tolist())

    def point(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The best plan by the parts of ``order``, one after the other, that reaches ``floors``."""
        by_name = {axis.name: axis for axis in self.axes}
        order = [by_name[name] for name in given["order"]]
        offers = replace(self.held, score=np.vstack([axis.sums for axis in order]))
        for name, floor in given["floors"].items():
            offers = by_name[name].at_least(offers, floor)
        outcome = solve(self.case, offers, **self.effort.of(self.case), warm=self.start)
        found: dict[str, Any] = {"stopped": outcome.stopped, "floors": dict(given["floors"]), "values": None}
        if outcome.chosen is None:
            return found
        chosen = outcome.chosen.tolist()
        tiers = [(tier.objective, tier.bound) for tier in outcome.tiers]
        plan = named(self.case, self.offers, chosen)
        return {
            **found,
            "values": {axis.name: axis.value(chosen) for axis in self.axes},
            "objective": list(value(self.offers, tuple(chosen))),
            "bound": {axis.name: bound for axis, (_, bound) in zip(order, tiers, strict=True)},
            "gap": max(gap_text(*tier) for tier in tiers),
            "nondominated": all(reached == bound for reached, bound in tiers) and len(order) == len(self.axes),
            "plan_id": f"{self.case.round.id}/T-{digest(plan)[:8]}",
            "plan": plan,
        }


def gap_text(reached: int, bound: int) -> str:
    """(bound - reached) / max(1, abs(reached)), rounded up, as a decimal text of six places."""
    gap = Fraction(max(0, bound - reached), max(1, abs(reached)))
    return format(-(-gap.numerator * 10**6 // gap.denominator) / 10**6, ".6f")


def _held(case: Case, offers: Offers, chosen: Sequence[int]) -> Offers:
    """The offers with every soft row hard, where a plan leaves it."""
    prog = program(case, offers, 0)
    slack = standing(prog, np.asarray(chosen, np.int64)).slack
    for members in prog.together:
        slack[list(members)] = slack[members[0]]
    rows = []
    for row, taken in zip(offers.rows, slack.tolist(), strict=True):
        if row.slack:
            room = row.slack * int(taken) * (1 if row.sense == "<=" else -1)
            rows.append(replace(row, slack=0, penalty=0, rhs=row.rhs + room))
        else:
            rows.append(row)
    return replace(offers, rows=tuple(rows))


def open_front(shared: str) -> Run:
    """A worker's round, from what all points share."""
    data = json.loads(shared)
    effort = Effort(data["gap"], data["time_limit_s"])
    return Fronted(from_json(data["case"]), data["between"], data["present"], effort).point


def tradeoff(
    case: Case,
    between: Sequence[str],
    count: int = 9,
    *,
    present: Sequence[Assignment] | None = None,
    effort: Effort | None = None,
    where: Where | None = None,
    folder: Path | None = None,
    say: Say = lambda line: None,
) -> Front:
    """About ``count`` points of the front between two or three parts.

    Parameters
    ----------
    between
        Names of parts (:func:`landopt.reasons.many.axes.known`).
    present
        The plan as it stands, by its assignments (default: the round is solved first).
    folder
        Where the runs that ended are kept and found again (``None``: nowhere).

    Raises
    ------
    Refused
        A name is no part.
    KeyboardInterrupt
        Ctrl-C before any point was found.
    Environment
        The disk refuses, or the cluster cannot be reached.
    """
    where, effort = where or Where(), effort or Effort()
    how: dict[str, Any] = {"gap": effort.gap, "time_limit_s": effort.time_limit_s}
    head: dict[str, Any] = {"case": case_digest(case), **how}
    if present is None:
        say(told("progress.as-it-stands"))
        shared: dict[str, Any] = {"case": to_json(case), **how, "base": None}
        task = Task(digest({**head, "base": True})[:16], {"sets": [], "overlays": []})
        work = Work(open_desk, json.dumps(shared, ensure_ascii=False), effort.longest_s(case))
        present = execute(work, [task], where, folder).results[task.key]["plan"]
    here = Fronted(case, between, present, effort)
    shared = {"case": to_json(case), **how, "between": list(between), "present": list(present)}
    work = Work(open_front, json.dumps(shared, ensure_ascii=False), effort.longest_s(case))
    head |= {"between": list(between), "present": list(present)}

    def made(given: Sequence[Mapping[str, Any]]) -> Ran:
        tasks = [Task(digest({**head, **dict(each)})[:16], each) for each in given]
        return execute(work, tasks, where, folder, say)

    order = _orders(here.axes)[0]
    ran = made([{"order": each, "floors": {}} for each in _orders(here.axes)])
    found, interrupted = _lawful(ran), ran.interrupted
    most: dict[str, int] = {}
    for axis in here.axes if found and not interrupted else ():
        most[axis.name] = max(each["values"][axis.name] for each in found)
        low, high = most[axis.name], axis.ceiling(here.offers)
        for _ in range(STEPS if not axis.plain else 0):
            if low >= high or interrupted:
                break
            ran = made([{"order": order, "floors": {axis.name: (low + high + 1) // 2}}])
            interrupted = ran.interrupted
            reached = [each["values"][axis.name] for each in _lawful(ran)]
            low, high = (max(reached), high) if reached else (low, (low + high + 1) // 2 - 1)
            most[axis.name] = low
            found += _lawful(ran)
    if found and not interrupted:
        least = {axis.name: min(each["values"][axis.name] for each in found) for axis in here.axes}
        others = [axis.name for axis in here.axes if axis.name != order[0]]
        grid = [{"order": order, "floors": floors} for floors in _floors(others, least, most, count)]
        ran = made(grid)
        found, interrupted = found + _lawful(ran), ran.interrupted
    now = {axis.name: axis.value(here.start.tolist()) for axis in here.axes}
    points = _front(here.axes, found)
    above = next((point["plan_id"] for point in points if _dominates(point["values"], now)), None)
    parts = tuple({"name": axis.name, "unit": axis.unit} for axis in here.axes)
    return Front(parts, tuple(points), {"values": now, "plan": list(present), "dominated_by": above}, interrupted)


def _orders(parts: Sequence[Axis]) -> list[list[str]]:
    """Each part that an objective can be first once, the others after it."""
    plain = [axis.name for axis in parts if axis.plain]
    return [[name, *(other for other in plain if other != name)] for name in plain]


def _lawful(ran: Ran) -> list[dict[str, Any]]:
    return [result for result in ran.results.values() if result["values"] is not None]


def _floors(
    names: Sequence[str], least: Mapping[str, int], most: Mapping[str, int], count: int
) -> list[dict[str, int]]:
    """About ``count`` combinations of floors, evenly from the least to the most of each part."""
    each = max(2, count if len(names) == 1 else round(count**0.5))
    wide = {name: most[name] - least[name] for name in names}
    steps = [sorted({least[name] + wide[name] * step // (each - 1) for step in range(each)}) for name in names]
    return [dict(zip(names, floors, strict=True)) for floors in itertools.product(*steps)]


def _dominates(one: Mapping[str, int], other: Mapping[str, int]) -> bool:
    return all(one[name] >= other[name] for name in other) and any(one[name] > other[name] for name in other)


def _front(parts: Sequence[Axis], found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Each set of values once (of equals the one with the least gap), none dominated, the first part falling."""
    best: dict[tuple[int, ...], Mapping[str, Any]] = {}
    for point in sorted(found, key=lambda point: (not point["nondominated"], point["gap"], point["plan_id"])):
        best.setdefault(tuple(point["values"][axis.name] for axis in parts), point)
    values = [point["values"] for point in best.values()]
    kept = [point for point in best.values() if not any(_dominates(other, point["values"]) for other in values)]
    return sorted(kept, key=lambda point: [-point["values"][axis.name] for axis in parts])
