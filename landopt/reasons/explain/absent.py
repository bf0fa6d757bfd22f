"""Why a platform gets no site and why a parcel is held back: every reason, by count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.evaluate import truth
from constraints.language.expr import parse
from landopt.reasons.explain.closing import Closing, Closings
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.nextbest import best_for, best_on
from landopt.reasons.explain.records import Citation, Counted, Held, Ruling, Unserved
from parcels.common.schema import Value

CANDIDATE = ("candidate", "failed")
SHOWN_PARCELS = 5
PREMISES_DOMAINS = frozenset({"R-KC-41", "R-NS-26"})
"""Knowledge City Regulation art. 41 and the Nansha statement of 2026-03-10: a building where a building would do."""
Mask = NDArray[np.bool_]


class Absent:
    """Reasons for what the plan leaves out; columns of the parcels as arrays, read once."""

    def __init__(self, context: Context, law: Law) -> None:
        self.context = context
        self.law = law
        self.closings = Closings(law)
        case = context.case
        self.area = np.array([value or 0 for value in case.parcels.column("area_m2")], np.int64)
        self.use = np.array([str(value) for value in case.parcels.column("use")])
        self.district = np.array([str(value) for value in case.parcels.column("district")])
        status = np.array([str(value or "candidate") for value in case.parcels.column("status")])
        self.open = np.isin(status, CANDIDATE)
        locked = {name for rule in case.rules if rule.kind == "lock" for name in rule.spec["parcels"]}
        self.open |= np.isin(np.array(case.parcels.ids), list(locked)) & ~np.isin(status, ("announced", "contracted"))
        self.end = self._end()
        self._same: dict[tuple[str, int, tuple[str, ...]], Counted] = {}
        self._outweighed = Counted("outweighed", 1)
        self._masks: dict[tuple[str, tuple[str, ...]], Mask] = {}

    def _end(self) -> str:
        round_ = self.context.case.round
        return max((period.end for period in round_.periods), default=round_.end or "9999-12-31")

    @cached_property
    def _available(self) -> Mask:
        column = self.context.case.parcels.column("available_from")
        return np.array([value is None or str(value) <= self.end for value in column], bool)

    def _in_zones(self, zones: tuple[str, ...]) -> Mask:
        found = self._masks.get(("zone", zones))
        if found is None:
            column, wanted = self.context.case.parcels.column("zone"), set(zones)
            inside = [wanted.intersection(value or ()) for value in column]  # type: ignore[arg-type]
            found = self._masks["zone", zones] = np.array(inside, bool)
        return found

    def _near(self, near: Value) -> Mask:
        good = np.ones(len(self.area), bool)
        for entry in near.split(";") if isinstance(near, str) else near if isinstance(near, tuple) else ():
            point, _, metres = str(entry).rpartition(":")
            known = self.context.case.distances.get(point)
            if known is not None:
                good &= np.array(known) <= int(metres)
        return good

    def _among(self, name: str, values: tuple[str, ...]) -> Mask:
        """The parcels whose use (district) is one of these."""
        found = self._masks.get((name, values))
        if found is None:
            found = self._masks[name, values] = np.isin(self.use if name == "use" else self.district, list(values))
        return found

    def filters(self, demand: Mapping[str, Value]) -> list[tuple[str, Mask]]:
        """The platform's own requirements, in the order they are named: (code, parcels that fail it)."""
        districts, zones = _texts(demand.get("districts")), _texts(demand.get("zones"))
        found = [
            ("status", ~self.open),
            ("uses", ~self._among("use", _texts(demand.get("uses")))),
        ]
        if districts:
            found.append(("districts", ~self._among("district", districts)))
        if zones:
            found.append(("zones", ~self._in_zones(zones)))
        found.append(("area_large", self.area > int(str(demand.get("area_max_m2") or 0))))
        found.append(("available_from", ~self._available))
        found.append(("near", ~self._near(demand.get("near"))))
        return found

    def unserved(self, row: int) -> Unserved:
        """Why a platform has no site."""
        context, case = self.context, self.context.case
        demand = self.law.facts.demands[row]
        left = np.ones(len(self.area), bool)
        reasons: list[Counted] = []
        for code, fails in self.filters(demand):
            hit = left & fails
            left &= ~fails
            if hit.any():
                reasons.append(self._counted(code, hit))
        offers = context.to_demand(row)
        lawful = self._on_sites(context.offers.site[offers])
        small = left & ~lawful & (self.area < int(str(demand.get("area_min_m2") or 0)))
        if small.any():
            reasons.append(self._counted("area_small", small))
        reasons += self._by_rule(row, np.flatnonzero(left & ~lawful & ~small).tolist())
        for code, hit in (("taken", lawful & self._taken), ("outweighed", lawful & ~self._taken)):
            if hit.any():
                reasons.append(self._counted(code, hit))
        premises = demand.get("building_suffices") is True
        return Unserved(
            id=case.demands.ids[row],
            platform=str(demand.get("name") or ""),
            platform_kind=_text(demand.get("platform_kind")),
            operator=_text(demand.get("operator")),
            uses=_texts(demand.get("uses")),
            area_min_m2=int(str(demand.get("area_min_m2") or 0)),
            area_max_m2=int(str(demand.get("area_max_m2") or 0)),
            candidates=len(self.area),
            lawful=len(offers),
            reasons=tuple(reasons),
            best=best_for(context, row),
            premises=premises,
            premises_cites=self._premises(demand) if premises else (),
            divided=self._divisible_for(demand),
            round_id=case.round.id,
            as_of=case.round.as_of,
            overlays=case.overlays,
        )

    @cached_property
    def _taken(self) -> Mask:
        found = np.zeros(len(self.area), bool)
        found[list(self.context.taken)] = True
        return found

    def _on_sites(self, sites: np.ndarray) -> Mask:
        """The parcels of these sites."""
        offers = self.context.offers
        marked = np.zeros(len(offers.site_start) - 1, bool)
        marked[sites] = True
        found = np.zeros(len(self.area), bool)
        found[offers.site_parcels[np.repeat(marked, np.diff(offers.site_start))]] = True
        return found

    def _premises(self, demand: Mapping[str, Value]) -> tuple[Citation, ...]:
        """The rules that send a platform to a building instead of a parcel, where they may hold in this round."""
        zones = {zone for value in self.context.case.parcels.column("zone") for zone in _texts(value)}
        facts = {**demand, "zone": tuple(sorted(zones))}
        rules = [rule for rule in self.context.case.rules if PREMISES_DOMAINS.intersection(rule.domain)]
        return tuple(self.context.cite(rule) for rule in rules if truth(parse(rule.when, rule.id), facts) is not False)

    def _counted(self, code: str, hit: Mask, ruling: Ruling | None = None, detail: str = "") -> Counted:
        rows = np.flatnonzero(hit)
        ids = tuple(self.context.case.parcels.ids[row] for row in rows[:SHOWN_PARCELS].tolist())
        return Counted(code, len(rows), ruling, ids if len(rows) <= SHOWN_PARCELS else (), detail)

    def _by_rule(self, demand: int | None, rows: Sequence[int]) -> list[Counted]:
        """The rules and requirements that close every wanted method on these parcels, each with its count."""
        if len(rows) == 1:
            return self._of_one(demand, rows[0])
        counts: dict[tuple[str, str, tuple[str, ...]], tuple[Closing, list[int]]] = {}
        for parcel in rows:
            for closing in self.closings.of((parcel,), demand):
                unknowns = () if closing.said is None else closing.said.unknowns  # what it hangs on is said of all
                counts.setdefault((*_code_and_rule(closing), unknowns), (closing, []))[1].append(parcel)
        found = []
        for (code, *_), (closing, parcels) in sorted(counts.items(), key=lambda entry: (-len(entry[1][1]), entry[0])):
            ids = tuple(self.context.case.parcels.ids[row] for row in parcels)
            few = ids if len(ids) <= SHOWN_PARCELS else ()
            found.append(Counted(code, len(parcels), self._ruling(closing, parcels, demand), few))
        return found

    def _of_one(self, demand: int | None, row: int) -> list[Counted]:
        """:meth:`_by_rule` for a single parcel: each reason once, with the values its rule read."""
        closings, name = self.closings.of((row,), demand), (self.context.case.parcels.ids[row],)
        if len(closings) > 1:
            closings = tuple(sorted(closings, key=_code_and_rule))
        return [Counted(each.code, 1, self._ruling(each, [row], demand), name) for each in closings]

    def _ruling(self, closing: Closing, parcels: list[int], demand: int | None) -> Ruling | None:
        """The ruling behind a reason; with the values it read where it speaks of one parcel."""
        if closing.said is None:
            return None
        if len(parcels) == 1:
            return self.law.ruling(closing.said, parcels, demand, closing.method)
        return Ruling(self.context.cite(closing.said.rule_id), closing.said.verdict, (), closing.said.unknowns)

    def _divisible_for(self, demand: Mapping[str, Value]) -> tuple[str, ...]:
        """Open, unsupplied parcels that only their size keeps from a platform."""
        left = np.ones(len(self.area), bool)
        for code, fails in self.filters(demand):
            left &= fails if code == "area_large" else ~fails
        left[list(self.context.taken)] = False
        return tuple(self.context.case.parcels.ids[row] for row in np.flatnonzero(left)[:SHOWN_PARCELS].tolist())

    @cached_property
    def _divided(self) -> dict[str, list[str]]:
        """For each held parcel the unserved platforms that a part of it would serve."""
        found: dict[str, list[str]] = {}
        for row, name in enumerate(self.context.case.demands.ids):
            if row not in self.context.served:
                left = np.ones(len(self.area), bool)
                for code, fails in self.filters(self.law.facts.demands[row]):
                    left &= fails if code == "area_large" else ~fails
                for parcel in np.flatnonzero(left).tolist():
                    found.setdefault(self.context.case.parcels.ids[parcel], []).append(name)
        return found

    def held(self, row: int) -> Held:
        """Why a parcel is held back."""
        context, case = self.context, self.context.case
        facts = self.law.facts.parcels[row]
        offers = context.on_parcels((row,))
        name = case.parcels.ids[row]
        divided = tuple(self._divided.get(name, ())) if self.open[row] else ()
        return Held(
            id=name,
            name=str(facts.get("parcel_name") or ""),
            district=str(facts.get("district") or ""),
            use=str(facts.get("use") or ""),
            area_m2=int(self.area[row]),
            status=str(facts.get("status") or "candidate"),
            lawful=len(offers),
            reasons=tuple(self._held_reasons(row, len(offers), bool(divided))),
            best=best_on(context, row),
            divided=divided,
            round_id=case.round.id,
            as_of=case.round.as_of,
            overlays=case.overlays,
        )

    def _held_reasons(self, row: int, offers: int, divided: bool) -> list[Counted]:
        case = self.context.case
        if not self.open[row]:
            return [Counted("status", 1, detail=str(case.parcels.column("status")[row]))]
        if offers:
            return [self._outweighed]
        reasons: list[Counted] = []
        tally = self._tally
        for number in tally.asked[row]:
            reasons += self._by_rule(number, [row])
        for code, total, few in tally.of(row):
            names = tuple(case.demands.ids[number] for number in few) if total <= SHOWN_PARCELS else ()
            reasons.append(self._same.setdefault((code, total, names), Counted(code, total, None, names, "", "demand")))
        market = case.market
        if market is None:
            reasons.append(Counted("no_market", 1))
        elif str(case.parcels.column("use")[row]) not in market.uses:
            reasons.append(Counted("market_use", 1))
        else:
            reasons += self._by_rule(None, [row])
        unique: dict[Any, Counted] = {}
        for reason in reasons:
            unique.setdefault((reason.code, None if reason.ruling is None else reason.ruling.cite.rule), reason)
        if divided:
            unique["divided", None] = Counted("divided", 1)
        return list(unique.values()) or [Counted("no_offer", 1)]

    @cached_property
    def _tally(self) -> Tally:
        """For each parcel how many platforms it fails by which requirement first, and one it would suit."""
        tally = Tally(len(self.area))
        for demand in range(len(self.context.case.demands)):
            facts = self.law.facts.demands[demand]
            small = ("area_small", self.area < int(str(facts.get("area_min_m2") or 0)))
            left = np.ones(len(self.area), bool)
            for code, fails in (*self.filters(facts), small):
                if code != "area_small":
                    tally.add(code, demand, left & fails)
                    left &= ~fails
                else:
                    tally.add(code, demand, left & fails)
            tally.suits(demand, left)
        return tally


