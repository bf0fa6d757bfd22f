"""No attribute is born outside ``__init__``: a value is whole from its beginning, and no call must come first."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
KNOWN = {
    ("offers_reader.py", "OffersFile"),  # a context manager: what it opens is there while it is open
    ("cluster.py", "Shared"),  # Dask calls ``setup`` on the worker, where a thread's own state begins
}
"""Classes whose life begins later, each with its reason."""
LATE = {
    ("part_worths.py", "Uses"),
    ("listing.py", "Listing"),
    ("closing.py", "Closer"),
    ("core.py", "Core"),
    ("sifter.py", "Sifter"),
    ("neighbourhoods.py", "_Filler"),
}
"""Solver and auditor classes that still set some of theirs late; none may join them."""


def _targets(node: ast.AST) -> Iterator[str]:
    found = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    for target in found:
        for each in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name) and each.value.id == "self":
                yield each.attr


def _late(tree: ast.ClassDef) -> set[str]:
    """Attributes of ``self`` first set in another method than ``__init__`` or ``__post_init__``."""
    declared = {n.target.id for n in tree.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)}
    born, later = set(declared), set()
    for method in (each for each in tree.body if isinstance(each, ast.FunctionDef)):
        names = {name for node in ast.walk(method) for name in _targets(node)}
        if method.name in ("__init__", "__post_init__"):
            born |= names
        else:
            later |= names
    return later - born


def test_attributes_are_born_in_init() -> None:
    """In every class of the product but those that are listed with a reason, or as still to be mended."""
    late = {}
    for path in sorted(p for room in ("parcels", "constraints", "landopt") for p in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and (found := _late(node)):
                late[path.name, node.name] = sorted(found)
    assert {key: names for key, names in late.items() if key not in KNOWN | LATE} == {}
    assert not (KNOWN | LATE) - set(late), "mended: take it from the list"
