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
