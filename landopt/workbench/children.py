"""Child processes: jobs that end by themselves or are ended, and readers that keep a plan open for quick questions.

Every child has its own process group and hears that the server is gone by the end of its standard input; a child that
is ended leaves nothing running: the solver's own process ends with the child that started it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landopt.workbench.events import Hub
from landopt.workbench.guards import both, refused
from landopt.workbench.once import command, environment
from parcels.common.issues import Issue, error

AT_ONCE = 2
"""Jobs that run at the same time; more are refused."""
READERS = 3
"""Plans that are held open at the same time: one twice where its core follows a slider."""
IDLE_S = 600
"""Seconds after which a plan nobody asks about is closed."""
TRIES = 4
"""Readers that are asked one after the other where the folder goes on changing."""
ANSWER_S = 600
"""Seconds a reader may think: the map of 50,000 parcels takes 20 CPU s, beside other work some minutes."""
GENTLE_S = 0.35
"""Seconds between the signal that a child may answer and the one it may not."""
_LINE = 1 << 28


async def start(mode: str, scratch: str | None = None) -> asyncio.subprocess.Process:
    """A child in a group of its own; what it may leave behind goes into ``scratch``."""
    options: dict[str, Any] = {"start_new_session": True}
    if os.name == "nt":
        options = {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)}
    around = environment()
    if scratch is not None:
        around |= {"TMPDIR": scratch, "TEMP": scratch, "TMP": scratch}
    pipe = subprocess.PIPE
    made = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command(mode), stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, limit=_LINE, env=around, **options
        )
    )
    try:
        return await asyncio.shield(made)
    except asyncio.CancelledError:  # nobody will know of it
        await gone(await made)
        raise


def _signal(child: asyncio.subprocess.Process, gently: bool) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.name == "nt":
            if gently:
                child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
            else:
                subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
        else:
            os.killpg(child.pid, signal.SIGINT if gently else signal.SIGKILL)


async def end(child: asyncio.subprocess.Process) -> None:
    """End a child and all it started: it is told first, so that it ends the solver; then it is gone."""
    if child.returncode is None:
        _signal(child, gently=True)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.wait(), GENTLE_S)
    await gone(child)


async def gone(child: asyncio.subprocess.Process) -> None:
    """End a child's group without a word and close what led to it, so that nothing is left for the loop's end."""
    _signal(child, gently=False)
    await child.wait()
    if child.stdin is not None:
        child.stdin.close()
    transport = getattr(child, "_transport", None)
    if transport is not None:
        transport.close()


@dataclass
class Job:
    """One piece of work: what was asked, what was heard, how it ended (``state`` running, done, refused, stopped)."""

    number: int
    kind: str
    room: str
    scenario: str
    typed: str
    begun: float
    lines: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=300))
    state: str = "running"
    keeping: bool = False
    answer: dict[str, Any] = field(default_factory=dict)
    ended: float | None = None
    child: asyncio.subprocess.Process | None = None
    task: asyncio.Task[None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """As the page knows it."""
        return {
            "job": self.number,
            "what": self.kind,
            "room": self.room,
            "scenario": self.scenario,
            "typed": self.typed,
            "begun": self.begun,
            "ended": self.ended,
            "state": self.state,
            "lines": list(self.lines),
            "answer": self.answer,
        }


class Jobs:
    """The work that is going on and the work of late."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.all: OrderedDict[int, Job] = OrderedDict()
        self.number = 0

    def running(self) -> list[Job]:
        """What runs now."""
        return [job for job in self.all.values() if job.state == "running"]

    async def begin(self, kind: str, room: str, scenario: str, typed: str, request: Mapping[str, Any]) -> Job:
        """Start a job. Raises Refusal (429 too many, 409 the same is running)."""
        if len(self.running()) >= AT_ONCE:
            raise refused(429, "busy", count=AT_ONCE)
        if any((job.kind, job.room, job.scenario) == (kind, room, scenario) for job in self.running()):
            raise refused(409, "runs-already")
        self.number += 1
        job = Job(self.number, kind, room, scenario, typed, time.time())
        self.all[job.number] = job
        while len(self.all) > 60:
            oldest = next((number for number, each in self.all.items() if each.state != "running"), None)
            if oldest is None:
                break
            del self.all[oldest]
        job.task = asyncio.create_task(self._run(job, {"do": kind, **request}))
        return job

    async def _run(self, job: Job, request: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory(prefix="landopt-job-", ignore_cleanup_errors=True) as scratch:
            try:
                child = job.child = await start("once", scratch)
                self._tell(job)
                assert child.stdin is not None
                assert child.stdout is not None
                child.stdin.write(json.dumps(request).encode() + b"\n")
                await child.stdin.drain()
                async for raw in child.stdout:
                    self._hear(job, json.loads(raw))
                await child.wait()
                child.stdin.close()
                if job.state == "running":
                    self._close(job, "refused", {"exit": 6, "issues": [both(error("V002.child-ended"))]})
            except asyncio.CancelledError:
                if job.child is not None:
                    await end(job.child)
                if job.state == "running":
                    self._close(job, "stopped", {})
            except (OSError, ValueError) as trouble:
                self._close(job, "refused", {"exit": 6, "issues": [both(_trouble(trouble))]})

    def _hear(self, job: Job, said: Mapping[str, Any]) -> None:
        if "say" in said:
            job.lines.append(said["say"])
            self.hub.tell("line", job=job.number, room=job.room, scenario=job.scenario, line=said["say"])
        else:
            self._close(
                job, "done" if "done" in said else "refused", dict(said.get("done") or said.get("refused") or {})
            )

    def _close(self, job: Job, state: str, answer: dict[str, Any]) -> None:
        job.state, job.answer, job.ended = state, answer, time.time()
        self._tell(job)

    def _tell(self, job: Job) -> None:
        self.hub.tell("job", **{**job.as_dict(), "lines": []})

    async def stop(self, number: int, keep: bool) -> None:
        """End a job now; ``keep``: only end the search, and write the best plan found so far. Raises Refusal (404)."""
        job = self.all.get(number)
        if job is None or job.task is None:
            raise refused(404, "no-job")
        if job.state != "running":
            return
        if keep and not job.keeping and job.child is not None:
            job.keeping = True
            _signal(job.child, gently=True)
            return
        job.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await job.task

    async def close(self) -> None:
        """End everything."""
        for job in self.running():
            await self.stop(job.number, False)


def _trouble(trouble: Exception) -> Issue:
    return error("V002.child-trouble", trouble=str(trouble))


def _ended() -> dict[str, Any]:
    return {"refused": {"exit": 6, "issues": [both(error("V002.child-ended"))]}}


class Reader:
    """A child that keeps one folder open and answers one question after the other."""

    def __init__(self, folder: Path, stamp: str) -> None:
        self.folder, self.stamp = folder, stamp
        self.child: asyncio.subprocess.Process | None = None
        self.turn = asyncio.Lock()
        self.waiting = 0
        self.over = False
        self.asked = time.monotonic()

    async def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """One answer: ``{"done": ...}`` or ``{"refused": ...}``."""
        return await self.answer(question) or _ended()

    async def answer(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        """As :meth:`ask`; ``None`` if the reader was closed meanwhile, so that another can be asked."""
        self.waiting += 1
        try:
            async with self.turn:
                self.asked = time.monotonic()
                found = None if self.over else await self._answer(question)
        finally:
            self.waiting -= 1
        return _ended() if found is None and not self.over else found

    async def _answer(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        if self.child is None or self.child.returncode is not None:
            self.child = await start("stay")
            if self.over:
                await self._end()
                return None
        child = self.child
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(json.dumps({**question, "folder": str(self.folder)}).encode() + b"\n")
            await child.stdin.drain()
            raw = await asyncio.wait_for(child.stdout.readline(), ANSWER_S)
            found = json.loads(raw) if raw else None
        except BaseException as trouble:  # a question given up leaves no half answer for the next one
            await self._end()
            if not isinstance(trouble, TimeoutError | OSError | ValueError):
                raise
            found = None
        if not isinstance(found, dict):
            await self._end()
            return None
        return found

    async def _end(self) -> None:
        child, self.child = self.child, None
        if child is not None:
            await gone(child)

    async def close(self) -> None:
        """End the child, for good: who still waits for an answer asks another reader."""
        self.over = True
        await self._end()


class Readers:
    """The folders that are held open; of those nobody waits for, the one asked longest ago is closed for another."""

    def __init__(self, most: int = READERS) -> None:
        self.most = most
        self.open: OrderedDict[tuple[Path, bool], Reader] = OrderedDict()
        self.choosing = asyncio.Lock()
        self.shut = False

    async def ask(
        self, folder: Path, stamp: str, question: Mapping[str, Any], *, aside: bool = False
    ) -> dict[str, Any]:
        """Ask about a folder as it is now (``stamp`` changes when it does); ``aside``: another reader than the first.

        What is asked aside thinks for a second or two, while the first one goes on answering at once.
        """
        for tried in range(TRIES):
            if self.shut:
                break
            # whoever was closed meanwhile was closed for a newer one: that one answers, and is not closed in turn
            found = await (await self._reader(folder, stamp, aside, any_=tried > 0)).answer(question)
            if found is not None:
                return found
        return _ended()

    async def _reader(self, folder: Path, stamp: str, aside: bool, any_: bool) -> Reader:
        async with self.choosing:  # one reader a folder, also where two ask at once
            reader = self.open.pop((folder, aside), None)
            if reader is not None and reader.stamp != stamp and not any_:
                await reader.close()
                reader = None
            reader = reader or Reader(folder, stamp)
            self.open[folder, aside] = reader
            idle = [place for place, each in self.open.items() if not each.waiting and each is not reader]
            for place in idle[: max(0, len(self.open) - self.most)]:
                await self.open.pop(place).close()
            return reader

    async def tidy(self, idle_s: float = IDLE_S) -> None:
        """Close what nobody asks about."""
        now = time.monotonic()
        for place, reader in list(self.open.items()):
            if now - reader.asked > idle_s and not reader.waiting:
                del self.open[place]
                await reader.close()

    async def close(self) -> None:
        """Close everything, also what is being answered; nothing is opened any more."""
        self.shut = True
        async with self.choosing:
            while self.open:
                await self.open.popitem()[1].close()
