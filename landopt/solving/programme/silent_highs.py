"""HiGHS without a word on stdout: from 1.16 on it prints a banner when it is made, before any option can be set.

Standard output belongs to what a command prints: one line before it, and ``--json`` is no JSON.
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


def live_highs(options: Mapping[str, Any]) -> Any:
    """A HiGHS kept alive between solves, with its options set; it logs nothing."""
    with no_banner():
        made = highspy.Highs()
    for name, value in {"output_flag": False, **options}.items():
        made.setOptionValue(name, value)
    return made


class SilentHiGHS(pulp.HiGHS):  # type: ignore[misc]  # PuLP has no types
    """PuLP's HiGHS, which makes its solver in silence."""

    def createAndConfigureSolver(self, lp: Any) -> None:
        """Make the solver of a problem, without its banner."""
        with no_banner():
            super().createAndConfigureSolver(lp)
