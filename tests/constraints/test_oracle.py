"""The worked table of the legal fact base, asked through the same door as `rules ask`."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.reading.asking.ask import ask

LETTERS = {"permit": "P", "condition": "C", "warn": "W", "forbid": "F"}
METHODS = ("allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant")
LINES = (Path(__file__).parent / "oracle.txt").read_text(encoding="utf-8").splitlines()[1:]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split(" | ")[0])
def test_the_worked_table_agrees(line: str) -> None:
    """Each row of the table gives the verdicts written there; a dash is not compared."""
    _, facts, as_of, expected = line.split(" | ")
    answer = ask(dict(fact.split("=", 1) for fact in facts.split()), as_of)
    got = [LETTERS[answer[method]["verdict"]] for method in METHODS]
    wrong = {
        method: [(rule["id"], rule["verdict"], rule["unknown"]) for rule in answer[method]["rules"]]
        for method, letter, want in zip(METHODS, got, expected.split(), strict=True)
        if want not in ("-", letter)
    }
    assert not wrong, (" ".join(got), wrong)


def test_the_table_is_whole() -> None:
    """All sixty rows are there; further lines try the same row told otherwise."""
    numbers = {line.split(" | ")[0].rstrip("b") for line in LINES}
    assert len(numbers) == 60
