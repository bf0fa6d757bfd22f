"""Questions that run for a while and write nothing: serving a platform, placing an applicant, fronts, stress."""

from __future__ import annotations

import re
import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from landopt.workbench.bench import Bench, body
from landopt.workbench.guards import refused
from landopt.workbench.received import kept_file
from parcels.common.schema import fields_of

STRESS = "stress.toml"
_PART = re.compile(r"(?!-)[\w.:\-]{1,80}")
_NEW = re.compile(r"(?!-)[\w.\-]{1,60}")
_SPREAD = ("area", "price", "budget")
_CHANCE = ("drop_out", "failed_sale")
_PERCENT = re.compile(r"\d{1,2}(\.\d)?")


# One function, so that every address stands once, beside what it asks.
def routes(bench: Bench) -> list[Route]:
    """The addresses of these questions."""

    async def serve(request: Request) -> Response:
        """What it takes to serve a platform."""
        room, given = bench.room(request), await body(request)
        folder, demand = room.plan(str(given.get("plan", "plan"))), _demand(given)
        typed = shlex.join(["landopt", "diagnose", str(folder), "--serve", demand])
        job = await bench.jobs.begin("serve", room.name, demand, typed, {"folder": str(folder), "demand": demand})
        return JSONResponse(job.as_dict())

    async def place(request: Request) -> Response:
        """Where a platform without a site, or a late applicant, could go."""
        room, given = bench.room(request), await body(request)
        folder = room.plan(str(given.get("plan", "plan")))
        asked: dict[str, Any] = {"folder": str(folder)}
        if given.get("file"):
            asked["file"] = str(kept_file(bench.home, "demands", given["file"]))
            name, words = asked["file"], []
        else:
            asked["demand"] = name = _demand(given)
            asked["facts"] = _facts(given)
            words = [word for fact in asked["facts"] for word in ("--with", fact)]
        typed = shlex.join(["landopt", "place", str(folder), "--demand", name, *words])
        late = bool(given.get("file")) or bool(asked.get("facts"))
        job = await bench.jobs.begin("place", room.name, "" if late else name, typed, asked)
        return JSONResponse(job.as_dict())

    async def front(request: Request) -> Response:
        """The front of best compromises between two parts."""
        room, given = bench.room(request), await body(request)
        key = str(given.get("plan", "plan"))
        folder, between, count = room.plan(key), given.get("between"), given.get("count", 5)
        parts = between if isinstance(between, list) else []
        if len(set(map(str, parts))) != len(parts) or not 2 <= len(parts) <= 3 or not isinstance(count, int):
            raise refused(422, "body")
        if not 2 <= count <= 25 or not all(_PART.fullmatch(str(part)) for part in parts):
            raise refused(422, "body")
        typed = shlex.join(["landopt", "tradeoff", str(folder), "--between", ",".join(parts), "-n", str(count)])
        asked = {"folder": str(folder), "between": parts, "count": count}
        job = await bench.jobs.begin("front", room.name, key, typed, asked)
        return JSONResponse(job.as_dict())

    async def stress(request: Request) -> Response:
        """How the plan bears what may happen."""
        room, given = bench.room(request), await body(request)
        key, draws = str(given.get("plan", "plan")), given.get("draws")
        folder, own = room.plan(key), room.folder / STRESS
        if not isinstance(draws, int) or not 1 <= draws <= 1000:
            raise refused(422, "body")
        asked: dict[str, Any] = {"folder": str(folder), "draws": draws}
        if given.get("own") and not room.plan_only and own.is_file():
            asked["file"] = str(own)
        else:
            asked["toml"] = stress_text(given, draws)
        typed = shlex.join(["landopt", "stress", str(folder), str(own), "--draws", str(draws)])
        job = await bench.jobs.begin("stress", room.name, key, typed, asked)
        return JSONResponse({**job.as_dict(), "toml": asked.get("toml", "")})

    asked: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "serve": serve,
        "place": place,
        "front": front,
        "stress": stress,
    }
    return [Route(f"/api/ask/start/{name}/{{room}}", each, methods=["POST"]) for name, each in asked.items()]


def _demand(given: Mapping[str, Any]) -> str:
    demand = given.get("demand")
    if not isinstance(demand, str) or not demand or demand.startswith("-") or len(demand) > 120:
        raise refused(422, "body")
    return demand


def _facts(given: Mapping[str, Any]) -> list[str]:
    """``column=value`` of a late applicant. Raises Refusal (422)."""
    facts = given.get("facts") or {}
    known = fields_of("demand")
    if not isinstance(facts, dict) or not set(facts) <= set(known):
        raise refused(422, "body")
    if facts and not _NEW.fullmatch(str(given.get("demand"))):
        raise refused(422, "step", what=str(given.get("demand"))[:40])
    return [f"{name}={' '.join(str(value).split())[:200]}" for name, value in facts.items() if str(value).strip()]


def stress_text(given: Mapping[str, Any], draws: int) -> str:
    """A stress file from the numbers of the form, in per cent; what is blank does not vary. Raises Refusal (422)."""
    lines = ["[stress]", f"draws = {draws}", "seed = 1"]
    for what in (*_SPREAD, *_CHANCE):
        text = str(given.get(what) or "0")
        if not _PERCENT.fullmatch(text):
            raise refused(422, "step", what=text[:20])
        if float(text):
            said = f'by = "{text}%"' if what in _SPREAD else f'chance = "{float(text) / 100:.4g}"'
            lines += ["", "[[vary]]", f'what = "{what}"', said]
    if len(lines) == 3:
        raise refused(422, "nothing-varies")
    return "\n".join(lines) + "\n"
