"""What may be asked: each operation is a function of the front door, its request made from that signature.

A path is never taken: where the door takes a folder, the service takes names out of its own listing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from constraints.loading.load import methods, pack_names
from landopt import api
from landopt.door.plan_questions import PlanQuestions
from landopt.workbench.service import answers
from landopt.workbench.service.docstring import about, parameters
from parcels.common.schema import Field, fields

CASES = 1_000
"""Cases of one batch."""
NAME, TEXT = 200, 500
"""Characters of a name and of a fact."""
RECORD = {
    "rule": "Rules whose condition is on file, separated by ;",
    "document": "The document that is on file.",
    "date": "Its date.",
    "by": "Who filed it.",
}
"""What may be told beside facts (docs/fields.md)."""

Name = Annotated[str, Meta(min_length=1, max_length=NAME)]
Names = Annotated[list[Name], Meta(max_length=CASES)]
Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Fact = Annotated[str, Meta(max_length=TEXT)] | int | bool | Annotated[list[Name], Meta(max_length=100)] | None
_WIRE: Mapping[str, Any] = {
    "str": Annotated[str, Meta(max_length=TEXT)],
    "bool": bool,
    "int": Annotated[int, Meta(ge=1, le=1_000_000)],
    "int | None": Annotated[int, Meta(ge=0, lt=2**53)] | None,
    "str | datetime.date | None": Day | None,
    "Iterable[str]": Names,
    "Sequence[str]": Names,
}
"""What a type of the door is on the wire; a type that is not here is told by the operation."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One address: the function of the door behind it, its request and its answer, and who does the work.

    ``left_out`` are parameters that are not offered: they name files of the caller. ``heavy`` operations read a whole
    round or plan; few of them go on at once.
    """

    address: str
    door: Callable[..., Any]
    request: type[msgspec.Struct]
    answer: Any
    heavy: bool
    left_out: tuple[str, ...]

    @property
    def name(self) -> str:
        """The last part of the address."""
        return self.address.rpartition("/")[2]

    @property
    def summary(self) -> str:
        """The first paragraph of the door's own words."""
        return about(self.door)


def _list_of(words: Iterable[str]) -> Any:
    """A list of these words and no others."""
    return list.__class_getitem__(Literal.__getitem__(tuple(words)))


def _request(
    name: str, door: Callable[..., Any], before: Mapping[str, Any], wire: Mapping[str, Any], left_out: tuple[str, ...]
) -> type[msgspec.Struct]:
    """The request of an operation: ``before`` stands for what is told first, ``wire`` for types told here."""
    said = parameters(door)
    made: list[Any] = []
    for key, (kind, text) in before.items():
        made.append((key, Annotated[kind, Meta(description=text)]))
    for parameter in inspect.signature(door).parameters.values():
        key = parameter.name
        if key in ("self", *left_out, *before):
            continue
        kind = wire.get(key) or _WIRE[str(parameter.annotation)]
        text = said.get(key, "")
        whole = Annotated[kind, Meta(description=text)] if text else kind
        if parameter.kind is parameter.VAR_KEYWORD:  # told in any case, though nothing need be in it
            made.append((key, whole))
        elif parameter.kind is parameter.VAR_POSITIONAL or parameter.default == ():
            made.append((key, whole, msgspec.field(default_factory=list)))
        else:
            made.append((key, whole, parameter.default))
    return msgspec.defstruct(name, made, forbid_unknown_fields=True, kw_only=True, frozen=True)


@cache
def operations() -> tuple[Operation, ...]:
    """All of them, in the order of the description."""
    law = {
        "packs": Annotated[_list_of(pack_names(off=True)), Meta(max_length=50)] | None,
        "enable": _list_of(method.id for method in methods()),
        "facts": _facts(),
    }
    asked = _request("Ask", api.ask, {}, law, ("policy",))
    case = msgspec.defstruct(
        "Case",
        [("facts", law["facts"]), ("as_of", Day | None, None), ("case", Annotated[str, Meta(max_length=NAME)], "")],
        forbid_unknown_fields=True,
        kw_only=True,
    )
    cases = (Annotated[list[case], Meta(min_length=1, max_length=CASES)], "Cases, each with facts of its own.")  # type: ignore[valid-type]
    batch = _request("AskBatch", api.ask, {"cases": cases}, law, ("policy", "facts"))
    a_round = {"round": (Name, "A round of the listing (`/api/v1/rounds`).")}
    a_plan = {**a_round, "plan": (Name, "The key of one of its plans in the listing.")}
    check = _request("Check", api.read, a_round, {}, ("path",))
    audit = _request("Audit", api.audit, a_plan, {}, ())
    whatif = _request("WhatIf", PlanQuestions.whatif, a_plan, {"sets": Names}, ())
    from landopt.reasons.proven.whatif import WhatIf

    return (
        Operation("/api/v1/rules/ask", api.ask, asked, answers.MethodAnswer, False, ("policy",)),
        Operation("/api/v1/rules/ask-batch", api.ask, batch, answers.MethodAnswer, True, ("policy",)),
        Operation("/api/v1/check", api.read, check, answers.Checked, True, ("path",)),
        Operation("/api/v1/audit", api.audit, audit, answers.Audited, True, ("plan",)),
        Operation("/api/v1/whatif", PlanQuestions.whatif, whatif, WhatIf, True, ("plan",)),
    )


def _facts() -> Any:
    """Facts by field name: each field with its titles and unit, so that the description can be searched."""
    made = [(key, Annotated[Fact, Meta(description=text)], msgspec.UNSET) for key, text in RECORD.items()]
    taken = set(RECORD)
    made += [
        (name, Annotated[Fact, Meta(description=_titled(field))], msgspec.UNSET)
        for name, field in fields().items()
        if name not in taken
    ]
    optional = [(name, kind | msgspec.UnsetType, default) for name, kind, default in made]
    return msgspec.defstruct("Facts", optional, forbid_unknown_fields=True, kw_only=True)


def _titled(field: Field) -> str:
    unit = f", {field.unit}" if field.unit else ""
    values = f": {', '.join(field.values)}" if field.values else ""
    return f"{field.title_en} {field.title_zh}{unit}{values}"
