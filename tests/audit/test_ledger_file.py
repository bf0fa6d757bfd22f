"""What a ledger file is by its own marks, which no version may move: older files must stay readable."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from landopt.keeping.ledger.chain import Ledger
from parcels.common.issues import Refused


def _marked(path: Path, pragma: str, value: int) -> None:
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(f"PRAGMA {pragma} = {value}")
    db.close()


def test_a_ledger_is_a_file_of_kind_land_version_1_kept_in_one_piece(tmp_path: Path) -> None:
    """The application id reads "land"; a copy of the one file holds everything: no log lies beside it."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, create=True) as book:
        book.append("open", "R1", {"by": "officer"})
    db = sqlite3.connect(path)
    marks = [db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version", "journal_mode")]
    db.close()
    assert marks == [int.from_bytes(b"land"), 1, "delete"]
    assert [each.name for each in tmp_path.iterdir()] == ["ledger.sqlite"]


@pytest.mark.parametrize(
    ("pragma", "value", "code"),
    [
        ("application_id", int.from_bytes(b"land") + 1, "B002"),
        ("application_id", 0, "B002"),
        ("user_version", 2, "B081"),
        ("user_version", 1, ""),
        ("user_version", 0, ""),
    ],
)
@pytest.mark.parametrize("writes", [True, False])
def test_another_kind_and_a_later_version_are_refused(
    tmp_path: Path, pragma: str, value: int, code: str, writes: bool
) -> None:
    """Before anything is read from it or written to it."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, create=True):
        pass
    _marked(path, pragma, value)
    before = path.read_bytes()
    if code:
        with pytest.raises(Refused) as refused, Ledger(path, create=writes):
            pass
        assert [issue.code for issue in refused.value.issues] == [code]
        assert path.read_bytes() == before
    else:
        with Ledger(path, create=writes) as book:
            assert book.entries() == []


def test_an_unmarked_database_of_somebody_else_is_not_taken(tmp_path: Path) -> None:
    """A file with a table and no mark is another program's."""
    path = tmp_path / "ledger.sqlite"
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("CREATE TABLE other (a)")
    db.close()
    before = path.read_bytes()
    with pytest.raises(Refused) as refused, Ledger(path, create=True):
        pass
    assert [issue.code for issue in refused.value.issues] == ["B002"]
    assert path.read_bytes() == before
