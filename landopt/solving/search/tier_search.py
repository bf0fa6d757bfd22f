"""The search for a plan of one tier: a first plan, the prices, a restricted integer programme, widened until the gap.

Every plan is checked in integers before it counts, every bound from prices is exact; a solver's claims are kept apart.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from time import monotonic, process_time

import numpy as np

from constraints.audit.certificate.price_tree import BadProof
from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import Ints, Program
from landopt.solving.programme.dominance import stand_in, take, undominated
from landopt.solving.programme.model import build
from landopt.solving.proof.certificate import alone
from landopt.solving.proof.closing import hopeless
from landopt.solving.proof.prove import Guide, Proof, by_prices, prove
from landopt.solving.relaxation.lagrangian_knapsack import filled
from landopt.solving.relaxation.prices import Relaxation, relax
from landopt.solving.relaxation.sifter import Sifter, Stopped
from landopt.solving.relaxation.tightening import tighten
from landopt.solving.search import neighbourhoods
from landopt.solving.search.restricted import all_that_matter, few, held, integer, rounded_plan, whole_first
from landopt.solving.search_state import Answer, Hear, Keep, Options, Search, Warm, gap_of

__all__ = ["Answer", "Options", "search"]


def search(
    prog: Program,
    options: Options,
    tell: Hear,
    plan: Ints | None = None,
    keep: Keep | None = None,
    warm: Warm | None = None,
) -> Answer:
    """Solve one tier; ``plan`` is one to start from (lawful or not); ``keep`` gets the first proof.

    ``warm`` is what a search over the same offers with other numbers left (``Answer.warm``).

    Offers that alone exceed a limit are left out, in large rounds also those that no better plan needs (``lean``).
    Small rounds go on to gap 0 whatever was asked for: by the whole model where that pays (``whole_first``); else what
    a few offers give is proved first, as the tree of a proof finds better plans itself; only where that leaves
    something open, all offers go to a solver.
    """
    small = prog.count <= options.tuning.small
    out = alone(prog, hopeless(prog))
    kept = np.flatnonzero(~out)
    if not small and options.solver == "highs":
        first = take(prog, kept) if out.any() else prog
        kept = kept[undominated(first)]

    def heard(phase: str, value: int | None, bound: int | None, chosen: Ints | None) -> None:
        claimed = state.claimed() and phase != "tree"
        tell(phase, value, bound, None if chosen is None else kept[chosen], claimed)

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
    if state.later is not None and (state.bound or 0) > state.objective and not state.out_of_time():
        proof = _settled(prog, state, kept, options, proof)
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
    """The proof over all offers; a better plan met on the way is taken.

    It goes for what is claimed, and where that is not enough for the gap asked for, for that.
    """
    if state.guide is None:
        return None
    clock = _Clock(state.phases)
    proof: Proof | None = None
    cap = state.bound or 0
    if state.later is not None:
        cap = state.objective
    if state.chosen is not None and state.claim is not None:
        near = abs(state.objective) // options.tuning.claimed
        cap = state.objective if state.claim <= state.objective else min(cap, state.claim + near)
    if state.chosen is not None and not state.reached():
        cap = min(cap, state.enough())
    if cap < (state.bound or 0) and (options.prove or prog.count <= options.tuning.small):
        seconds, nodes = _tree_effort(state)
        end = None if seconds is None else monotonic() + seconds
        with contextlib.suppress(BadProof):  # its numbers grew too large to be added up exactly: the prices alone stand
            proof = prove(prog, state.guide, state.objective, cap, nodes, end, options.seed, _open_cases(state))
    if proof is None or proof.bound > (state.bound or 0):
        plain = by_prices(prog, state.guide, state.objective, options.gap)
        proof = plain if proof is None or plain.bound < proof.bound else proof
    state.bound = proof.bound
    if proof.plan is not None:
        at = np.searchsorted(kept, proof.plan)
        if (np.append(kept, -1)[at] == proof.plan).all():
            state.offer(at, "tree")
    clock.mark("tree")
    return proof


def _settled(prog: Program, state: Search, kept: Ints, options: Options, proof: Proof | None) -> Proof | None:
    """All offers to a solver after a proof that ended too early, then another proof without that end."""
    assert state.later is not None
    later, clock = state.later, _Clock(state.phases)
    state.later = None
    all_that_matter(state, *later)
    clock.mark("integer")
    held = state.bound
    again = _proved(prog, state, kept, options)
    if again is None or (held is not None and proof is not None and held < again.bound):
        state.bound = held
        return proof
    return again


def _open_cases(state: Search) -> Callable[[int], None]:
    """Tells what a proof bounds so far, as it comes down."""

    def tell(bound: int) -> None:
        value = state.objective if state.chosen is not None else None
        state.tell("tree", value, bound if state.bound is None else min(bound, state.bound), None)

    return tell


def _search(
    state: Search, plan: Ints | None, first_proof: Callable[[], None], warm: Warm | None, *, lean: bool
) -> str | None:
    """Look for a plan and claim bounds; how it ended if that is settled: ``infeasible``, ``limit`` or nothing."""
    prog, options = state.prog, state.options
    clock = _Clock(state.phases)
    state.offer(plan, "warm")
    state.offer(np.zeros(0, dtype=np.int64), "empty")
    if prog.count <= options.tuning.prices_first or options.solver != "highs":
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
    if prog.count > neighbourhoods.LARGE and relaxed.feasible and not state.reached():
        _filled(state, relaxed, sifter, clock)
    state.support = relaxed.columns[relaxed.x > 1e-6]
    early = _early(state, relaxed, clock)
    if not state.reached():
        guide = _tightened(state, relaxed, sifter, () if warm is None else warm.sets)
        clock.mark("prices")
        if guide is not relaxed:
            state.offer(rounded_plan(prog, guide), "rounding")
            clock.mark("rounding")
        if prog.count <= options.tuning.small and options.nodes is None:
            infeasible = whole_first(state)
            clock.mark("integer")
            if not infeasible and not state.reached() and few(state, guide):
                state.later = guide.margin, guide.bound
        if state.later is None and not infeasible and not state.reached():
            infeasible = integer(state, guide, again=early and guide is relaxed)
        clock.mark("integer")
    return "infeasible" if infeasible and state.chosen is None else None


def _filled(state: Search, relaxed: Relaxation, sifter: Sifter, clock: _Clock) -> None:
    """What filled limits claim of a very large round, and its plan filled anew."""
    _claimed(state, filled(state.prog, relaxed.prices))
    neighbourhoods.refill(state, relaxed, sifter)
    clock.mark("refill")


def _early(state: Search, relaxed: Relaxation, clock: _Clock) -> bool:
    """A first restricted programme where prices took long, for as long; whether there was one.

    Rows of odd sets take as long as the prices did: local limits need none to come to the gap.
    """
    spent = state.phases.get("prices", 0.0)
    if spent <= state.options.tuning.tighter or state.options.nodes is not None or state.reached():
        return False
    held(state, relaxed, spent)
    clock.mark("integer")
    return True


def _tightened(state: Search, relaxed: Relaxation, sifter: Sifter, known: Sequence[tuple[int, ...]]) -> Relaxation:
    """The relaxation with rows of odd sets and divided limits: better prices, and a bound that is claimed."""
    if state.out_of_time():
        return relaxed
    options = state.options
    seconds = max(options.tuning.tighter, state.phases.get("prices", 0.0))
    found = tighten(
        sifter,
        float(state.enough()),
        seed=options.seed,
        deadline=options.deadline,
        seconds=state.left(seconds),
        known=known,
    )
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


def _tree_effort(state: Search) -> tuple[float | None, int]:
    """Seconds (None: no clock) and nodes the proof may take beyond the search; more where gap 0 is asked."""
    options = state.options
    branches = options.tuning.branches[0]
    if state.later is not None:
        left = state.left()
        return None if left is None else left / 4, min(branches, options.tuning.early)
    if options.nodes is not None or state.prog.count <= options.tuning.small:
        return state.left(), branches if options.nodes is None else options.nodes
    spent = sum(state.phases.values())
    return state.left(
        min(120.0, max(20.0, 3 * spent)) if options.gap == 0 else min(60.0, max(1.0, spent / 3))
    ), branches


class _Clock:
    def __init__(self, phases: dict[str, float]) -> None:
        self.phases, self.since = phases, process_time()

    def mark(self, phase: str) -> None:
        now = process_time()
        self.phases[phase] = self.phases.get(phase, 0.0) + now - self.since
        self.since = now


def _second_opinion(state: Search, clock: _Clock) -> str | None:
    """The whole model by another PuLP solver; our prices still give the audited bound."""
    from landopt.solving.programme.pulp_solvers import pulp_solver

    prog, options = state.prog, state.options
    built = build(prog, np.arange(prog.count))
    solver = pulp_solver(options.solver, options.gap, state.left(), options.threads)
    stats = built.problem.solve(solver)
    clock.mark("branching")
    from landopt.solving.programme.pulp_imported import pulp

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
