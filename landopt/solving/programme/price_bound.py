"""The bound that prices give, in exact integers (docs/model.md §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from landopt.solving.programme.arrays import Floats, Ints, Program, segment_sum

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
    within_penalties(prog, y, prices.scale, prog.slacks)
    return Prices(np.maximum(prices.parcels, 0), y, prices.scale)


def within_penalties(prog: Program, y: Ints, scale: int, slacks: Ints) -> None:
    """Bring prices of soft rows down to what a unit missed costs; those of rows missed together as a sum.

    ``slacks`` are the first rows of the slacks meant.
    """
    if not len(slacks):
        return
    cap = prog.penalty[slacks] * scale
    late = prog.carry[slacks] >= 0
    cap[late] = -y[prog.carry[slacks][late]] * prog.carried[slacks][late]
    cap //= prog.slack[slacks]
    meant = dict(zip(slacks.tolist(), cap.tolist(), strict=True))
    shared = {rows: meant[rows[0]] for rows in prog.together if rows[0] in meant}
    joint = [(list(rows), y[list(rows)].tolist(), most) for rows, most in shared.items()]
    y[slacks] = np.clip(y[slacks], -cap, cap)
    for rows, given, most in joint:
        y[rows] = shrunk(given, most)


def shrunk(prices: Sequence[int], most: int) -> list[int]:
    """Prices brought down in proportion, towards 0, where their sizes add up to more than ``most``."""
    total = sum(abs(price) for price in prices)
    if total <= most:
        return list(prices)
    return [abs(price) * most // total * (1 if price > 0 else -1) for price in prices]


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


def part_best(prog: Program, values: Ints) -> Ints:
    """The largest value of each part; 0 for an empty part."""
    out = np.zeros(len(prog.part_start) - 1, dtype=values.dtype)
    filled = np.diff(prog.part_start) > 0
    if filled.any():
        out[filled] = np.maximum.reduceat(values, prog.part_start[:-1][filled])
    return out


def bound(prog: Program, prices: Prices) -> int:
    """The bound of some prices in millipoints, rounded down (objectives are integers): docs/model.md §8."""
    best = np.maximum(part_best(prog, reduced(prog, prices)), 0)
    total = sum(int(y) * int(b) for y, b in zip(prices.rows, prog.rhs, strict=True) if y)
    return (total + _exact_sum(prices.parcels) + _exact_sum(best)) // prices.scale


def _exact_sum(values: Ints) -> int:
    """A sum of 64-bit integers that cannot overflow: high and low halves apart."""
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())
