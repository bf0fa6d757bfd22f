"""The ledger of rounds: append-only, hash-chained, in one SQLite file.

Each entry carries the hash of the one before it, so that changing, removing or inserting an entry shows; the hash of
the last entry (the *head*) is printed on every plan, so that cutting the tail shows too.  Triggers refuse updates and
deletes; whoever goes round them is found by :meth:`Ledger.problems`, and nothing more is appended.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from constraints.canonical import canonical, digest
from parcels.common.issues import Environment, Issue, Refused, error, warning
from parcels.common.place import within

APPLICATION = 0x6C616E64
VERSION = 1
KINDS = ("open", "adopt", "record", "override", "close")
START = "0" * 64
_WAIT_MS = 60_000
_SCHEMA = """
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    round TEXT NOT NULL,
    body TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER entries_keep BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entries_stay BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entries_chain BEFORE INSERT ON entries
WHEN NEW.seq <> (SELECT COALESCE(MAX(seq), 0) + 1 FROM entries)
  OR NEW.prev <> COALESCE((SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), '@START')
BEGIN SELECT RAISE(ABORT, 'the entry does not follow the last one'); END;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its number, UTC time, kind, round, content, the hash before it and its own."""

    seq: int
    at: str
    kind: str
    round: str
    body: Mapping[str, Any]
    prev: str
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


def entry_hash(seq: int, at: str, kind: str, round_id: str, body: Mapping[str, Any], prev: str) -> str:
    """The hash of an entry: SHA-256 of its canonical JSON."""
    return digest({"seq": seq, "at": at, "kind": kind, "round": round_id, "body": body, "prev": prev})


class Ledger:
    """An open ledger; use as a context manager.

    Raises
    ------
    Refused
        If the file is no ledger or was written by a newer version (B081), or there is none and ``create`` is False.
    Environment
        If it cannot be opened or written (exit 6).
    """

    def __init__(self, path: str | Path, *, create: bool = False) -> None:
        self.path = Path(path)
        if not create and not self.path.is_file():
            raise Refused(error("B001.there-no-ledger", at=str(path), file=self.path.name))
        self.warnings: list[Issue] = []
        with self._trouble():
            self._db = sqlite3.connect(self.path, timeout=_WAIT_MS / 1000, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        db = self._db
        db.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            self.warnings.append(warning("B079.disk-ledger-no", at=str(self.path)))
        db.execute("PRAGMA synchronous = FULL")
        db.execute("BEGIN IMMEDIATE")
        try:
            kind = db.execute("PRAGMA application_id").fetchone()[0]
            version = db.execute("PRAGMA user_version").fetchone()[0]
            tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
            if kind == 0 and tables == 0:
                for statement in _statements(_SCHEMA.replace("@START", START)):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {VERSION}")
            elif kind != APPLICATION:
                raise Refused(error("B002.not-ledger-landopt", at=str(self.path), file=self.path.name))
            elif version > VERSION:
                raise Refused(
                    error("B081.ledger-version-landopt", at=str(self.path), version=version, version2=VERSION)
                )
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as trouble:
            if isinstance(trouble, sqlite3.OperationalError):
                raise Environment(error("B075.cannot-be-used", at=str(self.path), trouble=trouble)) from trouble
            raise Refused(error("B080.cannot-be-used", at=str(self.path), trouble=trouble)) from trouble

    def entries(self) -> list[Entry]:
        """All entries in order."""
        with self._trouble():
            rows = self._db.execute(
                "SELECT seq, at, kind, round, body, prev, hash FROM entries ORDER BY seq"
            ).fetchall()
        return [Entry(seq, at, kind, name, _body(body), prev, sha) for seq, at, kind, name, body, prev, sha in rows]

    def head(self) -> str:
        """The hash of the last entry (64 zeros for an empty ledger)."""
        with self._trouble():
            row = self._db.execute("SELECT hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return str(row[0]) if row else START

    def problems(self) -> list[Issue]:
        """What does not hold: a hole, an altered entry, a broken chain; and (as warnings) a clock that went back."""
        found: list[Issue] = []
        before, expected, last = START, 1, ""
        for entry in self.entries():
            if entry.seq != expected:
                found.append(
                    error(
                        "B080.entries-missing",
                        at=within(self.path.name, entry=entry.seq),
                        expected=expected,
                        seq=entry.seq - 1,
                    )
                )
            if entry.prev != before:
                found.append(error("B080.entry-does-not", at=within(self.path.name, entry=entry.seq), seq=entry.seq))
            if entry.hash != entry_hash(entry.seq, entry.at, entry.kind, entry.round, entry.body, entry.prev):
                found.append(error("B080.entry-altered", at=within(self.path.name, entry=entry.seq), seq=entry.seq))
            if entry.at < last:
                found.append(warning("B076.clock-went-back", at=within(self.path.name, entry=entry.seq), seq=entry.seq))
            before, expected, last = entry.hash, entry.seq + 1, max(last, entry.at)
        return found

    def append(self, kind: str, round_id: str, body: Mapping[str, Any], at: str | None = None) -> Entry:
        """Add an entry; it is on the disk when this returns.

        Raises
        ------
        Refused
            If the ledger was altered (B080): nothing is appended.
        """
        if kind not in KINDS:
            raise ValueError(f"{kind} is no kind of entry")
        text = canonical(body).decode("utf-8")
        with self._trouble():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                bad = [issue for issue in self.problems() if issue.level == "error"]
                if bad:
                    raise Refused(bad)
                row = self._db.execute("SELECT seq, hash, at FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
                seq, prev = (row[0] + 1, row[1]) if row else (1, START)
                when = at or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                if row and when < row[2]:
                    self.warnings.append(warning("B076.clock-says-before", at=str(self.path), when=when, row=row[2]))
                name = entry_hash(seq, when, kind, round_id, body, prev)
                self._db.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", (seq, when, kind, round_id, text, prev, name)
                )
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return Entry(seq, when, kind, round_id, dict(body), prev, name)


def _body(text: str) -> dict[str, Any]:
    """The content of an entry; one that is no longer JSON shows as altered, not as a crash."""
    try:
        found = json.loads(text)
    except ValueError:
        return {"unreadable": text}
    return found if isinstance(found, dict) else {"unreadable": text}


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one (``executescript`` would commit first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
