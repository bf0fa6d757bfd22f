"""After the contract: agreed days, what met them, and what is overdue under the law of the day."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from landopt.keeping.ledger.after_contract import overdue, years_after
from landopt.keeping.ledger.entry_forms import well_formed
from landopt.keeping.ledger.rounds import state

AGREED = {"deliver_by": "2024-03-01", "start_by": "2024-06-30", "complete_by": "2026-06-30"}


def what(as_of: str, **met: str) -> list[str]:
    """What is overdue on a day of a contract with these days met."""
    return [entry["what"] for entry in overdue({"P1": {**AGREED, **met}}, as_of)]


@pytest.mark.parametrize(
    ("as_of", "met", "expected"),
    [
        ("2024-03-01", {}, []),  # the last day is not overdue
        ("2024-03-02", {}, ["deliver_by"]),
        ("2024-07-01", {"delivered": "2024-02-20"}, ["start_by"]),
        ("2025-06-29", {"delivered": "2024-02-20"}, ["start_by"]),
        ("2025-06-30", {"delivered": "2024-02-20"}, ["start_by", "idle", "idle_fee"]),
        ("2026-06-29", {"delivered": "2024-02-20"}, ["start_by", "idle", "idle_fee"]),
        ("2026-06-30", {"delivered": "2024-02-20"}, ["start_by", "idle", "idle_fee", "taking_back"]),
        ("2026-07-01", {"started": "2024-06-30"}, ["complete_by"]),
        ("2027-01-01", {"completed": "2026-06-01"}, []),
    ],
)
def test_what_is_overdue(as_of: str, met: dict[str, str], expected: list[str]) -> None:
    """One year after the agreed start land is idle and a fee may be taken, after two it may be taken back."""
    assert what(as_of, **met) == expected


def test_the_law_of_the_day() -> None:
    """Before Order 53 (2012-07-01) the fee of the Law alone is named, with how far it was read."""
    found = overdue({"P1": {"start_by": "2010-01-01"}}, "2012-06-30")
    assert [(each["what"], each.get("grade")) for each in found] == [
        ("start_by", None),
        ("idle_fee", "V1"),
        ("taking_back", "V1"),
    ]
    assert years_after("2024-02-29", 1) == "2025-03-01"


def entry(kind: str, seq: int, **body: Any) -> Any:
    """A ledger entry."""
    assert well_formed(kind, body)
    return SimpleNamespace(kind=kind, seq=seq, round="R", at="2024-01-01", body=body)


def test_records_after_the_contract_keep_the_parcel_contracted() -> None:
    """Delivered, started, completed meet the agreed days; a lapsed contract has none."""
    adopted = {"parcel_ids": ["P1"], "demand_id": None, "method": "listing"}
    result = {"parcel_id": "P1", "date": "2024-01-01", "document": "c"}
    entries = [
        entry("adopt", 1, document="d", date="2024-01-01", assignments=[adopted], signers=None),
        entry("record", 2, results=[{**result, "outcome": "contracted", "start_by": "2024-06-30"}]),
        entry("record", 3, results=[{**result, "outcome": "delivered", "date": "2024-02-01"}]),
    ]
    found = state(entries)
    assert found.status["P1"] == "contracted"
    assert found.contracts == {"P1": {"start_by": "2024-06-30", "delivered": "2024-02-01"}}
    assert [each["what"] for each in overdue(found.contracts, "2024-07-01")] == ["start_by"]
    entries.append(entry("record", 4, results=[{**result, "outcome": "lapsed"}]))
    assert state(entries).contracts == {}
