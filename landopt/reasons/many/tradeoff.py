"""The front of best compromises between two or three parts of a plan: each point a lawful plan with its proven gap.

By epsilon-constraint: the first part is made as large as it can be while every other one reaches a floor; then, with
that held, the others in turn. The floors run from what the best plan by the first part gives to the most there is, so
that points of the front that no weights would find are found too. Soft limits are held where the plan as it stands
leaves them: what a point gains is never bought by missing them further.

In rounds too large to be solved to the end, or whose ends are not in their time, the parts are made large together, the
others weighing a tenth of the first over what there is of each (the augmented epsilon-constraint method, Mavrotas
2009): one programme a point, and its one bound says how much a plan that reaches the floors may have more in every
part. A floor that a plan reaches which no plan of a looser floor exceeds is answered by it, without a run; each run
starts from the best plan that is known.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from constraints.canonical import digest
from constraints.case import Case, case_digest, from_json, to_json
from landopt.reasons.alternatives import value
from landopt.reasons.many.axes import Axis, axes
from landopt.reasons.many.scenario import Assignment, Effort, better, located, named
from landopt.reasons.many.sweep import heard_desk
from landopt.runs.execute import Ran, execute
from landopt.runs.work import Run, Task, Where, Work, watched
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import program, standing
from landopt.solving.solver import solve
from landopt.solving.tuning import USUAL
from parcels.common.catalogue import Say, Told, told

STEPS = 6
"""Halvings towards the largest floor of a part that no objective can be (fairness)."""
LEAST_S, SMALL_S = 2.0, 5.0
"""Seconds that a point of a large and of a small round may take at least."""
ENDS = 8
"""How many times as long as the screening of its round an end of a front may take."""
POINT = 3
"""How many times as long a point with floors may take: seven of them and two ends take about twelve cold solves."""
LESS = 10
"""How many times less than the first the other parts weigh, each over what there is of it, in a large round."""


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
        begun = monotonic()
        self.offers = build_offers(case)
        self.screened_s = monotonic() - begun
        self.start, _ = located(case, self.offers, present)
        self.axes = axes(case, self.offers, names, present)
        self.held = _held(case, self.offers, self.start.tolist())
        self.plain = replace(case, objective=replace(case.objective, gives=()))  # the parts are its tiers
        self.large = len(self.offers) > USUAL.small

    def point(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The best plan by the parts of ``order`` that reaches ``floors``, from the plan ``start`` if one is named."""
        by_name = {axis.name: axis for axis in self.axes}
        order = [by_name[name] for name in given["order"]]
        together = given.get("together", self.large)
        weights = self.weights(given["order"]) if together else []
        score = np.vstack([axis.sums for axis in order])
        offers = replace(self.held, score=np.array([weights]) @ score if weights else score)
        for name, floor in given["floors"].items():
            offers = by_name[name].at_least(offers, floor)
        start = self.start
        if given.get("start") is not None:
            start, _ = located(self.case, self.offers, given["start"])
        effort = self.effort.of(self.case)
        if given.get("seconds") is not None and effort["nodes"] is None:
            effort["time_limit_s"] = min(given["seconds"], effort["time_limit_s"])
        outcome = solve(self.plain, offers, **effort, warm=start, ties=not together, here=watched())
        asked = {"order": list(given["order"]), "floors": dict(given["floors"])}
        found: dict[str, Any] = {"stopped": outcome.stopped, **asked, "together": together, "values": None}
        if outcome.chosen is None:
            return found
        chosen = outcome.chosen.tolist()
        tiers = [(tier.objective, tier.bound) for tier in outcome.tiers]
        values = {axis.name: axis.value(chosen) for axis in self.axes}
        bounds = [bound for _, bound in tiers]
        if weights:
            bounds = self._by_part(order, weights, values, given["floors"], bounds[0])
        plan = named(self.case, self.offers, chosen)
        return {
            **found,
            "values": values,
            "objective": list(value(self.offers, tuple(chosen))),
            "bound": {axis.name: bound for axis, bound in zip(order, bounds, strict=True)},
            "gap": max(gap_text(*tier) for tier in tiers),
            "nondominated": all(reached == bound for reached, bound in tiers) and len(order) == len(self.axes),
            "most": better(outcome.tiers[0]),
            "seconds": outcome.seconds,
            "plan_id": f"{self.case.round.id}/T-{digest(plan)[:8]}",
            "plan": plan,
        }

    def weights(self, names: Sequence[str]) -> list[int]:
        """What each part counts where they are made large together: the first :data:`LESS` times the others."""
        by_name = {axis.name: axis for axis in self.axes}
        whole = [Fraction(max(1, by_name[name].ceiling(self.offers))) for name in names]
        rates = [1 / size / (1 if at == 0 else LESS) for at, size in enumerate(whole)]
        return [max(1, round(rate / min(rates))) for rate in rates]

    def shown(self, result: Mapping[str, Any], ended: Told) -> Told:
        """How a run ended, with what its plan is worth on every axis, in the order they are asked for."""
        values = result["values"]
        if values is None:
            return ended
        units = {axis.name: 1000 if axis.unit == "points" else 1 for axis in self.axes}
        said = " / ".join(f"{values[name] / size:,.0f}" for name, size in units.items())
        return told("progress.ended-values", ended=ended, values=said)

    def _by_part(
        self,
        order: Sequence[Axis],
        weights: Sequence[int],
        values: Mapping[str, int],
        floors: Mapping[str, int],
        top: int,
    ) -> list[int]:
        """What no plan exceeds, part by part: of those before it what the point reaches, of those after the least."""
        least = [max(axis.least(self.offers), floors.get(axis.name, -(10**15))) for axis in order]
        found = []
        for at, weight in enumerate(weights):
            others = [values[axis.name] if n < at else least[n] for n, axis in enumerate(order)]
            rest = sum(w * other for n, (w, other) in enumerate(zip(weights, others, strict=True)) if n != at)
            found.append((top - rest) // weight)
        return found

    def weighed(self, names: Sequence[str], values: Mapping[str, int]) -> int:
        """What a point is worth by some parts together."""
        return sum(weight * values[name] for weight, name in zip(self.weights(names), names, strict=True))


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


# Best values first, then where each part ends, then the points between: one order of runs that share their tasks.
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
        work = Work(heard_desk(where, say), json.dumps(shared, ensure_ascii=False), effort.longest_s(case))
        present = execute(work, [task], where, folder).results[task.key]["plan"]
    here = Fronted(case, between, present, effort)
    shared = {"case": to_json(case), **how, "between": list(between), "present": list(present)}
    work = Work(open_front, json.dumps(shared, ensure_ascii=False), effort.longest_s(case))
    head |= {"between": list(between), "present": list(present)}

    def made(given: Sequence[Mapping[str, Any]]) -> Ran:
        named = [{key: value for key, value in each.items() if key != "seconds"} for each in given]
        tasks = [Task(digest({**head, **name})[:16], each) for name, each in zip(named, given, strict=True)]
        return execute(work, tasks, where, folder, say, here.shown)

    order = _orders(here.axes)[0]
    ran = made([_end(here, each) for each in _orders(here.axes)])
    found, interrupted = _lawful(ran), ran.interrupted
    most: dict[str, int] = {}
    for axis in here.axes if found and not interrupted else ():
        most[axis.name] = max(each["values"][axis.name] for each in found)
        low, high = most[axis.name], axis.ceiling(here.offers)
        for _ in range(STEPS if not axis.plain else 0):
            if low >= high or interrupted:
                break
            ran = made([{**_end(here, order), "floors": {axis.name: (low + high + 1) // 2}}])
            interrupted = ran.interrupted
            reached = [each["values"][axis.name] for each in _lawful(ran)]
            low, high = (max(reached), high) if reached else (low, (low + high + 1) // 2 - 1)
            most[axis.name] = low
            found += _lawful(ran)
    if found and not interrupted:
        if not here.large and effort.time_limit_s is None and any(each["stopped"] == "limit" for each in found):
            here.large = True
            ran = made([_started(here, each, {}, found) for each in _orders(here.axes)])
            found, interrupted = found + _lawful(ran), ran.interrupted
        least = {axis.name: min(each["values"][axis.name] for each in found) for axis in here.axes}
        others = [axis.name for axis in here.axes if axis.name != order[0]]
        grid = _floors(others, least, most, count)
        if here.large:  # the plan that reaches the most is there already
            grid = [floors for floors in grid if all(floors[name] < most[name] for name in others)]
        for wave in _waves(grid):
            asked = [
                _started(here, order, floors, found) for floors in wave if not _answered(here, order, floors, found)
            ]
            if interrupted or not asked:
                continue
            ran = made(asked)
            found, interrupted = found + _lawful(ran), ran.interrupted
    now = {axis.name: axis.value(here.start.tolist()) for axis in here.axes}
    kept = ("order", "together", "most", "seconds")  # of use to the runs alone
    points = [{key: told for key, told in each.items() if key not in kept} for each in _front(here.axes, found)]
    above = next((point["plan_id"] for point in points if _dominates(point["values"], now)), None)
    parts = tuple({"name": axis.name, "unit": axis.unit} for axis in here.axes)
    return Front(parts, tuple(points), {"values": now, "plan": list(present), "dominated_by": above}, interrupted)


def _orders(parts: Sequence[Axis]) -> list[list[str]]:
    """Each part that an objective can be first once, the others after it."""
    plain = [axis.name for axis in parts if axis.plain]
    return [[name, *(other for other in plain if other != name)] for name in plain]


def _end(here: Fronted, order: Sequence[str]) -> dict[str, Any]:
    """A run without floors: no longer than what the round is screened in, so many times, unless asked."""
    given: dict[str, Any] = {"order": list(order), "floors": {}}
    if here.effort.time_limit_s is not None:
        return given
    return {**given, "seconds": _seconds(here, ENDS)}


def _seconds(here: Fronted, times: int) -> float:
    return max(LEAST_S if here.large else SMALL_S, times * here.screened_s)


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


def _waves(floors: Sequence[dict[str, int]]) -> list[list[dict[str, int]]]:
    """The same, the middle first, then the quarters, and so on: each wave can start from what those before it found."""
    found: list[list[dict[str, int]]] = []
    step = 1 << max(0, len(floors) - 1).bit_length()
    seen: set[int] = set()
    while step:
        wave = [at for at in range(0, len(floors), step) if at not in seen]
        seen.update(wave)
        found.append([floors[at] for at in wave])
        step //= 2
    return found


def _reaching(floors: Mapping[str, int], found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in found if all(each["values"][name] >= floor for name, floor in floors.items())]


def _answered(
    here: Fronted, order: Sequence[str], floors: Mapping[str, int], found: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether a plan that is known reaches the floors and is as good as one of looser floors may be at all.

    In a small round it is the very plan of looser floors, proved; in a large one it is within the gap asked for.
    """
    looser = [
        each
        for each in found
        if each["order"] == list(order)
        and each["together"] == here.large
        and all(each["floors"].get(n, floor) <= floor for n, floor in floors.items())
        and each["floors"].keys() <= floors.keys()
    ]
    reaching = _reaching(floors, found)
    if not here.large:
        return any(each in reaching and each["gap"] == gap_text(0, 0) for each in looser)
    if not looser or not reaching:
        return False
    gap = Fraction(here.effort.of(here.case)["gap"])
    best = max(here.weighed(order, each["values"]) for each in reaching)
    most: int = min(each["most"] for each in looser)
    return most - best <= gap * max(1, abs(best))


def _started(
    here: Fronted, order: Sequence[str], floors: dict[str, int], found: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """A run of the floors, from the best plan that is known to reach them.

    It may take, unless the command sets a limit, a small multiple of the screening: what is open then is stated as the
    point's gap.
    """
    reaching = _reaching(floors, found)
    best = max(reaching, key=lambda each: (here.weighed(order, each["values"]), each["plan_id"]), default=None)
    given = {"order": list(order), "floors": floors, "start": None if best is None else best["plan"]}
    given["together"] = here.large
    if here.effort.time_limit_s is not None:
        return given
    return {**given, "seconds": _seconds(here, POINT)}


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
