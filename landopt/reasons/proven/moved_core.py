"""The core under moved numbers: what stands in every plan of the moved round that comes near the present score.

The proof of the plan bounds the moved round too (:mod:`landopt.reasons.proven.whatif`), case by case; what a choice or
doing without it costs there follows as for the round as it is. Where the present plan holds, its score under the moved
numbers is the measure; where it does not, the score it has is a mark that plans of the moved round may not reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from landopt.reasons.explain.context import Context
from landopt.reasons.proven.core import Core, core
from landopt.reasons.proven.whatif import Changes, Proven
from parcels.common.issues import Refused


@dataclass(frozen=True, slots=True)
class MovedCore:
    """The states under moved numbers (``None``: the proof says nothing of so much a change).

    ``holds``: the present plan still does. ``empty``: no plan of the moved round reaches the threshold, so that every
    choice is core and out alike.
    """

    core: Core | None
    holds: bool
    bound: int | None

    @property
    def empty(self) -> bool:
        """Whether no plan reaches the threshold."""
        return self.core is not None and self.bound is not None and self.bound < self.core.threshold


def moved_core(proven: Proven, sets: Sequence[str], within: str | None = None) -> MovedCore:
    """The states of all choices under other numbers (``RULE[key]:amount=N``), from the proof alone.

    Raises
    ------
    Refused
        If a number is not understood or belongs to law, or the loss allowed is neither per cent nor points.
    """
    answer = proven.whatif(Changes(tuple(sets)))
    first = answer.tiers[0]
    if first.bound is None:
        return MovedCore(None, answer.holds, None)
    reached = first.score if first.score is not None else int(proven.proof["tiers"][0]["objective"])
    own = proven.context
    for case, offers, entry in proven.moved_proofs(sets):
        stated = {**entry, "objective": reached, "bound": first.bound}
        try:
            found = core(Context(case, offers, own.chosen, {"tiers": [stated]}), within, of=proven.grouped)
        except Refused as refused:
            if refused.issues[0].key != "X030.bad-proof":
                raise
            continue
        return MovedCore(found, answer.holds, first.bound)
    return MovedCore(None, answer.holds, first.bound)
