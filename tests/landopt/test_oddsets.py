"""Rows of odd sets: no lawful plan breaks one, they lower the relaxation, and the sifter ends as it began."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from benchmarks.contested import contested_case
from landopt.screening.entries import Entries
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import Program, base_arrays, from_arrays, program, standing
from landopt.solving.proof.closing import Closer
from landopt.solving.proof.prove import odd_rows
from landopt.solving.relaxation.odd_sets import broken_sets, divided, elements, half_rhs, halves, with_sets
from landopt.solving.relaxation.prices import relax
from landopt.solving.relaxation.tightening import tighten
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from tests.landopt.solve_rounds import bare_round


def _small(seed: int) -> Program:
    return from_arrays(base_arrays(*bare_round(seed, parcels=8, demands=5)), 0)


def _plans(prog: Program, draw: Random) -> list[np.ndarray]:
    """Lawful sets of offers, drawn: parcels and platforms at most once, caps on numbers kept."""
    found = []
    for _ in range(8):
        order = draw.sample(range(prog.count), prog.count)
        taken: list[int] = []
        for offer in order:
            trial = np.array(sorted([*taken, offer]))
            head = prog.parcels + prog.demands
            over = [row for row in standing(prog, trial).broken if row < head or prog.sense[row - head] < 0]
            if not over:
                taken.append(offer)
        found.append(np.array(sorted(taken)))
    return found


@pytest.mark.parametrize("seed", range(12))
def test_no_lawful_plan_breaks_an_odd_set(seed: int) -> None:
    """Any set of parcels, platforms and counted rows gives a row that holds for plans drawn at random."""
    prog, draw = _small(seed), Random(seed)
    _, element = elements(prog, np.arange(prog.count))
    pool, plans = np.unique(element).tolist(), _plans(prog, draw)
    for _ in range(40):
        chosen = draw.sample(pool, min(len(pool), draw.choice([3, 5, 7])))
        offers, half = halves(prog, chosen)
        weight = np.zeros(prog.count, dtype=np.int64)
        weight[offers] = half
        for plan in plans:
            assert weight[plan].sum() <= half_rhs(prog, chosen)


def test_three_parcels_are_a_clique() -> None:
    """Of the sites that take two of three parcels one can be chosen; half of each is cut off."""
    prog = _small(1)
    three = Program(
        **{
            **prog.__dict__,
            "parcels": 3,
            "demands": 3,
            "site_start": np.array([0, 2, 4, 6]),
            "site_parcels": np.array([0, 1, 1, 2, 0, 2]),
            "site": np.arange(3),
            "demand": np.arange(3),
            "method": np.zeros(3, dtype=np.int8),
            "score": np.array([10, 10, 10]),
            "entries": Entries(np.zeros(4, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32), 0),
            "part_start": np.arange(4),
            **dict.fromkeys(
                ("sense", "rhs", "slack", "most", "penalty", "carry", "carried"), np.zeros(0, dtype=np.int64)
            ),
            "own": 0,
        }
    )
    sets = broken_sets(three, np.arange(3), np.array([0.5, 0.5, 0.5]), most=5, seed=0)
    assert (0, 1, 2) in sets
    relaxed, sifter = relax(three)
    assert relaxed.value == pytest.approx(15)
    tight = tighten(sifter, 0.0)
    assert tight is not None
    relaxed, more, held = tight
    assert held == ((0, 1, 2),)
    assert relaxed.value == pytest.approx(10)
    assert relaxed.bound == 10
    assert len(more.sense) == 1
    sifter.run()
    assert sifter.value == pytest.approx(15)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow), pytest.param(3, marks=pytest.mark.slow)])
def test_tightened_bound_is_no_higher_and_above_every_plan(seed: int) -> None:
    """On contested rounds the rows of odd sets lower the bound or leave it; a plan found otherwise stays below it."""
    case = contested_case(300, 40, seed)
    prog = program(case, build_offers(case), 0)
    relaxed, sifter = relax(prog)
    tight = tighten(sifter, 0.0)
    if tight is None:
        assert not ((relaxed.x > 1e-4) & (relaxed.x < 1 - 1e-4)).all()
        return
    assert tight[0].bound <= relaxed.bound
    answer = search(prog, Options(Fraction(0), None, 50, 0, 1, "highs"), lambda *_: None)
    assert answer.objective <= tight[0].bound


def test_programme_with_sets_keeps_its_own_rows() -> None:
    """Rows of sets stand after all others; the rows before them and their right-hand sides are untouched."""
    prog = _small(3)
    more = with_sets(prog, [(0, 1, 2), (0, 1, prog.parcels)])
    assert len(more.sense) == len(prog.sense) + 2
    assert more.rhs[: len(prog.rhs)].tolist() == prog.rhs.tolist()
    assert more.rhs[-2:].tolist() == [1, 1]
    plan = np.arange(min(4, prog.count))
    old = standing(prog, plan).broken
    assert set(old) <= set(standing(more, plan).broken)


@pytest.mark.parametrize("seed", range(30))
def test_divided_limits_hold_for_every_plan_and_are_proved(seed: int) -> None:
    """Rows of limits divided by half and by thirds: no lawful plan breaks one, and a proof derives the same row."""
    draw = np.random.default_rng(seed)
    case, offers = bare_round(seed, parcels=8, demands=5)
    prog = program(case, offers, 0)
    names = [
        (-(int(rhs) // parts + 1), row)
        for row, rhs in enumerate(prog.rhs[: prog.own].tolist())
        for parts in (2, 3)
        if prog.sense[row] < 0 and not prog.slack[row] and rhs >= parts and rhs % (rhs // parts + 1)
    ]
    more = with_sets(prog, names)
    for _ in range(200):
        plan = np.flatnonzero(draw.random(prog.count) < 3 / max(1, prog.count))
        if standing(prog, plan).lawful:
            assert standing(more, plan).lawful
    closer = Closer(prog, np.zeros(prog.parcels), np.zeros(len(prog.sense) + len(names)), 0, odd_rows(prog, names))
    own = len(prog.sense)
    for number, name in enumerate(names):
        offers_in, times = divided(prog, name[1], -name[0])
        dense = np.zeros(prog.count, np.int64)
        dense[offers_in] = times
        assert closer.columns[number].tolist() == dense[closer.left].tolist()
        assert closer.ends[own + number] == (None, half_rhs(prog, name)) == (None, int(more.rhs[own + number]))
