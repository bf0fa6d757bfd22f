"""The mutation run itself: a death is a test that fails, and nothing else is counted as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.__main__ import CARRYING, ROOT, sources, tried
from tests.mutation.covered import Covered
from tests.mutation.sites import Mutant, mutants

SOURCE = """LIMIT = 3
KINDS = int | None


def small(n: int) -> bool:
    if n < 0:
        return False
    while n > LIMIT + 100:
        n = n - 1
    return n <= LIMIT
"""
TEST = """from room.law import LIMIT, small


def test_edge():
    assert small(3)
    assert not small(4)
    assert not small(200)


def test_limit():
    assert LIMIT == 3


def test_sign():
    assert not small(-1)
"""


def _mutant(old: str, new: str) -> Mutant:
    (found,) = [each for each in mutants("room/law.py", SOURCE) if (each.old, each.new) == (old, new)]
    return found


def test_every_named_module_is_there() -> None:
    """A room that was split or renamed must not fall out of the run unseen."""
    assert all((ROOT / name).exists() for name in CARRYING)
    assert {name for name in CARRYING if name.endswith(".py")} <= set(sources())


def test_tests_are_those_of_the_line_or_of_the_module() -> None:
    """A line of a function has the tests that run it, the narrowest first; one run at import those of the files."""
    held = Covered(
        tests=["tests/a.py::wide", "tests/a.py::narrow", "tests/a.py::none", "tests/b.py::other"],
        seconds=[1.0, 1.0, 1.0, 1.0],
        wide=[9, 2, 0, 9],
        lines={"room/law.py": {"1": [0], "6": [0, 1], "7": []}},
    )
    at = [held.of(Mutant("room/law.py", line, 0, 0, "", ""), SOURCE) for line in (1, 6, 7, 10)]
    assert at == [[0, 1, 2], [0, 1], [], []]
    held.seconds[0] = 1_000
    assert held.of(Mutant("room/law.py", 6, 0, 0, "", ""), SOURCE) == [1]
    assert held.of(Mutant("room/gone.py", 6, 0, 0, "", ""), SOURCE) == []


@pytest.mark.slow
def test_states(tmp_path: Path) -> None:
    """Fails, passes, cannot be imported, never ends, is run by no test, cannot be asked; the tree is left as it was."""
    for name, text in {"room/__init__.py": "", "room/law.py": SOURCE, "test_law.py": TEST}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    every = ["test_law.py"]

    def state(old: str, new: str, tests: list[str], seconds: float = 60) -> str:
        return tried(tmp_path, _mutant(old, new), tests, seconds)

    assert state("<=", "<", every) == "killed"
    assert state("3", "4", ["test_law.py::test_limit"]) == "killed"
    assert state("<", "<=", every) == "survived"
    assert state("|", "&", every) == "unborn"
    assert state("-", "+", every, seconds=3) == "hung"
    assert state("<=", "<", []) == "uncovered"
    assert state("<=", "<", ["test_law.py::test_gone"]) == "broken"
    assert (tmp_path / "room/law.py").read_text(encoding="utf-8") == SOURCE
