"""What is run and where: plain values, so that a run means the same in this process, in another and on a cluster."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

Run = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From what is given to a run (plain JSON) to its result (plain JSON; ``stopped`` says how it ended)."""

TRIES = 2
"""A run is given up when it has cost so many workers."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker does: ``opener`` turns the text that all runs share into the function of a run.

    ``opener`` stands at the top of a module. ``shared`` goes out once a worker. A run that takes longer than
    ``longest_s`` seconds hangs (``None``: no run does, however long it takes).
    """

    opener: Callable[[str], Run]
    shared: str
    longest_s: float | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One run: its key (a digest of all it depends on) and what it is given."""

    key: str
    given: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """Where runs are made: ``jobs`` local processes (1: this one), or the Dask cluster of a scheduler.

    ``tls`` are Dask's own options ``ca_file``, ``cert`` and ``key``, as paths.
    """

    jobs: int = 1
    scheduler: str | None = None
    tls: Mapping[str, Path] | None = None


def watched() -> bool:
    """Whether this process is a worker that is replaced when it dies, hangs or lacks memory: it may solve by itself."""
    return parent_process() is not None


def cores() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def lost(why: str) -> dict[str, Any]:
    """The result of a run that was given up: its workers ``died``, ``hung`` or had too little ``memory``."""
    return {"stopped": "lost", "why": why}
