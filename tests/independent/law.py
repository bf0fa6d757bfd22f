"""docs/model.md §§1, 3 and 4 once more, from the page alone: facts, verdicts, terms, floors and prices of a case."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from tests.independent.cells import parts_of, rows, up
from tests.independent.language import (
    DEMAND,
    FIELDS,
    Answer,
    Facts,
    answer,
    condition,
    hangs,
    known_so_far,
    missing,
    price,
    reads,
    worth,
)

STRICT = {"permit": 0, "warn": 1, "condition": 2, "forbid": 3}
READY = {"converted": True, "expropriated": True, "net_land": True, "ownership": "state"}
DEFAULTS = {name: f["default"] for name, f in FIELDS.items() if f["of"] == "case" and "default" in f}
Upstream = Callable[[Facts], int]


@dataclass
class Said:
    """What is said of one parcel, demand and method: verdict, range and term of years, floor, unit price."""

    verdict: int
    least: int | None
    most: int | None
    term: int | None
    floor: Fraction | None
    unit: int | None


@dataclass
class World:
    """A case as ``case.json`` holds it."""

    raw: dict[str, Any]
    upstream: Upstream
    others: dict[tuple[int, int | None], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.round = self.raw["round"]
        self.as_of = self.round["as_of"]
        self.annual = self.round["purpose"] == "annual_plan"
        self.rate = Fraction(self.round["land_reduction_rate"])
        self.parcels = [self._parcel(each) for each in rows(self.raw["parcels"])]
        self.demands = list(rows(self.raw["demands"]))
        self.row = {name: at for at, name in enumerate(self.raw["parcels"]["ids"])}
        self.methods = self.raw["methods"]
        self.rules = self.raw["rules"]
        self.off = frozenset(self.raw["calendar"])
        self.years = frozenset(day[:4] for day in self.off)
        self.naming: dict[str, list[dict[str, Any]]] = {}
        for rule in self.rules:
            for base in rule["exception_to"]:
                self.naming.setdefault(base, []).append(rule)
        self.records = [each for each in self.raw["records"] if not self.as_of or each["date"] <= self.as_of]
        self.spans = {each["id"]: (max(self.as_of, each["start"]), each["end"]) for each in self.round["periods"]}
        self._trees = {rule["id"]: condition(rule["when"]) for rule in self.rules}

    @staticmethod
    def _parcel(facts: dict[str, Any]) -> dict[str, Any]:
        found = {"status": "candidate", **facts}
        if found.get("new_area_m2") is None and found.get("land_source") is not None:
            found["new_area_m2"] = found.get("area_m2") if found["land_source"] == "new" else 0
        lacks = [found.get(name) is False for name in ("converted", "expropriated", "net_land")]
        unready = found["area_m2"] if any(lacks) or found.get("ownership") == "collective" else 0
        cost = Fraction(found.get("readying_yuan_per_m2") or 0, 100) * unready
        found["unready_area_m2"], found["readying_yuan"] = unready, int(cost + Fraction(1, 2))
        if unready and found.get("readying_yuan_per_m2") is None:
            del found["readying_yuan"]
        return found

    # -- facts ------------------------------------------------------------------------------------------------------

    def of_site(self, site: Sequence[int]) -> dict[str, Any]:
        """Area, number of parcels and those who intend to use a site."""
        counts: list[int] = []
        for at in site:
            facts = self.parcels[at]
            closed = facts.get("publication_closed")
            if facts.get("intending_users") is None or closed is None or closed > self.as_of:
                counts = []
                break
            counts.append(facts["intending_users"])
        asked = {
            number
            for number, wish in enumerate(self.demands)
            if any(self.row.get(name) in site for name in wish.get("applied_for") or ())
        }
        return {
            "site_area_m2": sum(self.parcels[at]["area_m2"] for at in site),
            "site_parcels": len(site),
            "intending_users": max(*counts, len(asked)) if counts else None,
            "site_compact": self.compact(site),
        }

    def compact(self, site: Sequence[int]) -> int | None:
        """1600 x area / perimeter^2 in whole numbers; nothing where no perimeter was measured."""
        edges = self.raw.get("perimeters_dm")
        if not edges:
            return None
        near = zip(self.raw["neighbours"]["pairs"], self.raw["neighbours"]["shared_dm"], strict=True)
        inner = sum(length for (a, b), length in near if a in site and b in site)
        edge = sum(edges[at] for at in site) - 2 * inner
        return 1600 * 100 * sum(self.parcels[at]["area_m2"] for at in site) // (edge * edge) if edge > 0 else None

    def operator(self, at: int, demand: int | None) -> Any:
        """Who asks, on a parcel."""
        if demand is None:
            return None
        wish = self.demands[demand]
        held = self.raw["parcels"]["ids"][at] in (wish.get("holds") or ())
        return "existing_user" if held else wish.get("operator")

    def facts(self, at: int, demand: int | None, site: Facts, method: Any, period: str | None) -> dict[str, Any]:
        """All facts of a parcel as part of a site, for somebody, by a method."""
        wish = {} if demand is None else self.demands[demand]
        found = {**DEFAULTS, **self.parcels[at], **wish, **site}
        found.update(operator=self.operator(at, demand), period=period, term_years=None)
        found.update(method=method["id"], right=method["right"], competitive=method["competitive"])
        found["other_applicants"] = self.others.get((at, demand), 0)
        return found

    @cached_property
    def asks_others(self) -> bool:
        """Whether any rule reads other applicants."""
        texts = [rule["when"] for rule in self.rules]
        for rule in self.rules:
            if rule["kind"] == "limit":
                spec = rule["spec"]
                texts += [spec["of"] or "", (spec["credit"] or {}).get("where", "")]
                if "other_applicants" in (*spec["per"], spec["measure"]):
                    return True
        return any("other_applicants" in reads(condition(text)) for text in texts)

    # -- rules ------------------------------------------------------------------------------------------------------

    def days(self, facts: Facts) -> tuple[str | None, ...]:
        """The days on which the law of the facts' period is read; None where the round has no periods."""
        found = self.spans.get(facts.get("period"))
        return (None,) if found is None else tuple(dict.fromkeys((found[0], max(found))))

    def holds(self, rule: Any, facts: Facts, market: bool) -> Answer:
        """The effective condition of a rule: where it holds on one of the days the law is read on."""
        found = [self.holds_on(rule, facts, market, day) for day in self.days(facts)]
        return True if True in found else None if None in found else False

    def holds_on(self, rule: Any, facts: Facts, market: bool, day: str | None) -> Answer:
        """The effective condition of a rule on a day."""
        if day is not None and not (rule["start"] <= day and (rule["until"] is None or day < rule["until"])):
            return False
        tree = self._trees[rule["id"]]
        found = answer(tree, facts)
        if found is None and market and hangs(tree, facts) & DEMAND:
            found = False
        for exception in self.naming.get(rule["id"], ()):
            other = self.holds_on(exception, facts, market, day)
            if other is True or found is False:
                found = False
            elif other is None:
                found = None
        return found

    def filed(self, rule: str, facts: Facts) -> bool:
        """Whether a record answers a rule's condition."""
        return any(
            each["rule"] == rule
            and each["parcel_id"] in ("", facts.get("parcel_id"))
            and each["demand_id"] in ("", facts.get("demand_id"))
            for each in self.records
        )

    def span(self, method: Any, facts: Facts, market: bool) -> tuple[int | None, int | None, list[str], bool]:
        """Least and most years, the unknown rules that change the range; and whether any holds."""
        if method["right"] == "alloc":
            return None, None, [], False
        found = []
        for rule in self.rules:
            if rule["kind"] == "term" and method["id"] in rule["spec"]["methods"]:
                how = self.holds(rule, facts, market)
                if how is not False:
                    found.append((rule["id"], rule["spec"]["min_years"], rule["spec"]["max_years"], how))

        def ends(some: list[Any]) -> tuple[int | None, int | None]:
            low = [each[1] for each in some if each[1] is not None]
            high = [each[2] for each in some if each[2] is not None]
            return max(low, default=None), min(high, default=None)

        least, most = ends(found)
        sure = [each for each in found if each[3]]
        asks: list[str] = []
        if ends(sure) != (least, most):
            asks = [
                name
                for name, low, high, how in found
                if how is None and ((low is not None and low == least) or (high is not None and high == most))
            ]
        return least, most, asks, bool(found)

    def factor(self, years: int | None, full: int | None) -> Fraction:
        """The year factor."""
        if years is None or full is None or years == full:
            return Fraction(1)
        if self.rate == 0:
            return Fraction(years, full)
        return (1 - 1 / (1 + self.rate) ** years) / (1 - 1 / (1 + self.rate) ** full)

    def of_use(self, given: Facts, method: Any, market: bool, term: int | None) -> Said:
        """What is said of a parcel of one use."""
        facts = dict(given)
        if self.annual:
            facts["in_annual_plan"] = True
        least, most, asks, _ = self.span(method, facts, market)
        rights = facts.get("want_right")
        years = term
        if term is None and method["right"] != "alloc":
            wanted = facts.get("want_term")
            years = wanted if wanted is not None and (not rights or method["right"] in rights) else most
        facts["term_years"] = years
        said: list[int] = [self._start(method, facts, market)]

        def ask(rule: str) -> None:
            said.append(STRICT["permit" if self.filed(rule, facts) else "condition"])

        for rule in self.rules:
            verdict = rule["spec"]["verdict"].get(method["id"]) if rule["kind"] == "eligibility" else None
            if verdict in (None, "permit"):
                continue
            how = self.holds(rule, facts, market)
            if how and verdict == "forbid":
                said.append(STRICT["forbid"]) if not self._comes(rule, facts, market) else ask(rule["id"])
            elif (how and verdict == "condition") or (how is None and verdict != "warn"):
                ask(rule["id"])
            elif how:
                said.append(STRICT[verdict])
        for rule_id in asks:
            ask(rule_id)
        if years is not None and ((most is not None and years > most) or (least is not None and years < least)):
            said.append(STRICT["forbid"])
        floor: Fraction | None = None
        unit: int | None = 0
        if method["paid"]:
            floor, known, open_, unit = self._priced(method, facts, market, years)
            for rule_id in open_:
                ask(rule_id)
            said += self._reserve(method, facts, market, known)
        return Said(max(said), least, most, years, floor, unit)

    def _start(self, method: Any, facts: Facts, market: bool) -> int:
        return max(self._start_on(method, facts, market, day) for day in self.days(facts))

    def _start_on(self, method: Any, facts: Facts, market: bool, day: str | None) -> int:
        permits = [
            rule
            for rule in self.rules
            if rule["kind"] == "eligibility"
            and rule["spec"]["verdict"].get(method["id"]) == "permit"
            and rule["cite"]["rank"] >= 2
            and rule["origin"] not in ("policy", "overlay")
        ]
        held = [(rule, self.holds_on(rule, facts, market, day)) for rule in permits]
        if any(how for _, how in held):
            return STRICT["permit"]
        if method["default"] != "forbid":
            return STRICT[method["default"]]
        maybe = [rule["id"] for rule, how in held if how is None]
        if not maybe:
            return STRICT["forbid"]
        return STRICT["permit" if any(self.filed(rule, facts) for rule in maybe) else "condition"]

    def _comes(self, rule: Any, facts: Facts, market: bool) -> bool:
        """In an annual plan: what forbids today can be ready before the period (the round) ends."""
        end: str | None = self.round["end"] if facts.get("period") is None else self.spans[facts["period"]][1]
        if not self.annual or not end or self.holds(rule, {**facts, **READY}, market):
            return False
        start = max(self.as_of, self.round["start"] or "", facts.get("available_from") or "")
        return self.after(start, self.upstream(facts)) <= end

    def ready(self, at: int) -> str:
        """The day a parcel can be supplied from: free and, in an annual plan, made ready."""
        facts, free = self.parcels[at], self.parcels[at].get("available_from") or ""
        days = self.upstream({**facts, "in_annual_plan": True}) if self.annual else 0
        return self.after(max(self.as_of, self.round["start"] or "", free), days) if days else free

    def after(self, day: str, working: int) -> str:
        """The day so many working days later."""
        date = datetime.date.fromisoformat(day)
        while working:
            date += datetime.timedelta(days=1)
            text = date.isoformat()
            working -= (text not in self.off) if text[:4] in self.years else date.weekday() < 5
        return date.isoformat()

    # -- prices -----------------------------------------------------------------------------------------------------

    def _floors(
        self, method: Any, facts: Facts, market: bool, factor: Fraction
    ) -> tuple[Fraction | None, Fraction | None, list[str]]:
        """(the floor, what is known of it, the rules it hangs on)."""
        whole: list[Fraction] = []
        known: list[Fraction] = []
        open_: list[str] = []
        for rule in self.rules:
            if rule["kind"] != "price_floor" or method["id"] not in rule["spec"]["methods"]:
                continue
            how = self.holds(rule, facts, market)
            tree = price(rule["spec"]["per_m2"])
            if how is False:
                continue
            if how is None:
                open_.append(rule["id"])
                continue
            amount, some = worth(tree, facts, factor), known_so_far(tree, facts, factor)
            open_ += [rule["id"]] if amount is None and missing(tree, facts) else []
            whole += [] if amount is None else [amount]
            known += [] if some is None else [some]
        floor = max(whole) if whole and not open_ else None
        return floor, max(known, default=None), open_

    def _priced(
        self, method: Any, facts: Facts, market: bool, years: int | None
    ) -> tuple[Fraction | None, Fraction | None, list[str], int | None]:
        listing = next((each for each in self.methods if each["id"] == "listing"), None)
        full = years
        if listing is not None:
            full = self.span(listing, facts, market)[1]
        factor = self.factor(years, full)
        floor, known, open_ = self._floors(method, facts, market, factor)
        prices = [] if floor is None else [floor]
        if facts.get("appraised_price") is not None:
            prices.append(Fraction(facts["appraised_price"], 100))
        elif facts.get("benchmark_price") is not None:
            prices.append(Fraction(facts["benchmark_price"], 100) * factor)
        return floor, known, open_, up(max(prices)) if prices else None

    def _reserve(self, method: Any, facts: Facts, market: bool, known: Fraction | None) -> list[int]:
        reserve = facts.get("reserve_price")
        if reserve is None:
            return []
        if method["right"] == "grant":
            return [STRICT["forbid"]] if known is not None and Fraction(reserve, 100) < known else []
        listing = next((each for each in self.methods if each["id"] == "listing"), None)
        if known is None and listing is not None and method["id"] != "listing":
            asked = {**facts, "method": "listing", "right": listing["right"], "competitive": listing["competitive"]}
            asked["term_years"] = None
            most = self.span(listing, asked, market)[1]
            rights, wanted = facts.get("want_right"), facts.get("want_term")
            years = wanted if wanted is not None and (not rights or listing["right"] in rights) else most
            asked["term_years"] = years
            known = self._priced(listing, asked, market, years)[1]
        return [STRICT["condition"]] if known is not None and Fraction(reserve, 100) < known else []

    def of_parcel(self, facts: Facts, method: Any, market: bool, term: int | None = None) -> Said:
        """What is said of a parcel, each of its uses for itself."""
        parts = parts_of(facts.get("use_mix"))
        if not parts:
            return self.of_use(facts, method, market, term)
        most = max(parts.values())
        best = [use for use, percent in parts.items() if percent == most]
        lead = facts["use"] if facts["use"] in best else best[0]
        found: dict[str, Said] = {}
        for use in parts:
            own = {**facts, "use": use}
            found[use] = self.of_use(own, method, market, term if use == lead else None)
            said = found[use]
            if use != lead and said.term is not None and said.most is not None and said.term > said.most:
                found[use] = self.of_use(own, method, market, said.most)
        floors = [each.floor for each in found.values() if each.floor is not None]
        units = [each.unit for each in found.values() if each.unit is not None]
        return replace(
            found[lead],
            verdict=max(each.verdict for each in found.values()),
            floor=max(floors, default=None),
            unit=max(units, default=None),
        )

    def voices(self, facts: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The facts as each of a platform's operators states them."""
        for operator in dict.fromkeys((facts.get("operator"), *(facts.get("partners") or ()))):
            yield {**facts, "operator": operator}
