"""Plans of very large rounds: what the prices take whole is held, then a few rows at a time are filled anew.

What a plan loses against the prices is what its limits and parcels leave unused, and the offers taken below their
price. So the offers that stand in the way where most is lost are set free together, with what would fit in their
place, and an integer programme fills it. Offers that are worth the same by the thousand are told apart at random
(seeded), so that no corner of the round fills the programme. Where no other way is left the first plans come from
relaxations whose limits are filled by whole parcels (``fitted``): little of them is divided, and little is lost.
A programme ends by its nodes, not by a clock; every plan is checked in integers as ever; the live relaxation is not
touched.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from landopt.solving.programme.arrays import Ints, Program, activity, ranges, standing
from landopt.solving.programme.dominance import take
from landopt.solving.relaxation.lagrangian_relaxation import Fitting, Guide
from landopt.solving.relaxation.prices import Relaxation
from landopt.solving.relaxation.sifter import Sifter
from landopt.solving.search.integer_programmes import mip
from landopt.solving.search_state import Search, Tell

LARGE = 1_000_000
"""Offers above which it pays."""
NEAR = 1_000_000
"""Offers looked at: those nearest to their prices."""
FIRST = 8_000
"""Offers of the first programme, with what the prices take whole held."""
NODES = 100
"""Nodes of a programme at most."""
CLOSE = 200
"""A programme of a corner of the plan goes on until it may bring less than the gap asked for divided by this."""
HELD = (1.0, 0.7, 0.4, 0.0)
"""How much of what the prices take whole is held by the first programme; less of it until there is a plan."""
POOL = 20
"""Offers of a later programme for each offer set free."""
PATIENCE = 4
"""Programmes in a row that bring nothing before more is set free."""
FREED, MORE, MOST = 80, 1.4, 320
"""Offers of the plan that are set free together at first; times so many where that brought nothing; at most."""
APART = 3.0
"""What tells equal offers apart: at most this many tenths of a usual offer's score."""
TURNS = (1.0, 0.3, 0.1)
"""How much of it, by turns: offers far below their price come in, or near ones alone."""
SIDEWAYS = 5e-5
"""What tells plans of one worth apart in a programme, of a usual offer's score: plans move among their equals."""
WORSE = 5e-6
"""How far below the best plan, relatively, one may lie and still be gone on from."""
SEEDS = (1.0, 0.3)
"""How much of it is what loses most; the rest is what hangs together with it by good offers. By turns."""
BEST = 4
"""Good offers of each parcel and each platform by which it hangs together."""
WANTED, OTHERS = 60, 3
"""Offers on land left unused that are looked at, and others of a platform that holds a worse one."""
IDLE, LONG, BRIEF = 40, 200, 6
"""Programmes in a row that bring nothing before it ends; where no other way is left; for one filling of many."""
FITTED, GOOD = 5, 0.75
"""Relaxations with filled limits tried, and how much of the gap asked for they may use up by themselves."""


def refill(state: Search, relaxed: Relaxation, sifter: Sifter | None = None) -> None:
    """Better the plan of ``state`` from the solved relaxation of its programme, until gap, deadline or no gain.

    With its live programme (``sifter``), where no other way is left: first from the relaxation whose limits are filled
    by whole parcels (``fitted``), and longer before it ends without gain.
    """
    prog = state.prog
    near = _near(state, relaxed)
    if sifter is not None:
        near = np.union1d(near, sifter.basic())
    nodes = NODES if state.options.nodes is None else min(NODES, state.options.nodes)
    own = Search(take(prog, near), replace(state.options, nodes=nodes), _heard(state, near))
    own.bound, own.claim = state.bound, state.claim
    if state.chosen is not None:
        own.offer(np.searchsorted(near, state.chosen), "restricted")
    fits = sifter is not None and _fit(own, near, relaxed, sifter)
    if not own.reached() and not own.out_of_time():
        amount = np.zeros(prog.count)
        amount[relaxed.columns] = relaxed.x
        plain = Guide(relaxed.value, relaxed.parcels, relaxed.rows, relaxed.margin[near], amount[near])
        _Filler(own, plain).run(IDLE if fits or sifter is None else LONG)
    if own.chosen is not None:
        state.offer(near[own.chosen], "restricted")


