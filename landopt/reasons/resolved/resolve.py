"""A programme solved again for a question: in this process, over all tiers, to the end where time allows.

What is found is exact integers; that nothing is better rests on the solver's bound, which no auditor re-derives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from constraints.case import Case, held_at
from landopt.reasons.clock import Clock
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Ints, Program, arrays_of, from_arrays, standing
from landopt.solving.programme.model import Built, build

SMALL = 20_000
"""Offers up to which a question is solved over all of them."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """How it ended: the plan found (offers, ascending), its worth a tier, and what no plan exceeds (millipoints).

    ``bound`` of a later tier speaks of plans that reach ``worth`` in the earlier ones; ``None``: nothing is known.
    ``stopped``: ``optimal``, ``limit``, ``user``, ``infeasible`` or ``failed``.
    """

    chosen: tuple[int, ...] | None
    worth: tuple[int, ...]
    bound: tuple[int | None, ...]
    stopped: str

    @property
    def ended(self) -> bool:
        """Whether the search came to its end: a best plan, or no plan at all."""
        return self.stopped in ("optimal", "infeasible")

    @property
    def possible(self) -> bool | None:
        """Whether there is a plan; ``None`` where that is not known."""
        return True if self.chosen is not None else False if self.stopped == "infeasible" else None


def resolve(
    case: Case, offers: Offers, clock: Clock, *, pool: Ints | None = None, start: Sequence[int] | None = None
) -> Resolved:
    """The best plan among some offers (all by default), tier by tier.

    ``start`` are offers to start from; they need not be a plan.
    """
    base = arrays_of(offers, len(case.parcels), len(case.demands))
    which = np.arange(len(offers)) if pool is None else np.asarray(pool, np.int64)
    reached: list[int] = []
    floors: list[int] = []
    bounds: list[int | None] = []
    plan = None if start is None else np.asarray(sorted(start), np.int64)
    found: Ints | None = None
    why = "optimal"
    for tier in range(offers.tiers):
        prog = from_arrays(base, tier, floors)
        status, chosen, bound = _tier(prog, which, plan, clock)
        if status == "infeasible" and not tier:
            return Resolved(None, (), (), "infeasible")
        if status != "optimal" and why == "optimal":
            why = status
        if chosen is None and not tier:
            return Resolved(None, (), (bound,), why)
        plan = found = plan if chosen is None else chosen
        assert plan is not None
        reached.append(standing(prog, plan).objective)
        floors.append(held_at(reached[-1], case.objective.give(tier)))
        bounds.append(None if bound is None else max(bound, reached[-1]))
    if found is None:  # no tier at all cannot be: a round has one
        return Resolved(None, (), (), why)
    return Resolved(tuple(int(offer) for offer in found), tuple(reached), tuple(bounds), why)


def resolve_at_least(
    case: Case, offers: Offers, least: int, weights: Ints, pool: Ints, clock: Clock, gap: float = 0.0
) -> tuple[tuple[int, ...] | None, int | None, str]:
    """Of the plans worth at least so much in the first tier the one with the largest sum of weights, to a relative gap.

    Returns
    -------
    plan, bound, stopped
        The plan found, what no such plan's sum exceeds, and how the search ended (:class:`Resolved`).
    """
    rows = tuple(row if not row.slack or not row.tier else replace(row, penalty=0) for row in offers.rows)
    asked = replace(offers, score=np.vstack([offers.score[0], weights]), rows=rows)
    prog = from_arrays(arrays_of(asked, len(case.parcels), len(case.demands)), 1, [least])
    status, chosen, bound = _tier(prog, pool, None, clock, gap)
    plan = None if chosen is None else tuple(int(offer) for offer in chosen)
    return plan, bound, status


def _tier(
    prog: Program, pool: Ints, start: Ints | None, clock: Clock, gap: float = 0.0
) -> tuple[str, Ints | None, int | None]:
    """One tier: how it ended, the plan found, the solver's bound."""
    from landopt.solving.programme.pulp_imported import pulp
    from landopt.solving.programme.silent_highs import SilentHiGHS

    limit = clock.left()
    if not limit:
        return clock.why, None, None
    built = build(prog, pool)
    warm = start is not None and standing(prog, start).lawful and bool(np.isin(start, pool).all())
    if warm:
        assert start is not None
        _hand_over(prog, built, start)

    solver = SilentHiGHS(
        msg=False,
        threads=1,
        timeLimit=limit,
        gapRel=gap,
        mip_abs_gap=0.999,
        warmStart=warm,
        **clock.heard(),
    )
    stats = built.problem.solve(solver)
    if stats.status == pulp.LpSolveStatus.Infeasible:
        return "infeasible", None, None
    bound = stats.best_bound
    above = None if bound is None or not np.isfinite(bound) else claimed_floor(bound)
    ended = stats.status == pulp.LpSolveStatus.Optimal
    clock.left()
    if not stats.has_solution:
        return (clock.why or "limit" if not ended else "failed"), None, above
    found = pool[np.array([(variable.value() or 0.0) > 0.5 for variable in built.x], bool)]
    state = standing(prog, found)
    if not state.lawful:  # a plan within the solver's tolerances that breaks a row in integers is no plan
        return "failed", start if warm else None, above
    if ended and above is not None and above > state.objective:
        ended = above - state.objective < 1
    return ("optimal" if ended else clock.why or "limit"), found, above


def claimed_floor(bound: float) -> int:
    """The whole number a claimed bound allows, with the slip a double may have."""
    return int(np.floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-6)))


def _hand_over(prog: Program, built: Built, start: Ints) -> None:
    taken = set(start.tolist())
    for offer, variable in zip(built.offers.tolist(), built.x, strict=True):
        variable.setInitialValue(1 if offer in taken else 0)
    slack = standing(prog, start).slack
    for row, variable in zip(built.soft.tolist(), built.s, strict=True):
        variable.setInitialValue(int(slack[row]))


def keeping(offers: Offers, chosen: Sequence[int]) -> Offers:
    """The offers with one tier more, the last: as many of these offers as may be, so that what moves has a cause."""
    kept = np.zeros(len(offers), np.int64)
    kept[np.asarray(sorted(chosen), np.int64)] = 1
    rows = tuple(replace(row, tier=offers.tiers - 1 if row.tier is None else row.tier) for row in offers.rows)
    return replace(offers, score=np.vstack([offers.score, kept]), rows=rows)
