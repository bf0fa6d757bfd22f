"""Plan folders with their reports, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.report.making import call, plan_folder


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder with a report of all kinds in it."""
    folder = plan_folder(tmp_path_factory.mktemp("plain") / "plan")
    done = call(folder, "--lang", "zh")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plan folder full of names that attack, with its report."""
    folder = plan_folder(tmp_path_factory.mktemp("hostile") / "plan", hostile=True)
    done = call(folder, "--lang", "en")
    assert done.exit_code == 0, done.output
    return folder
