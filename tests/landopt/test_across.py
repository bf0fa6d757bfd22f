"""Limits across keys in the solver: rows missed together are charged once, in every tier, by plan, price and proof."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import permutations
from pathlib import Path
from random import Random

import numpy as np
import pytest

from constraints.case import Case
from constraints.types import Row
from landopt.reasons.alternatives import value
from landopt.screening.offers import Offers
from landopt.screening.offers_file import read_offers, write_offers
from landopt.solving.programme.arrays import base_arrays, from_arrays, program, standing
from landopt.solving.programme.components import components
from landopt.solving.programme.model import write_mps
from landopt.solving.programme.price_bound import bound, rounded, shrunk
from landopt.solving.relaxation.prices import relax
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.solver import proof_bound
from tests.brute import brute_force_offers
from tests.counts import seeds
from tests.landopt.solve_rounds import assemble, bare_round

EXACT = Options(Fraction(0), None, None, 0, 1, "highs")


def across(seed: int, tiers: int = 1, hard: bool = True) -> tuple[Case, Offers]:
    """A random round with a least of three keys, a soft and (``hard``) a hard balance of them, in random tiers."""
    case, offers = bare_round(seed, tiers=tiers, hard=hard)
    draw = Random(1000 + seed)
    key = [draw.randrange(4) for _ in range(int(offers.site_parcels.max(initial=0)) + 1)]  # key 3 is compared with none
    sums = [[sum(draw.choice([1, 5]) for p in offers.parcels(k) if key[p] == name) for name in range(3)]
            for k in range(len(offers))]  # fmt: skip
    rows, entries = list(offers.rows), [list(offers.coefficients(k)) for k in range(len(offers))]

    def add(name: str, rule: str, sense: str, rhs: int, weights: dict[int, int], cost: tuple[int, int] | None) -> None:
        slack, (penalty, tier) = int(cost is not None), cost or (0, tiers - 1)
        once = cost is not None
        rows.append(Row(name, rule, (name,), "limit", sense, rhs, slack, penalty, tier, once))
        for k, of in enumerate(sums):
            if coefficient := sum(sign * of[at] for at, sign in weights.items()):
                entries[k].append((len(rows) - 1, coefficient))

    cost = (draw.choice([1, 40, 900, 5000]), draw.randrange(tiers))
    for at in range(3):
        add(f"u.least[{at}]", "u.least", ">=", draw.choice([3, 3, 8]), {at: 1}, cost)
    cost = (draw.choice([7, 300]), draw.randrange(tiers))
    pairs = list(permutations(range(3), 2))
    for a, b in pairs:
        add(f"u.soft[{a};{b}]", "u.soft", "<=", 1, {a: 1, b: -1}, cost)
    for a, b in pairs if hard and seed % 3 == 0 else ():
        add(f"u.hard[{a};{b}]", "u.hard", "<=", 6, {a: 1, b: -1}, None)
    return case, replace(
        offers,
        rows=tuple(rows),
        row_start=np.cumsum([0, *map(len, entries)]).astype(np.int64),
        row_index=np.array([r for line in entries for r, _ in line], dtype=np.int32),
        row_coef=np.array([c for line in entries for _, c in line], dtype=np.int64),
    )


@pytest.mark.parametrize("seed", seeds(40, 300))
def test_the_plan_equals_brute_force(seed: int) -> None:
    """At gap 0 each tier is that of complete enumeration, proved by the prices, and valued alike everywhere."""
    case, offers = across(seed, tiers=1 + seed % 2)
    best, warm, reached = brute_force_offers(offers), None, list[int]()
    for tier in range(offers.tiers):
        prog = program(case, offers, tier, reached)
        answer = search(prog, EXACT, lambda *_: None, warm)
        if best is None:
            assert answer.stopped == "infeasible"
            return
        warm = answer.chosen
        assert warm is not None
        assert answer.tree_json is not None
        assert standing(prog, warm).lawful
        assert answer.objective == best[tier] <= answer.bound
        assert proof_bound(prog, answer.tree_json, answer.scale) == answer.bound
        assert answer.solver_bound is None or answer.solver_bound >= answer.objective
        reached.append(answer.objective)
    assert warm is not None
    assert value(offers, tuple(warm.tolist())) == best


@pytest.mark.parametrize("seed", seeds(30, 200))
def test_prices_of_any_kind_bound_every_plan(seed: int) -> None:
    """Random prices, those of rows missed together brought down to one penalty, never bound below the best plan."""
    case, offers = across(seed, hard=False)
    best = brute_force_offers(offers)
    prog = program(case, offers, 0)
    assert len(prog.together) == 2
    draw = np.random.default_rng(seed)
    prices = rounded(prog, draw.normal(0, 800, prog.parcels), draw.normal(0, 300, len(prog.sense)))
    for rows in prog.together:
        assert np.abs(prices.rows[list(rows)]).sum() <= prices.scale * prog.penalty[rows[0]]
    if best is not None:
        assert bound(prog, prices) >= best[0]
        assert relax(prog)[0].bound >= best[0]


def test_prices_shrink_in_proportion_towards_nothing() -> None:
    """Sizes add up to no more than what is allowed, signs stay, and what fits is left as it is."""
    assert shrunk([-3, 0, -6], 9) == [-3, 0, -6]
    assert shrunk([-3, 0, -6], 5) == [-1, 0, -3]
    assert shrunk([4, 4], 0) == [0, 0]


def test_the_list_of_offers_keeps_what_is_missed_together(tmp_path: Path) -> None:
    """``once`` stands in line 1 where it is so, and is read back."""
    case, offers = across(3, hard=False)
    write_offers(tmp_path / "offers.jsonl.gz", case, offers)
    assert [row.once for row in read_offers(tmp_path / "offers.jsonl.gz").rows] == [r.once for r in offers.rows]
    assert sum("once" in row.as_dict() for row in offers.rows) == 9


def test_the_exported_model_has_one_slack_for_them(tmp_path: Path) -> None:
    """HiGHS on the exported MPS of each tier finds what enumeration finds."""
    import highspy

    for seed in (1, 2, 5):
        case, offers = across(seed, tiers=2, hard=False)
        best = brute_force_offers(offers)
        assert best is not None
        for tier in range(2):
            write_mps(tmp_path / "model.mps", case, offers, tier, best[:tier])
            solver = highspy.Highs()
            solver.setOptionValue("output_flag", False)
            solver.readModel(str(tmp_path / "model.mps"))
            solver.run()
            assert round(solver.getObjectiveValue()) == best[tier]
            assert from_arrays(base_arrays(case, offers), tier, best[:tier]).together


def test_rows_missed_together_connect_what_no_row_does() -> None:
    """Two platforms on land of their own, each the only one in its key: the worse of the keys counts for both."""
    rows = [(Row(f"u[{at}]", "u", (str(at),), "limit", ">=", 9, 1, 10, 0, True), {2 * at: 4, 2 * at + 1: 9})
            for at in range(2)]  # fmt: skip
    order = [(0, 0, 0), (0, 0, 1), (1, 1, 0), (1, 1, 1)]
    case, offers = assemble(1, [100, 100], [(0,), (1,)], order, [[60, 0, 0, 1]], rows, 2, ())
    prog = program(case, offers, 0)
    assert len(components(prog, np.arange(prog.count))) == 1
    answer = search(prog, EXACT, lambda *_: None)
    assert (answer.objective,) == brute_force_offers(offers) == (60 + 1 - 50,)
    assert answer.solver_bound is None or answer.solver_bound >= answer.objective
    met = replace(offers, rows=tuple(replace(row, rhs=4) for row in offers.rows))
    assert len(components(program(case, met, 0), np.arange(4))) == 1  # the empty plan misses them
    never = replace(offers, rows=tuple(replace(row, rhs=0) for row in offers.rows))
    assert len(components(program(case, never, 0), np.arange(4))) == 2
