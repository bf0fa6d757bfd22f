"""A late applicant filed in a scenario: a step with reason and name, undone and done again, solved with; renaming."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from cli import desk
from landopt.workbench import edits
from tests.workbench.making import copied, finished, page
from tests.workbench.test_further import NEW, ended

SAID = {"reason": "第12次会议纪要", "by": "经办人甲"}


def test_a_late_applicant_is_filed_undone_and_solved_with(tmp_path: Path, solved: Path) -> None:
    """What the page keeps is an overlay that the command line solves with as well; the source file stays."""
    copied(solved, tmp_path / "r1")
    before = (tmp_path / "r1" / "demands.csv").read_bytes()
    with page(tmp_path) as client:
        late = ended(client, "/api/ask/start/place/r1", {"demand": "N-1", "facts": NEW})
        assert (late["facts"]["area_min_m2"], late["facts"]["uses"]) == (3000, ["IND"])
        name = client.post("/api/do/make/r1", json={"name": "晚到"}).json()["name"]
        step = {"do": "add", "demand": "N-1", "facts": late["facts"], "scenario": name, **SAID}
        assert client.post("/api/do/step/r1", json={**step, "version": 0, "reason": ""}).status_code == 422
        for wrong in ({}, {"uses": [1]}, {"a b": "x"}, {"priority": 1.5}):
            assert client.post("/api/do/step/r1", json={**step, "version": 0, "facts": wrong}).status_code == 422
        assert client.post("/api/do/step/r1", json={**step, "version": 0}).json()["adds"]["N-1"]["by"] == "经办人甲"
        path = tmp_path / "r1" / "scenarios" / name / "scenario.toml"
        filed = tomllib.loads(path.read_text("utf-8"))["applicant"]
        assert [(one["demand"], one["reason"], one["facts"]["name"]) for one in filed] == [
            ("N-1", SAID["reason"], NEW["name"])
        ]
        undone = client.post("/api/do/step/r1", json={"do": "undo", "scenario": name, "version": 1}).json()
        assert undone["adds"] == {}
        assert "applicant" not in tomllib.loads(path.read_text("utf-8"))
        again = client.post("/api/do/step/r1", json={"do": "redo", "scenario": name, "version": 2}).json()
        assert set(again["adds"]) == {"N-1"}
        job = finished(client, client.post("/api/do/solve/r1", json={"scenario": name}).json()["job"])
        assert job["state"] == "done", job["answer"]
        assert "--overlay" in job["typed"]
        plan = json.loads((path.parent / "plan" / "plan.json").read_text("utf-8"))
        named = {entry["demand_id"] for entry in (*plan["assignments"], *plan["unserved"])}
        assert "N-1" in named
        answer = client.post("/api/do/handle/r1", json={"plan": f"s:{name}", "what": "submit", "by": "甲"})
        assert answer.status_code == 200
        new = client.post("/api/do/rename/r1", json={"name": name, "new": "晚到-2"}).json()["name"]
        assert (tmp_path / "r1" / "scenarios" / new / "plan" / "plan.json").is_file()
        assert client.post("/api/do/rename/r1", json={"name": name, "new": "x"}).status_code == 404
        assert client.post("/api/do/rename/r1", json={"name": new, "new": "../x"}).status_code == 422
        client.post("/api/do/make/r1", json={"name": "B"})
        assert client.post("/api/do/rename/r1", json={"name": new, "new": "b"}).status_code == 409
        assert client.get("/api/room/r1").json()["scenarios"][1]["adds"]
    done = CliRunner().invoke(desk, ["audit", str(tmp_path / "r1" / "scenarios" / new / "plan")], prog_name="landopt")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "r1" / "demands.csv").read_bytes() == before


def test_withdrawing_takes_what_was_fixed_for_it_along(tmp_path: Path) -> None:
    """A fix for a platform that is gone would be refused."""
    steps: list[dict[str, Any]] = [
        {"do": "add", "demand": "N-1", "facts": {"name": "x"}, **SAID},
        {"do": "fix", "site": "P1", "method": "listing", "demand": "N-1", **SAID},
        {"do": "fix", "site": "P2", "method": "listing", "demand": "D1", **SAID},
        {"do": "unadd", "demand": "N-1"},
    ]
    for version, step in enumerate(steps):
        edits.add(tmp_path, edits.step_of(step), version)
    now = edits.read(tmp_path).now
    assert (now.adds, set(now.fixes), now.overlaid()) == ({}, {"P2"}, False)


def test_the_core_follows_moved_numbers(tmp_path: Path, solved: Path) -> None:
    """Asked of another reader than the bound; the same as the command says."""
    copied(solved, tmp_path / "r1")
    with page(tmp_path) as client:
        head = client.post("/api/ask/plan/head/r1", json={"plan": "plan"}).json()
        rule = next(rule for rule in head["rules"] if rule["kind"] == "limit" and rule["settable"] and rule["values"])
        key = ",".join(rule["values"][0]["key"])
        word = f"{rule['id']}{f'[{key}]' if key else ''}:amount={rule['values'][0]['amount'] + 1}"
        asked = {"plan": "plan", "within": "1%", "sets": [word]}
        found = client.post("/api/ask/plan/core/r1", json=asked)
        assert found.status_code == 200, found.text
        assert {"holds", "empty", "bound", "parcels"} <= set(found.json())
        assert len(client.bench.readers.open) == 2
        wrong = client.post("/api/ask/plan/core/r1", json={**asked, "sets": ["nobody:amount=1"]})
        assert wrong.status_code == 422
    words = ["core", str(tmp_path / "r1" / "plan"), "--within", "1%", "--set", word]
    done = CliRunner().invoke(desk, [*words, "--json"], prog_name="landopt")
    assert json.loads(done.stdout)["threshold"] == found.json()["threshold"]
    for lang in ("en", "zh"):
        assert CliRunner().invoke(desk, [*words, "--lang", lang], prog_name="landopt").exit_code == 0
    assert CliRunner().invoke(desk, [*words, "--exact"], prog_name="landopt").exit_code != 0
