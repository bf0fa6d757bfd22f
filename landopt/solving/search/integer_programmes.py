"""Integer programmes over some offers, in PuLP by HiGHS: whole, with offers taken, or in parts no rule connects.

The last programme of a large round holds tens of thousands of offers: it goes to HiGHS as arrays (:func:`last`), as
does the whole model of a small one (:func:`whole`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from landopt.solving.programme.arrays import Ints, Program, standing
from landopt.solving.programme.highs_model import handed
from landopt.solving.programme.model import Built, build
from landopt.solving.search_state import Search

PROBING = 1 << 15
"""HiGHS's rule of presolve 15, in ``presolve_rule_off``.

What the prices take whole fills limits nearly up, and probing of what is left then takes most of the time: one
district, 1,500 x 300, seeds 2 and 3, 24.3 and 17.8 CPU s to 0.1 % with it, 0.9 and 4.3 without; local limits,
streets, tight and contested rounds 0.8 to 1.0 of what they took. Small rounds keep it: theirs takes a moment.
"""


def apart(state: Search, groups: list[Ints]) -> int | None:
    """Solve each unconnected group with the rest of the plan held; the bounds add up, since no row connects them."""
    total = 0
    for group in groups:
        assert state.chosen is not None
        before = state.objective
        rest = np.setdiff1d(state.chosen, group)
        claim, _ = mip(state, group, rest, "branching", limit=state.left())
        if claim is None:
            return None
        total += max(0, claim - before)
        total -= state.objective - before
    return state.objective + max(0, total)


def mip(
    state: Search, pool: Ints, fixed: Ints, phase: str, limit: float | None, *, close: int = 10
) -> tuple[int | None, bool]:
    """Solve over ``pool`` with ``fixed`` taken, in PuLP by HiGHS: (its bound for these offers, proved infeasible).

    A restricted programme ends once what it may still bring is a ``close``-th of the gap asked for, of the whole plan.
    """
    import highspy

    from landopt.solving.programme.pulp_imported import pulp
    from landopt.solving.programme.silent_highs import SilentHiGHS

    options = state.options
    if limit is not None and limit <= 0.05:
        return None, False
    built = build(state.tight, pool, fixed)
    if state.chosen is not None:
        hand_over(state, built, fixed)
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
    if phase == "restricted":
        extra["objective_target"] = float(state.target())
        extra |= {"presolve_rule_off": PROBING} if state.prog.count > options.tuning.small else {}
    solver = SilentHiGHS(
        msg=False,
        gapRel=float(options.gap) if phase == "branching" else float(options.gap) / close,
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


def last(state: Search, pool: Ints, limit: float | None) -> tuple[int | None, bool]:
    """As :func:`mip` over ``pool`` with nothing taken, for a bound above all: no presolve, no heuristics."""
    options = {"presolve": "off", "mip_heuristic_effort": 0.0}
    options |= {} if state.options.nodes is None else {"mip_max_nodes": state.options.nodes}
    return _as_arrays(state, state.tight, pool, limit, options)


def whole(state: Search, pool: Ints, limit: float | None, nodes: int) -> tuple[int | None, bool]:
    """As :func:`mip` over ``pool`` with nothing taken: as a stock solver takes a model, presolved, ``nodes`` at most.

    A plan is there already: what HiGHS does for a first one is left out.
    """
    options: dict[str, Any] = {"mip_max_nodes": nodes}
    if state.chosen is not None:
        options["mip_heuristic_run_feasibility_jump"] = False
    return _as_arrays(state, state.prog, pool, limit, options)


def _as_arrays(
    state: Search, prog: Program, pool: Ints, limit: float | None, more: Mapping[str, Any]
) -> tuple[int | None, bool]:
    import highspy

    if limit is not None and limit <= 0.05:
        return None, False
    solver = handed(prog, pool, state.chosen)
    options: dict[str, Any] = {"mip_rel_gap": float(state.options.gap), "mip_abs_gap": 0.999}
    options |= {"random_seed": state.options.seed, "threads": state.options.threads, **more}
    options |= {} if limit is None else {"time_limit": limit}
    for name, value in options.items():
        solver.setOptionValue(name, value)

    def heard(kind: Any, _message: str, out: Any, _into: Any, _data: Any) -> None:
        if kind == highspy.cb.HighsCallbackType.kCallbackMipImprovingSolution:
            state.offer(pool[np.array(out.mip_solution)[: len(pool)] > 0.5], "branching")
        else:
            state.tell("branching", state.objective if state.chosen is not None else None, state.better_bound(), None)

    kinds = highspy.cb.HighsCallbackType
    solver.setCallback(heard, None)
    for kind in (kinds.kCallbackMipImprovingSolution, kinds.kCallbackMipLogging):
        solver.startCallback(kind)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None, True
    found = solver.getInfo()
    if found.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
        state.offer(pool[np.array(solver.getSolution().col_value)[: len(pool)] > 0.5], "branching")
    bound = float(found.mip_dual_bound)
    return (int(np.floor(bound + 1e-6 * max(1.0, abs(bound) * 1e-6))) if np.isfinite(bound) else None), False


def hand_over(state: Search, built: Built, fixed: Ints) -> None:
    """Give the best plan to the solver as a start, where it keeps what is fixed."""
    assert state.chosen is not None
    taken = set(state.chosen.tolist())
    for offer, variable in zip(built.offers.tolist(), built.x, strict=True):
        variable.setInitialValue(1 if offer in taken else 0)
    slack = standing(state.prog, state.chosen).slack
    for row, variable in zip(built.soft.tolist(), built.s, strict=True):
        variable.setInitialValue(int(slack[row]))
