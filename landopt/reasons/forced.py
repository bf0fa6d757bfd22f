"""What forcing a choice costs, as an interval: re-solved near the plan in about a second, or in full.

The quick run lets every offer near the prices move and keeps the rest of the plan; its plan gives the upper end of the
loss, the proof of the plan the lower one. The full run solves the whole round again and has a bound of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.reasons.alternatives import assignment, choices, value
from landopt.reasons.explain.changed.variants import forced
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.losses import touching
from landopt.reasons.explain.records import as_json
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Ints, Program, program, standing
from landopt.solving.programme.model import build
from landopt.solving.solver import solve

POOL = 1_000
"""Offers the quick run may choose among, besides the plan's own."""
SECONDS = 5


@dataclass(frozen=True, slots=True)
class Exact:
    """What forcing an offer does: both plans, the loss per tier as an interval, what moves, who loses.

    ``low``/``high`` per tier in millipoints: the best plan with the offer forced is worse than the best plan by at
    least ``low`` and at most ``high``. ``possible`` is False where no lawful plan takes the offer at all; ``by`` says
    whether the bound came from the plan's ``prices`` or from a ``solve`` in full.
    """

    possible: bool
    stopped: str
    by: str
    low: tuple[int, ...]
    high: tuple[int, ...]
    moved: tuple[dict[str, Any], ...]
    lost: tuple[str, ...]
    gained: tuple[str, ...]
    assignments: tuple[dict[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def exact(
    context: Context,
    members: Sequence[int],
    bounds: Sequence[int],
    *,
    gap: str | None = None,
    time_limit_s: int | None = None,
    full: bool = False,
) -> Exact:
    """Force one of some offers (a site, platform and method over its periods), re-solve, and say what it costs.

    Parameters
    ----------
    bounds
        Audited bound of the plan in each tier, millipoints.
    gap, time_limit_s
        Of a full run.
    full
        Solve the whole round again instead of near the plan only. Where the quick run finds no plan, a full one
        follows by itself.
    """
    if not full and context.losses is not None:
        quick = near(context, members)
        if quick is not None:
            reached = value(context.offers, context.chosen)
            losses = [min(int(column[offer]) for offer in members) for column in context.losses.tiers]
            above = [was - loss for was, loss in zip(reached, losses, strict=True)]
            if any(losses[:-1]):
                first = next(k for k, loss in enumerate(losses) if loss)
                above[first + 1 :] = _most(context.offers)[first + 1 :]
            return _result(context, quick, "gap", "prices", bounds, above)
    case = context.case
    outcome = solve(
        case,
        forced(context.offers, members),
        gap=gap or case.settings.gap,
        time_limit_s=time_limit_s,
        nodes=case.settings.nodes,
        seed=case.settings.seed,
        threads=1,
        warm=np.asarray(context.chosen, np.int64),
    )
    if outcome.chosen is None:
        return Exact(outcome.stopped != "infeasible", outcome.stopped, "solve", (), (), (), (), (), ())
    plan = tuple(sorted(int(offer) for offer in outcome.chosen))
    return _result(context, plan, outcome.stopped, "solve", bounds, [_bound(tier) for tier in outcome.tiers])


def _most(offers: Offers) -> list[int]:
    """No plan is worth more in a tier than the best offer of every part."""
    found = []
    for column in offers.score:
        tops = [
            max(0, int(column[a:b].max()))
            for a, b in zip(offers.part_start[:-1], offers.part_start[1:], strict=True)
            if b > a
        ]
        found.append(sum(tops))
    return found


def near(context: Context, members: Sequence[int], seconds: int = SECONDS) -> tuple[int, ...] | None:
    """A good plan that takes one of some offers, near the plan; ``None`` where none was found in time.

    Parts whose offers are all far from the prices keep their assignment unless the forced site is in their way.
    """
    case, offers = context.case, context.offers
    forced_sites = sorted({row for offer in members for row in offers.parcels(offer)})
    in_the_way = np.flatnonzero(touching(offers, forced_sites))
    wanted = np.asarray(members, np.int64)
    order = closest(context)
    who = offers.demand[wanted]
    freed = set(context.chosen_set).intersection(in_the_way.tolist())
    freed |= {offer for offer in context.chosen if offers.demand[offer] >= 0 and offers.demand[offer] in who}
    helped = np.concatenate(
        [context.to_demand(int(offers.demand[o])) for o in freed if offers.demand[o] >= 0] or [wanted]
    )
    pool = np.unique(np.concatenate([wanted, order, np.asarray(context.chosen, np.int64), _few(context, helped)]))
    spread = 0 if context.losses is None else context.losses.slack // max(1, len(context.chosen))
    return solve_near(case, forced(offers, members), pool, seconds, keep=context.chosen, bonus=spread)


def solve_near(
    case: Case,
    variant: Offers,
    pool: Ints,
    seconds: int = SECONDS,
    *,
    keep: Sequence[int] = (),
    bonus: int = 0,
) -> tuple[int, ...] | None:
    """The best plan found within ``seconds`` a tier among some offers; ``None`` if none was found.

    ``bonus`` (millipoints) for each kept offer prefers, among plans that cannot be told apart at the gap, the one that
    changes least.
    """
    reached: list[int] = []
    plan: Ints | None = None
    for tier in range(variant.tiers):
        prog = program(case, variant, tier, reached)
        score = prog.score.copy()
        score[np.asarray(keep, np.int64)] += bonus
        plan = _solve(prog, replace(prog, score=score), pool, seconds, plan)
        if plan is None:
            return None
        reached.append(standing(prog, plan).objective)
    return None if plan is None else tuple(sorted(int(offer) for offer in plan))


def closest(context: Context, most: int = POOL) -> Ints:
    """The offers with the smallest proven loss (by score without a proof), at most so many."""
    if context.losses is None:
        return np.sort(np.argsort(-context.offers.score[0], kind="stable")[:most])
    first = context.losses.tiers[0]
    if len(first) <= most:
        return np.arange(len(first))
    return np.sort(np.argpartition(first, most)[:most])


def _few(context: Context, which: Ints, most: int = 400) -> Ints:
    return which if len(which) <= most else context.ranked(which)[:most]


def _solve(prog: Program, sought: Program, pool: Ints, seconds: int, start: Ints | None) -> Ints | None:
    import pulp

    built = build(sought, pool)
    if start is not None:
        taken = set(start.tolist())
        for offer, variable in zip(built.offers.tolist(), built.x, strict=True):
            variable.setInitialValue(1 if offer in taken else 0)
    solver = pulp.HiGHS(msg=False, threads=1, timeLimit=seconds, gapRel=0.0005, warmStart=start is not None)
    stats = built.problem.solve(solver)
    if not stats.has_solution:
        return None
    values = np.array([variable.value() or 0.0 for variable in built.x])
    found = pool[values > 0.5]
    return found if standing(prog, found).lawful else None


def _result(
    context: Context, plan: tuple[int, ...], stopped: str, by: str, bounds: Sequence[int], above: Sequence[int]
) -> Exact:
    case, offers = context.case, context.offers
    was, now = value(offers, context.chosen), value(offers, plan)
    low, high = interval(was, bounds, now, above)
    before, after = choices(case, offers, context.chosen), choices(case, offers, plan)
    moved = tuple(
        {"parcel_id": name, "was": _choice(before.get(name)), "now": _choice(after.get(name))}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )
    served = {int(offers.demand[offer]) for offer in plan if offers.demand[offer] >= 0}
    ids = case.demands.ids
    return Exact(
        True,
        stopped,
        by,
        low,
        high,
        moved,
        tuple(ids[row] for row in sorted(set(context.served) - served)),
        tuple(ids[row] for row in sorted(served - set(context.served))),
        tuple(assignment(case, offers, offer) for offer in plan),
    )


def interval(
    was: Sequence[int], bound: Sequence[int], now: Sequence[int], forced_bound: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The loss of the best plan by forcing, per tier: [was - forced bound, bound - now], not below 0 where it is known.

    In a later tier the loss may be negative: what an earlier tier gives up can be gained there.
    """
    low = [a - b for a, b in zip(was, forced_bound, strict=True)]
    high = [a - b for a, b in zip(bound, now, strict=True)]
    low[0] = max(0, low[0])
    return tuple(low), tuple(high)


def _bound(tier: Any) -> int:
    return int(tier.bound if tier.solver_bound is None else min(tier.bound, tier.solver_bound))


def _choice(choice: tuple[str | None, str] | None) -> dict[str, Any] | None:
    return None if choice is None else {"demand_id": choice[0], "method": choice[1]}
