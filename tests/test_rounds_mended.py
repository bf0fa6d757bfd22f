"""Small rounds that once ended wrong (tests/rounds_mended), and what is right of each."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk

ROUNDS = Path(__file__).parent / "rounds_mended"


def ended(name: str, folder: Path) -> tuple[int, dict[str, Any], str]:
    """(exit code, plan.json or nothing, what was printed) of solving a copy of a round."""
    copy = Path(shutil.copytree(ROUNDS / name, folder / name))
    words = ["solve", str(copy), "-o", str(folder / "plan"), "--lang", "en"]
    done = CliRunner().invoke(desk, words, prog_name="landopt")
    plan = folder / "plan" / "plan.json"
    return done.exit_code, json.loads(plan.read_text("utf-8")) if plan.exists() else {}, done.output


def test_every_site_counts_in_the_row_of_its_number_of_parcels(tmp_path: Path) -> None:
    """A limit per ``site_parcels``: the rows of one piece of offers are not those of the next."""
    code, plan, _ = ended("f1_site_parcels", tmp_path)
    assert code == 0
    assert {tuple(entry["key"]): entry["limit"] for entry in plan["limits"]} == {("1",): 15_000, ("2",): 15_000}


@pytest.mark.parametrize("name", ["f2_min_no_per", "f2_min_per_operator"])
def test_a_minimum_that_nothing_can_meet_is_no_plan(name: str, tmp_path: Path) -> None:
    """Exit 3 whatever the key is made of; ``diagnose`` names the rule."""
    code, plan, _ = ended(name, tmp_path)
    assert (code, plan) == (3, {})
    told = CliRunner().invoke(desk, ["diagnose", str(tmp_path / name), "--lang", "en"], prog_name="landopt")
    assert told.exit_code == 0
    assert "h.min" in told.output


def test_a_looser_share_costs_no_more(tmp_path: Path) -> None:
    """Over by 6,000 and 5,900 m2 of 10,000 at a point a square metre, whatever the denominator."""
    found = {name: ended(name, tmp_path / name[-4:]) for name in ("f3_share_0.4", "f3_share_0.41")}
    assert {code for code, _, _ in found.values()} == {0}
    worth = [plan["result"]["tiers"][0]["objective"] for _, plan, _ in found.values()]
    assert worth == [98_000_000, 98_200_000]


@pytest.mark.parametrize("name", ["f4_soft_0", "f4_soft_4000"])
def test_soft_is_soft_at_every_distance(name: str, tmp_path: Path) -> None:
    """A penalty of 0 forbids nothing, also where the amount is 0; and the audited gap is the one asked for."""
    code, plan, _ = ended(name, tmp_path)
    tier = plan["result"]["tiers"][0]
    assert (code, plan["result"]["stopped"]) == (0, "optimal")
    assert (tier["objective"], tier["bound"]) == (5_005_000, 5_005_000)


def test_tiers_with_soft_limits_are_proved(tmp_path: Path) -> None:
    """The bound of a tier with soft limits in it is not weakened by what nobody would miss."""
    code, plan, _ = ended("f5_exit4_tier", tmp_path)
    assert (code, plan["result"]["stopped"]) == (0, "optimal")
    assert {tier["proven_gap"] for tier in plan["result"]["tiers"]} == {"0.000000"}


def test_the_known_floor_of_a_mixed_parcel_counts(tmp_path: Path) -> None:
    """``IND:70;COM:30``, a floor for industry alone, nothing appraised: 712.5, and the expected price from it."""
    code, plan, _ = ended("round_s187", tmp_path)
    (entry,) = (one for one in plan["assignments"] if "P03" in one["parcel_ids"])
    assert code == 0
    assert entry["parcel_ids"] == ["P02", "P03"]
    assert entry["expected_price_yuan"] == 9_600 * 713 + 8_925 * 713


def test_ties_are_told_of_the_plan_that_is_printed(tmp_path: Path) -> None:
    """Each of the four parcels supplied could go to none, and what stays free could be supplied instead."""
    code, plan, text = ended("round_s310", tmp_path)
    assert code == 0
    assert plan["result"]["ties"]["status"] == "tied"
    assert f"in one of them {plan['result']['ties']['parcels']} parcels go otherwise" in text
