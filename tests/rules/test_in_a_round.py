"""What a round says of its rules and its prices: rules that match nothing, facts a price floor hangs on."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from constraints.case import Case
from constraints.reading.book import book
from constraints.reading.judge import judge
from landopt.intake.assemble import read_round
from landopt.screening.uncapped_sites import build_offers
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused
from tests.places import EXAMPLE

NOTHING = """
[[rule]]
id = "bureau.nothing"
kind = "preference"
title = { en = "Nothing", zh = "无" }
cite = { doc = "Policy", article = "1", number = "1", rank = 1, grade = "V1", source = "" }
from = 2020-01-01
when = "area_m2 > 999999999"
methods = ["listing"]
points = 1
"""


def test_check_reports_a_policy_rule_that_matches_no_parcel(tmp_path: Path) -> None:
    """FAULT 49 in a round: a warning with counts for the policy, one note for the packs."""
    folder = tmp_path / "round"
    shutil.copytree(EXAMPLE, folder)
    with (folder / "policy.toml").open("a", encoding="utf-8") as file:
        file.write(NOTHING)
    found = [issue for issue in read_round(folder).issues if issue.code == "R022"]
    assert [issue.level for issue in found if "bureau.nothing" in issue.ids] == ["warning"]
    assert any("matches 0 of " in issue.what for issue in found)
    assert [issue.level for issue in found if issue.what.endswith(" parcels")].count("note") == 1


def test_a_round_before_a_pack_is_complete_says_so(tmp_path: Path) -> None:
    """Every answer about a date before `complete_from` says so: a warning of the check and a note of the case."""
    folder = tmp_path / "round"
    shutil.copytree(EXAMPLE, folder)
    text = (folder / "round.toml").read_text(encoding="utf-8").replace("as_of = 2026-03-31", "as_of = 2021-03-31")
    (folder / "round.toml").write_text(text, encoding="utf-8")
    (folder / "records.csv").write_text("rule,parcel_id,demand_id,document,date,by\n", encoding="utf-8")
    loaded = read_round(folder)
    early = [issue for issue in loaded.issues if issue.code == "R023"]
    assert [issue.ids for issue in early] == [("cn-guangdong",), ("cn-guangzhou-nansha",)]
    assert [str(note) for note in loaded.notes if "is complete from" in str(note)] == [issue.what for issue in early]
    assert not [issue for issue in read_round(EXAMPLE).issues if issue.code == "R023"]


def test_fault_59_weights_that_are_all_zero_or_too_large(tmp_path: Path) -> None:
    """Weights of 0 choose nothing for a reason, weights past their cap overflow: both are refused by line."""
    folder = tmp_path / "round"
    shutil.copytree(EXAMPLE, folder)
    text = (folder / "round.toml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("weights"))
    for wrong in ("served = 0, preference = 0, revenue = 0", "served = 1e13"):
        (folder / "round.toml").write_text(text.replace(line, f"weights = {{ {wrong} }}"), encoding="utf-8")
        with pytest.raises(Refused, match="weights"):
            read_round(folder)


@cache
def _example() -> Case:
    return read_round(EXAMPLE).ready()


def _without(case: Case, *names: str) -> Case:
    columns = {k: (None,) * len(v) if k in names else v for k, v in case.parcels.columns.items()}
    return replace(case, parcels=FactTable(case.parcels.ids, columns))


@pytest.mark.parametrize(
    ("missing", "uses", "method"),
    [
        ("grade", ("IND", "IND_M0", "STOR"), "listing"),
        ("cost_floor", ("IND", "IND_M0", "STOR"), "listing"),
        ("benchmark_price", ("RES", "EDU"), "agreement"),
        ("cost_floor", ("RES", "EDU"), "agreement"),
    ],
)
def test_a_floor_that_hangs_on_an_unknown_fact_is_a_condition_in_both_readings(
    missing: str, uses: tuple[str, ...], method: str
) -> None:
    """No offer is permitted whose price floor needs a fact that is not on file; the scalar reading names the fact."""
    case = _without(_example(), missing)
    number = [each.id for each in case.methods].index(method)
    offers, use = build_offers(case), case.parcels.column("use")
    seen = 0
    for at in (offers.method == number).nonzero()[0].tolist():
        site = offers.site[at]
        parcels = offers.site_parcels[offers.site_start[site] : offers.site_start[site + 1]].tolist()
        if any(use[parcel] in uses for parcel in parcels):
            seen += 1
            assert (int(offers.verdict[at]), int(offers.floor[at])) == (2, -1)
    assert seen
    rules = book(case.rules, case.methods, as_of=case.round.as_of)
    wanted = case.methods[number]
    for row in range(len(case.parcels.ids)):
        if use[row] in uses:
            facts = {**case.parcels.row(row), "intending_users": 1, "operator": "pubinst", "nonprofit": True}
            found = judge(rules, facts, wanted)
            assert found.verdict in ("condition", "forbid")
            assert missing in {condition.fact for condition in found.conditions}


def test_a_blank_appraised_price_alone_is_no_condition() -> None:
    """It comes later; the verdict of an offer does not change for it."""
    whole, blank = _example(), _without(_example(), "appraised_price")
    assert _verdict(whole) == _verdict(blank)


def _verdict(case: Case) -> str:
    row = case.parcels.column("use").index("RES")
    facts = {**case.parcels.row(row), "benchmark_price": 100_000, "cost_floor": 50_000}
    facts |= {"intending_users": 1, "operator": "pubinst", "nonprofit": True, "public_welfare": True}
    agreement = next(method for method in case.methods if method.id == "agreement")
    return judge(book(case.rules, case.methods, as_of=case.round.as_of), facts, agreement).verdict
