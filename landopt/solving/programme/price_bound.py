"""The bound that prices give, in exact integers (docs/model.md §8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, ranges, segment_sum

LIMIT = 2**61
"""Sums of products stay below this, so that 64-bit integers are exact."""
LARGEST_PRICE = 2**53 - 1
"""Written prices stay within what a double holds exactly, so that JavaScript reads them too."""


@dataclass(frozen=True)
class Prices:
    """Integer prices times ``scale``: one a parcel, one a row of the round (``<=``: >= 0, ``>=``: <= 0)."""

    parcels: Ints
    rows: Ints
    scale: int


def scale_for(prog: Program) -> int:
    """The power of ten by which prices are scaled: as fine as 64-bit sums allow, at most a million."""
    peak = max(1, int(np.abs(prog.score).max(initial=0)))
    scale = 10**6
    while scale > 1 and scale * peak > LIMIT // 10**4:
        scale //= 10
    return scale


def rounded(prog: Program, parcels: Floats, rows: Floats) -> Prices:
    """Float prices (millipoints a unit) as integers with the right signs, soft rows clamped to their penalty.

    Falls back to a coarser scale where 64-bit sums could overflow.
    """
    scale = scale_for(prog)
    while True:
        y_parcels = np.rint(np.maximum(parcels, 0.0) * scale)
        y_rows = np.rint(rows * scale)
        if scale == 1 or _fits(prog, y_parcels, y_rows, scale):
            break
        scale //= 10
    cap = float(LARGEST_PRICE)
    whole = np.clip(y_parcels, 0, cap).astype(np.int64), np.clip(y_rows, -cap, cap).astype(np.int64)
    return clamped(prog, Prices(whole[0], whole[1], scale))


def clamped(prog: Program, prices: Prices) -> Prices:
    """Prices with the sign of their row; those of soft rows no larger than what breaking the row costs."""
    y = prices.rows.copy()
    y[prog.sense < 0] = np.maximum(y[prog.sense < 0], 0)
    y[prog.sense > 0] = np.minimum(y[prog.sense > 0], 0)
    soft = np.flatnonzero(prog.slack > 0)
    if len(soft):
        cap = prog.penalty[soft] * prices.scale
        late = prog.carry[soft] >= 0
        cap[late] = -y[prog.carry[soft][late]] * prog.carried[soft][late]
        cap //= prog.slack[soft]
        y[soft] = np.clip(y[soft], -cap, cap)
    return Prices(np.maximum(prices.parcels, 0), y, prices.scale)


def _fits(prog: Program, parcels: Floats, rows: Floats, scale: int) -> bool:
    site = segment_sum(parcels[prog.site_parcels], prog.site_start)
    row = prog.entries.most(np.abs(rows))
    worst = np.abs(prog.score).astype(np.float64) * scale + site[prog.site] + row
    dearest = max(float(parcels.max(initial=0.0)), float(np.abs(rows).max(initial=0.0)))
    return float(worst.max(initial=0.0)) < LIMIT and dearest <= LARGEST_PRICE


def reduced(prog: Program, prices: Prices) -> Ints:
    """What every offer is worth beyond the prices of what it uses, times ``scale``, exact."""
    site = segment_sum(prices.parcels[prog.site_parcels], prog.site_start)
    out: Ints = np.asarray(prog.score * prices.scale - site[prog.site])
    if prices.rows.any():
        out -= prog.entries.use(prices.rows)
    return out


def reduced_float(prog: Program, parcels: Floats, rows: Floats) -> Floats:
    """The same in doubles, for pricing: millipoints."""
    site = segment_sum(parcels[prog.site_parcels], prog.site_start)
    out: Floats = np.asarray(prog.score - site[prog.site])
    if rows.any():
        out -= prog.entries.use(rows)
    return out


@dataclass(frozen=True)
class Branch:
    """A branching choice on one part: its offers in ``match`` are barred (``taken`` False) or one of them is taken."""

    on: dict[str, Any]
    part: int
    match: Ints
    taken: bool


def bound_scaled(
    prog: Program, prices: Prices, branches: tuple[Branch, ...] = (), left: Ints | None = None
) -> int | None:
    """``scale`` times the bound of docs/model.md §8 under some branches; None where a part has nothing it must take.

    ``left`` are the reduced values if the caller has them.
    """
    values = reduced(prog, prices) if left is None else left
    best = part_best(prog, values)
    np.maximum(best, 0, out=best)
    for part in {branch.part for branch in branches}:
        low, high = int(prog.part_start[part]), int(prog.part_start[part + 1])
        top = _branched_best(values[low:high], low, [branch for branch in branches if branch.part == part])
        if top is None:
            return None
        best[part] = top
    total = sum(int(y) * int(b) for y, b in zip(prices.rows, prog.rhs, strict=True) if y)
    return total + _exact_sum(prices.parcels) + _exact_sum(best)


def _branched_best(values: Ints, low: int, branches: list[Branch]) -> int | None:
    """The most a part can add under its branches; None where it must take an offer and has none."""
    allowed = np.ones(len(values), dtype=bool)
    must = False
    for branch in branches:
        hit = np.zeros(len(values), dtype=bool)
        hit[branch.match - low] = True
        allowed &= hit if branch.taken else ~hit
        must |= branch.taken
    inside = values[allowed]
    if must:
        return int(inside.max()) if len(inside) else None
    return max(0, int(inside.max(initial=0)))


def after_branch(prog: Program, prices: Prices, scaled: int, branches: tuple[Branch, ...]) -> int | None:
    """:func:`bound_scaled` under ``branches``, from its value ``scaled`` without the last of them."""
    part = branches[-1].part
    low, high = int(prog.part_start[part]), int(prog.part_start[part + 1])
    here = np.arange(low, high)
    land = ranges(prog.site_start[prog.site[here]], np.diff(prog.site_start)[prog.site[here]])
    size = np.concatenate([[0], np.cumsum(np.diff(prog.site_start)[prog.site[here]])])
    values = prog.score[here] * prices.scale - segment_sum(prices.parcels[prog.site_parcels[land]], size)
    values -= prog.entries.use(prices.rows, low, high)
    mine = [branch for branch in branches if branch.part == part]
    before, after = _branched_best(values, low, mine[:-1]), _branched_best(values, low, mine)
    return None if before is None or after is None else scaled - before + after


def part_best(prog: Program, values: Ints) -> Ints:
    """The largest value of each part; 0 for an empty part."""
    out = np.zeros(len(prog.part_start) - 1, dtype=values.dtype)
    filled = np.diff(prog.part_start) > 0
    if filled.any():
        out[filled] = np.maximum.reduceat(values, prog.part_start[:-1][filled])
    return out


def bound(prog: Program, prices: Prices) -> int:
    """The bound of some prices in millipoints, rounded down (objectives are integers)."""
    scaled = bound_scaled(prog, prices)
    assert scaled is not None
    return scaled // prices.scale


def _exact_sum(values: Ints) -> int:
    """A sum of 64-bit integers that cannot overflow: high and low halves apart."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
