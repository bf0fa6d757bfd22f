"""Restricted programmes: over the offers nearest to their prices, widened until the gap asked for is reached."""

from __future__ import annotations

import numpy as np

from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import Floats, Ints, Program, ranges
from landopt.solving.programme.components import components
from landopt.solving.programme.dominance import undominated
from landopt.solving.programme.price_bound import part_best, reduced
from landopt.solving.relaxation.prices import Relaxation
from landopt.solving.search import neighbourhoods
from landopt.solving.search.integer_programmes import apart, last, mip, whole
from landopt.solving.search_state import Search
from landopt.solving.tuning import USUAL


def rounded_plan(prog: Program, relaxed: Relaxation) -> Ints | None:
    """Round the relaxation: whole columns first, then the rest by value and margin, then what still fits."""
    worth = relaxed.margin + 0.0
    scale = max(1.0, float(np.abs(prog.score).max(initial=1)))
    worth[relaxed.columns] += relaxed.x * scale * 2
    pool = np.flatnonzero(worth > -0.02 * scale)
    if len(pool) > USUAL.size:
        pool = np.sort(np.argpartition(-worth, USUAL.size)[: USUAL.size])
    return greedy(prog, worth, pool)


def integer(state: Search, relaxed: Relaxation, *, again: bool = False) -> bool:
    """Restricted programmes, from the smallest to all offers that a better plan could use. True: proved infeasible.

    ``again``: the smallest was tried.
    """
    prog, margin = state.prog, relaxed.margin
    tuning = state.options.tuning
    if prog.count > tuning.small and not again:
        held(state, relaxed, tuning.seconds)
    sizes = [tuning.size] if prog.count > tuning.small else []
    sizes += [3 * tuning.size, 10 * tuning.size] if prog.count > tuning.prices_first else []
    for size in sizes:
        if state.reached() or state.out_of_time():
            return False
        pool = near(state, relaxed, size)
        needed = _threshold(state, relaxed.bound)
        if needed is not None and int((margin >= -needed).sum()) <= len(pool):
            break
        mip(state, pool, np.zeros(0, dtype=np.int64), "restricted", limit=state.left(tuning.seconds))
    if sizes and (state.reached() or state.out_of_time()):
        return False
    return all_that_matter(state, margin, relaxed.bound)


def held(state: Search, relaxed: Relaxation, seconds: float) -> None:
    """The smallest restricted programme, for so many seconds at most: what the prices take whole is held."""
    whole = np.sort(relaxed.columns[relaxed.x > 1 - 1e-6])
    pool = near(state, relaxed, state.options.tuning.size, whole)
    mip(state, pool, whole, "restricted", limit=state.left(seconds))


def few(state: Search, relaxed: Relaxation) -> bool:
    """One programme over a few offers; whether a plan is held after it."""
    mip(state, near(state, relaxed, state.options.tuning.few), np.zeros(0, dtype=np.int64), "restricted", state.left())
    return state.chosen is not None and len(state.chosen) > 0


def whole_first(state: Search) -> bool:
    """The whole model, less offers that no better plan needs, at once to HiGHS where that pays. True: infeasible.

    Where few offers are left it takes a moment, and where many are the proof alone seldom closes; its plan and its
    bound, a claim, lead the proof.
    """
    few, many = state.options.tuning.whole
    pool = undominated(state.prog)
    if few < len(pool) <= many:
        return False
    if state.chosen is not None:
        pool = np.union1d(pool, state.chosen)
    claim, infeasible = whole(state, pool, state.left(), state.options.tuning.branches[0])
    if claim is not None:
        state.claim = claim if state.claim is None else min(claim, state.claim)
        state.tell("branching", state.objective if state.chosen is not None else None, state.better_bound(), None)
    return infeasible


