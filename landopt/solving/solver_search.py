"""The search for a plan of one tier: a first plan, the prices, a restricted integer programme, widened until the gap.

Every plan is checked in integers before it counts, every bound from prices is exact; a solver's claims are kept apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from time import monotonic

import numpy as np

from landopt.solving import refill
from landopt.solving.components import components
from landopt.solving.greedy import greedy
from landopt.solving.knapsack import filled
from landopt.solving.lean import stand_in, take, undominated
from landopt.solving.model import build
from landopt.solving.model_arrays import Floats, Ints, Program, ranges
from landopt.solving.prices import Relaxation, relax
from landopt.solving.prices_bound import part_best, reduced
from landopt.solving.proof.certificate import alone
from landopt.solving.proof.closing import hopeless
from landopt.solving.proof.prove import Guide, Proof, by_prices, prove
from landopt.solving.sifter import Sifter, Stopped
from landopt.solving.solver_mip import GROUPED, apart, last, mip
from landopt.solving.solver_state import Answer, Keep, Options, Search, Tell, Warm, gap_of
from landopt.solving.tighten import tighten

__all__ = ["Answer", "Options", "exact_margin", "search"]


def search(
    prog: Program,
    options: Options,
    tell: Tell,
    plan: Ints | None = None,
    keep: Keep | None = None,
    warm: Warm | None = None,
) -> Answer:
    """Solve one tier; ``plan`` is one to start from (lawful or not); ``keep`` gets the first proof.

    ``warm`` is what a search over the same offers with other numbers left (``Answer.warm``).

    Offers that alone exceed a limit are left out, in large rounds also those that no better plan needs (``lean``).
    Small rounds go on to gap 0 whatever was asked for.
    """
    small = prog.count <= SMALL
    out = alone(prog, hopeless(prog))
    kept = np.flatnonzero(~out)
    if not small and options.solver == "highs":
        first = take(prog, kept) if out.any() else prog
        kept = kept[undominated(first)]

    def heard(phase: str, value: int | None, bound: int | None, chosen: Ints | None) -> None:
        tell(phase, value, bound, None if chosen is None else kept[chosen])

    inner = prog if len(kept) == prog.count else take(prog, kept)
    start = None if plan is None else stand_in(prog, kept, plan[~out[plan]])
    if warm is not None:
        columns = stand_in(prog, kept, warm.columns[~out[warm.columns]])  # each once, the order kept
        warm = replace(warm, columns=columns[np.sort(np.unique(columns, return_index=True)[1])])
    state = Search(inner, replace(options, gap=Fraction(0)) if small else options, heard)

    def first_proof() -> None:
        assert state.guide is not None
        if keep is not None:
            proof = by_prices(prog, state.guide, state.objective, options.gap)
            keep(proof.bound, proof.scale, proof.tree)

    stopped = _search(state, start, first_proof, warm, lean=not small)
    proof = None if stopped == "infeasible" else _proved(prog, state, kept, options)
    if state.warm is not None:
        state.warm = replace(state.warm, columns=kept[state.warm.columns])
    chosen = None if state.chosen is None else kept[state.chosen]
    if stopped is None:
        bound = state.bound if state.bound is not None else state.objective + 1
        reached = state.better_bound() is not None and gap_of(state.objective, state.better_bound() or 0) <= options.gap
        stopped = "limit" if chosen is None or not reached else "optimal" if bound <= state.objective else "gap"
    claim = None if state.claim is None else max(state.claim, state.objective)
    scale, tree = (1, None) if proof is None else (proof.scale, proof.tree)
    return Answer(stopped, chosen, state.objective, state.bound or 0, claim, scale, tree, state.phases, state.warm)


def _proved(prog: Program, state: Search, kept: Ints, options: Options) -> Proof | None:
    """The proof over all offers, towards what is claimed; a better plan met on the way is taken."""
    if state.guide is None:
        return None
    clock = _Clock(state.phases)
    goal = state.claim if state.claim is not None and state.chosen is not None else None
    proof: Proof | None = None
    if goal is not None and goal < (state.bound or 0):
        cap = state.objective if goal <= state.objective else goal + abs(state.objective) // CLAIMED
        seconds, nodes = _tree_effort(state)
        end = None if seconds is None else monotonic() + seconds
        proof = prove(prog, state.guide, state.objective, cap, nodes, end, options.seed)
    if proof is None or proof.bound > (state.bound or 0):
        proof = by_prices(prog, state.guide, state.objective, options.gap)
    state.bound = proof.bound
    if proof.plan is not None:
        at = np.searchsorted(kept, proof.plan)
        if (np.append(kept, -1)[at] == proof.plan).all():
            state.offer(at, "tree")
    clock.mark("tree")
    return proof


CLAIMED = 20_000
"""A proof goes on until its bound is within this part of the plan's worth of what is claimed."""


