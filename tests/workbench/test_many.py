"""Several people: twenty readers and one writer, random clicks; no error, memory flat (LANDOPT_LONG: for an hour)."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.workbench.making import copied
from tests.workbench.test_jobs import _answers, _serving, linux, until

SECONDS = 3600 if os.environ.get("LANDOPT_LONG") else 25


def _reader(origin: str, token: str, seed: int, end: float, bad: list[Any]) -> None:
    import httpx2

    luck = random.Random(seed)
    with httpx2.Client(base_url=origin, headers={"X-Landopt-Token": token, "Origin": origin}, timeout=120) as asked:
        while time.monotonic() < end:
            what = luck.choice(["state", "room", "head", "whatif", "sheet", "core", "words"])
            try:
                if what in ("state", "room", "words"):
                    path = {"state": "/api/state", "room": "/api/room/r1", "words": "/api/words/zh"}[what]
                    reply = asked.get(path)
                else:
                    within = {"within": "1%"} if what == "core" else {}
                    reply = asked.post(f"/api/ask/plan/{what}/r1", json={"plan": "plan", **within})
            except httpx2.HTTPError as trouble:  # an answer that does not come is an error as well
                bad.append((what, repr(trouble), round(end - time.monotonic())))
                continue
            if reply.status_code != 200:
                bad.append((what, reply.status_code, reply.text[:300]))
            time.sleep(luck.uniform(0.02, 0.3))


def _writer(origin: str, token: str, end: float, bad: list[Any], done: list[int]) -> None:
    import httpx2

    luck = random.Random(1)
    with httpx2.Client(base_url=origin, headers={"X-Landopt-Token": token, "Origin": origin}, timeout=120) as asked:
        asked.post("/api/do/make/r1", json={"name": "a"})
        while time.monotonic() < end:
            version = asked.get("/api/room/r1").json()["scenarios"][0]["version"]
            step = luck.choice(
                [{"do": "set", "rule": "round.x", "value": str(luck.randrange(99))}, {"do": "undo"}, {"do": "redo"}]
            )
            reply = asked.post("/api/do/step/r1", json={"scenario": "a", "version": version, **step})
            if reply.status_code not in (200, 422):  # nothing to undo
                bad.append((step, reply.status_code, reply.text[:300]))
            done.append(reply.status_code)
            time.sleep(0.05)


def _kilobytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().partition("VmRSS:")[2].split()[0])


@linux
@pytest.mark.slow
def test_twenty_readers_and_a_writer(tmp_path: Path, solved: Path) -> None:
    """Every answer is good, every step is a line, the server does not grow."""
    copied(solved, tmp_path / "rounds" / "r1")
    server, said, opener = _serving(tmp_path / "rounds")
    try:
        token = opener.read_text("ascii").partition("#")[2].partition('"')[0]
        port = int(said.partition("127.0.0.1:")[2].partition("/")[0])
        origin = f"http://127.0.0.1:{port}"
        until(lambda: _answers(port), 20)
        bad: list[Any] = []
        done: list[int] = []
        end = time.monotonic() + SECONDS
        people = [threading.Thread(target=_reader, args=(origin, token, seed, end, bad)) for seed in range(20)]
        people.append(threading.Thread(target=_writer, args=(origin, token, end, bad, done)))
        for each in people:
            each.start()
        time.sleep(SECONDS / 3)
        before = _kilobytes(server.pid)
        for each in people:
            each.join()
        after = _kilobytes(server.pid)
    finally:
        server.send_signal(signal.SIGINT)
        _, err = server.communicate(timeout=30)
    assert bad == []
    assert "Traceback" not in err
    assert after - before < 8_000
    steps = (tmp_path / "rounds" / "r1" / "scenarios" / "a" / "edits.jsonl").read_text("utf-8").splitlines()
    assert len(steps) == done.count(200) > 5
