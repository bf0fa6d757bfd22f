"""The main job as a list of steps: each is usable alone, and together they give what the job gives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from constraints.audit.run import audit_plan
from landopt import pipeline
from landopt.job import Breach, Job
from parcels.common.catalogue import Told
from tests.places import EXAMPLE


@pytest.fixture
def round_(tmp_path: Path) -> Path:
    """A copy of the example round."""
    kept = shutil.ignore_patterns("plan", "plans", ".landopt*")
    return Path(shutil.copytree(EXAMPLE, tmp_path / "round", ignore=kept))


@pytest.mark.slow
def test_steps_by_hand_give_the_plan_of_the_job(round_: Path, tmp_path: Path) -> None:
    """Read, scenario, screen, choose, decide, write, audit: the same plan as in one go; a spoilt file is a breach."""
    said: list[Told] = []
    job = Job(round_, tmp_path / "whole")
    whole = pipeline.run(job, said.append)
    assert list(whole.phases) == ["read", "screen", "solve", "justify", "write", "audit"]
    loaded = pipeline.read(job)
    made = pipeline.scenario(loaded, job)
    offers = pipeline.screen(made.case)
    outcome = pipeline.choose(made.case, offers, job, said.append)
    decision = pipeline.decide(made, offers, outcome, said.append)
    assert decision.plan == whole.plan
    place = tmp_path / "by-hand"
    place.mkdir()
    pipeline.write(place, decision, loaded.geometry)
    report = pipeline.audit(place, len(offers.site), place, said.append)
    assert report.stands
    assert report.checked > 1000
    for name in ("plan.json", "case.json", "proof.json"):
        assert (place / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert audit_plan(tmp_path / "whole").stands
    spoilt = (place / "case.json").read_bytes().replace(b'"as_of":"2026', b'"as_of":"2025')
    (place / "case.json").write_bytes(spoilt)
    with pytest.raises(Breach):
        pipeline.audit(place, len(offers.site), place, said.append)


def test_steps_are_listed_in_their_order_with_one_line_each() -> None:
    """The list names what is there, in the order of the job, and each step says what it does."""
    assert list(pipeline.STEPS) == ["read", "scenario", "screen", "choose", "decide", "write", "audit"]
    for name, step in pipeline.STEPS.items():
        assert getattr(pipeline, name) is step
        assert "step: " in str(step.__doc__).partition("\n")[0]


def test_a_number_set_for_a_scenario_reaches_the_case(round_: Path) -> None:
    """The second step alone gives the case under a scenario, without screening or solving anything."""
    job = Job(round_, sets=("round.cap.listings:amount=7",))
    made = pipeline.scenario(pipeline.read(job), job)
    rule = next(rule for rule in made.case.rules if rule.id == "round.cap.listings")
    assert [entry["amount"] for entry in rule.spec["values"]] == [7]
    assert made.case.overlays == ("round.cap.listings:amount=7",)
