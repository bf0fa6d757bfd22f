"""A plan for many draws in two steps: what to decide today among what the relaxation takes, then each draw to its end.

The relaxation over all draws says which offers any mix would take, today and again: a few of each hundred. The integer
programme over those and the next best is far smaller than the whole, and once today is decided the draws fall apart.
The prices of the relaxation bound every plan, in exact integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import Any

import numpy as np

from landopt.reasons.resolved.resolve import claimed_floor
from landopt.solving.programme.arrays import Ints, Program, standing
from landopt.solving.programme.highs_model import handed
from landopt.solving.relaxation.prices import Relaxation, relax
from landopt.solving.relaxation.sifter import Stopped

SHARES = (0.4, 0.7, 1.0)
"""Up to which part of the time the relaxation and each choice of today may take."""
LEAST_S = 1.0
"""A programme that would have less time is not begun."""
LAST = 0.1
"""The part of the time that each choice leaves to the draws under it."""
UNKNOWN = 1e17
"""From here on a bound of HiGHS is none."""
MORE = (2, 12)
"""Again so many offers as the relaxation takes, the next best by its prices, may be chosen; more if not done."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found: a plan of all draws (None: none), what no plan exceeds (None: unknown), Ctrl-C ended it."""

    chosen: Ints | None
    bound: int | None
    interrupted: bool = False
    relaxed: Relaxation | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The best plan found among some columns, what none of them exceeds as the solver claims, Ctrl-C ended it."""

    plan: Ints | None
    bound: int | None
    broken: bool = False


def settle(
    prog: Program, first: Ints, gap: Fraction, seconds: float | None, nodes: int | None, starts: Sequence[Ints] = ()
) -> Settled:
    """Look for a plan of a programme whose columns ``first`` are decided today.

    Parameters
    ----------
    starts
        Plans that are known (of all draws): the best of those that hold is what the search starts from.
    """
    begun = monotonic()

    def until(share: float) -> float | None:
        return None if seconds is None else begun + share * seconds

    best = _best(prog, starts)
    try:
        relaxed, _ = relax(prog, enough=float(gap) / 20, deadline=until(SHARES[0]))
    except Stopped:
        return Settled(best, None)
    except KeyboardInterrupt:
        return Settled(best, None, True)
    if not relaxed.feasible:
        return Settled(best, None)
    broken = False
    for more, share in zip(MORE, SHARES[1:], strict=True):
        pool = _pool(prog, relaxed, more)
        for part in (True, False):
            if broken or (not part and best is None):
                break
            offers = np.arange(prog.count) if not part else pool if best is None else np.union1d(pool, best)
            fixed = None if part or best is None else np.isin(first, best)
            end = until(share if not part else share - LAST)
            found = among(prog, offers, float(gap) / 4, end, nodes, start=best, first=first, fixed=fixed)
            broken = found.broken
            best = better_plan(prog, best, found.plan)
        if broken or (best is not None and relaxed.bound - standing(prog, best).objective <= gap * relaxed.bound):
            break
    return Settled(best, relaxed.bound, broken, relaxed)


def _best(prog: Program, plans: Sequence[Ints]) -> Ints | None:
    """The best of some plans that hold."""
    lawful = [plan for plan in plans if standing(prog, plan).lawful]
    return max(lawful, key=lambda plan: standing(prog, plan).objective, default=None)


def better_plan(prog: Program, plan: Ints | None, other: Ints | None) -> Ints | None:
    """The better of two plans, if they are any."""
    return _best(prog, [each for each in (plan, other) if each is not None])


def _pool(prog: Program, relaxed: Relaxation, more: int) -> Ints:
    """The offers that the relaxation takes, of today and of every draw, with the next best by its prices."""
    value = np.zeros(prog.count)
    value[relaxed.columns] = relaxed.x
    taken = value > 1e-7
    rest = np.flatnonzero(~taken)
    order = np.lexsort((rest, -relaxed.margin[rest]))
    return np.union1d(np.flatnonzero(taken), rest[order][: more * int(taken.sum())])


# One parameter a part of the programme and of the effort.
def among(
    prog: Program,
    pool: Ints,
    gap: float,
    end: float | None,
    nodes: int | None,
    *,
    start: Ints | None = None,
    first: Ints | None = None,
    fixed: Any = None,
) -> Found:
    """The best plan HiGHS finds over a pool; ``fixed``: which of ``first`` are taken, the others are not."""
    left = None if end is None else end - monotonic()
    if left is not None and left < LEAST_S:
        return Found(None, None)
    solver = handed(prog, pool, start)
    for name, wanted in (("threads", 1), ("mip_rel_gap", gap), ("time_limit", left), ("mip_max_nodes", nodes)):
        if wanted is not None:
            solver.setOptionValue(name, wanted)
    if first is not None and fixed is not None:
        taken = fixed.astype(float)
        solver.changeColsBounds(len(first), np.searchsorted(pool, first).astype(np.int32), taken, taken)
    broken = _run(solver)
    info = solver.getInfo()
    above = float(info.mip_dual_bound)
    bound = claimed_floor(above) if abs(above) < UNKNOWN else None
    if info.primal_solution_status != 2:  # no plan, or none yet
        return Found(None, bound, broken)
    values = np.array(solver.getSolution().col_value)[: len(pool)]
    return Found(pool[values > 0.5], bound, broken)


def _run(solver: Any) -> bool:
    """Run HiGHS so that Ctrl-C ends it with what it has; whether it did."""
    solver.HandleKeyboardInterrupt = True
    solver.startSolve()
    broken, done = False, False
    while not done:
        try:
            done = solver.wait(0.1)[0]
        except KeyboardInterrupt:
            broken = True
            with suppress(KeyboardInterrupt):
                solver.cancelSolve()
    return broken
