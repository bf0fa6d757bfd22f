"""Held-still comparisons: one choice of a plan changed, everything else kept; exact, from the offers alone.

The change is counted, not bounded: the other offer comes in, the offers that hold its parcels or its platform go out,
nothing else moves. What the plan then scores less (or more) is named part by part, what it would break row by row. A
proven least loss (:mod:`landopt.reasons.explain.losses`) speaks of *every* plan with the other choice; the comparison
speaks of this plan with one change, which is the reason a sheet can give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from constraints.case import KEPT
from constraints.reading.points import Points
from landopt.reasons.explain.changed.feasible import held_by_some
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.limits import Limits, Shares
from landopt.reasons.explain.records import Citation, LimitUse
from landopt.screening.blocks import Ints
from landopt.screening.entries import spans
from landopt.solving.search.ties import ladder

LOOKED_AT = 24
"""Other sites or platforms that are compared in full: those that lose least before limits are looked at."""
VERDICTS = ("permit", "warn", "condition", "forbid")


@dataclass(frozen=True, slots=True)
class PartChange:
    """What one part of the score changes by, millipoints.

    ``part`` is ``served``, ``preference``, ``revenue``, ``verdict`` or ``penalty``; ``cite`` is the preference, or the
    soft limit a penalty belongs to; ``demand_id`` the platform served or not.
    """

    part: str
    change: int
    tier: int = 0
    cite: Citation | None = None
    demand_id: str | None = None


@dataclass(frozen=True, slots=True)
class Displaced:
    """An assignment of the plan that the other choice would push out."""

    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str


@dataclass(frozen=True, slots=True)
class HeldStill:
    """One choice changed and the rest of the plan held.

    ``change`` has the score of the changed plan minus that of the plan per tier, millipoints; ``parts`` add up to it.
    ``broken`` are the hard rows it would break (``used`` as it would be), ``displaced`` who would lose the place.
    ``fits`` says whether any lawful plan holds the other choice: true where the changed plan is one, else ``None``
    (not tested) until :meth:`Comparer.tested` asked. ``decided`` is ``""`` where the score or a row decides, else what
    did, and the scores are equal: ``ladder`` (the declared order of ties, at its step ``step``), ``lot``, or
    ``search`` where ties were not examined and nothing decided between the two.
    """

    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str
    period: str | None
    change: tuple[int, ...]
    parts: tuple[PartChange, ...]
    broken: tuple[LimitUse, ...]
    displaced: tuple[Displaced, ...]
    decided: str = ""
    fits: bool | None = None
    step: str = ""


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What is compared with a chosen offer: every other lawful method, the next site, the next platform."""

    methods: tuple[HeldStill, ...]
    site: HeldStill | None
    platform: HeldStill | None


