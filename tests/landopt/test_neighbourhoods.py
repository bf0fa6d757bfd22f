"""A plan filled anew from solved prices is lawful, no worse than the one held, and leaves the relaxation as it came."""

from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from benchmarks.contested import contested_case
from benchmarks.rounds import case_round
from constraints.types import Row
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import Ints, Program, program, standing
from landopt.solving.programme.dominance import take
from landopt.solving.relaxation import lagrangian_knapsack, lagrangian_relaxation
from landopt.solving.relaxation.lagrangian_knapsack import kept_rows, left_out
from landopt.solving.relaxation.lagrangian_relaxation import Fitting
from landopt.solving.relaxation.prices import Relaxation, relax
from landopt.solving.relaxation.sifter import Sifter
from landopt.solving.search import neighbourhoods
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options, Search
from tests.brute import brute_force_offers
from tests.landopt.solve_rounds import assemble, bare_round


def _silent(phase: str, value: int | None, bound: int | None, chosen: Ints | None, claimed: bool = False) -> None:
    """Hears nothing."""


def _options(gap: str) -> Options:
    return Options(Fraction(gap), None, 200, 0, 1, "highs")


@cache
def _relaxed(parcels: int, demands: int, seed: int) -> tuple[Program, Relaxation, Sifter]:
    """The programme of a contested round and its solved relaxation; fillings leave both as they are."""
    prog = program(case := contested_case(parcels, demands, seed), build_offers(case), 0)
    return prog, *relax(prog)


def _filled(prog: Program, gap: str, *, fit: bool = False) -> Search | None:
    relaxed, sifter = relax(prog)
    if not relaxed.feasible:
        return None
    state = Search(prog, _options(gap), _silent)
    state.bound = relaxed.bound
    state.offer(greedy(prog), "greedy")
    before = state.objective if state.chosen is not None else None
    order, basis, value = sifter.order.copy(), sifter.left(), sifter.value
    neighbourhoods.refill(state, relaxed, sifter if fit else None)
    assert (sifter.order == order).all()
    assert sifter.value == value
    assert all((one == two).all() for one, two in zip(sifter.left(), basis, strict=True))
    if state.chosen is not None:
        found = standing(prog, state.chosen)
        assert found.lawful
        assert found.objective == state.objective <= relaxed.bound
        assert before is None or state.objective >= before
    return state


