"""A round's case on another day: facts and documents later than it set aside, each told (docs/planner.md)."""

from __future__ import annotations

import datetime
from dataclasses import replace

from constraints.case import Case
from constraints.loading.other_day import DATED, later_facts, mark
from landopt.intake.overlay import changed
from parcels.common.issues import Issue, Refused, error, note


def day_of(text: str) -> str:
    """A day as ``YYYY-MM-DD``.

    Raises
    ------
    Refused
        C060 if it is none.
    """
    try:
        return datetime.date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        raise Refused(error("C060.no-day", at="--as-of", given=text)) from None


def set_aside(case: Case, own: str) -> tuple[Case, tuple[Issue, ...]]:
    """The case without what is later than its day, and what was set aside and carried over.

    ``own`` is the round's own date.
    """
    as_of = case.round.as_of
    rows, told = case.parcels.index(), []
    issues = [note("C060.law", as_of=as_of, own=own)]
    cells: dict[tuple[int, str], None] = {}
    dated: dict[str, list[str]] = {}
    for name, field in later_facts(case.parcels, as_of):
        was = case.parcels.column(field)[rows[name]]
        cells[rows[name], field] = None
        told.append({"of": "parcel", "id": name, "field": field, "was": was, "is": None, "scenario": mark(as_of)})
        if field in DATED:
            dated.setdefault(field, []).append(name)
    for field, names in sorted(dated.items()):
        issues.append(note("C060.facts", ids=tuple(names), field=field, count=len(names), names=names))
    late = [record for record in case.records if record.date > as_of]
    for record in late:
        issues.append(note("C060.record", document=record.document, rule=record.rule, date=record.date))
    carried = [rule.id for rule in case.rules if rule.origin == "policy"]
    if carried:
        issues.append(note("C060.policy", count=len(carried), own=own, as_of=as_of))
    found = replace(
        case,
        parcels=changed(case.parcels, cells),
        records=tuple(record for record in case.records if record not in late),
        overlays=(*case.overlays, mark(as_of)),
        scenario=(*case.scenario, *told),
    )
    return found, tuple(issues)
