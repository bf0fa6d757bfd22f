"""The door is typed: a type checker knows what each name gives, and sees a wrong name or argument."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_type_checker_knows_the_door() -> None:
    """Strict mypy accepts ``typed.py``, every deliberate mistake in it included (an unused ignore is an error)."""
    words = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", "tests/door/typed.py"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_marker_of_typed_packages_is_there() -> None:
    """PEP 561: every package of ours carries ``py.typed``."""
    for name in ("landopt", "parcels", "constraints"):
        assert (ROOT / name / "py.typed").is_file()
