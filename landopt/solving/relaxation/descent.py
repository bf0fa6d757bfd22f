"""The relaxation of very large rounds: rough prices first, by steps against what is asked too much; then sifting.

Offers picked at rough prices start the linear programme near its end. In each round offers are then picked at prices
halfway between the programme's own and the best ones known: those of a programme that lacks offers swing wildly
(stabilised column generation: Wentges 1997; the steps: Held and Karp 1971, with Adam's scaling, Kingma and Ba 2015).
All prices prove a bound; the integer bound is made from the best of them as ever (``prices_bound``).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, activity, ranges
from landopt.solving.programme.price_bound import part_best, reduced_float
from landopt.solving.relaxation.sifter import Sifter, Stopped

STEPS, DECAY, LAND_STEP, ROW_STEP = 60, 0.926, 0.4, 0.1
"""Steps, what each is of the one before, and the first one, in parts of a platform offer's usual worth."""
BEST, LAST, PER_PART = 4, 10, 4
"""Offers a part brings at the rough prices; steps whose picks come in too; offers a part adds in a round."""
OWN = 0.5
"""How much the programme's own prices weigh where offers are picked."""

Duals = tuple[Floats, Floats, Floats]


def bound_at(prog: Program, parcels: Floats, rows: Floats) -> tuple[float, Floats]:
    """What prices prove, in doubles, and what every offer is worth beyond them."""
    left = reduced_float(prog, parcels, rows)
    return float(parcels.sum() + rows @ prog.rhs + np.maximum(part_best(prog, left), 0.0).sum()), left


def rough(prog: Program, part: Ints) -> tuple[float, Floats, Floats, Ints]:
    """Rough prices: what they prove, of parcels, of rows; and the offers picked by parts in the last steps."""
    unit = np.maximum(prog.entries.profile.total / np.maximum(1, prog.entries.profile.count), 1e-9)
    worth = prog.score[(prog.demand >= 0) & (prog.score > 0)]
    usual = float(np.median(worth)) if len(worth) else 1.0
    y = [np.zeros(prog.parcels), np.zeros(len(prog.sense))]
    mean, size = [0.0 * each for each in y], [0.0 * each for each in y]
    best, held, picked = np.inf, (y[0], y[1]), []
    for step in range(STEPS):
        value, left = bound_at(prog, y[0], y[1])
        if value < best:
            best, held = value, (y[0], y[1])
        hit = np.flatnonzero((left >= part_best(prog, left)[part]) & (left > 0))
        hit = hit[np.unique(part[hit], return_index=True)[1]]
        picked.append(hit)
        sites = prog.site[hit]
        land = prog.site_parcels[ranges(prog.site_start[sites], np.diff(prog.site_start)[sites])]
        over = np.bincount(land, minlength=prog.parcels) - 1.0
        pull = [np.where((y[0] <= 0) & (over < 0), 0.0, over), (activity(prog, hit) - prog.rhs) / unit]
        scales = np.full(prog.parcels, LAND_STEP * usual), ROW_STEP * usual / unit
        for at, scale in enumerate(scales):
            mean[at] = 0.7 * mean[at] + 0.3 * pull[at]
            size[at] = 0.9 * size[at] + 0.1 * pull[at] ** 2
            y[at] = y[at] + DECAY**step * scale * mean[at] / (np.sqrt(size[at]) + 0.3)
        y = [np.maximum(y[0], 0.0), _signed(prog, y[1])]
    return best, *held, np.unique(np.concatenate(picked[-LAST:]))


def _signed(prog: Program, rows: Floats) -> Floats:
    """Row prices with the sign of their row, those of soft rows no larger than what breaking the row costs."""
    rows = np.where(prog.sense < 0, np.maximum(rows, 0.0), np.where(prog.sense > 0, np.minimum(rows, 0.0), rows))
    cap = np.where(prog.carry >= 0, -rows[prog.carry] * prog.carried, prog.penalty)
    cap = cap / np.maximum(prog.slack, 1)
    found = np.where(prog.slack > 0, np.clip(rows, -cap, cap), rows)
    for members in map(list, prog.together):
        total, most = float(np.abs(rows[members]).sum()), float(cap[members[0]])
        found[members] = rows[members] * (most / total if total > most else 1.0)
    return found


def sift(
    sifter: Sifter,
    start: Ints | None,
    enough: float,
    tell: Callable[[float, int], None] | None,
    first_phase: Callable[[Sifter], tuple[int, bool]],
    best_of_parts: Callable[[Program, Floats, int, Ints], Ints],
    improving: Callable[[Sifter, Floats, float, int], Ints],
) -> tuple[Duals | None, int]:
    """Solve the relaxation in a fresh sifter: the best prices (None: no mix of offers keeps the rows), and the rounds.

    Raises
    ------
    Stopped
        If the deadline passes before there are prices.
    """
    prog = sifter.prog
    best, parcels, rows, picked = rough(prog, sifter.part)
    left = reduced_float(prog, parcels, rows)
    first = np.union1d(best_of_parts(prog, left, BEST, sifter.part), picked)
    sifter.add(first if start is None else np.union1d(first, start))
    rounds = 0
    if sifter.artificial:
        sifter._phase(1)
        rounds, feasible = first_phase(sifter)
        sifter._phase(2)
        if not feasible:
            return None, rounds
    demands = np.zeros(prog.demands)
    while True:
        rounds += 1
        try:
            sifter.run()
        except Stopped:
            if rounds == 1:
                raise
            return (parcels, demands, rows), rounds
        own = sifter.duals()
        value, left = bound_at(prog, own[0], own[2])
        demands = own[1]
        margin = left - np.where(prog.demand >= 0, demands[prog.demand], 0.0) if prog.demands else left
        helps = (margin > 1e-7 * sifter.unit * 64) & ~sifter.inside
        del margin
        between = OWN * own[0] + (1 - OWN) * parcels, OWN * own[2] + (1 - OWN) * rows
        if value <= best:
            best, parcels, rows = value, own[0], own[2]
        value, left = bound_at(prog, *between)
        if value < best:
            best, (parcels, rows) = value, between
        if tell is not None:
            tell(sifter.value, int(np.ceil(best)))
        if not helps.any() or best - sifter.value <= enough * max(1.0, abs(sifter.value)):
            return (parcels, demands, rows), rounds
        left -= np.maximum(part_best(prog, left), 0.0)[sifter.part]
        left -= left[helps].min() - 1.0  # all that helps is above 0, best at the prices in between first
        left[~helps] = -1.0
        sifter.add(improving(sifter, left, 0.0, PER_PART))
