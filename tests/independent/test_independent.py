"""Rounds that landopt solves and an independent model solves again: nothing may differ.

The model (language, law, programme, best) was written from docs/model.md alone; of the product it takes what declares
its fields, the form of ``case.json`` and the planning days upstream. ``make long`` runs 300 rounds, the slow tests a
tenth.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from constraints.reading.timetable import upstream_days
from tests.independent.compare import differences

ROUNDS = int(os.environ.get("LANDOPT_ROUNDS", "30"))
FIRST = int(os.environ.get("LANDOPT_SEED", "0"))


@pytest.mark.slow
def test_an_independent_model_finds_nothing_else(tmp_path: Path) -> None:
    """Objective, feasibility, offers with their scores and rows, ties: of every round, plans and refusals alike."""
    ends, told = Counter[str](), dict[int, list[str]]()
    for seed in range(FIRST, FIRST + ROUNDS):
        end, found = differences(seed, tmp_path / str(seed), upstream_days)
        ends[end] += 1
        if found:
            told[seed] = found
    assert told == {}
    assert ends["plan"] > ROUNDS // 2
    assert ends["none"] > ROUNDS // 20
    assert ends["refused"] <= ROUNDS // 10


@pytest.mark.slow
def test_an_independent_model_agrees_on_programmes(tmp_path: Path) -> None:
    """The same of programmes: law that changes on the way, parcels made ready, later points worth less."""
    found = {seed: differences(seed, tmp_path / str(seed), upstream_days, programme=True) for seed in range(15)}
    assert {seed: told for seed, (_, told) in found.items() if told} == {}
    assert sum(end == "plan" for end, _ in found.values()) > 7


def test_an_independent_model_agrees_on_a_programme(tmp_path: Path) -> None:
    """One of them, by default."""
    assert differences(1, tmp_path / "1", upstream_days, programme=True) == ("plan", [])


def test_an_independent_model_agrees_on_two_rounds(tmp_path: Path) -> None:
    """A round with a plan and one without, by default."""
    found = [differences(seed, tmp_path / str(seed), upstream_days) for seed in (0, 1)]
    assert [told for _, told in found] == [[], []]
    assert [end for end, _ in found] == ["plan", "none"]


def test_an_independent_model_agrees_on_a_limit_across_keys(tmp_path: Path) -> None:
    """A round with a least of kinds of platforms, in which parcels hang on different unknown facts."""
    assert differences(3, tmp_path / "3", upstream_days) == ("plan", [])
