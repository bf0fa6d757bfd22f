"""One table for each period of a programme, with the law of the period and what changes in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constraints.case import Case
from constraints.loading.period_law import PeriodLaw, period_laws
from constraints.types import Rule
from landopt.reasons.texts import render_answer


def render_periods(plan: Mapping[str, Any], case: Case, lang: str) -> str:
    """The tables of a programme's periods as text; "" for a round without periods."""
    if not case.round.periods:
        return ""
    return render_answer("periods", {"periods": period_tables(plan, case), "later": case.objective.later}, lang)


def period_tables(plan: Mapping[str, Any], case: Case) -> list[dict[str, Any]]:
    """By period: what is supplied in it, its sums, the days its law is read on, the rules that begin or end in it."""
    known = {rule.id: rule for rule in case.rules}
    unready = _unready(case)
    found = []
    for law in period_laws(case.round, case.rules):
        rows = [entry for entry in plan["assignments"] if entry["period"] == law.period.id]
        rows.sort(key=lambda entry: entry["parcel_ids"])
        ids = [name for entry in rows for name in entry["parcel_ids"]]
        found.append(
            {
                "id": law.period.id,
                "over": law.period.end < case.round.as_of,
                "days": list(law.days),
                "changes": _changes(law, known),
                "assignments": rows,
                "parcels": len(ids),
                "area_m2": sum(entry["area_m2"] for entry in rows),
                "unready_area_m2": sum(unready.get(name, 0) for name in ids),
                "start_price_yuan": sum(entry["start_price_yuan"] or 0 for entry in rows),
            }
        )
    return found


def _changes(law: PeriodLaw, known: Mapping[str, Rule]) -> list[dict[str, Any]]:
    """The rules in force on one of the two days only, with the day they begin or end."""
    return [
        {
            "rule": name,
            "en": known[name].title.en,
            "zh": known[name].title.zh,
            "begins": name in law.rules[1],
            "day": known[name].start if name in law.rules[1] else known[name].until,
        }
        for name in sorted(law.changes)
    ]


def _unready(case: Case) -> dict[str, int]:
    from constraints.reading.case_facts import CaseFacts

    facts = CaseFacts(case).parcels
    return {name: int(str(row["unready_area_m2"])) for name, row in zip(case.parcels.ids, facts, strict=True)}
