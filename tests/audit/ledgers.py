"""Ledgers for tests: keys, rounds that fix their signers, adoptions, and a forger who makes all hashes anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result

from cli import desk
from constraints.canonical import canonical
from landopt.keeping.ledger import steps as ledger_steps
from landopt.keeping.ledger.chain import START, Ledger, entry_hash
from landopt.keeping.ledger.trust import trust

PLAN_SHA = "ab" * 32
BODY = {
    "document": "穗〔2026〕1号",
    "date": "2026-04-01",
    "by": "officer-1",
    "plan_id": "p",
    "plan_sha256": PLAN_SHA,
    "assignments": [{"parcel_ids": ["P01"], "demand_id": None, "method": "listing", "term_years": 50, "period": None}],
}


def call(*words: object, lang: str = "en") -> Result:
    """A command of the desk; never a traceback."""
    done = CliRunner().invoke(desk, [str(word) for word in words], env={"LANDOPT_LANG": lang})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def opened(path: Path, keys: Path, need: int = 1, until: str | None = None, *, signers: str = "ab") -> None:
    """A ledger with an open round whose keys are fixed."""
    fixed = ledger_steps.fixed_keys([keys / f"{name}.pub.pem" for name in signers], need, until)
    with Ledger(path, create=True) as book:
        book.append("open", "R", {"by": "officer-1", "inputs": [], **fixed})


def adopt(path: Path, keys: Path, *names: str) -> int:
    """An adoption signed by some."""
    with Ledger(path) as book:
        signers = ledger_steps.signers([keys / f"{name}.pem" for name in names])
        return ledger_steps.append_signed(book, "adopt", "R", BODY, signers).seq


def found(path: Path, witness: Path | None = None, *tsa: Path) -> list[str]:
    """The errors and notes of an examination, as keys, without what is only not checked."""
    with Ledger(path, read_only=True) as book:
        assert [issue for issue in book.problems() if issue.level == "error"] == []
        issues = trust(book.entries(), "l", witness, tsa)
    return [issue.key for issue in issues if issue.key != "B088.unchecked"]


def rewrite(path: Path, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    """What a forger does: change entries, make all hashes anew, put the chain back."""
    with Ledger(path) as book:
        rows = [entry.as_dict() for entry in book.entries()]
    rows = change(rows)
    before = START
    for number, row in enumerate(rows, 1):
        row["seq"], row["prev"] = number, before
        row["hash"] = before = entry_hash(number, row["at"], row["kind"], row["round"], row["body"], before)  # type: ignore[arg-type]
    path.unlink()
    with Ledger(path, create=True):
        pass
    raw = sqlite3.connect(path)
    for row in rows:
        values = [row[name] for name in ("seq", "at", "kind", "round", "body", "prev", "hash")]
        values[4] = canonical(row["body"]).decode()
        raw.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?)", values)
    raw.commit()
    raw.close()
