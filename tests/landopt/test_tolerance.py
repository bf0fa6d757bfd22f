"""Tiers that give part of their value to later ones, against enumeration, and as the audit holds them."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from constraints.audit.run import audit_plan
from constraints.case import Case, held_at
from landopt.intake.roundfile import read_round_file
from landopt.reasons.alternatives import value
from landopt.screening.offers import Offers
from landopt.solving.process import child
from landopt.solving.programme.arrays import base_arrays
from parcels.common.issues import Refused
from tests.audit.mutants import load, reseal, save
from tests.landopt.decided import plans, write_plan
from tests.landopt.solve_rounds import bare_round

GIVES = ((1, 100), (1, 3), (1, 2), (3, 4))


def _given(seed: int, tiers: int) -> tuple[Case, Offers]:
    """A small round whose tiers give parts of all sizes."""
    draw = Random(seed)
    case, offers = bare_round(seed, parcels=5, demands=3, tiers=tiers)
    gives = (*(draw.choice(GIVES) for _ in range(tiers - 1)), (0, 1))
    return replace(case, objective=replace(case.objective, gives=gives)), offers


def _solved(folder: Path, case: Case, offers: Offers) -> tuple[dict[str, Any], tuple[int, ...] | None]:
    """What the solver's process finds, run here."""
    folder.mkdir()
    child.save_arrays(folder, base_arrays(case, offers))
    request = {"gap": "0", "time_limit_s": None, "nodes": None, "seed": 0, "threads": 1, "solver": "highs"}
    result = child.run(folder, {**request, "gives": case.objective.gives}, lambda _: None)
    best = folder / "best.npy"
    return result, tuple(np.load(best).tolist()) if best.exists() else None


@pytest.mark.parametrize("tiers", [2, 3])
def test_every_tier_is_the_best_there_is_under_what_earlier_ones_give(tmp_path: Path, tiers: int) -> None:
    """Tier by tier: the best of all plans that keep row >= reached - floor(give x abs(reached)); the plan keeps all."""
    moved = 0
    for seed in range(24):
        case, offers = _given(seed, tiers)
        every = [worth for worth, _ in plans(offers)]
        result, chosen = _solved(tmp_path / str(seed), case, offers)
        if not every:
            assert result["stopped"] == "infeasible"
            continue
        assert chosen is not None
        found, strict = value(offers, chosen), max(every)
        for tier, entry in enumerate(result["tiers"]):
            best = max(worth[tier] for worth in every)
            assert entry["objective"] == best, (seed, tier)
            floor = held_at(best, case.objective.give(tier))
            assert best - floor == abs(best) * Fraction(*case.objective.give(tier)) // 1
            assert floor <= found[tier] <= best
            every = [worth for worth in every if worth[tier] >= floor]
        assert found[-1] == max(worth[-1] for worth in every)
        moved += found != strict
    assert moved > 1, "what is given must matter in some rounds"


def _round(tmp_path: Path, tiers: str) -> Any:
    text = f"""[round]
id = "t"
title = {{ en = "t", zh = "t" }}
authority = "t"
land_reduction_rate = "0.05"
purpose = "supply"
as_of = 2026-03-31
[inputs]
parcels = "parcels.csv"
crs = "EPSG:4526"
demands = "parcels.csv"
use_codes = "landopt"
[objective]
tiers = {tiers}
"""
    (tmp_path / "parcels.csv").write_text("parcel_id\n", "utf-8")
    (tmp_path / "round.toml").write_text(text, "utf-8")
    return read_round_file(tmp_path / "round.toml").objective


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ('[["served"], ["preference", "revenue"]]', ()),
        ('[{ parts = ["served"], give = "1%" }, ["preference"]]', ((1, 100), (0, 1))),
        ('[{ parts = ["served"], give = "1％" }, { parts = "revenue" }]', ((1, 100), (0, 1))),
        ('[{ parts = ["served"], give = 0.125 }, "preference", ["revenue"]]', ((1, 8), (0, 1), (0, 1))),
        ('[{ parts = ["served"], give = "0" }, ["revenue"]]', ()),
    ],
)
def test_what_a_tier_gives_is_read_in_every_form(tmp_path: Path, text: str, gives: Any) -> None:
    assert _round(tmp_path, text).gives == gives


@pytest.mark.parametrize(
    "text",
    [
        '[{ parts = ["served"] }, { parts = ["revenue"], give = "1%" }]',
        '[{ parts = ["served"], give = "101%" }, ["revenue"]]',
        '[{ parts = ["served"], give = "-1%" }, ["revenue"]]',
        '[{ parts = ["served"], give = "some" }, ["revenue"]]',
        '[{ parts = ["served"], gives = "1%" }, ["revenue"]]',
        '[{ give = "1%" }, ["revenue"]]',
    ],
)
def test_what_no_tier_can_give_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Refused, match=r"give|tiers"):
        _round(tmp_path, text)


def test_the_audit_holds_what_is_given_to_the_proof(tmp_path: Path) -> None:
    """A plan that gives stands; a false value reached or held is refused, also with every digest made anew."""
    from tests.builders import random_case

    seed = next(s for s in range(200) if len(random_case(s).objective.tiers) == 2 and plans_of(s))
    case = random_case(seed)
    case = replace(case, objective=replace(case.objective, gives=((1, 4), (0, 1))))
    folder = write_plan(tmp_path / "plan", case)
    content = load(folder)
    assert "held_at" in content["proof.json"]["tiers"][0]
    assert not [b for b in audit_plan(folder).breaches if b.rule not in ("binding", "layers")]
    for name, step in (("reached", 1), ("held_at", 1), ("held_at", -1)):
        lie = copy.deepcopy(content)
        for entry in (lie["proof.json"]["tiers"][0], lie["plan.json"]["result"]["tiers"][0]):
            entry[name] += step
        save(tmp_path / f"{name}{step}", reseal(lie))
        found = [each for each in audit_plan(tmp_path / f"{name}{step}").breaches if each.key == ("tier 1",)]
        assert "held_at" in [each.rule for each in found], json.dumps(lie["proof.json"]["tiers"][0])


def plans_of(seed: int) -> bool:
    """Whether a random round has a plan with an assignment."""
    from tests.audit.folders import small
    from tests.builders import random_case

    found = small(random_case(seed))
    return found.best is not None and bool(found.chosen)
