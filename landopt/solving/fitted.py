"""The relaxation of a very large round with limits filled by whole parcels: where the search for a plan begins.

The relaxation uses the last square metre of a limit by a part of a parcel; a plan made from it loses that parcel. Here
each limit gets the parcels that fill it best (``knapsack``), the offers that count on other parcels are barred, and the
relaxation is solved again from its last basis: what it leaves divided is little, and little is lost by rounding it.
It is a guess at where good plans are; no bound is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landopt.solving.knapsack import left_out
from landopt.solving.model_arrays import Floats, Ints, Program
from landopt.solving.prices import Relaxation, improving, margins
from landopt.solving.prices_bound import part_best, reduced_float
from landopt.solving.sifter import Sifter, Stopped
from landopt.solving.solver_state import Options

ROUNDS = 6
"""Rounds of pricing at most."""
OUT = 1e15
"""Millipoints below its price that a barred offer counts as."""


@dataclass(frozen=True)
class Guide:
    """What a search for plans goes by: prices of parcels and of rows, every offer's margin and its amount in them."""

    parcels: Floats
    rows: Floats
    margin: Floats
    amount: Floats


def fitted(prog: Program, near: Ints, relaxed: Relaxation, sifter: Sifter, options: Options) -> Guide | None:
    """The relaxation with filled limits over the offers ``near`` of the sifter's programme (``prog``: these alone).

    ``relaxed`` is what the sifter holds; the offers of its basis are among those near. None where no limit is filled,
    where the filled ones leave no mix of offers that keeps the rows, or out of time. The sifter is not touched.
    """
    barred = left_out(prog, relaxed.prices, options.seed)
    if barred is None or not barred.any():
        return None
    own = Sifter(prog, seed=options.seed, deadline=options.deadline)
    try:
        of_columns, of_rows = sifter.left()
        held = np.isin(sifter.order, near)
        kept = np.concatenate([np.ones(sifter.extra, dtype=bool), held])
        own.resume(np.searchsorted(near, sifter.order[held]), (of_columns[kept], of_rows))
        own.bar(np.flatnonzero(barred))
        own.solver.setOptionValue("simplex_strategy", 1)
        for _ in range(ROUNDS):
            own.run()
            if own.infeasible():
                return None
            parcels, demands, rows = own.duals()
            margin = margins(own, parcels, demands, rows)
            new = improving(own, np.where(barred, -np.inf, margin), 1e-7 * own.unit * 64)
            if not len(new):
                break
            own.add(new)
            own.solver.setOptionValue("simplex_strategy", 4)
        amount = np.zeros(prog.count)
        own.run()
        amount[own.order] = own.x()
    except Stopped:
        return None
    left = reduced_float(prog, parcels, rows)
    left[barred] = -np.inf
    left -= np.maximum(part_best(prog, left), 0.0)[own.part]
    return Guide(parcels, rows, np.maximum(left, -OUT), amount)
