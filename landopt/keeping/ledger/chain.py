"""The ledger of rounds: append-only and hash-chained, in one SQLite file or in a schema of the central database.

Each entry carries the hash of the one before it, so that changing, removing or inserting an entry shows; the hash of
the last entry (the *head*) is printed on every plan, so that cutting the tail shows too.  Triggers refuse updates and
deletes; whoever goes round them is found by :meth:`Ledger.problems`, and nothing more is appended.  Who rewrites the
whole chain is found by signatures and witnesses (:mod:`landopt.keeping.ledger.trust`).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from constraints.audit.files.strict_json import strict_json
from constraints.canonical import canonical, digest
from landopt.keeping.ledger.entry_forms import well_formed
from landopt.keeping.ledger.stores.places import LedgerPlace, ledger_place
from landopt.keeping.ledger.stores.rows import START as START
from landopt.keeping.ledger.stores.rows import Row, Store
from parcels.common.issues import Issue, Refused, error, stop_on_errors, warning
from parcels.common.place import within

KINDS = ("open", "adopt", "record", "override", "close", "sign", "revoke", "supersede", "token", "matter")


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
        If there is no ledger (B001, B104), it is none of landopt's (B002), or was written by a newer version (B081).
    Environment
        If it cannot be opened or written (exit 6).
    """

    def __init__(self, place: str | LedgerPlace, *, create: bool = False, read_only: bool = False) -> None:
        self.place: LedgerPlace = ledger_place(place)
        self.store = _store(self.place, create=create, read_only=read_only)
        self.warnings: list[Issue] = self.store.warnings

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file or the connection."""
        self.store.close()

    def entries(self) -> list[Entry]:
        """All entries in order, as they are at one moment."""
        return [_entry(row) for row in self.store.rows()]

    def head(self) -> str:
        """The hash of the last entry (64 zeros for an empty ledger)."""
        last = self.store.last()
        return last[1] if last else START

    def problems(self) -> list[Issue]:
        """What does not hold: a hole, an altered entry, a broken chain; and (as warnings) a clock that went back."""
        return problems(self.entries(), self.place.name)

    def backup(self, target: LedgerPlace) -> None:
        """Copy the ledger, whole and as of one moment, to a place that is free: another file, or an empty schema.

        Raises
        ------
        Refused
            If something is there, or the ledger does not hold together (B080): a backup of it would be relied on.
        """
        entries = self.entries()
        stop_on_errors(problems(entries, self.place.name))
        rows = [_row(entry) for entry in entries]
        if isinstance(target, Path):
            from landopt.keeping.ledger.stores.sqlite import write_copy

            write_copy(target, rows)
            return
        with Ledger(target) as copy, copy.store.writing() as insert:
            if copy.store.last() is not None:
                raise Refused(error("B031.there", at=target.name, name=target.name))
            for row in rows:
                insert(row)

    def append(self, kind: str, round_id: str, body: Mapping[str, Any], at: str | None = None) -> Entry:
        """Add an entry; it is on the disk when this returns.

        Raises
        ------
        Refused
            If the ledger was altered (B080): nothing is appended.
        """
        return self.append_all([(kind, round_id, body)], at)[-1]

    def append_all(
        self, new: Sequence[tuple[str, str, Content]], at: str | None = None, seen: int | None = None
    ) -> list[Entry]:
        """Add several entries, all or none.

        Parameters
        ----------
        seen
            How many entries the writer had seen when he decided: where somebody has written to the same round since,
            nothing is appended.

        Raises
        ------
        Refused
            If the ledger was altered (B080), or somebody else has written to the round meanwhile (B107).
        """
        added: list[Entry] = []
        with self.store.writing() as insert:
            there = self.entries()
            stop_on_errors(issue for issue in problems(there, self.place.name) if issue.level == "error")
            if seen is not None:
                _unseen(there[seen:], {round_id for _, round_id, _ in new}, str(self.place))
            last = there[-1] if there else None
            seq, prev = (last.seq + 1, last.hash) if last else (1, START)
            when = at or datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
            if last and when < last.at:
                self.warnings.append(warning("B076.clock-says-before", at=str(self.place), when=when, row=last.at))
            for kind, round_id, given in new:
                if kind not in KINDS:
                    raise ValueError(f"{kind} is no kind of entry")
                body = given(seq, prev) if callable(given) else dict(given)
                name = entry_hash(seq, when, kind, round_id, body, prev)
                added.append(Entry(seq, when, kind, round_id, body, prev, name))
                insert(_row(added[-1]))
                seq, prev = seq + 1, name
        return added


def _store(place: LedgerPlace, *, create: bool, read_only: bool) -> Store:
    if isinstance(place, Path):
        from landopt.keeping.ledger.stores.sqlite import SqliteStore

        return SqliteStore(place, create=create, read_only=read_only)
    from landopt.keeping.ledger.stores.postgres import PostgresStore

    return PostgresStore(place, read_only=read_only)


def _unseen(later: Sequence[Entry], rounds: set[str], ledger: str) -> None:
    """Refuse where an entry came meanwhile that belongs to one of the rounds, or to all (a revoked key)."""
    for entry in later:
        if entry.round in rounds or not entry.round:
            by = str(entry.body.get("by") or "?")
            raise Refused(error("B107.meanwhile", at=ledger, entry=entry.seq, kind=entry.kind, by=by))


def _entry(row: Row) -> Entry:
    seq, at, kind, name, body, prev, sha = row
    return Entry(seq, at, kind, name, _body(body), prev, sha)


def _row(entry: Entry) -> Row:
    text = canonical(entry.body).decode("utf-8")
    return entry.seq, entry.at, entry.kind, entry.round, text, entry.prev, entry.hash


def problems(entries: Sequence[Entry], ledger: str) -> list[Issue]:
    """What does not hold of a chain of entries, each with its number; ``ledger`` names the file."""
    found: list[Issue] = []
    before, expected, last = START, 1, ""
    for entry in entries:
        where = within(ledger, entry=entry.seq)
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


def _body(text: str) -> dict[str, Any]:
    """The content of an entry; one that is no longer JSON shows as altered, not as a crash."""
    try:
        found = strict_json(text.encode("utf-8"))
    except (ValueError, TypeError, AttributeError):
        return {"unreadable": str(text)}
    return found if isinstance(found, dict) else {"unreadable": text}
