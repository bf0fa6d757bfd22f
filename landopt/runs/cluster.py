"""Runs on a Dask cluster (extra ``cluster``): the shared text goes to each worker once, also to those that join later.

Dask's own messages are pickles: whoever reaches the scheduler can run code on its workers. Use TLS (``tls``) or a
network of one's own; docs/planner.md says so.
"""

from __future__ import annotations

import contextlib
import gc
import hashlib
import json
from collections import Counter
from collections.abc import Generator, Sequence
from time import monotonic
from typing import Any

from landopt.runs.work import TRIES, Run, Task, Where, Work, lost
from parcels.common.issues import Environment, error

TICK_S = 2.0
"""Seconds between two looks at what hangs."""
REPLACED_S = 10
"""Seconds a worker that hangs has to be ended and to come back; its nanny needs five. One that does not come back is
not waited for (Dask alone would for 80 s, in which nothing that ends is seen): another worker makes its run."""
_TLS = {"ca_file": "tls_ca_file", "cert": "tls_client_cert", "key": "tls_client_key"}


def results(work: Work, tasks: Sequence[Task], where: Where) -> Generator[tuple[str, dict[str, Any]]]:
    """(key, result) of every task, as they end; what still waits is cancelled when the generator is closed.

    A run whose workers die is given up by the scheduler (its setting ``allowed-failures``).

    Raises
    ------
    Environment
        E085: distributed is not installed, or the scheduler does not answer.
    """
    try:
        import distributed
    except ImportError as missing:
        raise Environment(error("E085.no-distributed", at="--scheduler")) from missing

    name = f"landopt-{hashlib.sha256(work.shared.encode()).hexdigest()[:16]}"
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(_connected(distributed, where))
        client.register_plugin(_plugin(work), name=name)
        stack.callback(_quietly, client.unregister_worker_plugin, name)
        yield from _followed(client, name, work, tasks)


def _connected(distributed: Any, where: Where) -> Any:
    """A client of the scheduler; one that was refused is ended before the next is made.

    Dask keeps a refused client in a circle of references. Left to the garbage collector, it may be ended in the thread
    that the next client starts, where it waits for a lock which that client holds until its thread has begun.
    """
    tls = {_TLS[name]: str(path) for name, path in (where.tls or {}).items()}
    security = distributed.Security(require_encryption=True, **tls) if tls else None
    try:
        return distributed.Client(where.scheduler, security=security, timeout=20, set_as_default=False)
    except (OSError, TimeoutError, ValueError, TypeError, RuntimeError) as trouble:  # the last two: TLS on one side
        why = str(trouble)
    gc.collect()
    raise Environment(error("E085.no-answer", at=str(where.scheduler), value=why))


def _followed(client: Any, name: str, work: Work, tasks: Sequence[Task]) -> Generator[tuple[str, dict[str, Any]]]:
    import distributed

    tries = Counter[str]()
    seen: dict[str, float] = {}

    def submit(task: Task) -> Any:
        key = f"{name}-{task.key}-{tries[task.key]}"
        return client.submit(_on_worker, name, json.dumps(dict(task.given)), key=key, pure=False)

    futures = {submit(task): task for task in tasks}
    try:
        while futures:
            with contextlib.suppress(TimeoutError), client.as_current():
                distributed.wait(list(futures), timeout=TICK_S, return_when="FIRST_COMPLETED")
            gone: list[tuple[Any, str]] = []
            for future in [future for future in futures if future.done()]:
                trouble = future.exception()
                if trouble is None:
                    yield futures.pop(future).key, json.loads(future.result())
                elif isinstance(trouble, distributed.KilledWorker):
                    yield futures.pop(future).key, lost("died")
                elif isinstance(trouble, MemoryError):
                    gone.append((future, "memory"))
                else:
                    raise trouble
            for future, worker in _hanging(client, futures, seen, work.longest_s):
                future.cancel()
                _quietly(client.restart_workers, [worker], timeout=REPLACED_S, raise_for_error=False)
                gone.append((future, "hung"))
            for future, why in gone:
                task = futures.pop(future)
                tries[task.key] += 1
                if tries[task.key] < TRIES:
                    futures[submit(task)] = task
                else:
                    yield task.key, lost(why)
    finally:
        _quietly(client.cancel, list(futures))


def _hanging(client: Any, futures: Any, seen: dict[str, float], longest_s: float | None) -> list[tuple[Any, str]]:
    """The runs that have been with a worker for twice the longest time (a worker may hold one more back), and where."""
    if longest_s is None:
        return []
    now, by_key = monotonic(), {future.key: future for future in futures}
    found = []
    for worker, keys in client.processing().items():
        for key in map(str, keys):
            if key in by_key and now - seen.setdefault(key, now) > 2 * longest_s:
                found.append((by_key[key], worker))
    return found


def _plugin(work: Work) -> Any:
    """What a worker is given when it joins; each of its threads opens the shared text for itself, when first needed."""
    from distributed import WorkerPlugin

    class Shared(WorkerPlugin):  # type: ignore[misc]
        def __init__(self) -> None:
            self.work = work

        def setup(self, worker: Any) -> None:
            import threading

            self.of_thread = threading.local()

        def run(self, given: str) -> str:
            run: Run | None = getattr(self.of_thread, "run", None)
            if run is None:
                run = self.of_thread.run = self.work.opener(self.work.shared)
            return json.dumps(run(json.loads(given)))

    return Shared()


def _on_worker(name: str, given: str) -> str:
    from distributed import get_worker

    found: str = get_worker().plugins[name].run(given)
    return found


def _quietly(do: Any, *given: Any, **named: Any) -> None:
    """Tidy up on a cluster that may be gone already."""
    with contextlib.suppress(Exception):
        do(*given, **named)
