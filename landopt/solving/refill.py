"""Plans of very large rounds: what the prices take whole is held, then a few rows at a time are filled anew.

A plan close to the prices differs from them mostly by what its limits leave unused. So the offers of the limits that
lose most by it are set free together, with those that would fit in their place, and an integer programme fills them.
Offers that are worth the same by the thousand are told apart at random (seeded), so that no corner of the round fills
the programme. Every plan is checked in integers as ever.
"""

from __future__ import annotations

import numpy as np

from landopt.solving.lean import take
from landopt.solving.model_arrays import Floats, Ints, Program, activity, ranges
from landopt.solving.prices import Relaxation
from landopt.solving.solver_mip import mip
from landopt.solving.solver_state import Search, Tell

LARGE = 1_000_000
"""Offers above which it pays."""
NEAR = 1_000_000
"""Offers looked at: those nearest to their prices."""
FIRST, FIRST_S = 8_000, 15.0
"""Offers of the first programme, with what the prices take whole held, and its seconds at most."""
HELD = (1.0, 0.7, 0.4, 0.0)
"""How much of what the prices take whole is held by the first programme; less of it until there is a plan."""
POOL, POOL_S = 4_000, 4.0
"""Offers of a later programme, and its seconds at most."""
FREED = 120
"""Offers of the plan that are set free together."""
APART = 3.0
"""What tells equal offers apart: at most this many tenths of a usual offer's score."""
WANTED, OTHERS = 60, 3
"""Offers on land left unused that are looked at, and others of a platform that holds a worse one."""
IDLE = 40
"""Programmes in a row that bring nothing before it ends."""


def refill(state: Search, relaxed: Relaxation) -> None:
    """Better the plan of ``state`` from the solved relaxation of its programme, until gap, deadline or no gain."""
    prog = state.prog
    near = _near(state, relaxed)
    own = Search(take(prog, near), state.options, _heard(state, near))
    own.bound, own.claim = state.bound, state.claim
    if state.chosen is not None:
        own.offer(np.searchsorted(near, state.chosen), "restricted")
    amount = np.zeros(prog.count)
    amount[relaxed.columns] = relaxed.x
    _Filler(own, relaxed, near, amount[near]).run()
    if own.chosen is not None:
        state.offer(near[own.chosen], "restricted")


def _near(state: Search, relaxed: Relaxation) -> Ints:
    """The offers nearest to their prices, those of the relaxation and those of the plan; ascending."""
    near = np.arange(state.prog.count)
    if len(near) > NEAR:
        near = np.argpartition(-relaxed.margin, NEAR)[:NEAR]
    near = np.union1d(near, relaxed.columns[relaxed.x > 1e-6])
    return near if state.chosen is None else np.union1d(near, state.chosen)


def _heard(state: Search, near: Ints) -> Tell:
    def heard(phase: str, value: int | None, bound: int | None, chosen: Ints | None) -> None:
        state.tell(phase, value, bound, None if chosen is None else near[chosen])

    return heard


