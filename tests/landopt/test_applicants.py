"""Late applicants filed by an overlay: solved with, audited, told as a scenario, refused where they cannot be one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from landopt.job import Job
from landopt.keeping.remeasure import remeasure
from landopt.keeping.whole_audit import whole_audit
from landopt.pipeline import run
from landopt.report.gis.plan_layers import write_plan_gpkg
from parcels.common.issues import Refused
from tests.workbench.making import small_round

FACTS = {
    "area_max_m2": "60000",
    "area_min_m2": "1000",
    "name": '"晚到平台"',
    "operator": '"private"',
    "platform_kind": '"technology"',
    "priority": "90",
    "uses": '["IND", "IND_M0", "RES", "BIZ"]',
}


def overlay(place: Path, name: str = "N-1", **changed: str) -> Path:
    """An overlay that files an applicant."""
    facts = {**FACTS, **changed}
    lines = "\n".join(f"{key} = {value}" for key, value in facts.items() if value)
    head = f'[[applicant]]\ndemand = "{name}"\nreason = "第12次会议纪要"\nby = "经办人甲"\n\n'
    place.write_text(f"{head}[applicant.facts]\n{lines}\n", encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small round solved with a late applicant; the folder of rounds."""
    home = tmp_path_factory.mktemp("late")
    folder = small_round(home / "r1")
    run(Job(folder, overlays=(overlay(home / "late.toml"),)), lambda _line: None)
    return home


def test_it_is_a_platform_like_the_others(decided: Path) -> None:
    """Served or left out with its reasons; its facts stand as those of a scenario, with reason and name."""
    plan = json.loads((decided / "r1" / "plan" / "plan.json").read_text("utf-8"))
    served = {entry["demand_id"] for entry in plan["assignments"]} | {entry["demand_id"] for entry in plan["unserved"]}
    assert "N-1" in served
    assert plan["case"]["overlays"] == ["late", "第12次会议纪要 (经办人甲)"]
    case = json.loads((decided / "r1" / "plan" / "case.json").read_text("utf-8"))
    assert {(fact["id"], fact["was"]) for fact in case["scenario"]} == {("N-1", None)}
    assert {fact["field"] for fact in case["scenario"]} == set(FACTS)


def test_the_audit_re_derives_it_and_never_says_that_it_stands(decided: Path) -> None:
    """The whole audit finds nothing wrong, and says that it is a scenario; against the files it is told apart."""
    report = whole_audit(decided / "r1" / "plan", rewrite=write_plan_gpkg, complete=True)
    assert not report.breaches
    assert report.scenario
    assert report.verdict != "stands"
    found = remeasure(decided / "r1" / "plan", decided / "r1")
    assert not [issue for issue in found if issue.level == "error"]
    assert "A092.applicant" in {issue.key for issue in found}


def test_a_fact_other_than_the_overlay_says_is_a_breach(decided: Path, tmp_path: Path) -> None:
    """The table of the case is held against the text of the overlay."""
    from constraints.audit.bound.binding import Binding
    from constraints.case import from_json

    raw = json.loads((decided / "r1" / "plan" / "case.json").read_text("utf-8"))
    for entry in raw["sources"]:
        if entry["role"] == "overlay":
            entry["text"] = entry["text"].replace("priority = 90", "priority = 10")
    found = Binding(from_json(raw), raw)
    assert any("scenario.N-1.priority" in name for name, _ in found.problems)


@pytest.mark.parametrize(
    ("name", "changed", "key"),
    [
        ("N-1", {"operator": ""}, "O008.missing"),
        ("N-1", {"priority": '"much"'}, "O004.cannot"),
        ("N-1", {"area_min_m2": "70000"}, "D067.area-min-m2"),
        ("N-1", {"colour": '"red"'}, "R009.fact-unknown-field"),
        ("known", {}, "O008.known"),
    ],
)
def test_what_is_no_applicant_is_refused(
    decided: Path, tmp_path: Path, name: str, changed: dict[str, str], key: str
) -> None:
    """A fact missing, wrong, unknown or against another; the id of a platform of the round."""
    if name == "known":
        case = json.loads((decided / "r1" / "plan" / "case.json").read_text("utf-8"))
        name = next(each for each in case["demands"]["ids"] if each != "N-1")
    shutil.copytree(decided / "r1", tmp_path / "r1", ignore=shutil.ignore_patterns("plan"))
    with pytest.raises(Refused) as refused:
        run(Job(tmp_path / "r1", overlays=(overlay(tmp_path / "late.toml", name, **changed),)), lambda _line: None)
    assert key in {issue.key for issue in refused.value.issues}
