"""A closer bound from the same prices: limits on amounts are kept as they are and filled with whole parcels.

Prices let a limit be used up to its last square metre, by a part of an offer where need be. Whole parcels cannot: what
they leave is lost to every plan. So of the rows that no two of share an offer some are not priced but kept, and each is
filled as well as it can be, a knapsack whose items are parcels (Lagrangian relaxation with the knapsack rows kept:
Geoffrion 1974; dynamic programming: Kellerer, Pferschy, Pisinger 2004, ch. 2 and 11). With the price p of a parcel, the
price r of the row and m <= 0 what an offer is worth beyond all prices and its part's best, an offer of one parcel that
counts w in the row brings p + r w + m; of several parcels each brings its own p and r w and an even share of the rest.

The bound holds for every plan. The proof of a plan folder does not say it: it is claimed. The best fillings also tell
where to look for a plan: what they leave out is left out (:func:`left_out`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landopt.solving.programme.arrays import Floats, Ints, Program, ranges
from landopt.solving.programme.price_bound import Prices, part_best, reduced

STEPS = 200_000
"""Steps a limit is divided into at most; amounts are rounded down to them, so that the bound stays one."""
CORE = 120
"""Parcels, around where a limit's room ends, among which the best filling is looked for exactly."""
LOOSE = 0.005
"""How far, relatively, what a parcel brings may be off where a filling is made."""
AMOUNT = 100
"""Least mean entry of a row that is kept: counts cannot be shared among the parcels of a site."""
LARGEST = 2**53
"""Prices times amounts beyond this are left to the bound of the prices."""


def kept_rows(prog: Program, rows: Ints) -> Ints:
    """The rows to keep: hard ``<=`` with a price and amounts above 0; of those that share offers the dearest.

    Dearest is what its price makes of its amount.
    """
    profile = prog.entries.profile
    own = np.arange(len(prog.sense)) < prog.entries.rows
    plain = np.append(prog.entries.spread, np.full(len(prog.sense), -1))[: len(prog.sense)] < 0
    fit = own & plain & (prog.sense < 0) & (prog.slack == 0) & (rows > 0) & (prog.rhs > 0)
    fit &= profile.raised & ~profile.lowered & (profile.total >= AMOUNT * profile.count)
    fit[prog.carry[prog.carry >= 0]] = False
    found = np.flatnonzero(fit)
    if not len(found):
        return found
    offers, row, _ = prog.entries.within(fit)
    place = np.searchsorted(found, row)
    first = np.concatenate([[True], offers[1:] != offers[:-1]])
    shared = np.zeros((len(found), len(found)), dtype=bool)
    again = np.flatnonzero(~first)
    for step in range(1, len(found)):  # the entries of an offer stand together
        again = again[again >= step]
        same = again[offers[again] == offers[again - step]]
        if not len(same):
            break
        shared[place[same], place[same - step]] = True
    shared |= shared.T
    taken: list[int] = []
    worth = rows[found].astype(float) * prog.rhs[found]
    for number in np.argsort(-worth, kind="stable").tolist():
        if not shared[number, taken].any():
            taken.append(number)
    return np.sort(found[taken])


def filled(prog: Program, prices: Prices) -> int | None:
    """The bound (millipoints, rounded down) of ``prices`` with some limits filled by whole parcels; None: none fits."""
    kept = kept_rows(prog, prices.rows)
    if not len(kept):
        return None
    margin, mask, best = _beyond(prog, prices, kept)
    priced = sum(int(y) * int(b) for y, b, out in zip(prices.rows, prog.rhs, mask, strict=True) if y and not out)
    total = priced + int(best.sum(dtype=object))
    found = _items(prog, prices, margin, mask)
    if found is None:
        return None
    row_of, weight, counted, free = found
    for row in kept.tolist():
        here = np.flatnonzero(row_of == row)
        total += _knapsack(weight[here], counted[here], free[here], int(prog.rhs[row]))
    total += int(np.maximum(np.maximum(free, counted)[row_of < 0], 0).sum(dtype=object))
    return total // prices.scale


def left_out(prog: Program, prices: Prices, seed: int) -> NDArray[np.bool_] | None:
    """Which offers count in a limit on a parcel that its best filling at these prices leaves out; None: none is filled.

    What parcels bring is taken a little (:data:`LOOSE`) less or more at random: good fillings are many.

    A filling here keeps its limit to the last square metre (in :func:`filled` it may be over by what is rounded).
    """
    kept = kept_rows(prog, prices.rows)
    if not len(kept):
        return None
    margin, mask, _ = _beyond(prog, prices, kept)
    found = _items(prog, prices, margin, mask)
    if found is None:
        return None
    row_of, weight, counted, free = found
    spare = np.ones(prog.parcels, dtype=bool)
    draw = np.random.default_rng(seed)
    for row in kept.tolist():
        here = np.flatnonzero(row_of == row)
        gain = (counted[here] - np.maximum(free[here], 0)) * (1 + LOOSE * draw.uniform(-1, 1, len(here)))
        spare[here[_picked(weight[here], gain, int(prog.rhs[row]))]] = False
    offers, _, _ = prog.entries.within(mask)
    out = np.zeros(prog.count, dtype=bool)
    out[offers] = np.logical_or.reduceat(spare[prog.site_parcels], prog.site_start[:-1])[prog.site[offers]]
    return out