class Tally:
    """Counts by requirement and parcel, and the first few platforms of each."""

    def __init__(self, parcels: int) -> None:
        self.parcels = parcels
        self.count: dict[str, np.ndarray] = {}
        self.few: dict[str, np.ndarray] = {}
        self.asked: list[list[int]] = [[] for _ in range(parcels)]
        self._listed: list[tuple[str, list[int], np.ndarray]] | None = None

    def add(self, code: str, demand: int, hit: Mask) -> None:
        """Count a platform for the parcels it fails at."""
        if code not in self.count:
            self.count[code] = np.zeros(self.parcels, np.int32)
            self.few[code] = np.full((self.parcels, SHOWN_PARCELS), -1, np.int32)
        rows = np.flatnonzero(hit)
        at = self.count[code][rows]
        room = at < SHOWN_PARCELS
        self.few[code][rows[room], at[room]] = demand
        self.count[code][rows] += 1

    def suits(self, demand: int, left: Mask) -> None:
        """Remember the first platform each parcel suits by the platform's own requirements."""
        for row in np.flatnonzero(left).tolist():
            if not self.asked[row]:
                self.asked[row].append(demand)

    def of(self, row: int) -> list[tuple[str, int, list[int]]]:
        """(requirement, platforms, which where they are few) of a parcel, the most frequent first."""
        if self._listed is None:
            self._listed = [(code, counts.tolist(), self.few[code]) for code, counts in self.count.items()]
        found = [
            (code, counts[row], [d for d in few[row].tolist() if d >= 0] if counts[row] <= SHOWN_PARCELS else [])
            for code, counts, few in self._listed
            if counts[row]
        ]
        return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _code_and_rule(closing: Closing) -> tuple[str, str]:
    return closing.code, "" if closing.said is None else closing.said.rule_id


def _texts(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _text(value: Value) -> str | None:
    return None if value is None else str(value)
