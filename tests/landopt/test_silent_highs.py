"""No solver writes to standard output, whatever it prints when it is made."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pulp
import pytest

from landopt.solving.programme.silent_highs import SilentHiGHS, live_highs, no_banner

ROOT = Path(__file__).parent.parent.parent


def _one_column() -> pulp.LpProblem:
    problem = pulp.LpProblem("one", pulp.LpMaximize)
    column = problem.add_variable("x", 0, 1, cat="Integer")
    problem += column
    problem += column <= 1
    return problem


def test_what_is_printed_by_the_process_itself_goes_nowhere(capfd: pytest.CaptureFixture[str]) -> None:
    """Words written to file descriptor 1, as a library in C does, are gone; what comes before and after is there."""
    os.write(1, b"before\n")
    with no_banner():
        os.write(1, b"Running HiGHS\n")
    os.write(1, b"after\n")
    assert capfd.readouterr().out == "before\nafter\n"


def test_solvers_are_made_and_used_in_silence(capfd: pytest.CaptureFixture[str]) -> None:
    """Alive or through PuLP."""
    live_highs({"threads": 1}).run()
    problem = _one_column()
    assert problem.solve(SilentHiGHS(msg=False)).status == pulp.LpSolveStatus.Optimal
    assert capfd.readouterr().out == ""


def test_no_solver_is_made_anywhere_else() -> None:
    """``highspy.Highs()`` and ``pulp.HiGHS(...)`` stand in one module of the product."""
    made = []
    for path in sorted((ROOT / "landopt").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("highspy.Highs", "pulp.HiGHS"):
                made.append(path.name)
    assert set(made) == {"silent_highs.py"}
