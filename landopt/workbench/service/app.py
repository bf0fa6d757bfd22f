"""The application behind ``landopt serve --api``: the same gate, listings and children as the workbench, other answers.

A request is read by its type before anything else looks at it, a name is looked up in a listing, and the work is done
in a child process that can be ended; the server itself reads no round and no law.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from landopt.workbench import home
from landopt.workbench.bench import STATUS
from landopt.workbench.children import Reader, Readers
from landopt.workbench.guards import CALLER, Gate, Guarded, Refusal, refused, told
from landopt.workbench.home import Home, Room
from landopt.workbench.service.description import description
from landopt.workbench.service.limits import Limits
from landopt.workbench.service.operations import Operation, operations
from parcels.common.issues import error

JSON = "application/json"
PLANS = 4
"""Plans and rounds that are held open at the same time."""


class Service:
    """The service over one folder."""

    def __init__(self, folder: Home, gate: Gate, rate: int) -> None:
        self.home, self.gate = folder, gate
        self.limits = Limits(rate)
        self.readers = Readers(PLANS)
        self.law = {heavy: Reader(folder.folder, "law") for heavy in (False, True)}
        """Who answers questions of law: one for single cases, one for batches, so that these hold nobody up."""

    def room(self, name: str) -> Room:
        """A round of the listing. Raises Refusal (404) also where it leads out of the folder that is served."""
        room = self.home.room(name)
        if not self.inside(room.folder):
            raise refused(404, "no-round")
        return room

    def plan(self, room: Room, key: str) -> Path:
        """A plan of a round. Raises Refusal (404)."""
        folder = room.plan(key)
        if not self.inside(folder):
            raise refused(404, "no-plan")
        return folder

    def inside(self, folder: Path) -> bool:
        """True where a folder lies in the one that is served, whatever links lead to it."""
        return folder.resolve().is_relative_to(self.home.folder)

    async def answer(self, operation: Operation, asked: dict[str, Any]) -> dict[str, Any]:
        """What a child says."""
        question = {"do": f"api_{operation.name.replace('-', '_')}", **asked}
        if operation.address.startswith("/api/v1/rules/"):
            return await self.law[operation.heavy].ask(question)
        room = self.room(question.pop("round"))
        if "plan" in asked:
            folder = self.plan(room, question.pop("plan"))
            return await self.readers.ask(folder, home.stamp(folder), question)
        if room.plan_only:
            raise refused(404, "no-round")
        return await self.readers.ask(room.folder, home.stamps(room), question)

    async def close(self) -> None:
        """End every child."""
        await self.readers.close()
        for reader in self.law.values():
            await reader.close()


def application(service: Service) -> Guarded:
    """The whole of it behind its gate."""

    async def listing(request: Request) -> Response:
        found = []
        for name, room in service.home.rooms().items():
            with contextlib.suppress(Refusal):
                service.room(name)
                plans = [
                    {"key": key, "id": (await asyncio.to_thread(home.plan_line, path))["id"]}
                    for key, path in room.plans().items()
                    if service.inside(path)
                ]
                found.append({"name": name, "plan_only": room.plan_only, "plans": plans})
        return _json({"rounds": found})

    async def described(request: Request) -> Response:
        return _json(description(service.limits.rate))

    async def turned_away(request: Request, trouble: Exception) -> Response:
        found = trouble if isinstance(trouble, Refusal) else refused(404, "path")
        beside = {name.decode(): value.decode() for name, value in found.headers}
        if isinstance(trouble, HTTPException) and trouble.status_code == 405:
            found, beside = refused(405, "method"), dict(trouble.headers or {})
        return Response(told(found.issue), found.status, beside, media_type=JSON)

    async def fault(request: Request, trouble: Exception) -> Response:
        return Response(told(error("V002.fault", trouble=type(trouble).__name__)), 500, media_type=JSON)

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await service.close()

    handlers = {404: turned_away, 405: turned_away, Refusal: turned_away, Exception: fault}
    routes = [
        Route("/api/v1/rounds", listing),
        Route("/api/v1/openapi.json", described),
        *(Route(each.address, _asked(service, each), methods=["POST"]) for each in operations()),
    ]
    inner = Starlette(routes=routes, lifespan=life, exception_handlers=handlers)
    inner.router.redirect_slashes = False
    return Guarded(inner, service.gate)


def _asked(service: Service, operation: Operation) -> Any:
    async def answer(request: Request) -> Response:
        caller = str(request.scope[CALLER])
        service.limits.count(caller, 1)
        with service.limits.heavy(caller) if operation.heavy else contextlib.nullcontext():
            asked = await _read(request, operation)
            service.limits.count(caller, len(asked.get("cases", ())))
            found = await service.answer(operation, asked)
        if "done" in found:
            return _json(found["done"])
        said = found["refused"]
        return _json({"issues": said["issues"]}, STATUS.get(said["exit"], 422))

    return answer


async def _read(request: Request, operation: Operation) -> dict[str, Any]:
    """The request, by its type. Raises Refusal (415, 422)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise refused(415, "not-json")
    try:
        asked = msgspec.json.decode(await request.body(), type=operation.request)
    except ClientDisconnect:
        raise refused(408, "slow") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as trouble:
        raise refused(422, "not-as-described", trouble=str(trouble)[:300]) from None
    found: dict[str, Any] = msgspec.to_builtins(asked)
    return found


def _json(found: Any, status: int = 200) -> Response:
    return Response(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"), status, media_type=JSON)
