"""What the law says of one supply, as records: the scalar reading asked for every method of a site and platform."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from constraints.language.evaluate import truth
from constraints.language.expr import names, parse
from constraints.loading.load import weakest
from constraints.loading.method_facts import yardstick
from constraints.reading.book import RuleBook, case_book
from constraints.reading.judge import Ruling as Said
from constraints.reading.judge import SiteJudgement, decided, judge_site
from constraints.reading.timetable import STEPS, step_title, timetable, upstream
from constraints.types import Method, Rule
from landopt.reasons.explain.context import Context, fact_used, general, note
from landopt.reasons.explain.likeness import Likeness
from landopt.reasons.explain.records import (
    ConditionDue,
    FactUsed,
    Fallback,
    OtherMethod,
    Ruling,
    StepDue,
)
from parcels.common.schema import Value, fields

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

Best = tuple[int, str]
"""The offer with the smallest loss, of whatever period, and the verdict in the period asked about."""


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
        self._read: dict[str, tuple[FactUsed, ...]] = {}
        """The facts each rule reads of the single parcel told last."""
        self._shown: dict[str, FactUsed] = {}
        self._one: dict[str, Value] = {}
        """All facts of the single parcel told last."""
        self._bare: dict[tuple[str, str, tuple[str, ...]], Ruling] = {}
        self._decided: dict[object, tuple[str, str, tuple[Said, ...]]] = {}
        self._noted: dict[tuple[str, ...], tuple[Ruling, ...]] = {}
        self._timetables: dict[object, tuple[StepDue, ...]] = {}
        self._others: dict[object, OtherMethod] = {}
        """Other methods whose rulings read no facts; these rulings are kept in ``_bare``."""
        self._same: tuple[tuple[int, int | None], object] | None = None

    @cached_property
    def likeness(self) -> Likeness:
        """Which parcels and platforms are alike to the law."""
        return Likeness(self.facts, self.book)

    def case_facts(self, site: Sequence[int], demand: int | None, period: str | None) -> CaseView:
        """Facts of each parcel, of the demand and of the site, as :func:`judge_site` takes them; not to be changed."""
        key = (tuple(site), demand, period)
        if self._told is None or self._told[0] != key:
            self._told = key, self._case_facts(site, demand, period)
            self._read, self._shown, self._one = {}, {}, {}
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

    def ask(
        self, site: Sequence[int], demand: int | None, method: str, period: str | None = None, *, noted: bool = True
    ) -> Answer:
        """What the law and the platform's own requirements say of a method; notes only where they are wanted."""
        chosen = self.methods[method]
        parcels, wanted, own = self.case_facts(site, demand, period)
        judged = judge_site(
            self.book, parcels, wanted, own, chosen, records=self.case.records, market=demand is None, noted=noted
        )
        kept = self.unwanted(method, demand)
        budget = wanted.get("budget_yuan")
        if not kept and isinstance(budget, int) and judged.price > budget:
            kept = "budget_yuan"
        return Answer(method, judged.verdict, kept, judged)

    def unwanted(self, method: str, demand: int | None) -> str:
        """What keeps a platform (or the market) from a method whatever the parcel; empty where nothing does."""
        chosen = self.methods[method]
        if demand is None:
            market = self.case.market
            return "" if market and chosen.competitive and method in market.methods else "market"
        rights = self.facts.demands[demand].get("want_right")
        return "want_right" if isinstance(rights, tuple) and rights and chosen.right not in rights else ""

    def rulings(
        self, said: Iterable[Said], site: Sequence[int], demand: int | None, method: str, period: str | None = None
    ) -> tuple[Ruling, ...]:
        """Rulings with their citation and the values they read."""
        found: dict[str, Ruling] = {}
        for one in said:
            if one.rule_id not in found:
                found[one.rule_id] = self.ruling(one, site, demand, method, period)
        return tuple(found.values())

    def ruling(
        self, one: Said, site: Sequence[int], demand: int | None, method: str, period: str | None = None
    ) -> Ruling:
        """A ruling with the values it read; those that read none are one and the same wherever they are said."""
        parcels, wanted, own = self.case_facts(site, demand, period)
        rule = self.context.rules.get(one.rule_id)
        facts = () if rule is None else self._facts(rule, parcels, wanted, own, method)
        if facts:
            return Ruling(self.context.cite(one.rule_id), one.verdict, facts, one.unknowns)
        key = (one.rule_id, one.verdict, one.unknowns)
        found = self._bare.get(key)
        if found is None:
            found = self._bare[key] = Ruling(self.context.cite(one.rule_id), one.verdict, (), one.unknowns)
        return found

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
        if len(parcels) == 1:
            known = self._read.get(rule.id)
            if known is None:
                known = self._read[rule.id] = self._values(read, parcels[0], wanted, own, self._shown)
            return known
        chosen = self.methods[method]
        extra: dict[str, Value] = {"method": method, "right": chosen.right, "competitive": chosen.competitive}
        node = parse(rule.when, rule.id)
        speaks = next((p for p in parcels if truth(node, {**wanted, **p, **own, **extra})), parcels[0])
        return self._values(read, speaks, wanted, own, {})

    def _values(
        self,
        read: Sequence[str],
        parcel: Mapping[str, Value],
        wanted: Mapping[str, Value],
        own: Mapping[str, Value],
        shown: dict[str, FactUsed],
    ) -> tuple[FactUsed, ...]:
        """The facts of these names; ``shown`` are those of the parcel that were already looked up."""
        found = []
        for name in read:
            used = shown.get(name)
            if used is None:
                facts = next((facts for facts in (own, parcel, wanted) if name in facts), None)
                if facts is None:
                    continue
                used = shown[name] = fact_used(name, self._owner(name, parcel, wanted), facts[name])
            found.append(used)
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
        offers = self._offers_by_method(site, demand, period)
        found = []
        for other in self.case.methods:
            if other.id != method:
                found.append(self._other(site, demand, other, period, offers.get(other.id)))
        return tuple(found)

    def _offers_by_method(self, site: Sequence[int], demand: int | None, period: str | None) -> dict[str, Best]:
        """The best lawful offer of exactly this site to this demand by each method that is lawful in the period."""
        context, offers = self.context, self.context.offers
        which = context.on_parcels(site[:1])
        which = which[offers.demand[which] == (-1 if demand is None else demand)]
        sites = offers.site[which]
        which = which[offers.site_start[sites + 1] - offers.site_start[sites] == len(site)]
        mine = [offer for offer in which.tolist() if len(site) == 1 or offers.parcels(offer) == tuple(site)]
        if not mine:
            return {}
        import numpy as np

        when = -1 if period is None else context.periods.index(period)
        best: dict[str, int] = {}
        verdicts: dict[str, str] = {}
        for offer in context.ranked(np.array(mine, np.int64)).tolist():
            method = context.methods[int(offers.method[offer])]
            best.setdefault(method, int(offer))
            if int(offers.period[offer]) == when:
                verdicts[method] = ("permit", "warn", "condition", "forbid")[int(offers.verdict[offer])]
        return {method: (best[method], verdict) for method, verdict in verdicts.items()}

    def _other(
        self, site: Sequence[int], demand: int | None, other: Method, period: str | None, offer: Best | None
    ) -> OtherMethod:
        if offer is not None:
            named = self.context.named(offer[0])
            return OtherMethod(other.id, offer[1], "cost", (), named.loss, named.tier)
        said, kept, deciding = self._decides(site, demand, other.id, period)
        if said == "forbid":
            why = "rule" if any(one.rule_id in self.context.rules for one in deciding) else "default"
            rulings = self.rulings(deciding, site, demand, other.id, period) if why == "rule" else ()
            return self._one_of(OtherMethod(other.id, "forbid", why, rulings))
        if kept:
            why = "market" if kept == "market" else "filter"
            return self._one_of(OtherMethod(other.id, said, why, (), filter=kept))
        if said in self.case.settings.verdicts:
            return self._one_of(OtherMethod(other.id, "warn", "verdict"))
        rulings = self.rulings(deciding, site, demand, other.id, period)
        return self._one_of(OtherMethod(other.id, said, "verdict", rulings))

    def _one_of(self, found: OtherMethod) -> OtherMethod:
        """The same record for every case that says the same without facts of its own."""
        if any(ruling.facts for ruling in found.rulings):
            return found
        key = found.method, found.verdict, found.why, found.filter, tuple([id(ruling) for ruling in found.rulings])
        return self._others.setdefault(key, found)

    def _decides(
        self, site: Sequence[int], demand: int | None, method: str, period: str | None
    ) -> tuple[str, str, tuple[Said, ...]]:
        """Verdict, filter (of what is not forbidden) and what decided; what is alike to the law is asked about once."""
        alike = None
        if len(site) == 1:
            alike = method, period, self._alike(site, demand)
            known = self._decided.get(alike)
            if known is not None and (known[0] == "forbid" or not self._budgeted(demand)):
                return known
        found = self.decided(site, demand, method, period)
        if alike is not None:
            self._decided[alike] = found
        return found

    def decided(
        self, site: Sequence[int], demand: int | None, method: str, period: str | None = None
    ) -> tuple[str, str, tuple[Said, ...]]:
        """Verdict, filter and the rulings that set the verdict: :meth:`ask` without all else it says."""
        parcels, wanted, own = self.case_facts(site, demand, period)
        if len(site) > 1 or wanted.get("partners"):
            answer = self.ask(site, demand, method, period, noted=False)
            deciding = tuple(one for one in answer.judged.rulings if one.verdict == answer.verdict)
            return answer.verdict, answer.filter, deciding
        if not self._one:
            self._one = {**wanted, **parcels[0], **own}
        verdict, deciding, unit = decided(
            self.book, self._one, self.methods[method], records=self.case.records, market=demand is None
        )
        kept, budget = self.unwanted(method, demand), wanted.get("budget_yuan")
        if not kept and isinstance(budget, int) and (unit or 0) * self.facts.area[site[0]] > budget:
            kept = "budget_yuan"
        return verdict, kept, tuple(dict.fromkeys(deciding))

    def _alike(self, site: Sequence[int], demand: int | None) -> object:
        """What single parcels and platforms have in common that get equal rulings."""
        if self._same is None or self._same[0] != (site[0], demand):
            others = self.others_of(site[0], demand)
            self._same = (site[0], demand), self.likeness.key(site, demand, others, budget=False)
        return self._same[1]

    def _budgeted(self, demand: int | None) -> bool:
        return demand is not None and self.facts.demands[demand].get("budget_yuan") is not None

    def deciding(
        self, answer: Answer, site: Sequence[int], demand: int | None, period: str | None = None
    ) -> tuple[Ruling, ...]:
        """The rulings that set the verdict of an answer."""
        said = [one for one in answer.judged.rulings if one.verdict == answer.verdict]
        return self.rulings(said, site, demand, answer.method, period)

    def notes(self, judged: SiteJudgement) -> tuple[Ruling, ...]:
        """Notes that speak of this case, in the words of the rule; general ones are said once, of the plan."""
        found = self._noted.get(judged.notes)
        if found is None:
            found = tuple(note(self.context, name) for name in judged.notes if not self._general(name))
            self._noted[judged.notes] = found
        return found

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

    def steps(self, method: Method, site: Sequence[int], start: str, since: str = "") -> tuple[StepDue, ...]:
        """The timetable of a site: that of the parcel that takes longest."""
        tables = [self._timetable(method, row, start, since) for row in site]
        return max(tables, key=lambda steps: steps[-1].latest or "" if steps else "")

    def _timetable(self, method: Method, row: int, start: str, since: str) -> tuple[StepDue, ...]:
        """The timetable of a parcel; parcels with the same missing states share one."""
        facts = self.facts.parcels[row]
        key = method.id, start, since, upstream(facts)
        steps = self._timetables.get(key)
        if steps is None:
            found, calendar = [], self.book.calendar
            for step in timetable(method, facts, start, calendar, since):
                title = step_title(step.step)
                cite = self.context.cite(step.rule) if step.rule in self.context.rules else None
                en, zh = title.text("en"), title.text("zh")
                weekends = not (calendar.announced(step.earliest) and calendar.announced(step.latest))
                found.append(StepDue(step.step, en, zh, step.earliest, step.latest, cite, step.expected, weekends))
            steps = self._timetables[key] = tuple(found)
        return steps

    def fallback(self, method: Method) -> Fallback | None:
        """What happens to an agreement if a second applicant appears; ``None`` for other methods."""
        if method.mode != "agreement":
            return None
        days = next((step.days for step in STEPS.get(method.id, ()) if step.step == "applications"), None)
        cites = [self.context.cite(rule) for rule in self.case.rules if _of_publication(rule, method.id)]
        return Fallback(yardstick(), days, tuple(cites))


def _of_publication(rule: Rule, method: str) -> bool:
    if not FALLBACK_DOMAINS.intersection(rule.domain):
        return False
    return rule.kind == "note" or rule.spec.get("verdict", {}).get(method) == "permit"


def grade(rulings: Iterable[Ruling]) -> str:
    """The weakest grade some rulings rest on; "U" of none."""
    return weakest(ruling.cite.grade for ruling in rulings) or "U"
