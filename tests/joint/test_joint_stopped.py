"""A city that is stopped within joint rounds is named and left out; its declared use counts, and the rest stands."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from constraints.audit.joint import audit_joint
from landopt.invent.round import write_round
from landopt.job import NoPlan, Stopped
from landopt.joint import run as joint_run
from landopt.joint import work
from landopt.joint.choose import Effort
from landopt.joint.choose import run as solve
from landopt.joint.run import joint
from landopt.runs.work import Run, Where
from tests.joint.conftest import TOML

pytestmark = pytest.mark.slow
NODES = Effort(Fraction(2, 100), None, 200)
ROUNDS = {seed: f"nansha-2026-{seed}" for seed in (1, 2)}


@pytest.fixture(scope="module")
def province(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small cities; the second is said to have used two listings."""
    home = tmp_path_factory.mktemp("province")
    for seed in ROUNDS:
        write_round(home / f"city-{seed}", parcels=16, demands=5, seed=seed)
    file = home / "joint.toml"
    file.write_text(TOML.replace("nansha-2026-3", ROUNDS[2]), "utf-8")
    return file


def killed(shared: str) -> Run:
    """A worker that the system ends as soon as it is to decide the second city at prices."""
    real = work.open_worker(shared)

    def run(given: Mapping[str, Any]) -> dict[str, Any]:
        if given["do"] == "price" and given["round"] == ROUNDS[2]:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(given)

    return run


def late(where: str) -> Any:
    """What opens a worker whose solver comes back without a plan for the second city, at its limit."""

    def opener(shared: str) -> Run:
        real = work.open_worker(shared)

        def run(given: Mapping[str, Any]) -> dict[str, Any]:
            if given["do"] != where or given["round"] != ROUNDS[2]:
                return real(given)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(work, "run", lambda *asked: replace(solve(*asked), stopped="limit", chosen=None))
                return real(given)

        return run

    return opener


def stands(said: Mapping[str, Any], folder: Path) -> None:
    """The second city is named; five of seven listings are left to the first, and the audit finds nothing."""
    assert said["left_out"] == [{"round": ROUNDS[2], "why": "stopped"}]
    assert [each["round"] for each in said["cities"]] == [ROUNDS[1]]
    listings = next(each for each in said["limits"] if each["id"] == "listings")
    assert listings["rhs"] == 5
    assert listings["total"] <= 5
    report = audit_joint(folder)
    assert not report.broken
    assert report.bound == said["bound"] >= said["objective"]


@pytest.mark.parametrize("where", ["open", "price"])
def test_a_city_without_a_plan_at_its_limit(province: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alone or at the prices."""
    monkeypatch.setattr(joint_run, "open_worker", late(where))
    heard: list[str] = []
    done = joint(province, province.parent / where, NODES, lambda line: heard.append(line.text("en")), Where(1))
    stands(done.said, done.folder)
    assert any(ROUNDS[2] in line for line in heard)


def test_a_city_whose_workers_die(province: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed twice at the prices: given up; once they live again, the same folder takes it in."""
    out = province.parent / "die"
    monkeypatch.setattr(joint_run, "open_worker", killed)
    done = joint(province, out, NODES, lambda line: None, Where(2))
    stands(done.said, done.folder)
    monkeypatch.undo()
    again = joint(province, out, NODES, lambda line: None, Where(1))
    assert not again.said["left_out"]
    assert len(again.said["cities"]) == 2
    assert not audit_joint(again.folder).broken


def test_no_time_at_all(province: Path) -> None:
    """A limit of no second: plans with the bound that is there, or cities named; never a wrong word."""
    out = province.parent / "none"
    try:
        done = joint(province, out, Effort(Fraction(2, 100), 0), lambda line: None, Where(1))
    except (NoPlan, Stopped):
        assert not out.exists()
        return
    assert not audit_joint(done.folder).broken
    assert {each["why"] for each in done.said["left_out"]} <= {"stopped"}
