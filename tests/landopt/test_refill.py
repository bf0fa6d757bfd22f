"""A plan filled anew from solved prices is lawful, no worse than the one held, and leaves the relaxation as it came."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.rounds import case_round
from landopt.screening.offers import build_offers
from landopt.solving import refill
from landopt.solving.greedy import greedy
from landopt.solving.model_arrays import Ints, Program, program, standing
from landopt.solving.prices import relax
from landopt.solving.solver_search import search
from landopt.solving.solver_state import Options, Search
from tests.brute import brute_force_offers
from tests.landopt.solve_rounds import bare_round


def _silent(phase: str, value: int | None, bound: int | None, chosen: Ints | None) -> None:
    """Hears nothing."""


def _options(gap: str) -> Options:
    return Options(Fraction(gap), None, 200, 0, 1, "highs")


def _filled(prog: Program, gap: str) -> Search | None:
    relaxed, sifter = relax(prog)
    if not relaxed.feasible:
        return None
    state = Search(prog, _options(gap), _silent)
    state.bound = relaxed.bound
    state.offer(greedy(prog), "greedy")
    before = state.objective if state.chosen is not None else None
    order, basis, value = sifter.order.copy(), sifter.left(), sifter.value
    refill.refill(state, relaxed)
    assert (sifter.order == order).all()
    assert sifter.value == value
    assert all((one == two).all() for one, two in zip(sifter.left(), basis, strict=True))
    if state.chosen is not None:
        found = standing(prog, state.chosen)
        assert found.lawful
        assert found.objective == state.objective <= relaxed.bound
        assert before is None or state.objective >= before
    return state


@pytest.mark.parametrize("seed", range(25))
def test_random_rounds_end_lawful(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft rows, minimums, shares, relations and locks hold; no plan beats the best one."""
    monkeypatch.setattr(refill, "IDLE", 3)
    _, offers = bare_round(seed, parcels=7, demands=5)
    state = _filled(program(_, offers, 0), "0")
    best = brute_force_offers(offers)
    if best is None:
        assert state is None or state.chosen is None
    elif state is not None and state.chosen is not None:
        assert state.objective <= best[0]


def test_a_contested_round_gets_closer_and_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """With few offers free at a time the plan of a contested round still betters the first one, twice the same."""
    for name, value in (("FIRST", 200), ("POOL", 15), ("FREED", 12), ("IDLE", 3), ("NEAR", 4_000)):
        monkeypatch.setattr(refill, name, value)
    prog = program(case := case_round(500, 50, 12), build_offers(case), 0)
    one, two = (_filled(prog, "0.0001") for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.chosen is not None
    assert two.chosen is not None
    assert np.array_equal(one.chosen, two.chosen)
    first = greedy(prog)
    assert first is not None
    assert one.objective > standing(prog, first).objective
    monkeypatch.setattr(refill, "LARGE", 0)
    monkeypatch.setattr(refill, "LONG", 3)
    answer = search(prog, _options("0.1"), _silent)
    assert answer.chosen is not None
    assert standing(prog, answer.chosen).lawful
    assert "refill" in answer.phases
