"""The relaxation of a very large round with limits filled by whole parcels: where the search for a plan begins.

The relaxation uses the last square metre of a limit by a part of a parcel; a plan made from it loses that parcel. Here
each limit gets the parcels that fill it best (``knapsack``), the offers that count on other parcels are barred, and the
relaxation is solved again from its last basis: what it leaves divided is little, and little is lost by rounding it.
Where that is worth too little the limits are filled anew, at prices a step towards those found: fillings of different
limits share the caps on numbers. It is a guess at where good plans are; no bound is made from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program
from landopt.solving.programme.price_bound import Prices, part_best, reduced_float, rounded
from landopt.solving.relaxation.lagrangian_knapsack import left_out
from landopt.solving.relaxation.prices import Relaxation, improving, margins
from landopt.solving.relaxation.sifter import Sifter, Stopped
from landopt.solving.search_state import Options

FITS, STEP = 6, 0.1
"""Fillings at most until one is good, and how far the prices of the last lead to those the next is made at."""
ROUNDS = 6
"""Rounds of pricing at most."""
OUT = 1e15
"""Millipoints below its price that a barred offer counts as."""


@dataclass(frozen=True)
class Guide:
    """What a search for plans goes by: prices of parcels and of rows, every offer's margin and its amount in them.

    ``value`` is what the relaxation is worth (millipoints): no plan made of its offers is worth more.
    """

    value: float
    parcels: Floats
    rows: Floats
    margin: Floats
    amount: Floats


class Fitting:
    """Relaxations with filled limits over the offers ``near``, one after the other, in a live programme of their own.

    ``prog`` are these offers alone, ``relaxed`` is what the ``sifter`` of all offers holds; the offers of its basis are
    among those near. The sifter is not touched.
    """

    def __init__(self, prog: Program, near: Ints, relaxed: Relaxation, sifter: Sifter, options: Options) -> None:
        self.prog, self.base, self.turn = prog, (relaxed.parcels, relaxed.rows), options.seed
        self.own = Sifter(prog, seed=options.seed, deadline=options.deadline)
        of_columns, of_rows = sifter.left()
        held = np.isin(sifter.order, near)
        kept = np.concatenate([np.ones(sifter.extra, dtype=bool), held])
        self.start = np.searchsorted(near, sifter.order[held]), (of_columns[kept], of_rows)

    def best(self, good: float) -> Guide | None:
        """The best of a few, the first that is worth ``good`` at the latest.

        None where no limit is filled, where filled ones leave no mix of offers that keeps the rows, or out of time.
        """
        found: Guide | None = None
        parcels, rows = self.base
        for _ in range(FITS):
            guide = self._fitted(rounded(self.prog, parcels, rows))
            self.turn += 1
            if guide is None:
                break
            if found is None or guide.value > found.value:
                found = guide
            if guide.value >= good:
                break
            parcels, rows = (1 - STEP) * parcels + STEP * guide.parcels, (1 - STEP) * rows + STEP * guide.rows
        return found

    def _fitted(self, prices: Prices) -> Guide | None:
        """The relaxation with the limits filled as is best at these prices."""
        prog, own = self.prog, self.own
        barred = left_out(prog, prices, self.turn)
        if barred is None or not barred.any():
            return None
        try:
            if not len(own.order):
                own.resume(*self.start)
            own.bar(barred)
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
            own.run()
        except Stopped:
            return None
        amount = np.zeros(prog.count)
        amount[own.order] = own.x()
        left = reduced_float(prog, parcels, rows)
        left[barred] = -np.inf
        left -= np.maximum(part_best(prog, left), 0.0)[own.part]
        return Guide(own.value, parcels, rows, np.maximum(left, -OUT), amount)
