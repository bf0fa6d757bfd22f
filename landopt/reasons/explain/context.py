"""What every explanation needs at hand: the case, its offers, what was chosen, proven losses, citations, indexes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from constraints.case import Case
from constraints.loading.load import grade_of
from constraints.loading.period_law import PeriodLaw, period_laws
from constraints.reading.case_facts import CaseFacts
from constraints.types import Rule
from landopt.reasons.explain.losses import Losses, losses
from landopt.reasons.explain.records import Citation, FactUsed, LawChange, NextBest, Ruling, Shown
from landopt.screening.blocks import Ints
from landopt.screening.offers import Offers
from parcels.common.schema import Value, fields


class Context:
    """A decided round, indexed for questions. ``chosen`` are offer indices; ``proof`` the content of ``proof.json``."""

    def __init__(
        self, case: Case, offers: Offers, chosen: Sequence[int], proof: Mapping[str, Any] | None = None
    ) -> None:
        self.case = case
        self.offers = offers
        self.chosen = tuple(sorted(int(offer) for offer in chosen))
        self.proof = proof
        self.rules = {rule.id: rule for rule in case.rules}
        self.methods = tuple(method.id for method in case.methods)
        self.periods = tuple(period.id for period in case.round.periods)
        self.taken = {parcel: offer for offer in self.chosen for parcel in offers.parcels(offer)}
        self.served = {int(offers.demand[offer]): offer for offer in self.chosen if offers.demand[offer] >= 0}
        self._cites: dict[str, Citation] = {}
        self._changes: dict[tuple[int, str], tuple[LawChange, ...]] = {}
        self.notes: dict[str, Ruling] = {}
        self.second: dict[tuple[str, int], tuple[NextBest, ...]] = {}
        """Next-best sites and platforms of chosen offers, as far as they were asked for."""

    @cached_property
    def facts(self) -> CaseFacts:
        """The facts of the case as the scalar reading sees them."""
        return CaseFacts(self.case)

    @cached_property
    def coefficients(self) -> dict[int, list[tuple[int, int]]]:
        """The (row, coefficient) pairs of every chosen offer."""
        start, rows, coefs = self.offers.entries.of(np.array(self.chosen, np.int64))
        pairs = list(zip(rows.tolist(), coefs.tolist(), strict=True))
        return {offer: pairs[a:b] for offer, (a, b) in zip(self.chosen, pairwise(start.tolist()), strict=True)}

    @cached_property
    def losses(self) -> Losses | None:
        """The proven least loss of every offer."""
        return losses(self.offers, self.proof, len(self.case.parcels), self.chosen)

    @cached_property
    def _by_parcel(self) -> tuple[Ints, Ints]:
        start, parcel = self.offers.parcel_rows()
        owner = np.repeat(np.arange(len(self.offers)), np.diff(start))
        if len(self.case.parcels) <= 2**16:
            parcel = parcel.astype(np.uint16)  # sorted by digits, in a fifth of the time
        order = np.argsort(parcel, kind="stable")
        edges = np.searchsorted(parcel[order], np.arange(len(self.case.parcels) + 1))
        return edges, owner[order]

    def on_parcels(self, parcels: Iterable[int]) -> Ints:
        """The offers whose site holds one of these parcel rows, ascending."""
        edges, owner = self._by_parcel
        found = [owner[edges[parcel] : edges[parcel + 1]] for parcel in parcels]
        if len(found) == 1:
            return found[0]
        return np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)

    def to_demand(self, demand: int) -> Ints:
        """The offers to a demand row."""
        return np.arange(int(self.offers.part_start[demand]), int(self.offers.part_start[demand + 1]))

    def ids(self, offer: int) -> tuple[str, ...]:
        """The parcel ids of an offer's site."""
        return tuple(self.case.parcels.ids[row] for row in self.offers.parcels(offer))

    def demand_id(self, offer: int) -> str | None:
        """The demand of an offer; ``None`` for the open market."""
        row = int(self.offers.demand[offer])
        return None if row < 0 else self.case.demands.ids[row]

    def named(self, offer: int) -> NextBest:
        """An offer with its proven least loss; 0 for a chosen one."""
        loss, tier = (None, 0) if self.losses is None else self.losses.of(offer)
        if offer in self.chosen_set:
            loss, tier = 0, 0
        return NextBest(
            self.ids(offer), self.demand_id(offer), self.methods[int(self.offers.method[offer])], loss, tier
        )

    @cached_property
    def chosen_set(self) -> frozenset[int]:
        """The chosen offers."""
        return frozenset(self.chosen)

    def ranked(self, which: Ints) -> Ints:
        """Offers from the smallest proven loss to the largest; without a proof by score."""
        if self.losses is not None:
            return self.losses.order(which)
        keys = [which, *(-self.offers.score[tier][which] for tier in reversed(range(self.offers.tiers)))]
        return np.asarray(which[np.lexsort(keys)])

    def changes(self, period: int, method: str) -> tuple[LawChange, ...]:
        """The rules on a method that begin or end inside a period (position; below 0: there are no periods)."""
        key = period, method
        if key not in self._changes:
            found = self._laws[period].changes_for(method, self.case.rules) if period >= 0 else ()
            self._changes[key] = tuple(LawChange(self.cite(name), begins) for name, begins in found)
        return self._changes[key]

    @cached_property
    def _laws(self) -> tuple[PeriodLaw, ...]:
        return period_laws(self.case.round, self.case.rules)

    def cite(self, rule: str | Rule) -> Citation:
        """The citation of a rule; a rule that is not in the case (a method's default) is named by its id alone."""
        name = rule if isinstance(rule, str) else rule.id
        if name not in self._cites:
            known = rule if isinstance(rule, Rule) else self.rules.get(name)
            self._cites[name] = citation(known) if known else Citation(name, name, name, name, "", "", 0, "U", "")
        return self._cites[name]


