"""What the sources tell users, read from the sources: sentence and advice of every finding, with X for each value."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MAKERS = {
    "error": (0, 1, 3),
    "warning": (0, 1, 3),
    "note": (0, 1, 3),
    "Issue": (1, 2, 4),
    "_Bad": (0, 1, 2),
    "_NotRead": (None, 0, 1),
    "bad": (0, 2, 3),
    "refuse": (0, 1, 3),
    "_refuse": (0, 1, 3),
    "BadValue": (0, 1, 2),
    "add": (1, 2, 4),
    "tell": (1, 3, 4),
}
"""The makers of findings: where their arguments have the code, the sentence and the advice."""
WORDS = {"code": 0, "what": 1, "maybe": 2}


@dataclass(frozen=True, slots=True)
class Said:
    """One sentence (``part`` is ``what`` or ``maybe``) of one place, with the codes it can have there."""

    place: str
    codes: tuple[str, ...]
    part: str
    text: str


def text_of(node: ast.expr) -> str | None:
    """The sentence of a literal, with X for each value; ``None`` of anything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value.replace("{!r}", "X")
    if isinstance(node, ast.JoinedStr):
        return "".join(str(v.value) if isinstance(v, ast.Constant) else "X" for v in node.values)
    return None


def said(path: Path) -> Iterator[Said]:
    """Everything a module says in findings; a name stands for what its function, or else the module, assigns to it."""
    tree = ast.parse(path.read_text("utf-8"))
    whole = _assigned(tree)
    inner = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    owned: dict[ast.AST, ast.AST] = {node: function for function in inner for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            named = whole | (_assigned(owned[node]) if node in owned else {})
            yield from _call(node, named, f"{path.relative_to(ROOT).as_posix()}:{node.lineno}")


def _assigned(tree: ast.AST) -> dict[str, list[ast.expr]]:
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assign):
            continue
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for name, given in pairs:
            if isinstance(name, ast.Name):
                named.setdefault(name.id, []).append(given)
    return named


def _call(node: ast.Call, named: dict[str, list[ast.expr]], place: str) -> Iterator[Said]:
    at = MAKERS.get(getattr(node.func, "id", getattr(node.func, "attr", "")))
    if at is None:
        return
    parts = [node.args[spot] if spot is not None and len(node.args) > spot else None for spot in at]
    for word in node.keywords:
        if word.arg in WORDS:
            parts[WORDS[word.arg]] = word.value
    code, what, maybe = parts
    spelled = tuple(_codes(code, named))
    for part, there in (("what", what), ("maybe", maybe)):
        for text in _literals(there, named):
            yield Said(place, spelled, part, text)


def _codes(node: ast.expr | None, named: dict[str, list[ast.expr]]) -> Iterator[str]:
    """The codes a place can give: spelled out, or the number of one that is made (``f"{prefix}014"``, ``14``)."""
    parts: list[ast.expr | None] = [node]
    if isinstance(node, ast.IfExp):
        parts = [node.body, node.orelse]
    elif isinstance(node, ast.Name):
        parts = [*named.get(node.id, [])]
    for part in parts:
        if isinstance(part, ast.Constant) and type(part.value) is int:
            yield f"{part.value:03d}"
        elif isinstance(part, ast.IfExp):
            yield from _codes(part, named)
        elif isinstance(part, ast.JoinedStr) and isinstance(part.values[-1], ast.Constant):
            yield from re.findall(r"^\d{3}$", str(part.values[-1].value))
        elif isinstance(part, ast.Constant):
            yield from re.findall(r"^[A-Z]\d{3}$", str(part.value))


def _literals(node: ast.expr | None, named: dict[str, list[ast.expr]], depth: int = 0) -> Iterator[str]:
    if node is None or depth > 3:
        return
    text = text_of(node)
    if text is not None:
        if text.strip("X .,:;'"):
            yield text
    elif isinstance(node, ast.IfExp):
        yield from _literals(node.body, named, depth)
        yield from _literals(node.orelse, named, depth)
    elif isinstance(node, ast.BinOp):
        for left in _literals(node.left, named, depth):
            yield from (left + right for right in (*_literals(node.right, named, depth), ""))
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from _literals(each, named, depth)
    elif isinstance(node, ast.Name):
        for value in named.get(node.id, ()):
            yield from _literals(value, named, depth + 1)


def everything() -> list[Said]:
    """What all rooms say, without the makers of invented rounds."""
    rooms = [path for room in ("constraints", "landopt", "parcels") for path in sorted((ROOT / room).rglob("*.py"))]
    return [each for path in (ROOT / "cli.py", *rooms) for each in said(path) if "/synthetic" not in each.place]


def progress_of(path: Path) -> list[str]:
    """The literal lines a module says as progress (``say(...)``), without the findings among them."""
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call) and node.args]
    said = [text_of(node.args[0]) for node in calls if getattr(node.func, "id", "") == "say"]
    return [text for text in said if text and not text.startswith(("X X  X", "warning X  X", "XX", "X   X s"))]
