"""What could be done so that a platform could lawfully have a site it cannot have today: one fact or one parcel each.

Facts nobody has established yet, parcels to make ready (conversion, expropriation, net land, the annual plan), parcels
too large to divide. Whether each really serves the platform is found by listing the offers and solving again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from constraints.case import Case
from constraints.types import STRICTNESS
from landopt.intake.overlay import changed
from landopt.reasons.explain.absent import Absent
from landopt.reasons.explain.context import Context, shown
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.nearest import candidates, judged_with
from landopt.reasons.explain.open_facts import office_of
from landopt.screening.uncapped_sites import build_offers
from parcels.common.frozen import FactTable
from parcels.common.schema import Value, fields

READY: Mapping[str, Value] = {
    "converted": True,
    "expropriated": True,
    "net_land": True,
    "ownership": "state",
    "in_annual_plan": True,
}
"""What makes a parcel ready for supply."""
PARTS = ("area_m2", "new_area_m2", "in_pbf", "in_erl", "in_erl_core")
"""Areas a divided parcel keeps in proportion, rounded half up."""
MOST_FACTS = 60


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that could be done: the facts it changes of a parcel or platform, and how it is told.

    ``kind``: ``ready``, ``divide`` or ``fact``; ``office`` is a code of ``offices.toml``.
    """

    of: str
    row: int
    values: Mapping[str, Value]
    what: str
    was: Any
    to: Any
    office: str
    kind: str

    def applied(self, case: Case, table: FactTable) -> Case:
        """The case with the changed table."""
        return replace(case, parcels=table) if self.of == "parcel" else replace(case, demands=table)


def proposals(context: Context, demand: int) -> tuple[Proposal, ...]:
    """What could open a site to a platform (row), parcels to make ready first, then to divide, then facts."""
    law = Law(context)
    absent = Absent(context, law)
    wish = law.facts.demands[demand]
    suits = np.ones(len(context.case.parcels), bool)
    large = np.zeros(len(context.case.parcels), bool)
    for code, fails in absent.filters(wish):
        if code == "area_large":
            large = fails
        else:
            suits &= ~fails
    return (
        *_ready(context.case, demand, suits & ~large),
        *_divided(context.case, demand, suits & large, wish),
        *_facts(law, demand, np.flatnonzero(suits & ~large).tolist()),
    )


def _useful(case: Case, demand: int, rows: Mapping[int, Mapping[str, Value]]) -> list[int]:
    """The parcels among those that would be in a lawful offer to the platform if all were changed."""
    if not rows:
        return []
    cells = {(row, name): value for row, values in rows.items() for name, value in values.items()}
    offers = build_offers(replace(case, parcels=changed(case.parcels, cells)))
    low, high = int(offers.part_start[demand]), int(offers.part_start[demand + 1])
    return sorted({parcel for offer in range(low, high) for parcel in offers.parcels(offer)}.intersection(rows))


def _ready(case: Case, demand: int, suits: Any) -> list[Proposal]:
    columns = {name: case.parcels.column(name) for name in READY}
    rows: dict[int, Mapping[str, Value]] = {}
    for row in np.flatnonzero(suits).tolist():
        lacking = {name: value for name, value in READY.items() if columns[name][row] != value}
        if lacking and case.parcels.column("net_land")[row] is not None:
            rows[row] = lacking
    found = []
    for row in _useful(case, demand, rows):
        was = {name: shown(name, columns[name][row]) for name in rows[row]}
        to = {name: shown(name, value) for name, value in rows[row].items()}
        name = case.parcels.ids[row]
        found.append(Proposal("parcel", row, rows[row], f"{name}:ready", was, to, "reserve", "ready"))
    return found


def _divided(case: Case, demand: int, suits: Any, wish: Mapping[str, Value]) -> list[Proposal]:
    """Parcels too large for the platform, with the part of them it would take: the most it asks for."""
    most = int(str(wish.get("area_max_m2") or 0))
    rows: dict[int, Mapping[str, Value]] = {}
    for row in np.flatnonzero(suits).tolist():
        whole = int(str(case.parcels.column("area_m2")[row] or 0))
        parts: dict[str, Value] = {}
        for name in PARTS:
            value = case.parcels.column(name)[row]
            if isinstance(value, int) and whole:
                parts[name] = (2 * value * most + whole) // (2 * whole)
        rows[row] = {**parts, "area_m2": most}
    found = []
    for row in _useful(case, demand, rows):
        name, area = case.parcels.ids[row], case.parcels.column("area_m2")[row]
        found.append(Proposal("parcel", row, rows[row], f"{name}:divide", area, most, "bureau", "divide"))
    return found


def _facts(law: Law, demand: int, rows: Sequence[int]) -> list[Proposal]:
    """Facts nobody knows that, if they were so, would let the round consider a method that it does not."""
    case = law.case
    allowed = {STRICTNESS[verdict] for verdict in case.settings.verdicts}
    found: dict[tuple[str, str, Any], Proposal] = {}
    for row in rows:
        for method in case.methods:
            if len(found) >= MOST_FACTS or law.unwanted(method.id, demand):
                continue
            answer = law.ask((row,), demand, method.id, noted=False)
            if answer.filter or STRICTNESS[answer.verdict] in allowed:
                continue
            parcels, wanted, own = law.case_facts((row,), demand, None)
            for name, values in candidates(law, method.id):
                field = fields()[name]
                side = wanted if field.of == "demand" else parcels[0]
                if field.of not in ("parcel", "demand") or field.derived or side.get(name) is not None:
                    continue
                for value in values:
                    judged = judged_with(law, parcels, wanted, own, demand, method.id, field, value)
                    if STRICTNESS[judged.verdict] in allowed:
                        at = demand if field.of == "demand" else row
                        owner = (case.demands if field.of == "demand" else case.parcels).ids[at]
                        told = shown(name, value)
                        key = (owner, name, str(value))
                        office = office_of(name)
                        found.setdefault(
                            key, Proposal(field.of, at, {name: value}, f"{owner}:{name}", None, told, office, "fact")
                        )
    return list(found.values())
