"""The solver against complete enumeration on small rounds, in process (the child itself is tested apart)."""

from __future__ import annotations

import csv
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from constraints.types import Row
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.heuristics.greedy import greedy
from landopt.solving.programme.arrays import base_arrays, from_arrays, program, standing
from landopt.solving.programme.components import _joined, components
from landopt.solving.programme.model import write_csv, write_mps
from landopt.solving.relaxation.prices import relax
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Answer, Options
from landopt.solving.solver import proof_bound
from landopt.solving.tuning import USUAL
from tests.brute import brute_force_offers
from tests.builders import random_medium_case
from tests.landopt.solve_rounds import assemble, bare_round

EXACT = Options(Fraction(0), None, None, 0, 1, "highs")


def _tiers(seed: int, tiers: int) -> tuple[list[Answer], tuple[int, ...] | None]:
    case, offers = bare_round(seed, tiers=tiers)
    base = base_arrays(case, offers)
    answers: list[Answer] = []
    warm = None
    for tier in range(len(base["score"])):
        prog = from_arrays(base, tier, [answer.objective for answer in answers])
        answer = search(prog, EXACT, lambda *_: None, warm)
        answers.append(answer)
        if answer.chosen is None:
            break
        warm = answer.chosen
        assert standing(prog, warm).lawful
        assert answer.tree_json is not None
        assert proof_bound(prog, answer.tree_json, answer.scale) == answer.bound >= answer.objective
    return answers, brute_force_offers(offers)


@pytest.mark.parametrize("seed", range(60))
def test_plan_equals_brute_force(seed: int) -> None:
    """At gap 0 the objective of every tier is that of complete enumeration, or both say that no plan is lawful."""
    answers, best = _tiers(seed, tiers=1 + seed % 2)
    if best is None:
        assert answers[-1].stopped == "infeasible"
        assert answers[-1].chosen is None
    else:
        assert tuple(answer.objective for answer in answers) == best
        for answer in answers:
            assert answer.solver_bound is None or answer.solver_bound >= answer.objective


@pytest.mark.parametrize("seed", range(100, 130))
def test_prices_of_any_kind_bound_every_plan(seed: int) -> None:
    """Random integer prices, clamped to their signs, never bound below the best plan."""
    from landopt.solving.programme.price_bound import bound, rounded

    case, offers = bare_round(seed, hard=False)
    best = brute_force_offers(offers)
    prog = program(case, offers, 0)
    draw = np.random.default_rng(seed)
    prices = rounded(prog, draw.normal(0, 800, prog.parcels), draw.normal(0, 3, len(prog.sense)))
    if best is not None:
        assert bound(prog, prices) >= best[0]
        assert relax(prog)[0].bound >= best[0]


@pytest.mark.parametrize("seed", range(40))
def test_greedy_plan_is_lawful(seed: int) -> None:
    """The first plan breaks no row."""
    case, offers = bare_round(seed)
    prog = program(case, offers, 0)
    chosen = greedy(prog)
    assert chosen is None or standing(prog, chosen).lawful


def test_exported_model_has_the_same_optimum(tmp_path: Path) -> None:
    """SCIP on the exported MPS of each tier finds what enumeration finds; line k of the CSV is column xk."""
    Model = pytest.importorskip("pyscipopt", reason="make solvers installs the second solvers; CI does").Model

    for seed in (2, 3, 5, 11):
        case, offers = bare_round(seed, tiers=2, hard=False)
        best = brute_force_offers(offers)
        assert best is not None
        for tier in range(2):
            path = tmp_path / f"{seed}-{tier}.mps"
            write_mps(path, case, offers, tier, best[:tier])
            assert "OBJSENSE" in path.read_text()
            problem = Model()
            problem.hideOutput()
            problem.readProblem(str(path))
            problem.optimize()
            assert round(problem.getObjVal()) == best[tier]
    write_csv(tmp_path / "offers.csv", case, offers)
    with (tmp_path / "offers.csv").open(encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["column"] for line in lines] == [f"x{k}" for k in range(len(offers))]


