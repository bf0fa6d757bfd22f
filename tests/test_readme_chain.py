"""Every command README shows runs as it is written there, one after the other, in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BLOCKS = re.compile(r"(<!-- output .*? -->\n)?```\w*\n(.*?)```\n", re.S)


def commands() -> list[str]:
    """The commands of README's own blocks, in their order, without what is said of them; not those of the make file."""
    found = []
    for shown, text in BLOCKS.findall((ROOT / "README.md").read_text("utf-8")):
        if not shown:
            found += [
                re.split(r" {2,}", line)[0] for line in text.splitlines() if line.startswith(("landopt ", "python "))
            ]
    return found


def test_readme_shows_the_chain() -> None:
    """From a new round to its reports, what-ifs and audit."""
    verbs = [command.split()[1] for command in commands() if command.startswith("landopt")]
    assert {
        "new",
        "check",
        "solve",
        "report",
        "compare",
        "sweep",
        "whynot",
        "diagnose",
        "alternatives",
        "audit",
    } <= set(verbs)


@pytest.mark.slow
def test_every_command_of_readme_runs_as_written(tmp_path: Path) -> None:
    """Exit 0 each, in the order of the page; the files they promise are there.

    README is read in the folder of the sources, where `python -S` (no installed packages) finds them;
    here its commands run in an empty folder, so that folder is named.
    """
    beside = {**os.environ, "PYTHONPATH": str(ROOT)}
    for command in commands():
        words = shlex.split(command)
        line = [sys.executable, "-m", "landopt", *words[1:]] if words[0] == "landopt" else [sys.executable, *words[1:]]
        done = subprocess.run(line, cwd=tmp_path, env=beside, capture_output=True, text=True, timeout=900, check=False)
        assert done.returncode == 0, (command, done.stdout[-2000:], done.stderr[-2000:])
    report = {path.name for path in (tmp_path / "my-round" / "plan" / "report").iterdir()}
    assert {"map.html", "tables.xlsx", "proposal.docx", "proposal.pdf", "plan.qgz"} <= report
    assert (tmp_path / "my-round" / "plan" / "report-public" / "map.html").is_file()
    assert (tmp_path / "model.mps").is_file()
