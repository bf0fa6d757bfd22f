"""Restricted programmes: over the offers nearest to their prices, widened until the gap asked for is reached."""

from __future__ import annotations

import numpy as np

from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import Floats, Ints, Program, ranges
from landopt.solving.programme.components import components
from landopt.solving.programme.price_bound import part_best, reduced
from landopt.solving.relaxation.prices import Relaxation
from landopt.solving.search.integer_programmes import GROUPED, apart, last, mip
from landopt.solving.search_state import Search, gap_of
from landopt.solving.tuning import Tuning

OF_PART = 10
"""Offers that a part brings to a restricted programme at least."""


def rounded_plan(prog: Program, relaxed: Relaxation, most: int = Tuning.rounded) -> Ints | None:
    """Round the relaxation: whole columns first, then the rest by value and margin, then what still fits."""
    worth = relaxed.margin + 0.0
    scale = max(1.0, float(np.abs(prog.score).max(initial=1)))
    worth[relaxed.columns] += relaxed.x * scale * 2
    pool = np.flatnonzero(worth > -0.02 * scale)
    if len(pool) > most:
        pool = np.sort(np.argpartition(-worth, most)[:most])
    return greedy(prog, worth, pool)


def integer(state: Search, relaxed: Relaxation) -> bool:
    """Restricted programmes, from the smallest to all offers that a better plan could use. True: proved infeasible."""
    prog, margin = state.prog, relaxed.margin
    tried, tuning = False, state.options.tuning
    steps = tuning.large if prog.count > tuning.prices_first else tuning.medium if prog.count > tuning.small else ()
    for turn, (fix, size, seconds) in enumerate(steps):
        pool = near(state, relaxed, size)
        needed = _threshold(state, relaxed.bound)
        if needed is not None and turn and int((margin >= -needed).sum()) <= len(pool):
            break
        claim = _restricted(state, relaxed, pool, fix, seconds)
        if state.reached() or state.out_of_time():
            return False
        exhausted = claim is not None and gap_of(state.objective, claim) <= state.options.gap / 4
        if exhausted and not tried and _last_is_small(state, relaxed):
            # these offers hold no better plan: what is missing may be the bound; if not so soon, look further
            tried = True
            seconds = max(tuning.look, sum(state.phases.values()))
            if _all_that_matter(state, margin, relaxed.bound, seconds) or state.reached():
                return state.chosen is None
    return _all_that_matter(state, margin, relaxed.bound)


def near(state: Search, relaxed: Relaxation, size: int) -> Ints:
    """The offers nearest to their prices of every part and on every parcel, those of relaxations and of the plan.

    ``size`` are about as many as platforms bring, and parcels. Offers that are alike by the thousand lie equally near:
    they are told apart at random (seeded), and each part and each parcel brings its own, so that no corner of the round
    fills the programme.
    """
    prog = state.prog
    worth = relaxed.margin - 1e-4 * np.random.default_rng(state.options.seed).random(prog.count) * _usual(prog, relaxed)
    length = np.diff(prog.site_start)[prog.site]
    holder = np.repeat(np.arange(prog.count), length)
    land = prog.site_parcels[ranges(prog.site_start[prog.site], length)]
    found = [state.support, relaxed.columns[relaxed.x > 1e-6]]
    found.append(_first(worth, prog.part(), np.arange(prog.count), max(OF_PART, size // max(1, prog.demands))))
    found.append(_first(worth, land, holder, max(1, size // max(1, prog.parcels))))
    if state.chosen is not None:
        found.append(state.chosen)
    return np.unique(np.concatenate(found))


def _usual(prog: Program, relaxed: Relaxation) -> float:
    score = np.abs(prog.score[relaxed.columns[relaxed.x > 0.5]])
    return float(np.median(score)) if len(score) else 1.0


def _first(worth: Floats, keys: Ints, offers: Ints, most: int) -> Ints:
    """Of the offers that share a key the ``most`` of most worth."""
    close = worth[offers] > -np.inf
    order = np.lexsort((-worth[offers], keys))
    keys = keys[order]
    rank = np.arange(len(keys)) - np.searchsorted(keys, keys)
    return offers[order[(rank < most) & close[order]]]


def _last_is_small(state: Search, relaxed: Relaxation) -> bool:
    needed = _threshold(state, relaxed.bound)
    base = max(60, state.prog.demands)
    return needed is not None and int((relaxed.margin >= -needed).sum()) <= state.options.tuning.last * base


def _threshold(state: Search, bound: int) -> float | None:
    """How far below its price an offer may lie and still matter to a plan beyond the gap; None without a plan."""
    if state.chosen is None:
        return None
    gap = state.options.gap
    good = state.objective + int(max(1, abs(state.objective)) * gap)
    return float(max(0, bound - good)) + 1.0


def _restricted(state: Search, relaxed: Relaxation, pool: Ints, fix: bool, seconds: float) -> int | None:
    """Solve over some offers, with what the prices take whole fixed or not; the solver's bound for these offers."""
    fixed = np.sort(relaxed.columns[relaxed.x > 1 - 1e-6]) if fix else np.zeros(0, dtype=np.int64)
    if fix:
        pool = np.setdiff1d(pool, _touching(state.prog, fixed))
    return mip(state, pool, fixed, "restricted", limit=state.left(seconds))[0]


def _land(prog: Program, offers: Ints) -> Ints:
    sites = prog.site[offers]
    return prog.site_parcels[ranges(prog.site_start[sites], prog.site_start[sites + 1] - prog.site_start[sites])]


def _touching(prog: Program, fixed: Ints) -> Ints:
    """Offers that use a parcel or a demand of the fixed ones."""
    used = np.zeros(prog.parcels, dtype=np.int64)
    used[_land(prog, fixed)] = 1
    served = np.zeros(prog.demands + 1, dtype=bool)
    served[prog.demand[fixed]] = True
    served[-1] = False
    bad_site = np.add.reduceat(used[prog.site_parcels], prog.site_start[:-1]) > 0
    return np.flatnonzero(bad_site[prog.site] | served[prog.demand])


def _all_that_matter(state: Search, margin: Floats, bound: int, most: float | None = None) -> bool:
    """One programme over every offer that could lead beyond the gap: its bound holds for the whole round.

    ``margin`` and ``bound`` are of the same prices; ``most`` are the seconds it may take. True: proved infeasible.
    """
    needed = _threshold(state, bound)
    pool = np.arange(state.prog.count) if needed is None else np.flatnonzero(margin >= -needed)
    if state.chosen is not None:
        pool = np.union1d(pool, state.chosen)
        if len(pool) > state.options.tuning.widest:
            return False
    groups = components(state.prog, pool) if state.chosen is not None and len(pool) <= GROUPED else [pool]
    if len(groups) > 1:
        claim, infeasible = apart(state, groups), False
    elif state.chosen is not None and len(pool) > state.options.tuning.small:
        claim, infeasible = last(state, pool, state.left(most))
    else:
        claim, infeasible = mip(state, pool, np.zeros(0, dtype=np.int64), "branching", limit=state.left())
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
