"""Other methods of a supply and the rulings behind them, read a second time. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from constraints.audit.cells import Reading
from constraints.audit.reread import Reader
from constraints.loading.method_facts import yardstick
from constraints.reading.judge import Ruling, SiteJudgement
from constraints.reading.timetable import STEPS
from constraints.types import Method, Rule

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
Cite = Callable[[Any], Any]
PUBLICATION = frozenset({"R-21-9", "R-21-30D"})
"""Agreement is the result of a publication with a single applicant (MLR Order 21, art. 9)."""


def rulings_as_said(
    same: Same, where: str, name: str, stated: Iterable[Json], due: Iterable[Ruling], cite: Cite
) -> None:
    """Rulings in their order: rule, verdict, the facts they hang on; of one rule the first."""
    first: dict[str, Ruling] = {}
    for ruling in due:
        first.setdefault(ruling.rule_id, ruling)
    told = [(cite(each["cite"]), each["verdict"], list(each.get("unknowns", ()))) for each in stated]
    same(where, name, told, [(one.rule_id, one.verdict, list(one.unknowns)) for one in first.values()])


class OtherMethods:
    """What a record says of the methods that were not chosen."""

    def __init__(
        self, reader: Reader, rules: Mapping[str, Rule], lawful: Callable[[Json, Sequence[int]], frozenset[str]]
    ) -> None:
        self.reader, self.rules, self.lawful = reader, rules, lawful

    def read(self, same: Same, where: str, record: Json, reading: Reading, cite: Cite) -> None:
        """Every other method: its verdict, why it was not chosen, and the rules behind that."""
        for each in record["others"]:
            row = self.reader.method_row.get(each["method"])
            if row is None:
                continue
            judged = self.reader.judge_site(reading.site, reading.demand, row, reading.period, noted=False)
            offer = {**{name: record[name] for name in ("parcel_ids", "demand_id")}, "method": each["method"]}
            verdicts = self.lawful(offer, (reading.period,))
            why, verdict, kept, deciding = self._due(judged, reading, row, bool(verdicts))
            verdict = next(iter(verdicts), verdict)  # of an offer at the term it has: the only one of the period
            what = each["method"]
            same(where, f"{what}: why", each["why"], why)
            same(where, f"{what}: filter", each.get("filter", ""), kept)
            same(where, f"{what}: verdict", each["verdict"], verdict)
            rulings_as_said(same, where, f"{what}: rulings", each.get("rulings", ()), deciding, cite)

    def _due(
        self, judged: SiteJudgement, reading: Reading, row: int, lawful: bool
    ) -> tuple[str, str, str, list[Ruling]]:
        """Why a method was not chosen, its verdict, the requirement that keeps it away, the rulings that decide."""
        said = judged.verdict
        if lawful:
            return "cost", said, "", []
        deciding = [one for one in judged.rulings if one.verdict == said]
        if said == "forbid":
            by_rule = any(one.rule_id in self.rules for one in deciding)
            return ("rule", said, "", deciding) if by_rule else ("default", said, "", [])
        kept = self._kept(judged, self.reader.case.methods[row], reading.demand)
        if kept:
            return "market" if kept == "market" else "filter", said, kept, []
        if said in self.reader.case.settings.verdicts:  # lawful, but not by the day it is needed
            return "verdict", "warn", "", []
        return "verdict", said, "", deciding

    def _kept(self, judged: SiteJudgement, method: Method, demand: int | None) -> str:
        """The platform's own requirement (the market's) that keeps it from a method."""
        if demand is None:
            market = self.reader.case.market
            return "" if market and method.competitive and method.id in market.methods else "market"
        wish = self.reader.facts.demands[demand]
        rights, budget = wish.get("want_right"), wish.get("budget_yuan")
        if isinstance(rights, tuple) and rights and method.right not in rights:
            return "want_right"
        return "budget_yuan" if isinstance(budget, int) and judged.price > budget else ""


def fallback(same: Same, where: str, stated: Json | None, method: Method, rules: Iterable[Rule], cite: Cite) -> None:
    """What happens to an agreement if a second applicant appears, within which days, by which rules."""
    same(where, "fallback", stated is None, method.mode != "agreement")
    if stated is None:
        return
    days = next((step.days for step in STEPS.get(method.id, ()) if step.step == "applications"), None)
    named = [rule for rule in rules if PUBLICATION.intersection(rule.domain)]
    due = [r.id for r in named if r.kind == "note" or r.spec.get("verdict", {}).get(method.id) == "permit"]
    same(where, "fallback", stated["method"], yardstick())
    same(where, "fallback: days", stated["days"], days)
    same(where, "fallback: rules", [cite(each) for each in stated["cites"]], due)
