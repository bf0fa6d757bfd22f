"""``check --missing``: what is not known, by the number of offers and conditions that hang on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from constraints.case import Case
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.open_facts import Outcome, open_facts
from landopt.reasons.justify import VERDICTS
from landopt.screening.uncapped_sites import build_offers
from parcels.common.catalogue import listed, phrase, told
from parcels.common.schema import fields

SHOWN = 20
"""So many ids are named on the screen."""
MOST = 20_000
"""So many kinds of offers (site and method) are asked one by one; the others are counted with them."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A fact that is not known: of what, for which ids, how much hangs on it, and what follows once it is known."""

    fact: str
    of: str
    ids: tuple[str, ...]
    offers: int
    conditions: int
    outcomes: tuple[Outcome, ...]

    def lines(self, lang: str) -> list[str]:
        """The fact, what hangs on it, the ids, and what would follow, as lines."""
        field = fields()[self.fact]
        title = field.title(lang)
        values = {"fact": self.fact, "title": title, "count": len(self.ids), "offers": self.offers}
        out = [told("missing.line", conditions=self.conditions, **values).text(lang)]
        if self.ids:
            out.append("  " + (", ".join(self.ids[:SHOWN]) + (" ..." if len(self.ids) > SHOWN else "")))
        for outcome in self.outcomes:
            out.append(told("missing.then", value=_value(outcome, lang), verdict=outcome.verdict).text(lang))
        return out

    def as_dict(self) -> dict[str, Any]:
        """The fact as plain data for ``--json``."""
        outcomes = [
            {"values": list(o.values), "low": o.low, "high": o.high, "verdict": o.verdict} for o in self.outcomes
        ]
        counts = {"offers": self.offers, "conditions": self.conditions}
        return {"fact": self.fact, "of": self.of, "ids": list(self.ids), **counts, "outcomes": outcomes}


def _value(outcome: Outcome, lang: str) -> str:
    if outcome.values:
        return listed((_shown(value, lang) for value in outcome.values), lang)
    if outcome.low is None and outcome.high is None:
        return told("missing.any").text(lang)
    return f"{outcome.low} - {'' if outcome.high is None else outcome.high}"


def _shown(value: object, lang: str) -> str:
    return phrase("value.yes" if value else "value.no", lang) if isinstance(value, bool) else str(value)


def missing_facts(case: Case) -> tuple[Missing, ...]:
    """The unknown facts of a case, most conditions first.

    Every offer under condition is asked by the scalar reading, once for each site and method; the offers of one site
    and method count together.
    """
    offers = build_offers(case)
    law = Law(Context(case, offers, [], None))
    methods = [method.id for method in case.methods]
    groups: dict[tuple[tuple[int, ...], int], list[int]] = {}
    for offer in range(len(offers)):
        if VERDICTS[int(offers.verdict[offer])] == "condition":
            groups.setdefault((offers.parcels(offer), int(offers.method[offer])), []).append(offer)
    counted: dict[str, list[int]] = {}
    ids: dict[str, dict[str, None]] = {}
    outcomes: dict[str, tuple[Outcome, ...]] = {}
    for (site, method), members in list(groups.items())[:MOST]:
        first = members[0]
        asker = int(offers.demand[first])
        demand = None if asker < 0 else asker
        judged = law.ask(site, demand, methods[method]).judged
        for fact in dict.fromkeys(each.fact for each in judged.conditions if each.fact in fields()):
            entry = counted.setdefault(fact, [0, 0])
            entry[0] += len(members)
            entry[1] += len(members) * sum(each.fact == fact for each in judged.conditions)
            named = ids.setdefault(fact, {})
            if fields()[fact].of == "demand":
                rows = [int(offers.demand[member]) for member in members]
                named.update(dict.fromkeys(case.demands.ids[row] for row in rows if row >= 0))
            else:
                known = case.parcels.columns.get(fact)
                named.update(dict.fromkeys(case.parcels.ids[p] for p in site if known is None or known[p] is None))
            if fact not in outcomes:
                found = open_facts(law, site, demand, methods[method], None, judged)
                outcomes[fact] = next((one.outcomes for one in found if one.field == fact), ())
    listed = [
        Missing(fact, fields()[fact].of, tuple(sorted(ids[fact])), count[0], count[1], outcomes[fact])
        for fact, count in counted.items()
    ]
    return tuple(sorted(listed, key=lambda one: (-one.conditions, -one.offers, one.fact)))
