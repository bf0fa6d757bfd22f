"""The first plan, before any price: lawful on contested rounds, quickly, so that a run stopped early holds a plan."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.contested import contested_case
from benchmarks.rounds import contest
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.heuristics.greedy import best_of_parts, greedy
from landopt.solving.heuristics.mending import Mender
from landopt.solving.programme.arrays import Program, base_arrays, from_arrays, program, standing
from landopt.solving.relaxation.prices import relax
from landopt.solving.search.restricted import rounded_plan
from tests.landopt.solve_rounds import bare_round


def _program(parcels: int, demands: int, seed: int) -> Program:
    case = contested_case(parcels, demands, seed)
    return program(case, build_offers(case), 0)


@pytest.mark.slow
def test_contested_rounds_have_a_first_plan() -> None:
    """On five of six rounds whose floors and caps all bind there is a first plan, lawful and worth something."""
    found = 0
    for seed in range(6):
        prog = _program(200, 30, seed + 1)
        plan = greedy(prog)
        if plan is None:
            continue
        found += 1
        assert standing(prog, plan).lawful
        assert standing(prog, plan).objective > 0
    assert found >= 5


def test_first_plan_repeats() -> None:
    """The same round gives the same first plan."""
    prog = _program(80, 12, 3)
    first, second = greedy(prog), greedy(prog)
    assert first is not None
    assert second is not None
    assert first.tolist() == second.tolist()


@pytest.mark.parametrize("seed", range(40))
def test_mended_set_is_lawful_as_a_whole(seed: int) -> None:
    """Where the mender says that no row is broken, the plan keeps every row in integers: relations and locks too."""
    base = base_arrays(*bare_round(seed, parcels=8, demands=5))
    prog = from_arrays(base, 0)
    everything = np.arange(prog.count)
    mender = Mender(prog, everything, everything[:0])
    if mender.mend(200):
        before = standing(prog, mender.chosen())
        assert before.lawful
        mender.gain(50)
        after = standing(prog, mender.chosen())
        assert after.lawful
        assert prog.score[mender.chosen()].sum() >= before.objective


@pytest.mark.parametrize("most", [1, 3])
def test_best_of_parts_is_the_head_of_a_sort(most: int) -> None:
    """The best offers of a part are those a full sort would name, the earlier one where two are alike."""
    prog = _program(40, 6, 1)
    worth = np.round(prog.score / 1e6)
    part = prog.part()
    order = np.lexsort((-worth, part))
    rank = np.arange(len(order)) - prog.part_start[part[order]]
    assert best_of_parts(prog, worth, most).tolist() == np.sort(order[rank < most]).tolist()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [11, 12, 13, 14, 15])
def test_first_plan_of_five_thousand_parcels(seed: int) -> None:
    """At 5,000 parcels x 500 platforms, where floors and caps all bind, rounding the prices gives a lawful plan."""
    case = contested_case(5_000, 500, seed)
    offers = build_offers(case)
    assert contest(case, offers)["ratio"] >= 1.3
    prog = program(case, offers, 0)
    relaxed, _ = relax(prog)
    found = rounded_plan(prog, relaxed)
    assert found is not None
    state = standing(prog, found)
    assert state.lawful
    assert state.objective > 0.9 * relaxed.bound
