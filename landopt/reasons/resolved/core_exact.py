"""The core settled exactly: plans within the loss are looked for that hold what none held, or lack what all held.

First roughly, as many such surprises at once as may be; then choice by choice: the best plan with it (or without it),
among the offers the prices do not rule out, either is a surprise or proves the choice *out* (or *core*). What is
settled stays settled where time runs out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import forced
from landopt.reasons.explain.context import Context
from landopt.reasons.proven.core import Choice, Core
from landopt.reasons.resolved.resolve import SMALL, resolve, resolve_at_least
from landopt.solving.programme.arrays import Ints

ROUGH = 0.5
"""The relative gap at which the search for many surprises at once may stop."""
WORTH = 3
"""Surprises a rough search must bring; below, choices are asked one by one."""


def settle(context: Context, found: Core, clock: Clock) -> Core:
    """The states with open choices settled; ``exact`` where all of them are."""
    return _Search(context, found, clock).run()


class _Search:
    def __init__(self, context: Context, found: Core, clock: Clock) -> None:
        self.context, self.found, self.clock = context, found, clock
        self.members = {
            number: _members(context, found, number)
            for number, choice in enumerate(found.choices)
            if choice.state == "open"
        }
        held = context.chosen_set
        self.seen = {number: bool(held.intersection(which.tolist())) for number, which in self.members.items()}
        self.missed = {number: not seen for number, seen in self.seen.items()}
        self.proved: set[int] = set()
        able = np.arange(len(context.offers)) if found.least is None else np.flatnonzero(found.least <= found.within)
        self.pool = np.union1d(able, np.asarray(context.chosen, np.int64))

    def run(self) -> Core:
        """Rough searches, then one by one."""
        if len(self.pool) <= SMALL:
            while self.left and self.clock.left() and self._rough() >= WORTH:
                pass
            while self.left and self.clock.left():
                if not self._one(self.left[0]):
                    break
        choices = list(self.found.choices)
        for number in self.proved:
            choices[number] = _settled(choices[number], self.seen[number], self.found.within)
        return replace(self.found, choices=tuple(choices), exact=not self.left)

    @property
    def left(self) -> list[int]:
        """The choices of which it is not known yet whether they are open for certain."""
        return [
            number
            for number in self.members
            if number not in self.proved and not (self.seen[number] and self.missed[number])
        ]

    def _learn(self, plan: Iterable[int]) -> int:
        """What a plan within the loss shows that none showed before."""
        taken, news = set(plan), 0
        for number, which in self.members.items():
            held = bool(taken.intersection(which.tolist()))
            news += (held and not self.seen[number]) + (not held and not self.missed[number])
            self.seen[number] = self.seen[number] or held
            self.missed[number] = self.missed[number] or not held
        return news

    def _rough(self) -> int:
        """A plan within the loss with many surprises at once; how many it had."""
        weights: Ints = np.zeros(len(self.context.offers), np.int64)
        for number in self.left:
            weights[self.members[number]] += -1 if self.seen[number] else 1
        self.clock.tell("core-left", left=len(self.left))
        least = self.found.threshold
        case, offers = self.context.case, self.context.offers
        plan, _, _ = resolve_at_least(case, offers, least, weights, self.pool, self.clock, ROUGH)
        return 0 if plan is None else self._learn(plan)

    def _one(self, number: int) -> bool:
        """One choice settled by the best plan with it, or without it; whether the search ended."""
        self.clock.tell("core-left", left=len(self.left))
        offers, pool = self.context.offers, self.pool
        rows = tuple(replace(row, penalty=0) if row.tier else row for row in offers.rows)
        first = replace(offers, score=offers.score[:1], rows=tuple(replace(row, tier=0) for row in rows))
        if self.seen[number]:
            pool = np.setdiff1d(pool, self.members[number])
        else:
            first = forced(first, np.intersect1d(self.members[number], pool).tolist())
        best = resolve(self.context.case, first, self.clock, pool=pool)
        if best.chosen is not None and best.worth[0] >= self.found.threshold:
            self._learn(best.chosen)
            return True
        if best.stopped == "infeasible" or (best.ended and best.chosen is not None):
            self.proved.add(number)
            return True
        return False


def _settled(choice: Choice, held: bool, within: int) -> Choice:
    """A choice that every plan within the loss holds, or none."""
    if held:
        return replace(choice, state="core", without_loss=max(choice.without_loss or 0, within + 1))
    return replace(choice, state="out", with_loss=max(choice.with_loss or 0, within + 1))


def _members(context: Context, found: Core, number: int) -> Ints:
    """The offers that hold a choice."""
    choice, offers = found.choices[number], context.offers
    if choice.kind == "platform":
        return context.to_demand(context.case.demands.index()[str(choice.demand_id)])
    rows = context.case.parcels.index()
    here = context.on_parcels([rows[choice.parcel_ids[0]]])
    if choice.kind == "parcel":
        return here
    if choice.kind == "method":
        return np.asarray(here[offers.method[here] == context.methods.index(str(choice.method))])
    first = next(at for at, each in enumerate(found.choices) if each.kind == "assignment")
    return np.array([context.chosen[number - first]], np.int64)
