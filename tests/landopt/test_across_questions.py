"""Limits across keys in what is asked of a plan: what if, alternatives, placing, the plan folder and its words."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from constraints.audit.run import audit_plan
from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.reasons.across_words import compared
from landopt.reasons.alternatives import value
from landopt.reasons.justify import justify
from landopt.reasons.proven.whatif import Changes, Proven
from landopt.reasons.texts import render, render_proposal
from landopt.screening.changed_amounts import again
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import solve
from tests.audit.test_across_audit import across_case
from tests.builders import case, demand, limit, parcel
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
    assert context.proof is not None
    reached = [int(tier["objective"]) for tier in context.proof["tiers"]]
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


def _per(made: Case) -> list[str]:
    return next(list(rule.spec["per"]) for rule in made.rules if rule.id == "u.wide")


@pytest.mark.parametrize("seed", seeds(4, 40))
def test_the_plan_folder_stands_with_its_words(seed: int, tmp_path: Path) -> None:
    """Solved, justified, written and audited in full."""
    made = across_case(seed)
    if solve(made, build_offers(made), gap="0").chosen is None:
        return
    report = audit_plan(write_plan(tmp_path / "plan", made), complete=True)
    assert report.breaches == ()


def test_one_line_says_who_gets_least_and_who_lies_widest_apart() -> None:
    """Of the rows of a rule the key furthest short, and the two widest apart: in both languages."""
    made = case(
        [parcel(parcel_id=f"{name}{size}", district=name, area_m2=size, land_source="new") for name, size in
         (("A", 1_000), ("A", 3_000), ("B", 2_000), ("C", 500))],
        [demand(demand_id=f"D{n}", area_min_m2=400, area_max_m2=4_000) for n in range(3)],
        [limit("r.fair", "", ">=", 9_000, across="least", per=("district",), penalty=1),
         limit("r.even", "", "<=", 1_400, across="spread", per=("district",), penalty=1)],
        [],
    )  # fmt: skip
    offers = build_offers(made)
    outcome = solve(made, offers, gap="0")
    assert outcome.chosen is not None
    records = justify(made, offers, outcome.chosen.tolist(), outcome)
    whole = next(record for record in records if record["kind"] == "plan")
    said = {lang: " ".join(render(whole, lang).split()) for lang in ("en", "zh")}
    assert "the least, C, gets 500 m² of 9,000 asked for" in said["en"]
    assert "最少者 C 得 500" in said["zh"]
    assert "期望 9,000" in said["zh"]
    assert "widest apart, B 1,500 m² beyond C, at most 1,400 (passed)" in said["en"]
    assert "差距最大者，B 比 C 多 1,500" in said["zh"]
    assert "已超过" in said["zh"]
    rows = [limit for limit in whole["limits"] if limit["across"]]
    assert len(rows) == 3 + 6
    assert [limit["key"] for limit in compared(whole["limits"])] == [["B", "C"], ["C"]]
    plan = {"justification": records}
    proposal = {lang: render_proposal(plan, made, lang) for lang in ("en", "zh")}
    assert proposal["en"].count("least: C") == 1
    assert "least: A" not in proposal["en"]
    assert "B 1,500 m² beyond C, at most 1,400" in proposal["en"]
    assert "最少者：C" in proposal["zh"]
