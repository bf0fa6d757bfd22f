"""Stages of a search are counted by the processor, its deadline by the clock."""

from __future__ import annotations

from fractions import Fraction

import pytest

from landopt.screening.uncapped_sites import build_offers
from landopt.solving import search_state
from landopt.solving.programme.arrays import Program, program
from landopt.solving.search_state import BUSIEST, Options, Search
from tests.builders import random_medium_case


def _programme() -> Program:
    case = random_medium_case(11, 8)
    return program(case, build_offers(case), 0)


@pytest.mark.parametrize(
    ("clock", "spent", "left", "expected"),
    [
        (8.0, 2.0, None, 40.0),  # a quarter of a processor: ten seconds of it are forty of the clock
        (8.0, 8.0, None, 10.0),
        (1.0, 4.0, None, 10.0),  # several threads
        (0.0, 0.0, None, 10.0),
        (1e6, 1.0, None, 10.0 * BUSIEST),  # a machine that slept
        (8.0, 2.0, 25.0, 25.0),  # but the deadline is the user's
        (8.0, 2.0, 0.0, 0.0),
    ],
)
def test_a_busy_machine_gives_a_stage_the_same_processor_seconds(
    clock: float, spent: float, left: float | None, expected: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0, 5.0]
    monkeypatch.setattr(search_state, "monotonic", lambda: now[0])
    monkeypatch.setattr(search_state, "process_time", lambda: now[1])
    deadline = None if left is None else now[0] + clock + left
    options = Options(Fraction(0), deadline, None, 0, 1, "highs")
    state = Search(_programme(), options, lambda *_: None)
    now[0] += clock
    now[1] += spent
    assert state.left(10.0) == pytest.approx(expected)


def test_nodes_count_no_seconds() -> None:
    state = Search(_programme(), Options(Fraction(0), None, 50, 0, 1, "highs"), lambda *_: None)
    assert state.left(10.0) is None
