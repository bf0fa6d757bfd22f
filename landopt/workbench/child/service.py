"""The answers of the service: each a call of the front door, with versions and digests of packs beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from landopt.workbench.child.answers import check
from landopt.workbench.guards import both
from parcels.common.catalogue import Say
from parcels.common.issues import LandoptError, Refused, error

if TYPE_CHECKING:
    from landopt.door.plans import Plan

Request = Mapping[str, Any]
SCHEMA = "landopt.api/1"


def api_ask(request: Request, say: Say) -> dict[str, Any]:
    """Which methods a case may use."""
    return _given(_law(request), **_asked(request, request))


def api_ask_batch(request: Request, say: Say) -> dict[str, Any]:
    """The same of many cases; one that is refused holds up none of the others."""
    told = []
    for number, case in enumerate(request["cases"], 1):
        named = {"case": case.get("case") or str(number), "as_of": _day(case, request)}
        try:
            told.append({**named, **_asked(request, case)})
        except LandoptError as refusal:
            told.append({**named, "refused": {"issues": [both(issue) for issue in refusal.issues]}})
    return _given(_law(request), answers=told)


def _asked(request: Request, case: Request) -> dict[str, Any]:
    from landopt import api
    from landopt.reasons.law_words.rulewords import code_text

    facts = {name: code_text(name, value) if isinstance(value, str) else value for name, value in case["facts"].items()}
    date = _day(case, request)
    found = api.ask(date, request.get("packs"), enable=request["enable"], rate=request["rate"], **facts)
    whole: dict[str, Any] = {name: dict(answer.data) for name, answer in found.items()}
    return {"as_of": date, "answer": {**whole, "assumed": dict(found.assumed)}}


def _day(case: Request, request: Request) -> str:
    from landopt.door import arguments

    return arguments.date(case.get("as_of") or request.get("as_of")).isoformat()


def _law(request: Request) -> Sequence[str]:
    from constraints.loading.load import pack_names

    named = request.get("packs")
    return pack_names() if named is None else named


def api_check(request: Request, say: Say) -> dict[str, Any]:
    """Everything the files of a round say wrong."""
    if request["drop"] and not request["reason"].strip():
        raise Refused(error("V001.reason"))
    return _given(None, answer=check(request, say))


def api_audit(request: Request, say: Say) -> dict[str, Any]:
    """The audit of a plan, which shares no code with the solver."""
    from landopt import api

    asked = {name: request[name] for name in ("complete", "as_of", "sample", "seed")}
    report = api.audit(request["folder"], **asked)
    return _given(None, answer=report.as_dict())


def api_whatif(request: Request, say: Say) -> dict[str, Any]:
    """The exact bound under other numbers, and whether the plan still holds."""
    asked = {name: request[name] for name in ("without_parcels", "without_demands", "without_methods")}
    return _given(None, answer=_plan(request["folder"]).whatif(*request["sets"], **asked).as_dict())


@lru_cache(maxsize=1)
def _plan(folder: str) -> Plan:
    from landopt import api

    return api.open_plan(folder)


def _given(names: Sequence[str] | None, **answer: Any) -> dict[str, Any]:
    """An answer with its versions; ``names`` are the packs that were asked, all that are installed where none are."""
    from landopt import __version__

    return {
        "schema": SCHEMA,
        "landopt": __version__,
        "packs": _packs(None if names is None else tuple(names)),
        **answer,
    }


@cache
def _packs(names: tuple[str, ...] | None) -> list[dict[str, str]]:
    """The digests of packs as they were when this process first read them: law is read once as well."""
    from constraints.loading.load import pack_names
    from constraints.loading.releases import installed

    packs = installed(pack_names(off=True) if names is None else names)
    return [{"name": pack.name, "state": pack.state, "sha256": pack.sha256} for pack in packs]


ANSWERS: dict[str, Callable[[Request, Say], dict[str, Any]]] = {
    each.__name__: each for each in (api_ask, api_ask_batch, api_check, api_audit, api_whatif)
}
"""What the service asks, by name."""
