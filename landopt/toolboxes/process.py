"""Landopt as a process, for the programs that show maps: what it says is heard line by line, and it can be stopped.

This file is copied into the toolboxes and runs in their Python: standard library of Python 3.9, nothing of landopt.
"""

from __future__ import annotations

import html
import json
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
PATIENCE_S = 20.0
"""Seconds between the word that the work shall end (a search writes its best plan then) and its end by force."""
_FOREIGN = re.compile(r"PYTHON|GDAL|OGR_|PROJ_|QT_|QGIS|CPL_|LD_LIBRARY_PATH$|DYLD_|CONDA|VIRTUAL_ENV|ESRI|GRASS|O4W_")
"""Settings of the program we run in, which would lead landopt's Python to libraries that are not its own."""


class Done(NamedTuple):
    """How a call ended: exit code, what it printed, what it told on the way, and whether it was stopped."""

    code: int
    out: str
    told: list[str]
    stopped: bool


class Gone(Exception):
    """Landopt is not where it was when the toolbox was installed."""


def place() -> dict[str, str]:
    """Where landopt is: its Python, the folder it is imported from where that is not installed, its version."""
    found: dict[str, str] = json.loads((HERE / "where.json").read_text(encoding="utf-8"))
    return found


def words(lang: str) -> dict[str, str]:
    """The texts of the toolbox in a language; English for those that it lacks."""
    known = json.loads((HERE / "texts.json").read_text(encoding="utf-8"))
    found: dict[str, str] = {**known["en"], **known.get(lang[:2].lower(), {})}
    return found


def environment(given: dict[str, str], where: dict[str, str]) -> dict[str, str]:
    """The environment of landopt: ours without what belongs to the program around us."""
    kept = {name: value for name, value in given.items() if not _FOREIGN.match(name.upper())}
    kept["PYTHONUTF8"] = "1"
    if where.get("path"):
        kept["PYTHONPATH"] = where["path"]
    return kept


def run(call: Iterable[str], say: Callable[[str], Any], stopped: Callable[[], bool]) -> Done:
    """Run ``landopt CALL...``.

    Parameters
    ----------
    call
        The words of the command line; never a shell's.
    say
        Hears each line of progress as it comes.
    stopped
        Asked ten times a second; once it is true the work is told to end, and ended if it does not.

    Raises
    ------
    Gone
        If landopt's Python is not there any more.
    """
    where = place()
    options: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        options = {"creationflags": 0x00000200 | 0x08000000}  # a group of its own, no window
    try:
        child = subprocess.Popen(
            [where["python"], "-P", "-m", "landopt", *call],  # -P: nothing of the folder the map program stands in
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env=environment(dict(os.environ), where),
            **options,
        )
    except OSError as trouble:
        raise Gone(where["python"]) from trouble
    lines: queue.Queue[str] = queue.Queue()
    printed: list[str] = []
    heard = [
        threading.Thread(target=_hear, args=(child.stderr, lines.put), daemon=True),
        threading.Thread(target=_hear, args=(child.stdout, printed.append), daemon=True),
    ]
    for each in heard:
        each.start()
    told: list[str] = []
    asked: float | None = None
    while True:
        ended = child.poll() is not None
        while not lines.empty():
            told.append(lines.get().rstrip("\n"))
            say(told[-1])
        if ended and not any(each.is_alive() for each in heard) and lines.empty():
            break
        if asked is None and stopped():
            asked = time.monotonic()
            _end(child, gently=True)
        elif asked is not None and time.monotonic() - asked > PATIENCE_S:
            _end(child, gently=False)
        time.sleep(0.1)
    return Done(child.returncode, "".join(printed), told, asked is not None)


def _hear(stream: Any, put: Callable[[str], Any]) -> None:
    with stream:
        for line in stream:
            put(line)


def _end(child: subprocess.Popen[str], gently: bool) -> None:
    """Tell a child and what it started to end, or end them."""
    if child.poll() is not None and gently:
        return
    try:
        if os.name != "nt":
            os.killpg(child.pid, signal.SIGINT if gently else signal.SIGKILL)
        elif gently:
            child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
        else:
            subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
    except OSError:
        pass


def page(title: str, text: str) -> str:
    """A text as a page to show; whatever it says is shown and nothing of it acts."""
    head = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
    body = f'<h3>{html.escape(title)}</h3><pre style="white-space: pre-wrap">{html.escape(text)}</pre>'
    return f"{head}<body>{body}</body></html>\n"
