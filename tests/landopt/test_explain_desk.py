"""Questions at the desk: explain, whynot, alternatives, compare, diagnose and sweep, as text and as JSON."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.audit.finding import HINDERS
from constraints.audit.run import audit_plan
from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.keeping.plan_folder import open_plan
from landopt.reasons.explain.schema import file_schema, schema
from landopt.reasons.texts import render, render_plan
from tests.builders import case, demand, eligibility, limit, parcel
from tests.landopt.decided import write_plan
from tests.workbench.making import small_round


def _round() -> Case:
    rules = [
        eligibility("t.agree", "use == 'RES'", agreement="permit", domain=("R-21-9",)),
        eligibility("t.two", "intending_users >= 2", agreement="forbid"),
        limit("p.quota", "", "<=", 20_000),
        limit("p.count", "method == 'listing'", "<=", 1, measure="count"),
    ]
    land = [
        parcel(parcel_name="North"),
        parcel(use="RES", intending_users=2),
        parcel(use="RES", area_m2=9_000),
        parcel(status="reserve"),
        parcel(area_m2=90_000),
    ]
    wants = [
        demand(name="Pilot plant"),
        demand(uses=("RES",), operator="pubinst", priority=90),
        demand(uses=("CUL",), building_suffices=True),
    ]
    return case(land, wants, rules)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The plan folders of a small round, and of the same round with a quota of 10,000 m²."""
    place = tmp_path_factory.mktemp("plans")
    round_ = _round()
    return write_plan(place / "a", round_), write_plan(place / "b", apply_sets(round_, ["p.quota:amount=10000"]))


