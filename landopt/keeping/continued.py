"""``solve NEXT --continue PLAN``: a programme rolled on.

What is contracted or announced stands in the period that the plan gave it, what was planned is kept where that costs
the earlier tiers nothing, what failed comes back like any other parcel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from constraints.case import KEPT, Case
from constraints.reading.case_facts import FIXED
from constraints.types import Cite, Rule
from landopt.keeping.ledger.rounds import exactly, quoted
from parcels.common.catalogue import Told, both, told
from parcels.common.issues import Refused, error


def carried_on(case: Case, plan: Mapping[str, Any]) -> tuple[Case, tuple[Told, ...]]:
    """The case of the next round that carries on a plan, and what is to be told of it.

    Each assignment whose parcels are decided becomes a lock in its period (a lock of the ledger gets the period); each
    other one whose parcels have not failed a mark for exactly its site, platform, method and period, counted in a tier
    after all others.

    Raises
    ------
    Refused
        O018: a platform whose site is decided still asks for one; it could be given a second.
    """
    status = dict(zip(case.parcels.ids, case.parcels.column("status"), strict=True))
    listed = {period.id for period in case.round.periods}
    rules = {rule.id: rule for rule in case.rules}
    fixed = kept = back = 0
    twice: list[str] = []
    for number, entry in enumerate(plan["assignments"], 1):
        names = entry["parcel_ids"]
        if not set(names) <= status.keys():
            continue
        states = {status[name] for name in names}
        if states <= set(FIXED):
            fixed += 1
            rule = _lock(case, plan, entry, number, listed)
            before = next(
                (r for r in rules.values() if r.kind == "lock" and r.spec["parcels"] == rule.spec["parcels"]), None
            )
            if before is not None:
                rule = replace(before, spec={**before.spec, "period": rule.spec["period"]})
            rules[rule.id] = rule
            if entry["demand_id"] in case.demands.ids:
                twice.append(str(entry["demand_id"]))
        elif "failed" in states:
            back += 1
        elif entry["period"] is None or entry["period"] in listed:
            kept += 1
            rule = _mark(case, plan, entry, number)
            rules[rule.id] = rule
    if twice:
        raise Refused(error("O018.served-already", at="--continue", names=tuple(sorted(twice)), plan=plan["plan_id"]))
    objective = case.objective
    if kept:
        objective = replace(objective, tiers=(*objective.tiers, (KEPT,)))
    found = replace(case, rules=tuple(rules[name] for name in sorted(rules)), objective=objective)
    said = [told("progress.carried-on", plan=plan["plan_id"], fixed=fixed, kept=kept, back=back)]
    return found, tuple(said)


def _lock(case: Case, plan: Mapping[str, Any], entry: Mapping[str, Any], number: int, listed: set[str]) -> Rule:
    label, origin = "+".join(entry["parcel_ids"]), str(plan["plan_id"])
    return Rule(
        id=f"ledger.continued.{number:05d}",
        kind="lock",
        title=both("ledger-rule.decided", parcels=label, plan=origin),
        cite=Cite(origin, "", str(plan["plan_hash"]), 0, "V1", "plan"),
        start=case.round.as_of,
        until=None,
        when="",
        spec={
            "parcels": list(entry["parcel_ids"]),
            "demand": entry["demand_id"] if entry["demand_id"] in case.demands.ids else None,
            "method": entry["method"],
            "period": entry["period"] if entry["period"] in listed else None,
            "document": origin,
        },
        origin="ledger",
    )


def _mark(case: Case, plan: Mapping[str, Any], entry: Mapping[str, Any], number: int) -> Rule:
    label, origin = "+".join(entry["parcel_ids"]), str(plan["plan_id"])
    when = exactly(entry)
    if entry["period"] is not None:
        when += f" and period == {quoted(entry['period'])}"
    return Rule(
        id=f"keep.{number:05d}",
        kind="preference",
        title=both("ledger-rule.planned", parcels=label, plan=origin),
        cite=Cite(origin, "", str(plan["plan_hash"]), 0, "V1", "plan"),
        start=case.round.as_of,
        until=None,
        when=when,
        spec={"methods": [entry["method"]], "points": 0, "points_per_ha": 0, "part": KEPT, "reason": "programme"},
        origin="keep",
    )