class Comparer:
    """Compares the choices of a plan with others, the rest held; ``ties`` is the status of the plan's ties."""

    def __init__(self, context: Context, limits: Limits | None = None, ties: str = "not examined") -> None:
        self.context = context
        self.ties = ties
        self.limits = limits or Limits(context)
        self._worth: dict[int, tuple[Ints, Ints]] = {}

    @cached_property
    def _points(self) -> Points:
        return Points(self.context.case)

    @cached_property
    def _preferences(self) -> list[str]:
        return [rule.id for rule in self.context.case.rules if rule.kind == "preference"]

    def of(self, offer: int, *, test: bool = False) -> Comparisons:
        """The comparisons of a chosen offer; ``test`` asks of each method whether any lawful plan holds it."""
        context, offers = self.context, self.context.offers
        demand = int(offers.demand[offer])
        here = context.on_parcels(offers.parcels(offer))
        same = here[(offers.site[here] == offers.site[offer]) & (offers.demand[here] == demand)]
        methods = []
        for method in np.unique(offers.method[same]).tolist():
            if method != int(offers.method[offer]):
                members = same[offers.method[same] == method]
                found = self._best(offer, members)
                methods.append(self.tested(found, members) if found is not None and test else found)
        platforms = here[offers.demand[here] != demand]
        sites: Ints = np.zeros(0, np.int64)
        if demand >= 0:
            sites = context.to_demand(demand)
            sites = sites[offers.site[sites] != offers.site[offer]]
        return Comparisons(
            tuple(found for found in methods if found is not None),
            self._best(offer, sites),
            self._best(offer, platforms),
        )

    def _best(self, offer: int, others: Ints) -> HeldStill | None:
        """The comparison with the other offer that comes closest: lawful changes first, then the least score lost."""
        if not len(others):
            return None
        offers = self.context.offers
        if len(others) > LOOKED_AT:
            keys = [others, *(self._pushed_out(tier, others) - offers.score[tier][others] for tier in self._backwards)]
            others = others[np.lexsort(keys)[:LOOKED_AT]]
        found = [self.change(offer, other) for other in others.tolist()]
        return min(found, key=lambda one: (bool(one.broken), tuple(-value for value in one.change)))

    @property
    def _backwards(self) -> range:
        return range(self.context.offers.tiers - 1, -1, -1)

    def _pushed_out(self, tier: int, others: Ints) -> Ints:
        """What the assignments on the parcels of other offers, and of their platforms, score, parcel by parcel."""
        context, offers = self.context, self.context.offers
        if tier not in self._worth:
            of_parcel: Ints = np.zeros(len(context.case.parcels), np.int64)
            of_demand: Ints = np.zeros(len(context.case.demands) + 1, np.int64)
            for each in context.chosen:
                mine = list(offers.parcels(each))
                of_parcel[mine] = int(offers.score[tier, each]) // len(mine)
                if offers.demand[each] >= 0:
                    of_demand[int(offers.demand[each])] = int(offers.score[tier, each])
            self._worth[tier] = of_parcel, of_demand
        of_parcel, of_demand = self._worth[tier]
        sizes = np.diff(offers.site_start)[offers.site[others]]
        land = offers.site_parcels[spans(offers.site_start[offers.site[others]], sizes)]
        owner = np.repeat(np.arange(len(others)), sizes)
        found = of_demand[offers.demand[others]]
        np.add.at(found, owner, of_parcel[land])
        return np.asarray(found)

    def change(self, offer: int, other: int) -> HeldStill:
        """The plan with ``other`` in the place of the chosen ``offer``, all else held."""
        context, offers = self.context, self.context.offers
        gone = sorted({offer, *self._gone(other)} - {other})
        change = [int(value) for value in offers.score[:, other]]
        for each in gone:
            change = [have - int(less) for have, less in zip(change, offers.score[:, each], strict=True)]
        parts = self._parts(gone, other)
        broken, penalties = self._rows(gone, other)
        for part in penalties:
            change[part.tier] += part.change
        number = int(offers.period[other])
        displaced = [
            Displaced(context.ids(each), context.demand_id(each), context.methods[int(offers.method[each])])
            for each in gone
            if each != offer
        ]
        even = not any(change) and not broken
        decided, step = self._decided(gone, other) if even else ("", "")
        return HeldStill(
            parcel_ids=context.ids(other),
            demand_id=context.demand_id(other),
            method=context.methods[int(offers.method[other])],
            period=None if number < 0 else context.periods[number],
            change=tuple(change),
            parts=(*parts, *penalties),
            broken=broken,
            displaced=tuple(displaced),
            fits=None if broken else True,
            decided=decided,
            step=step,
        )

    def _decided(self, gone: Sequence[int], other: int) -> tuple[str, str]:
        """What decided between two plans of one score: the first step of the ladder that tells them apart, or lot."""
        if self.ties != "tied":
            return "search", ""
        for step in ladder(self.context.case, self.context.offers)["steps"]:
            if "order" in step:
                apart = self._keys(step["order"], gone) != self._keys(step["order"], [other])
            else:
                apart = sum(self._weight(step, each) for each in gone) != self._weight(step, other)
            if apart:
                return "ladder", str(step["name"])
        return "lot", ""

    def _keys(self, order: str, offers: Sequence[int]) -> set[int]:
        if order == "demand_id":
            return {int(self.context.offers.demand[each]) for each in offers} - {-1}
        return {parcel for each in offers for parcel in self.context.offers.parcels(each)}

    def _weight(self, step: Mapping[str, Any], offer: int) -> int:
        if "parcel" in step:
            return sum(int(step["parcel"][parcel]) for parcel in self.context.offers.parcels(offer))
        demand = int(self.context.offers.demand[offer])
        return int(step["demand"][demand]) if demand >= 0 else 0

    def _rows(self, gone: Sequence[int], other: int) -> tuple[tuple[LimitUse, ...], tuple[PartChange, ...]]:
        """The hard rows the change would break, and what it changes of the penalties of soft ones."""
        moved: Counter[int] = Counter(dict(self.context.offers.coefficients(other)))
        for each in gone:
            moved.subtract(dict(self.context.coefficients[each]))
        broken: list[LimitUse] = []
        penalties: list[PartChange] = []
        touched: dict[int, None] = {}
        for number, by in sorted(moved.items()):
            if not by or number >= len(self.limits.rows):
                continue
            row = self.limits.rows[number]
            after = self.limits.activity[number] + by
            if row.slack:
                touched[self.limits.missed_with[number]] = None
            elif self.limits.missed(number, after):
                broken.append(self._as_it_would_be(number, after, gone, other))
        for first in touched:
            row = self.limits.rows[first]
            more = self.limits.units(first, moved) - self.limits.units(first, {})
            if more and row.penalty:
                penalties.append(PartChange("penalty", -more * row.penalty, row.tier, self.context.cite(row.rule)))
        return tuple(broken), tuple(penalties)

    def _as_it_would_be(self, number: int, after: int, gone: Sequence[int], other: int) -> LimitUse:
        """A row with what the changed plan would use of it; of a share, its part and whole."""
        use, row = self.limits.use_at(number, after), self.limits.rows[number]
        if not use.share:
            return use
        changed = copy(self.context)
        changed.chosen = tuple(sorted({*self.context.chosen, other}.difference(gone)))
        found = Shares(changed).of(row.rule, row.key)
        if found is None or found[0] * found[2] - found[1] * found[3] != after - row.rhs:
            return use
        return replace(use, part=found[2], whole=found[3])

    def tested(self, found: HeldStill, members: Ints) -> HeldStill:
        """The comparison with whether any lawful plan holds one of ``members``: one forced search, exact if it ends."""
        if found.fits is not None:
            return found
        return replace(found, fits=held_by_some(self.context.case, self.context.offers, members.tolist()))

    def fits(self, parcel_ids: Sequence[str], demand_id: str | None, method: str, *, test: bool = False) -> bool | None:
        """Whether a lawful plan holds an offer: true where it does with the rest of this plan held.

        Else ``None`` (not tested), or with ``test`` the answer of one forced search, which is exact if it ends.
        """
        context, offers, index = self.context, self.context.offers, self.context.case.parcels.index()
        site = tuple(index[name] for name in parcel_ids)
        row = -1 if demand_id is None else self.context.case.demands.index()[demand_id]
        here = context.on_parcels(site[:1])
        here = here[(offers.demand[here] == row) & (offers.method[here] == context.methods.index(method))]
        members = [offer for offer in here.tolist() if sorted(offers.parcels(offer)) == sorted(site)]
        if any(offer in context.chosen_set or not self._rows(self._gone(offer), offer)[0] for offer in members):
            return True
        return held_by_some(context.case, offers, members) if test else None

    def _gone(self, other: int) -> list[int]:
        """The chosen offers that must go where ``other`` comes."""
        context = self.context
        out = {context.taken[parcel] for parcel in context.offers.parcels(other) if parcel in context.taken}
        demand = int(context.offers.demand[other])
        return sorted(out | ({context.served[demand]} if demand in context.served else set()))

    def _parts(self, gone: Sequence[int], other: int) -> tuple[PartChange, ...]:
        """What the offers that go and the one that comes count in each part of the score."""
        objective = self.context.case.objective
        tier_of = {part: tier for tier, parts in enumerate(objective.tiers) for part in parts}
        total: Counter[tuple[str, str]] = Counter()
        for each, sign in (*((one, -1) for one in gone), (other, 1)):
            for key, value in self._counted(each).items():
                total[key] += sign * value
        last = objective.last
        found: dict[tuple[str, str], PartChange] = {}
        for (part, name), value in sorted(total.items()):
            if not value or (part != "verdict" and part not in tier_of):
                continue
            cite = self.context.cite(name) if part in ("preference", KEPT) else None
            who = name if part == "served" else None
            key = part, cite.zh + cite.en if cite else name  # rules of one title are one preference to a reader
            before = found[key].change if key in found else 0
            found[key] = PartChange(part, before + value, tier_of.get(part, last), cite, who)
        changed = [each for each in found.values() if each.change]
        return tuple(sorted(changed, key=lambda each: (each.tier, -abs(each.change))))

    def _counted(self, offer: int) -> dict[tuple[str, str], int]:
        """The parts of one offer's score, millipoints, by (part, rule or platform)."""
        context, points = self.context, self._points
        offers, facts = context.offers, context.facts
        row, number = int(offers.demand[offer]), int(offers.period[offer])
        demand = None if row < 0 else row
        priority = None if demand is None else facts.demands[demand].get("priority")
        verdict = VERDICTS[int(offers.verdict[offer])]
        found: dict[tuple[str, str], int] = {
            ("served", context.demand_id(offer) or ""): points.served(
                priority if isinstance(priority, int) else None, number
            ),
            ("revenue", ""): points.revenue(int(offers.price[offer]), number),
            ("verdict", ""): points.deducted(verdict),
        }
        site = offers.parcels(offer)
        together, method = facts.site(site), context.case.methods[int(offers.method[offer])]
        period = None if number < 0 else context.periods[number]
        matches = [
            points.matches(facts.offer(parcel, demand, together, method, int(offers.term[offer]), period))
            for parcel in site
        ]
        areas = [facts.area[parcel] for parcel in site]
        for at, name in enumerate(self._preferences):
            own = [(at,) if at in each else () for each in matches]
            if value := points.preferred(own, areas, number):
                found["preference", name] = value
            if value := points.kept(own):
                found[KEPT, name] = value
        return found
