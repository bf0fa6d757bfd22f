"""Offers that no better plan needs: same platform, same site, the same entries in every row, and worth no more.

Several methods often count alike in every limit (listing, auction and bid under one cap). Of such offers the search
needs only the best. The bound of any prices is the same with and without the others: what an offer is worth beyond
the prices grows with its points alone.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from landopt.solving.programme.arrays import Ints, Program

PIECE = 500_000
"""Offers looked at at a time."""


def undominated(prog: Program) -> Ints:
    """The offers that are left (ascending): of those with the same part, site and entries the best, ties the first."""
    kept = [_kept(prog, low, high) for low, high in _pieces(prog)]
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _pieces(prog: Program) -> list[tuple[int, int]]:
    """Runs of whole parts of about :data:`PIECE` offers."""
    cuts = [0]
    for end in prog.part_start[1:].tolist():
        if end - cuts[-1] >= PIECE:
            cuts.append(end)
    if cuts[-1] < prog.count:
        cuts.append(prog.count)
    return list(itertools.pairwise(cuts))


def _kept(prog: Program, low: int, high: int) -> Ints:
    mark = _marks(prog, low, high)
    order = np.argsort(mark, kind="stable")
    begins = np.concatenate([[0], np.flatnonzero(np.diff(mark[order])) + 1])
    size = np.diff(np.concatenate([begins, [high - low]]))
    score = prog.score[low:high][order]
    top = score == np.repeat(np.maximum.reduceat(score, begins), size)
    at = np.where(top, np.arange(high - low), high - low)
    return low + np.sort(order[np.minimum.reduceat(at, begins)])


def _marks(prog: Program, low: int, high: int) -> Ints:
    """A number for the part, site and entries of each offer: equal ones, equal numbers.

    Others are equal by a chance of one in 10^19. It could cost a plan, not the truth: the bound of a proof is summed
    over all offers again.
    """
    draw = np.random.default_rng(0)
    mark = prog.entries.use(draw.integers(1, 2**62, len(prog.sense)), low, high)
    part = np.searchsorted(prog.part_start, np.arange(low, high), side="right")
    one, two = draw.integers(1, 2**62, 2) | 1
    return np.asarray(mark + part * one + prog.site[low:high].astype(np.int64) * two)


def take(prog: Program, kept: Ints) -> Program:
    """The programme over some of its offers (ascending), every other array as it was."""
    return replace(
        prog,
        site=prog.site[kept],
        demand=prog.demand[kept],
        method=prog.method[kept],
        score=prog.score[kept],
        entries=prog.entries.take(kept),
        part_start=np.searchsorted(kept, prog.part_start),
    )


def stand_in(prog: Program, kept: Ints, chosen: Ints) -> Ints:
    """Offers of the whole programme as places among the kept ones, in order: each by the best that is like it."""
    at = np.minimum(np.searchsorted(kept, chosen), max(0, len(kept) - 1))
    for number in np.flatnonzero(kept[at] != chosen).tolist():
        offer = int(chosen[number])
        part = int(np.searchsorted(prog.part_start, offer, side="right")) - 1
        low, high = np.searchsorted(kept, prog.part_start[part : part + 2]).tolist()
        site = low + np.flatnonzero(prog.site[kept[low:high]] == prog.site[offer])
        at[number] = site[prog.entries.same(np.full(len(site), offer), kept[site])][0]
    return at