def citation(rule: Rule) -> Citation:
    """The citation of a rule, with the grade its text rests on."""
    return Citation(
        rule=rule.id,
        en=rule.title.en,
        zh=rule.title.zh,
        doc=rule.cite.doc,
        number=rule.cite.number,
        article=rule.cite.article,
        rank=rule.cite.rank,
        grade=grade_of(rule),
        start=rule.start,
        until=rule.until,
        origin=rule.origin,
    )


def shown(name: str, value: Value) -> Shown:
    """A canonical fact as it is shown: integers scaled back to the unit people write."""
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    declared = fields().get(name)
    scale = 1 if declared is None else declared.scale
    if scale == 1:
        return value
    places = len(str(scale)) - 1
    sign, size = ("-", -value) if value < 0 else ("", value)
    return f"{sign}{size // scale}.{size % scale:0{places}d}"


def fact_used(name: str, owner: str, value: Value) -> FactUsed:
    """A fact with its owner and unit."""
    declared = fields().get(name)
    return FactUsed(name, owner, shown(name, value), "" if declared is None else declared.unit)


def note(context: Context, name: str) -> Ruling:
    """A note as a ruling whose words are the note's text."""
    found = context.notes.get(name)
    if found is None:
        cite = context.cite(name)
        rule = context.rules.get(name)
        text = rule.spec.get("text") if rule is not None and rule.kind == "note" else None
        found = Ruling(cite if not text else replace(cite, en=text["en"], zh=text["zh"]), "note")
        context.notes[name] = found
    return found


def general(context: Context, name: str) -> bool:
    """True for a note that holds whatever the case: no condition and no methods of its own."""
    rule = context.rules.get(name)
    return rule is not None and rule.kind == "note" and not rule.when.strip() and not _own_methods(context, rule)


def _own_methods(context: Context, rule: Rule) -> bool:
    named = rule.spec.get("methods") or ()
    return 0 < len(named) < len(context.methods) - 1
