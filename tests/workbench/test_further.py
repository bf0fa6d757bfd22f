"""Late applicants, serving a platform, fronts, stress, rules: asked in the page, answered by the library."""

from __future__ import annotations

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from landopt.workbench.guards import Refusal
from landopt.workbench.round.asking import stress_text
from tests.workbench.making import copied, finished, page

NEW = {
    "name": "晚到平台",
    "platform_kind": "technology",
    "operator": "private",
    "uses": "IND",
    "area_min_m2": "3000",
    "area_max_m2": "40000",
    "priority": "60",
}


def ended(client: Any, path: str, said: dict[str, Any]) -> dict[str, Any]:
    """The answer of a job."""
    begun = client.post(path, json=said)
    assert begun.status_code == 200, begun.text
    job = finished(client, begun.json()["job"], 200)
    assert job["state"] == "done", job["answer"]
    return {**job["answer"], "typed": job["typed"]}


@pytest.mark.slow
def test_a_late_applicant_and_a_platform_left_out(tmp_path: Path, solved: Path) -> None:
    """What the page says is what the command printed under the button says; nothing is written."""
    copied(solved, tmp_path / "r1")
    plan = json.loads((tmp_path / "r1" / "plan" / "plan.json").read_text("utf-8"))
    taken = next(entry["demand_id"] for entry in plan["assignments"] if entry["demand_id"])
    with page(tmp_path, read_only=True) as client:
        asked = client.post("/api/ask/applicant", json={}).json()["fields"]
        assert {field["field"] for field in asked if field["required"]} <= set(NEW)
        late = ended(client, "/api/ask/start/place/r1", {"demand": "N-1", "facts": NEW})
        assert (late["demand_id"], late["late"]) == ("N-1", True)
        assert late["offers"] == 0 or late["choices"]
        done = CliRunner().invoke(desk, [*shlex.split(late["typed"])[1:], "--json"], prog_name="landopt")
        assert json.loads(done.stdout)["choices"] == late["choices"]
        served = ended(client, "/api/ask/start/serve/r1", {"demand": taken})
        assert served["state"] == "served"
        assert taken in served["text"]["zh"]
        for wrong in ({"demand": "-x"}, {"demand": "N 1", "facts": NEW}, {"demand": "N-1", "facts": {"x": "y"}}, {}):
            assert client.post("/api/ask/start/place/r1", json=wrong).status_code == 422
        unknown = client.post("/api/ask/start/serve/r1", json={"demand": "nobody"}).json()
        assert finished(client, unknown["job"])["state"] == "refused"


@pytest.mark.slow
def test_a_front_and_stress_are_pictures_with_numbers(tmp_path: Path, solved: Path) -> None:
    """Points with their gaps, a drawing in either language; how often each choice survives."""
    copied(solved, tmp_path / "r1")
    with page(tmp_path, read_only=True) as client:
        front = ended(client, "/api/ask/start/front/r1", {"between": ["served", "revenue"], "count": 2})
        assert front["points"] >= 1
        assert all(front["svg"][lang].startswith("<svg") for lang in ("en", "zh"))
        stress = ended(client, "/api/ask/start/stress/r1", {"draws": 2, "area": "10", "drop_out": "8"})
        assert stress["holds"]["of"] == 2
        assert {each["of"] for each in stress["choices"]} == {2}
        for wrong in ({"between": ["served"]}, {"between": ["served", "-x"]}, {"between": ["a", "b"], "count": 99}):
            assert client.post("/api/ask/start/front/r1", json=wrong).status_code == 422
        for said in ({"draws": 2}, {"draws": 0, "area": "1"}, {"draws": 2, "area": "x"}):
            assert client.post("/api/ask/start/stress/r1", json=said).status_code == 422


@pytest.mark.slow
def test_the_law_is_read_in_the_page(tmp_path: Path) -> None:
    """The rules of a date, one with its text and cases, what changed; what is no date or rule is told."""
    with page(tmp_path) as client:

        def ask(what: str, **said: object) -> Any:
            return client.post(f"/api/ask/law/{what}", json=said)

        rules = ask("rules", as_of="2026-11-22").json()["rules"]
        assert "cn.order39.art4" in {rule["id"] for rule in rules}
        one = ask("rule", id="cn.order39.art4").json()
        assert "国土资源部令第39号" in one["text"]["zh"]
        assert one["count"] >= len(one["cases"]) >= 1
        assert all(case["agrees"] for case in one["cases"])
        found = ask("changed", as_of="2020-12-31", other="2023-01-01").json()
        assert "民法典" in found["text"]["zh"]
        assert ask("rule", id="cn.order39.art44").json()["issues"][0]["code"] == "R016"
        for what, said in (("rules", {"as_of": "today"}), ("changed", {"as_of": "2020-12-31"}), ("packs", {})):
            assert ask(what, **said).status_code == 422


def test_a_stress_file_from_the_form() -> None:
    """What is blank or 0 does not vary; something must."""
    made = tomllib.loads(stress_text({"area": "10", "drop_out": "8", "price": "0", "budget": ""}, 20))
    assert made["stress"] == {"draws": 20, "seed": 1}
    assert made["vary"] == [{"what": "area", "by": "10%"}, {"what": "drop_out", "chance": "0.08"}]
    for said in ({}, {"area": "0"}, {"area": "-1"}, {"area": "100"}, {"area": '1"'}):
        with pytest.raises(Refusal):
            stress_text(said, 20)