class _Filler:
    def __init__(self, state: Search, relaxed: Relaxation, near: Ints, amount: Floats) -> None:
        self.state, self.prog = state, state.prog
        self.amount = amount
        self.price = np.abs(relaxed.rows)
        score = np.abs(self.prog.score[amount > 0.5])
        self.draw = np.random.default_rng(state.options.seed)
        self.margin = relaxed.margin[near]
        self.apart = APART / 10 * (float(np.median(score)) if len(score) else 1.0)
        self.parcels = relaxed.parcels
        self.tries: dict[int, int] = {}

    def run(self) -> None:
        state = self.state
        whole = np.flatnonzero(self.amount > 1 - 1e-6)
        for share in HELD:
            self._solve(whole[self.draw.random(len(whole)) < share], FIRST, FIRST_S)
            if state.chosen is not None or state.out_of_time():
                break
        idle = 0
        while state.chosen is not None and idle < IDLE and not state.reached() and not state.out_of_time():
            free = self._freed(state.chosen)
            before = state.objective
            self._solve(np.setdiff1d(state.chosen, free), POOL, POOL_S)
            idle = idle + 1 if state.objective == before else 0

    def _freed(self, chosen: Ints) -> Ints:
        """The plan's offers that stand in the way where it loses most against the prices; those tried least first."""
        prog, taken = self.prog, chosen
        owner = self._owners(chosen)
        items: list[tuple[int, float, int, Ints]] = []  # tries, loss, key, places in the plan
        act = activity(prog, chosen)
        loss = np.abs(prog.rhs - act) * self.price
        row_start, rows, _ = prog.entries.of(chosen)
        source = np.repeat(np.arange(len(chosen)), np.diff(row_start))
        size = np.bincount(rows, minlength=len(prog.sense))
        small = 1e-6 * abs(self.state.objective)
        for row in np.flatnonzero((loss > small) & (size > 0) & (size <= FREED)).tolist():
            items.append((self.tries.get(-1 - row, 0), -float(loss[row]), -1 - row, source[rows == row]))
        lost = np.where(owner[: prog.parcels] < 0, self.parcels, 0.0)
        gain = np.add.reduceat(lost[prog.site_parcels], prog.site_start[:-1])[prog.site] + self.margin
        idle = np.flatnonzero(gain > small)
        for offer in idle[np.lexsort((idle, -gain[idle]))][:WANTED].tolist():
            items.append((self.tries.get(offer, 0), -float(gain[offer]), offer, self._in_way(owner, offer)))
        for place in np.flatnonzero(self.margin[taken] < -small).tolist():
            offer = int(taken[place])
            part = int(np.searchsorted(prog.part_start, offer, side="right")) - 1
            low, high = int(prog.part_start[part]), int(prog.part_start[part + 1])
            better = low + np.argsort(-self.margin[low:high], kind="stable")[:OTHERS]
            way = [self._in_way(owner, int(other)) for other in better]
            items.append(
                (self.tries.get(offer, 0), float(self.margin[offer]), offer, np.unique(np.concatenate([[place], *way])))
            )
        free = np.zeros(len(chosen), dtype=bool)
        for _, _, key, places in sorted(items, key=lambda item: item[:3]):
            if free.sum() + (~free[places]).sum() <= FREED:
                free[places] = True
                self.tries[key] = self.tries.get(key, 0) + 1
        if not free.any():
            free[self.draw.permutation(len(chosen))[:FREED]] = True
        return chosen[free]

    def _owners(self, chosen: Ints) -> Ints:
        """Which place of the plan holds each parcel, then each demand (-1: none)."""
        prog = self.prog
        owner = np.full(prog.parcels + prog.demands + 1, -1, dtype=np.int64)
        sites = prog.site[chosen]
        count = np.diff(prog.site_start)[sites]
        owner[prog.site_parcels[ranges(prog.site_start[sites], count)]] = np.repeat(np.arange(len(chosen)), count)
        owner[np.where(prog.demand[chosen] >= 0, prog.parcels + prog.demand[chosen], -1)] = np.arange(len(chosen))
        owner[-1] = -1
        return owner

    def _in_way(self, owner: Ints, offer: int) -> Ints:
        prog, site = self.prog, int(self.prog.site[offer])
        held = owner[prog.site_parcels[prog.site_start[site] : prog.site_start[site + 1]]]
        demand = int(prog.demand[offer])
        held = np.append(held, owner[prog.parcels + demand] if demand >= 0 else -1)
        return np.unique(held[held >= 0])

    def _solve(self, held: Ints, most: int, seconds: float) -> None:
        state, prog = self.state, self.prog
        worth = self.margin - self.apart * self.draw.random(prog.count)
        worth[touching(prog, held)] = -np.inf
        first = self.amount > 1e-6
        if state.chosen is not None:
            first[state.chosen] = True
        worth[first & (worth > -np.inf)] = np.inf
        free = np.flatnonzero(worth > -np.inf)
        if len(free) > most:
            free = free[np.argpartition(-worth[free], most)[:most]]
        mip(state, np.sort(free), np.sort(held), "restricted", limit=state.left(seconds))


def touching(prog: Program, held: Ints) -> Ints:
    """Which offers use a parcel or a demand of those held."""
    used = np.zeros(prog.parcels, dtype=bool)
    sites = prog.site[held]
    used[prog.site_parcels[ranges(prog.site_start[sites], np.diff(prog.site_start)[sites])]] = True
    served = np.zeros(prog.demands + 1, dtype=bool)
    served[prog.demand[held]] = True
    served[-1] = False
    taken = np.logical_or.reduceat(used[prog.site_parcels], prog.site_start[:-1])
    return np.asarray(taken[prog.site] | served[prog.demand])
