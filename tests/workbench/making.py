"""A workbench over a folder, asked in this process: its gate, its token, and a client that behaves as the page does."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from landopt.invent.round import write_round
from landopt.workbench.app import application
from landopt.workbench.bench import Bench
from landopt.workbench.guards import Gate
from landopt.workbench.home import Home

PORT, TOKEN = 8765, "t" * 43
ORIGIN = f"http://127.0.0.1:{PORT}"


class Page(TestClient):
    """A client with the token and the origin of the page, and the bench it is shown."""

    def __init__(self, bench: Bench) -> None:
        headers = {"X-Landopt-Token": TOKEN, "Origin": ORIGIN}
        super().__init__(application(bench), base_url=ORIGIN, headers=headers)
        self.bench = bench


@contextmanager
def page(folder: Path, *, read_only: bool = False) -> Iterator[Page]:
    """A page over a running application."""
    with Page(Bench(Home(folder.resolve()), Gate(PORT, TOKEN, read_only))) as client:
        yield client


def small_round(folder: Path, parcels: int = 24, demands: int = 8) -> Path:
    """An invented round that is solved in a moment."""
    folder.mkdir(parents=True)
    write_round(folder, parcels=parcels, demands=demands, seed=7)
    return folder


def finished(client: TestClient, number: int, seconds: float = 90) -> dict[str, Any]:
    """A job when it has ended."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        jobs = {job["job"]: job for job in client.get("/api/state").json()["jobs"]}
        if jobs[number]["state"] != "running":
            found: dict[str, Any] = jobs[number]
            return found
        time.sleep(0.05)
    raise AssertionError(f"job {number} goes on")


def reviewed(client: TestClient, room: str, plan: str = "plan") -> None:
    """A plan audited whole, submitted and passed."""
    asked = {"plan": plan, "complete": True}
    ended = finished(client, client.post(f"/api/ask/start/audit/{room}", json=asked).json()["job"], 180)
    assert ended["answer"]["exit"] == 0, ended["answer"]
    for what, by in (("submit", "经办人"), ("pass", "审核人")):
        done = client.post(f"/api/do/handle/{room}", json={"plan": plan, "what": what, "by": by})
        assert done.status_code == 200, done.text


def copied(source: Path, target: Path) -> Path:
    """A copy of a round without what a server leaves in it."""
    return Path(shutil.copytree(source, target, ignore=shutil.ignore_patterns(".landopt-*")))