def near(state: Search, relaxed: Relaxation, size: int, fixed: Ints | None = None) -> Ints:
    """The offers nearest to their prices of every part and on every parcel, those of relaxations and of the plan.

    ``size`` are about as many as platforms bring, and parcels; with offers ``fixed``, of what these leave. Offers that
    are alike by the thousand lie equally near: they are told apart at random (seeded), and each part and each parcel
    brings its own, so that no corner of the round fills the programme.
    """
    prog = state.prog
    worth = relaxed.margin - 1e-4 * np.random.default_rng(state.options.seed).random(prog.count) * _usual(prog, relaxed)
    out = np.zeros(prog.count, dtype=bool) if fixed is None or not len(fixed) else neighbourhoods.touching(prog, fixed)
    offers = np.flatnonzero(~out)
    length = np.diff(prog.site_start)[prog.site[offers]]
    land = prog.site_parcels[ranges(prog.site_start[prog.site[offers]], length)]
    part = prog.part()[offers]
    wants, parcels = (max(1, len(np.unique(keys))) for keys in (part[part < prog.demands], land))
    found = [state.support, relaxed.columns[relaxed.x > 1e-6]]
    found.append(_first(worth, part, offers, 1 + size // wants))
    found.append(_first(worth, land, np.repeat(offers, length), size // parcels))
    if state.chosen is not None:
        found.append(state.chosen)
    near = np.unique(np.concatenate(found))
    return np.asarray(near[~out[near]])


def _usual(prog: Program, relaxed: Relaxation) -> float:
    score = np.abs(prog.score[relaxed.columns[relaxed.x > 0.5]])
    return float(np.median(score)) if len(score) else 1.0


def _first(worth: Floats, keys: Ints, offers: Ints, most: int) -> Ints:
    """Of the offers that share a key the ``most`` of most worth."""
    order = np.lexsort((-worth[offers], keys))
    keys = keys[order]
    rank = np.arange(len(keys)) - np.searchsorted(keys, keys)
    return offers[order[rank < most]]


def _threshold(state: Search, bound: int) -> float | None:
    """How far below its price an offer may lie and still matter to a plan beyond the gap; None without a plan."""
    if state.chosen is None:
        return None
    gap = state.options.gap
    good = state.objective + int(max(1, abs(state.objective)) * gap)
    return float(max(0, bound - good)) + 1.0


def all_that_matter(state: Search, margin: Floats, bound: int) -> bool:
    """One programme over every offer that could lead beyond the gap: its bound holds for the whole round.

    ``margin`` and ``bound`` are of the same prices. True: proved infeasible.
    """
    needed = _threshold(state, bound)
    pool = np.arange(state.prog.count) if needed is None else np.flatnonzero(margin >= -needed)
    if state.chosen is not None:
        pool = np.union1d(pool, state.chosen)
        if len(pool) > state.options.tuning.widest:
            return False
    limit = state.left()
    if limit is not None:
        limit *= state.options.tuning.share
    groups = (
        components(state.prog, pool) if state.chosen is not None and len(pool) <= state.options.tuning.core else [pool]
    )
    if len(groups) > 1:
        claim, infeasible = apart(state, groups), False
    elif state.chosen is not None and len(pool) > state.options.tuning.small:
        claim, infeasible = last(state, pool, limit)
    else:
        claim, infeasible = mip(state, pool, np.zeros(0, dtype=np.int64), "branching", limit=limit)
    if claim is not None and claim <= bound:  # one that ended before its first relaxation claims less than the prices
        outside = bound if needed is None else int(bound - needed) + 1
        total = claim if len(pool) == state.prog.count else max(claim, outside)
        state.claim = total if state.claim is None else min(total, state.claim)
        state.tell("branching", state.objective if state.chosen is not None else None, state.better_bound(), None)
    return infeasible and needed is None


def exact_margin(prog: Program, relaxed: Relaxation) -> Ints:
    """Every offer's exact distance below its part's best at the integer prices, times the scale (<= 0)."""
    values = reduced(prog, relaxed.prices)
    top = np.maximum(part_best(prog, values), 0)
    return np.asarray(values - top[prog.part()])
