"""The description of the service (OpenAPI 3.1), made from the operations; nothing in it is written twice."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

from constraints.loading.load import methods
from landopt import __version__
from landopt.workbench.guards import BODY
from landopt.workbench.service import answers
from landopt.workbench.service.operations import CASES, Operation, operations

_REFUSALS = {
    400: "The request is not HTTP as it should be.",
    401: "No token, or one that is not known.",
    403: "A page of another origin asks.",
    404: "Nothing is at this address, or there is no such round or plan.",
    405: "Another method than the one described.",
    408: "The body stopped coming.",
    411: "The length of the body is not told.",
    413: f"The body is longer than {BODY:,} bytes.",
    415: "The body is not JSON.",
    421: "The server is asked under a name that is not its own.",
    422: "The request is not as described, or what it names is refused; `issues` say why.",
    429: "Too much was asked; `Retry-After` says when to ask again.",
}
_TRUE = {
    409: "The plan or ledger does not bear out what is asked.",
    503: "A file or program this machine needs is not to be had, or the answer took too long.",
}
_HEAD = """\
The law, checks, audits and what-ifs of landopt for other programs. Every answer names the schema of the answers, the
version of landopt and the rule packs it was given by, with their digests: the same request, version and digests give
the same answer. Money is yuan, area m², points thousandths; decimals are texts. Texts for people are in `en` and `zh`.
Rounds and plans are named as the listing names them; a path is never taken. Answers state law with the grade of its
source and are no administrative act.
"""


@cache
def description(rate: int) -> dict[str, Any]:
    """The whole of it, as plain JSON; ``rate`` is what a caller may ask a second."""
    known = operations()
    types = [each.request for each in known] + [answers.Refused, answers.RoundName, answers.Versions]
    types += [answers.MethodAnswer, answers.Checked, answers.Audited, known[-1].answer]
    shapes, parts = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    by_type = dict(zip((id(each) for each in types), shapes, strict=True))
    reply = {each.address: _answer(each, by_type[id(each.answer)]) for each in known}
    paths: dict[str, Any] = {
        each.address: {
            "post": {
                "operationId": each.name,
                "summary": each.summary,
                "requestBody": {"required": True, "content": _json(by_type[id(each.request)])},
                "responses": _responses(reply[each.address]),
            }
        }
        for each in known
    }
    rounds = _object({"rounds": {"type": "array", "items": by_type[id(answers.RoundName)]}})
    paths["/api/v1/rounds"] = {"get": _get("rounds", "The rounds and plans that can be named.", rounds)}
    paths["/api/v1/openapi.json"] = {"get": _get("openapi", "This description.", {"type": "object"})}
    limits = f"A caller may ask {rate:,} cases a second; a body has at most {BODY:,} bytes, a batch {CASES:,} cases."
    return {
        "openapi": "3.1.0",
        "info": {"title": "landopt", "version": __version__, "description": f"{_HEAD}{limits}"},
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {"schemas": parts, "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


def _answer(operation: Operation, shape: dict[str, Any]) -> dict[str, Any]:
    """The answer of an operation, with what gave it beside it."""
    if operation.name == "ask":
        return _versioned({"as_of": _DAY, "answer": _by_method(shape)})
    if operation.name == "ask-batch":
        case = _object({"case": {"type": "string"}, "as_of": _DAY})
        case["properties"] |= {"answer": _by_method(shape), "refused": {"$ref": "#/components/schemas/Refused"}}
        return _versioned({"answers": {"type": "array", "items": case}})
    return _versioned({"answer": shape})


_DAY = {"type": "string", "format": "date"}


def _versioned(more: dict[str, Any]) -> dict[str, Any]:
    return {"allOf": [{"$ref": "#/components/schemas/Versions"}, _object(more)]}


def _by_method(shape: dict[str, Any]) -> dict[str, Any]:
    return _object({**{method.id: shape for method in methods()}, "assumed": {"type": "object"}})


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _json(shape: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": shape}}


def _get(name: str, summary: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "summary": summary, "responses": _responses(shape)}


def _responses(shape: dict[str, Any]) -> dict[str, Any]:
    refusal = {"content": _json({"$ref": "#/components/schemas/Refused"})}
    found: dict[str, Any] = {"200": {"description": "The answer.", "content": _json(shape)}}
    return found | {
        str(code): {"description": text, **refusal} for code, text in sorted({**_REFUSALS, **_TRUE}.items())
    }
