"""Rounds of up to 3,000 offers, of three generators, are proven to the end: gap 0 in 19 of 20, none above 0.05 %."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from benchmarks import shapes
from landopt.solving.programme.arrays import Program, program
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.tuning import USUAL
from tests.builders import random_medium_case
from tests.counts import WHOLE

ROUNDS = 200 if WHOLE else 20
"""Rounds looked at together."""


def small_round(seed: int) -> Program:
    """A round of 60 to 200 parcels with at most 3,000 offers: contested, of local limits, or of all kinds of rules."""
    from landopt.screening.uncapped_sites import build_offers

    for turn in range(100):
        draw = Random(f"small {seed} {turn}")
        parcels, demands = draw.randint(60, 200), draw.randint(20, 60)
        if seed % 3 == 0:
            case, offers = shapes.contest(1_000 * seed + turn, parcels, demands)
        elif seed % 3 == 1:
            case, offers = shapes.local(1_000 * seed + turn, parcels, demands // 2, parcels // 7)
        else:
            case = random_medium_case(1_000 * seed + turn, parcels)
            offers = build_offers(case)
        if 200 <= len(offers) <= USUAL.small:
            return program(case, offers, 0)
    raise AssertionError("no round of that size was drawn")


def test_rows_alone_close_a_contested_round() -> None:
    """Shares under local limits: multiples of tableau rows close it; 0.43 % after 4,000 branches without."""
    answer = search(small_round(114), Options(Fraction(0), None, 40, 0, 1, "highs"), lambda *_: None)
    assert answer.bound == answer.objective == 213_298_734


@pytest.mark.slow
def test_small_rounds_are_proven_to_the_end() -> None:
    """No clock: the nodes of a proof alone end it. ``make long`` looks at all 200, the others at a tenth."""
    missed = []
    for seed in range(ROUNDS):
        answer = search(small_round(seed), Options(Fraction(1, 1_000), None, None, 0, 1, "highs"), lambda *_: None)
        if answer.chosen is not None and answer.bound > answer.objective:
            missed.append((seed, float(Fraction(answer.bound - answer.objective, max(1, abs(answer.objective))))))
    assert len(missed) <= ROUNDS // 20, missed
    assert all(gap <= 0.0005 for _, gap in missed), missed
