"""The application: static files of the page, questions that change nothing, and steps that write files."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from landopt import __version__
from landopt.workbench import home, reading, writing
from landopt.workbench.bench import STATUS, Bench
from landopt.workbench.guards import Guarded, Refusal, both, refused, told
from landopt.workbench.round import asking
from parcels.common.catalogue import texts
from parcels.common.issues import LandoptError, error

WEB = Path(__file__).parent / "web"
MAP = Path(__file__).parent.parent / "report" / "map"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
WORDS = (
    "method",
    "unit",
    "verdict",
    "use",
    "operator",
    "platform_kind",
    "field",
    "land_source",
    "existing_right",
    "level",
    "status",
)
"""Subjects whose words the page shows as they are."""
WATCH_S = 1.0
"""Seconds between two looks at the files of the rounds that somebody has open."""


def static_files() -> dict[str, Path]:
    """The files of the page by address; nothing else is ever served."""
    found = {f"/web/{path.name}": path for path in sorted(WEB.iterdir()) if path.suffix in KINDS}
    found["/"] = WEB / "index.html"
    for path in (MAP / "vendor" / "leaflet" / "leaflet.js", MAP / "vendor" / "leaflet" / "leaflet.css"):
        found[f"/web/{path.name}"] = path
    for path in (MAP / "web" / "decode.js", MAP / "web" / "map.js", MAP / "verify.js"):
        found[f"/web/{path.name}"] = path
    return found


# One function, so that every address stands once, beside what it answers.
def application(bench: Bench) -> Guarded:
    """The whole of it behind its gate."""
    files = static_files()

    async def page(request: Request) -> Response:
        path = files.get(request.scope["path"])
        if path is None:
            raise refused(404, "path")
        return Response(path.read_bytes(), headers={"content-type": KINDS[path.suffix]})

    async def state(request: Request) -> Response:
        rooms = [await asyncio.to_thread(home.headline, room) for room in bench.home.rooms().values()]
        return JSONResponse(
            {
                "version": __version__,
                "folder": str(bench.home.folder),
                "read_only": bench.gate.read_only,
                "rounds": rooms,
                "jobs": [job.as_dict() for job in bench.jobs.all.values()],
                "news": bench.hub.number,
            }
        )

    async def words(request: Request) -> Response:
        wanted = request.path_params["lang"]
        found = {key: text for key, text in texts("en").items() if key.startswith("bench.")}
        if wanted != "en":
            found |= {key: text for key, text in texts(wanted).items() if key.startswith("bench.")}
        for lang in ("en", wanted):
            found |= {key: text for key, text in texts(lang).items() if key.partition(".")[0] in WORDS}
        return JSONResponse(found)

    async def news(request: Request) -> Response:
        given = request.headers.get("last-event-id", "")
        after = int(given) if given.isdigit() and len(given) < 15 else -1
        return StreamingResponse(bench.hub.listen(after), media_type="text/event-stream")

    async def turned_away(request: Request, trouble: Exception) -> Response:
        found = trouble if isinstance(trouble, Refusal) else refused(404, "path")
        return Response(told(found.issue), found.status, media_type="application/json")

    async def disk(request: Request, trouble: Exception) -> Response:
        """The disk is full, gone or not ours: told as the command line does; what was there is as it was."""
        assert isinstance(trouble, OSError)
        said = error("E001.system", at=Path(str(trouble.filename or "")).name, trouble=trouble.strerror or str(trouble))
        return Response(told(said), 507, media_type="application/json")

    async def refusal(request: Request, trouble: Exception) -> Response:
        """What the library refuses while it writes is told as it is."""
        assert isinstance(trouble, LandoptError)
        said = {"issues": [both(issue) for issue in trouble.issues]}
        return JSONResponse(said, 507 if trouble.exit_code == 6 else STATUS.get(trouble.exit_code, 422))

    async def fault(request: Request, trouble: Exception) -> Response:
        said = error("V002.fault", trouble=f"{type(trouble).__name__}: {trouble}"[:300])
        return Response(told(said), 500, media_type="application/json")

    routes = [
        Route("/api/state", state),
        Route("/api/words/{lang}", words),
        Route("/api/news", news),
        *reading.routes(bench),
        *writing.routes(bench),
        *asking.routes(bench),
        *(Route(path, page) for path in files),
    ]

    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.create_task(_watch(bench))
        try:
            yield
        finally:
            watching.cancel()
            bench.hub.close()
            await bench.close()

    handlers = {404: turned_away, 405: turned_away, Refusal: turned_away, LandoptError: refusal, OSError: disk}
    handlers[Exception] = fault
    inner = Starlette(routes=routes, lifespan=life, exception_handlers=handlers)
    inner.router.redirect_slashes = False
    return Guarded(inner, bench.gate)


async def _watch(bench: Bench) -> None:
    """Tell when somebody (another server, the command line) changed a round; close plans nobody asks about."""
    seen: dict[str, str] = {}
    while True:
        await asyncio.sleep(WATCH_S)
        await bench.readers.tidy()
        if not bench.hub.streams:
            continue
        rooms: dict[str, Any] = bench.home.rooms()
        for name in bench.watched & set(rooms):
            now = home.stamps(rooms[name])
            if seen.get(name, now) != now:
                bench.hub.tell("room", room=name)
            seen[name] = now
