"""After the contract: what was agreed (delivery, start, completion), what came of it, and what is overdue on a day.

The dates are those of the contract, recorded with its result; what follows from a late start is law: what counts as
idle (Order 53 art. 2), a fee for idle land after one year, taking back after two (城市房地产管理法 art. 26).
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DUE = {"deliver_by": "delivered", "start_by": "started", "complete_by": "completed"}
"""The agreed days of a contract, and the outcome that meets each."""
MET = tuple(DUE.values())


@dataclass(frozen=True, slots=True)
class Consequence:
    """What law attaches to a start so many years late: the first day it was law, its text and how far it was read."""

    what: str
    years: int
    since: str
    doc: str
    article: str
    grade: str
    domain: str


LAW = (
    Consequence("idle", 1, "2012-07-01", "闲置土地处置办法（国土资源部令第53号）", "第二条", "V2", "P-IDLE"),
    Consequence("idle_fee", 1, "1995-01-01", "城市房地产管理法", "第二十六条", "V1", "R-UREAM-26"),
    Consequence("taking_back", 2, "1995-01-01", "城市房地产管理法", "第二十六条", "V1", "R-UREAM-26"),
)
"""In the order of their years; from the legal fact base (docs/rules-coverage.md)."""


def overdue(contracts: Mapping[str, Mapping[str, str]], as_of: str) -> list[dict[str, Any]]:
    """What is overdue on a day, by parcel: ``contracts`` have the agreed days and the days on which they were met.

    Each entry: ``parcel_id``, ``what`` (deliver_by, start_by, complete_by, idle, idle_fee, taking_back), ``due`` (the
    day it should have been done by, or from which the consequence holds), ``days`` since, and the law's ``cite`` and
    ``grade`` where it is law and not the contract alone.
    """
    found = []
    for name in sorted(contracts):
        one = contracts[name]
        for agreed, met in DUE.items():
            # what is completed has been started, what is started has been delivered
            later = MET[MET.index(met) :]
            if agreed in one and one[agreed] < as_of and not any(each in one for each in later):
                found.append(_entry(name, agreed, one[agreed], as_of))
        if "start_by" in one and not {"started", "completed"} & one.keys():
            for each in LAW:
                due = years_after(one["start_by"], each.years)
                if each.since <= as_of and due <= as_of:
                    entry = _entry(name, each.what, due, as_of)
                    cite = {"doc": each.doc, "article": each.article}
                    found.append({**entry, "cite": cite, "grade": each.grade, "domain": each.domain})
    return found


def _entry(parcel: str, what: str, due: str, as_of: str) -> dict[str, Any]:
    days = (datetime.date.fromisoformat(as_of) - datetime.date.fromisoformat(due)).days
    return {"parcel_id": parcel, "what": what, "due": due, "days": days}


def years_after(day: str, years: int) -> str:
    """The same day so many years later; 1 March after a 29 February."""
    date = datetime.date.fromisoformat(day)
    try:
        return date.replace(year=date.year + years).isoformat()
    except ValueError:
        return datetime.date(date.year + years, 3, 1).isoformat()
