"""What no plan for many draws exceeds, each draw priced apart; multipliers make them agree on today.

Lagrangian decomposition by draws (Carøe and Schultz, *Dual decomposition in stochastic integer programming*, 1999):
every draw gets a copy of today's columns, worth what the draw makes of them and a multiplier; of each column the
multipliers of all draws sum to 0, so that the draws' integer programmes together bound every plan. Relaxations leave
out what whole numbers cost in each draw, which these do not. The bound of each draw is what the solver claims.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic

import numpy as np

from landopt.reasons.many.settling import among, better_plan
from landopt.solving.programme.arrays import Floats, Ints, Program, columns, standing
from landopt.solving.programme.highs_model import ENDLESS
from landopt.solving.relaxation.prices import Relaxation

LENGTH = 0.3
"""The first step, of what is between the bound and the best plan.

Measured on three shapes of 80 to 120 parcels, 5 draws, eight steps: with 1 the lowest bound of one was found and none
below its start of another, with 0.1 less was gained on two.
"""
PART = 0.5
"""The part of the time left that one step may take."""
STEPS = 200
"""Most steps; time or standing still ends them sooner."""
STALLED = 3
"""Steps without a better bound after which the step is halved, and as many halvings after which it ends."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Which draw (0: today) each column, parcel, platform and row of the joint programme is of.

    ``worth`` has a line a draw: what it makes of each of ``first``, today's columns.
    """

    first: Ints
    worth: Ints
    columns: Ints
    heads: Ints
    rows: Ints


@dataclass(frozen=True, slots=True)
class Apart:
    """What no plan exceeds (``None``: some draw said nothing), and whether Ctrl-C ended it."""

    bound: int | None
    interrupted: bool


def multipliers(prog: Program, parts: Parts, relaxed: Relaxation) -> Ints:
    """A line a draw: what makes today's columns worth as much in each draw by the prices of the relaxation."""
    starts, index, coef = columns(prog, parts.first)
    price = np.concatenate([relaxed.parcels, relaxed.demands, relaxed.rows])
    owner = np.concatenate([parts.heads, parts.rows])[index]
    cost = np.zeros((len(parts.worth) + 1, len(parts.first)))
    np.add.at(cost, (owner, np.repeat(np.arange(len(parts.first)), np.diff(starts))), price[index] * coef)
    left = parts.worth - cost[1:]
    return balanced(left.mean(axis=0) - left)


def balanced(given: Floats) -> Ints:
    """Whole multipliers that sum to 0 over the draws, exactly."""
    found = np.rint(given).astype(np.int64)
    found[0] -= found.sum(axis=0)
    return found


def draw_program(prog: Program, parts: Parts, draw: int, multiplier: Ints) -> tuple[Program, Ints]:
    """One draw with today, and its columns: rows of other draws ask nothing."""
    pool = np.union1d(parts.first, np.flatnonzero(parts.columns == draw))
    score = prog.score.copy()
    score[parts.first] = parts.worth[draw - 1] + multiplier
    other = (parts.rows != 0) & (parts.rows != draw)
    sense = np.where(other & (prog.sense == 0), -1, prog.sense).astype(prog.sense.dtype)
    rhs = np.where(other, np.where(sense > 0, -ENDLESS, ENDLESS), prog.rhs)
    return replace(prog, score=score, sense=sense, rhs=rhs), pool


# One parameter a part of the programme and of the effort.
def apart(
    prog: Program,
    parts: Parts,
    relaxed: Relaxation,
    best: Callable[[Ints], int | None],
    gap: Fraction,
    seconds: float | None,
    nodes: int | None,
) -> Apart:
    """Lower the bound step by step, till it is within the gap of the best plan or time is out.

    Parameters
    ----------
    best
        Hears the columns that the draws took up to now, and says what the best plan known is worth by then.
    """
    end = None if seconds is None else monotonic() + seconds
    at = centre = multipliers(prog, parts, relaxed)
    bound: int | None = None
    taken = np.zeros(0, np.int64)
    length, idle, halved = LENGTH, 0, 0
    for _ in range(STEPS):
        step = _step(prog, parts, at, float(gap) / 4, end, nodes)
        taken = np.union1d(taken, step.taken)
        if step.total is None:
            return Apart(bound, step.broken)
        if bound is None or step.total < bound:
            bound, centre, idle = step.total, at, 0
        else:
            idle += 1
        value = best(taken)
        if step.broken or (value is not None and bound - value <= gap * max(1, abs(value))):
            return Apart(bound, step.broken)
        if idle == STALLED:
            length, idle, halved, at = length / 2, 0, halved + 1, centre
        off = step.copies - step.copies.mean(axis=0)
        size = float((off**2).sum())
        if halved == STALLED or size < 1e-9:
            break
        aim = value if value is not None else (1 - float(gap)) * bound
        at = balanced(at - length * max(step.total - aim, 1.0) / size * off)
    return Apart(bound, False)


@dataclass(frozen=True, slots=True)
class _Step:
    """The sum of the draws' bounds (``None``: one said nothing), today's copies, the columns taken, Ctrl-C ended it."""

    total: int | None
    copies: Floats
    taken: Ints
    broken: bool


def _step(prog: Program, parts: Parts, at: Ints, gap: float, end: float | None, nodes: int | None) -> _Step:
    """Every draw under some multipliers."""
    total, copies, taken = 0, np.zeros(at.shape), [np.zeros(0, np.int64)]
    last = None if end is None else monotonic() + PART * (end - monotonic())
    for draw in range(1, len(at) + 1):
        now = monotonic()
        until = None if last is None else now + (last - now) / (len(at) + 1 - draw)
        found = among(*draw_program(prog, parts, draw, at[draw - 1]), gap, until, nodes)
        if found.plan is not None:
            taken.append(found.plan)
            copies[draw - 1] = np.isin(parts.first, found.plan)
        if found.bound is None or found.broken:
            return _Step(None, copies, np.unique(np.concatenate(taken)), found.broken)
        total += found.bound
    return _Step(total, copies, np.unique(np.concatenate(taken)), False)


# One parameter a part of the programme and of the effort.
def lowered(
    prog: Program,
    parts: Parts,
    relaxed: Relaxation,
    chosen: Ints | None,
    gap: Fraction,
    seconds: float | None,
    nodes: int | None,
) -> tuple[Ints | None, int | None, bool]:
    """What the draws priced apart prove, and the best plan made of what they take; and whether Ctrl-C came."""
    every = np.arange(prog.count)
    plans = [chosen]
    end = None if seconds is None else monotonic() + seconds

    def until(share: float) -> float | None:
        return None if end is None else monotonic() + share * (end - monotonic())

    def best(taken: Ints) -> int | None:
        was = plans[0]
        pool = taken if was is None else np.union1d(taken, was)
        found = among(prog, pool, float(gap) / 4, until(PART / 2), nodes, start=was)
        plan = better_plan(prog, was, found.plan)
        if plan is not None and plan is not was:
            today = np.isin(parts.first, plan)
            found = among(
                prog, every, float(gap) / 4, until(PART / 2), nodes, start=plan, first=parts.first, fixed=today
            )
            plan = better_plan(prog, plan, found.plan)
        plans[0] = plan
        return None if plan is None else standing(prog, plan).objective

    found = apart(prog, parts, relaxed, best, gap, seconds, nodes)
    return plans[0], found.bound, found.interrupted
