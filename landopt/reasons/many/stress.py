"""How a plan bears what may happen: every draw planned anew from it, with as few changes as the draw asks for.

Each draw is planned with full knowledge of what happens in it, so that the mean of the draws' bounds is what could be
reached at most (wait and see), not what a plan made beforehand earns. Frequencies carry Wilson's interval (95 %), means
their standard error. Unless the command sets a limit the round is first solved as it stands, from nothing: a draw may
take half as long and four times what it is screened in, so that a hundred of them take about sixty whole
solves at most.
"""

from __future__ import annotations

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
from constraints.types import Row
from landopt.reasons.explain.changed.variants import with_row
from landopt.reasons.many.draws import Stress, Vary, happening
from landopt.reasons.many.scenario import Assignment, Effort, located, named, solved, stands
from landopt.runs.execute import execute
from landopt.runs.work import Run, Task, Where, Work
from landopt.screening.law.kept import Kept
from landopt.screening.offers import Offers
from landopt.solving.site_search import offers_of
from parcels.common.catalogue import Say, told
from parcels.common.csv_text import csv_text

TODAY = 0
"""The number of the run that is no draw: the round as it stands."""
PART, SCREENED = 0.5, 4.0
"""A draw may take so much of what the round itself is solved in, and so many times what it is screened in.

A whole solve, from files to audited plan, took 7.1, 6.8 and 8.9 CPU s where the screening took 0.72, 0.79 and 0.71 (the
shipped example, a contested round and an invented one of 1,000 x 100): some nine times the screening.
"""
LEAST_S = 2.0
"""Seconds that a draw may take at least."""
Z = 1.959963984540054
"""The normal quantile of 97.5 %, for intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Borne:
    """What the draws say, as plain JSON (docs/planner.md), and whether Ctrl-C ended them before the last."""

    found: Mapping[str, Any]
    interrupted: bool

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**self.found, "interrupted": self.interrupted}


class Drawn:
    """A round and its plan as a worker holds them for draws."""

    def __init__(self, case: Case, stress: Stress, plan: Sequence[Assignment], effort: Effort) -> None:
        self.case, self.stress, self.plan, self.effort = case, stress, plan, effort
        self.kept = Kept()

    def draw(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Plan one draw anew, with a parcel taken out of reserve where one is named."""
        if given["draw"] == TODAY:
            return self._today()
        met = happening(self.case, self.stress, self.plan, given["draw"])
        case = met.case if given["reserve"] is None else _released(met.case, given["reserve"])
        offers = _without(case, offers_of(case, kept=self.kept), met.gone, met.failed)
        effort = self.effort
        if given.get("seconds") is not None:
            effort = replace(effort, time_limit_s=given["seconds"])
        found, _ = solved(case, offers, effort, self.plan, plans_alone=True)
        kept = {name: found[name] for name in ("stopped", "objective", "bound", "plan")}
        happened = {"gone": sorted(met.gone), "failed": [[list(ids), method] for ids, method in met.failed]}
        return {**kept, "happened": happened, "base": stands(case, offers, self.plan)}

    def _today(self) -> dict[str, Any]:
        """The round as it stands from nothing: how long a draw may take, in seconds."""
        begun = monotonic()
        offers = offers_of(self.case, kept=self.kept)
        screened = monotonic() - begun
        _, outcome = solved(self.case, offers, self.effort, plans_alone=True)
        return {"stopped": outcome.stopped, "seconds": round(PART * outcome.seconds + SCREENED * screened, 3)}


def _released(case: Case, parcel: str) -> Case:
    """The case with a parcel of the reserve among the candidates."""
    pairs = zip(case.parcels.ids, case.parcels.column("status"), strict=True)
    status = tuple("candidate" if name == parcel else value for name, value in pairs)
    return replace(case, parcels=replace(case.parcels, columns={**case.parcels.columns, "status": status}))


