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

from constraints.audit.certificate.price_tree import BadProof, Node, Tree, read_tree
from constraints.audit.certificate.proof import floor_of
from landopt.screening.blocks import Ints
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import Program, arrays_of, from_arrays
from landopt.solving.proof.certificate import Certificate
from landopt.solving.proof.without_rows import named_rows, without_rows
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
    barred: Mask | None = None
    """The offers that no plan has by the prices: what is proven of them is no measure, so they come last."""

    def of(self, offer: int) -> tuple[int, int]:
        """(loss, tier) of an offer: the first tier with a proven loss, else (0, 0)."""
        for tier, column in enumerate(self.tiers):
            if column[offer]:
                return int(column[offer]), tier
        return 0, 0

    def order(self, which: Ints) -> Ints:
        """Offer indices from the smallest proven loss to the largest, ties in offer order."""
        keys = [which, *(column[which] for column in reversed(self.tiers))]
        if self.barred is not None:
            keys.append(self.barred[which].astype(np.int8))
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
    reached = [int(entry["objective"]) for entry in proof["tiers"]]
    floors = [int(floor_of(entry)) for entry in proof["tiers"]]
    try:
        columns = []
        barred = np.zeros(len(offers.demand), bool)
        leaving = dict.fromkeys(chosen, 0)
        for tier, entry in enumerate(proof["tiers"]):
            prog = program_of(offers, parcels, tier, floors)
            found = Certificate(prog, entry["tree"], int(entry["scale"]))
            least, without, out = _tier(prog, found, reached[tier], chosen)
            columns.append(least)
            barred |= out
            leaving = {offer: leaving[offer] or without[offer] for offer in chosen}
        slack = max(0, int(proof["tiers"][0]["bound"]) - reached[0])
        return Losses(tuple(columns), leaving, slack, barred if barred.any() else None)
    except (BadProof, KeyError, TypeError, ValueError) as bad:
        raise Refused(error("X001.price-proof-cannot", at="proof.json", bad=bad)) from bad


def program_of(offers: Offers, parcels: int, tier: int, reached: Sequence[int]) -> Program:
    """A tier of the offers as the solver's arrays; earlier tiers are held at what they ``reached``."""
    market = np.flatnonzero(np.asarray(offers.demand) < 0)
    parts = len(offers.part_start) - 1
    demands = int(np.searchsorted(offers.part_start, market[0], side="right")) - 1 if len(market) else parts
    return from_arrays(arrays_of(offers, parcels, demands), tier, reached)


def _tier(prog: Program, proof: Certificate, reached: int, chosen: Sequence[int]) -> tuple[Ints, dict[int, int], Mask]:
    """For every offer the least that a plan with it loses, for every chosen one the least that doing without loses.

    And which offers no case of the proof leaves.
    """
    scale = proof.scale
    least = np.full(prog.count, _HUGE, np.int64)
    weakest = _first(prog, proof, reached)
    without = dict.fromkeys(chosen, int(_HUGE))
    for case in proof.cases():
        if case.total is None:
            continue
        shift = reached * scale - case.total
        part = proof.core.part()
        behind = case.best[part] - case.worth
        if case.dropped is not None:
            # a plan of this case takes one of the offers dropped: another offer of it is of another part
            edge = int(behind[case.dropped].min())
            found = _ceiled(np.where(case.dropped, behind, behind + edge), shift, scale)
            least[case.offers] = np.minimum(least[case.offers], found)
            without = {offer: min(loss, _up(shift + edge, scale)) for offer, loss in without.items()}
            continue
        found = _ceiled(behind, shift, scale)
        weakest[case.offers] = np.minimum(weakest[case.offers], found)
        allowed = np.ones(len(found), bool) if case.allowed is None else case.allowed
        least[case.offers[allowed]] = np.minimum(least[case.offers[allowed]], found[allowed])
        for offer in chosen:
            at = int(np.searchsorted(case.offers, offer))
            if at < len(case.offers) and case.offers[at] == offer:
                gain = int(case.best[part[at]]) - _second(proof.core, case.worth, case.allowed, int(part[at]), at)
                without[offer] = min(without[offer], _up(shift + gain, scale))
            else:
                without[offer] = min(without[offer], _up(shift, scale))
    barred = least == _HUGE
    # An offer barred in every leaf is in no plan at all; its weakest bound still holds and is printed.
    least = np.where(least == _HUGE, weakest, least)
    least = np.asarray(np.where(least == _HUGE, 0, np.clip(least, 0, _HUGE - 1)))
    return least, {offer: max(0, min(loss, int(_HUGE) - 1)) for offer, loss in without.items()}, barred


