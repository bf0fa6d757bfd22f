"""The one executor of every command that makes many runs: what is kept is not run again, what ends is kept."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landopt.runs import cluster, kept, processes
from landopt.runs.work import Task, Where, Work
from parcels.common.catalogue import Say, Told, told


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known: the result of each run that ended, by key in the order asked; whether Ctrl-C ended the rest."""

    results: dict[str, dict[str, Any]]
    interrupted: bool


def scored(result: Mapping[str, Any], ended: Told) -> Told:
    """How a run ended, with what its plan scores in the first tier; a city of a joint round states no tiers."""
    score = result.get("objective")
    return told("progress.ended-score", ended=ended, score=score[0] / 1000) if isinstance(score, list) else ended


Shown = Callable[[Mapping[str, Any], Told], Told]
"""What is told of a result: made of it and of how it ended."""


# One parameter a part of the work.
def execute(
    work: Work,
    tasks: Sequence[Task],
    where: Where,
    folder: Path | None,
    say: Say = lambda line: None,
    shown: Shown = scored,
) -> Ran:
    """Make the runs that are not in ``folder`` yet (``None``: nothing is kept); the results do not depend on ``where``.

    Ctrl-C ends the runs that are under way; those that ended are kept and returned. ``say`` hears of each as it ends.

    Raises
    ------
    KeyboardInterrupt
        Ctrl-C, and no run is known.
    Environment
        E075: the disk refuses; E085: the cluster cannot be reached. What ended before is kept.
    """
    known: dict[str, dict[str, Any]] = {}
    with contextlib.nullcontext() if folder is None else kept.made(folder):
        before = {} if folder is None else kept.read(folder)
        known.update((task.key, before[task.key]) for task in tasks if task.key in before)
        left = [task for task in tasks if task.key not in known]
        say(told("progress.runs", runs=len(tasks), done=len(known)))
        interrupted = False
        with contextlib.closing(_results(work, left, where)) as results:
            try:
                for key, result in results:
                    if result["stopped"] == "user":
                        raise KeyboardInterrupt
                    known[key] = result
                    if folder is not None and result["stopped"] not in kept.UNFINISHED:
                        kept.keep(folder, key, result)
                    ended = shown(result, told(f"progress.ended-{result['stopped']}"))
                    say(told("progress.run", done=len(known), runs=len(tasks), ended=ended))
            except KeyboardInterrupt:
                if not known:
                    raise
                interrupted = True
                say(told("progress.interrupted-runs", runs=len(tasks), done=len(known)))
    return Ran({task.key: known[task.key] for task in tasks if task.key in known}, interrupted)


def _results(work: Work, tasks: Sequence[Task], where: Where) -> Generator[tuple[str, dict[str, Any]]]:
    if where.scheduler is not None and tasks:
        yield from cluster.results(work, tasks, where)
    elif where.jobs > 1 and len(tasks) > 1:
        yield from processes.results(work, tasks, min(where.jobs, len(tasks)))
    elif tasks:
        run = work.opener(work.shared)
        for task in tasks:
            yield task.key, run(task.given)