@pytest.mark.parametrize("fit", [False, True])
@pytest.mark.parametrize("seed", range(25))
def test_random_rounds_end_lawful(seed: int, fit: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Soft rows, minimums, shares, relations and locks hold; no plan beats the best one."""
    for name, value in (("IDLE", 3), ("LONG", 3), ("BRIEF", 1), ("FITTED", 2)):
        monkeypatch.setattr(neighbourhoods, name, value)
    monkeypatch.setattr(lagrangian_knapsack, "AMOUNT", 1)
    _, offers = bare_round(seed, parcels=7, demands=5)
    state = _filled(program(_, offers, 0), "0", fit=fit)
    best = brute_force_offers(offers)
    if best is None:
        assert state is None or state.chosen is None
    elif state is not None and state.chosen is not None:
        assert state.objective <= best[0]


def test_a_contested_round_gets_closer_and_repeats(monkeypatch: pytest.MonkeyPatch) -> None:
    """With few offers free at a time the plan of a contested round still betters the first one, twice the same."""
    small = {"FIRST": 200, "POOL": 15, "FREED": 12, "IDLE": 3, "BRIEF": 1, "FITTED": 2, "NEAR": 4_000}
    for name, value in small.items():
        monkeypatch.setattr(neighbourhoods, name, value)
    prog = program(case := case_round(500, 50, 12), build_offers(case), 0)
    one, two = (_filled(prog, "0.0001", fit=True) for _ in range(2))
    assert one is not None
    assert two is not None
    assert one.chosen is not None
    assert two.chosen is not None
    assert np.array_equal(one.chosen, two.chosen)
    first = greedy(prog)
    assert first is not None
    assert one.objective > standing(prog, first).objective
    monkeypatch.setattr(neighbourhoods, "LARGE", 0)
    monkeypatch.setattr(neighbourhoods, "LONG", 3)
    answer = search(prog, _options("0.1"), _silent)
    assert answer.chosen is not None
    assert standing(prog, answer.chosen).lawful
    assert "refill" in answer.phases


@pytest.mark.slow
def test_filled_limits_leave_less_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    """The relaxation with filled limits keeps every row, takes nothing barred, is worth a little less.

    It divides no more offers in any of the rounds, and a quarter fewer in all of them: how many it is in one round
    hangs on what else binds there.
    """
    monkeypatch.setattr(lagrangian_relaxation, "FITS", 1)
    divided = [_divided(*size) for size in ((300, 40, 13), (1000, 100, 11), (1000, 100, 12), (1000, 100, 13))]
    assert all(filled <= plain for plain, filled in divided), divided
    plain, filled = (sum(count) for count in zip(*divided, strict=True))
    assert filled < 0.75 * plain, divided


def _divided(parcels: int, demands: int, seed: int) -> tuple[int, int]:
    """The divided offers of a round's relaxation, and of that with filled limits, which is held to what it promises."""
    prog, relaxed, sifter = _relaxed(parcels, demands, seed)
    near = np.union1d(np.argsort(-relaxed.margin)[: prog.count // 2], sifter.basic())
    own = take(prog, near)
    order, basis = sifter.order.copy(), sifter.left()
    guide = Fitting(own, near, relaxed, sifter, _options("0")).best(relaxed.value)
    assert (sifter.order == order).all()
    assert all((one == two).all() for one, two in zip(sifter.left(), basis, strict=True))
    barred = left_out(own, relaxed.prices, 0)
    assert guide is not None
    assert barred is not None
    assert barred.any()
    used = guide.amount > 1e-9
    assert not (used & barred).any()
    assert guide.margin[barred].max() < guide.margin[used].min()
    assert 0.98 * relaxed.value < guide.amount @ own.score <= relaxed.value * (1 + 1e-9)
    start, rows, coefs = own.entries.of(np.arange(own.count))
    amount = np.bincount(rows, np.repeat(guide.amount, np.diff(start)) * coefs, len(own.sense))
    slack = (own.rhs - amount) * np.where(own.sense < 0, 1, -1)
    assert (slack[(own.sense != 0) & (own.slack == 0)] >= -1e-3).all()
    plain, filled = (int(((x > 1e-6) & (x < 1 - 1e-6)).sum()) for x in (relaxed.x, guide.amount))
    return plain, filled


def test_nothing_to_fill() -> None:
    """A round without a limit on amounts has no such relaxation."""
    _, offers = bare_round(3, parcels=7, demands=5)
    prog = program(_, offers, 0)
    relaxed, sifter = relax(prog)
    assert relaxed.feasible
    assert not len(kept_rows(prog, relaxed.prices.rows))
    assert Fitting(prog, np.arange(prog.count), relaxed, sifter, _options("0")).best(0.0) is None


def test_the_best_of_a_few_fillings() -> None:
    """Never worth less than the first, worth what its amounts are worth; the first that is good enough ends it."""
    more = []
    for seed in (12, 13):
        prog, relaxed, sifter = _relaxed(1000, 100, seed)
        every = np.arange(prog.count)
        once = Fitting(prog, every, relaxed, sifter, _options("0"))
        first = once.best(0.0)
        assert once.turn == 1
        fitting = Fitting(prog, every, relaxed, sifter, _options("0"))
        best = fitting.best(relaxed.value)
        assert first is not None
        assert best is not None
        assert fitting.turn > 1
        assert first.value <= best.value <= relaxed.value
        more.append(first.value < best.value)
        for guide in (first, best):
            assert abs(guide.amount @ prog.score - guide.value) <= 1e-6 * guide.value
    assert any(more)


@pytest.mark.parametrize(("least", "able"), [(600, True), (601, False), (900, False)])
def test_fillings_that_break_a_minimum_are_no_way(least: int, able: bool) -> None:
    """Where the parcels left out are needed by another row there is no such relaxation.

    Two parcels of 600 m² and room for 1,000: the relaxation divides the second, a filling leaves it out.
    """
    rows = [
        (Row(f"t.{kind}[]", f"t.{kind}", (), "limit", sense, amount, 0, 0, 0), {0: 600, 1: 600})
        for kind, sense, amount in (("room", "<=", 1_000), ("least", ">=", least))
    ]
    _, offers = assemble(0, [600, 600], [(0,), (1,)], [(0, 0, 0), (1, 1, 0)], [[1_000_000, 900_000]], rows, 2, ())
    prog = program(_, offers, 0)
    relaxed, sifter = relax(prog)
    assert relaxed.feasible
    assert relaxed.x.tolist() == pytest.approx([1.0, 2 / 3])
    barred = left_out(prog, relaxed.prices, 0)
    assert barred is not None
    assert barred.tolist() == [False, True]
    guide = Fitting(prog, np.arange(prog.count), relaxed, sifter, _options("0")).best(relaxed.value)
    assert (guide is not None) == able
    if guide is not None:
        assert guide.amount.tolist() == pytest.approx([1.0, 0.0])
        assert guide.value == pytest.approx(1_000_000)
