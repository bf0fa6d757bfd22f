"""One solved round for all tests of the workbench; each takes a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.job import Job
from landopt.pipeline import run
from tests.workbench.making import small_round


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small round with its plan."""
    folder = small_round(tmp_path_factory.mktemp("rounds") / "r1")
    run(Job(folder), lambda _line: None)
    return folder
