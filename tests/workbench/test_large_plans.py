"""A large plan is read by a child: the server stays as small as it was, and answers others meanwhile."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from landopt.workbench import home, once
from tests.workbench.making import copied, page


def test_what_a_child_says_of_a_plan_is_what_is_read_here(
    tmp_path: Path, solved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same line; asked for once while the file stays; a torn file is asked about once as well."""
    room = copied(solved, tmp_path / "r1")
    said = home.plan_line(room / "plan")
    assert said["id"]
    assert said["sha256"]
    other = Path(shutil.copytree(room / "plan", tmp_path / "r2" / "plan"))
    asked: list[Any] = []

    def once_asked(question: dict[str, Any]) -> dict[str, Any]:
        asked.append(question)
        return once.asked_once(question)

    monkeypatch.setattr(home, "LARGE", 100)
    monkeypatch.setattr(home, "asked_once", once_asked)
    for _ in range(2):
        found = home.plan_line(other)
        assert {**found, "made": 0, "stamp": ""} == {**said, "made": 0, "stamp": ""}
    assert len(asked) == 1
    (other / "plan.json").write_bytes(b"{" * 200)
    for _ in range(2):
        assert home.plan_line(other) == {"id": "", "torn": True}
    assert len(asked) == 2


def test_files_of_a_plan_arrive_whole(tmp_path: Path, solved: Path) -> None:
    """They come piece by piece, byte for byte."""
    room = copied(solved, tmp_path / "rounds" / "r1")
    with page(tmp_path / "rounds") as client:
        for name, file in (("plan", "plan.json"), ("offers", "offers.jsonl.gz")):
            assert client.get(f"/api/file/r1/plan/{name}").content == (room / "plan" / file).read_bytes()


def test_a_child_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of plans waits for it no longer than its time; the plan is then told as torn."""
    monkeypatch.setattr(once, "LONGEST_S", 0.2)
    monkeypatch.setattr(once, "command", lambda _mode: [sys.executable, "-c", "import time; time.sleep(600)"])
    with pytest.raises(ValueError, match="Expecting value"):
        once.asked_once({"do": "line"})
