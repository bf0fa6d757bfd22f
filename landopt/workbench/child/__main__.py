"""The child's loop: a line of JSON in, a line of JSON out; ``once`` for a job that is told step by step.

What belongs to the answer is written to the real standard output; whatever else prints goes nowhere, so that a line is
always a line of ours.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from typing import IO, Any


def main(mode: str) -> int:
    """Answer until standard input ends."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for the life of the process
    with contextlib.suppress(AttributeError, ValueError):
        signal.signal(getattr(signal, "SIGBREAK", signal.SIGINT), signal.default_int_handler)
    if mode == "once":
        line = sys.stdin.buffer.readline()
        _end_with_parent()
        if line:
            _put(out, _answered(json.loads(line), out))
        return 0
    for line in iter(sys.stdin.buffer.readline, b""):
        _put(out, _answered(json.loads(line), None))
    return 0


def _answered(request: Mapping[str, Any], out: IO[str] | None) -> dict[str, Any]:
    from landopt.workbench.child import service
    from landopt.workbench.child.answers import ANSWERS, refusal

    def say(line: Any) -> None:
        if out is not None:
            shown = {lang: line.text(lang) for lang in ("en", "zh")}
            _put(out, {"say": {**shown, "key": line.key, "values": _plain(line.named)}})

    try:
        return {"done": {**ANSWERS, **service.ANSWERS}[request["do"]](request, say)}
    except KeyboardInterrupt:
        from landopt.job import Stopped
        from parcels.common.issues import error

        return {"refused": refusal(Stopped(error("S007.stopped-before-any", at=str(request.get("round_path", "")))))}
    except Exception as trouble:  # told as the command line tells it; what is no refusal is a fault of ours
        return {"refused": refusal(trouble)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if isinstance(value, str | int | float | bool)}


def _put(out: IO[str], line: Mapping[str, Any]) -> None:
    out.write(json.dumps(line, ensure_ascii=False, default=str) + "\n")
    out.flush()


def _end_with_parent() -> None:
    """End, with the whole group, when the server is gone: it holds the other end of our standard input open."""

    def watch() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        if os.name == "posix" and os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(8)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
