"""The short question of the reasons (what decides) against the whole answer, asked and remembered."""

from __future__ import annotations

import pytest

from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from tests.builders import random_case
from tests.landopt.decided import context_of, decided, offers_of, planned


@pytest.mark.parametrize("seed", range(12))
def test_what_decides_is_what_the_whole_answer_says(seed: int) -> None:
    """Verdict, filter of what is not forbidden, and rulings agree for every parcel, platform and method."""
    case = random_case(seed)
    law = Law(Context(case, offers_of(case), ()))
    for row in range(len(case.parcels)):
        for demand in (None, *range(len(case.demands))):
            for method in case.methods:
                answer = law.ask((row,), demand, method.id)
                verdict, kept, deciding = law.decided((row,), demand, method.id)
                assert verdict == answer.verdict
                assert deciding == tuple(one for one in answer.judged.rulings if one.verdict == verdict)
                assert verdict == "forbid" or kept == answer.filter


@pytest.mark.parametrize("seed", planned(8))
def test_other_methods_read_the_same_whoever_was_asked_about_before(seed: int) -> None:
    """What parcels and platforms alike to the law share equals what a fresh reading says of each alone."""
    case, offers, outcome = decided(seed)
    _, shared = context_of(case, offers, outcome)
    for row in range(len(case.parcels)):
        for demand in (None, *range(len(case.demands))):
            _, fresh = context_of(case, offers, outcome)
            method = case.methods[row % len(case.methods)].id
            assert shared.others((row,), demand, method, None) == fresh.others((row,), demand, method, None)
