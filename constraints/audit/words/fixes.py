"""Fixes by hand as a plan tells of them, held against the locks of its case. Standard library only.

What a fix costs is not said here: its lower end takes a search, which landopt makes again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from constraints.case import Case
from constraints.loading.load import grade_of
from constraints.types import Rule

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]


def read_fixes(same: Same, plan: Json, case: Case) -> None:
    """Parcels, method and platform of each fix, who made it and why, and the rules that it sets aside."""
    rules = {rule.id: rule for rule in case.rules}
    for each in plan["overrides"]:
        lock, where = rules.get(each["rule"]), f"fix {each['rule']}"
        if lock is None or lock.kind != "lock":
            continue  # said elsewhere
        same(where, "parcels", list(each["parcel_ids"]), list(lock.spec["parcels"]))
        same(where, "method", each["method"], lock.spec["method"])
        same(where, "platform", each["demand_id"], lock.spec["demand"] or None)
        who = f"{each['reason']} ({each['by']})", each["reason"] if not each["by"] else None
        same(where, "reason and person", lock.cite.doc if lock.cite.doc in who else who[0], lock.cite.doc)
        exception = rules.get(f"{lock.id}.exception")
        touched = [] if exception is None else [rules[name] for name in exception.exception_to if name in rules]
        same(where, "rules set aside", list(each["overrides"]), [_cited(rule) for rule in touched])
        named, _, rest = each["fix"].partition("=")
        same(where, "text: parcels", sorted(set(named.strip().split("+"))), sorted(lock.spec["parcels"]))
        same(where, "text: platform", rest.partition(":")[2] or None, each["demand_id"])


def _cited(rule: Rule) -> dict[str, Any]:
    cite = rule.cite
    return {
        "article": cite.article,
        "doc": cite.doc,
        "en": rule.title.en,
        "grade": grade_of(rule),
        "number": cite.number,
        "origin": rule.origin,
        "rank": cite.rank,
        "rule": rule.id,
        "start": rule.start,
        "until": rule.until,
        "zh": rule.title.zh,
    }