def _fit(state: Search, near: Ints, relaxed: Relaxation, sifter: Sifter) -> bool:
    """Make plans from relaxations with filled limits, each from nothing. False where no limit is filled."""
    fitting = Fitting(state.prog, near, relaxed, sifter, state.options)
    bound = state.better_bound()
    good = np.inf if bound is None else bound - GOOD * float(state.options.gap) * abs(bound)
    for turn in range(FITTED):
        guide = fitting.best(good)
        if guide is None:
            return turn > 0
        fresh = Search(state.prog, state.options, lambda phase, _value, _bound, plan: _pass(state, plan, phase))
        fresh.bound, fresh.claim = state.bound, state.claim
        _Filler(fresh, guide).run(BRIEF)
        if state.reached() or state.out_of_time():
            break
    return True


def _pass(state: Search, plan: Ints | None, phase: str) -> None:
    if plan is not None:
        state.offer(plan, phase)


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


def _silent(_phase: str, _value: int | None, _bound: int | None, _chosen: Ints | None) -> None:
    """Hears nothing."""


class _Filler:
    def __init__(self, state: Search, guide: Guide) -> None:
        self.state, self.prog = state, state.prog
        self.amount, self.margin, self.parcels = guide.amount, guide.margin, guide.parcels
        self.price = np.abs(guide.rows[: len(self.prog.sense)])  # rows of odd sets may follow
        score = np.abs(self.prog.score[self.amount > 0.5])
        self.draw = np.random.default_rng(state.options.seed)
        self.usual = float(np.median(score)) if len(score) else 1.0
        self.apart = APART / 10 * self.usual
        self.tries: dict[int, int] = {}
        self.rounds, self.size = 0, FREED
        self.best, self.cut = self._ranked()

    def run(self, most: int) -> None:
        """Fill until ``most`` programmes in a row bring nothing."""
        state = self.state
        whole = np.flatnonzero(self.amount > 1 - 1e-6)
        for share in HELD:
            self._solve(state, whole[self.draw.random(len(whole)) < share], FIRST)
            if state.chosen is not None or state.out_of_time():
                break
        idle, plan = 0, state.chosen
        while plan is not None and idle < most and not state.reached() and not state.out_of_time():
            free = self._freed(plan)
            before = state.objective
            plan = self._better(plan, np.setdiff1d(plan, free))
            idle = idle + 1 if state.objective == before else 0
            if not idle:
                self.size = max(FREED, int(self.size / MORE))
            elif idle % PATIENCE == 0:
                self.size = min(MOST, int(self.size * MORE))

    def _better(self, plan: Ints, held: Ints) -> Ints:
        """A plan to go on from that holds these offers: ``plan``, one as good or better; the state hears of it."""
        state, prog = self.state, self.prog
        noise = (SIDEWAYS * self.usual * self.draw.random(prog.count)).astype(np.int64)
        trial = Search(replace(prog, score=prog.score + noise), state.options, _silent)
        trial.bound, trial.claim = state.bound, state.claim
        trial.offer(plan, "restricted")
        self._solve(trial, held, POOL * self.size)
        assert trial.chosen is not None
        state.offer(trial.chosen, "restricted")
        near = standing(prog, trial.chosen).objective >= state.objective - WORSE * abs(state.objective)
        return trial.chosen if near or state.chosen is None else state.chosen

    def _freed(self, chosen: Ints) -> Ints:
        """The plan's offers that stand in the way where it loses most against the prices; those tried least first."""
        prog = self.prog
        owner = self._owners(chosen)
        items: list[tuple[int, float, int, Ints]] = []  # tries, loss, key, places in the plan
        act = activity(prog, chosen)
        loss = np.abs(prog.rhs - act) * self.price
        row_start, rows, _ = prog.entries.of(chosen)
        source = np.repeat(np.arange(len(chosen)), np.diff(row_start))
        size = np.bincount(rows, minlength=len(prog.sense))
        small = 1e-6 * abs(self.state.objective)
        for row in np.flatnonzero((loss > small) & (size > 0) & (size <= self.size)).tolist():
            items.append((self.tries.get(-1 - row, 0), -float(loss[row]), -1 - row, source[rows == row]))
        lost = np.where(owner[: prog.parcels] < 0, self.parcels, 0.0)
        gain = np.add.reduceat(lost[prog.site_parcels], prog.site_start[:-1])[prog.site] + self.margin
        idle = np.flatnonzero(gain > small)
        for offer in idle[np.lexsort((idle, -gain[idle]))][:WANTED].tolist():
            items.append((self.tries.get(offer, 0), -float(gain[offer]), offer, self._in_way(owner, offer)))
        for place in np.flatnonzero(self.margin[chosen] < -small).tolist():
            offer = int(chosen[place])
            part = int(np.searchsorted(prog.part_start, offer, side="right")) - 1
            low, high = int(prog.part_start[part]), int(prog.part_start[part + 1])
            better = low + np.argsort(-self.margin[low:high], kind="stable")[:OTHERS]
            way = [self._in_way(owner, int(other)) for other in better]
            items.append(
                (self.tries.get(offer, 0), float(self.margin[offer]), offer, np.unique(np.concatenate([[place], *way])))
            )
        free = np.zeros(len(chosen), dtype=bool)
        most = self.size * SEEDS[self.rounds % len(SEEDS)]
        self.rounds += 1
        for _, _, key, places in sorted(items, key=lambda item: item[:3]):
            if free.sum() + (~free[places]).sum() <= most:
                free[places] = True
                self.tries[key] = self.tries.get(key, 0) + 1
        if not free.any():
            free[self.draw.permutation(len(chosen))[: self.size]] = True
        self._spread(chosen, owner, free)
        return chosen[free]

    def _spread(self, chosen: Ints, owner: Ints, free: NDArray[np.bool_]) -> None:
        """Free more of the plan: what is in the way of other good offers on the land and for the platforms freed."""
        queue = np.flatnonzero(free).tolist()
        count = len(queue)
        for place in queue:
            for key in self._keys(int(chosen[place])):
                for other in self.best[self.cut[key] : self.cut[key + 1]].tolist():
                    for way in self._in_way(owner, other).tolist():
                        if count >= self.size:
                            return
                        if not free[way]:
                            free[way] = True
                            queue.append(way)
                            count += 1

    def _keys(self, offer: int) -> list[int]:
        prog, site = self.prog, int(self.prog.site[offer])
        land = prog.site_parcels[prog.site_start[site] : prog.site_start[site + 1]].tolist()
        return land if prog.demand[offer] < 0 else [*land, prog.parcels + int(prog.demand[offer])]

    def _ranked(self) -> tuple[Ints, Ints]:
        """The best offers on every parcel and for every demand, told apart at random; where each one's begin."""
        prog = self.prog
        good = np.flatnonzero(self.margin > -self.apart / 100)
        sites = prog.site[good]
        count = np.diff(prog.site_start)[sites]
        served = np.flatnonzero(prog.demand[good] >= 0)
        land = prog.site_parcels[ranges(prog.site_start[sites], count)]
        keys = np.concatenate([land, prog.parcels + prog.demand[good[served]]]).astype(np.int64)
        source = np.concatenate([np.repeat(np.arange(len(good)), count), served])
        worth = (self.margin[good] - self.apart / 100 * self.draw.random(len(good)))[source]
        order = np.lexsort((-worth, keys))
        keys, source = keys[order], source[order]
        first = np.searchsorted(keys, np.arange(prog.parcels + prog.demands))
        top = np.arange(len(keys)) - first[keys] < BEST
        return good[source[top]], np.searchsorted(keys[top], np.arange(prog.parcels + prog.demands + 1))

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

    def _solve(self, state: Search, held: Ints, most: int) -> None:
        """Better the plan of ``state`` over the most promising offers beside those held."""
        prog = self.prog
        apart = self.apart * TURNS[self.rounds % len(TURNS)]
        worth = self.margin - apart * self.draw.random(prog.count)
        if state.chosen is not None:
            lost = np.where(self._owners(state.chosen)[: prog.parcels] < 0, self.parcels, 0.0)
            worth += np.add.reduceat(lost[prog.site_parcels], prog.site_start[:-1])[prog.site]
        worth[touching(prog, held)] = -np.inf
        first = self.amount > 1e-6
        if state.chosen is not None:
            first[state.chosen] = True
        worth[first & (worth > -np.inf)] = np.inf
        free = np.flatnonzero(worth > -np.inf)
        if len(free) > most:
            free = free[np.argpartition(-worth[free], most)[:most]]
        mip(state, np.sort(free), np.sort(held), "restricted", limit=state.left(), close=CLOSE)


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
