"""Questions: what a round, a plan or a scenario is, and what the library says of it. Nothing here writes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import IO

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from constraints.loading.kinds import UNITS
from landopt.workbench import edits, home, scenarios
from landopt.workbench.bench import Bench, body
from landopt.workbench.guards import refused
from landopt.workbench.round import handling
from landopt.workbench.round.asking import STRESS
from parcels.common.gate import admit
from parcels.common.schema import measures

FILES = {
    "plan": ("plan.json", "application/json"),
    "case": ("case.json", "application/json"),
    "proof": ("proof.json", "application/json"),
    "offers": ("offers.jsonl.gz", "application/octet-stream"),
}
"""What the verifier of the page reads."""
MOST = 200_000_000
PIECE = 1 << 18
ABOUT_A_PLAN = ("head", "picture", "sheet", "whynot", "whatif", "core", "diff")
ABOUT_A_ROUND = ("outline", "check", "columns", "overlay", "ledger", "facts")
ABOUT_THE_LAW = {"ask": ("as_of", "facts"), "rules": ("as_of",), "rule": ("id",), "changed": ("as_of", "other")}
"""Questions about the law, and what each must say."""
LAW = ".landopt-law"
"""The name under which the reader of the law is kept; there is no such folder."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


# One function, so that every address stands once, beside what it answers.
def routes(bench: Bench) -> list[Route]:
    """The addresses of questions."""

    async def room(request: Request) -> Response:
        found = bench.room(request)
        plans = await asyncio.to_thread(home.plan_lines, found)
        tabs = [] if found.plan_only else [_tab(found, path.name) for path in found.scenarios()]
        return JSONResponse(
            {
                **await asyncio.to_thread(home.headline, found),
                "folder": str(found.folder),
                "plans": plans,
                "scenarios": tabs,
                "writer": bench.writers.who(found.folder),
                "policy": scenarios.policies(found),
                "units": {name: [size.numerator, size.denominator] for name, size in UNITS.items()},
                "measures": measures(),
                "inputs": scenarios.inputs(found),
                "handling": handling.read(found)[-400:],
                "stress": not found.plan_only and (found.folder / STRESS).is_file(),
                "solve": "" if found.plan_only else _typed(found, home.BASE),
                "stamp": home.stamps(found),
                "filed": home.filed(found),
            }
        )

    async def about_plan(request: Request) -> Response:
        found, asked = bench.room(request), await body(request)
        what = request.path_params["what"]
        if what not in ABOUT_A_PLAN:
            raise refused(404, "path")
        folder = found.plan(str(asked.get("plan", "plan")))
        question = {**asked, "do": what}
        if what == "diff":
            question["other"] = str(found.plan(str(asked.get("other", ""))))
        if what == "whynot":
            question["exact"] = False
        aside = what == "core" and "sets" in asked  # the bound does not wait for the core
        return await bench.asked(folder, home.stamp(folder), question, aside=aside)

    async def about_round(request: Request) -> Response:
        found, asked = bench.room(request), await body(request)
        what = request.path_params["what"]
        if what not in ABOUT_A_ROUND or found.plan_only:
            raise refused(404, "path")
        return await bench.asked(found.folder, home.filed(found), {**asked, "do": what})

    async def law(request: Request) -> Response:
        """What a case may use; the rules of a date; one rule; what changed between two dates."""
        asked, what = await body(request), request.path_params["what"]
        dates = {name: str(asked[name]) for name in ("as_of", "other") if asked.get(name)}
        if what not in ABOUT_THE_LAW or not all(_DATE.fullmatch(date) for date in dates.values()):
            raise refused(422, "body")
        facts, name = asked.get("facts", {}), str(asked.get("id", ""))[:120]
        if not isinstance(facts, dict) or not set(ABOUT_THE_LAW[what]) <= {*dates, *asked}:
            raise refused(422, "body")
        return await bench.asked(bench.home.folder / LAW, "law", {"do": what, **dates, "facts": facts, "id": name})

    async def applicant(request: Request) -> Response:
        return await bench.asked(bench.home.folder / LAW, "law", {"do": "applicant"})

    async def template(request: Request) -> Response:
        asked = await body(request)
        return await bench.asked(bench.home.folder / LAW, "law", {"do": "template", "lang": asked.get("lang")})

    async def toml(request: Request) -> Response:
        rule = (await body(request)).get("rule")
        if not isinstance(rule, dict):
            raise refused(422, "body")
        try:
            return JSONResponse({"toml": scenarios.rule_toml([rule])})
        except (TypeError, ValueError):
            raise refused(422, "body") from None

    async def file(request: Request) -> Response:
        found = bench.room(request)
        name, kind = FILES.get(request.path_params["file"], ("", ""))
        path = found.plan(request.path_params["plan"]) / name
        if not name or not path.is_file() or path.stat().st_size > MOST:
            raise refused(404, "path")
        return StreamingResponse(_pieces(admit(path, MOST).open("rb")), media_type=kind)

    return [
        Route("/api/room/{room}", room),
        Route("/api/file/{room}/{plan}/{file}", file),
        Route("/api/ask/law/{what}", law, methods=["POST"]),
        Route("/api/ask/applicant", applicant, methods=["POST"]),
        Route("/api/ask/template", template, methods=["POST"]),
        Route("/api/ask/toml", toml, methods=["POST"]),
        Route("/api/ask/plan/{what}/{room}", about_plan, methods=["POST"]),
        Route("/api/ask/round/{what}/{room}", about_round, methods=["POST"]),
    ]


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """A file piece by piece, as it was when it was opened: nothing of it stays in this process."""
    with stream:
        while piece := stream.read(PIECE):
            yield piece


def _tab(room: home.Room, name: str) -> dict[str, object]:
    history = edits.read(room.scenario(name))
    return {
        "name": name,
        **history.as_dict(),
        "overlay": history.now.overlaid(),
        "toml": scenarios.overlay_text(history.now, name),
        "solve": scenarios.typed(scenarios.request(room, name, history, "")),
    }


def _typed(room: home.Room, name: str) -> str:
    return scenarios.typed(scenarios.request(room, name, edits.History(), ""))
