"""Runs in local processes: one that dies, hangs or lacks memory is replaced, and its run is tried once more.

The pool of the standard library breaks as a whole when one process dies, and cannot end one that hangs. What passes
between the processes is JSON; the text that all runs share goes out once, when a process starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections import Counter, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Any

from landopt.runs.work import TRIES, Run, Task, Work, lost

NO_MEMORY = 9
"""Exit code of a worker that had too little memory, as of the solver's process."""


class WorkerError(RuntimeError):
    """A run raised what no run should: a fault of landopt, told with the worker's own traceback."""


@dataclass
class _Worker:
    """A process, our end of its pipe, what it works on and since when."""

    process: SpawnProcess
    pipe: Connection
    task: Task
    since: float


def results(work: Work, tasks: Sequence[Task], jobs: int) -> Generator[tuple[str, dict[str, Any]]]:
    """(key, result) of every task, as they end; what still runs is ended when the generator is closed.

    Raises
    ------
    WorkerError
        A run raised.
    """
    waiting, tries = deque(tasks), Counter[str]()
    busy: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                busy.append(_start(work, waiting.popleft()))
            for worker in _ready(busy, work.longest_s):
                why, result = _heard(worker, work.longest_s)
                if why is None:
                    yield worker.task.key, result
                    if waiting:
                        _hand(worker, waiting.popleft())
                        continue
                else:
                    tries[worker.task.key] += 1
                    if tries[worker.task.key] < TRIES:
                        waiting.append(worker.task)
                    else:
                        yield worker.task.key, lost(why)
                busy.remove(worker)
                _end(worker)
    finally:
        for worker in busy:
            _end(worker)


def _start(work: Work, task: Task) -> _Worker:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, work.opener, work.shared), daemon=True)
    process.start()
    theirs.close()
    worker = _Worker(process, ours, task, monotonic())
    _hand(worker, task)
    return worker


def _hand(worker: _Worker, task: Task) -> None:
    worker.task, worker.since = task, monotonic()
    with contextlib.suppress(OSError):  # one that is gone is heard of as gone
        worker.pipe.send_bytes(json.dumps(dict(task.given)).encode())


def _ready(busy: Sequence[_Worker], longest_s: float | None) -> list[_Worker]:
    """Those that have something to say, are gone, or have taken too long."""
    now = monotonic()
    left = None if longest_s is None else max(0.0, min(worker.since for worker in busy) + longest_s - now)
    spoke = connection.wait([worker.pipe for worker in busy], left)
    now = monotonic()
    return [w for w in busy if w.pipe in spoke or (longest_s is not None and now >= w.since + longest_s)]


def _heard(worker: _Worker, longest_s: float | None) -> tuple[str | None, dict[str, Any]]:
    """What became of a run: (None, its result), or (why its worker is lost, nothing)."""
    if not worker.pipe.poll():
        return "hung", {}
    try:
        said = json.loads(worker.pipe.recv_bytes())
    except (EOFError, OSError):
        worker.process.join(5)
        return ("memory" if worker.process.exitcode == NO_MEMORY else "died"), {}
    if "raised" in said:
        raise WorkerError(said["raised"])
    return None, said["result"]


def _end(worker: _Worker) -> None:
    """Leave nothing running; a solver that a worker started ends with it."""
    worker.process.kill()
    worker.process.join(5)
    worker.pipe.close()


def serve(pipe: Connection, opener: Callable[[str], Run], shared: str) -> None:
    """The life of a worker: open the shared text, then run what comes until the pipe closes."""
    import traceback

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the one who asked decides
    _end_with_parent()
    try:
        run = opener(shared)
        while True:
            try:
                given = json.loads(pipe.recv_bytes())
            except EOFError:
                return
            pipe.send_bytes(json.dumps({"result": run(given)}).encode())
    except MemoryError:
        os._exit(NO_MEMORY)
    except Exception:
        with contextlib.suppress(OSError):  # nobody listens any more
            pipe.send_bytes(json.dumps({"raised": traceback.format_exc()}).encode())


def _end_with_parent() -> None:
    """End when the one who asked is gone, also in the middle of a run."""
    parent = parent_process()
    if parent is None:
        return

    def watch() -> None:
        parent.join()
        os._exit(8)

    threading.Thread(target=watch, daemon=True).start()
