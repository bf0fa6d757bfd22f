"""What the server holds: the folder, the gate, the work going on, the plans held open, the rounds it writes to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse

from landopt.workbench.children import Jobs, Readers
from landopt.workbench.events import Hub
from landopt.workbench.guards import Gate, refused
from landopt.workbench.home import Home, Room
from landopt.workbench.writer import Writers

STATUS = {1: 422, 3: 422, 5: 409, 6: 503, 7: 422}
"""The status of an answer that was refused, by the exit code the command line has for it."""


class Bench:
    """The workbench over one folder."""

    def __init__(self, home: Home, gate: Gate) -> None:
        self.home, self.gate = home, gate
        self.hub = Hub()
        self.jobs = Jobs(self.hub)
        self.readers = Readers()
        self.writers = Writers()
        self.step = asyncio.Lock()
        self.watched: set[str] = set()

    def room(self, request: Request) -> Room:
        """The round an address names. Raises Refusal (404)."""
        room = self.home.room(request.path_params["room"])
        self.watched.add(room.name)
        return room

    def to_write(self, request: Request) -> Room:
        """The round an address names, with this server as its writer. Raises Refusal."""
        room = self.room(request)
        if room.plan_only:
            raise refused(403, "plan-only")
        self.writers.take(room.folder)
        return room

    async def asked(
        self, folder: Path, stamp: str, question: Mapping[str, Any], *, aside: bool = False
    ) -> JSONResponse:
        """The answer of a reader, as the page gets it; ``aside``: of another one, which the quick ones do not await."""
        return answered(await self.readers.ask(folder, stamp, question, aside=aside))

    async def close(self) -> None:
        """End every child and let the rounds go."""
        await self.jobs.close()
        await self.readers.close()
        self.writers.close()


def answered(found: Mapping[str, Any]) -> JSONResponse:
    """An answer of a child as a response; a refusal has the findings and the exit code of the command line."""
    if "done" in found:
        return JSONResponse(found["done"])
    said = found["refused"]
    return JSONResponse(said, status_code=STATUS.get(said["exit"], 422))


async def body(request: Request) -> dict[str, Any]:
    """What a page sent: a JSON object. Raises Refusal (422)."""
    try:
        found = json.loads(await request.body() or b"{}")
    except (ValueError, RecursionError):
        raise refused(422, "body") from None
    except ClientDisconnect:
        raise refused(408, "slow") from None
    if not isinstance(found, dict) or not request.headers.get("content-type", "").startswith("application/json"):
        raise refused(422, "body")
    return found
