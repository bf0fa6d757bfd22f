"""A plan for many draws in two steps: what to decide today among what the relaxation takes, then each draw to its end.

The relaxation over all draws says which offers any mix would take, today and again: a few of each hundred. The integer
programme over those and the next best is far smaller than the whole, and once today is decided the draws fall apart.
The prices of the relaxation bound every plan, in exact integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic

import numpy as np

from landopt.reasons.many.among import among
from landopt.reasons.many.apart import Parts, supplied_again
from landopt.solving.programme.arrays import Ints, Program, standing
from landopt.solving.relaxation.prices import Relaxation, relax
from landopt.solving.relaxation.sifter import Stopped

RELAXED, KNOWN = 0.2, 0.35
"""Up to which part of the time the relaxation may take, and the draws under a plan that is known."""
SHARES = ((0.6, 0.7), (0.9, 1.0))
"""Up to which part of the time each choice of today may take, and the draws under it."""
MORE = (2, 12)
"""Again so many offers as the relaxation takes, the next best by its prices, may be chosen; more if not done."""


@dataclass(frozen=True, slots=True)
class Settled:
    """What was found: a plan of all draws (None: none), what no plan exceeds (None: unknown), Ctrl-C ended it."""

    chosen: Ints | None
    bound: int | None
    interrupted: bool = False


def settle(
    prog: Program, parts: Parts, gap: Fraction, seconds: float | None, nodes: int | None, starts: Sequence[Ints] = ()
) -> Settled:
    """Look for a plan of a programme of today and its draws.

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
        relaxed, _ = relax(prog, enough=float(gap) / 20, deadline=until(RELAXED))
    except Stopped:
        return Settled(best, None)
    except KeyboardInterrupt:
        return Settled(best, None, True)
    if not relaxed.feasible:
        return Settled(best, None)
    broken = False
    if best is not None:
        found = supplied_again(prog, parts, best, float(gap) / 4, until(KNOWN), nodes)
        best, broken = better_plan(prog, best, found.plan), found.broken
    for more, (choice, draws) in zip(MORE, SHARES, strict=True):
        if broken or (best is not None and relaxed.bound - standing(prog, best).objective <= gap * relaxed.bound):
            break
        pool = _pool(prog, relaxed, more)
        some = pool if best is None else np.union1d(pool, best)
        found = among(prog, some, float(gap) / 4, until(choice), nodes, start=best)
        best = better_plan(prog, best, found.plan)
        if not found.broken and best is not None:
            found = supplied_again(prog, parts, best, float(gap) / 4, until(draws), nodes)
            best = better_plan(prog, best, found.plan)
        broken = found.broken
    return Settled(best, relaxed.bound, broken)


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
