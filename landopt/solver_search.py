"""The search for a plan of one tier: a first plan, the prices, a restricted integer programme, widened until the gap.

Every plan is checked in integers before it counts, every bound from prices is exact; a solver's claims are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

import numpy as np

from landopt import tree
from landopt.greedy import greedy
from landopt.model import Built, build
from landopt.model_arrays import Floats, Ints, Program, ranges, standing
from landopt.prices import Relaxation, Stopped, relax
from landopt.prices_bound import leaf_json, part_best, reduced


@dataclass(frozen=True)
class Options:
    """How far to go: ``gap`` asked for, ``deadline`` of ``time.monotonic`` (None: no clock), ``nodes`` a search."""

    gap: Fraction
    deadline: float | None
    nodes: int | None
    seed: int
    threads: int
    solver: str


@dataclass(frozen=True)
class Answer:
    """One tier's end: ``stopped`` is optimal, gap, limit or infeasible; ``bound`` is proved by ``tree_json``."""

    stopped: str
    chosen: Ints | None
    objective: int
    bound: int
    solver_bound: int | None
    scale: int
    tree_json: dict[str, Any] | None
    phases: dict[str, float]


Tell = Callable[[str, int | None, int | None, Ints | None], None]
"""Hears (phase, best value, best bound, new best plan or None)."""


Keep = Callable[[int, int, dict[str, Any]], None]
"""Takes (bound, scale, leaf of the proof)."""


def gap_of(objective: int, bound: int) -> Fraction:
    """(bound - objective) / max(1, abs(objective))."""
    return Fraction(max(0, bound - objective), max(1, abs(objective)))


