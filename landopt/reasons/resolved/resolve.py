"""A programme solved again for a question: in this process, over all tiers, to the end where time allows.

What is found is exact integers; that nothing is better rests on the solver's bound, which no auditor re-derives. A
question has one clock for all its programmes: the limit and Ctrl-C end it with what was found.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from time import monotonic
from types import FrameType, TracebackType
from typing import Any, Self

import numpy as np

from constraints.case import Case, held_at
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Ints, Program, arrays_of, from_arrays, standing
from landopt.solving.programme.model import Built, build
from parcels.common.catalogue import Say, told

LIMIT_S = 120
"""Seconds a question may take unless told otherwise."""
SMALL = 20_000
"""Offers up to which a question is solved over all of them."""
EVERY_S = 5
"""Seconds between two lines of progress of one programme."""


class Clock(AbstractContextManager["Clock"]):
    """The seconds a question may still take; inside ``with``, Ctrl-C ends it and what was found stays.

    ``why`` is "" while it runs, then ``limit`` or ``user``.
    """

    def __init__(self, seconds: float | None = None, say: Say | None = None) -> None:
        self.end = monotonic() + (LIMIT_S if seconds is None else seconds)
        self.why = ""
        self._say = say
        self._before: Any = None
        self._ours = False
        self._told = monotonic()

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.getsignal(signal.SIGINT)
            signal.signal(signal.SIGINT, self._interrupt)
            self._ours = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, trouble: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, self._before)
            self._ours = False

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self.why == "user":
            raise KeyboardInterrupt  # a second time: at once
        self.why = "user"

    def left(self) -> float:
        """Seconds left; 0 once it has ended."""
        rest = self.end - monotonic()
        if not self.why and rest <= 0.05:
            self.why = "limit"
        return 0.0 if self.why else rest

    def tell(self, key: str, **values: object) -> None:
        """A line of progress."""
        if self._say is not None:
            self._told = monotonic()
            self._say(told(f"progress.{key}", **values))

    def tick(self, value: float, bound: float) -> None:
        """The best value and bound of the programme that runs, millipoints, said now and then."""
        if self._say is not None and monotonic() - self._told >= EVERY_S and abs(value) < 1e17 and abs(bound) < 1e17:
            self.tell("re-solving", best=value / 1000, bound=bound / 1000)


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
    import highspy
    import pulp

    from landopt.solving.programme.silent_highs import SilentHiGHS

    limit = clock.left()
    if not limit:
        return clock.why, None, None
    built = build(prog, pool)
    warm = start is not None and standing(prog, start).lawful and bool(np.isin(start, pool).all())
    if warm:
        assert start is not None
        _hand_over(prog, built, start)

    def heard(kind: Any, _message: str, out: Any, into: Any, _data: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipInterrupt:
            into.user_interrupt = bool(clock.why)
        else:
            clock.tick(float(out.mip_primal_bound), float(out.mip_dual_bound))

    kinds = highspy.cb.HighsCallbackType
    solver = SilentHiGHS(
        msg=False,
        threads=1,
        timeLimit=limit,
        gapRel=gap,
        mip_abs_gap=0.999,
        warmStart=warm,
        callbackTuple=(heard, None),
        callbacksToActivate=[kinds.kCallbackMipInterrupt, kinds.kCallbackMipLogging],
    )
    stats = built.problem.solve(solver)
    if stats.status == pulp.LpSolveStatus.Infeasible:
        return "infeasible", None, None
    bound = stats.best_bound
    above = None if bound is None or not np.isfinite(bound) else _floor(bound)
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


def _floor(bound: float) -> int:
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
