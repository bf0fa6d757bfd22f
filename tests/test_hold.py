"""FAULTS 66, 73, 79: one run at a time on a round."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from landopt.keeping.hold import NAME, hold
from parcels.common.catalogue import Told
from parcels.common.issues import Environment

ROOT = Path(__file__).parent.parent
_HOLDER = """
import sys, time
from pathlib import Path
from landopt.keeping.hold import hold
with hold(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_fault_73_a_second_run_names_the_holder(tmp_path: Path) -> None:
    """While one process holds the round, a second one is refused with the first one's id."""
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == b"held"
        with pytest.raises(Environment, match=str(first.pid)), hold(tmp_path):
            pass
        first.kill()


def test_fault_66_a_killed_run_leaves_no_obstacle(tmp_path: Path) -> None:
    """After kill -9 the next run goes on and says that the earlier one was interrupted."""
    with subprocess.Popen([sys.executable, "-c", _HOLDER, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        first.kill()
    said: list[Told] = []
    with hold(tmp_path, said.append):
        for lang, word in (("en", "interrupted"), ("zh", "中断")):
            assert any(word in line.text(lang) and str(first.pid) in line.text(lang) for line in said), lang


def test_fault_79_a_folder_that_cannot_be_locked_warns(tmp_path: Path) -> None:
    """A folder that is not there (as a read-only one) is no reason to stop, but is said."""
    said: list[Told] = []
    with hold(tmp_path / "nowhere", said.append):
        pass
    assert "cannot be locked" in said[0].text("en")
    assert "无法加锁" in said[0].text("zh")


def test_a_finished_run_leaves_an_empty_lock(tmp_path: Path) -> None:
    """A run that ended well is not called interrupted by the next one."""
    said: list[Told] = []
    with hold(tmp_path):
        pass
    with hold(tmp_path, said.append):
        pass
    assert (tmp_path / NAME).read_bytes() == b""
    assert said == []
