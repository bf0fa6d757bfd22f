"""Where to branch: trial solves of the most open choices, remembered as what each choice costs per unit.

A choice is on one part: whether a platform is served, on a site with a given parcel, or by a given method.
"""

from __future__ import annotations

from time import monotonic
from typing import Any

import numpy as np

from landopt.solving.model_arrays import Floats, Ints, Program, ranges
from landopt.solving.prices_bound import LARGEST_PRICE, Branch, Prices, reduced
from landopt.solving.sifter import Sifter, Stopped

TRIALS = 8
"""Choices tried by solving, at a node."""
STEPS = 60
"""Simplex steps of a trial."""

Key = tuple[int, int, int]
"""Part, parcel (-1: any), method (-1: any)."""


class Chooser:
    """Picks branches by what both sides lose, learned from trial solves (reliability branching).

    ``methods`` False: never by method. Where offers were left out that count alike (``lean``), one of them would take
    the place of the method barred.
    """

    def __init__(self, sifter: Sifter, end: float | None, methods: bool) -> None:
        self.sifter, self.prog, self.end, self.methods = sifter, sifter.prog, end, methods
        self.cost: dict[Key, tuple[float, float]] = {}

    def choose(self, x: Floats, branches: tuple[Branch, ...], best: float) -> tuple[dict[str, Any], int, Ints] | None:
        """The branch to make at the node just solved, None where nothing is open; ``best`` is the best plan's value."""
        open_ = self._open(x, branches)
        if not open_:
            return None
        sifter = self.sifter
        value = float(sifter.solver.getObjectiveValue())
        ranked = sorted(open_, key=lambda item: (-self._guess(item), item[0]))
        new = [item for item in ranked if item[0] not in self.cost][:TRIALS]
        if new and (self.end is None or monotonic() < self.end):
            basis = sifter.solver.getBasis()
            for key, share in new:
                self._try(key, share, value, branches, best)
                sifter.solver.setBasis(basis)
            restore(sifter)
            bar(sifter, branches)
        key = max(open_, key=lambda item: (self._guess(item), item[0]))[0]
        return self._on(key)

    def _guess(self, item: tuple[Key, float]) -> float:
        key, share = item
        zero, one = self.cost.get(key, (0.0, 0.0))
        if key not in self.cost:
            return 1e-9 * min(share, 1 - share)
        return max(zero * share, 1e-6) * max(one * (1 - share), 1e-6)

    def _try(self, key: Key, share: float, value: float, branches: tuple[Branch, ...], best: float) -> None:
        import highspy

        sifter = self.sifter
        on, part, match = self._on(key)
        losses = []
        sifter.solver.setOptionValue("simplex_strategy", 1)
        sifter.solver.setOptionValue("simplex_iteration_limit", STEPS)
        for taken in (False, True):
            restore(sifter)
            bar(sifter, (*branches, Branch(on, part, match, taken)))
            try:
                sifter.run(retry=False)
            except Stopped:
                losses.append(0.0)
                continue
            if sifter.status == highspy.HighsModelStatus.kInfeasible:
                losses.append(max(1.0, value - best))
            else:
                losses.append(max(0.0, value - float(sifter.solver.getInfo().objective_function_value)))
        sifter.solver.setOptionValue("simplex_strategy", 4)
        sifter.solver.setOptionValue("simplex_iteration_limit", 2**31 - 1)
        self.cost[key] = (losses[0] / max(share, 1e-3), losses[1] / max(1 - share, 1e-3))

    def _open(self, x: Floats, branches: tuple[Branch, ...]) -> list[tuple[Key, float]]:
        prog, sifter = self.prog, self.sifter
        share: dict[Key, float] = {}
        place = np.flatnonzero((x > 1e-6) & (x < 1 - 1e-6))
        for offer, value in zip(sifter.order[place].tolist(), x[place].tolist(), strict=True):
            part, site = int(sifter.part[offer]), int(prog.site[offer])
            keys = [(part, -1, -1)]
            if self.methods:
                keys.append((part, -1, int(prog.method[offer])))
            if prog.demand[offer] >= 0:
                land = prog.site_parcels[int(prog.site_start[site]) : int(prog.site_start[site + 1])]
                keys += [(part, parcel, -1) for parcel in land.tolist()]
            for key in keys:
                share[key] = share.get(key, 0.0) + value
        done = [(branch.part, branch.on["parcels"], branch.on["method"]) for branch in branches]
        found = []
        for key, value in sorted(share.items()):
            on = self._on(key)[0] if 1e-6 < value < 1 - 1e-6 else None
            if on is not None and (key[0], on["parcels"], on["method"]) not in done:
                found.append((key, value))
        return found

    def _on(self, key: Key) -> tuple[dict[str, Any], int, Ints]:
        prog = self.prog
        part, parcel, method = key
        low = int(prog.part_start[part])
        demand = int(prog.demand[low])
        if demand < 0:
            parcel = int(prog.site_parcels[int(prog.site_start[int(prog.site[low])])])
        on = {
            "d": demand if demand >= 0 else None,
            "parcels": [parcel] if parcel >= 0 else None,
            "method": method if method >= 0 else None,
        }
        return on, part, match_offers(prog, part, parcel, method)


