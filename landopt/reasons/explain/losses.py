"""Proven least losses: what the prices of a proof say about every offer that was not chosen, at once, exactly.

A plan that takes offer o cannot exceed ``bound - (best of its part - value of o)`` in any leaf that allows o; the least
loss is what remains between the plan and the weakest of these bounds: never more than the true loss (docs/explain.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.audit.proof import BadProof, Branch, Leaf, Place, constant, leaves
from landopt.screening.blocks import Ints
from landopt.screening.offers import Offers
from parcels.common.issues import Refused, error

Mask = NDArray[np.bool_]
_HUGE = np.int64(2**62)


@dataclass(frozen=True)
class Losses:
    """``tiers[k]`` has for every offer the proven least loss in tier k, millipoints (k > 0: earlier tiers kept).

    ``leaving[offer]`` is the proven least loss (any tier) of a plan that does without a chosen offer; ``slack`` what
    the first tier's bound leaves open, millipoints.
    """

    tiers: tuple[Ints, ...]
    leaving: Mapping[int, int] = field(default_factory=dict)
    slack: int = 0

    def of(self, offer: int) -> tuple[int, int]:
        """(loss, tier) of an offer: the first tier with a proven loss, else (0, 0)."""
        for tier, column in enumerate(self.tiers):
            if column[offer]:
                return int(column[offer]), tier
        return 0, 0

    def order(self, which: Ints) -> Ints:
        """Offer indices from the smallest proven loss to the largest, ties in offer order."""
        keys = [which, *(column[which] for column in reversed(self.tiers))]
        return np.asarray(which[np.lexsort(keys)])


def losses(offers: Offers, proof: Mapping[str, Any] | None, parcels: int, chosen: Sequence[int] = ()) -> Losses | None:
    """The proven least loss of every offer (and of leaving each chosen one), or ``None`` without a proof.

    Raises
    ------
    Refused
        If the proof cannot be read (run the audit for the details).
    """
    if proof is None or not proof.get("tiers"):
        return None
    rows = [row for row in offers.rows if row.kind != "tier"]
    reached = [int(entry["objective"]) for entry in proof["tiers"]]
    parts = np.repeat(np.arange(len(offers.part_start) - 1), np.diff(offers.part_start))
    try:
        columns = []
        leaving = dict.fromkeys(chosen, 0)
        for tier, entry in enumerate(proof["tiers"]):
            scale = int(entry["scale"])
            least, without = _tier(offers, rows, parts, tier, scale, entry["tree"], reached, parcels, chosen)
            columns.append(least)
            leaving = {offer: leaving[offer] or without[offer] for offer in chosen}
        slack = max(0, int(proof["tiers"][0]["bound"]) - reached[0])
        return Losses(tuple(columns), leaving, slack)
    except (BadProof, KeyError, TypeError, ValueError) as bad:
        raise Refused(
            error("X001", f"the price proof cannot be read: {bad}", "proof.json", "Maybe run landopt audit.")
        ) from bad


def _tier(
    offers: Offers,
    rows: Sequence[Any],
    parts: Ints,
    tier: int,
    scale: int,
    tree: Any,
    reached: Sequence[int],
    parcels: int,
    chosen: Sequence[int],
) -> tuple[Ints, dict[int, int]]:
    taken = np.asarray(sorted(chosen), np.int64)
    without = np.full(len(taken), _HUGE, np.int64)
    least = np.full(len(offers), _HUGE, np.int64)
    weakest = np.full(len(offers), _HUGE, np.int64)
    for leaf in leaves(tree, len(rows), tier, parcels):
        worth = values(offers, leaf, scale, tier)
        allowed = _allowed(offers, leaf)
        best, void = _best(offers, leaf, worth, allowed)
        if void:
            continue
        total = constant(leaf, rows, tier, scale, reached[:tier]) + _exact_sum(best)
        behind = best[parts] - worth
        shift = reached[tier] * scale - total
        loss = -((-(np.int64(shift) + behind)) // np.int64(scale))
        np.minimum(weakest, loss, out=weakest)
        np.minimum(least, loss, out=least, where=np.ones(len(offers), bool) if allowed is None else allowed)
        dropped = worth if allowed is None else np.where(allowed, worth, -_HUGE)
        dropped = dropped.copy()
        dropped[taken] = -_HUGE
        second = np.maximum(_top(offers, dropped), 0)[parts[taken]]
        np.minimum(without, -((-(np.int64(shift) + best[parts[taken]] - second)) // np.int64(scale)), out=without)
    # An offer barred in every leaf is in no plan at all; its weakest bound still holds and is printed.
    least = np.where(least == _HUGE, weakest, least)
    return np.asarray(np.clip(least, 0, _HUGE - 1)), dict(
        zip(taken.tolist(), np.maximum(without, 0).tolist(), strict=True)
    )


def bounds_with(
    offers: Offers, proof: Mapping[str, Any] | None, parcels: int, unpriced: Sequence[int] = ()
) -> list[int] | None:
    """The bound of each tier that the prices of a proof give for other right-hand sides (weak duality), millipoints.

    ``unpriced`` rows get the price 0: the bound then holds without them. Earlier tiers are held at the values the proof
    reached. ``None`` without a proof.
    """
    if proof is None or not proof.get("tiers"):
        return None
    rows: list[Any] = [row for row in offers.rows if row.kind != "tier"]
    reached = [int(entry["objective"]) for entry in proof["tiers"]]
    found = []
    for tier, entry in enumerate(proof["tiers"]):
        scale = int(entry["scale"])
        tops = []
        for leaf in leaves(entry["tree"], len(rows), tier, parcels):
            for row in unpriced:
                leaf.rows[row] = 0
            worth = values(offers, leaf, scale, tier)
            best, void = _best(offers, leaf, worth, _allowed(offers, leaf))
            if not void:
                tops.append((constant(leaf, rows, tier, scale, reached[:tier]) + _exact_sum(best)) // scale)
        found.append(max(tops, default=0))
    return found


def values(offers: Offers, leaf: Leaf, scale: int, tier: int) -> Ints:
    """What every offer is worth beyond the prices of what it uses in a leaf, times ``scale``: int64[n], exact."""
    per_parcel = np.asarray(leaf.parcels, np.int64)
    per_row = np.asarray(leaf.rows, np.int64)
    site = _segments(per_parcel[offers.site_parcels], offers.site_start)
    found = offers.score[tier] * np.int64(scale) - site[offers.site]
    if per_row.any():
        found = found - offers.entries.use(per_row)
    for earlier, price in enumerate(leaf.tiers):
        if price:
            found = found - np.int64(price) * offers.score[earlier]
    return np.asarray(found)


def _segments(items: Ints, start: Ints) -> Ints:
    sums = np.concatenate(([0], np.cumsum(items, dtype=np.int64)))
    return np.asarray(sums[start[1:]] - sums[start[:-1]])


def touching(offers: Offers, parcels: Sequence[int]) -> Mask:
    """The offers whose site holds one of these parcel rows, as a boolean array."""
    hits = np.isin(offers.site_parcels, list(parcels)).astype(np.int64)
    return np.asarray((_segments(hits, offers.site_start) > 0)[offers.site], bool)


def _part(offers: Offers, place: Place) -> slice:
    """The offers of a part as named by a branch; an empty slice if it has none."""
    of, row = place
    if of == "d":
        return slice(int(offers.part_start[row]), int(offers.part_start[row + 1]))
    market = np.flatnonzero(offers.demand == -1)
    mine = market[offers.site_parcels[offers.site_start[offers.site[market]]] == row]
    return slice(int(mine[0]), int(mine[-1]) + 1) if mine.size else slice(0, 0)


def _matching(offers: Offers, here: slice, branch: Branch) -> Mask:
    found = np.ones(here.stop - here.start, bool)
    if branch.method is not None:
        found &= np.asarray(offers.method[here] == branch.method)
    for number, offer in enumerate(range(here.start, here.stop)):
        if found[number] and branch.parcel is not None:
            found[number] = branch.parcel in offers.parcels(offer)
    return found


def _allowed(offers: Offers, leaf: Leaf) -> Mask | None:
    """The offers the path of a leaf leaves open; ``None`` when all."""
    if not leaf.zero and not leaf.one:
        return None
    open_ = np.ones(len(offers), bool)
    for sign, places in ((False, leaf.zero), (True, leaf.one)):
        for place, branches in places.items():
            here = _part(offers, place)
            for branch in branches:
                hit = _matching(offers, here, branch)
                open_[here] &= hit if sign else ~hit
    return open_


def _best(offers: Offers, leaf: Leaf, worth: Ints, allowed: Mask | None) -> tuple[Ints, bool]:
    """The best each part can add in a leaf, and whether the leaf is void (a part that must give has nothing)."""
    seen = worth if allowed is None else np.where(allowed, worth, -_HUGE)
    top = _top(offers, seen)
    forced = np.zeros(len(top), bool)
    for place in leaf.one:
        here = _part(offers, place)
        if here.start == here.stop:
            return top, True
        forced[int(np.searchsorted(offers.part_start, here.start, side="right")) - 1] = True
    void = bool((forced & (top == -_HUGE)).any())
    return np.where(forced, top, np.maximum(top, 0)), void


def _top(offers: Offers, seen: Ints) -> Ints:
    """The largest value of each part; very small for an empty part."""
    top = np.full(len(offers.part_start) - 1, -_HUGE, np.int64)
    filled = np.diff(offers.part_start) > 0
    if filled.any():
        top[filled] = np.maximum.reduceat(seen, offers.part_start[:-1][filled])
    return top


def _exact_sum(items: Ints) -> int:
    """A sum of 64-bit integers that cannot overflow: high and low halves apart."""
    return (int((items >> 32).sum()) << 32) + int((items & 0xFFFFFFFF).sum())
