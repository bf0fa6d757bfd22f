"""The whole thread against witnesses: complete enumeration, a second solver, shuffled input."""

from __future__ import annotations

import csv
import json
import shutil
from fractions import Fraction
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from cli import desk
from constraints.case import Case, to_json
from landopt.intake.assemble import read_round
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import base_arrays, from_arrays
from landopt.solving.programme.model import write_mps
from landopt.solving.search.tier_search import Options, search
from tests.brute import brute_force_offers
from tests.builders import random_case
from tests.counts import WHOLE
from tests.places import EXAMPLE

ROOT = Path(__file__).parent.parent
EXACT = Options(Fraction(0), None, None, 0, 1, "highs")


def solved(case: Case, offers: Offers) -> tuple[int, ...] | None:
    """The objective of every tier at gap 0, or None where no plan is lawful."""
    base = base_arrays(case, offers)
    reached: list[int] = []
    warm = None
    for tier in range(len(base["score"])):
        answer = search(from_arrays(base, tier, reached), EXACT, lambda *_: None, warm)
        if answer.chosen is None:
            assert answer.stopped == "infeasible"
            return None
        reached.append(answer.objective)
        warm = answer.chosen
    return tuple(reached)


@pytest.mark.parametrize("block", range(8))
def test_plan_of_random_rounds_equals_brute_force_over_all_lawful_plans(block: int) -> None:
    """200 random rounds, from facts through rules, sites and rows to the plan: the optimum of complete enumeration."""
    lawful = 0
    for seed in range(25 * block, 25 * block + 25):
        case = random_case(seed)
        offers = build_offers(case)
        best = brute_force_offers(offers)
        assert solved(case, offers) == best, seed
        lawful += best is not None
    assert lawful >= 5


def scip(path: Path) -> float | None:
    """The optimum a second solver finds for an exported model."""
    Model = pytest.importorskip("pyscipopt", reason="make solvers installs the second solvers; CI does").Model

    problem = Model()
    problem.hideOutput()
    problem.readProblem(str(path))
    problem.setParam("limits/gap", 0)
    problem.optimize()
    return None if problem.getStatus() == "infeasible" else problem.getObjVal()


def test_a_second_solver_agrees_on_small_rounds(tmp_path: Path) -> None:
    """At gap 0 landopt, SCIP on the exported MPS and enumeration give one number."""
    for seed in range(200, 230):
        case = random_case(seed)
        offers = build_offers(case)
        if len(case.objective.tiers) > 1 or not len(offers.site):
            continue
        best = brute_force_offers(offers)
        write_mps(tmp_path / "small.mps", case, offers, 0)
        other = scip(tmp_path / "small.mps")
        assert solved(case, offers) == best
        assert (other is None) == (best is None)
        assert best is None or round(other or 0.0) == best[0]


@pytest.mark.slow
def test_a_second_solver_falls_between_plan_and_bound_on_the_example(tmp_path: Path) -> None:
    """SCIP's optimum of the example's exported model lies between the plan's objective and the plan's bound."""
    runner = CliRunner()
    done = runner.invoke(desk, ["solve", str(EXAMPLE), "-o", str(tmp_path / "plan")])
    assert done.exit_code == 0, done.output
    done = runner.invoke(desk, ["model", str(EXAMPLE), "--mps", str(tmp_path / "m.mps")])
    assert done.exit_code == 0, done.output
    tier = json.loads((tmp_path / "plan" / "plan.json").read_text("utf-8"))["result"]["tiers"][0]
    best = scip(tmp_path / "m.mps")
    assert best is not None
    assert tier["objective"] <= round(best) <= min(tier["bound"], tier["solver_bound"] or tier["bound"])


def shuffled(folder: Path, seed: int) -> None:
    """Put the rows of the round's parcels and demands into another order."""
    import geopandas

    draw = Random(seed)
    with (folder / "demands.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *rows = list(csv.reader(stream))
    draw.shuffle(rows)
    with (folder / "demands.csv").open("w", encoding="utf-8-sig", newline="") as stream:
        csv.writer(stream).writerows([head, *rows])
    frame = geopandas.read_file(EXAMPLE / "parcels.gpkg")
    order = list(range(len(frame)))
    draw.shuffle(order)
    (folder / "parcels.gpkg").unlink()
    frame.iloc[order].to_file(folder / "parcels.gpkg", layer="parcels", driver="GPKG")


SOLVED = 20 if WHOLE else 5
"""Shuffled rounds that are decided as well."""


@pytest.mark.slow
def test_twenty_shuffles_of_the_input_give_one_plan(tmp_path: Path) -> None:
    """Whatever the order of parcels and demands in their files, the plan hash is the same.

    All twenty give one case to the byte, but for the digests of the files it was read from: nothing else is decided
    upon. Five are decided from the files on, all of them by ``make long``.
    """
    cases, hashes = set(), set()
    for seed in range(20):
        folder = tmp_path / f"round-{seed}"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("plan"))
        shuffled(folder, seed)
        case = read_round(folder).case
        assert case is not None
        told = to_json(case)
        cases.add(json.dumps(told | {"inputs": [each | {"sha256": ""} for each in told["inputs"]]}))
        if seed < SOLVED:
            done = CliRunner().invoke(desk, ["solve", str(folder), "--nodes", "2000"])
            assert done.exit_code in (0, 4), done.output
            hashes.add(json.loads((folder / "plan" / "plan.json").read_text("utf-8"))["plan_hash"])
    assert len(cases) == 1
    assert len(hashes) == 1
