"""What the law says of one supply, as records: the scalar reading asked for every method of a site and platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

from constraints.book import RuleBook, case_book
from constraints.expr import names, parse, parse_price
from constraints.judge import Ruling as Said
from constraints.judge import SiteJudgement, judge_site
from constraints.load import weakest
from constraints.scalar import truth
from constraints.timetable import STEPS, TITLES, timetable
from constraints.types import Method, Rule
from landopt.reasons.explain.context import Context, fact_used, shown
from landopt.reasons.explain.records import (
    ConditionDue,
    FactUsed,
    Fallback,
    OtherMethod,
    Price,
    PriceInput,
    Ruling,
    StepDue,
)
from parcels.schema import Value, fields

SILENT = frozenset({"method", "right", "competitive", "period", "parcel_id", "demand_id"})
"""Facts every sentence already names."""
FALLBACK_DOMAINS = frozenset({"R-21-9", "R-21-30D"})
"""Agreement is the result of a publication with a single applicant (MLR Order 21, art. 9)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method means for a site and platform: verdict, rulings behind it, conditions, price (yuan), term."""

    method: str
    verdict: str
    filter: str
    judged: SiteJudgement


CaseView = tuple[list[dict[str, Value]], dict[str, Value], dict[str, Value]]
"""Facts of each parcel of a site, of the demand, of the site and offer."""


class Law:
    """Questions to the scalar reading about sites of a decided round; answers are kept."""

    def __init__(self, context: Context) -> None:
        case = context.case
        self.context = context
        self.case = case
        self.facts = context.facts
        self.book: RuleBook = case_book(case)
        self.methods = {method.id: method for method in case.methods}
        self._fields: dict[str, tuple[str, ...]] = {}
        self._everywhere: dict[str, bool] = {}
        self._told: tuple[object, CaseView] | None = None

    def case_facts(self, site: Sequence[int], demand: int | None, period: str | None) -> CaseView:
        """Facts of each parcel, of the demand and of the site, as :func:`judge_site` takes them; not to be changed."""
        key = (tuple(site), demand, period)
        if self._told is None or self._told[0] != key:
            self._told = key, self._case_facts(site, demand, period)
        return self._told[1]

    def _case_facts(self, site: Sequence[int], demand: int | None, period: str | None) -> CaseView:
        parcels = []
        for row in site:
            facts: dict[str, Value] = dict(self.facts.parcels[row])
            facts["other_applicants"] = self.others_of(row, demand)
            if demand is not None:
                facts["operator"] = self.facts.operator(row, demand)
            parcels.append(facts)
        wanted: dict[str, Value] = {} if demand is None else dict(self.facts.demands[demand])
        return parcels, wanted, {**self.facts.site(site), "period": period}

    def others_of(self, parcel: int, demand: int | None) -> int:
        """Other platforms of the round that could lawfully use the parcel."""
        return len(self._applicants.get(parcel, frozenset()) - {demand})

    @cached_property
    def _applicants(self) -> dict[int, frozenset[int]]:
        found: dict[int, set[int]] = {}
        if self.context.offers.reach is not None:
            start, parcels = self.context.offers.reach
            for demand in range(len(start) - 1):
                for parcel in parcels[int(start[demand]) : int(start[demand + 1])].tolist():
                    found.setdefault(parcel, set()).add(demand)
        return {parcel: frozenset(demands) for parcel, demands in found.items()}

    def ask(self, site: Sequence[int], demand: int | None, method: str, period: str | None = None) -> Answer:
        """What the law and the platform's own requirements say of a method."""
        chosen = self.methods[method]
        parcels, wanted, own = self.case_facts(site, demand, period)
        judged = judge_site(self.book, parcels, wanted, own, chosen, records=self.case.records, market=demand is None)
        return Answer(method, judged.verdict, self._filter(chosen, wanted, demand, judged), judged)

    def _filter(self, method: Method, wanted: Mapping[str, Value], demand: int | None, judged: SiteJudgement) -> str:
        if demand is None:
            market = self.case.market
            return "" if market and method.competitive and method.id in market.methods else "market"
        rights = wanted.get("want_right")
        if isinstance(rights, tuple) and rights and method.right not in rights:
            return "want_right"
        budget = wanted.get("budget_yuan")
        return "budget_yuan" if isinstance(budget, int) and judged.price > budget else ""

    def rulings(
        self, said: Iterable[Said], site: Sequence[int], demand: int | None, method: str, period: str | None = None
    ) -> tuple[Ruling, ...]:
        """Rulings with their citation and the values they read."""
        parcels, wanted, own = self.case_facts(site, demand, period)
        found: dict[str, Ruling] = {}
        for one in said:
            if one.rule_id in found:
                continue
            rule = self.context.rules.get(one.rule_id)
            facts = () if rule is None else self._facts(rule, parcels, wanted, own, method)
            found[one.rule_id] = Ruling(self.context.cite(one.rule_id), one.verdict, facts, one.unknowns)
        return tuple(found.values())

    def _reads(self, rule: Rule) -> tuple[str, ...]:
        if rule.id not in self._fields:
            read = names(parse(rule.when, rule.id)) - SILENT
            self._fields[rule.id] = tuple(name for name in fields() if name in read)
        return self._fields[rule.id]

    def _facts(
        self,
        rule: Rule,
        parcels: Sequence[Mapping[str, Value]],
        wanted: Mapping[str, Value],
        own: Mapping[str, Value],
        method: str,
    ) -> tuple[FactUsed, ...]:
        read = self._reads(rule)
        if not read:
            return ()
        chosen = self.methods[method]
        extra: dict[str, Value] = {"method": method, "right": chosen.right, "competitive": chosen.competitive}
        speaks = parcels[0]
        if len(parcels) > 1:
            node = parse(rule.when, rule.id)
            speaks = next((p for p in parcels if truth(node, {**wanted, **p, **own, **extra})), parcels[0])
        found = []
        for name in read:
            for facts in (own, speaks, wanted):
                if name in facts:
                    found.append(fact_used(name, self._owner(name, speaks, wanted), facts[name]))
                    break
        return tuple(found)

    @staticmethod
    def _owner(name: str, parcel: Mapping[str, Value], wanted: Mapping[str, Value]) -> str:
        field = fields().get(name)
        if field is None or field.site or field.of == "offer":
            return "site"
        if field.of == "demand":
            return str(wanted.get("demand_id") or "site")
        return str(parcel.get("parcel_id") or "site")

    def others(
        self, site: Sequence[int], demand: int | None, method: str, period: str | None
    ) -> tuple[OtherMethod, ...]:
        """Every other method with the rule that decides against it, or its proven cost."""
        offers = self._offers_by_method(site, demand)
        found = []
        for other in self.case.methods:
            if other.id != method:
                found.append(self._other(site, demand, other, period, offers.get(other.id)))
        return tuple(found)

    def _offers_by_method(self, site: Sequence[int], demand: int | None) -> dict[str, int]:
        """The lawful offers of exactly this site to this demand: the one with the smallest loss for each method."""
        context, offers = self.context, self.context.offers
        which = context.on_parcels(site[:1])
        which = which[offers.demand[which] == (-1 if demand is None else demand)]
        found: dict[str, int] = {}
        mine = [int(offer) for offer in which.tolist() if offers.parcels(int(offer)) == tuple(site)]
        if not mine:
            return found
        import numpy as np

        for offer in context.ranked(np.array(mine, np.int64)).tolist():
            found.setdefault(context.methods[int(offers.method[offer])], int(offer))
        return found

    def _other(
        self, site: Sequence[int], demand: int | None, other: Method, period: str | None, offer: int | None
    ) -> OtherMethod:
        if offer is not None:
            named = self.context.named(offer)
            verdict = ("permit", "warn", "condition", "forbid")[int(self.context.offers.verdict[offer])]
            return OtherMethod(other.id, verdict, "cost", (), named.loss, named.tier)
        answer = self.ask(site, demand, other.id, period)
        deciding = self.deciding(answer, site, demand, period)
        if answer.verdict == "forbid":
            why = "rule" if any(ruling.cite.rule in self.context.rules for ruling in deciding) else "default"
            return OtherMethod(other.id, "forbid", why, deciding if why == "rule" else ())
        if answer.filter:
            why = "market" if answer.filter == "market" else "filter"
            return OtherMethod(other.id, answer.verdict, why, (), filter=answer.filter)
        verdict = answer.verdict if answer.verdict not in self.case.settings.verdicts else "warn"
        return OtherMethod(other.id, verdict, "verdict", deciding if verdict == answer.verdict else ())

    def deciding(
        self, answer: Answer, site: Sequence[int], demand: int | None, period: str | None = None
    ) -> tuple[Ruling, ...]:
        """The rulings that set the verdict of an answer."""
        said = [one for one in answer.judged.rulings if one.verdict == answer.verdict]
        return self.rulings(said, site, demand, answer.method, period)

    def notes(self, judged: SiteJudgement) -> tuple[Ruling, ...]:
        """Notes that speak of this case, in the words of the rule; general ones are said once, of the plan."""
        return tuple(note(self.context, name) for name in judged.notes if not self._general(name))

    def _general(self, name: str) -> bool:
        if name not in self._everywhere:
            self._everywhere[name] = general(self.context, name)
        return self._everywhere[name]

    def conditions(self, judged: SiteJudgement) -> tuple[ConditionDue, ...]:
        """What must be on file before contract."""
        rules = self.context.rules
        return tuple(
            ConditionDue(
                self.context.cite(each.rule) if each.rule in rules else None,
                each.rule,
                each.fact,
                each.text.en,
                each.text.zh,
                each.document,
            )
            for each in judged.conditions
        )

    def steps(self, method: Method, site: Sequence[int], start: str) -> tuple[StepDue, ...]:
        """The timetable of a site: that of the parcel that takes longest."""
        tables = [timetable(method, self.facts.parcels[row], start, self.book.calendar) for row in site]
        longest = max(tables, key=lambda steps: steps[-1].latest if steps else "")
        found = []
        for step in longest:
            title = TITLES.get(step.step)
            cite = self.context.cite(step.rule) if step.rule in self.context.rules else None
            en, zh = (title.en, title.zh) if title else (step.step, step.step)
            found.append(StepDue(step.step, en, zh, step.earliest, step.latest, cite))
        return tuple(found)

    def fallback(self, method: Method) -> Fallback | None:
        """What happens to an agreement if a second applicant appears; ``None`` for other methods."""
        if method.mode != "agreement":
            return None
        days = next((step.days for step in STEPS.get(method.id, ()) if step.step == "applications"), None)
        cites = [self.context.cite(rule) for rule in self.case.rules if _of_publication(rule, method.id)]
        return Fallback("listing", days, tuple(cites))

    def price(self, answer: Answer, site: Sequence[int], demand: int | None, expected: int, floor: int | None) -> Price:
        """How the price came about; of a site of several parcels the derivation is that of its first parcel."""
        method, first = self.case.method(answer.method), answer.judged.parcels[0]
        facts = self.facts.parcels[site[0]]
        formula, inputs = "", []
        part = next((part for part in first.derivation.parts if part.rule == first.floor_rule), None)
        if part is not None:
            formula = part.text
            read = names(parse_price(part.text)) - {"year_factor"}
            inputs = [
                PriceInput(name, str(shown(name, facts.get(name))), _unit(name))
                for name in fields()
                if name in read and facts.get(name) is not None
            ]
        area = sum(self.facts.area[row] for row in site)
        unit = first.unit_price if len(site) == 1 else -(-answer.judged.price // max(1, area))
        basis = _basis(method, first.unit_price, first.floor, facts.get("appraised_price"))
        flexible = first.factor != 1 and method.paid
        full = self.ask(site, demand, "listing").judged.parcels[0].term_max if flexible else None
        return Price(
            floor=floor,
            floor_rule=None if first.floor_rule is None else self.context.cite(first.floor_rule),
            formula=formula,
            inputs=tuple(inputs),
            unit_price=unit,
            expected_yuan=expected,
            basis=basis,
            year_factor=_rounded(first.factor) if flexible else "",
            full_term=full,
            reduction_rate=self.case.round.land_reduction_rate if flexible else "",
        )


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


def _of_publication(rule: Rule, method: str) -> bool:
    if not FALLBACK_DOMAINS.intersection(rule.domain):
        return False
    return rule.kind == "note" or rule.spec.get("verdict", {}).get(method) == "permit"


def _unit(name: str) -> str:
    field = fields().get(name)
    return "" if field is None else field.unit


def _basis(method: Method, unit: int | None, floor: Fraction | None, appraised: Value) -> str:
    if not method.paid:
        return "free"
    if unit is None or unit == 0:
        return "unknown"
    if floor is not None and unit == -(-floor.numerator // floor.denominator):
        return "floor"
    return "appraised" if appraised is not None else "benchmark"


def _rounded(factor: Fraction) -> str:
    """A factor to six places, rounded half up."""
    millionths = (factor.numerator * 2_000_000 + factor.denominator) // (2 * factor.denominator)
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"


def grade(rulings: Iterable[Ruling]) -> str:
    """The weakest grade some rulings rest on; "U" of none."""
    return weakest(ruling.cite.grade for ruling in rulings) or "U"