def _search(
    state: Search, plan: Ints | None, first_proof: Callable[[], None], warm: Warm | None, *, lean: bool
) -> str | None:
    """Look for a plan and claim bounds; how it ended if that is settled: ``infeasible``, ``limit`` or nothing."""
    prog, options = state.prog, state.options
    clock = _Clock(state.phases)
    state.offer(plan, "warm")
    state.offer(np.zeros(0, dtype=np.int64), "empty")
    if prog.count <= PRICES_FIRST or options.solver != "highs":
        state.offer(greedy(prog, start=plan), "greedy")
        clock.mark("greedy")
    if options.solver != "highs":
        return _second_opinion(state, clock)
    try:
        relaxed, sifter = relax(
            prog,
            start=state.chosen,
            enough=float(options.gap) / 50,
            seed=options.seed,
            deadline=options.deadline,
            tell=lambda value, bound: state.tell(
                "prices", state.objective if state.chosen is not None else None, bound, None
            ),
            warm=warm,
        )
    except Stopped:
        return "limit"
    clock.mark("prices")
    state.bound, state.guide = relaxed.bound, Guide(relaxed.parcels, relaxed.rows)
    if not relaxed.feasible and state.chosen is None:
        return "infeasible"
    state.warm = Warm(sifter.order, sifter.left(), ()) if lean and relaxed.feasible else None
    state.tell("prices", state.objective if state.chosen is not None else None, state.bound, None)
    first_proof()
    infeasible = False
    if not state.reached():
        state.offer(rounded_plan(prog, relaxed), "rounding")
        clock.mark("rounding")
    if not len(state.chosen if state.chosen is not None else ()):
        state.offer(greedy(prog, start=plan), "greedy")
        clock.mark("greedy")
    if prog.count > refill.LARGE and relaxed.feasible and not state.reached():
        _claimed(state, filled(prog, relaxed.prices))
        refill.refill(state, relaxed, sifter)
        clock.mark("refill")
    if not state.reached():
        guide = _tightened(state, relaxed, sifter, () if warm is None else warm.sets)
        clock.mark("prices")
        infeasible = _integer(state, guide)
        clock.mark("integer")
    return "infeasible" if infeasible and state.chosen is None else None


PRICES_FIRST = 60_000
"""Offers above which the prices are there as soon as a first plan by a simple rule, and lead to a better one."""


def _tightened(state: Search, relaxed: Relaxation, sifter: Sifter, known: Sequence[tuple[int, ...]]) -> Relaxation:
    """The relaxation with rows of odd sets on large rounds: better prices to search by, and a bound that is claimed."""
    if state.prog.count <= SMALL or state.out_of_time():
        return relaxed
    options = state.options
    try:
        found = tighten(sifter, float(state.enough()), seed=options.seed, deadline=options.deadline, known=known)
    except Stopped:
        return relaxed
    if found is None:
        return relaxed
    guide, state.tight, sets = found
    if state.warm is not None:
        state.warm = replace(state.warm, sets=sets)
    if guide.bound < relaxed.bound:
        _claimed(state, guide.bound)
        own = len(state.prog.sense)
        priced = np.flatnonzero(guide.rows[own:] > 1e-6)  # those of ``sets``
        state.guide = Guide(guide.parcels, np.append(guide.rows[:own], guide.rows[own:][priced]), sets)
    return guide


def _claimed(state: Search, bound: int | None) -> None:
    """Take a bound that holds for every plan but that no proof carries."""
    if bound is not None:
        state.claim = bound if state.claim is None else min(state.claim, bound)
        state.tell("prices", state.objective if state.chosen is not None else None, state.better_bound(), None)


SMALL = 3_000
"""Offers up to which the proof tree is bounded by nodes, not by a clock, so that a run repeats as it is."""


def _tree_effort(state: Search) -> tuple[float | None, int]:
    """Seconds (None: no clock) and nodes the proof may take beyond the search; more where gap 0 is asked."""
    exact = state.options.gap == 0
    if state.options.nodes is not None or state.prog.count <= SMALL:
        nodes = state.options.nodes if state.options.nodes is not None else 4_000 if exact else 400
        return state.left(), nodes
    spent = sum(state.phases.values())
    return state.left(min(120.0, max(20.0, 3 * spent)) if exact else min(60.0, max(1.0, spent / 3))), NODES


NODES = 4_000
"""Branches of a proof at most."""


class _Clock:
    def __init__(self, phases: dict[str, float]) -> None:
        self.phases, self.since = phases, monotonic()

    def mark(self, phase: str) -> None:
        now = monotonic()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self.since
        self.since = now


ROUNDED = 8_000
"""Offers looked at when the relaxation is rounded."""


