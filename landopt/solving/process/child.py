"""The solver's own process: reads arrays from a folder, writes the best plan as it finds it, reports on stdout.

A solver can overrun its limit, hold Ctrl-C, crash or exhaust memory; none of that may reach the desk. The parent
(``landopt.solving.solver``) can end this process at any time: the best plan is already on disk (``best.npy``,
replaced whole).
Lines on stdout are JSON objects ``{"phase", "tier", "value", "bound", "claimed", "seconds"}``; the end is
``result.json``.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from landopt.solving.search_state import Warm

QUIET_S = 10.0
"""Seconds after which progress is told even where little has changed."""
NEEDED = (
    "highspy",
    "numpy.ma",
    "landopt.solving.programme.pulp_imported",
    "landopt.solving.search.tier_search",
    "landopt.solving.search.ties",
)
"""What a search imports sooner or later."""
ROOM = 64_000_000
"""Bytes of address space that a search must have beside its libraries."""
CYCLES = 200_000
"""Objects made before Python looks for cycles among them: with its own 2,000 a twentieth of a small search."""


def main(folder: Path) -> int:
    """Solve the request in ``folder``; exit code 0 when ``result.json`` is written, 9 when memory ran out."""
    request = json.loads((folder / "request.json").read_text("utf-8"))
    gc.set_threshold(CYCLES, 10, 10)
    _end_with_parent()
    try:
        _prepare(request.get("memory"))
        result = run(folder, request, _print)
    except MemoryError:
        return 9
    except Exception as trouble:  # the parent tells the user; a traceback goes to the child's log
        from parcels.common.issues import LandoptError

        if not isinstance(trouble, LandoptError):
            raise
        result = {"error": [issue.as_record() for issue in trouble.issues], "exit": trouble.exit_code}
    _write(folder / "result.json", json.dumps(result).encode("ascii"))
    return 0


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def run(folder: Path, request: dict[str, Any], hear: Callable[[str], None]) -> dict[str, Any]:
    """Solve tier after tier, then look at ties; the result as plain data. ``hear`` is given the lines of progress."""
    import numpy as np

    from constraints.case import held_at
    from landopt.solving.programme.arrays import from_arrays
    from landopt.solving.search.tier_search import search
    from landopt.solving.search_state import Answer, Options

    started = monotonic()
    base = load(folder)
    limit = request["time_limit_s"]
    options = Options(
        Fraction(request["gap"]),
        None if limit is None or request["nodes"] is not None else started + limit,
        request["nodes"],
        request["seed"],
        request["threads"],
        request["solver"],
        prove=request.get("prove", True),
    )
    plan = np.load(folder / "warm.npy") if (folder / "warm.npy").exists() else None
    start = load_warm(folder / "from")
    answers: list[Answer] = []
    reached: list[int] = []  # what later tiers hold it to; of the last one what it is worth
    gives = [(int(part), int(whole)) for part, whole in request.get("gives", ())]
    tiers = len(base["score"])
    for tier in range(tiers):
        told = Teller(folder, tier, started, hear=hear)

        def keep(bound: int, scale: int, leaf: dict[str, Any]) -> None:
            now = {"bound": bound, "solver_bound": None, "scale": scale, "tree": leaf, "stopped": "limit"}
            so_far = {"stopped": "limit", "tiers": [*map(_tier, answers), now], "phases": _sum_phases(answers)}
            _write(folder / "so_far.json", json.dumps(so_far).encode("ascii"))

        answer = search(from_arrays(base, tier, reached), options, told, plan, keep, start if tier == 0 else None)
        answers.append(answer)
        if tier == 0 and answer.warm is not None:
            save_warm(folder / "left", answer.warm)
        if answer.chosen is None:
            break
        plan = answer.chosen
        _save(folder, plan)
        reached.append(held_at(answer.objective, gives[tier] if tier < len(gives) else (0, 1)))
    ties: dict[str, Any] = {"status": "not examined"}
    proved = len(answers) == tiers and all(
        answer.chosen is not None and answer.objective in (answer.bound, answer.solver_bound) for answer in answers
    )
    if proved and plan is not None and request.get("ties") is not None:
        from landopt.solving.search.ties import examine

        last = answers[-1]
        proof = None if last.tree_json is None else (last.tree_json, last.scale)
        chosen, ties = examine(base, reached, plan, request["ties"], options, proof)
        _save(folder, chosen)
    return {
        "stopped": _overall(answers, tiers),
        "ties": ties,
        "phases": _sum_phases(answers),
        "tiers": [_tier(answer) for answer in answers],
    }


def _tier(answer: Any) -> dict[str, Any]:
    names = {
        "objective": "objective",
        "bound": "bound",
        "solver_bound": "solver_bound",
        "scale": "scale",
        "tree": "tree_json",
        "stopped": "stopped",
    }
    return {name: getattr(answer, source) for name, source in names.items()}


def _overall(answers: list[Any], tiers: int) -> str:
    kinds = [answer.stopped for answer in answers]
    for kind in ("infeasible", "failed", "limit"):
        if kind in kinds:
            return kind
    return "optimal" if len(kinds) == tiers and set(kinds) == {"optimal"} else "gap"


def _sum_phases(answers: list[Any]) -> dict[str, float]:
    total: dict[str, float] = {}
    for answer in answers:
        for phase, seconds in answer.phases.items():
            total[phase] = round(total.get(phase, 0.0) + seconds, 3)
    return total


class Teller:
    """Writes every better plan to disk; to the parent a line a second at most, and only one that tells something.

    That is another phase, a first plan or bound, another kind of bound, a gap smaller by a tenth, or that
    :data:`QUIET_S` have passed.
    """

    def __init__(
        self,
        folder: Path,
        tier: int,
        started: float,
        clock: Callable[[], float] = monotonic,
        hear: Callable[[str], None] = _print,
    ) -> None:
        self.folder, self.tier, self.started, self.clock, self.hear = folder, tier, started, clock, hear
        self.last: tuple[float, tuple[object, ...], float | None] | None = None

    def __call__(self, phase: str, value: int | None, bound: int | None, chosen: Any, claimed: bool) -> None:
        """Hear of a plan or a bound; ``claimed``: no proof carries the bound."""
        now = self.clock()
        if chosen is not None:
            _save(self.folder, chosen)
        kind = (phase, value is None, bound is None, claimed)
        gap = None if value is None or bound is None else max(0, bound - value) / max(1, abs(value))
        if self.last is not None:
            since, before, held = now - self.last[0], *self.last[1:]
            nearer = gap is not None and held is not None and gap < 0.9 * held
            if since < 1.0 or (kind == before and not nearer and since < QUIET_S):
                return
        self.last = now, kind, gap
        line = {
            "phase": phase,
            "tier": self.tier,
            "value": value,
            "bound": bound,
            "claimed": claimed,
            "seconds": round(now - self.started, 2),
        }
        self.hear(json.dumps(line))


def save_arrays(folder: Path, base: dict[str, Any]) -> None:
    """Write the arrays of a round, one uncompressed file each, so that the child can map them."""
    import numpy as np

    for name, value in base.items():
        np.save(folder / f"{name}.npy", np.asarray(value), allow_pickle=False)


def load(folder: Path) -> dict[str, Any]:
    """The arrays of a round as written by :func:`save_arrays` (mapped, read only)."""
    import numpy as np

    found: dict[str, Any] = {}
    for path in sorted(folder.glob("*.npy")):
        if path.stem not in ("best", "warm"):
            found[path.stem] = np.load(path, mmap_mode="r" if path.stat().st_size > 10**6 else None, allow_pickle=False)
    for name in ("parcels", "demands"):
        found[name] = int(found[name])
    return found


def save_warm(folder: Path, warm: Warm) -> None:
    """Write what a solve leaves to the next, a file an array."""
    import numpy as np

    folder.mkdir()
    arrays = {"columns": warm.columns, "of_columns": warm.basis[0], "of_rows": warm.basis[1]}
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values, allow_pickle=False)
    _write(folder / "sets.json", json.dumps(warm.sets).encode("ascii"))


def load_warm(folder: Path) -> Warm | None:
    """What :func:`save_warm` wrote; None where nothing was."""
    import numpy as np

    from landopt.solving.search_state import Warm

    if not (folder / "sets.json").exists():
        return None
    columns, *basis = (np.load(folder / f"{n}.npy", allow_pickle=False) for n in ("columns", "of_columns", "of_rows"))
    sets = json.loads((folder / "sets.json").read_text("utf-8"))
    return Warm(columns, (basis[0], basis[1]), tuple(tuple(each) for each in sets))


def _save(folder: Path, chosen: Any) -> None:
    import io

    import numpy as np

    stream = io.BytesIO()
    np.save(stream, np.asarray(chosen, dtype=np.int64), allow_pickle=False)
    _write(folder / "best.npy", stream.getvalue())


def _write(path: Path, content: bytes) -> None:
    aside = path.with_name(path.name + ".new")
    aside.write_bytes(content)
    aside.replace(path)


def caps_memory() -> bool:
    """Whether the system can cap the address space of a process: Windows and macOS cannot (no RLIMIT_AS that holds)."""
    return sys.platform not in ("win32", "darwin")


def _prepare(limit: int | None) -> None:
    """Import what every search needs, then cap the memory: Python that lacks it while it imports can stand for ever.

    (Where CPython 3.13 has not even a few bytes to unwind an exception it tries again without end and lets no other
    thread run; seen under a cap of 150 MB. With the libraries there, what fails is a large array or the solver's own.)

    Raises
    ------
    MemoryError
        Less than ``ROOM`` would be left.
    """
    if limit is None or not caps_memory():
        return
    for name in NEEDED:
        import_module(name)
    held = Path("/proc/self/statm")
    if held.exists() and limit - int(held.read_text().split()[0]) * os.sysconf("SC_PAGESIZE") < ROOM:
        raise MemoryError
    _limit_memory(limit)


def _limit_memory(limit: int | None) -> None:
    """Cap the address space (bytes) where the system can; elsewhere the parent's estimate has to do.

    A cap that is lower already (``ulimit -v``) stays.
    """
    if limit is None or not caps_memory():
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_AS)
    if most == resource.RLIM_INFINITY or limit < most:
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _end_with_parent() -> None:
    """End when the parent is gone: it holds the other end of our standard input open."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        if os.name == "posix":
            import signal

            if os.getpgrp() == os.getpid():
                os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(8)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    try:
        code = main(Path(sys.argv[1]))
    except BaseException as trouble:
        code = 1
        with contextlib.suppress(Exception):  # without memory to say more, the code has to do
            traceback.print_exception(trouble)
            sys.stderr.flush()
    sys.stdout.flush()
    os._exit(code)  # all is written; an orderly end would wait for the reading thread, and abort