def _beyond(prog: Program, prices: Prices, kept: Ints) -> tuple[Ints, NDArray[np.bool_], Ints]:
    """What offers are worth beyond all prices and their part's best, which rows are kept, and the best of parts."""
    values = reduced(prog, prices)
    best = np.maximum(part_best(prog, values), 0)
    mask = np.zeros(len(prog.sense), dtype=bool)
    mask[kept] = True
    values -= best[prog.part()]
    return values, mask, best


def _items(prog: Program, prices: Prices, margin: Ints, mask: Ints) -> tuple[Ints, Ints, Ints, Ints] | None:
    """Of each parcel its row (-1: none), what it counts there, the most it brings where it counts and where not."""
    offers, rows, coefs = prog.entries.within(mask)  # at most one row an offer
    amount = np.zeros(prog.count, dtype=np.int64)
    amount[offers] = coefs
    row = np.full(prog.count, -1, dtype=np.int64)
    row[offers] = rows
    price = np.append(prices.rows, 0)[row]
    if float(price.max(initial=0)) * float(amount.max(initial=0)) > LARGEST:
        return None
    land = np.add.reduceat(prices.parcels[prog.site_parcels], prog.site_start[:-1])[prog.site]
    good = np.flatnonzero(land + price * amount + margin > 0)  # no plan gains by the others
    amount, row, price, margin = amount[good], row[good], price[good], margin[good]
    size = np.diff(prog.site_start)[prog.site[good]]
    parcel = prog.site_parcels[ranges(prog.site_start[prog.site[good]], size)].astype(np.int64)
    owner = np.repeat(np.arange(len(good)), size)
    row_of = np.full(prog.parcels, -1, dtype=np.int64)
    row_of[parcel[row[owner] >= 0]] = row[owner][row[owner] >= 0]
    alone = (size == 1)[owner] & (row[owner] == row_of[parcel]) & (row[owner] >= 0)
    weight = np.full(prog.parcels, np.iinfo(np.int64).max)
    np.minimum.at(weight, parcel[alone], amount[owner][alone])
    counts = (row[owner] >= 0) & (row[owner] == row_of[parcel])
    lone = counts & (
        weight[parcel] == np.iinfo(np.int64).max
    )  # on no offer of its own: what the others of a site leave
    known = np.bincount(owner, weight[parcel] * (counts & ~lone), len(good)).astype(np.int64)
    left = np.maximum(amount - known, 0) // np.maximum(1, np.bincount(owner, lone, len(good)).astype(np.int64))
    np.minimum.at(weight, parcel[lone], left[owner][lone])
    over = counts & (np.bincount(owner, weight[parcel] * counts, len(good)) > amount)[owner]
    np.minimum.at(weight, parcel[over], (amount // size)[owner][over])
    weight[weight == np.iinfo(np.int64).max] = 0
    own = np.where(counts, weight[parcel], 0)
    used = np.zeros(len(good), dtype=np.int64)
    np.add.at(used, owner, own)
    rest = margin + price * (amount - used)
    share = -(-rest // size)
    value = prices.parcels[parcel] + price[owner] * own + share[owner]
    lowest = np.iinfo(np.int64).min // 4
    counted, free = np.full(prog.parcels, lowest), np.full(prog.parcels, lowest)
    np.maximum.at(counted, parcel[counts], value[counts])
    np.maximum.at(free, parcel[~counts], value[~counts])
    return row_of, weight, counted, free


def _knapsack(weight: Ints, counted: Ints, free: Ints, room: int) -> int:
    """The most that parcels bring in a row with so much room: each counts its weight, or nothing, or is left out."""
    unit = max(1, -(-room // STEPS))
    steps = room // unit
    given = np.maximum(free, 0)
    total = int(given.sum(dtype=object))
    gain = counted - given
    inside = (gain > 0) & (weight <= room)
    weight, gain = weight[inside] // unit, gain[inside]
    none = weight == 0
    total += int(gain[none].sum(dtype=object))
    best = np.zeros(steps + 1, dtype=np.int64)
    reach = 0
    for amount, more in sorted(zip(weight[~none].tolist(), gain[~none].tolist(), strict=True)):
        top = min(steps, reach + amount)
        best[reach + 1 : top + 1] = best[reach]
        np.maximum(best[amount : top + 1], best[: top + 1 - amount] + more, out=best[amount : top + 1])
        reach = top
    return total + int(best[reach])


def _picked(weight: Ints, gain: Floats, room: int) -> NDArray[np.bool_]:
    """The parcels that fill the room best: by gain a square metre, those near where it ends exactly (a core)."""
    picked = np.zeros(len(weight), dtype=bool)
    items = np.flatnonzero((gain > 0) & (weight <= room))
    picked[items[weight[items] == 0]] = True
    items = items[weight[items] > 0]
    items = items[np.argsort(-gain[items] / weight[items], kind="stable")]
    fits = int(np.searchsorted(np.cumsum(weight[items]), room, side="right"))
    low = max(0, fits - CORE // 2)
    picked[items[:low]] = True
    core = items[low : low + CORE]
    left = room - int(weight[items[:low]].sum())
    unit = max(1, -(-left // STEPS))
    steps = left // unit
    best = np.zeros(steps + 1)
    taken = np.zeros((len(core), steps + 1), dtype=bool)
    amounts = (-(-weight[core] // unit)).tolist()
    for number, (amount, more) in enumerate(zip(amounts, gain[core].tolist(), strict=True)):
        if amount <= steps:
            other = best[: steps + 1 - amount] + more
            taken[number, amount:] = other > best[amount:]
            best[amount:] = np.maximum(best[amount:], other)
    for number in range(len(core) - 1, -1, -1):
        if taken[number, steps]:
            picked[core[number]] = True
            steps -= amounts[number]
    return picked
