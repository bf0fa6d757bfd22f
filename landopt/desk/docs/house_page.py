"""docs/architecture.md: the prose is written by hand, the list of modules between its marks is made from docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "architecture.md"
ROOMS = ("parcels", "constraints", "landopt")
BEGIN, END = "<!-- modules of {room}, made from docstrings -->", "<!-- end of {room} -->"


def said(path: Path) -> str:
    """The first line of a module's docstring, without its last point; "" where it has none."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return re.sub(r":[a-z]+:`~?([^`]+)`", r"`\1`", text.partition("\n")[0].replace("``", "`")).removesuffix(".")


def packages(room: Path) -> Iterator[Path]:
    """The packages of a room, itself first, in the order of their names."""
    yield from sorted(path.parent for path in room.rglob("__init__.py"))


def listing(room: Path) -> str:
    """Every module of a room with one line, package by package."""
    lines = []
    for folder in packages(room):
        lines += ["", f"**`{folder.relative_to(room.parent).as_posix()}/`** {said(folder / '__init__.py')}", ""]
        modules = sorted(path for path in folder.glob("*.py") if path.name != "__init__.py")
        lines += [f"* `{path.stem}`: {said(path)}" for path in modules]
    return "\n".join(lines).strip("\n")


def page(root: Path = ROOT) -> str:
    """The page with its lists made anew; what stands outside the marks stays as it is."""
    text = (root / "docs" / "architecture.md").read_text(encoding="utf-8")
    for room in ROOMS:
        begin, end = BEGIN.format(room=room), END.format(room=room)
        before, found, rest = text.partition(begin)
        after = rest.partition(end)[2]
        if not found or end not in rest:
            raise ValueError(f"docs/architecture.md has no place for the modules of {room}")
        text = f"{before}{begin}\n\n{listing(root / room)}\n\n{end}{after}"
    return text
