"""The workbench in headless Chromium, on real solves: an officer, a planner, a head of section, a newcomer, eight tabs.

The pictures of docs/workbench.md are made here: ``LANDOPT_PICTURES=docs/img/workbench pytest -m browser`` writes them.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.places import EXAMPLE, LEFT
from tests.report.making import SCRIPT, plan_folder
from tests.report.test_browser import CHROMIUM, ready
from tests.workbench.making import small_round
from tests.workbench.test_columns import with_sources
from tests.workbench.test_further import NEW

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "browser"
ROOT = Path(__file__).parent.parent.parent
PICTURES = os.environ.get("LANDOPT_PICTURES")
__all__ = ["ready"]


def named() -> set[str]:
    """The pictures of docs/workbench.md."""
    return set(re.findall(r"img/workbench/([\w-]+)\.png", (ROOT / "docs" / "workbench.md").read_text("utf-8")))


@contextmanager
def served(folder: Path, *words: str) -> Iterator[Path]:
    """The command over a folder; gives the file that opens the page."""
    command = [sys.executable, "-m", "landopt", "serve", str(folder), "--no-open", "--lang", "en", *words]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        server.stderr.readline()
        try:
            yield Path(server.stderr.readline().rstrip().rpartition(" ")[2])
        finally:
            server.send_signal(signal.SIGINT)
            assert "Traceback" not in server.stderr.read()


def play(opener: Path, story: str, out: Path, **values: str) -> dict[str, Any]:
    """What a story saw."""
    out.mkdir(parents=True, exist_ok=True)
    command = ["node", str(HERE / "drive.mjs"), str(opener), story, str(out), json.dumps(values)]
    browser = {"CHROMIUM": str(shutil.which(CHROMIUM or "chromium"))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=4000, env={**os.environ, **browser})
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert not seen["errors"], "\n".join(seen["errors"])
    assert seen["outside"] == [], "an address outside, or one with a query"
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        for picture in out.glob("*.png"):
            if picture.stem in named():
                shutil.copy(picture, Path(PICTURES) / picture.name)
    return seen


@pytest.fixture
def rounds(tmp_path: Path) -> Path:
    """A folder with the example round and another beside it."""
    for name in ("南沙2026", "空港2026"):
        shutil.copytree(EXAMPLE, tmp_path / "rounds" / name, ignore=LEFT)
    return tmp_path / "rounds"


@pytest.mark.usefixtures("ready")
def test_an_officer_decides(rounds: Path, tmp_path: Path) -> None:
    """Solve with phases, slider with the exact bound, sheet, fix with reason, undo, redo, compare, both languages."""
    with served(rounds) as opener:
        seen = play(opener, "officer", tmp_path / "out", round="南沙2026")
    folder = rounds / "南沙2026"
    plan = json.loads((folder / "plan" / "plan.json").read_text("utf-8"))
    assert shlex.split(seen["typed"]) == ["landopt", "solve", str(folder)]
    assert seen["score"] == f"{plan['result']['tiers'][0]['objective'] / 1000:,.1f}"
    assert "挂牌" in seen["legend"]
    assert "任何方案不超过" in seen["bound0"]
    assert "至多" in seen["bound"]
    assert "现方案" in seen["bound"]
    assert seen["rows"] >= 100
    assert "各方案相同" in seen["core"]
    assert seen["core_moved"].startswith("按滑块数值")
    assert seen["core_after"][0] == "0.01%"
    assert seen["selected"] in seen["sheet"]
    assert "不适用" in seen["sheet"]
    assert "第12次会议纪要" in seen["fixed"]
    assert "经办人甲" in seen["fixed"]
    assert (seen["stale"], seen["dead"]) == (1, 1)
    steps = [
        json.loads(line) for line in (folder / "scenarios" / "草案-1" / "edits.jsonl").read_text("utf-8").splitlines()
    ]
    assert [step["do"] for step in steps] == ["set", "fix", "undo", "undo", "redo"]
    assert len(seen["plans"]) == 2
    assert ["0%" in seen["cut"][0], "80%" in seen["cut"][1]] == [True, True]
    assert seen["kept"] == "80"
    assert "round." in seen["diff"]
    assert "不超过" in seen["policy"]
    assert "at most" in seen["english"]
    assert seen["storage"]["cookie"] == ""
    assert seen["storage"]["session"] == ["landopt-token"]
    assert "landopt-token" not in seen["storage"]["local"]
    assert (rounds / "空港2026" / "round.toml").exists()
    assert not (rounds / "空港2026" / ".landopt-writer").exists()


@pytest.mark.usefixtures("ready")
def test_a_planner_changes_the_policy(rounds: Path, tmp_path: Path) -> None:
    """A number, a rule off with its reason, one as TOML: what the loader refuses is told, what it reads is kept."""
    policy = rounds / "南沙2026" / "policy.toml"
    filed = policy.read_text("utf-8").replace('amount = 38000, unit = "m2"', 'amount = "3.8", unit = "ha"', 1)
    policy.write_text(filed, "utf-8")
    with served(rounds) as opener:
        seen = play(opener, "planner", tmp_path / "out", round="南沙2026")
    folder = rounds / "南沙2026" / "scenarios" / "甲案"
    assert seen["scenarios"] == ["", "甲案"]
    assert len(list((folder.parent / ".bin").glob("乙案-*"))) == 1
    assert "methud" in seen["refused"]
    assert "自定上限" in seen["rules"]
    said = (folder / "scenario.toml").read_text("utf-8").replace("scenario 甲案:", "scenario 草案-1:", 1)
    assert seen["toml"].strip() == said.strip()
    assert f'id = "{seen["off"]}"' in seen["toml"]
    assert (seen["was"], seen["is"]) == ("3.8", "3")  # hectares, as the policy has it; the command line takes m²
    assert ("公顷" in seen["units"], "measure" in seen["units"]) == (True, False)
    assert f"--set {seen['name']}=30000 " in seen["toml"].replace("\n", " ")
    assert policy.read_text("utf-8") == filed


@pytest.mark.usefixtures("ready")
def test_a_head_of_section_audits_and_adopts(tmp_path: Path, solved: Path) -> None:
    """The verifier of the page, the auditor beside it, the adoption with its document; the law as a form."""
    shutil.copytree(solved, tmp_path / "rounds" / "r1")
    shutil.copytree(solved, tmp_path / "rounds" / "r2")
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "head", tmp_path / "out", round="r1")
    assert seen["verified"].startswith("成立")
    assert "方案成立" in seen["audited"]
    assert "穗规划〔2026〕12号" in seen["adopted"]
    assert "经办人" in seen["handled"]
    assert "审核人" in seen["handled"]
    assert "台账第 2 条" in seen["adopted"]
    assert "划拨" in seen["law"]
    assert (tmp_path / "rounds" / "r1" / "plan" / "adoption.json").exists()


ODD = {"序": "demand_id", "甲栏": "area_max_m2"}


def odd_files(tmp_path: Path, solved: Path) -> dict[str, str]:
    """Two files as an office sends them, two headings of which nobody knows; what a story is told of them."""
    sent = tmp_path / "sent"
    sent.mkdir()
    (tmp_path / "rounds").mkdir()
    shutil.copy(solved / "parcels.gpkg", sent / "地块.gpkg")
    text = (solved / "demands.csv").read_text("utf-8-sig")
    for heading, field in ODD.items():
        text = text.replace(field, heading, 1)
    (sent / "需求.csv").write_text(text, encoding="utf-8")
    files = {"parcels": str(sent / "地块.gpkg"), "demands": str(sent / "需求.csv")}
    return {**files, "as_of": "2026-03-31", "columns": json.dumps(ODD)}


@pytest.mark.usefixtures("ready")
def test_a_newcomer_comes_from_two_files_to_a_plan(tmp_path: Path, solved: Path) -> None:
    """By keyboard alone, without a line of TOML: headings nobody knows are named by choosing; the files sent stay."""
    given, named, sent = odd_files(tmp_path, solved), ODD, tmp_path / "sent"
    before = {path: path.read_bytes() for path in sent.iterdir()}
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "newcomer", tmp_path / "out", **given)
    assert "资料的理解方式" in seen["files"]
    assert "EPSG" in seen["files"]
    assert "没有任何列表示" in seen["files"]
    assert any(char.isdigit() for char in seen["score"])
    assert {path: path.read_bytes() for path in sent.iterdir()} == before
    said = tomllib.loads((tmp_path / "rounds" / "2026-R2" / "round.toml").read_text("utf-8"))
    assert said["inputs"]["columns"] == {field: heading for heading, field in named.items()}
    assert said["round"]["as_of"].isoformat() == given["as_of"]
    assert seen["keys"] <= 100  # Tab, arrows and letters of lists on the whole way: 80 when it was written


TRIAL = {
    "round": "name, date, code system, two files, *Make the round*: read and shown as understood",
    "columns": "two columns that nobody knows: choose each, *Keep these choices*",
    "plan": "*Go on*, *Solve*, plan shown",
    "audit": "*Audit and adopt*, *Audit completely*",
    "adopted": "*Submit* with a name, *Pass* with another, *Adopt* with document and name: ledger, adopted",
}
PAGE = ROOT / "docs" / "workbench.md"


@pytest.mark.usefixtures("ready")
def test_the_trial_from_the_double_click_to_an_adopted_plan(tmp_path: Path, solved: Path) -> None:
    """By pointer, from two files; what it took is written into docs/workbench.md with the pictures."""
    files = odd_files(tmp_path, solved)
    begun = time.monotonic()
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "trial", tmp_path / "out", **files)
    assert (tmp_path / "rounds" / "2026-R2" / "plan" / "adoption.json").exists()
    assert [stretch["name"] for stretch in seen["stretches"]] == list(TRIAL)
    first = round(time.monotonic() - begun) - sum(stretch["seconds"] for stretch in seen["stretches"])
    rows = [("*double click*: the page is there", 0, 0, max(first, 1))]
    rows += [(TRIAL[each["name"]], each["clicks"], each["entries"], each["seconds"]) for each in seen["stretches"]]
    clicks, entries, seconds = (sum(int(row[at]) for row in rows) for at in (1, 2, 3))
    rows.append(("together", clicks, entries, seconds))
    table = ["| step | clicks | entries | seconds |", "|---|---|---|---|"]
    table += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    text = PAGE.read_text("utf-8")
    head, _, rest = text.partition("<!-- trial -->\n")
    old, _, tail = rest.partition("<!-- /trial -->")
    counts = [re.findall(r"\| (\d+) \| (\d+) \| \d+ \|$", line) for line in old.splitlines()]
    if PICTURES:
        PAGE.write_text(head + "<!-- trial -->\n" + "\n".join(table) + "\n<!-- /trial -->" + tail, encoding="utf-8")
    else:
        assert [found[0] for found in counts if found] == [(str(row[1]), str(row[2])) for row in rows]


@pytest.mark.usefixtures("ready")
def test_records_and_layers_are_read_by_choosing(tmp_path: Path) -> None:
    """Columns of records and of a layer, its unit, an encoding: chosen from lists, and the round can be solved."""
    folder = with_sources(tmp_path / "rounds" / "r1")
    small_round(tmp_path / "rounds" / "r2")
    named_ = {"依据": "rule", "地": "parcel_id", "哪份": "document", "哪天": "date"}
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "sources", tmp_path / "out", round="r1", records=json.dumps(named_))
    assert ("有错误" in seen["before"], "无错误" in seen["after"], seen["near"]) == (True, True, True)
    said = tomllib.loads((folder / "round.toml").read_text("utf-8"))["inputs"]
    assert said["records"]["columns"] == {fact: heading for heading, fact in named_.items()}
    assert said["records"]["encoding"] == "GB18030"
    assert said["layers"]["industrial_block"]["units"] == {"area_m2": "ha"}


@pytest.mark.usefixtures("ready")
def test_eight_tabs_share_one_stream(rounds: Path, tmp_path: Path) -> None:
    """One stream a browser; a step in one tab shows in all; when the first tab goes, another takes the stream."""
    with served(rounds) as opener:
        seen = play(opener, "tabs", tmp_path / "out", round="南沙2026")
    assert seen["all"] == 8
    assert seen["streams"] == 1
    assert seen["streams_after"] == 2


@pytest.mark.usefixtures("ready")
def test_every_view_passes_axe(tmp_path: Path, solved: Path) -> None:
    """Names, roles, contrast, order; nothing wider than the window and nothing covered, also at 200 %."""
    shutil.copytree(solved, tmp_path / "rounds" / "r1")
    shutil.copytree(solved, tmp_path / "rounds" / "r2")
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "roles", tmp_path / "out", round="r1", place=str(tmp_path / "out"))
    assert not seen["axe"], "\n".join(seen["axe"])
    assert seen["wide"] == []
    assert seen["covered"] == []
    assert len(seen["seen"]) == 23
    assert min(seen["pdf"].values()) > 10_000


@pytest.mark.usefixtures("ready")
def test_a_platform_left_out_and_a_latecomer_are_answered(tmp_path: Path, solved: Path) -> None:
    """What serving takes, where it could go, where a late applicant could; a front; a rule with cases; what changed."""
    shutil.copytree(solved, tmp_path / "rounds" / "r1")
    shutil.copytree(solved, tmp_path / "rounds" / "r2")
    before = {path: path.read_bytes() for path in (tmp_path / "rounds" / "r1").iterdir() if path.is_file()}
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "asker", tmp_path / "out", round="r1", facts=json.dumps(NEW))
    assert "文字说明" in seen["serve"]
    assert seen["place"]
    assert "N-1" in seen["late"]
    assert "landopt place" in seen["late"]
    assert "经办人甲" in seen["filed"]
    assert seen["unfiled"] == 0
    assert "N-1" in seen["taken"]
    assert seen["front"] >= 2
    assert seen["drawn"] > 100
    assert "国土资源部令第39号" in seen["rule"]
    assert "一致" in seen["rule"]
    assert "landopt rules diff" in seen["changes"]
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.usefixtures("ready")
def test_scenarios_lie_side_by_side(tmp_path: Path, solved: Path) -> None:
    """Tabs, what differs and why, two maps under one slider, a front and stress of the scenario itself, the bin."""
    for name in ("r1", "r2"):
        shutil.copytree(solved, tmp_path / "rounds" / name)
    limits = json.loads((solved / "plan" / "plan.json").read_text("utf-8"))["limits"]
    limit = next(limit for limit in limits if limit["binding"] and limit["used"] > 1 and not limit["key"])
    asked = {"rule": limit["rule"], "value": str(limit["used"] - 1)}
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "scenarios", tmp_path / "out", round="r1", **asked)
    place = tmp_path / "rounds" / "r1" / "scenarios"
    plan = json.loads((place / "甲案" / "plan" / "plan.json").read_text("utf-8"))
    assert seen["score"] == f"{plan['result']['tiers'][0]['objective'] / 1000:,.1f}"
    assert (sorted(seen["tabs"]), seen["left"]) == (["", "乙案", "甲案"], ["", "甲案"])
    assert len(seen["plans"]) == 2
    assert limit["rule"] in seen["diff"]
    assert "100%" in seen["cut"]
    assert shlex.split(seen["front"]["typed"])[:3] == ["landopt", "tradeoff", str(place / "甲案" / "plan")]
    assert (len(seen["front"]["rows"]) >= 2, seen["front"]["drawn"] > 100) == (True, True)
    assert shlex.split(seen["stress"]["typed"])[2] == str(place / "甲案" / "plan")
    assert seen["stress"]["bars"] > 0
    assert [path.name.partition("-")[0] for path in (place / ".bin").iterdir()] == ["乙案"]


@pytest.mark.usefixtures("ready")
def test_random_clicks_break_nothing(tmp_path: Path, solved: Path) -> None:
    """A seeded monkey (LANDOPT_LONG: for an hour): no error of page or server; the files filed stay as they were."""
    for name in ("r1", "r2"):
        shutil.copytree(solved, tmp_path / "rounds" / name)
    before = {name: (tmp_path / "rounds" / "r1" / name).read_bytes() for name in ("parcels.gpkg", "demands.csv")}
    seconds = "3600" if os.environ.get("LANDOPT_LONG") else "25"
    with served(tmp_path / "rounds") as opener:
        seen = play(opener, "monkey", tmp_path / "out", seed=os.environ.get("LANDOPT_SEED", "7"), seconds=seconds)
    assert seen["clicks"] > 5
    assert seen["heap"] < 150_000_000
    assert {name: (tmp_path / "rounds" / "r1" / name).read_bytes() for name in before} == before


@pytest.mark.usefixtures("ready")
def test_hostile_names_stay_names(tmp_path: Path) -> None:
    """Markup, scripts, formulas, turns of direction in names: shown, not run; read only, nothing is written."""
    plan_folder(tmp_path / "plans" / "p1", hostile=True)
    plan_folder(tmp_path / "plans" / "p2", hostile=True)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "plans").rglob("*")}
    with served(tmp_path / "plans", "--read-only") as opener:
        seen = play(opener, "hostile", tmp_path / "out", round="p1")
    assert SCRIPT in seen["title"]
    assert SCRIPT in seen["table"]
    assert "\u202e" not in json.dumps(seen, ensure_ascii=False)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "plans").rglob("*")} == before