def _without(case: Case, offers: Offers, gone: frozenset[str], failed: Sequence[tuple[tuple[str, ...], str]]) -> Offers:
    """The offers under a row that takes none to a platform that is gone, nor of a failed site by its failed method."""
    out = np.isin(offers.demand, [row for row, name in enumerate(case.demands.ids) if name in gone])
    index = case.parcels.index()
    start, parcels = offers.parcel_rows()
    for ids, method in failed:
        on = np.isin(parcels, [index[name] for name in ids])
        touched = np.add.reduceat(np.append(on, False).astype(np.int64), start[:-1]) > 0 if len(offers) else on[:0]
        how = next(row for row, each in enumerate(case.methods) if each.id == method)
        out |= touched & (offers.method == how)
    members = np.flatnonzero(out)
    if not len(members):
        return offers
    row = Row("stress.out", "stress", (), "limit", "<=", 0)
    return with_row(offers, row, members.tolist(), [1] * len(members))


def open_stress(shared: str) -> Run:
    """A worker's round, from what all draws share."""
    data = json.loads(shared)
    vary = tuple(Vary(**{**each, "chance": Fraction(each["chance"])}) for each in data["vary"])
    stress = Stress(data["draws"], data["seed"], vary, tuple(data["reserve"]))
    return Drawn(from_json(data["case"]), stress, data["plan"], Effort(data["gap"], data["time_limit_s"])).draw


def stress_plan(
    case: Case,
    stress: Stress,
    plan: Sequence[Assignment],
    *,
    effort: Effort | None = None,
    where: Where | None = None,
    folder: Path | None = None,
    say: Say = lambda line: None,
) -> Borne:
    """Plan every draw anew from a plan, and say what of it survives.

    Parameters
    ----------
    plan
        By its assignments; it should hold in the round as it stands.
    folder
        Where the draws that ended are kept and found again (``None``: nowhere).

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C before any draw had ended.
    Environment
        The disk refuses, or the cluster cannot be reached.
    """
    where, effort = where or Where(), effort or Effort()
    how: dict[str, Any] = {"gap": effort.gap, "time_limit_s": effort.time_limit_s}
    vary = [{"what": v.what, "where": v.where, "by": v.by, "chance": str(v.chance)} for v in stress.vary]
    head = {"case": case_digest(case), **how, "seed": stress.seed, "vary": vary, "plan": list(plan)}
    shared = {"case": to_json(case), **how, "vary": vary, "draws": stress.draws, "seed": stress.seed}
    shared |= {"reserve": list(stress.reserve), "plan": list(plan)}
    given = [{"draw": n, "reserve": name} for name in (None, *stress.reserve) for n in range(1, stress.draws + 1)]
    tasks = [Task(digest({**head, **each})[:16], each) for each in given]
    work = Work(open_stress, json.dumps(shared, ensure_ascii=False), effort.longest_s(case))
    today = _looked(case, stress, plan, say)
    first = Task(digest({**head, "today": True})[:16], {"draw": TODAY})
    seconds = _limit(case, effort, work, first, where, folder, say)
    ran = execute(work, [replace(task, given={**task.given, "seconds": seconds}) for task in tasks], where, folder, say)
    results = {(t.given["reserve"], t.given["draw"]): ran.results[t.key] for t in tasks if t.key in ran.results}
    return Borne(_summary(stress, plan, today, results), ran.interrupted)


# One parameter a setting of the run that it makes before the draws.
def _limit(
    case: Case, effort: Effort, work: Work, task: Task, where: Where, folder: Path | None, say: Say
) -> float | None:
    """How long a draw may take; None: as the command says, or no clock decides."""
    if effort.time_limit_s is not None or case.settings.nodes is not None:
        return None
    say(told("progress.as-it-stands"))
    ran = execute(work, [task], where, folder)
    if ran.interrupted:
        raise KeyboardInterrupt
    found = ran.results.get(task.key, {})
    return max(LEAST_S, found["seconds"]) if "seconds" in found else None


def _looked(case: Case, stress: Stress, plan: Sequence[Assignment], say: Say) -> Sequence[int] | None:
    """What the plan is worth today (None: it does not hold); told at once, with what the first draw leaves of it."""
    kept = Kept()
    today: Sequence[int] | None = stands(case, offers_of(case, kept=kept), plan)["objective"]
    met = happening(case, stress, plan, 1)
    offers = offers_of(met.case, kept=kept)
    failed = [(set(ids), method) for ids, method in met.failed]
    chosen, _ = located(met.case, offers, plan)
    left = [
        name
        for name in named(met.case, offers, chosen.tolist())
        if name[1] not in met.gone and not any(method == name[2] and ids & set(name[0]) for ids, method in failed)
    ]
    score = "-" if today is None else f"{today[0] / 1000:,.3f}"
    say(told("progress.first-look", score=score, left=len(left), of=len(plan)))
    return today


