"""The ledger: nothing lost, nothing rewritten unseen, and what it means for the next plan (FAULTS 75, 76, 79-81)."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from landopt.keeping.ledger import round_steps as rounddesk
from landopt.keeping.ledger.chain import Ledger, entry_hash
from landopt.keeping.ledger.stores.sqlite import SqliteStore
from landopt.keeping.shelf import plans
from parcels.common.issues import Environment, Refused

ROOT = Path(__file__).parents[2]


def _filled(path: Path, count: int = 12) -> None:
    with Ledger(path, create=True) as book:
        for number in range(count):
            book.append("open", f"R{number}", {"by": "officer-2", "number": number})


def _append_many(path: str, who: int) -> None:
    for number in range(100):
        with Ledger(path) as book:
            book.append("open", f"w{who}-{number}", {"by": str(who)})


def test_four_writers_lose_nothing(tmp_path: Path) -> None:
    """Four processes append a hundred entries each: four hundred entries in one unbroken chain."""
    path = tmp_path / "ledger.sqlite"
    with Ledger(path, create=True):
        pass
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append_many, args=(str(path), who)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    with Ledger(path) as book:
        entries = book.entries()
        assert [issue for issue in book.problems() if issue.level == "error"] == []
    assert len(entries) == 400
    assert len({entry.round for entry in entries}) == 400
    assert [entry.seq for entry in entries] == list(range(1, 401))


def test_updates_and_deletes_are_refused(tmp_path: Path) -> None:
    """The triggers hold against SQL."""
    _filled(tmp_path / "l")
    raw = sqlite3.connect(tmp_path / "l")
    for statement in (
        "UPDATE entries SET body = '{}'",
        "DELETE FROM entries",
        "INSERT INTO entries VALUES (99,'','open','','{}','','x')",
    ):
        with pytest.raises(sqlite3.IntegrityError, match=r"append-only|follow"):
            raw.execute(statement)
    raw.close()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE entries SET body = replace(body, 'officer-2', 'officer-3') WHERE seq = 5", "entry 5 was altered"),
        ("UPDATE entries SET at = '2020-01-01T00:00:00+00:00' WHERE seq = 5", "entry 5 was altered"),
        ("UPDATE entries SET body = 'not json' WHERE seq = 5", "entry 5 was altered"),
        ("DELETE FROM entries WHERE seq = 5", "entries 5 to 5 are missing"),
        ("DELETE FROM entries WHERE seq < 3", "entries 1 to 2 are missing"),
        ("UPDATE entries SET prev = hash WHERE seq = 5", "entry 5 does not follow"),
    ],
)
def test_fault_80_altered_ledger_is_reported_and_not_extended(tmp_path: Path, statement: str, said: str) -> None:
    """FAULTS 80: an entry changed or a hole is named by number, and nothing is appended."""
    _filled(tmp_path / "l")
    raw = sqlite3.connect(tmp_path / "l")
    raw.executescript("DROP TRIGGER entries_keep; DROP TRIGGER entries_stay;" + statement)
    raw.commit()
    raw.close()
    with Ledger(tmp_path / "l") as book:
        assert any(said in issue.what for issue in book.problems())
        with pytest.raises(Refused) as refused:
            book.append("open", "late", {})
        assert refused.value.issues[0].code == "B080"
        assert all(entry.round != "late" for entry in book.entries())


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_without_its_guards_is_told(tmp_path: Path, read_only: bool) -> None:
    """Whoever dropped the triggers can change entries: the chain tells of changes, this of the door left open."""
    _filled(tmp_path / "l")
    with Ledger(tmp_path / "l", read_only=read_only) as book:
        assert book.warnings == []
    raw = sqlite3.connect(tmp_path / "l")
    raw.executescript("DROP TRIGGER entries_keep;")
    raw.close()
    with Ledger(tmp_path / "l", read_only=read_only) as book:
        assert [(issue.code, issue.level) for issue in book.warnings] == [("B082", "warning")]
        assert "entries_keep" in book.warnings[0].what
        assert book.problems() == []


def test_fault_80_cut_tail_shows_by_the_head_on_the_plan(tmp_path: Path) -> None:
    """A chain cut at its end is whole in itself; the head printed on a plan is no longer there."""
    _filled(tmp_path / "l")
    with Ledger(tmp_path / "l") as book:
        plan = {"ledger_head": book.head()}
        assert rounddesk.ledger_issues(tmp_path / "l", plan) == []
    raw = sqlite3.connect(tmp_path / "l")
    raw.executescript("DROP TRIGGER entries_stay; DELETE FROM entries WHERE seq > 8;")
    raw.close()
    with Ledger(tmp_path / "l") as book:
        assert book.problems() == []
    found = rounddesk.ledger_issues(tmp_path / "l", plan)
    assert [issue.code for issue in found] == ["B080"]


def test_fault_76_clock_that_went_back_is_told_and_order_kept(tmp_path: Path) -> None:
    """FAULTS 76: the order is by number."""
    with Ledger(tmp_path / "l", create=True) as book:
        book.append("open", "a", {}, at="2026-05-02T00:00:00+00:00")
        book.append("open", "b", {}, at="2026-05-01T00:00:00+00:00")
        assert book.warnings[0].code == "B076"
        assert [issue.level for issue in book.problems()] == ["warning"]
        assert [entry.round for entry in book.entries()] == ["a", "b"]
        book.append("open", "c", {})


def test_fault_81_newer_or_foreign_files_are_refused(tmp_path: Path) -> None:
    """FAULTS 81: a newer version, another application's file, no database at all."""
    _filled(tmp_path / "l", 1)
    raw = sqlite3.connect(tmp_path / "l")
    raw.execute("PRAGMA user_version = 2")
    raw.close()
    with pytest.raises(Refused, match="version 2"):
        Ledger(tmp_path / "l")
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE t (x)")
    other.commit()
    other.close()
    with pytest.raises(Refused, match="is not a ledger"):
        Ledger(tmp_path / "other")
    (tmp_path / "text").write_bytes(b"no database " * 100)
    with pytest.raises(Refused):
        Ledger(tmp_path / "text")
    with pytest.raises(Refused, match="there is no ledger"):
        Ledger(tmp_path / "none")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER gone AFTER INSERT ON entries BEGIN DELETE FROM entries; END",
        "CREATE VIEW other AS SELECT 1",
        "ALTER TABLE entries ADD COLUMN more TEXT",
        "CREATE INDEX other ON entries (at)",
    ],
)
def test_a_ledger_that_holds_more_than_landopt_made_is_refused(tmp_path: Path, statement: str) -> None:
    """A trigger of somebody else's could undo what is appended; by readers and writers alike."""
    _filled(tmp_path / "l", 2)
    raw = sqlite3.connect(tmp_path / "l")
    raw.execute(statement)
    raw.commit()
    raw.close()
    for read_only in (True, False):
        with pytest.raises(Refused, match=r"gone|other|entries"):
            Ledger(tmp_path / "l", read_only=read_only)


