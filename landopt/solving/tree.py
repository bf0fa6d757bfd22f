"""A small tree of leaves, each with its own prices: closes the part of the gap that single prices cannot see.

Branches are on one part at a time (docs/plan.md): which demand takes a site that contains a parcel, or by which method.
Every leaf's bound is exact; the proof is the maximum over the leaves.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

from landopt.solving.greedy import greedy
from landopt.solving.model_arrays import Floats, Ints, Program, standing
from landopt.solving.prices import PER_PART, Relaxation, improving, margins
from landopt.solving.prices_bound import Branch, after_branch, bound_scaled, rounded
from landopt.solving.sifter import Sifter, Stopped
from landopt.solving.tree_branch import Chooser, bar, closed, restore
from landopt.solving.tree_pack import Node

if TYPE_CHECKING:
    from landopt.solving.solver_state import Options

NODES = 20_000
WORK = 30_000_000
LEAF_BYTES = 40_000_000
"""At most so many nodes; offers times nodes (what the auditor must add up); bytes of parcel prices (8 a parcel)."""


@dataclass(frozen=True)
class Grown:
    """A finished tree: the bound it proves, its root, and a better plan if one turned up."""

    bound: int
    root: Node
    plan: Ints | None


def grow(
    prog: Program,
    relaxed: Relaxation,
    sifter: Sifter,
    objective: int,
    options: Options,
    seconds: float | None,
    nodes: int = NODES,
    methods: bool = True,
) -> Grown | None:
    """Branch on the worst leaf until the proved gap is the one asked for, or time, nodes or size run out.

    ``methods``: also branch by method alone.
    """
    scale = relaxed.prices.scale
    root = Node((), relaxed.prices, bound_scaled(prog, relaxed.prices))
    turn = itertools.count()
    heap: list[tuple[int, int, Node]] = [(-int(root.scaled or 0), next(turn), root)]
    end = None if seconds is None else monotonic() + seconds
    chooser = Chooser(sifter, end, methods)
    budget = min(
        nodes,
        LEAF_BYTES // (8 * max(1, prog.parcels)),
        WORK // max(1, prog.count),
    )
    made, plan, best = 0, None, objective
    while heap and made < budget and (end is None or monotonic() < end):
        top = -heap[0][0] // scale
        if top <= best + int(max(1, abs(best)) * options.gap):
            break
        _, _, node = heapq.heappop(heap)
        found = _resolve(prog, sifter, node, end)
        if found is None:
            break
        x, integral = found
        if integral is not None:
            state = standing(prog, integral)
            if state.lawful and state.objective > best:
                best, plan = state.objective, integral
        if node.scaled is None or node.scaled // scale <= best + int(max(1, abs(best)) * options.gap):
            continue
        split = chooser.choose(x, node.branches, best / sifter.unit)
        if split is None:
            continue
        on, part, match = split
        for taken in (False, True):
            made += 1
            branches = (*node.branches, Branch(on, part, match, taken))
            child = Node(branches, node.prices, after_branch(prog, node.prices, node.scaled, branches))
            if taken:
                node.one = child
            else:
                node.zero = child
            if child.scaled is not None:
                heapq.heappush(heap, (-child.scaled, next(turn), child))
    restore(sifter)
    worst = max((leaf for leaf in _leaves(root) if leaf is not None), default=None)
    proved = best if worst is None else max(worst // scale, best)
    return Grown(proved, root, plan)


def _leaves(root: Node) -> list[int | None]:
    found, stack = [], [root]
    while stack:
        node = stack.pop()
        if node.zero is None or node.one is None:
            found.append(node.scaled)
        else:
            stack += [node.zero, node.one]
    return found


def _resolve(prog: Program, sifter: Sifter, node: Node, end: float | None) -> tuple[Floats, Ints | None] | None:
    """Prices of a leaf: the relaxation under its branches, from the last basis. None: out of time."""
    restore(sifter)
    barred = bar(sifter, node.branches)
    sifter.deadline = end
    for _ in range(30):
        try:
            sifter.run()
        except Stopped:
            return None
        import highspy

        if sifter.status == highspy.HighsModelStatus.kInfeasible:
            ray = _farkas(sifter)
            new = _missing(prog, sifter, ray, barred)
            if len(new):
                sifter.add(new)
                barred = bar(sifter, node.branches)
                continue
            if ray is not None:
                _lowered(prog, sifter, node, ray)
            return (np.zeros(len(sifter.order)), None) if ray is not None else (sifter.x(), None)
        parcels, demands, rows = sifter.duals()
        margin = margins(sifter, parcels, demands, rows)
        margin[barred] = -np.inf
        new = improving(sifter, margin, 1e-6 * sifter.unit, PER_PART)
        if not len(new):
            break
        sifter.add(new)
        barred = bar(sifter, node.branches)
    parcels, demands, rows = sifter.duals()
    prices = closed(prog, rounded(prog, parcels, rows), node.branches)
    if prices.scale == node.prices.scale:
        scaled = bound_scaled(prog, prices, node.branches)
        if scaled is None or (node.scaled is not None and scaled < node.scaled):
            node.prices, node.scaled = prices, scaled
    x = sifter.x()
    whole = np.abs(x - np.rint(x)) <= 1e-6
    if whole.all():
        return x, np.sort(sifter.order[x > 0.5])
    worth = np.full(prog.count, -np.inf)
    worth[sifter.order] = x
    return x, greedy(prog, worth, np.sort(sifter.order[x > 1e-6]))


def _farkas(sifter: Sifter) -> Floats | None:
    """Prices of an empty programme that no mix of its offers can pay, signed as its rows are; None: none found.

    The primal simplex leaves none, so that the dual one runs once more.
    """
    sifter.solver.setOptionValue("simplex_strategy", 1)
    sifter.solver.clearSolver()
    sifter.solver.run()
    _, has, ray = sifter.solver.getDualRay()
    sifter.solver.setOptionValue("simplex_strategy", 4)
    if not has:
        return None
    values = np.array(ray)
    size = float(np.abs(values).max(initial=0.0))
    if size <= 0:
        return None
    right = np.concatenate([np.ones(sifter.head), sifter.prog.rhs / sifter.row_unit])
    return values / size if float(right @ values) < 0 else -values / size


def _missing(prog: Program, sifter: Sifter, ray: Floats | None, barred: Ints) -> Ints:
    """Offers not yet in the programme that would pay for what its own cannot."""
    if ray is None:
        return barred[:0]
    rows = ray[sifter.head :] / sifter.row_unit
    margin = margins(sifter, ray[: prog.parcels], ray[prog.parcels : sifter.head], rows) - prog.score
    margin[barred] = -np.inf
    return improving(sifter, margin, 1e-9)


def _lowered(prog: Program, sifter: Sifter, node: Node, ray: Floats) -> None:
    """Add a multiple of the ray until the bound of an empty leaf is as low as it need be."""
    scale = node.prices.scale
    for factor in (1e1, 1e2, 1e3, 1e4, -1e1, -1e2, -1e3, -1e4):
        step = ray * sifter.unit * factor * 64
        parcels = node.prices.parcels / scale + step[: prog.parcels]
        rows = node.prices.rows / scale + step[sifter.head :] / sifter.row_unit
        prices = closed(prog, rounded(prog, parcels, rows), node.branches)
        if prices.scale != scale:
            continue
        scaled = bound_scaled(prog, prices, node.branches)
        if scaled is not None and node.scaled is not None and scaled < node.scaled:
            node.prices, node.scaled = prices, scaled