@pytest.mark.parametrize("seed", range(12))
def test_parts_that_no_rule_connects_are_solved_apart(seed: int) -> None:
    """With limits nobody can break a round falls into parts that share nothing; together they give the best plan."""
    case, offers = bare_round(seed, parcels=9, demands=4, hard=False)
    wide = {"<=": 10**9, ">=": -(10**9)}
    rows = tuple(replace(row, rhs=wide.get(row.sense, row.rhs), slack=0) for row in offers.rows)
    offers = replace(offers, rows=rows)
    prog = program(case, offers, 0)
    groups = components(prog, np.arange(prog.count))
    assert sorted(np.concatenate(groups).tolist()) == list(range(prog.count))
    lands = [{int(p) for o in group for p in offers.parcels(int(o))} for group in groups]
    assert sum(map(len, lands)) == len(set().union(*lands))
    for options in (EXACT, replace(EXACT, tuning=replace(USUAL, branches=(0, 0)))):
        answer = search(prog, options, lambda *_: None)
        assert (answer.objective,) == brute_force_offers(offers)
        assert answer.bound >= answer.objective
        assert answer.solver_bound is None or answer.solver_bound >= answer.objective


@pytest.mark.parametrize("seed", range(8))
def test_nodes_that_edges_join_get_one_label(seed: int) -> None:
    """As networkx sees it, whose import takes longer than the whole question."""
    import networkx as nx

    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 60))
    one, two = draw.integers(0, count, (2, int(draw.integers(0, 2 * count))))
    graph = nx.Graph(zip(one.tolist(), two.tolist(), strict=True))
    graph.add_nodes_from(range(count))
    expected = {node: min(group) for group in nx.connected_components(graph) for node in group}
    assert _joined(count, one, two).tolist() == [expected[node] for node in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_all_offers_go_to_a_solver_where_a_proof_ends_early(seed: int) -> None:
    """Few offers, then the proof: without a branch it leaves something open, and the best plan is found still."""
    case = random_medium_case(seed, 24)
    prog = program(case, build_offers(case), 0)
    kinds = ((4_000, 200), (4_000, 0), (0, 0))
    tunings = (replace(USUAL, branches=(most, most), early=early, few=8) for most, early in kinds)
    whole, late, cut = (search(prog, replace(EXACT, tuning=tuning), lambda *_: None) for tuning in tunings)
    assert whole.bound == whole.objective == cut.objective <= cut.bound
    assert late.bound == late.objective == whole.objective  # the second proof has all branches


def test_a_round_without_a_single_limit_falls_into_parts() -> None:
    """The policy of a blank round has no limit switched on: there is no row but those of parcels and platforms."""
    order = [(0, 0, 0), (0, 1, 0), (1, 2, 0), (2, 3, 0)]
    case, offers = assemble(9, [100] * 6, [(0,), (1,), (2,), (3,)], order, [[5, 4, 3, 2]], [], 2, ())
    prog = program(case, offers, 0)
    groups = components(prog, np.arange(prog.count))
    assert sorted(np.concatenate(groups).tolist()) == list(range(prog.count))


def test_round_without_offers() -> None:
    """No offer at all: the empty plan is proved best, a minimum makes it infeasible, a soft one costs its penalty."""
    rows: list[tuple[Row, dict[int, int]]] = [
        (Row("t.a", "t.a", (), "limit", ">=", 5, slack, 7), {}) for slack in (0, 1)
    ]
    for chosen, stopped, objective in (([], "optimal", 0), (rows[:1], "infeasible", 0), (rows[1:], "optimal", -35)):
        case, offers = assemble(1, [100] * 4, [(0,)], [], [[]], chosen, 2, ())
        answer = search(program(case, offers, 0), EXACT, lambda *_: None)
        assert answer.stopped == stopped
        assert answer.objective == objective
        assert (answer.chosen is None) == (stopped == "infeasible")
