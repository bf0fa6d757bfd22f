"""The example round as tests use it: a copy for each process, so that runs side by side do not lock each other."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEFT = shutil.ignore_patterns("plan", "plans", "*.sqlite*", ".landopt*")


def _copied() -> Path:
    home = Path(tempfile.mkdtemp(prefix="landopt-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    return Path(shutil.copytree(ROOT / "examples" / "nansha", home / "examples" / "nansha", ignore=LEFT))


EXAMPLE = _copied()
"""``examples/nansha`` without what a run leaves there."""


def smaller(place: Path, demands: int = 28) -> Path:
    """A copy of the example with its first demands alone: solved in half the time; lawful plans from 20 demands on."""
    shutil.copytree(EXAMPLE, place, ignore=LEFT)
    lines = (place / "demands.csv").read_bytes().splitlines(keepends=True)
    (place / "demands.csv").write_bytes(b"".join(lines[: demands + 1]))
    return place
