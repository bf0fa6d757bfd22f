"""The relaxation of very large rounds finds what the plain one finds, and proves no less than any plan is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.rounds import case_round
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import program
from landopt.solving.relaxation import prices
from landopt.solving.relaxation.prices import relax
from landopt.solving.tuning import USUAL
from tests.brute import brute_force_offers
from tests.landopt.solve_rounds import bare_round


@pytest.mark.parametrize("seed", range(25))
def test_same_relaxation_as_the_plain_one(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random rounds with soft rows, relations and locks: the same value, and a bound above the best plan's worth."""
    case, offers = bare_round(seed, parcels=7, demands=5)
    prog = program(case, offers, 0)
    plain, _ = relax(prog)
    monkeypatch.setattr(prices, "USUAL", replace(USUAL, prices_first=-1))
    found, _ = relax(prog)
    assert found.feasible == plain.feasible
    if plain.feasible:
        assert found.value == pytest.approx(plain.value, rel=1e-6, abs=1e-2)
        best = brute_force_offers(offers)
        assert best is None or found.bound >= best[0]


def test_a_contested_round_proves_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a round of some thousand offers both bounds agree to a millionth, without more columns."""
    case = case_round(1_000, 100, 11)
    prog = program(case, build_offers(case), 0)
    plain, _ = relax(prog)
    monkeypatch.setattr(prices, "USUAL", replace(USUAL, prices_first=-1))
    found, _ = relax(prog)
    assert found.bound == pytest.approx(plain.bound, rel=1e-6)
    assert len(found.columns) < 1.5 * len(plain.columns)
    assert np.isfinite(found.margin).all()
