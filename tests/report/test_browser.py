"""The map page in headless Chromium: click, filter, compare, languages, print, verification; no request leaves it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cli import desk
from tests.report.making import SCRIPT, enlarged, plan_folder

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "browser"
ROOT = Path(__file__).parent.parent.parent
CHROMIUM = next(
    (name for name in ("chromium", "chromium-browser", "google-chrome") if shutil.which(name)),
    None,
)


@pytest.fixture(scope="session")
def ready() -> None:
    """The driver and axe-core, installed where git does not look; without browser or node the tests are skipped."""
    absent = [name for name, found in (("chromium", CHROMIUM), ("node", shutil.which("node"))) if not found]
    if absent and not os.environ.get("CI"):
        pytest.skip(f"not installed: {', '.join(absent)}")
    assert not absent
    if not all((HERE / "node_modules" / name).is_dir() for name in ("playwright-core", "axe-core")):
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=HERE, check=True, timeout=300)


def drive(page: Path, out: Path, plan: Path | None = None) -> dict[str, Any]:
    """What the driver saw."""
    out.mkdir(parents=True, exist_ok=True)
    command = ["node", str(HERE / "drive.mjs"), str(page), str(out), *([str(plan)] if plan else [])]
    browser = {"CHROMIUM": str(shutil.which(CHROMIUM or "chromium"))}
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, env={**os.environ, **browser})
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def report(plan: Path, *words: str | Path) -> Path:
    """The map of a plan folder."""
    done = CliRunner().invoke(desk, ["report", str(plan), "--html", *map(str, words)], prog_name="landopt")
    assert done.exit_code == 0, done.output
    return plan / "report" / "map.html"


@pytest.fixture(scope="module")
def example(ready: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plan of the example round, and another with fewer listings to compare with."""
    place = tmp_path_factory.mktemp("example")
    runner = CliRunner()
    for name, words in (("plan", ()), ("other", ("--set", "round.cap.listings:amount=9"))):
        from tests.places import EXAMPLE as round_

        done = runner.invoke(desk, ["solve", str(round_), "-o", str(place / name), "--gap", "0.1", *words])
        assert done.exit_code in (0, 4), done.output
    return place


def test_the_page_of_the_example_round(example: Path, tmp_path: Path) -> None:
    """All that an officer does on the map, in Chinese and English, with the proof checked from the files."""
    page = report(example / "plan", "--lang", "zh", "--compare", example / "other")
    seen = drive(page, tmp_path, example / "plan")
    plan = json.loads((example / "plan" / "plan.json").read_text("utf-8"))
    assert seen["requests"] == []
    assert seen["errors"] == []
    assert seen["dialogs"] == 0
    assert seen["handlers"] == 0
    supplied = sum(len(entry["parcel_ids"]) for entry in plan["assignments"])
    assert seen["count"].startswith(f"{supplied + len(plan['held'])} 宗")
    assert seen["supplied"].startswith(f"{supplied} 宗")
    assert seen["held"].startswith(f"{len(plan['held'])} 宗")
    assert not seen["without_first"].startswith(seen["count"].split("，")[0])
    assert "EPSG:4526" in seen["crs"]
    assert seen["scale"].endswith("m")
    assert "暂不供应" in seen["legend"]
    assert "一、证明" in seen["whole"]
    assert seen["clicked"]
    assert seen["parcel"].startswith(plan["justification"] and seen["rows"][0].split()[0])
    assert seen["keyboard"].startswith(seen["rows"][1].split()[0])
    assert [row.split()[0] for row in seen["found"]] == [seen["rows"][2].split()[0]]
    listed = sum(len(entry["parcel_ids"]) for entry in plan["assignments"] if entry["method"] == "listing")
    assert seen["words"]["挂牌"].startswith(f"{listed} 宗")
    assert not seen["words"]["科研"].startswith(("0 宗", seen["count"].split("，")[0]))
    assert "2000国家大地坐标系" in seen["crs"]
    assert all(count != seen["count"] for count in seen["filters"].values() if count)
    assert seen["filters"]["f-rule"]
    assert seen["other"]["lang"] == "en"
    assert "held back" in seen["other"]["legend"]
    assert "1. Proof." in seen["other"]["whole"]
    assert "宗地" not in seen["other"]["legend"]
    assert any("公顷" in said for said in seen["pointed"])
    assert len(seen["pointed"]) == len(seen["other"]["pointed"]) > 20
    assert all(said and "公顷" not in said for said in seen["other"]["pointed"])
    assert seen["unserved"] == len(plan["unserved"])
    assert seen["charts"] >= 3
    assert "相比" in seen["compare"]
    assert seen["tiny"]["picked"] is False
    assert seen["tiny"]["before"] != seen["tiny"]["after"]
    assert seen["verdict"]["state"] == "yes", seen["verdict"]
    assert seen["print"] == {"nav": False, "#side": False, "#key": True, "#map": True, "#crs": True, "#text": True}
    assert (tmp_path / "print.pdf").read_bytes().startswith(b"%PDF")


