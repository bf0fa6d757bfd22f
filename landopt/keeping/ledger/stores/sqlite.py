"""A ledger in one SQLite file, kept without a write-ahead log, which a copy of the file would leave behind."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from landopt.keeping.ledger.stores.rows import START, Row
from parcels.common.atomic import flush, in_passing
from parcels.common.gate import admit
from parcels.common.issues import Environment, Issue, Refused, error, warning

APPLICATION = 0x6C616E64
VERSION = 1
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


class SqliteStore:
    """The entries in a file."""

    def __init__(self, path: Path, *, create: bool, read_only: bool) -> None:
        self.path = path
        if not create and not self.path.exists():
            raise Refused(error("B001.there-no-ledger", at=str(path), file=self.path.name))
        if self.path.is_dir():
            raise Refused(error("F010.nowhere", name=str(path), why=os.strerror(errno.EISDIR)))
        if self.path.exists():
            admit(self.path)
        self.warnings: list[Issue] = []
        if not read_only and not _locks(self.path):
            self.warnings.append(warning("B079.locks", at=str(self.path)))
        if create and not read_only and not self.path.exists():
            in_passing(self.path, self._begin)
        with self._trouble():
            self._db = _connected(self.path, read_only=read_only)
            try:
                if (read_only or not create) and not self._check_kind(self._db):
                    # a ledger cut down to nothing is never begun anew in passing
                    raise Refused(error("B001.empty", at=str(path), file=path.name))
                if not read_only:
                    self._prepare(self._db, new=False)
            except BaseException:
                self._db.close()
                raise

    def _begin(self, fresh: Path) -> None:
        """Make a ledger without entries aside and put it in its place: a file that is none of both is never there."""
        made = fresh / self.path.name
        with self._trouble():
            db = _connected(made, read_only=False)
            try:
                self._prepare(db, new=True)
            finally:
                db.close()
        try:
            self.path.hardlink_to(made)
        except OSError:  # somebody was faster, or the disk has no second names
            if not self.path.exists():
                made.replace(self.path)
        flush(self.path.parent)

    def _check_kind(self, db: sqlite3.Connection) -> bool:
        """Whether there is a ledger in the file already; refuses another kind or a newer version."""
        kind = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()[0]
        if kind == 0 and tables == 0:
            return False
        if kind != APPLICATION:
            raise Refused(error("B002.not-ledger-landopt", at=str(self.path), file=self.path.name))
        if version > VERSION:
            raise Refused(error("B081.ledger-version-landopt", at=str(self.path), version=version, version2=VERSION))
        lost = set(_OWN)
        for name, text in db.execute("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite@_%' ESCAPE '@'"):
            lost.discard(name)
            if _plain(str(text)) != _OWN.get(name):  # a trigger of somebody else's could undo what is appended
                raise Refused(error("B080.schema", at=str(self.path), name=name))
        if lost and not any(each.code == "B082" for each in self.warnings):  # the chain still tells what was changed
            self.warnings.append(warning("B082.unguarded", at=str(self.path), names=tuple(sorted(lost))))
        return True

    def _prepare(self, db: sqlite3.Connection, *, new: bool) -> None:
        db.execute("PRAGMA synchronous = FULL")
        if new and db.execute("PRAGMA journal_mode = WAL").fetchone()[0] != "wal":
            # only asked, and only of a new ledger: a disk without shared memory is not a local one
            self.warnings.append(warning("B079.shared", at=str(self.path)))
        db.execute("BEGIN IMMEDIATE")
        try:
            if not self._check_kind(db):
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

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextlib.contextmanager
    def _trouble(self) -> Iterator[None]:
        try:
            yield
        except UnicodeError as trouble:  # a text of the file itself, quoted in a message of SQLite's
            raise Refused(error("B080.cannot-be-used", at=str(self.path), trouble=trouble)) from trouble
        except (sqlite3.OperationalError, sqlite3.DatabaseError) as trouble:
            if isinstance(trouble, sqlite3.OperationalError):
                raise Environment(error("B075.cannot-be-used", at=str(self.path), trouble=trouble)) from trouble
            raise Refused(error("B080.cannot-be-used", at=str(self.path), trouble=trouble)) from trouble

    def rows(self) -> Iterator[Row]:
        """The rows in order; what is damaged so that it is no text or number shows as altered."""
        count = 0
        try:
            found = self._db.execute("SELECT seq, at, kind, round, body, prev, hash FROM entries ORDER BY seq")
            for seq, *texts in found:
                at, kind, name, body, prev, sha = map(str, texts)
                count = seq if isinstance(seq, int) else -1
                yield count, at, kind, name, body, prev, sha
        except sqlite3.OperationalError:
            with self._trouble():
                raise
        except (sqlite3.DatabaseError, UnicodeError) as torn:
            raise Refused(error("B080.torn", at=str(self.path), entry=count + 1, why=str(torn))) from torn

    def last(self) -> tuple[int, str] | None:
        """Number and hash of the last row."""
        with self._trouble():
            row = self._db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        return (int(row[0]), str(row[1])) if row else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Callable[[Row], None]]:
        """Nobody else writes; what is inserted stays as a whole, on the disk, or not at all."""
        with self._trouble():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._insert
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _insert(self, row: Row) -> None:
        self._db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def write_copy(target: Path, rows: Iterable[Row]) -> None:
    """A new ledger file that holds these rows. Raises Refused if something is there (B031)."""
    if target.exists():
        raise Refused(error("B031.there", at=str(target), name=target.name))

    def copy(fresh: Path) -> None:
        made = fresh / target.name
        store = SqliteStore(made, create=True, read_only=False)
        try:
            with store.writing() as insert:
                for row in rows:
                    insert(row)
        finally:
            store.close()
        made.replace(target)

    in_passing(target, copy)


def _connected(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """The file, opened; a damaged text in it shows as altered, not as a crash."""
    place = f"{path.absolute().as_uri()}?mode=ro" if read_only else path
    db = sqlite3.connect(place, timeout=_WAIT_MS / 1000, isolation_level=None, uri=read_only)
    try:
        db.text_factory = lambda raw: raw.decode("utf-8", "replace")
        db.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
    except BaseException:
        db.close()
        raise
    return db


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


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one (``executescript`` would commit first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _plain(statement: str) -> str:
    """A statement without its line breaks and end."""
    return " ".join(statement.split()).removesuffix(";").strip()


_OWN = {text.split()[2]: _plain(text) for text in _statements(_SCHEMA.replace("@START", START))}
"""What a ledger is made of, by name: its table and the triggers that keep it."""
