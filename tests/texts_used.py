"""Which texts the sources ask for, read from the sources: keys of findings and of what is told, with their values."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("constraints", "landopt", "parcels")
FINDING = re.compile(r"(\*|[A-Z])?\d{3}\.[a-z0-9*-]+")
SAID = ("told", "phrase", "both")
"""Makers whose first argument is the key of any text, with no values of their own."""
MAKERS = {
    "error": 0,
    "warning": 0,
    "note": 0,
    "told": 0,
    "phrase": 0,
    "both": 0,
    "add": 1,
    "finding": 1,
    "BadValue": 0,
    "bad": 0,
    "_Bad": 0,
    "_NotRead": 0,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """A key as the source spells it (``*`` for each part made at run time), where, and the names of its values."""

    key: str
    place: str
    values: frozenset[str] | None
    maker: str = ""


def spelled(node: ast.expr) -> Iterator[str]:
    """The texts a key can be: a constant, one with parts made at run time, either of two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(v.value) if isinstance(v, ast.Constant) else "*" for v in node.values)
    elif isinstance(node, ast.IfExp):
        yield from spelled(node.body)
        yield from spelled(node.orelse)


@cache
def asked() -> tuple[Asked, ...]:
    """Every key of the sources: first arguments of the makers with their values; other constants shaped like one."""
    found: list[Asked] = []
    for path in (ROOT / "cli.py", *(path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))):
        tree = ast.parse(path.read_text("utf-8"))
        place = path.relative_to(ROOT).as_posix()
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                at = MAKERS.get(name)
                if at is not None and len(node.args) > at:
                    words = [word.arg for word in node.keywords]
                    ours = set() if name in SAID else {"at", "ids", "maybe"}
                    values = None if None in words else frozenset(map(str, words)) - ours
                    keys = [key for key in spelled(node.args[at]) if name in SAID or FINDING.fullmatch(key)]
                    found += [Asked(key, f"{place}:{node.lineno}", values, name) for key in keys]
            elif isinstance(node, ast.Constant | ast.JoinedStr):
                keys = [key for key in spelled(node) if re.fullmatch(r"[A-Za-z0-9*]+\.[a-z0-9.*-]+", key)]
                found += [Asked(key, f"{place}:{node.lineno}", None) for key in keys]
    return (*found, *scripted())


SPELLED = re.compile(r"""["`]([a-z][\w-]*(?:[.][\w.${}()-]*)?)["`](\s*\+)?""")
"""A text of the page's scripts that is spelled as a key, and whether something follows it."""


def scripted() -> list[Asked]:
    """The keys the workbench's page can ask for: ``t("view.law")`` is ``bench.view.law``; what is added is open."""
    found = []
    for path in sorted((ROOT / "landopt" / "workbench" / "web").glob("*.js")):
        for key, more in SPELLED.findall(path.read_text("utf-8")):
            spelt = re.sub(r"\$\{[^}]*\}", "*", key) + ("*" if more else "")
            found.append(Asked(f"bench.{spelt}", path.name, None, "t"))
    return found


def holes(text: str) -> set[str]:
    """The names of a text's holes."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
