"""Limits across keys in what is asked of a plan: what if, alternatives, placing, the plan folder and its words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from constraints.audit.run import audit_plan
from landopt.intake.overlay import apply_sets
from landopt.reasons.alternatives import value
from landopt.reasons.proven.whatif import Changes, Proven
from landopt.screening.changed_amounts import again
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import solve
from tests.audit.test_across_audit import across_case
from tests.counts import seeds
from tests.landopt.decided import context_of, plans, write_plan


@pytest.mark.parametrize("seed", range(8))
def test_amounts_and_penalties_move_the_bound_of_every_plan(seed: int) -> None:
    """Of the least, the soft and the hard spread: never below the best plan by enumeration, the plan valued alike."""
    made = across_case(seed)
    offers = build_offers(made)
    outcome = solve(made, offers, gap="0")
    if outcome.chosen is None:
        assert not plans(offers)
        return
    context, _ = context_of(made, offers, outcome)
    proven, draw = Proven(context), Random(seed)
    reached = [int(tier["objective"]) for tier in context.proof["tiers"]]  # type: ignore[index]
    assert tuple(reached) == plans(offers)[0][0]
    for _ in range(6):
        pool = [f"u.least:penalty={draw.choice([0, 1, 9, 400])}", f"u.wide:penalty={draw.choice([0, 2, 90])}"]
        pool += [f"u.{name}:amount={draw.choice([0, 1, 3, 900, 4_000])}" for name in ("least", "wide", "hard")]
        pool += [f"u.wide[{key}]:used={draw.choice([1, 2_000])}" for key in ("A",) if "district" in _per(made)]
        sets = tuple(draw.sample(pool, 2))
        case = apply_sets(made, sets)
        fresh = build_offers(case)
        answer = proven.whatif(Changes(sets))
        every = plans(fresh)
        for tier, said in enumerate(answer.tiers):
            keep = [worth[tier] for worth, _ in every if all(worth[j] >= reached[j] for j in range(tier))]
            if said.bound is not None and keep:
                assert said.bound >= max(keep), (sets, tier)
        mine = [worth for worth, plan in every if sorted(plan) == sorted(context.chosen)]
        assert answer.holds == bool(mine)
        if mine:
            assert [said.score for said in answer.tiers] == list(mine[0]) == list(value(fresh, tuple(context.chosen)))
        moved = again(made, offers, case)
        assert moved is None or moved.rows == fresh.rows


def _per(made: object) -> list[str]:
    return next(rule.spec["per"] for rule in made.rules if rule.id == "u.wide")  # type: ignore[attr-defined]


@pytest.mark.parametrize("seed", seeds(4, 40))
def test_the_plan_folder_stands_with_its_words(seed: int, tmp_path: Path) -> None:
    """Solved, justified, written and audited in full."""
    made = across_case(seed)
    if solve(made, build_offers(made), gap="0").chosen is None:
        return
    report = audit_plan(write_plan(tmp_path / "plan", made), complete=True)
    assert report.breaches == ()
