"""What docs/how-to-add-*.md promise: one of each is added to a copy of the house, touching the files the page names."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("parcels", "constraints", "landopt")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The three rooms and the desk, to add to."""
    for room in ROOMS:
        shutil.copytree(ROOT / room, tmp_path / "house" / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "cli.py", tmp_path / "house")
    return tmp_path / "house"


def run(copy: Path, *words: str | Path, lang: str = "en") -> str:
    """A command of the copy's desk; what it prints on both streams."""
    environment = {**os.environ, "PYTHONPATH": str(copy), "LANDOPT_LANG": lang, "COLUMNS": "100"}
    call = [sys.executable, "-P", "-m", "landopt", *map(str, words)]
    done = subprocess.run(call, cwd=copy, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def block(page: str, kind: str) -> str:
    """The first block of code of a kind on a page of docs/."""
    found = re.search(rf"```{kind}\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def test_an_output_is_one_module(copy: Path, tmp_path: Path) -> None:
    """The module of the page, put into its folder, has an option with help in both languages and writes its file."""
    from tests.report.making import plan_folder

    module = copy / "landopt" / "report" / "outputs" / "mailing_list.py"
    module.write_text(block("how-to-add-an-output.md", "python"), encoding="utf-8")
    assert "as CSV" in run(copy, "report", "--help")
    assert "供地名单" in run(copy, "report", "--help", lang="zh")
    plan = plan_folder(tmp_path / "plan")
    told = run(copy, "report", plan, "--list", "--lang", "zh")
    assert "list.csv" in told
    lines = (plan / "report" / "list.csv").read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "平台,宗地"
    assert len(lines) > 1
    assert "list.csv" in run(copy, "report", plan, "--lang", "en")


def test_a_format_is_one_module(copy: Path, tmp_path: Path) -> None:
    """The module of the page, put into its folder, reads and writes parcels, also zipped; nothing else is touched."""
    import zipfile

    module = copy / "parcels" / "formats" / "kinds" / "own_format.py"
    module.write_text(block("how-to-add-a-format.md", "python"), encoding="utf-8")
    west = [38_440_000 + 200 * number for number in range(3)]
    lines = [f"P-{number + 1};{x};2520000;{x + 100};2520100" for number, x in enumerate(west)]
    land = tmp_path / "land.toy"
    land.write_text("\n".join(lines), encoding="utf-8")
    assert "3 parcels" in run(copy, "convert", land, tmp_path / "land.geojson", "--crs", "EPSG:4526")
    assert (tmp_path / "land.geojson").read_text(encoding="utf-8").count("P-") >= 3
    with zipfile.ZipFile(tmp_path / "land.zip", "w") as archive:
        archive.write(land, "land.toy")
    assert "3 parcels" in run(copy, "convert", tmp_path / "land.zip", tmp_path / "again.geojson", "--crs", "EPSG:4526")
    assert "3 parcels" in run(copy, "convert", tmp_path / "again.geojson", tmp_path / "back.toy")
    back = (tmp_path / "back.toy").read_text(encoding="utf-8").split()
    assert [line.split(";")[0] for line in back] == ["P-1", "P-2", "P-3"]


def patched(copy: Path, page: str) -> list[str]:
    """Put the difference a page shows into the copy: each ``-`` line is found once and replaced; the files touched."""
    touched: list[str] = []
    for part in block(page, "diff").split("--- ")[1:]:
        name, *lines = part.splitlines()
        old = "\n".join(line[1:] for line in lines if line.startswith("-"))
        new = "\n".join(line[1:] for line in lines if line.startswith("+"))
        text = (copy / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        (copy / name).write_text(text.replace(old, new), encoding="utf-8")
        touched.append(name)
    return touched


def test_a_rule_kind_is_a_patch_of_at_most_five_files(copy: Path, tmp_path: Path) -> None:
    """The kind of the page is understood by the loader and decides in an answer; a wrong key of it is refused."""
    assert len(patched(copy, "how-to-add-a-rule-kind.md")) <= 5
    rule = """
[[rule]]
id = "round.ban"
kind = "ban"
title = { en = "No lease for research land", zh = "科研用地不得租赁" }
cite = { doc = "Notice", article = "1", number = "1", rank = 0, grade = "V1", source = "own" }
from = 2026-01-01
when = "use == 'RES'"
methods = ["lease"]
"""
    policy = tmp_path / "policy.toml"
    policy.write_text(rule, encoding="utf-8")
    words = ("use=RES", "operator=pubinst", "intending_users=1", "--as-of", "2026-11-22", "--policy", policy, "--json")
    answer = json.loads(run(copy, "rules", "ask", *words))
    assert answer["lease"]["verdict"] == "forbid"
    assert "round.ban" in [entry["id"] for entry in answer["lease"]["rules"]]
    assert answer["listing"]["verdict"] != "forbid"
    free = json.loads(run(copy, "rules", "ask", *words[:-3], "--json"))
    assert free["lease"]["verdict"] != "forbid"


@pytest.mark.slow
def test_a_supply_method_is_a_table(copy: Path, tmp_path: Path) -> None:
    """The table of the page: the method is asked about, offered, chosen, explained in both languages, and audited."""
    from tests.places import EXAMPLE

    table = copy / "constraints" / "methods.toml"
    law = copy / "constraints" / "packs" / "cn" / "rules.toml"
    for path, kind in ((table, "toml"), (law, "toml rule")):
        text = path.read_text(encoding="utf-8") + "\n" + block("how-to-add-a-method.md", kind)
        path.write_text(text, encoding="utf-8")
    words = ("rules", "ask", "use=IND", "intending_users=2", "--as-of", "2026-03-31")
    assert json.loads(run(copy, *words, "--json"))["sealed_bid"]["verdict"] == "permit"
    assert "以密封报价方式出让" in run(copy, *words, lang="zh")
    round_ = shutil.copytree(EXAMPLE, tmp_path / "round")
    text = (round_ / "round.toml").read_text(encoding="utf-8")
    text = text.replace('methods = ["listing"]', 'methods = ["sealed_bid"]')
    (round_ / "round.toml").write_text(text, encoding="utf-8")
    run(copy, "solve", round_, "--gap", "0.05")
    plan = json.loads((round_ / "plan" / "plan.json").read_text(encoding="utf-8"))
    chosen = [entry for entry in plan["assignments"] if entry["method"] == "sealed_bid"]
    assert chosen
    assert [step["step"] for step in chosen[0]["timetable"]][-3:] == ["preparation", "notice", "contract"]
    parcel = "+".join(chosen[0]["parcel_ids"])
    assert "sealed bid" in run(copy, "explain", round_ / "plan", "--parcel", parcel)
    assert "密封报价出让" in run(copy, "explain", round_ / "plan", "--parcel", parcel, lang="zh")
    assert "breach" not in run(copy, "audit", round_ / "plan").lower()
    assert "map.html" in run(copy, "report", round_ / "plan", "--html")


def test_the_planning_days_of_the_steps_add_up() -> None:
    """Every method of the file has words, a look of its own and steps that take as long as it says."""
    from constraints.loading.load import methods
    from constraints.loading.method_facts import looks, steps

    for method in methods():
        assert sum(step[3] for step in steps(method.id)) == method.planning_days, method.id
    assert len({look.colour for look in looks().values()}) == len({look.sign for look in looks().values()}) == 8
    map_ = (ROOT / "landopt" / "report" / "map" / "web" / "map.js").read_text(encoding="utf-8")
    for name, look in looks().items():
        assert re.search(rf'{name}: {{ fill: "{look.colour}".*en: "{look.sign}"', map_), name
