"""What ``plan.json`` must say of an assignment, from the facts. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from constraints.audit.cells import PartReader, Reading
from constraints.audit.problem import Problem
from constraints.audit.reread import Reader
from constraints.case import Case
from constraints.loading.load import pack
from constraints.reading.timetable import longest, timetable
from parcels.common.catalogue import told

DEPOSIT_PERCENT = 20
"""Deposit of a competitive supply, per cent of the start price, rounded up (R-34-DEP)."""


def identify(reader: Reader, entry: Mapping[str, Any]) -> tuple[Reading | None, list[Problem]]:
    """The offer an assignment names, re-derived; with what makes it unlawful or unknown."""
    case = reader.case
    problems: list[Problem] = []
    names: Sequence[str] = entry["parcel_ids"]
    site = tuple(sorted(reader.facts.parcel_row[name] for name in names if name in reader.facts.parcel_row))
    demand = reader.facts.demand_row.get(entry["demand_id"]) if entry["demand_id"] is not None else None
    if len(site) != len(names) or not site:
        problems.append(("parcel", told("breach.names-parcel-case")))
    if entry["demand_id"] is not None and demand is None:
        problems.append(("demand", told("breach.platform-case", demand_id=entry["demand_id"])))
    method = reader.method_row.get(entry["method"])
    periods = {period.id: row for row, period in enumerate(case.round.periods)}
    period = -1 if entry["period"] is None else periods.get(entry["period"])
    if method is None or period is None:
        problems.append(("method", told("breach.method-or-period", method=entry["method"], period=entry["period"])))
    if problems or method is None or period is None:
        return None, problems
    problem = reader.site_problem(site, demand)
    if problem:
        problems.append(("site", told("breach.site-platform", problem=problem)))
        return None, problems
    reading = PartReader(reader, demand).read(site, method, period)
    if reading.refused:
        wanted = reading.refused.removeprefix("verdict ")
        rules = [r.rule_id for r in reader.judge_site(site, demand, method, period).rulings if r.verdict == wanted]
        for rule in rules or [""]:
            why = rule or reading.refused
            problems.append((rule or "filter", told("breach.method-unlawful", method=entry["method"], why=why)))
        return None, problems
    if entry["term_years"] != (reading.term or None):
        what = told("breach.term", stated=str(entry["term_years"]), due=str(reading.term or None))
        problems.append(("term_years", what))
    return reading, problems


def restated(reader: Reader, reading: Reading) -> dict[str, Any]:
    """The fields of the assignment that follow from the facts."""
    case: Case = reader.case
    method = case.methods[reading.method]
    judged = reader.judge_site(reading.site, reading.demand, reading.method, reading.period, noted=False)
    verdict = ("permit", "warn", "condition", "forbid")[reading.verdict]
    role = "market" if reading.demand is None else "intended_user" if method.competitive else "assignee"
    return {
        "area_m2": sum(reader.facts.area[row] for row in reading.site),
        "use": _joined(reader, reading, "use"),
        "land_source": _joined(reader, reading, "land_source"),
        "district": _joined(reader, reading, "district"),
        "right": method.right,
        "role": role,
        "verdict": verdict,
        "floor_price": reading.floor,
        "expected_price_yuan": reading.price,
        "start_price_yuan": reading.price,
        "deposit_yuan": -(-reading.price * DEPOSIT_PERCENT // 100) if method.competitive else 0,
        "score": sum(reading.score),
        "conditions": [
            {"rule": c.rule, "fact": c.fact, "en": c.text.en, "zh": c.text.zh, "document": c.document}
            for c in judged.conditions
        ],
        "rules": sorted(
            {ruling.rule_id for ruling in judged.rulings if ruling.verdict == "permit"}
            | {condition.rule for condition in judged.conditions if condition.rule}
        ),
        "timetable": _steps(reader, reading),
    }


def _steps(reader: Reader, reading: Reading) -> list[dict[str, Any]]:
    """The timetable of the parcel that takes longest, from the day the supply can begin."""
    start = max(reader.free_from(reading.site), reader.planned_from)
    since = reader.case.round.periods[reading.period].start if reading.period >= 0 else ""
    method, known = reader.case.methods[reading.method], {rule.id for rule in reader.case.rules}
    tables = [timetable(method, reader.facts.parcels[row], start, reader.calendar, since) for row in reading.site]
    return [
        {"step": s.step, "earliest": s.earliest, "latest": s.latest, "rule": s.rule if s.rule in known else None}
        for s in longest(tables)
    ]


def _joined(reader: Reader, reading: Reading, name: str) -> str:
    return ";".join(sorted({str(reader.facts.parcels[row][name]) for row in reading.site}))


def is_date(text: str) -> bool:
    """True for a day of the calendar written as 2026-03-31."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def incomplete(case: Case) -> list[str]:
    """The packs that do not claim to be complete on the round's date."""
    return [name for name in case.packs if case.round.as_of < pack(name).complete_from]