class Search:
    """The state of one tier's search: the best plan, the bound and who is told."""

    def __init__(self, prog: Program, options: Options, tell: Tell) -> None:
        self.prog, self.options, self.tell = prog, options, tell
        self.chosen: Ints | None = None
        self.objective = 0
        self.bound: int | None = None
        self.claim: int | None = None
        self.phases: dict[str, float] = {}
        self.complete = False

    def offer(self, chosen: Ints | None, phase: str) -> bool:
        """Take a set of offers as the best plan if it is lawful and better."""
        if chosen is None:
            return False
        state = standing(self.prog, chosen)
        if not state.lawful or (self.chosen is not None and state.objective <= self.objective):
            return False
        self.chosen, self.objective = np.sort(chosen), state.objective
        self.tell(phase, self.objective, self.better_bound(), self.chosen)
        return True

    def better_bound(self) -> int | None:
        """The smaller of the proved bound and the solver's claim."""
        if self.bound is None:
            return self.claim
        return self.bound if self.claim is None else min(self.bound, max(self.claim, self.objective))

    def reached(self) -> bool:
        """True where the gap by the better bound is at most the one asked for."""
        bound = self.better_bound()
        return self.chosen is not None and bound is not None and gap_of(self.objective, bound) <= self.options.gap

    def target(self) -> int:
        """A plan worth this is good enough against the proved bound."""
        assert self.bound is not None
        if self.bound <= 0:
            return self.bound
        gap = self.options.gap
        return int(-(-self.bound * gap.denominator // (gap.denominator + gap.numerator)))

    def left(self, most: float | None = None) -> float | None:
        """Seconds left, at most ``most``; None without a clock."""
        if self.options.deadline is None:
            return None if self.options.nodes is not None else most
        rest = max(0.0, self.options.deadline - monotonic())
        return rest if most is None or self.options.nodes is not None else min(rest, most)

    def out_of_time(self) -> bool:
        """True once the deadline has passed."""
        return self.options.deadline is not None and monotonic() >= self.options.deadline


def search(prog: Program, options: Options, tell: Tell, warm: Ints | None = None, keep: Keep | None = None) -> Answer:
    """Solve one tier; ``warm`` is a plan to start from (lawful or not); ``keep`` gets the first proof."""
    state = Search(prog, options, tell)
    clock = _Clock(state.phases)
    state.offer(warm, "warm")
    state.offer(greedy(prog, start=warm), "greedy")
    clock.mark("greedy")
    if options.solver != "highs":
        return _second_opinion(state, clock)
    try:
        start = state.chosen
        relaxed, sifter = relax(
            prog,
            start=start,
            enough=float(options.gap) / 50,
            seed=options.seed,
            deadline=options.deadline,
            tell=lambda value, bound: tell(
                "prices", state.objective if state.chosen is not None else None, bound, None
            ),
        )
    except Stopped:
        return _answer(state, None, "limit")
    clock.mark("prices")
    if not relaxed.feasible and state.chosen is None:
        return _answer(state, relaxed, "infeasible")
    state.bound = relaxed.bound
    tell("prices", state.objective if state.chosen is not None else None, state.bound, None)
    if keep is not None:
        keep(relaxed.bound, relaxed.prices.scale, leaf_json(relaxed.prices))
    leaf: dict[str, Any] | None = None
    infeasible = False
    if not state.reached():
        state.offer(_rounded_plan(prog, relaxed), "rounding")
        clock.mark("rounding")
    if not state.reached():
        infeasible = _integer(state, relaxed)
        clock.mark("integer")
    if infeasible and state.chosen is None:
        return _answer(state, relaxed, "infeasible")
    if state.chosen is not None and gap_of(state.objective, relaxed.bound) > options.gap:
        grown = tree.grow(prog, relaxed, sifter, state.objective, options, state.left(tree_seconds(state)))
        clock.mark("tree")
        if grown is not None:
            state.offer(grown.plan, "tree")
            if grown.bound < relaxed.bound:
                state.bound, leaf = grown.bound, grown.node
    return _answer(state, relaxed, None, leaf)


def tree_seconds(state: Search) -> float:
    """How long the proof may take beyond the search: as long again (2 s to a minute), longer where gap 0 is asked."""
    spent = sum(state.phases.values())
    return min(120.0, max(20.0, 3 * spent)) if state.options.gap == 0 else min(60.0, max(2.0, spent))


def _answer(
    state: Search, relaxed: Relaxation | None, stopped: str | None, leaf: dict[str, Any] | None = None
) -> Answer:
    bound = state.bound if state.bound is not None else (relaxed.bound if relaxed else 0)
    if stopped is None:
        if state.chosen is None:
            stopped = "limit"
        elif bound <= state.objective:
            stopped = "optimal"
        else:
            stopped = "gap" if state.reached() else "limit"
    node = leaf if leaf is not None else (leaf_json(relaxed.prices) if relaxed is not None else None)
    claim = None if state.claim is None else max(state.claim, state.objective)
    scale = relaxed.prices.scale if relaxed is not None else 1
    return Answer(stopped, state.chosen, state.objective, bound, claim, scale, node, state.phases)


class _Clock:
    def __init__(self, phases: dict[str, float]) -> None:
        self.phases, self.since = phases, monotonic()

    def mark(self, phase: str) -> None:
        now = monotonic()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self.since
        self.since = now


ROUNDED = 8_000
"""Offers looked at when the relaxation is rounded."""


def _rounded_plan(prog: Program, relaxed: Relaxation) -> Ints | None:
    """Round the relaxation: whole columns first, then the rest by value and margin, then what still fits."""
    worth = relaxed.margin + 0.0
    scale = max(1.0, float(np.abs(prog.score).max(initial=1)))
    worth[relaxed.columns] += relaxed.x * scale * 2
    pool = np.flatnonzero(worth > -0.02 * scale)
    if len(pool) > ROUNDED:
        pool = np.sort(np.argpartition(-worth, ROUNDED)[:ROUNDED])
    return greedy(prog, worth, pool)


def _integer(state: Search, relaxed: Relaxation) -> bool:
    """Restricted programmes, from the smallest to all offers that a better plan could use. True: proved infeasible."""
    prog, margin = state.prog, relaxed.margin
    base = max(60, prog.demands)
    for fix, most, seconds in LARGE if prog.count > 60_000 else MEDIUM if prog.count > 3_000 else ():
        needed = _threshold(state)
        if needed is not None and not fix and int((margin >= -needed).sum()) <= most * base:
            break
        _restricted(state, relaxed, fix, most * base, 0.0 if most == FIRST_FIX else 0.15, seconds)
        if state.reached() or state.out_of_time():
            return False
    return _all_that_matter(state, margin)


FIRST_FIX = 5
LARGE = ((True, FIRST_FIX, 3.0), (False, 12, 20.0), (False, 30, 60.0))
MEDIUM = ((True, FIRST_FIX, 2.0),)
"""Steps before the last programme: fix what the prices take whole or not, columns a platform, seconds at most."""


def _threshold(state: Search) -> float | None:
    """How far below its price an offer may lie and still matter to a plan beyond the gap; None without a plan."""
    if state.chosen is None or state.bound is None:
        return None
    gap = state.options.gap
    good = state.objective + int(max(1, abs(state.objective)) * gap)
    return float(max(0, state.bound - good)) + 1.0


def _restricted(state: Search, relaxed: Relaxation, fix: bool, most: int, release: float, seconds: float) -> None:
    prog = state.prog
    margin = relaxed.margin + 0.0
    margin[relaxed.columns] += np.where(relaxed.x > 1e-6, 1e18, 0.0)
    if state.chosen is not None:
        margin[state.chosen] += 1e17
    fixed = np.zeros(0, dtype=np.int64)
    if fix:
        fixed = np.sort(relaxed.columns[relaxed.x > 1 - 1e-6])
        fixed = _release(state, relaxed, fixed, release)
        margin[_touching(prog, fixed)] = -np.inf
    free = np.flatnonzero(margin > -np.inf)
    if len(free) > most:
        free = free[np.argpartition(-margin[free], most)[:most]]
    _mip(state, np.sort(free), fixed, "restricted", limit=state.left(seconds))


def _release(state: Search, relaxed: Relaxation, fixed: Ints, share: float) -> Ints:
    """Fixed offers without those that the fractional ones would most like to displace, and a few more at random."""
    if share <= 0 or not len(fixed):
        return fixed
    prog = state.prog
    draw = np.random.default_rng(state.options.seed)
    keep = draw.random(len(fixed)) >= share
    fractional = relaxed.columns[(relaxed.x > 1e-6) & (relaxed.x < 1 - 1e-6)]
    close = np.flatnonzero(np.isin(prog.demand, np.unique(prog.demand[fractional])) & (prog.demand >= 0))
    wanted = np.zeros(prog.parcels, dtype=bool)
    wanted[_land(prog, close[relaxed.margin[close] > -0.01 * abs(relaxed.value) / max(1, prog.demands)])] = True
    sites = prog.site[fixed]
    hit = np.add.reduceat(wanted[prog.site_parcels].astype(np.int64), prog.site_start[:-1])[sites] > 0
    return np.asarray(fixed[keep & ~hit])


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


def _all_that_matter(state: Search, margin: Floats) -> bool:
    """One programme over every offer that could lead beyond the gap: its bound holds for the whole round."""
    needed = _threshold(state)
    pool = np.arange(state.prog.count) if needed is None else np.flatnonzero(margin >= -needed)
    if state.chosen is not None:
        pool = np.union1d(pool, state.chosen)
    claim, infeasible = _mip(state, pool, np.zeros(0, dtype=np.int64), "branching", limit=state.left())
    if claim is not None:
        outside = state.bound if needed is None else int(state.bound - needed) + 1  # type: ignore[operator]
        total = claim if len(pool) == state.prog.count else max(claim, outside or 0)
        state.claim = total if state.claim is None else min(total, state.claim)
        state.tell("branching", state.objective if state.chosen is not None else None, state.better_bound(), None)
    return infeasible and needed is None


def _mip(state: Search, pool: Ints, fixed: Ints, phase: str, limit: float | None) -> tuple[int | None, bool]:
    """Solve over ``pool`` with ``fixed`` taken, in PuLP by HiGHS: (its bound for these offers, proved infeasible)."""
    import highspy
    import pulp

    options = state.options
    if limit is not None and limit <= 0.05:
        return None, False
    built = build(state.prog, pool, fixed)
    if state.chosen is not None:
        _hand_over(state, built, fixed)
    place = [variable.id for variable in built.x]

    def heard(kind: Any, _message: str, out: Any, _into: Any, _data: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution:
            values = np.array(out.mip_solution)
            state.offer(np.union1d(fixed, pool[values[place] > 0.5]), phase)
        else:
            state.tell(phase, state.objective if state.chosen is not None else None, state.better_bound(), None)

    kinds = highspy.cb.HighsCallbackType
    extra: dict[str, Any] = {"mip_abs_gap": 0.999, "random_seed": options.seed}
    if options.nodes is not None:
        extra["mip_max_nodes"] = options.nodes
    if len(fixed) or phase == "restricted":
        extra["objective_target"] = float(state.target())
    solver = pulp.HiGHS(
        msg=False,
        gapRel=float(options.gap) if phase == "branching" else float(options.gap) / 10,
        threads=options.threads,
        timeLimit=limit,
        warmStart=state.chosen is not None,
        callbackTuple=(heard, None),
        callbacksToActivate=[kinds.kCallbackMipImprovingSolution, kinds.kCallbackMipLogging],
        **extra,
    )
    stats = built.problem.solve(solver)
    if stats.has_solution:
        values = np.array([variable.value() or 0.0 for variable in built.x])
        state.offer(np.union1d(fixed, pool[values > 0.5]), phase)
    if stats.status == pulp.LpSolveStatus.Infeasible:
        return None, not len(fixed)
    bound = stats.best_bound
    return (None if bound is None else int(np.floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-6)))), False


def _hand_over(state: Search, built: Built, fixed: Ints) -> None:
    """Give the best plan to the solver as a start, where it keeps what is fixed."""
    assert state.chosen is not None
    taken = set(state.chosen.tolist())
    for offer, variable in zip(built.offers.tolist(), built.x, strict=True):
        variable.setInitialValue(1 if offer in taken else 0)
    slack = standing(state.prog, state.chosen).slack
    for row, variable in zip(built.soft.tolist(), built.s, strict=True):
        variable.setInitialValue(int(slack[row]))


def _second_opinion(state: Search, clock: _Clock) -> Answer:
    """The whole model by another PuLP solver; our prices still give the audited bound."""
    from landopt.child_solvers import pulp_solver

    prog, options = state.prog, state.options
    built = build(prog, np.arange(prog.count))
    solver = pulp_solver(options.solver, options.gap, state.left(), options.threads)
    stats = built.problem.solve(solver)
    clock.mark("branching")
    import pulp

    if stats.has_solution:
        values = np.array([variable.value() or 0.0 for variable in built.x])
        state.offer(np.flatnonzero(values > 0.5), "branching")
    if stats.best_bound is not None:
        state.claim = int(np.floor(stats.best_bound + 1e-3))
    try:
        relaxed, _ = relax(prog, start=state.chosen, seed=options.seed, deadline=None)
    except Stopped:
        return _answer(state, None, "limit")
    clock.mark("prices")
    if stats.status == pulp.LpSolveStatus.Infeasible and state.chosen is None:
        return _answer(state, relaxed, "infeasible")
    state.bound = relaxed.bound
    if stats.status == pulp.LpSolveStatus.Optimal and state.claim is None and state.chosen is not None:
        state.claim = state.objective + int(max(1, abs(state.objective)) * options.gap)
    return _answer(state, relaxed, None)


def exact_margin(prog: Program, relaxed: Relaxation) -> Ints:
    """Every offer's exact distance below its part's best at the integer prices, times the scale (<= 0)."""
    values = reduced(prog, relaxed.prices)
    top = np.maximum(part_best(prog, values), 0)
    return np.asarray(values - top[prog.part()])


def with_gap(options: Options, gap: Fraction) -> Options:
    """The same options with another gap."""
    return replace(options, gap=gap)
