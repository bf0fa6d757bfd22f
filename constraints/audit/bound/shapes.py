"""The fields of ``plan.json``, ``case.json``, ``proof.json`` and the offers: a registry (``fields/*.toml``), a check.

Each field has a type and says how the audit derives it again.  A value of another type is a fault of the file; a field
the registry does not know is told as not checked.  Standard library only.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from parcels.common.schema import Field, fields

FILES = ("plan", "case", "proof", "offers")
HOW = ("digest", "law", "bound", "source", "calendar", "layers", "again", "words", "inputs", "nothing")
"""How a field is derived again; ``again``: by a second reading of the facts; ``words``: made anew by the same program;
``inputs``: a premise, read again with ``--inputs``; ``nothing``: a claim."""
OPTIONAL = frozenset(
    [
        "later",
        "ledger_head",
        "citations",
        "timetables",
        "cost",
        "rule",
        "offer",
        "count",
        "premises",
        "title",
        "versions",
        "of",
        "facts",
        "unknowns",
        "rulings",
        "loss",
        "tier",
        "filter",
        "ruling",
        "parcels",
        "detail",
        "en",
        "zh",
        "unit",
        "sources",
        "scenario",
        "outlines",
        "nodes",
        "gives",
        "perimeters_dm",
        "reached",
        "held_at",
        "justification",
    ]
)
"""Names of fields that may be absent: those of parts that are left out where they have their default."""
_JSON = {"text": str, "int": int, "bool": bool, "null": type(None)}


@dataclass(slots=True)
class Node:
    """What may stand at a place: plain types, an object's fields, what a list or a map holds."""

    types: set[type] = field(default_factory=set)
    any: bool = False
    inner: dict[str, Node] = field(default_factory=dict)
    how: str = ""
    named: frozenset[str] = frozenset()
    """The fields of an object that have a name."""
    due: tuple[str, ...] = ()
    """Those of them that may not be absent, in order."""
    kinds: dict[str, Node] = field(default_factory=dict)
    """The records of a list by their kind."""


@cache
def registry(name: str) -> dict[str, tuple[str, str]]:
    """The fields of a file: path -> (types, how)."""
    text = (Path(__file__).parent / "fields" / f"{name}.toml").read_text(encoding="utf-8")
    pairs = ((path, entry.split(" ")) for path, entry in tomllib.loads(text).items())
    return {path: (types, how) for path, (types, how) in pairs}


@cache
def shape(name: str) -> Node:
    """The fields of a file as a tree; ``[]`` is what a list holds, ``*`` what a map holds, ``[kind]`` a record."""
    root = Node()
    for path, (types, how) in registry(name).items():
        node = root
        for step in path.replace("[", ".[").split("."):
            node = node.inner.setdefault(step, Node())
        node.how = how
        node.any = types == "any"
        node.types = {_JSON[each] for each in types.split("|") if not node.any}
    _close(root)
    return root


def _close(node: Node) -> None:
    """What is asked of every value at a place, once for all of them."""
    node.named = frozenset(step for step in node.inner if step != "*" and not step.startswith("["))
    node.due = tuple(sorted(node.named - OPTIONAL))
    node.kinds = {step[1:-1]: each for step, each in node.inner.items() if step.startswith("[") and step != "[]"}
    for each in node.inner.values():
        _close(each)


class Faults:
    """What is not as the registry has it: ``wrong`` (a type, a missing field), ``unknown`` fields."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.wrong: list[str] = []
        self.unknown: list[str] = []
        self._walk(shape(name), value, "")

    def _walk(self, node: Node, value: Any, path: str) -> None:
        if node.any:
            return
        if isinstance(value, list):
            self._list(node, value, path)
        elif isinstance(value, dict):
            self._object(node, value, path)
        elif type(value) not in node.types:
            self._say(path, f"is {type(value).__name__}")

    def _say(self, path: str, what: str) -> None:
        if len(self.wrong) < 50:
            self.wrong.append(f"{self.name}{path} {what}")

    def _list(self, node: Node, value: list[Any], path: str) -> None:
        items, kinds = node.inner.get("[]"), node.kinds
        if items is None and not kinds:
            self._say(path, "is a list")
            return
        if items is not None and not items.inner and not items.any:
            for at, item in enumerate(value):
                if type(item) not in items.types:
                    self._say(f"{path}[{at}]", f"is {type(item).__name__}")
            return
        for at, item in enumerate(value):
            one = items if items is not None else kinds.get(item.get("kind", "") if isinstance(item, dict) else "")
            if one is None:
                self._say(f"{path}[{at}]", "is no record of a known kind")
            else:
                self._walk(one, item, f"{path}[{at}]")

    def _object(self, node: Node, value: dict[str, Any], path: str) -> None:
        every, named = node.inner.get("*"), node.named
        if every is None and not named:
            self._say(path, "is an object")
            return
        for key, item in value.items():
            one = node.inner.get(key) if key in named else every
            if one is None:
                self.unknown.append(f"{self.name}{path}.{key}")
            else:
                self._walk(one, item, f"{path}.{key}")
        for key in node.due:
            if key not in value:
                self._say(f"{path}.{key}", "is missing")


def fact_faults(raw: Mapping[str, Any]) -> list[str]:
    """What is wrong with the tables of facts: unknown fields, values of another type, columns of another length."""
    found: list[str] = []
    declared = fields()
    for table in ("parcels", "demands"):
        ids, columns = raw[table]["ids"], raw[table]["columns"]
        if len(set(ids)) != len(ids):
            found.append(f"case.{table}: an id stands twice")
        for name, column in columns.items():
            one = declared.get(name)
            if one is None or len(column) != len(ids):
                found.append(f"case.{table}.{name} is no field of the facts, or of another length")
                continue
            bad = next((value for value in column if not _fits(one, value)), None)
            if bad is not None:
                found.append(f"case.{table}.{name} holds {str(bad)[:40]!r}")
    return found


_TYPES: dict[str, type] = {"int": int, "bool": bool}


def _fits(one: Field, value: Any) -> bool:
    if value is None:
        return True
    if one.is_set or isinstance(value, list):
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return type(value) is _TYPES.get(one.type, str)
