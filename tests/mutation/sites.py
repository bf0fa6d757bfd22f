"""Where a source can be changed by one step, and the changed text: comparisons, joints, signs, numbers, conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

SWAPPED: dict[type, str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
SIGNS: dict[type, str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "+",
    ast.FloorDiv: "*",
    ast.Mod: "+",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """One change: the text from ``start`` to ``end`` (offsets in the source) becomes ``new``."""

    module: str
    line: int
    start: int
    end: int
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.module}:{self.line}: {' '.join(self.old.split())} -> {self.new}"


def mutants(module: str, text: str) -> Iterator[Mutant]:
    """Every change of a source, in the order of the text; annotations and texts are left alone."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = text.splitlines(keepends=True)

    def at(line: int, column: int) -> int:
        """Offset of a place that the parser gives in bytes of UTF-8."""
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    def between(left: ast.expr, right: ast.expr, new: str) -> Iterator[Mutant]:
        start = at(left.end_lineno or 0, left.end_col_offset or 0)
        end = at(right.lineno, right.col_offset)
        inner = text[start:end]
        old = inner.strip(" ()\n\t\\")
        if old and "#" not in inner:
            begin = start + inner.index(old)
            yield Mutant(module, left.end_lineno or 0, begin, begin + len(old), old, new)

    def whole(node: ast.expr, new: str) -> Iterator[Mutant]:
        start, end = at(node.lineno, node.col_offset), at(node.end_lineno or 0, node.end_col_offset or 0)
        yield Mutant(module, node.lineno, start, end, text[start:end], new)

    tree = ast.parse(text)
    quiet = {id(inner) for node in ast.walk(tree) for part in _annotations(node) for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if id(node) in quiet:
            continue
        if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in SWAPPED:
            yield from between(node.left, node.comparators[0], SWAPPED[type(node.ops[0])])
        elif isinstance(node, ast.BoolOp):
            yield from between(node.values[0], node.values[1], "or" if isinstance(node.op, ast.And) else "and")
        elif isinstance(node, ast.BinOp) and type(node.op) in SIGNS and not _textual(node):
            yield from between(node.left, node.right, SIGNS[type(node.op)])
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            yield from whole(node, f"bool({ast.get_source_segment(text, node.operand)})")
        elif isinstance(node, ast.Constant) and type(node.value) is int:
            yield from whole(node, str(node.value + 1))
        elif isinstance(node, ast.If | ast.IfExp | ast.While) and not isinstance(node.test, ast.Constant):
            yield from whole(node.test, "False")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield from whole(node.func, CALLS[node.func.id])


def _annotations(node: ast.AST) -> Iterator[ast.AST]:
    for name in ("annotation", "returns"):
        part = getattr(node, name, None)
        if part is not None:
            yield part
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        yield node


def _textual(node: ast.BinOp) -> bool:
    return any(isinstance(part, ast.JoinedStr | ast.List) for part in (node.left, node.right)) or any(
        isinstance(part, ast.Constant) and isinstance(part.value, str) for part in (node.left, node.right)
    )