def test_the_page_verifies_itself_when_it_carries_the_proof(example: Path, tmp_path: Path) -> None:
    """With the proof inside no file is asked for; a page whose proof was touched says that it does not hold."""
    page = report(example / "plan", "--lang", "en", "--with-proof")
    seen = drive(page, tmp_path)
    assert seen["verdict"]["state"] == "yes", seen["verdict"]
    spoilt = shutil.copytree(example / "plan", tmp_path / "spoilt", ignore=shutil.ignore_patterns("report"))
    plan = json.loads((spoilt / "plan.json").read_text("utf-8"))
    plan["result"]["tiers"][0]["bound"] -= 1
    (spoilt / "plan.json").write_text(json.dumps(plan, ensure_ascii=False), encoding="utf-8")
    seen = drive(report(spoilt, "--lang", "en", "--with-proof"), tmp_path)
    assert seen["verdict"]["state"] == "no"


def test_hostile_names_stay_names(ready: None, tmp_path: Path) -> None:
    """Markup, scripts, formulas, turns of direction and 10,000 characters: shown, not run."""
    folder = plan_folder(tmp_path / "plan", hostile=True)
    seen = drive(report(folder, "--lang", "en"), tmp_path / "out", folder)
    assert seen["requests"] == []
    assert seen["errors"] == []
    assert seen["dialogs"] == 0
    assert seen["title"].startswith(SCRIPT)
    assert any(SCRIPT in row for row in seen["rows"])
    assert "\u202e" not in json.dumps(seen, ensure_ascii=False)
    assert seen["scripts"] == 5


def test_the_slider_of_a_programme(ready: None, tmp_path: Path) -> None:
    """By the keyboard it goes from period to period, and the map holds what is supplied by the end of each."""
    shutil.copytree(ROOT / "examples" / "programme-2018-2020", tmp_path / "round")
    assert CliRunner().invoke(desk, ["solve", str(tmp_path / "round")], prog_name="landopt").exit_code == 0
    folder = tmp_path / "round" / "plan"
    seen = drive(report(folder, "--lang", "en"), tmp_path / "out")
    assert seen["errors"] == []
    plan = json.loads((folder / "plan.json").read_text("utf-8"))
    count, due = 0, []
    for period in ("2018", "2019", "2020"):
        count += sum(len(entry["parcel_ids"]) for entry in plan["assignments"] if entry["period"] == period)
        due.append((period, count))
    due.append(("all", count + len(plan["held"])))
    assert seen["coloured"] > 200  # its three towns lie so far apart that a parcel is less than a pixel
    assert [(period, int(said.split()[0])) for period, said in seen["periods"]] == due


@pytest.mark.slow
def test_five_thousand_parcels_fit(example: Path, tmp_path: Path) -> None:
    """A page of 5,000 parcels with their texts is at most 0.6 MB."""
    folder = enlarged(example / "plan", tmp_path / "large", 32)
    page = report(folder, "--lang", "zh")
    assert page.stat().st_size <= 600_000
    seen = drive(page, tmp_path / "out")
    assert seen["requests"] == []
    assert seen["errors"] == []