def _run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(desk, [*arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def _json(*arguments: str) -> Any:
    return json.loads(_run(*arguments, "--json").stdout)


def test_plan_folder_of_the_tests_stands(folders: tuple[Path, Path]) -> None:
    """The auditor re-derives everything the justified plan says; one made under ``--set`` does not simply stand."""
    reports = [audit_plan(folder, complete=True) for folder in folders]
    assert [report.breaches for report in reports] == [(), ()]
    assert [report.stands for report in reports] == [True, False]
    assert {report.verdict for report in reports} == {"stands as far as checked"}
    hinders = [str(each.said) for each in reports[1].unchecked if each.what in HINDERS]
    assert hinders == ["made under --set p.quota:amount=10000, which round.toml does not name"]


def test_justification_keeps_to_the_published_schema(folders: tuple[Path, Path]) -> None:
    """Every record of plan.json is valid, one for each parcel and platform and one for the plan."""
    jsonschema.validate(json.loads((folders[0] / "plan.json").read_text(encoding="utf-8")), file_schema())
    plan = open_plan(folders[0]).plan
    jsonschema.validate(plan["justification"], schema())
    kinds = [record["kind"] for record in plan["justification"]]
    assert (kinds.count("assignment"), kinds.count("unserved"), kinds.count("plan")) == (2, 1, 1)
    assert kinds.count("held") == 3


def test_explain_prints_one_case_in_both_languages(folders: tuple[Path, Path]) -> None:
    """One parcel, one platform, the plan as a whole; JSON is the record itself."""
    english = _run("explain", str(folders[0]), "--parcel", "P01", "--lang", "en").stdout
    assert english.startswith("Land supply method: review sheet - P01")
    assert "Pilot plant" in english
    chinese = _run("explain", str(folders[0] / "plan.json"), "--parcel", "P01", "--lang", "zh").stdout
    assert chinese.startswith("供地方式审查意见表　宗地编号 P01")
    assert "Premises instead of a parcel" in _run("explain", str(folders[0]), "--demand", "D03", "--lang", "en").stdout
    assert "kept in reserve" in _run("explain", str(folders[0]), "--parcel", "P04", "--lang", "en").stdout
    assert (
        "Would serve D01 if divided" not in _run("explain", str(folders[0]), "--parcel", "P01", "--lang", "en").stdout
    )
    assert "The plan as a whole" in _run("explain", str(folders[0]), "--lang", "en").stdout
    [record] = _json("explain", str(folders[0]), "--parcel", "P01")
    assert record["id"] == "P01"


def test_explain_names_the_nearest_of_a_mistyped_id(folders: tuple[Path, Path]) -> None:
    """An unknown parcel or platform is refused (exit 1) with the nearest name."""
    assert "Maybe" in _run("explain", str(folders[0]), "--parcel", "P1", code=1).stderr
    assert "D01" in _run("explain", str(folders[0]), "--demand", "D1", code=1).stderr
    assert "one at a time" in _run("explain", str(folders[0]), "--parcel", "P01", "--demand", "D01", code=2).stderr


def test_explain_limits_tells_what_each_is_worth(folders: tuple[Path, Path]) -> None:
    """Every limit is lifted and moved by a step, the one worth most first."""
    found = _json("explain", str(folders[1]), "--limits")
    assert {entry["limit"]["cite"]["rule"] for entry in found} >= {"p.quota"}
    worth = [entry["lifted"]["low"][0] for entry in found]
    assert worth == sorted(worth, reverse=True)
    assert all(entry["steps"] for entry in found)
    text = _run("explain", str(folders[1]), "--limits", "--lang", "en").stdout
    assert "each limit changed alone and all else held" in text


def test_whynot_answers_every_method_at_once(folders: tuple[Path, Path]) -> None:
    """Without a method all are answered; the forbidden one names rule and nearest fact."""
    answers = {
        entry["method"]: entry for entry in _json("whynot", str(folders[0]), "--parcel", "P02", "--demand", "D02")
    }
    assert answers["agreement"]["state"] == "forbidden"
    assert answers["agreement"]["rulings"][-1]["cite"]["rule"] == "t.two"
    assert answers["agreement"]["nearest"]["fact"]["field"] == "intending_users"
    assert answers["contribution"]["nearest"]["fact"] is None
    text = _run("whynot", str(folders[0]), "--parcel", "P02", "--demand", "D02", "--lang", "en").stdout
    assert "Nearest fact that would change the verdict" in text
    assert "No single fact can change the verdict" in text
    assert (
        "任何单一事实的改变均不能改变结论"
        in _run("whynot", str(folders[0]), "--parcel", "P02", "--demand", "D02", "--lang", "zh").stdout
    )


@pytest.mark.parametrize("full", [False, True])
def test_whynot_exact_prints_an_interval(folders: tuple[Path, Path], full: bool) -> None:
    """A lawful offer that was not chosen, forced: what moves and the loss as an interval."""
    arguments = ["whynot", str(folders[0]), "--parcel", "P01", "--method", "auction", "--exact"]
    arguments += ["--full"] if full else []
    [answer] = _json(*arguments)
    if answer["state"] == "lawful":
        assert answer["exact"]["possible"]
        assert answer["exact"]["low"][0] <= answer["exact"]["high"][0]
        assert "If it were forced" in _run(*arguments, "--lang", "en").stdout


def test_whynot_needs_a_parcel_and_known_names(folders: tuple[Path, Path]) -> None:
    """Usage errors are exit 2, unknown names exit 1 with the nearest."""
    assert "Which parcel?" in _run("whynot", str(folders[0]), code=2).stderr
    assert "listing" in _run("whynot", str(folders[0]), "--parcel", "P01", "--method", "listng", code=1).stderr


def test_alternatives_are_listed_with_their_loss(folders: tuple[Path, Path]) -> None:
    """The next plans come best first; the text says proven or gives the bound."""
    found = _json("alternatives", str(folders[0]), "-k", "2")
    losses = [plan["loss"][0] for plan in found["plans"]]
    assert losses == sorted(losses)
    assert losses[0] == 0
    text = _run("alternatives", str(folders[0]), "-k", "2", "--min-different", "50%", "--lang", "en").stdout
    assert "the plan" in text.splitlines()[0]
    assert "not a part" in _run("alternatives", str(folders[0]), "--min-different", "x", code=2).stderr


def test_compare_names_what_moved_and_which_number_moved_it(folders: tuple[Path, Path]) -> None:
    """The smaller quota is named as the change, and as the cause of every move."""
    found = _json("compare", str(folders[0]), str(folders[1]), "--causes")
    assert [change["id"] for change in found["changes"]] == ["p.quota"]
    assert found["lost"] == ["D01"]
    assert found["joint"] == []
    assert found["causes"][0]["explains"] == [entry["parcel_id"] for entry in found["parcels"]]
    assert found["tiers"][0]["change"] < 0
    for lang in ("en", "zh"):
        text = _run("compare", str(folders[0]), str(folders[1]), "--causes", "--lang", lang).stdout
        assert "p.quota" in text
    assert "No parcel moved." in _run("compare", str(folders[0]), str(folders[0]), "--lang", "en").stdout


def test_missing_plan_is_refused(tmp_path: Path) -> None:
    """A folder without a plan is input refused, not a traceback."""
    assert "plan.json is missing" in _run("explain", str(tmp_path), code=1).stderr


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_printed_plan_holds_table_bounds_and_every_case(folders: tuple[Path, Path], lang: str) -> None:
    """A short round prints the method table, the bound lines, each case with its basis, then every sheet."""
    opened = open_plan(folders[0])
    text = render_plan(opened.plan, lang, opened.case)
    wanted = {
        "en": ["Method", "Held back", "audited bound", "Limits, the one that", "Basis:", "Platforms without a site:"],
        "zh": ["供应方式", "暂不供应", "经审计的上界", "限额（按取消后", "依据：", "未安排用地的平台："],
    }[lang]
    for words in wanted:
        assert words in text
    for record in opened.plan["justification"]:
        if record["kind"] != "plan":
            assert render(record, lang) in text


def test_a_round_that_names_no_authority_leaves_no_gap(folders: tuple[Path, Path]) -> None:
    """Its first line was "b -  - plan"."""
    opened = open_plan(folders[0])
    nobody = replace(opened.case, round=replace(opened.case.round, authority=""))
    title = opened.case.round.title
    assert render_plan(opened.plan, "en", nobody).startswith(f"{title.en} - plan ")
    assert render_plan(opened.plan, "zh", nobody).startswith(f"{title.zh}　方案编号 ")


def test_what_a_short_round_prints_is_what_is_explained(tmp_path: Path) -> None:
    """A sheet of ``solve`` names each fact to be established once, as ``explain`` does, not each rule that asks for it.

    Without layers and zones many rules ask for the same few facts.
    """
    home, plan = small_round(tmp_path / "round", parcels=12, demands=4), str(tmp_path / "plan")
    text = (home / "round.toml").read_text("utf-8")
    (home / "round.toml").write_text(re.sub(r"\[inputs\.layers\].*?(?=\n\[)", "", text, flags=re.DOTALL), "utf-8")
    told = CliRunner().invoke(desk, ["solve", str(home), "--output", plan, "--lang", "en"])
    assert told.exit_code in (0, 4), told.output
    explained = _run("explain", plan, "--all", "--lang", "en").stdout
    asked = re.compile(r"^5\. Conditions before contract\.\n(.*?)^6\. ", re.MULTILINE | re.DOTALL)
    assert "To be established by" in "".join(asked.findall(explained))
    assert asked.findall(told.stdout) == asked.findall(explained)


def test_long_rounds_print_a_summary_and_say_how_to_see_one_case(folders: tuple[Path, Path]) -> None:
    """With more records than a screen holds the sheets are left out and the commands for one case are printed."""
    opened = open_plan(folders[0])
    held = next(record for record in opened.plan["justification"] if record["kind"] == "held")
    many = {**opened.plan, "justification": [*opened.plan["justification"], *[held] * 60]}
    text = render_plan(many, "en", opened.case)
    assert "review sheet" not in text
    assert "One case: landopt explain PLAN --parcel P01" in text


def test_overrides_are_flagged_in_the_printed_plan(folders: tuple[Path, Path]) -> None:
    """A fix by hand is printed with its reason, its name and its cost."""
    opened = open_plan(folders[0])
    fix = {"fix": "P01=auction:D01", "reason": "note 12", "by": "officer 2", "cost": {"low": [0], "high": [1_500]}}
    text = render_plan({**opened.plan, "overrides": [fix]}, "en", opened.case)
    assert "P01=auction:D01 - note 12 (officer 2); it costs between 0.000 and 1.500 points." in text
