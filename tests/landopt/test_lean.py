"""Offers that no better plan needs: left out of the search, never of the bound or the choice."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from fractions import Fraction
from inspect import cleandoc

import numpy as np
import pytest

from landopt.solving.programme.arrays import Program, program, standing
from landopt.solving.programme.dominance import stand_in, take, undominated
from landopt.solving.programme.price_bound import bound, rounded
from landopt.solving.search import restricted
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.solver import proof_bound
from landopt.solving.tuning import Tuning
from tests.brute import brute_force_offers
from tests.landopt.solve_rounds import bare_round

AS_LARGE = Options(Fraction(0), None, None, 0, 1, "highs", Tuning(small=0))


def _doubled(prog: Program, seed: int) -> Program:
    """Every offer twice, the second of another method and worth as much or less."""
    draw = np.random.default_rng(seed)
    twice = np.repeat(np.arange(prog.count), 2)
    second = np.tile([False, True], prog.count)
    return replace(
        prog,
        site=prog.site[twice],
        demand=prog.demand[twice],
        method=prog.method[twice] + 3 * second.astype(np.int8),
        score=prog.score[twice] - second * draw.integers(0, 3, len(twice)) * 1000,
        entries=prog.entries.take(twice),
        part_start=prog.part_start * 2,
    )


@pytest.mark.parametrize("seed", range(30))
def test_what_is_left_out_adds_nothing_to_any_bound(seed: int) -> None:
    """The second of two offers that count alike goes; the bound of any prices stays what it was."""
    case, offers = bare_round(seed, parcels=8, demands=5)
    whole = _doubled(program(case, offers, 0), seed)
    kept = undominated(whole)
    assert len(kept) <= whole.count // 2
    left = take(whole, kept)
    draw = np.random.default_rng(seed)
    for _ in range(10):
        land, rows = draw.uniform(0, 2000, whole.parcels), draw.uniform(-3, 3, len(whole.sense))
        assert bound(left, rounded(left, land, rows)) == bound(whole, rounded(whole, land, rows))


@pytest.mark.parametrize("seed", range(30))
def test_every_offer_has_a_stand_in_as_good(seed: int) -> None:
    """A plan of any offers becomes one of kept offers: same platforms and land, lawful as before, worth no less."""
    case, offers = bare_round(seed, parcels=8, demands=5)
    whole = _doubled(program(case, offers, 0), seed)
    kept = undominated(whole)
    left = take(whole, kept)
    draw = np.random.default_rng(seed)
    for _ in range(5):
        plan = np.sort(draw.choice(whole.count, min(3, whole.count), replace=False))
        before, after = standing(whole, plan), standing(left, stand_in(whole, kept, plan))
        assert before.broken == after.broken
        assert before.objective <= after.objective


@pytest.mark.parametrize("seed", range(40))
def test_a_search_without_them_finds_the_best_and_proves_it_over_all(seed: int) -> None:
    """Gap 0 equals complete enumeration; the proof tree bounds the whole programme, methods barred or not."""
    case, offers = bare_round(seed, tiers=1)
    whole = _doubled(program(case, offers, 0), seed)
    answer = search(whole, AS_LARGE, lambda *_: None)
    best = brute_force_offers(offers)
    if best is None:
        assert answer.stopped == "infeasible"
        return
    assert answer.objective == best[0]
    assert answer.chosen is not None
    assert standing(whole, answer.chosen).objective == best[0]
    assert answer.tree_json is not None
    assert proof_bound(whole, answer.tree_json, answer.scale) == answer.bound


def test_a_last_programme_that_ends_too_soon_claims_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a solver says before its first relaxation is far above the prices: it is not handed on as a claim."""
    monkeypatch.setattr(restricted, "last", lambda *_: (10**15, False))
    seen = 0
    for seed in range(40):
        case, offers = bare_round(seed, parcels=8, demands=5)
        answer = search(program(case, offers, 0), AS_LARGE, lambda *_: None)
        if answer.chosen is not None:
            seen += 1
            assert answer.solver_bound is None or answer.solver_bound < 10**15
    assert seen > 10


def test_every_number_of_the_search_is_told() -> None:
    """At most forty; each says in its own words what it does and what was measured, or that nothing was."""
    names = [each.name for each in fields(Tuning)]
    assert len(names) <= 40
    heads = re.findall(r"^([a-z_]+(?:, [a-z_]+)*)$", cleandoc(Tuning.__doc__ or ""), flags=re.MULTILINE)
    assert sorted(", ".join(heads).split(", ")) == sorted(names)
