"""Ctrl-C ends with a code of ours at any moment: also while a module is loaded, where Python would die of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

STOPPED = """
import sys
import cli, landopt.__main__ as entry
def desk(prog_name):
    try:
        {how}
    except KeyboardInterrupt:
        raise SystemExit(7)
cli.desk = desk
entry.main()
"""


@pytest.mark.parametrize("how", ["exec('raise KeyboardInterrupt')", "raise KeyboardInterrupt"])
def test_a_stop_while_a_text_is_evaluated_ends_by_our_code(how: str, tmp_path: Path) -> None:
    """As where a dataclass is made: Python's mark of an unhandled Ctrl-C outlives our answer to it."""
    (tmp_path / "stopped.py").write_text(STOPPED.format(how=how))
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parent.parent)])
    command = [sys.executable, "-m", "stopped"]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, check=False)
    assert done.returncode == 7, done.stderr
