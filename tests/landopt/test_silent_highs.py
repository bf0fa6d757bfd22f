"""No solver writes to standard output, whatever it prints when it is made."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import highspy
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


def _foreign_run(threads: int) -> None:
    """A model of somebody else's in the same process, with its own number of threads."""
    with no_banner():
        other = highspy.Highs()
    other.setOptionValue("output_flag", False)
    highspy.Highs.resetGlobalScheduler(True)
    other.setOptionValue("threads", threads)
    other.addVar(0.0, 1.5)
    other.changeColIntegrality(0, highspy.HighsVarType.kInteger)
    assert other.run() == highspy.HighsStatus.kOk


def test_runs_do_not_hang_on_the_threads_of_others() -> None:
    """From HiGHS 1.16 a run with another number of threads than one before ends at once, with no status."""
    problem = _one_column()
    for threads in (2, 3, 2):
        _foreign_run(threads)
        assert problem.solve(SilentHiGHS(msg=False)).status == pulp.LpSolveStatus.Optimal
        _foreign_run(threads)
        alive = live_highs({})
        alive.addVar(0.0, 1.5)
        alive.changeColIntegrality(0, highspy.HighsVarType.kInteger)
        assert alive.run() == highspy.HighsStatus.kOk
        assert alive.getModelStatus() == highspy.HighsModelStatus.kOptimal


def test_no_solver_is_made_anywhere_else() -> None:
    """``highspy.Highs`` and ``pulp.HiGHS`` are made, and made from, in one module of the product."""
    made = []
    for path in sorted((ROOT / "landopt").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            used = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
            if {ast.unparse(each) for each in used} & {"highspy.Highs", "pulp.HiGHS"}:
                made.append(path.name)
    assert set(made) == {"silent_highs.py"}