def rounded_plan(prog: Program, relaxed: Relaxation) -> Ints | None:
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
    tried = False
    for fix, most, seconds in LARGE if prog.count > 60_000 else MEDIUM if prog.count > 3_000 else ():
        needed = _threshold(state, relaxed.bound)
        if needed is not None and most > FIRST_FIX and int((margin >= -needed).sum()) <= most * base:
            break
        before = state.objective
        claim = _restricted(state, relaxed, fix, most * base, 0.0 if most == FIRST_FIX else 0.15, seconds)
        if state.chosen is not None and state.objective == before and prog.count > STUCK and most == FIRST_FIX:
            refill.refill(state, relaxed)
        if state.reached() or state.out_of_time():
            return False
        exhausted = claim is not None and gap_of(state.objective, claim) <= state.options.gap / 4
        if exhausted and tried and not fix:
            break
        if exhausted and not tried and _last_is_small(state, relaxed):
            # these offers hold no better plan: what is missing may be the bound; if not so soon, look further
            tried = True
            seconds = max(LOOK, sum(state.phases.values()))
            if _all_that_matter(state, margin, relaxed.bound, seconds) or state.reached():
                return state.chosen is None
    return _all_that_matter(state, margin, relaxed.bound)


STUCK = 200_000
"""Offers above which a plan is filled anew where the first restricted programme brought nothing."""
FIRST_FIX = 5
LARGE = ((True, FIRST_FIX, 4.0), (True, 12, 4.0), (False, 12, 30.0), (False, 30, 60.0))
MEDIUM = ((True, FIRST_FIX, 2.0),)
"""Steps before the last programme: fix what the prices take whole or not, columns a platform, seconds at most."""


LAST, LOOK = 80, 2.0
"""Offers a platform up to which the last programme is tried as soon as a restricted one brings nothing more, and the
seconds it may take at first (or as long as everything before took)."""


def _last_is_small(state: Search, relaxed: Relaxation) -> bool:
    needed = _threshold(state, relaxed.bound)
    base = max(60, state.prog.demands)
    return needed is not None and int((relaxed.margin >= -needed).sum()) <= LAST * base


def _threshold(state: Search, bound: int) -> float | None:
    """How far below its price an offer may lie and still matter to a plan beyond the gap; None without a plan."""
    if state.chosen is None:
        return None
    gap = state.options.gap
    good = state.objective + int(max(1, abs(state.objective)) * gap)
    return float(max(0, bound - good)) + 1.0


def _restricted(state: Search, relaxed: Relaxation, fix: bool, most: int, release: float, seconds: float) -> int | None:
    """Solve over the best offers, with what the prices take whole fixed or not; the solver's bound for these offers."""
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
    return mip(state, np.sort(free), fixed, "restricted", limit=state.left(seconds))[0]


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


WIDEST = 300_000
"""Offers beyond which no last programme is built where a plan is held: it would take memory and settle nothing."""


def _all_that_matter(state: Search, margin: Floats, bound: int, most: float | None = None) -> bool:
    """One programme over every offer that could lead beyond the gap: its bound holds for the whole round.

    ``margin`` and ``bound`` are of the same prices; ``most`` are the seconds it may take. True: proved infeasible.
    """
    needed = _threshold(state, bound)
    pool = np.arange(state.prog.count) if needed is None else np.flatnonzero(margin >= -needed)
    if state.chosen is not None:
        pool = np.union1d(pool, state.chosen)
        if len(pool) > WIDEST:
            return False
    groups = components(state.prog, pool) if state.chosen is not None and len(pool) <= GROUPED else [pool]
    if len(groups) > 1:
        claim, infeasible = apart(state, groups), False
    elif state.chosen is not None and len(pool) > SMALL:
        claim, infeasible = last(state, pool, state.left(most))
    else:
        claim, infeasible = mip(state, pool, np.zeros(0, dtype=np.int64), "branching", limit=state.left())
    if claim is not None and claim <= bound:  # one that ended before its first relaxation claims less than the prices
        outside = bound if needed is None else int(bound - needed) + 1
        total = claim if len(pool) == state.prog.count else max(claim, outside)
        state.claim = total if state.claim is None else min(total, state.claim)
        state.tell("branching", state.objective if state.chosen is not None else None, state.better_bound(), None)
    return infeasible and needed is None


def _second_opinion(state: Search, clock: _Clock) -> str | None:
    """The whole model by another PuLP solver; our prices still give the audited bound."""
    from landopt.solving.child_solvers import pulp_solver

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
        return "limit"
    clock.mark("prices")
    if stats.status == pulp.LpSolveStatus.Infeasible and state.chosen is None:
        return "infeasible"
    state.bound, state.guide = relaxed.bound, Guide(relaxed.parcels, relaxed.rows)
    if stats.status == pulp.LpSolveStatus.Optimal and state.claim is None and state.chosen is not None:
        state.claim = state.objective + int(max(1, abs(state.objective)) * options.gap)
    return None


def exact_margin(prog: Program, relaxed: Relaxation) -> Ints:
    """Every offer's exact distance below its part's best at the integer prices, times the scale (<= 0)."""
    values = reduced(prog, relaxed.prices)
    top = np.maximum(part_best(prog, values), 0)
    return np.asarray(values - top[prog.part()])
