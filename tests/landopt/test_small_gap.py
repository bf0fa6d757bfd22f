"""Small rounds end proved: a share or a minimum that no fraction keeps is closed by leaves that hold nothing."""

from __future__ import annotations

from fractions import Fraction

import pytest

from benchmarks.rounds import case_round
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import program
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options, gap_of


@pytest.mark.parametrize(("parcels", "demands"), [(12, 1), (20, 5)])
def test_small_round_ends_within_the_gap_by_audited_prices(parcels: int, demands: int) -> None:
    """Rounds with shares: the bound of the tree is within the gap asked for."""
    for seed in range(24):
        case = case_round(parcels, demands, seed)
        prog = program(case, build_offers(case), 0)
        answer = search(prog, Options(Fraction(1, 1000), None, None, 0, 1, "highs"), lambda *_: None)
        if answer.chosen is not None:
            assert gap_of(answer.objective, answer.bound) <= Fraction(1, 1000), seed
