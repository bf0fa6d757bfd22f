"""Canonical JSON: integers, texts, truth values and ASCII keys only, however deep and often they stand there."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest

from constraints import canonical as room
from constraints.canonical import canonical


class Pair(NamedTuple):
    """A tuple with names: a list in JSON."""

    one: int
    two: Any


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        {"a": [1, {"b": (2, 0.5)}]},
        [Pair(1, 2.5)],
        {"a": {1: 2}},
        {"a": [{"长": 1}]},
        {"a": {None: 1}},
        [{True: 1}],
        {"a": {1, 2}},
        {"a": b"x"},
        [float("nan")],
        {"a": object()},
    ],
)
def test_what_has_no_canonical_form_is_refused(value: Any) -> None:
    """Floats, keys that are no ASCII text and types that JSON does not know, at any depth."""
    with pytest.raises(ValueError, match=r"canonical|ASCII|JSON|not"):
        canonical(value)


def test_sub_types_count_as_what_they_are() -> None:
    """Named tuples are lists, texts and numbers of a type of their own are texts and numbers."""

    class Text(str):
        __slots__ = ()

    class Table(dict[str, Any]):
        pass

    assert canonical([Pair(1, None), Text("x"), Table(b=1, a=True)]) == b'[[1,null],"x",{"a":true,"b":1}]'


def test_shared_parts_cost_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts that stand in many places are looked at once a level: a lattice that doubles at every level ends."""
    monkeypatch.setattr(room, "_MANY", 64)
    value: Any = {"a": 1}
    for _ in range(17):
        value = [value, value]
    assert json.loads(canonical(value))[0] == json.loads(canonical(value))[1]
    value = {"a": 0.5}
    for _ in range(17):
        value = [value, value]
    with pytest.raises(ValueError, match=r"0\.5"):
        canonical(value)
