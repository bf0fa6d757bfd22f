"""What docs/how-to-add-*.md promise: one of each is added to a copy of the house, touching the files the page names."""

from __future__ import annotations

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
