"""docs/model.md §§5 to 7 once more, from the page alone: offers, points, rows, the best plan and its ties."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from tests.independent.language import DEMAND, FIELDS, Facts, answer, condition, hangs
from tests.independent.law import STRICT, World
from tests.independent.lines import Key, Line, Offer, holds, text

OWN = frozenset(name for name, f in FIELDS.items() if f["of"] == "parcel") - {"intending_users"}


class Programme:
    """A round as an integer programme."""

    def __init__(self, world: World) -> None:
        self.world, self.raw = world, world.raw
        self.tiers = self.raw["objective"]["tiers"]
        self.gives = self.raw["objective"].get("gives", [])
        self.weights = self.raw["objective"]["weights"]
        self.ids = self.raw["parcels"]["ids"]
        self.who = self.raw["demands"]["ids"]
        self.near: dict[str, list[int]] = {each["point"]: each["metres"] for each in self.raw["distances"]}
        self.next: dict[int, set[int]] = {at: set() for at in range(len(self.ids))}
        for a, b in self.raw["neighbours"]["pairs"]:
            self.next[a].add(b)
            self.next[b].add(a)
        locked = {name for rule in world.rules if rule["kind"] == "lock" for name in rule["spec"]["parcels"]}
        self.fixed = [f["status"] in ("announced", "contracted") for f in world.parcels]
        self.candidate = [
            f["status"] in ("candidate", "failed") or (name in locked and not fixed)
            for name, f, fixed in zip(self.ids, world.parcels, self.fixed, strict=True)
        ]
        self.periods = [(at, each["id"]) for at, each in enumerate(world.round["periods"])] or [(-1, None)]
        self.limits = [rule for rule in world.rules if rule["kind"] == "limit"]
        fixed_ids = {name for name, fixed in zip(self.ids, self.fixed, strict=True) if fixed}
        links = [rule for rule in world.rules if rule["kind"] in ("relation", "lock")]
        self.decided = [r for r in links if r["kind"] == "lock" and fixed_ids.intersection(r["spec"]["parcels"])]
        self.links = [rule for rule in links if rule not in self.decided]
        if world.asks_others:
            reach = {d: {at for o in self._lawful(d) for at in o[0].name[0]} for d in range(len(self.who))}
            for at in range(len(self.ids)):
                for d in (None, *range(len(self.who))):
                    world.others[at, d] = sum(at in reach[e] for e in range(len(self.who)) if e != d)
        self.offers: list[Offer] = []
        self.keys: set[Key] = set()
        for demand in (*range(len(self.who)), None):
            for offer, facts, units in self._lawful(demand):
                self._count(offer, facts, units)
                self.offers.append(offer)
        self.reserved = self._reserved()
        self.rows = self._rows()
        for offer in self.offers:
            offer.rows = {key: value for key, value in offer.rows.items() if value and key in self.rows}

    # -- offers -----------------------------------------------------------------------------------------------------

    def _fits(self, at: int, demand: int | None) -> bool:
        facts = self.world.parcels[at]
        if not self.candidate[at]:
            return False
        if demand is None:
            return self.raw["market"] is not None and facts.get("use") in self.raw["market"]["uses"]
        wish = self.world.demands[demand]
        if facts.get("use") not in (wish.get("uses") or ()):
            return False
        if wish.get("districts") and facts.get("district") not in wish["districts"]:
            return False
        if wish.get("zones") and not set(wish["zones"]).intersection(facts.get("zone") or ()):
            return False
        for place in (wish.get("near") or "").split(";"):
            point, _, metres = place.rpartition(":")
            if place and (point not in self.near or self.near[point][at] > Fraction(metres)):
                return False
        return True

    def sites(self, demand: int | None) -> Iterator[tuple[int, ...]]:
        """Every site of a platform or of the market."""
        good = {at for at in range(len(self.ids)) if self._fits(at, demand)}
        if demand is None:
            yield from ((at,) for at in sorted(good))
            return
        wish = self.world.demands[demand]
        found = {frozenset((at,)) for at in good}
        grown = set(found)
        for _ in range(int(wish.get("max_parcels") or 1) - 1):
            grown = {site | {n} for site in grown for at in site for n in self.next[at] & good if n not in site}
            found |= grown
        for site in sorted(tuple(sorted(each)) for each in found):
            area = sum(self.world.parcels[at]["area_m2"] for at in site)
            if wish["area_min_m2"] <= area <= wish["area_max_m2"]:
                yield site

    def _ways(self, demand: int | None) -> Iterator[tuple[int, Any]]:
        for number, method in enumerate(self.world.methods):
            if demand is None:
                market = self.raw["market"]
                if method["id"] in market["methods"] and method["competitive"]:
                    yield number, method
            else:
                rights = self.world.demands[demand].get("want_right")
                if not rights or method["right"] in rights:
                    yield number, method

    def _lawful(self, demand: int | None) -> Iterator[tuple[Offer, list[Facts], list[int]]]:
        """The lawful offers to somebody, with the facts and the unit price of each parcel."""
        world, wish = self.world, {} if demand is None else self.world.demands[demand]
        allowed = {STRICT[word] for word in self.raw["settings"]["verdicts"]}
        for site in self.sites(demand):
            own = world.of_site(site)
            free = max(world.parcels[at].get("available_from") or "" for at in site)
            for (number, method), (period, when) in itertools.product(self._ways(demand), self.periods):
                end = world.round["periods"][period]["end"] if when else world.round["end"]
                if when and end < world.as_of:
                    continue
                if end is not None and free > end:
                    continue
                facts = [world.facts(at, demand, own, method, when) for at in site]
                said = self._judged(facts, method, demand is None, None)
                terms = {each.term for voices in said for each in voices}
                if len(site) > 1 and len(terms) > 1:
                    said = self._judged(facts, method, demand is None, min(each for each in terms if each is not None))
                verdict = max(each.verdict for voices in said for each in voices)
                opening = world.round["periods"][period]["start"] if when else ""
                start = max(world.as_of, opening, *(world.ready(at) for at in site))
                late = "needed_by" in wish and world.after(start, method["planning_days"]) > wish["needed_by"]
                verdict = max(verdict, STRICT["warn"]) if late else verdict
                first = [voices[0] for voices in said]
                areas = [world.parcels[at]["area_m2"] for at in site]
                units = [each.unit or 0 for each in first]
                cost = sum(unit * area for unit, area in zip(units, areas, strict=True))
                if verdict not in allowed or cost > wish.get("budget_yuan", cost):
                    continue
                floor = None
                if all(each.floor is not None for each in first):
                    whole = sum(Fraction(each.floor or 0) * area for each, area in zip(first, areas, strict=True))
                    floor = -(-whole // sum(areas))
                term = first[0].term or 0
                for each in facts:
                    each["term_years"] = term or None
                score = self._points(facts, areas, cost, verdict, wish, demand, max(0, period))
                offer = Offer((site, demand, number, period), verdict, term, floor, cost, score)
                yield offer, list(facts), units

    def _judged(self, facts: Sequence[Any], method: Any, market: bool, term: int | None) -> list[list[Any]]:
        world = self.world
        return [[world.of_parcel(v, method, market, term) for v in world.voices(each)] for each in facts]

    def _weight(self, name: str, unless: str = "0") -> Fraction:
        return Fraction(self.weights.get(name, unless))

    def _points(
        self,
        facts: Sequence[Facts],
        areas: Sequence[int],
        price: int,
        verdict: int,
        wish: Facts,
        demand: int | None,
        waited: int,
    ) -> list[int]:
        less = 1 / (1 + Fraction(self.raw["objective"].get("later", "0"))) ** waited

        def whole(part: Fraction) -> int:
            return int(part * (less if part > 0 else 1) // 1)

        served = 0 if demand is None else whole(1000 * self._weight("served") * wish["priority"])
        liked = 0
        for rule in self.world.rules:
            if rule["kind"] != "preference" or facts[0]["method"] not in rule["spec"]["methods"]:
                continue
            match = [answer(condition(rule["when"]), each) is True for each in facts]
            size = sum(area for area, hit in zip(areas, match, strict=True) if hit)
            points, hectare = (Fraction(str(rule["spec"][name])) for name in ("points", "points_per_ha"))
            if any(match):
                liked += whole(self._weight("preference") * (1000 * points * all(match) + hectare * size / 10))
        paid = whole(self._weight("revenue") * price / 1000)
        parts = {"served": served, "preference": liked, "revenue": paid}
        found = [sum(parts.get(name, 0) for name in tier) for tier in self.tiers]
        unless = {STRICT["warn"]: ("warn", "500"), STRICT["condition"]: ("condition", "50")}
        if verdict in unless:
            found[-1] += -1000 * self._weight(*unless[verdict]) // 1
        return [int(each) for each in found]

    # -- rows -------------------------------------------------------------------------------------------------------

    def _measured(self, rule: Any, facts: Facts, price: int, text: str, generous: bool, market: bool) -> int:
        tree = condition(text)
        found = answer(tree, facts)
        if found is None:
            found = generous and not (market and hangs(tree, facts) & DEMAND)
        measure = rule["spec"]["measure"]
        if not found:
            return 0
        return 1 if measure == "count" else price if measure == "expected_price_yuan" else int(facts.get(measure) or 0)

    def _sizes(self, rule: Any, facts: Facts, price: int, market: bool) -> tuple[int, int]:
        """What a parcel counts where the rule counts it, and in the base of a share or the credit."""
        spec = rule["spec"]
        mine = self._measured(rule, facts, price, rule["when"], spec["sense"] == "<=", market)
        if spec["share"]:
            return mine, self._measured(rule, facts, price, spec["of"] or "", False, market)
        if spec["credit"]:
            return mine, self._measured(rule, facts, price, spec["credit"]["where"], False, market)
        return mine, 0

    @staticmethod
    def _times(rule: Any) -> tuple[int, int]:
        spec = rule["spec"]
        if spec["share"]:
            return spec["share"][1], spec["share"][0]
        return (spec["credit"]["den"], spec["credit"]["num"]) if spec["credit"] else (1, 0)

    @staticmethod
    def _key(rule: Any, facts: Facts) -> Key:
        return rule["id"], tuple(text(facts.get(name)) for name in rule["spec"]["per"])

    def _spread(self, rule: Any) -> bool:
        return bool(rule["spec"]["share"] and rule["spec"]["per"] and not rule["spec"]["of"])

    def _every(self, rule: Any) -> set[Key]:
        """The keys of candidate parcels (of a share of all supply also of those decided already)."""
        rows = zip(self.world.parcels, self.candidate, self.fixed, strict=True)
        return {self._key(rule, f) for f, open_, fixed in rows if open_ or (fixed and self._spread(rule))}

    def _compared(self, rule: Any) -> set[Key]:
        """The keys that a limit across keys compares."""
        spec, name = rule["spec"], rule["id"]
        if not spec.get("across"):
            return set()
        if spec.get("keys"):
            return {(name, tuple(key)) for key in spec["keys"]}
        if OWN.issuperset(spec["per"]):
            found = self._every(rule)
        else:
            found = {self._key(rule, wish) for wish in self.world.demands}
        named = {(name, tuple(each["key"])) for each in spec["values"] if each["key"]}
        return {key for key in found if "" not in key[1]} | named

    def _rows_across(self, rule: Any) -> dict[Key, Line]:
        """The rows of a limit across keys, as the page has them: S(k) + s >= A(k), or S(a) - S(b) <= A."""
        spec, name, found = rule["spec"], rule["id"], dict[Key, Line]()
        amounts = {tuple(each["key"]): each["amount"] for each in spec["values"]}
        used = {tuple(each["key"]): each["amount"] for each in spec["used"]}
        tier = len(self.tiers) - 1 if spec["tier"] is None else spec["tier"]
        soft = (0,) if spec["hard"] else (1, int(1000 * Fraction(str(spec["penalty"]))), tier, True)
        compared = sorted(self._compared(rule))
        if spec["across"] == "least":
            for key in compared:
                amount = amounts.get(key[1], amounts.get(()))
                if amount is not None:
                    right = amount - used.get(key[1], 0) - self.reserved.get(key, 0)
                    found[key] = Line(">=", right, *soft)
            return found
        for (_, one), (_, other) in itertools.permutations(compared, 2):
            right = amounts[()] - used.get(one, 0) + used.get(other, 0) - self.reserved.get((name, one + other), 0)
            found[name, one + other] = Line("<=", right, *soft)
        return found

    def _add(self, into: dict[Key, int], rule: Any, facts: Facts, price: int, market: bool) -> None:
        times, less = self._times(rule)
        mine, base = self._sizes(rule, facts, price, market)
        key = self._key(rule, facts)
        across, compared = rule["spec"].get("across"), self._compared(rule)
        if across:
            if across == "least" and key in compared:
                into[key] = into.get(key, 0) + mine
            for other in compared - {key} if across == "spread" and key in compared else ():
                for pair, value in ((key[1] + other[1], mine), (other[1] + key[1], -mine)):
                    into[rule["id"], pair] = into.get((rule["id"], pair), 0) + value
            return
        into[key] = into.get(key, 0) + times * mine
        for each in self._every(rule) if self._spread(rule) else (key,):
            into[each] = into.get(each, 0) - less * base

    def _count(self, offer: Offer, facts: Sequence[Facts], units: Sequence[int]) -> None:
        site, demand, number, _ = offer.name
        for rule in self.limits:
            for each, unit in zip(facts, units, strict=True):
                if not rule["spec"].get("across"):
                    self.keys.add(self._key(rule, each))
                self._add(offer.rows, rule, each, unit * each["area_m2"], demand is None)
        inside = {self.ids[at] for at in site}
        who = set() if demand is None else {self.who[demand]}
        for rule in self.links:
            spec = rule["spec"]
            if rule["kind"] == "lock":
                right = self.world.methods[number]["id"] == spec["method"]
                when = not spec.get("period") or spec["period"] == dict(self.periods)[offer.name[3]]
                if right and when and set(spec["parcels"]) == inside and (not spec["demand"] or spec["demand"] in who):
                    offer.rows[rule["id"], ()] = 1
                continue
            first, *others = spec["parcels"] or spec["demands"]
            here = inside if spec["parcels"] else who
            if spec["relation"] == "conflict":
                offer.rows[rule["id"], ()] = len(here.intersection((first, *others)))
            else:
                for other in others:
                    offer.rows[rule["id"], (other,)] = (first in here) - (other in here)

    def _reserved(self) -> dict[Key, int]:
        found: dict[Key, int] = {}
        by_lock = {name: rule for rule in self.decided for name in rule["spec"]["parcels"]}
        for at, fixed in enumerate(self.fixed):
            if not fixed:
                continue
            facts: dict[str, Any] = {
                **self.world.facts(at, None, {}, {"id": None, "right": None, "competitive": None}, None)
            }
            facts["operator"] = facts["other_applicants"] = None
            facts["intending_users"] = self.world.parcels[at].get("intending_users")
            rule = by_lock.get(self.ids[at])
            if rule is not None:
                method = next(m for m in self.world.methods if m["id"] == rule["spec"]["method"])
                demand = self.who.index(rule["spec"]["demand"]) if rule["spec"]["demand"] in self.who else None
                others, self.world.others = self.world.others, {}
                when = rule["spec"].get("period") or None
                facts = self.world.facts(at, demand, self.world.of_site((at,)), method, when)
                self.world.others = others
            for limit in self.limits:
                self._add(found, limit, facts, 0, False)
        return found

    def _row(self, rule: Any, key: Key) -> Line | None:
        spec = rule["spec"]
        times, _ = self._times(rule)
        if spec["share"]:
            right = 0
        else:
            amounts = {tuple(each["key"]): each["amount"] for each in spec["values"]}
            amount = amounts.get(key[1], amounts.get(()))
            if amount is None:
                return None
            used = {tuple(each["key"]): each["amount"] for each in spec["used"]}
            right = times * (amount - used.get(key[1], 0))
        right -= self.reserved.get(key, 0)
        if spec["hard"]:
            return Line(spec["sense"], right)
        tier = len(self.tiers) - 1 if spec["tier"] is None else spec["tier"]
        return Line(spec["sense"], right, times, int(1000 * Fraction(str(spec["penalty"]))), tier)

    def _rows(self) -> dict[Key, Line]:
        found: dict[Key, Line] = {}
        for rule in self.limits:
            spec, name = rule["spec"], rule["id"]
            if spec.get("across"):
                found |= self._rows_across(rule)
                continue
            keys = {(name, tuple(each["key"])) for each in spec["values"] if len(each["key"]) == len(spec["per"])}
            parcels_only = OWN.issuperset(spec["per"])
            if parcels_only:
                keys |= self._every(rule) if spec["per"] else {(name, ())}
            more = {key for key in self.keys if key[0] == name}
            if spec["per"] and DEMAND.issuperset(spec["per"]):
                more |= {self._key(rule, wish) for wish in self.world.demands}
            if not keys | more:
                more = {(name, ("",) * len(spec["per"]))}
            counted = {key for offer in self.offers for key, value in offer.rows.items() if value and key[0] == name}
            for key in keys | more | counted:
                row = self._row(rule, key)
                if row is not None and (key in keys | counted or not holds(row, 0)):
                    found[key] = row
        for rule in self.links:
            spec = rule["spec"]
            if rule["kind"] == "lock":
                found[rule["id"], ()] = Line(">=", 1)
            elif spec["relation"] == "conflict":
                found[rule["id"], ()] = Line("<=", 1)
            else:
                for other in (spec["parcels"] or spec["demands"])[1:]:
                    found[rule["id"], (other,)] = Line("=" if spec["relation"] == "together" else "<=", 0)
        return found