def _summary(
    stress: Stress,
    plan: Sequence[Assignment],
    today: Sequence[int] | None,
    results: Mapping[tuple[str | None, int], Mapping[str, Any]],
) -> dict[str, Any]:
    made = {draw: result for (reserve, draw), result in results.items() if reserve is None}
    lawful = {draw: result for draw, result in made.items() if result["objective"] is not None}
    scores = {draw: result["objective"][0] for draw, result in lawful.items()}
    worst = min(scores, key=lambda draw: (scores[draw], draw), default=None)
    plans = [[list(each) for each in result["plan"]] for result in lawful.values()]
    choices = [
        {
            "parcel_ids": list(ids),
            "demand_id": demand,
            "method": method,
            "period": period,
            **frequency(sum([list(ids), demand, method, period] in each for each in plans), len(plans)),
        }
        for ids, demand, method, period in plan
    ]
    served = sorted({demand for _, demand, _, _ in plan if demand is not None})
    here = [{entry[1] for entry in each} for each in plans]
    platforms = [{"demand_id": d, **frequency(sum(d in each for each in here), len(here))} for d in served]
    gains = []
    for name in stress.reserve:
        both = [
            results[name, draw]["objective"][0] - scores[draw]
            for draw in scores
            if (name, draw) in results and results[name, draw]["objective"] is not None
        ]
        gains.append({"parcel_id": name, "draws": len(both), **mean(both)})
    return {
        "draws": len(made),
        "asked": stress.draws,
        "seed": stress.seed,
        "without_plan": sum(result["stopped"] == "infeasible" for result in made.values()),
        "not_ended": sum(r["objective"] is None and r["stopped"] != "infeasible" for r in made.values()),
        "holds": frequency(sum(r["base"]["objective"] is not None for r in lawful.values()), len(made)),
        "score": {
            "today": None if today is None else today[0],
            **mean(list(scores.values())),
            "bound": mean([lawful[draw]["bound"][0] for draw in scores])["mean"],
            "worst": None if worst is None else scores[worst],
            "worst_draw": worst,
            "worst_happened": None if worst is None else lawful[worst]["happened"],
        },
        "choices": sorted(choices, key=lambda each: (each["survives"], str(each["parcel_ids"]))),
        "platforms": sorted(platforms, key=lambda each: (each["survives"], each["demand_id"])),
        "reserve": sorted(gains, key=lambda each: (-(each["mean"] or 0), each["parcel_id"])),
    }


def stress_csv(found: Mapping[str, Any]) -> str:
    """The numbers of every choice and platform, a line each."""
    rows: list[list[object]] = [["what", "parcels", "platform", "method", "survives", "of", "low", "high"]]
    for each in found["choices"]:
        name = ";".join(each["parcel_ids"])
        odds = [each[key] for key in ("survives", "of", "low", "high")]
        rows.append(["choice", name, each["demand_id"] or "", each["method"], *odds])
    for each in found["platforms"]:
        rows.append(["platform", "", each["demand_id"], "", *(each[key] for key in ("survives", "of", "low", "high"))])
    return csv_text(rows)


def frequency(count: int, of: int) -> dict[str, Any]:
    """How often, with Wilson's interval of 95 % in parts of one to four places."""
    if of == 0:
        return {"survives": 0, "of": 0, "low": None, "high": None}
    share, square = count / of, Z * Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = Z / (1 + square / of) * (share * (1 - share) / of + square / (4 * of * of)) ** 0.5
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return {"survives": count, "of": of, "low": f"{low:.4f}", "high": f"{high:.4f}"}


def mean(values: Sequence[int]) -> dict[str, Any]:
    """The mean and its standard error, rounded to whole millipoints; None where there are too few."""
    if not values:
        return {"mean": None, "error": None}
    middle = sum(values) / len(values)
    if len(values) < 2:
        return {"mean": round(middle), "error": None}
    spread = sum((value - middle) ** 2 for value in values) / (len(values) - 1)
    return {"mean": round(middle), "error": round((spread / len(values)) ** 0.5)}
