"""The law of another day on the same round: what is carried over to that day, and what is set aside as later than it.

A round decided as of another day is a scenario: policy of the round's own is carried over as it stands on the round's
date, facts and documents that are later than the day are set aside, and the plan says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from constraints.types import Rule
from parcels.common.frozen import FactTable

_MARK = re.compile(r"as-of=(\d{4}-\d{2}-\d{2})")
DATED = {
    "publication_closed": ("publication_closed", "intending_users"),
    "appraised_on": ("appraised_on", "appraised_price"),
}
"""Facts with a day, and what is not known before that day."""


def mark(as_of: str) -> str:
    """How a case names, among its overlays, the day it was asked for."""
    return f"as-of={as_of}"


def asked_day(overlays: Iterable[str]) -> str | None:
    """The day a case was asked for; ``None`` where it is the round's own."""
    return next((found[1] for each in overlays if (found := _MARK.fullmatch(each))), None)


def carried_over(rules: Sequence[Rule], as_of: str) -> list[Rule]:
    """Policy in force on the round's own date as it is taken to hold on another day: rules and amounts alike."""
    found = []
    for rule in rules:
        spec = rule.spec
        if rule.kind == "limit" and spec["values"]:
            values = [{**entry, "from": min(entry["from"], as_of), "until": None} for entry in spec["values"]]
            spec = {**spec, "values": values}
        found.append(replace(rule, start=min(rule.start, as_of), until=None, spec=spec))
    return found


def later_facts(parcels: FactTable, as_of: str) -> list[tuple[str, str]]:
    """The facts that are later than a day, (parcel, field), in the order of the parcels."""
    days = {name: parcels.column(name) for name in DATED}
    known = {name: parcels.column(name) for names in DATED.values() for name in names}
    return [
        (identifier, name)
        for row, identifier in enumerate(parcels.ids)
        for day, names in DATED.items()
        if days[day][row] is not None and str(days[day][row]) > as_of
        for name in names
        if known[name][row] is not None
    ]
