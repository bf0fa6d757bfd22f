"""What forcing a choice costs, as an interval: solved to the end where the round is small, else near the plan.

Up to ``SMALL`` offers (:mod:`landopt.reasons.resolved.resolve`) the round is solved to the end, with the choice forced
and without; of the best plans with it the one that changes least is told. Above, the quick run lets every offer near
the prices move and keeps the rest of the plan; its plan gives the upper end of the loss, the proof of the plan the
lower one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from constraints.case import Case, held_at
from landopt.reasons.alternatives import Choice, assignment, choices, value
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import another_plan, forced
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.losses import touching
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.resolved.resolve import SMALL, Resolved, keeping, resolve
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
    whether the bound came from the plan's ``prices`` or from a ``solve``.

    ``ended``: the searches came to their end, so the loss is exact and the plan told is a best one with the offer;
    else it is one such plan, and what moves in it is no fact about the best one. ``only``: whether it is the only best
    one (``None``: not settled). ``better``: what the best plan found without forcing is worth above the plan held.
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
    ended: bool = False
    only: bool | None = None
    better: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The result as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


@dataclass(frozen=True, slots=True)
class Best:
    """The best plan known without anything forced: its worth, and what no plan exceeds, per tier; both alike: proved.

    ``bound`` of a later tier speaks of plans that reach ``worth`` in the earlier ones.
    """

    worth: tuple[int, ...]
    bound: tuple[int, ...]

    @property
    def proved(self) -> bool:
        """True where no plan is better in any tier."""
        return self.worth == self.bound


def best(context: Context, bounds: Sequence[int], clock: Clock) -> Best:
    """The yardstick of every loss: the plan held, solved on to the end where the round is small and it is not proved.

    ``bounds`` are the audited bounds of the plan held, millipoints.
    """
    reached = value(context.offers, context.chosen)
    held = Best(reached, tuple(max(a, b) for a, b in zip(reached, bounds, strict=True)))
    if held.proved or len(context.offers) > SMALL:
        return held
    clock.tell("solving-on")
    found = resolve(context.case, context.offers, clock, start=context.chosen)
    if found.chosen is None or found.worth < reached:
        return held
    above: list[int] = []
    for tier, (worth, bound) in enumerate(zip(found.worth, found.bound, strict=True)):
        same = found.worth[:tier] == reached[:tier]
        known = [each for each in (bound, held.bound[tier] if same else None) if each is not None]
        above.append(max(worth, min(known, default=_most(context.offers)[tier])))
    return Best(found.worth, tuple(above))


def exact(
    context: Context,
    members: Sequence[int],
    bounds: Sequence[int],
    *,
    gap: str | None = None,
    time_limit_s: int | None = None,
    full: bool = False,
    clock: Clock | None = None,
    known: Best | None = None,
) -> Exact:
    """Force one of some offers (a site, platform and method over its periods), re-solve, and say what it costs.

    Parameters
    ----------
    bounds
        Audited bound of the plan in each tier, millipoints.
    gap, time_limit_s
        Of a full run (two minutes by default).
    full
        Solve the whole round again in a process of its own, up to ``gap``. Where the quick run of a large round finds
        no plan, this follows by itself.
    clock
        The time the question may still take.
    known
        :func:`best` of the plan, where it was asked for already.
    """
    clock = clock or Clock(time_limit_s)
    if not full and gap is None and len(context.offers) <= SMALL:
        return _to_the_end(context, members, known or best(context, bounds, clock), clock)
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
    clock.tell("forcing")
    with clock.aloud():
        outcome = solve(
            case,
            forced(context.offers, members),
            gap=gap or case.settings.gap,
            time_limit_s=max(1, int(clock.left())),
            nodes=case.settings.nodes,
            seed=case.settings.seed,
            threads=1,
            warm=np.asarray(context.chosen, np.int64),
        )
    clock.left()
    if outcome.chosen is None:
        none = outcome.stopped == "infeasible"
        return Exact(not none, outcome.stopped, "solve", (), (), (), (), (), (), none)
    plan = tuple(sorted(int(offer) for offer in outcome.chosen))
    return _result(context, plan, outcome.stopped, "solve", bounds, [_bound(tier) for tier in outcome.tiers])


def _to_the_end(context: Context, members: Sequence[int], known: Best, clock: Clock) -> Exact:
    """The round with the choice forced, solved to the end; of the best plans the one that changes least."""
    offers = context.offers
    variant = forced(offers, members)
    clock.tell("forcing")
    found = resolve(context.case, keeping(variant, context.chosen), clock, start=near(context, members, 2))
    if found.chosen is None:
        none = found.stopped == "infeasible"
        return Exact(not none, found.stopped, "solve", (), (), (), (), (), (), none)
    now, tops = found.worth[:-1], found.bound[:-1]
    above = [
        max(worth, most if top is None else top) for worth, top, most in zip(now, tops, _most(offers), strict=True)
    ]
    ended = known.proved and tuple(above) == now
    stopped = "optimal" if ended else "limit" if found.stopped == "optimal" else found.stopped
    result = _result(context, found.chosen, stopped, "solve", known.bound, above, known.worth)
    if not ended:
        return result
    return replace(result, ended=True, only=_only(context, variant, found, clock))


def _only(context: Context, variant: Offers, found: Resolved, clock: Clock) -> bool | None:
    """Whether no other plan with the choice forced is as good."""
    assert found.chosen is not None
    other = resolve(context.case, another_plan(variant, found.chosen, 0), clock)
    if not other.ended:
        return None
    return other.chosen is None or other.worth < found.worth[:-1]


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
    floors: list[int] = []
    plan: Ints | None = None
    for tier in range(variant.tiers):
        prog = program(case, variant, tier, floors)
        score = prog.score.copy()
        score[np.asarray(keep, np.int64)] += bonus
        plan = _solve(prog, replace(prog, score=score), pool, seconds, plan)
        if plan is None:
            return None
        floors.append(held_at(standing(prog, plan).objective, case.objective.give(tier)))
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

    from landopt.solving.programme.silent_highs import SilentHiGHS

    built = build(sought, pool)
    if start is not None:
        taken = set(start.tolist())
        for offer, variable in zip(built.offers.tolist(), built.x, strict=True):
            variable.setInitialValue(1 if offer in taken else 0)
    solver = SilentHiGHS(msg=False, threads=1, timeLimit=seconds, gapRel=0.0005, warmStart=start is not None)
    stats = built.problem.solve(solver)
    if not stats.has_solution:
        return None
    values = np.array([variable.value() or 0.0 for variable in built.x])
    found = pool[values > 0.5]
    return found if standing(prog, found).lawful else None


def _result(
    context: Context,
    plan: tuple[int, ...],
    stopped: str,
    by: str,
    bounds: Sequence[int],
    above: Sequence[int],
    worth: tuple[int, ...] | None = None,
) -> Exact:
    """``worth`` is that of the best plan known, where it is not the one held."""
    case, offers = context.case, context.offers
    held, now = value(offers, context.chosen), value(offers, plan)
    was = held if worth is None else worth
    low, high = interval(was, bounds, now, above)
    better = tuple(a - b for a, b in zip(was, held, strict=True)) if was != held else ()
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
        better=better,
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


def _choice(choice: Choice | None) -> dict[str, Any] | None:
    return None if choice is None else dict(zip(("demand_id", "method", "period"), choice, strict=True))
