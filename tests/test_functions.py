"""Functions a reader takes in at once: 60 lines of code, 8 parameters; a longer one says why in a comment above it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES, PARAMETERS = 60, 8


def functions() -> Iterator[tuple[Path, ast.FunctionDef, list[str]]]:
    """Every function of the product with the lines of its file."""
    for room in ("parcels", "constraints", "landopt"):
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            lines = text.splitlines()
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.FunctionDef):
                    yield path, node, lines


def size(node: ast.FunctionDef) -> tuple[int, int]:
    """Lines without the docstring, parameters without ``self``."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    doc = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    given = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
    return (node.end_lineno or 0) - node.lineno + 1 - doc, len([name for name in given if name not in ("self", "cls")])


def said(node: ast.FunctionDef, lines: list[str]) -> bool:
    """Whether a comment stands right above the function or its first decorator."""
    first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    return first > 1 and lines[first - 2].lstrip().startswith("# ")


def test_a_long_function_says_why() -> None:
    """None is over the measure without a reason said there."""
    silent = [
        f"{path.relative_to(ROOT)}: {node.name} has {size(node)[0]} lines, {size(node)[1]} parameters"
        for path, node, lines in functions()
        if (size(node)[0] > LINES or size(node)[1] > PARAMETERS) and not said(node, lines)
    ]
    assert silent == []


def test_few_functions_are_over_the_measure() -> None:
    """A reason is an exception: at most one function in a hundred."""
    every = [size(node) for _, node, _ in functions()]
    long = [each for each in every if each[0] > LINES or each[1] > PARAMETERS]
    assert 100 * len(long) < len(every)
