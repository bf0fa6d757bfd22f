"""Is there any plan at all under some rows, and how far must a row give way: LP first, then integers, then exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from constraints.case import Case
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import forced, only_rows
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Ints, Program, activity, program
from landopt.solving.programme.model import build

SECONDS = 20
"""Seconds one integer search may take; beyond, the answer is unknown and said so."""
TESTED = 50_000
"""Offers up to which it is tested whether any lawful plan holds a choice; beyond, it is said not to be tested."""
TEST_S = 5
"""Seconds one such test may take; then the answer is "not tested"."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a search found: ``yes`` with a plan (offer indices), ``no`` (by bound, lp, integer), or ``unknown``."""

    answer: str
    by: str
    chosen: tuple[int, ...] = ()


def helpful(offers: Offers) -> Ints:
    """The offers that can help a row that the empty plan breaks, or one that those offers may break in turn.

    All others only use up room: a plan stays a plan without them.
    """
    cuts, rows, coefs = offers.entries.of(np.arange(len(offers)))
    owner = np.repeat(np.arange(len(offers)), np.diff(cuts))
    sense = np.array([{"<=": -1, "=": 0, ">=": 1}[row.sense] for row in offers.rows], np.int64)
    kind = sense[rows] if len(offers.rows) else np.zeros(0, np.int64)
    helps = (kind == 0) | ((kind > 0) & (coefs > 0)) | ((kind < 0) & (coefs < 0))
    asked = np.array([not row.holds_empty for row in offers.rows], bool)
    taken = np.zeros(len(offers), bool)
    while True:
        new = np.unique(owner[helps & asked[rows]]) if len(offers.rows) else np.zeros(0, np.int64)
        taken[new] = True
        harmed = np.unique(rows[~helps & taken[owner]]) if len(offers.rows) else np.zeros(0, np.int64)
        harmed = np.union1d(harmed, np.unique(rows[(kind == 0) & taken[owner]]))
        if asked[harmed].all():
            return np.flatnonzero(taken)
        asked[harmed] = True


def out_of_reach(offers: Offers, number: int) -> bool:
    """Whether no choice of one offer a platform and one a market parcel can satisfy a row."""
    row = offers.rows[number]
    if row.sense == "=" or row.holds_empty:
        return False
    sign = 1 if row.sense == ">=" else -1
    owner, coefs = offers.entries.row(number)
    part = np.searchsorted(offers.part_start, owner, side="right")
    most = np.zeros(len(offers.part_start) + 1, np.int64)
    np.maximum.at(most, part, sign * coefs)
    return int(most.sum()) < sign * row.rhs


def search(
    case: Case, offers: Offers, keep: Sequence[int], seconds: int = SECONDS, clock: Clock | None = None
) -> Search:
    """Whether any plan satisfies some rows (indices into ``offers.rows``), parcels and platforms.

    ``clock`` is that of the question this search is part of.
    """
    trial = only_rows(offers, keep)
    if all(row.holds_empty for row in trial.rows):
        return Search("yes", "empty")
    if any(out_of_reach(trial, row) for row in range(len(keep))):
        return Search("no", "bound")
    prog = replace(program(case, trial, 0), score=np.zeros(len(trial), np.int64), penalty=np.zeros(len(keep), np.int64))
    pool = helpful(trial)
    for relaxed in (True, False):
        status, chosen = _run(prog, pool, relaxed, seconds, clock)
        if status == "infeasible":
            return Search("no", "lp" if relaxed else "integer")
        if not relaxed and status == "found":
            return Search("yes", "integer", chosen)
    return Search("unknown", "limit")


def held_by_some(
    case: Case, offers: Offers, members: Sequence[int], seconds: int = TEST_S, clock: Clock | None = None
) -> bool | None:
    """Whether any lawful plan holds one of some offers: one forced search, exact if it ends; ``None``: not tested."""
    if len(offers) > TESTED:
        return None
    asked = forced(offers, members)
    return {"yes": True, "no": False}.get(search(case, asked, range(len(asked.rows)), seconds, clock).answer)


def least_violation(
    case: Case, offers: Offers, weights: Mapping[int, int], seconds: int = SECONDS, clock: Clock | None = None
) -> dict[int, int] | None:
    """The cheapest way to let some rows give way so that a plan exists: units by row.

    ``None`` where there is none, nothing where the search met its limit.
    ``weights`` has the cost of one unit of each row that may give way; all other rows stay as they are.
    """
    base = program(case, offers, 0)
    slack, most = np.array(base.slack), np.array(base.most)
    penalty = np.zeros(len(slack), np.int64)
    for row, weight in weights.items():
        slack[row], most[row] = 1, _room(offers, row)
        penalty[row] = weight
    prog = replace(base, score=np.zeros(len(offers), np.int64), slack=slack, most=most, penalty=penalty)
    status, chosen = _run(prog, helpful(offers), False, seconds, clock)
    if status != "found":
        return None if status == "infeasible" else {}
    used = activity(prog, np.array(chosen, np.int64))
    found = {}
    for row in weights:
        over = int(used[row] - prog.rhs[row]) if prog.sense[row] < 0 else int(prog.rhs[row] - used[row])
        over = abs(over) if prog.sense[row] == 0 else max(0, over)
        if over:
            found[row] = over
    return found


def _room(offers: Offers, row: int) -> int:
    _, coefs = offers.entries.row(row)
    return min(10**11, int(np.abs(coefs).sum()) + abs(offers.rows[row].rhs))


def _run(prog: Program, pool: Ints, relaxed: bool, seconds: int, clock: Clock | None) -> tuple[str, tuple[int, ...]]:
    """Solve with HiGHS through PuLP: ``infeasible``, ``found`` with offers, or ``unknown``."""
    from landopt.solving.programme.pulp_imported import pulp
    from landopt.solving.programme.silent_highs import SilentHiGHS

    limit = seconds if clock is None else min(seconds, clock.left())
    if not limit:
        return "unknown", ()
    heard = {} if clock is None else clock.heard(relaxed=relaxed)
    built = build(prog, pool)
    stats = built.problem.solve(SilentHiGHS(msg=False, mip=not relaxed, timeLimit=limit, gapRel=0.0, **heard))
    if clock is not None:
        clock.left()
    if stats.status == pulp.LpSolveStatus.Infeasible:
        return "infeasible", ()
    if relaxed or not stats.has_solution:
        return "unknown", ()
    return "found", tuple(
        int(o) for o, var in zip(built.offers.tolist(), built.x, strict=True) if (var.value() or 0) > 0.5
    )