def _first(prog: Program, proof: Certificate, reached: int) -> Ints:
    """What the prices of the first case say of every offer, those included that no plan can hold."""
    tree, none = proof.tree, np.full(prog.count, _HUGE, np.int64)
    first = tree.drops[0].vector if tree.drops else tree.nodes[0].vector
    bare = Tree(derived=tree.derived, vectors=tree.vectors, nodes=[Node(first)])
    try:
        case = next(Certificate(prog, bare, proof.scale).cases())
    except BadProof:
        return none
    if case.total is None:
        return none
    return _ceiled(case.best[prog.part()] - case.worth, reached * proof.scale - case.total, proof.scale)


def _second(core: Program, worth: Ints, allowed: Mask | None, part: int, at: int) -> int:
    """The best of a part without one of its offers."""
    here = slice(int(core.part_start[part]), int(core.part_start[part + 1]))
    open_ = np.ones(here.stop - here.start, bool) if allowed is None else allowed[here].copy()
    open_[at - here.start] = False
    return int(max(0, worth[here][open_].max(initial=0)))


def _up(value: int, scale: int) -> int:
    return -(-value // scale)


def _ceiled(behind: Ints, shift: int, scale: int) -> Ints:
    return np.asarray(-((-(np.int64(shift) + behind)) // np.int64(scale)))


def bounds_with(
    offers: Offers, proof: Mapping[str, Any] | None, parcels: int, unpriced: Sequence[int] = ()
) -> list[int] | None:
    """The bound of each tier that the prices of a proof give for other right-hand sides (weak duality), millipoints.

    ``unpriced`` rows get the price 0: the bound then holds without them. Earlier tiers are held at what the proof
    holds them to. ``None`` without a proof.
    """
    if proof is None or not proof.get("tiers"):
        return None
    return [bound for (bound,) in _bounds(offers, proof, parcels, [unpriced])]


def bounds_without_each(offers: Offers, proof: Mapping[str, Any], parcels: int, rows: Sequence[int]) -> dict[int, int]:
    """The bound of the first tier without each of some rows alone (:func:`bounds_with`), millipoints."""
    first = {**proof, "tiers": proof["tiers"][:1]}
    found = _bounds(offers, first, parcels, [[row] for row in rows])[0]
    return dict(zip(rows, found, strict=True))


def _bounds(offers: Offers, proof: Mapping[str, Any], parcels: int, each: Sequence[Sequence[int]]) -> list[list[int]]:
    """For each tier its bound without each of some sets of rows."""
    floors = [int(floor_of(entry)) for entry in proof["tiers"]]
    found = []
    for tier, entry in enumerate(proof["tiers"]):
        prog = program_of(offers, parcels, tier, floors)
        tree = read_tree(entry["tree"], len(prog.sense), parcels)
        named = named_rows(tree)
        same: int | None = None  # the bound without rows that the proof does not speak of
        bounds: list[int] = []
        for rows in each:
            silent = bool(rows) and not named & set(rows)
            if not silent or same is None:
                kept, loose = without_rows(prog, tree, rows)
                bound = Certificate(loose, kept, int(entry["scale"])).value or 0
                same = bound if silent else same
            bounds.append(same if silent and same is not None else bound)
        found.append(bounds)
    return found


def touching(offers: Offers, parcels: Sequence[int]) -> Mask:
    """The offers whose site holds one of these parcel rows, as a boolean array."""
    hits = np.isin(offers.site_parcels, list(parcels)).astype(np.int64)
    return np.asarray((_segments(hits, offers.site_start) > 0)[offers.site], bool)


def _segments(items: Ints, start: Ints) -> Ints:
    sums = np.concatenate(([0], np.cumsum(items, dtype=np.int64)))
    return np.asarray(sums[start[1:]] - sums[start[:-1]])
