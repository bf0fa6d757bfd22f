"""Rules of a case that no file holds: what landopt makes of a ledger, a plan kept or a fix by hand, and no more."""

from __future__ import annotations

from constraints.case import Case
from constraints.types import Rule

MADE = {"ledger": "lock", "keep": "preference", "override": "lock"}
"""Rules no file holds, by origin, with their kind: locks of the ledger, a plan kept, fixes by hand.

The ledger also closes other sites to a platform that has one, and notes what closed rounds leave."""
CARRIED = {"unsupplied": "approved_unsupplied", "idle": "idle", "taken_back": None}
"""What closed rounds leave, as the notes of the ledger end, and the fact of the parcel that goes with each."""


def lawfully_made(case: Case, rule: Rule) -> bool:
    """Whether a rule no file holds is one that landopt makes, of its origin's kind and name, and never above rank 0."""
    spoken = rule.kind == "eligibility" and set(rule.spec["verdict"].values()) == {"condition"}
    lawful = rule.kind == MADE[rule.origin] or (rule.origin == "override" and spoken) or _beside_locks(case, rule)
    lawful = lawful and (rule.origin != "override" or rule.kind == "lock" or _of_lock(case, rule))
    return lawful and not rule.cite.rank and rule.id.startswith(f"{rule.origin}.")


def _beside_locks(case: Case, rule: Rule) -> bool:
    """Whether a rule of the ledger is one that it makes beside its locks."""
    return rule.origin == "ledger" and (_served(rule) or _left_over(case, rule))


def _left_over(case: Case, rule: Rule) -> bool:
    """Whether a note of the ledger says of one parcel what closed rounds leave, and its fact says so too."""
    head, _, what = rule.id.rpartition(".")
    name = head.partition(".")[2].partition(".")[2]
    row = case.parcels.index().get(name)
    if rule.kind != "note" or rule.spec.get("flag") != "carried" or what not in CARRIED or row is None:
        return False
    fact = CARRIED[what]
    meant = rule.when in (f"parcel_id == '{name}'", f'parcel_id == "{name}"')
    return meant and not rule.exception_to and (fact is None or case.parcels.column(fact)[row] is True)


def _served(rule: Rule) -> bool:
    """Whether a rule of the ledger closes another site to a platform that has one; it opens nothing."""
    closes = rule.kind == "eligibility" and set(rule.spec["verdict"].values()) <= {"forbid", "condition"}
    return closes and not rule.exception_to and rule.id.endswith(".served")


def _of_lock(case: Case, rule: Rule) -> bool:
    """Whether an exception of a fix by hand goes with its lock, and reaches no further than that."""
    name = rule.id.removesuffix(".exception")
    lock = next((each for each in case.rules if each.id == name and each.origin == "override"), None)
    if lock is None or lock.kind != "lock" or name == rule.id or lock.cite != rule.cite:
        return False
    listed = ", ".join(f"'{parcel}'" for parcel in lock.spec["parcels"])
    when, demand = f"parcel_id in [{listed}] and method == '{lock.spec['method']}'", lock.spec["demand"]
    when += f" and demand_id == '{demand}'" if demand else ""
    return rule.when == when and set(rule.spec["verdict"]) == {lock.spec["method"]}
