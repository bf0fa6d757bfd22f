"""No plan is lost: what lies at the output place moves to the shelf, and the shelf is listed (DESIGN 10.3)."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli import desk
from constraints.canonical import canonical
from landopt.keeping import shelf
from landopt.keeping.ledger.chain import Ledger
from parcels.common.digests import sha256_of
from tests.places import smaller


def call(*words: object, lang: str = "en") -> Result:
    """A command of the desk; never a traceback."""
    done = CliRunner().invoke(desk, [*map(str, words), "--lang", lang], prog_name="landopt")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done


def plan_of(folder: Path) -> dict[str, Any]:
    """The plan of a folder as data."""
    found: dict[str, Any] = json.loads((folder / "plan.json").read_bytes())
    return found


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half of the example, solved once."""
    place = smaller(tmp_path_factory.mktemp("shelf") / "round")
    assert call("solve", place).exit_code == 0
    return place


@pytest.fixture
def round_(solved: Path, tmp_path: Path) -> Path:
    """A copy of the solved example."""
    return shutil.copytree(solved, tmp_path / "round")


def test_a_plan_that_is_solved_over_is_kept_with_all_that_lay_beside_it(round_: Path) -> None:
    """Reports and files of the user's move with the plan; the listing has both, oldest first."""
    (round_ / "plan" / "report").mkdir()
    (round_ / "plan" / "report" / "tables.xlsx").write_bytes(b"edited")
    (round_ / "plan" / "notes.txt").write_text("mine")
    before = plan_of(round_ / "plan")["plan_id"]
    done = call("solve", round_, "--set", "round.cap.listings:amount=5")
    assert done.exit_code == 0, done.output
    kept = round_ / "plans" / before
    assert f"is kept in {kept}" in done.stderr
    assert (kept / "notes.txt").read_text() == "mine"
    assert (kept / "report" / "tables.xlsx").read_bytes() == b"edited"
    now = plan_of(round_ / "plan")["plan_id"]
    found = json.loads(call("plans", round_, "--json").stdout)["plans"]
    assert [entry["id"] for entry in found] == [before, now]
    assert [entry["adopted"] for entry in found] == [False, False]
    assert found[0]["score"] > found[1]["score"]
    assert before in call("plans", round_).stdout
    assert "未采纳" in call("plans", round_, lang="zh").stdout
    assert call("audit", kept).exit_code == 0


@pytest.mark.slow
def test_the_same_plan_again_fills_no_shelf(round_: Path) -> None:
    """Solving three times keeps one copy of the same folder, and every different one."""
    for _ in range(3):
        assert call("solve", round_).exit_code == 0
    assert len(list((round_ / "plans").rglob("plan.json"))) == 1
    (round_ / "plan" / "notes.txt").write_text("mine")
    assert call("solve", round_).exit_code == 0
    assert len(list((round_ / "plans").rglob("notes.txt"))) == 1


@pytest.mark.parametrize("why", ["sealed", "adopted"])
def test_a_sealed_or_adopted_plan_is_never_moved(round_: Path, why: str) -> None:
    """Another place is asked for before anything is solved; with one the old plan stays where it was."""
    plan = round_ / "plan"
    if why == "sealed":
        (plan / "seal").mkdir()
    else:
        with Ledger(round_ / "ledger.sqlite", create=True) as book:
            book.append("open", "r", {"by": "x"})
            book.append("adopt", "r", {"document": "穗〔2026〕1号", "plan_sha256": sha256_of(plan / "plan.json"),
                                       "date": "2026-04-01", "by": "x", "assignments": []})  # fmt: skip
        assert "adopted (穗〔2026〕1号)" in call("plans", round_).stdout
    before = {path: path.stat().st_ino for path in plan.rglob("*")}
    done = call("solve", round_)
    assert done.exit_code == 6
    assert "E004" in done.output
    assert why in done.output
    assert "-o" in done.output
    assert {path: path.stat().st_ino for path in plan.rglob("*")} == before
    assert call("solve", round_, "-o", round_ / "other").exit_code == 0


def test_a_stopped_run_that_found_less_leaves_the_better_plan(round_: Path, tmp_path: Path) -> None:
    """The same question with a worse answer goes to the shelf, and that is told; another question takes the place."""
    plan = plan_of(round_ / "plan")
    case = json.loads((round_ / "plan" / "case.json").read_bytes())
    case["settings"]["time_limit_s"] = 1
    worse = {
        **plan,
        "plan_id": "worse",
        "result": {"tiers": [{"objective": plan["result"]["tiers"][0]["objective"] - 1}]},
    }
    said: list[object] = []

    def fill(folder: Path) -> None:
        (folder / "plan.json").write_bytes(canonical({"plan_id": "worse"}))

    place = shelf.put(round_, round_ / "plan", worse, canonical(case), fill, said.append)
    assert place == round_ / "plans" / "worse"
    assert plan_of(round_ / "plan") == plan
    assert "worth more and stays" in str(said[0])
    case["round"]["as_of"] = "2027-01-01"
    assert shelf.put(round_, round_ / "plan", worse, canonical(case), fill, said.append) == round_ / "plan"
    assert plan_of(round_ / "plan")["plan_id"] == "worse"
    assert plan_of(round_ / "plans" / plan["plan_id"]) == plan


@pytest.mark.slow
def test_what_a_killed_run_left_is_put_in_order_by_the_next(round_: Path) -> None:
    """Torn folders go; a plan that was moved aside and not yet shelved is shelved."""
    torn = round_ / ".landopt-new-plan-0123456789ab"
    torn.mkdir()
    (torn / "case.json").write_bytes(b"{")
    aside = round_ / ".landopt-old-plan-0123456789ab"
    shutil.copytree(round_ / "plan", aside)
    (aside / "notes.txt").write_text("mine")
    assert call("solve", round_).exit_code == 0
    assert not list(round_.rglob(".landopt-new-*"))
    assert not list(round_.rglob(".landopt-old-*"))
    assert len(list((round_ / "plans").rglob("notes.txt"))) == 1


def test_an_id_that_is_a_path_names_no_folder_outside(round_: Path) -> None:
    """A plan.json that was written elsewhere cannot name where it is moved to."""
    plan = plan_of(round_ / "plan")
    for bad in ("../../evil", "/tmp/evil", "CON", "", "a" * 500, "方案 1"):
        (round_ / "plan" / "plan.json").write_bytes(canonical({**plan, "plan_id": bad}))
        place = shelf.place_of(round_, round_ / "plan")
        assert place is not None
        assert ".." not in place.parts
        assert place.parents[1] in (round_, round_ / "plans")
        assert len(place.name) <= 80
    assert place is not None
    assert place.name == "方案-1"
