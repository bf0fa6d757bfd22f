"""The linear relaxation over all lawful offers by sifting: a live HiGHS over a growing set, all priced each round.

The primal simplex starts from the last basis, presolve is off, and one sparse product prices every offer. The prices of
*any* round give a bound (``prices_bound``), so the loop may stop as soon as that bound is close enough.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from landopt.solving.heuristics.greedy import best_of_parts
from landopt.solving.programme.arrays import Floats, Ints, Program
from landopt.solving.programme.price_bound import Prices, bound, part_best, reduced_float, rounded
from landopt.solving.relaxation import descent
from landopt.solving.relaxation.sifter import Sifter, Stopped
from landopt.solving.search_state import Warm
from landopt.solving.tuning import USUAL


@dataclass(frozen=True)
class Relaxation:
    """A solved relaxation.

    ``value`` is its optimum (millipoints, a double), ``columns`` the offers in it and ``x`` their values; ``parcels``
    and ``rows`` its prices, ``margin`` for every offer its score beyond all prices and its part's best (<= 0 when
    priced out). ``prices`` are the integer prices and ``bound`` what they prove. ``feasible`` is False where no mix of
    offers keeps the rows.
    """

    feasible: bool
    value: float
    columns: Ints
    x: Floats
    parcels: Floats
    rows: Floats
    demands: Floats
    margin: Floats
    prices: Prices
    bound: int
    rounds: int


def relax(
    prog: Program,
    *,
    start: Ints | None = None,
    enough: float = 0.0,
    seed: int = 0,
    deadline: float | None = None,
    tell: Callable[[float, int], None] | None = None,
    again: Sifter | None = None,
    warm: Warm | None = None,
) -> tuple[Relaxation, Sifter]:
    """Solve the relaxation over all offers.

    ``start`` are offers to begin with beside the best of each part; the loop ends once the bound is within ``enough``
    (relative) of the optimum over the offers it holds. ``tell`` hears (value, bound) each round. ``again`` is the live
    programme of a round that differs in scores and right-hand sides only: it goes on from its offers and basis;
    ``warm`` is what such a programme left.

    Raises
    ------
    Stopped
        If the deadline (of ``time.monotonic``) passes before there are prices.
    """
    if again is not None:
        sifter = again
        sifter.change(prog, deadline)
    elif warm is not None:
        sifter = Sifter(prog, seed=seed, deadline=deadline)
        sifter.resume(warm.columns, warm.basis)
        if start is not None:
            sifter.add(start)
    elif prog.count > USUAL.prices_first:
        sifter = Sifter(prog, seed=seed, deadline=deadline)
        duals, rounds = descent.sift(sifter, start, enough, tell, _first_phase, best_of_parts, improving)
        return result(sifter, duals, rounds, feasible=duals is not None), sifter
    else:
        sifter = Sifter(prog, seed=seed, deadline=deadline)
        first = best_of_parts(prog, prog.score / np.sqrt(np.diff(prog.site_start)[prog.site]), USUAL.first, sifter.part)
        sifter.add(first if start is None else np.union1d(first, start))
    rounds = 0
    if sifter.artificial and ((again is None and warm is None) or sifter.infeasible()):
        sifter._phase(1)
        rounds, feasible = _first_phase(sifter)
        sifter._phase(2)
        if not feasible:
            return result(sifter, None, rounds, feasible=False), sifter
    best: tuple[float, tuple[Floats, Floats, Floats]] | None = None
    while True:
        rounds += 1
        try:
            sifter.run()
        except Stopped:
            if best is None:
                raise
            break
        parcels, demands, rows = sifter.duals()
        left = reduced_float(prog, parcels, rows)
        about = float(parcels.sum() + rows @ prog.rhs + np.maximum(part_best(prog, left), 0.0).sum())
        if best is None or about <= best[0]:
            best = (about, (parcels, demands, rows))
        if tell is not None:
            tell(sifter.value, int(np.ceil(best[0])))
        new = improving(sifter, _beyond(prog, left, demands), 1e-7 * sifter.unit * 64)
        if not len(new) or best[0] - sifter.value <= enough * max(1.0, abs(sifter.value)):
            break
        sifter.add(new)
    return result(sifter, best[1], rounds, feasible=True), sifter


def _beyond(prog: Program, left: Floats, demands: Floats) -> Floats:
    """What offers are worth beyond the prices of their rows *and* their platform."""
    return left - np.where(prog.demand >= 0, demands[prog.demand], 0.0) if prog.demands else left


def margins(sifter: Sifter, parcels: Floats, demands: Floats, rows: Floats) -> Floats:
    """What every offer is worth beyond all prices (millipoints): above 0 it would better the relaxation."""
    return _beyond(sifter.prog, reduced_float(sifter.prog, parcels, rows), demands)


def improving(sifter: Sifter, margin: Floats, eps: float, most: int = USUAL.per_part) -> Ints:
    """The ``most`` best offers of every part that are worth more than their prices and not in yet."""
    hit = np.flatnonzero((margin > eps) & ~sifter.inside)
    if not len(hit):
        return hit
    part = sifter.part[hit]
    order = np.lexsort((-margin[hit], part))
    part = part[order]
    first = np.concatenate([[0], np.flatnonzero(np.diff(part)) + 1])
    rank = np.arange(len(part)) - np.repeat(first, np.diff(np.concatenate([first, [len(part)]])))
    return np.sort(hit[order[rank < most]])


def _first_phase(sifter: Sifter) -> tuple[int, bool]:
    prog, rounds = sifter.prog, 0
    while True:
        rounds += 1
        sifter.run()
        if sifter.shortfall() <= 1e-9:
            return rounds, True
        parcels, demands, rows = sifter.duals(1)
        margin = margins(sifter, parcels, demands, rows) - prog.score
        new = improving(sifter, margin, 1e-9)
        if not len(new):
            return rounds, sifter.shortfall() <= 1e-6
        sifter.add(new, phase=1)


def result(sifter: Sifter, duals: tuple[Floats, Floats, Floats] | None, rounds: int, feasible: bool) -> Relaxation:
    """What the sifter holds, with integer prices and the exact bound of ``duals`` (None: infeasible)."""
    prog = sifter.prog
    if duals is None:
        duals = np.zeros(prog.parcels), np.zeros(prog.demands), np.zeros(len(prog.sense))
    parcels, demands, rows = duals
    prices, proved = _settled(prog, parcels, rows)
    margin = reduced_float(prog, parcels, rows)
    top = np.maximum(part_best(prog, margin), 0.0)
    margin -= top[sifter.part] if prog.count else 0.0
    return Relaxation(
        feasible,
        sifter.value if feasible else float("-inf"),
        sifter.order,
        sifter.x() if feasible else np.zeros(len(sifter.order)),
        parcels,
        rows,
        demands,
        margin,
        prices,
        proved,
        rounds,
    )


def _settled(prog: Program, parcels: Floats, rows: Floats) -> tuple[Prices, int]:
    """Prices in integers and what they prove; where next to nothing is proved, without what rounding alone adds.

    Rows without an amount (shares) cost the bound nothing, however dear: a little dearer, they pay for the rounding.
    """
    best = rounded(prog, parcels, rows)
    proved = bound(prog, best)
    if 0 < proved < 1000:
        for more in (1e-6, 1e-5, 1e-4, 1e-3):
            tried = rounded(prog, parcels, np.where(prog.rhs == 0, rows * (1 + more), rows))
            value = bound(prog, tried)
            if value < proved:
                best, proved = tried, value
    return best, proved
