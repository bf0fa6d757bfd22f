"""The ledger of rounds: append-only, hash-chained, in one SQLite file.

Each entry carries the hash of the one before it, so that changing, removing or inserting an entry shows; the hash of
the last entry (the *head*) is printed on every plan, so that cutting the tail shows too.  Triggers refuse updates and
deletes; whoever goes round them is found by :meth:`Ledger.problems`, and nothing more is appended.  Who rewrites the
whole chain is found by signatures and witnesses (:mod:`landopt.keeping.ledger.trust`).

All entries are in the one file: it is kept without a write-ahead log, which a copy of the file would leave behind.
"""

from __future__ import annotations

import contextlib
import datetime
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from constraints.canonical import canonical, digest
from landopt.keeping.ledger.entry_forms import well_formed
from parcels.common.atomic import in_passing
from parcels.common.gate import admit, load_json
from parcels.common.issues import Environment, Issue, Refused, error, stop_on_errors, warning
from parcels.common.place import within

APPLICATION = 0x6C616E64
VERSION = 1
KINDS = ("open", "adopt", "record", "override", "close", "sign", "revoke", "supersede", "token")
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


Content = Mapping[str, Any] | Callable[[int, str], dict[str, Any]]
"""What an entry says, or what makes it from its number and the head before it (a signature of that head)."""


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

    def __init__(self, path: str | Path, *, create: bool = False, read_only: bool = False) -> None:
        self.path = Path(path)
        if not create and not self.path.exists():
            raise Refused(error("B001.there-no-ledger", at=str(path), file=self.path.name))
        if self.path.exists():
            admit(self.path)
        self.warnings: list[Issue] = []
        new = not self.path.exists()
        if not read_only and not _locks(self.path):
            self.warnings.append(warning("B079.locks", at=str(self.path)))
        with self._trouble():
            if read_only:
                place = f"{self.path.absolute().as_uri()}?mode=ro"
                self._db = sqlite3.connect(place, timeout=_WAIT_MS / 1000, isolation_level=None, uri=True)
            else:
                self._db = sqlite3.connect(self.path, timeout=_WAIT_MS / 1000, isolation_level=None)
            try:
                # a damaged text shows as altered, not as a crash
                self._db.text_factory = lambda raw: raw.decode("utf-8", "replace")
                self._db.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
                self._check_kind() if read_only else self._prepare(new=new)
            except BaseException:
                self._db.close()
                raise

    def _check_kind(self) -> bool:
        """Whether there is a ledger in the file already; refuses another kind or a newer version."""
        db = self._db
        kind = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if kind == 0 and tables == 0:
            return False
        if kind != APPLICATION:
            raise Refused(error("B002.not-ledger-landopt", at=str(self.path), file=self.path.name))
        if version > VERSION:
            raise Refused(error("B081.ledger-version-landopt", at=str(self.path), version=version, version2=VERSION))
        return True

    def _prepare(self, *, new: bool) -> None:
        db = self._db
        db.execute("PRAGMA synchronous = FULL")
        if new and db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            # only asked, and only of a new ledger: a disk without shared memory is not a local one
            self.warnings.append(warning("B079.shared", at=str(self.path)))
        db.execute("BEGIN IMMEDIATE")
        try:
            if not self._check_kind():
                for statement in _statements(_SCHEMA.replace("@START", START)):
                    db.execute(statement)
                db.execute(f"PRAGMA application_id = {APPLICATION}")
                db.execute(f"PRAGMA user_version = {VERSION}")
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        if db.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            db.execute("PRAGMA journal_mode = DELETE")

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
        found: list[Entry] = []
        try:
            rows = self._db.execute("SELECT seq, at, kind, round, body, prev, hash FROM entries ORDER BY seq")
            for seq, at, kind, name, body, prev, sha in rows:
                number = seq if isinstance(seq, int) else -1
                found.append(Entry(number, str(at), str(kind), str(name), _body(body), str(prev), str(sha)))
        except sqlite3.OperationalError:
            with self._trouble():
                raise
        except sqlite3.DatabaseError as torn:
            last = found[-1].seq if found else 0
            raise Refused(error("B080.torn", at=str(self.path), entry=last + 1, why=str(torn))) from torn
        return found

    def head(self) -> str:
        """The hash of the last entry (64 zeros for an empty ledger)."""
        with self._trouble():
            row = self._db.execute("SELECT hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return str(row[0]) if row else START

    def problems(self) -> list[Issue]:
        """What does not hold: a hole, an altered entry, a broken chain; and (as warnings) a clock that went back."""
        return problems(self.entries(), self.path.name)

    def backup(self, target: Path) -> None:
        """Copy the ledger, whole and at one moment, to a place that is free.

        Raises
        ------
        Refused
            If something is there, or the ledger does not hold together (B080): a backup of it would be relied on.
        """
        if target.exists():
            raise Refused(error("B031.there", at=str(target), name=target.name))
        stop_on_errors(self.problems())

        def copy(fresh: Path) -> None:
            made = fresh / target.name
            with self._trouble(), contextlib.closing(sqlite3.connect(made)) as store:
                self._db.backup(store)
            made.replace(target)

        in_passing(target, copy)

    def append(self, kind: str, round_id: str, body: Mapping[str, Any], at: str | None = None) -> Entry:
        """Add an entry; it is on the disk when this returns.

        Raises
        ------
        Refused
            If the ledger was altered (B080): nothing is appended.
        """
        return self.append_all([(kind, round_id, body)], at)[-1]

    def append_all(self, new: Sequence[tuple[str, str, Content]], at: str | None = None) -> list[Entry]:
        """Add several entries, all or none.

        Raises
        ------
        Refused
            If the ledger was altered (B080): nothing is appended.
        """
        added: list[Entry] = []
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
                for kind, round_id, given in new:
                    if kind not in KINDS:
                        raise ValueError(f"{kind} is no kind of entry")
                    body = given(seq, prev) if callable(given) else dict(given)
                    name = entry_hash(seq, when, kind, round_id, body, prev)
                    text = canonical(body).decode("utf-8")
                    values = (seq, when, kind, round_id, text, prev, name)
                    self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", values)
                    added.append(Entry(seq, when, kind, round_id, body, prev, name))
                    seq, prev = seq + 1, name
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
        return added


def problems(entries: Sequence[Entry], ledger: str) -> list[Issue]:
    """What does not hold of a chain of entries, each with its number; ``ledger`` names the file."""
    found: list[Issue] = []
    before, expected, last = START, 1, ""
    for entry in entries:
        where = f"{ledger}, entry {entry.seq}"
        if entry.seq != expected:
            found.append(
                error("B080.entries-missing", at=within(ledger, entry=entry.seq), expected=expected, seq=entry.seq - 1)
            )
        if entry.prev != before:
            found.append(error("B080.entry-does-not", at=within(ledger, entry=entry.seq), seq=entry.seq))
        if not _whole(entry):
            found.append(error("B080.entry-altered", at=within(ledger, entry=entry.seq), seq=entry.seq))
        elif not well_formed(entry.kind, entry.body):
            found.append(error("B080.form", at=where, entry=entry.seq, kind=entry.kind))
        if entry.at < last:
            found.append(warning("B076.clock-went-back", at=within(ledger, entry=entry.seq), seq=entry.seq))
        before, expected, last = entry.hash, entry.seq + 1, max(last, entry.at)
    return found


def _whole(entry: Entry) -> bool:
    """Whether the hash of an entry is that of what it says; what no canonical text can hold was altered."""
    try:
        return entry.hash == entry_hash(entry.seq, entry.at, entry.kind, entry.round, entry.body, entry.prev)
    except (ValueError, TypeError, RecursionError):
        return False


def _locks(path: Path) -> bool:
    """Whether the disk can lock a file (some network drives cannot); tried where nobody else has it open."""
    if not path.is_file() or sys.platform == "win32":
        return True
    import fcntl

    with contextlib.suppress(OSError), path.open("rb") as file:
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
    return True


def _body(text: str) -> dict[str, Any]:
    """The content of an entry; one that is no longer JSON shows as altered, not as a crash."""
    try:
        found = load_json(text)
    except (ValueError, TypeError):
        return {"unreadable": str(text)}
    return found if isinstance(found, dict) else {"unreadable": text}


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one (``executescript`` would commit first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