def bar(sifter: Sifter, branches: tuple[Branch, ...]) -> Ints:
    """Bar what the branches exclude from the live programme; the barred offers."""
    prog = sifter.prog
    barred: list[Ints] = []
    for branch in branches:
        if branch.taken:
            low, high = int(prog.part_start[branch.part]), int(prog.part_start[branch.part + 1])
            barred.append(np.setdiff1d(np.arange(low, high), branch.match))
            if prog.demands and prog.demand[low] >= 0:
                row = prog.parcels + int(prog.demand[low])
                sifter.solver.changeRowBounds(row, 1.0, 1.0)
                sifter.bounds[-1 - row] = (-sifter.infinity, 1.0)
            elif len(branch.match):
                row = _parcel_of(prog, branch)
                barred.append(np.setdiff1d(offers_on(prog, row), branch.match))
                sifter.solver.changeRowBounds(row, 1.0, 1.0)
                sifter.bounds[-1 - row] = (-sifter.infinity, 1.0)
        else:
            barred.append(branch.match)
    out = np.unique(np.concatenate(barred)) if barred else np.zeros(0, dtype=np.int64)
    place = np.flatnonzero(np.isin(sifter.order, out))
    if len(place):
        cols = (sifter.extra + place).astype(np.int32)
        sifter.solver.changeColsBounds(len(cols), cols, np.zeros(len(cols)), np.zeros(len(cols)))
        for col in cols.tolist():
            sifter.bounds[col] = (0.0, sifter.infinity)
    return out


def _parcel_of(prog: Program, branch: Branch) -> int:
    """The parcel of a market part."""
    return int(prog.site_parcels[int(prog.site_start[int(prog.site[int(branch.match[0])])])])


def offers_on(prog: Program, parcel: int) -> Ints:
    """All offers whose site contains a parcel."""
    sites = np.unique(np.searchsorted(prog.site_start, np.flatnonzero(prog.site_parcels == parcel), side="right") - 1)
    return np.flatnonzero(np.isin(prog.site, sites))


def closed(prog: Program, prices: Prices, branches: tuple[Branch, ...]) -> Prices:
    """Prices that shut out the other offers on a parcel that a branch gives to the market.

    The market part must take the parcel, so that a dearer parcel costs the bound nothing: what the price adds, the
    part's best loses.
    """
    taken = [branch for branch in branches if branch.taken and len(branch.match) and prog.demand[branch.match[0]] < 0]
    for branch in taken:
        parcel = _parcel_of(prog, branch)
        rest = np.setdiff1d(offers_on(prog, parcel), branch.match)
        over = int(reduced(prog, prices)[rest].max(initial=0))
        if over > 0:
            dearer = prices.parcels.copy()
            dearer[parcel] = min(int(dearer[parcel]) + over, LARGEST_PRICE)
            prices = Prices(dearer, prices.rows, prices.scale)
    return prices


def restore(sifter: Sifter) -> None:
    """Lift every bar of the live programme."""
    columns = np.array([key for key in sifter.bounds if key >= 0], dtype=np.int32)
    if len(columns):
        zero, free = np.zeros(len(columns)), np.full(len(columns), sifter.infinity)
        sifter.solver.changeColsBounds(len(columns), columns, zero, free)
    for key, (low, high) in sifter.bounds.items():
        if key < 0:
            sifter.solver.changeRowBounds(-1 - key, low, high)
    sifter.bounds.clear()


def match_offers(prog: Program, part: int, parcel: int, method: int) -> Ints:
    """The offers of a part on a parcel and by a method (-1: any)."""
    here = np.arange(int(prog.part_start[part]), int(prog.part_start[part + 1]))
    keep = np.ones(len(here), dtype=bool)
    if method >= 0:
        keep &= prog.method[here] == method
    if parcel >= 0:
        first = prog.site_start[prog.site[here]]
        size = prog.site_start[prog.site[here] + 1] - first
        holds = prog.site_parcels[ranges(first, size)] == parcel
        keep &= np.bincount(np.repeat(np.arange(len(here)), size), holds, len(here)) > 0
    return here[keep]