def test_a_name_in_the_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    """SQLite quotes it in its own message, which then cannot be decoded."""
    _filled(tmp_path / "l", 2)
    content = (tmp_path / "l").read_bytes()
    (tmp_path / "l").write_bytes(content.replace(b"CREATE TABLE entries", b"CREATE TABLE \xcdntries"))
    for read_only in (True, False):
        with pytest.raises((Refused, Environment), match="cannot be used"):
            Ledger(tmp_path / "l", read_only=read_only)


@pytest.mark.parametrize(
    "change",
    ["PRAGMA user_version = 99", "DROP TABLE entries", "UPDATE entries SET body = '{}'", "UPDATE entries SET at = ''"],
)
def test_what_was_adopted_is_not_guessed_from_a_damaged_ledger(tmp_path: Path, change: str) -> None:
    """``landopt plans`` and whatever would move a plan away: refused, never as if nothing were adopted."""
    _filled(tmp_path / "ledger.sqlite", 2)
    raw = sqlite3.connect(tmp_path / "ledger.sqlite")
    raw.execute("DROP TRIGGER entries_keep")
    raw.execute(change)
    raw.commit()
    raw.close()
    with pytest.raises((Refused, Environment)):
        plans(tmp_path)


def test_fault_79_disk_without_shared_memory_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAULTS 79: where write-ahead logging is not to be had (network drives), the ledger warns and works."""
    real = sqlite3.connect

    class Plain(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            return super().execute("PRAGMA journal_mode = DELETE" if "WAL" in sql else sql, *more)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Plain))
    with Ledger(tmp_path / "l", create=True) as book:
        assert book.warnings[0].code == "B079"
        assert book.append("open", "a", {}).seq == 1


@pytest.mark.parametrize(
    "message", ["database or disk is full", "disk I/O error", "attempt to write a readonly database"]
)
def test_fault_75_full_or_broken_disk_leaves_the_ledger_unchanged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, message: str
) -> None:
    """FAULTS 75: an error at any statement of an append ends in exit 6 with the old state."""
    _filled(tmp_path / "l", 3)
    real = sqlite3.connect
    plan = {"at": -1, "calls": 0}

    class Failing(sqlite3.Connection):
        def execute(self, sql: str, *more: Any) -> sqlite3.Cursor:
            plan["calls"] += 1
            if plan["calls"] == plan["at"]:
                raise sqlite3.OperationalError(message)
            return super().execute(sql, *more)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: real(*a, **k, factory=Failing))
    failed = 0
    for at in range(1, 25):
        plan.update(at=at, calls=0)
        try:
            with Ledger(tmp_path / "l") as book:
                book.append("open", "extra", {})
        except Environment as trouble:
            failed += 1
            assert trouble.exit_code == 6  # noqa: PT017
        plan["at"] = -1
        with Ledger(tmp_path / "l") as book:
            assert [issue for issue in book.problems() if issue.level == "error"] == []
    assert failed >= 8


KILLED = """
import sys
sys.path.insert(0, {root!r})
from landopt.keeping.ledger.chain import Ledger
with Ledger({path!r}) as book:
    print("ready", flush=True)
    for number in range(100000):
        entry = book.append("open", "r", {{"number": number}})
        print(entry.seq, flush=True)
