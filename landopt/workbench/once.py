"""How a child is started, and one question to a child that ends with it: what it read leaves nothing here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any

LONGEST_S = 120.0
"""Seconds a child may take for one question: a plan of 88 MB took 2 CPU s."""


def command(mode: str) -> list[str]:
    """What runs a child."""
    return [sys.executable, "-m", "landopt.workbench.child", mode]


def environment() -> dict[str, str]:
    """What a child finds around it: the modules of this process, UTF-8."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PYTHONUTF8": "1"}


def asked_once(question: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a child of its own; it waits.

    Raises
    ------
    ValueError
        If the child refuses, ends without a word or is not done in :data:`LONGEST_S`.
    """
    options: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command("once"), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment(), **options
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        clock = threading.Timer(LONGEST_S, child.kill)
        clock.start()
        try:
            child.stdin.write(json.dumps(question).encode() + b"\n")
            child.stdin.flush()  # open until the answer is there: its end would be the server's
            raw = child.stdout.readline()
        finally:
            clock.cancel()
    found = json.loads(raw)
    if "done" not in found:
        raise ValueError("the child refused")
    said: dict[str, Any] = found["done"]
    return said
