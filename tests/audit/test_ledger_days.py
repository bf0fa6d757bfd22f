"""Days told to the ledger: of documents, results, matters and keys; which are refused, and which a bureau needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.keeping.ledger import days
from landopt.keeping.ledger.entry_forms import well_formed
from landopt.keeping.ledger.matters import read_matters
from landopt.keeping.ledger.round_steps import read_results
from parcels.common.issues import Refused
from tests.audit.ledgers import BODY

OPENED = "2026-04-02T08:00:00+00:00"


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "today", lambda: "2026-06-15")


def _codes(day: str, as_of: str = "2026-03-31", opened: str = OPENED, last: str = "") -> list[str]:
    try:
        days.require_document_day(day, as_of, opened, last)
    except Refused as refused:
        return [issue.key for issue in refused.issues]
    return []


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("0001-01-01", ["B028.founded"]),
        ("1949-09-30", ["B028.founded"]),
        ("9999-12-31", ["B028.future"]),
        ("2096-06-16", ["B028.future"]),
        ("2096-06-15", []),
        ("2027-06-16", []),  # a round of years to come, tried out with its own days
        ("2026-03-30", ["B028.before"]),
        ("2026-03-31", []),  # signed on the day of the facts, entered later
        ("2026-06-15", []),
        ("20260401", ["B024.not-date"]),
        ("2026-W14-3", ["B024.not-date"]),
        ("2026-02-30", ["B024.not-date"]),
        ("２０２６-04-01", ["B024.not-date"]),
        ("2026-04-01 ", ["B024.not-date"]),
        ("", ["B024.not-date"]),
    ],
)
def test_the_day_of_a_document_that_adopts(day: str, said: list[str]) -> None:
    assert _codes(day) == said


def test_rounds_of_other_years_are_entered_too() -> None:
    """One of the past, entered today; one of next year, decided before it begins; one tried out in its own days."""
    assert _codes("2018-06-01", as_of="2018-03-01") == []
    assert _codes("2018-02-01", as_of="2018-03-01") == ["B028.before"]
    assert _codes("2026-05-01", as_of="2027-01-01") == []
    assert _codes("2026-12-01", last="2026-12-31") == []
    assert _codes("2096-12-31", last="2026-12-31") == []
    assert _codes("2097-01-01", last="2026-12-31") == ["B028.future"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("P1,contracted,2026-05-01,2026-06-01", []),
        ("P1,contracted,9999-12-31,", ["B028.future"]),
        ("P1,failed,0001-01-01,", ["B028.founded"]),
        ("P1,failed,20260501,", ["B024.not-date"]),
        ("P1,contracted,2026-05-01,2026-04-01", ["B028.due"]),
        ("P1,contracted,2026-05-01,20260601", ["B024.not-date"]),
    ],
)
def test_days_of_results(tmp_path: Path, row: str, said: list[str]) -> None:
    """None that no right reaches; what is agreed is not before the contract."""
    file = tmp_path / "results.csv"
    file.write_text(f"parcel_id,outcome,date,start_by\n{row}\n", encoding="utf-8")
    if not said:
        assert read_results(file, {"P1"}, "")
        return
    with pytest.raises(Refused) as caught:
        read_results(file, {"P1"}, "")
    assert [issue.key for issue in caught.value.issues] == said


def test_days_of_matters(tmp_path: Path) -> None:
    """Of a decision, and of the answer to an objection."""
    file = tmp_path / "matters.csv"
    file.write_text(
        "what,date,document,answer,answered_on\ndecision,9999-01-01,d,,\nobjection,2026-05-01,,a,0001-01-01\n"
    )
    with pytest.raises(Refused) as caught:
        read_matters(file, set(), "")
    assert [issue.key for issue in caught.value.issues] == ["B028.future", "B028.founded"]


def test_keys_that_are_over_are_not_fixed() -> None:
    """A round whose keys had ended could never be adopted."""
    days.require_until("2026-06-15")
    for day, said in (("2026-06-14", "B028.over"), ("20270101", "B024.not-date")):
        with pytest.raises(Refused) as caught:
            days.require_until(day)
        assert [issue.key for issue in caught.value.issues] == [said]


def test_an_entry_holds_days_and_nothing_else() -> None:
    """Whoever folds the entries counts on from them."""
    assert well_formed("adopt", BODY)
    assert not well_formed("adopt", {**BODY, "date": "soon"})
    result = {"parcel_id": "P1", "outcome": "contracted", "date": "2026-05-01", "document": ""}
    assert well_formed("record", {"results": [result]})
    for changed in ({"date": "2026-13-01"}, {"start_by": "later"}, {"deliver_by": "2026-02-30"}):
        assert not well_formed("record", {"results": [{**result, **changed}]})
