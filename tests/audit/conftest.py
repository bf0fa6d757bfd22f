"""Small rounds with a plan and the example solved, made once a session."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import desk
from tests.audit.folders import Small, small, write
from tests.audit.ledgers import new_keys
from tests.builders import random_case
from tests.places import EXAMPLE


@pytest.fixture(scope="session")
def rounds() -> list[Small]:
    """Twenty small rounds that have a lawful plan with at least one assignment."""
    found: list[Small] = []
    seed = 100
    while len(found) < 20:
        seed += 1
        one = small(random_case(seed))
        if one.best is not None and one.chosen:
            found.append(one)
    return found


@pytest.fixture(scope="session")
def folders(rounds: list[Small], tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The plan folders of those rounds."""
    place = tmp_path_factory.mktemp("plans")
    for number, one in enumerate(rounds):
        write(place / str(number), one)
    return [place / str(number) for number in range(len(rounds))]


@pytest.fixture(scope="session")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's plan, made by the desk."""
    place = tmp_path_factory.mktemp("solved") / "plan"
    done = CliRunner().invoke(desk, ["solve", str(EXAMPLE), "-o", str(place), "--nodes", "1"])
    assert done.exit_code in (0, 4), done.output
    return place


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pairs of keys: a.pem, a.pub.pem ..."""
    return new_keys(tmp_path_factory.mktemp("keys"))
