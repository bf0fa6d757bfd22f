"""HiGHS without a word on stdout, whose runs do not hang on who ran HiGHS before in the same process.

From 1.16 on it prints a banner when it is made, before any option can be set: standard output belongs to what a command
prints, one line before it and ``--json`` is no JSON. And its threads are the process's: after a run with another number
of them (a model of the user's own in a notebook) it refuses to run, with no status at all, until they are given back.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import highspy

from landopt.solving.programme.pulp_imported import pulp


@contextmanager
def no_banner() -> Iterator[None]:
    """While it lasts nothing reaches the process's standard output; for the making of a solver only.

    Nothing happens where there is no standard output to turn away (a windowless process).
    """
    sys.stdout.flush() if sys.stdout is not None else None
    try:
        kept = os.dup(1)
    except OSError:
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def _not_run(model: Any) -> bool:
    """Whether a run came to no status because other runs had another number of threads; these are given back."""
    if model.getModelStatus() != highspy.HighsModelStatus.kNotset:
        return False
    highspy.Highs.resetGlobalScheduler(True)
    return True


class _Live(highspy.Highs):  # type: ignore[misc]  # highspy has no types
    """Runs whatever number of threads other runs of the process had."""

    def run(self) -> Any:
        """Solve; once more where it was refused for the threads of others."""
        status = super().run()
        return super().run() if _not_run(self) else status


def live_highs(options: Mapping[str, Any]) -> Any:
    """A HiGHS kept alive between solves, on one thread unless told, with its options set; it logs nothing."""
    with no_banner():
        made = _Live()
    for name, value in {"output_flag": False, "threads": 1, **options}.items():
        made.setOptionValue(name, value)
    return made


class SilentHiGHS(pulp.HiGHS):  # type: ignore[misc]  # PuLP has no types
    """PuLP's HiGHS, which makes its solver in silence; on one thread unless told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"threads": 1, **options})

    def createAndConfigureSolver(self, lp: Any) -> None:
        """Make the solver of a problem, without its banner."""
        with no_banner():
            super().createAndConfigureSolver(lp)

    def callSolver(self, lp: Any) -> None:
        """Solve; once more where it was refused for the threads of others."""
        super().callSolver(lp)
        if _not_run(lp.solverModel):
            super().callSolver(lp)
