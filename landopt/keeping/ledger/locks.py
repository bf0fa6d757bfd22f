"""The locks and statuses a case has from the ledger, held against the ledger as it stood when the plan was made."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from constraints.audit.files.plan_reader import load_json, read_plan
from constraints.canonical import canonical
from constraints.case import SCHEMA, from_json, rule_to_json
from landopt.keeping.ledger.carried import FACTS
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.ledger.rounds import apply, state
from landopt.keeping.ledger.stores.places import LedgerPlace
from parcels.common.issues import Issue, error


def lock_issues(path: LedgerPlace, folder: Path) -> list[Issue]:
    """What a plan's case says of the ledger that the ledger, up to the head printed on the plan, does not bear out."""
    head = str(read_plan(folder / "plan.json").get("ledger_head") or "")
    case = from_json(load_json(folder / "case.json", SCHEMA))
    with Ledger(path, read_only=True) as book:
        entries = book.entries()
    at = next((number for number, entry in enumerate(entries, 1) if entry.hash == head), 0)
    then = state(entries[:at])
    due_case = apply(replace(case, rules=tuple(rule for rule in case.rules if rule.origin != "ledger")), then)
    due = {rule.id: canonical(rule_to_json(rule)) for rule in due_case.rules if rule.origin == "ledger"}
    filed = {rule.id: canonical(rule_to_json(rule)) for rule in case.rules if rule.origin == "ledger"}
    found = [
        error("A095.lock", at=path.name, lock=name)
        for name in sorted(due.keys() | filed.keys())
        if due.get(name) != filed.get(name)
    ]
    rows, stated = case.parcels.index(), case.parcels.column("status")
    for name, status in sorted(then.status.items()):
        if name in rows and stated[rows[name]] != status:
            found.append(error("A095.status", at=path.name, ids=(name,), name=name, status=status))
    for field in FACTS.values():
        mine, others = case.parcels.column(field), due_case.parcels.column(field)
        for name in sorted(then.history.keys() & rows.keys()):
            if mine[rows[name]] != others[rows[name]]:
                found.append(error("A095.fact", at=path.name, ids=(name,), name=name, field=field))
    return found
