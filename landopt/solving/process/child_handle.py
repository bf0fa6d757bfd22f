"""The child process from outside: start it, listen, end it within a second, and say in words how it ended."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from parcels.common.catalogue import told
from parcels.common.issues import Environment, Issue, LandoptError, error

COMMAND: tuple[str, ...] = ("-m", "landopt.solving.process.child")
"""What Python runs for a solve; the folder follows. Tests put a lying or hanging solver here."""


@dataclass(frozen=True)
class Ended:
    """How the child ended: ``why`` is done, user, limit or failed; ``result`` is what it wrote: all, or so far."""

    why: str
    result: dict[str, Any] | None
    issues: tuple[Issue, ...] = ()


SHORT = (
    "MemoryError",
    "bad_alloc",
    "annot allocate memory",
    "Memory allocation still failed",
    "failed to map segment",
    "pthread_create failed",
)
"""What Python, C++, the loader and the solvers' threads say when memory is short."""


UNSAID = re.compile(r"Traceback \(most recent call last\):|SystemError: .*without (exception set|setting an exception)")
"""The last line of Python where it lacked the memory to say that it lacks memory."""


def watch(
    folder: Path,
    hard_limit_s: float | None,
    progress: Callable[[Mapping[str, Any]], None] | None,
    memory: int | None = None,
) -> Ended:
    """Run the child on ``folder``; end it at the hard limit or on Ctrl-C; ``memory`` is the limit it was given (bytes).

    Raises
    ------
    Environment
        S011: the child could not be started.
    """
    log = folder / "child.log"
    child: subprocess.Popen[bytes] | None = None
    lines: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
    why = "done"
    end = None if hard_limit_s is None else monotonic() + hard_limit_s
    try:
        with log.open("wb") as stderr:
            child = _start(folder, stderr)
        threading.Thread(target=_pump, args=(child, lines), daemon=True).start()
        while True:
            wait = 0.5 if end is None else min(0.5, end - monotonic())
            if wait <= 0:
                why = "limit"
                break
            try:
                line = lines.get(timeout=wait)
            except queue.Empty:
                continue
            if line is None:
                break
            if progress is not None:
                _tell(line, progress)
    except KeyboardInterrupt:
        why = "user"
    finally:
        if child is not None:
            _close(child, gently=why == "done")
    code = child.returncode if child is not None else None
    result = _read(folder / "result.json") if why == "done" else None
    so_far = _read(folder / "so_far.json") if result is None else None
    if why == "done" and result is None:
        return Ended("failed", so_far, (_trouble(code, log, memory),))
    if why == "limit":
        return Ended(why, so_far, (error("S012.solver-did-not", value=hard_limit_s or 0),))
    return Ended(why, result if result is not None else so_far)


def inside(folder: Path, request: dict[str, Any]) -> Ended:
    """Solve in this process: for one that is watched itself, and replaced when it dies, hangs or lacks memory."""
    from landopt.solving.process import child

    try:
        return Ended("done", child.run(folder, request, lambda line: None))
    except (LandoptError, MemoryError):
        raise
    except Exception as trouble:  # told like a crash of the other process
        how, at = told("crash.code", number=1), f"{type(trouble).__name__}: {trouble}"[:300]
        return Ended("failed", _read(folder / "so_far.json"), (error("S014.solver-process-crashed", at=at, how=how),))


def _start(folder: Path, stderr: Any) -> subprocess.Popen[bytes]:
    options: dict[str, Any] = {}
    if os.name == "nt":
        options["creationflags"] = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
    else:
        options["start_new_session"] = True
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}
    try:
        return subprocess.Popen(
            [sys.executable, *COMMAND, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
            **options,
        )
    except OSError as trouble:
        raise Environment(error("S011.solver-process-could", strerror=trouble.strerror)) from trouble


def _pump(child: subprocess.Popen[bytes], lines: queue.SimpleQueue[bytes | None]) -> None:
    assert child.stdout is not None
    for line in child.stdout:
        lines.put(line)
    lines.put(None)


def _tell(line: bytes, progress: Callable[[Mapping[str, Any]], None]) -> None:
    try:
        event = json.loads(line)
    except ValueError:
        return
    if isinstance(event, dict):
        progress(event)


def _close(child: subprocess.Popen[bytes], gently: bool) -> None:
    """Leave nothing running: wait a moment for a child that has finished, else end it and all it started."""
    if gently:
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            gently = False
    if not gently:
        _kill(child)
        child.wait(timeout=5)
    for stream in (child.stdin, child.stdout):
        if stream is not None and (stream is child.stdin or gently):
            with contextlib.suppress(OSError):
                stream.close()


def _kill(child: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
        return
    import signal

    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _trouble(code: int | None, log: Path, memory: int | None) -> Issue:
    text = log.read_text("utf-8", "replace") if log.exists() else ""
    said = text.strip().splitlines()
    last = said[-1][:300] if said else ""
    # under a limit these are all that Python says where it lacks the memory to say more: a traceback cut after its
    # heading, an error nobody set, code 1 without a word
    cut = memory is not None and (UNSAID.fullmatch(last) is not None or (code == 1 and not last))
    if code == 9 or cut or any(word in text for word in SHORT):
        if memory is None:
            return error("S013.solver-ran-out-memory")
        return error("S013.solver-ran-out", memory=memory // 10**6)
    if code == -9:
        return error("S014.solver-process-killed", at=last)
    ended = code is not None and code < 0
    how = told("crash.signal" if ended else "crash.code", number=-code if code is not None and ended else code)
    return error("S014.solver-process-crashed", at=last, how=how)