"""


@pytest.mark.slow
def test_fault_74_killed_at_fifty_moments_loses_nothing_said(tmp_path: Path) -> None:
    """kill -9 at 50 moments: every entry that was reported is there, the chain holds, and appending goes on."""
    path = tmp_path / "l"
    _filled(path, 1)
    code = KILLED.format(root=str(ROOT), path=str(path))
    for moment in range(50):
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(0.002 * (moment + 1))
        child.kill()
        said = [int(line) for line in child.stdout.read().split("\n") if line.isdigit()]
        child.wait()
        child.stdout.close()
        with Ledger(path) as book:
            assert book.problems() == []
            assert max(said, default=0) <= len(book.entries())
            book.append("open", "after", {"moment": moment})
        if len(said) > 400:
            path.unlink()
            _filled(path, 1)


def test_byte_flips_in_the_ledger_are_found(tmp_path: Path) -> None:
    """Any changed byte in an entry's text, time, kind or hash is found."""
    _filled(tmp_path / "l", 4)
    with Ledger(tmp_path / "l") as book:
        assert isinstance(book.store, SqliteStore)
        book.store._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        texts = [entry.hash for entry in book.entries()] + ["officer-2", entry_hash.__name__]
    raw = (tmp_path / "l").read_bytes()
    draw, missed = Random(3), 0
    spots = [
        at for text in texts[:-1] for at in range(max(0, raw.find(text.encode())), raw.find(text.encode()) + len(text))
    ]
    for _ in range(100):
        at = draw.choice(spots)
        flipped = bytearray(raw)
        flipped[at] ^= 1 << draw.randrange(7)
        place = tmp_path / "flipped"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        (place / "l").write_bytes(bytes(flipped))
        try:
            with Ledger(place / "l") as book:
                missed += not any(issue.level == "error" for issue in book.problems())
        except (Refused, Environment):
            continue
    assert missed == 0


def test_an_empty_file_and_a_folder_are_no_ledger(tmp_path: Path) -> None:
    """A ledger that was cut down to nothing is told, to readers and writers alike, and is not begun anew."""
    path = tmp_path / "l"
    path.write_bytes(b"")
    for read_only in (True, False):
        with pytest.raises(Refused) as refused:
            Ledger(path, read_only=read_only)
        assert refused.value.issues[0].key == "B001.empty"
    assert path.read_bytes() == b""
    with pytest.raises(Refused) as refused:
        Ledger(tmp_path)
    assert refused.value.exit_code == 1
    with Ledger(path, create=True) as book:
        assert book.append("open", "R", {"by": "x", "inputs": []}).seq == 1
