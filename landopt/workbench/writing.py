"""Steps: what writes files or starts work. Each takes the round's lock first and is told to every page."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from landopt.workbench import edits, policy_files, received, scenarios
from landopt.workbench.bench import Bench, answered, body
from landopt.workbench.guards import refused
from landopt.workbench.home import BASE, Room, filed
from landopt.workbench.round import handling
from landopt.workbench.round.columns import set_columns

WRITES_NOTHING = ("audit", "whynot", "place", "serve", "front", "stress")
"""Work that anybody may start and stop, also where nothing may be written."""
_GAP = re.compile(r"0(\.\d{1,8})?")


# One function, so that every address stands once, beside what it changes.
def routes(bench: Bench) -> list[Route]:
    """The addresses of steps."""

    async def step(request: Request) -> Response:
        """One step of a scenario's history."""
        room, given = bench.to_write(request), await body(request)
        made, version = edits.step_of(given), given.get("version")
        if not isinstance(version, int):
            raise refused(422, "body")
        async with bench.step:
            name = str(given.get("scenario", ""))
            folder = room.scenario(name)
            if name == BASE:
                raise refused(422, "base")
            history = edits.add(folder, made, version)
            scenarios.write_overlay(folder, history.now, name)
        bench.hub.tell("room", room=room.name)
        return JSONResponse(history.as_dict())

    async def make(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        async with bench.step:
            like = given.get("like")
            place = scenarios.make(room, scenarios.plain_name(given.get("name")), str(like) if like else None)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({"name": place.name})

    def at_rest(room: Room, given: object) -> str:
        """The name of a scenario that nothing is computed of just now."""
        name = str(given)
        if any((job.room, job.scenario) == (room.name, name) for job in bench.jobs.running()):
            raise refused(409, "runs-already")
        return name

    async def rename(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        name = at_rest(room, given.get("name", ""))
        async with bench.step:
            place = scenarios.rename(room, name, str(given.get("new", "")))
        bench.hub.tell("room", room=room.name)
        return JSONResponse({"name": place.name})

    async def away(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        name = at_rest(room, given.get("name", ""))
        async with bench.step:
            kept = scenarios.bin_(room, name)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({"bin": kept})

    async def solve(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        name = str(given.get("scenario", ""))
        history = edits.History() if name == BASE else edits.read(room.scenario(name))
        asked = scenarios.request(room, name, history, "")
        if given.get("gap"):
            if not _GAP.fullmatch(str(given["gap"])):
                raise refused(422, "body")
            asked["gap"] = str(given["gap"])
        job = await bench.jobs.begin("solve", room.name, name, scenarios.typed(asked), asked)
        return JSONResponse(job.as_dict())

    async def audit(request: Request) -> Response:
        """Started by anyone, also in a folder that is only read: an audit writes nothing."""
        room, given = bench.room(request), await body(request)
        folder, complete = room.plan(str(given.get("plan", "plan"))), bool(given.get("complete"))
        typed = shlex.join(["landopt", "audit", str(folder), *(["--complete"] if complete else [])])
        asked = {"folder": str(folder), "complete": complete}
        job = await bench.jobs.begin("audit", room.name, str(given.get("plan", "plan")), typed, asked)
        return JSONResponse(job.as_dict())

    async def exact(request: Request) -> Response:
        """Why not, exactly: the choice forced and solved again; it writes nothing either."""
        room, given = bench.room(request), await body(request)
        folder = room.plan(str(given.get("plan", "plan")))
        names = {name: str(given[name]) for name in ("parcel", "demand", "method") if given.get(name)}
        if not {"parcel", "method"} <= set(names):
            raise refused(422, "body")
        words = [word for name, value in names.items() for word in (f"--{name}", value)]
        typed = shlex.join(["landopt", "whynot", str(folder), *words, "--exact"])
        asked = {"folder": str(folder), **names, "exact": True}
        job = await bench.jobs.begin("whynot", room.name, "+".join(names.values()), typed, asked)
        return JSONResponse(job.as_dict())

    async def adopt(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        key = str(given.get("plan", "plan"))
        folder = room.plan(key)
        if not handling.reviewed(room, folder):
            raise refused(409, "not-reviewed")
        said = {name: " ".join(str(given.get(name) or "").split())[:300] for name in ("document", "by", "supersede")}
        if not said["document"] or not said["by"]:
            raise refused(422, "adopt")
        words = ["--document", said["document"], "--by", said["by"]]
        words += ["--supersede", said["supersede"]] if said["supersede"] else []
        key_file, passphrase = _key(given)
        words += ["--key", key_file] if key_file else []
        typed = shlex.join(["landopt", "round", "adopt", str(room.folder), str(folder), *words])
        asked = {"round_path": str(room.folder), "plan": str(folder), **said, "open": bool(given.get("open"))}
        signers, need = _signers(given)
        asked |= {"key": key_file, "passphrase": passphrase, "signers": signers, "need": need}
        job = await bench.jobs.begin("adopt", room.name, key, typed, asked)
        return JSONResponse(job.as_dict())

    async def handle(request: Request) -> Response:
        """A step before the adoption: submitted, passed, sent back."""
        room, given = bench.to_write(request), await body(request)
        key = str(given.get("plan", "plan"))
        folder = room.plan(key)
        async with bench.step:
            step = handling.add(room, folder, given, handling.stood(bench.jobs.all.values(), room, key, folder))
        bench.hub.tell("room", room=room.name)
        return JSONResponse(step)

    async def sign(request: Request) -> Response:
        """One more signature under the last adoption."""
        room, given = bench.to_write(request), await body(request)
        (key_file, passphrase), by = _key(given), " ".join(str(given.get("by") or "").split())[:80]
        if not key_file or not by:
            raise refused(422, "key")
        typed = shlex.join(["landopt", "round", "sign", str(room.folder), "--key", key_file, "--by", by])
        asked = {"round_path": str(room.folder), "key": key_file, "passphrase": passphrase, "by": by}
        job = await bench.jobs.begin("adopt", room.name, str(given.get("plan", "plan")), typed, {**asked, "do": "sign"})
        return JSONResponse(job.as_dict())

    async def stop(request: Request) -> Response:
        given = await body(request)
        number = given.get("job")
        if not isinstance(number, int):
            raise refused(422, "body")
        job = bench.jobs.all.get(number)
        if bench.gate.read_only and job is not None and job.kind not in WRITES_NOTHING:
            raise refused(403, "read-only")
        await bench.jobs.stop(number, bool(given.get("keep")))
        return JSONResponse({"job": number})

    async def upload(request: Request) -> Response:
        """A file that was dropped in; what it is called is shown, and nothing else."""
        name = unquote(request.headers.get("x-file-name", ""))
        return JSONResponse(await received.keep(bench.home, name, request.stream()))

    async def new(request: Request) -> Response:
        asked = received.new_round(bench.home, await body(request))
        typed = shlex.join(["landopt", "new", asked["folder"], *([] if asked["example"] else ["--blank"])])
        job = await bench.jobs.begin("new", "", asked["folder"], typed, asked)
        return JSONResponse(job.as_dict())

    async def columns(request: Request) -> Response:
        """How the files are read: which column a field is, in which unit; code system, encoding, CRS."""
        room, given = bench.to_write(request), await body(request)
        async with bench.step:
            set_columns(room, given)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({})

    async def file(request: Request) -> Response:
        """Another file for a role of the round."""
        room, given = bench.to_write(request), await body(request)
        async with bench.step:
            name = received.put_file(bench.home, room, given)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({"name": name})

    async def correct(request: Request) -> Response:
        room, given = bench.to_write(request), await body(request)
        async with bench.step:
            done = received.correct(room, given)
        bench.hub.tell("room", room=room.name)
        return JSONResponse(done)

    async def policy(request: Request) -> Response:
        """A scenario's change taken into the round's policy, once the loader has read it there."""
        room, given = bench.to_write(request), await body(request)
        async with bench.step:
            changes = policy_files.texts(room, edits.read(room.scenario(str(given.get("scenario", "")))).now)
            for _, after in changes.values():
                asked = {"do": "overlay", "toml": after}
                found = await bench.readers.ask(room.folder, filed(room), asked)
                if "refused" in found:
                    return answered(found)
            names = policy_files.take(changes)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({"files": names})

    async def leave(request: Request) -> Response:
        """Let others write to the round."""
        room = bench.room(request)
        if any(job.room == room.name and job.kind in ("solve", "adopt") for job in bench.jobs.running()):
            raise refused(409, "runs-already")
        bench.writers.leave(room.folder)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({})

    async def take(request: Request) -> Response:
        """Become the round's writer."""
        room = bench.to_write(request)
        bench.hub.tell("room", room=room.name)
        return JSONResponse({})

    steps: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "step": step,
        "make": make,
        "bin": away,
        "rename": rename,
        "solve": solve,
        "adopt": adopt,
        "sign": sign,
        "handle": handle,
        "leave": leave,
        "take": take,
        "columns": columns,
        "policy": policy,
        "correct": correct,
        "file": file,
    }
    asked: dict[str, Any] = {"audit": audit, "exact": exact}
    return [
        *(Route(f"/api/do/{name}/{{room}}", each, methods=["POST"]) for name, each in steps.items()),
        *(Route(f"/api/ask/start/{name}/{{room}}", each, methods=["POST"]) for name, each in asked.items()),
        Route("/api/upload/file", upload, methods=["POST"]),
        Route("/api/new", new, methods=["POST"]),
        Route("/api/ask/stop", stop, methods=["POST"]),
    ]


def _signers(given: Mapping[str, Any]) -> tuple[list[str], int | None]:
    """The public keys of those who must sign an adoption of the round, and how many of them. Raises Refusal (422)."""
    paths = [part.strip() for part in re.split(r"[;\n]", str(given.get("signers") or "")) if part.strip()]
    need = str(given.get("need") or "").strip()
    if any(Path(path).suffix.lower() != ".pem" or not Path(path).is_absolute() or len(path) > 400 for path in paths):
        raise refused(422, "key")
    if need and not (need.isdigit() and 1 <= int(need) <= len(paths)):
        raise refused(422, "step", what=need[:20])
    return paths, int(need) if need else None


def _key(given: Mapping[str, Any]) -> tuple[str, str]:
    """The file of a private key and its passphrase, which goes to the child that signs and is kept nowhere.

    Raises Refusal (422) for what is no key file.
    """
    path, passphrase = str(given.get("key") or "").strip(), str(given.get("passphrase") or "")
    if path and (Path(path).suffix.lower() not in (".pem", ".key") or not Path(path).is_absolute() or len(path) > 400):
        raise refused(422, "key")
    return path, passphrase[:1000]
