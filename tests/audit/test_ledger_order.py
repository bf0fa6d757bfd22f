"""Entries appended by whoever holds the file: a ledger says what no command would have written there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from landopt.keeping.ledger import steps
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.ledger.trust import out_of_order
from tests.audit.ledgers import BODY, adopt, found, new_keys, opened

SUPERSEDE = {"by": "x", "reason": "r"}


def _said(*entries: tuple[str, str, dict[str, Any]], place: Path) -> list[str]:
    path = place / "l.sqlite"
    with Ledger(path, create=True) as book:
        for kind, name, body in entries:
            book.append(kind, name, body)
        return [issue.key for issue in out_of_order(book.entries(), "l")]


OPEN: tuple[str, str, dict[str, Any]] = ("open", "R", {"by": "x", "inputs": []})
ADOPT: tuple[str, str, dict[str, Any]] = ("adopt", "R", BODY)
CLOSE: tuple[str, str, dict[str, Any]] = ("close", "R", {"by": "x"})


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ((OPEN, ADOPT, CLOSE), []),
        ((OPEN, ADOPT, ("supersede", "R", {**SUPERSEDE, "entry": 2}), ADOPT), []),
        ((OPEN, ("open", "S", {"by": "x"}), ADOPT, ("adopt", "S", BODY)), []),
        ((OPEN, OPEN), ["B096.opened"]),
        ((ADOPT,), ["B096.unopened"]),
        ((OPEN, CLOSE, ADOPT), ["B096.closed"]),
        ((OPEN, ADOPT, ADOPT), ["B096.standing"]),
        ((OPEN, ("supersede", "R", {**SUPERSEDE, "entry": 99})), ["B096.superseded"]),
        ((OPEN, ADOPT, ("supersede", "S", {**SUPERSEDE, "entry": 2})), ["B096.superseded"]),
    ],
)
def test_what_no_command_would_have_written(tmp_path: Path, entries: tuple[Any, ...], said: list[str]) -> None:
    assert _said(*entries, place=tmp_path) == said


def test_a_round_opened_again_does_not_change_who_must_sign(tmp_path: Path) -> None:
    """Appended after everything a witness saw, so that no witness shows it: the keys of the first entry count."""
    keys, path = new_keys(tmp_path), tmp_path / "ledger.sqlite"
    opened(path, keys, need=2)
    with Ledger(path) as book:
        book.append("open", "R", {"by": "x", "inputs": [], **steps.fixed_keys([keys / "c.pub.pem"], 1, None)})
    adopt(path, keys, "c")
    assert found(path) == ["B096.opened", "B084.missing"]
