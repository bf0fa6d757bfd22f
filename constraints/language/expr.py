"""The rule language: a text is parsed once into frozen, typed nodes and never executed. Standard library only.

``when`` and ``where`` know comparisons, ``in``, ``and``/``or``/``not`` over declared fields. Python's own parser
serves as the tokenizer only: every node it returns is converted strictly, and what is not on the short list is refused.
"""

from __future__ import annotations

import ast
import datetime
import difflib
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from constraints.language.nodes import (
    And,
    Apply,
    Compare,
    CompareFields,
    Const,
    Contains,
    ContainsField,
    Flag,
    In,
    Node,
    Not,
    Number,
    Or,
    PriceField,
    PriceNode,
    YearFactor,
    constants,
    names,
)
from parcels.common.catalogue import Told, told
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.common.schema import Field, fields

__all__ = [
    "And",
    "Apply",
    "Compare",
    "CompareFields",
    "Const",
    "Contains",
    "ContainsField",
    "Flag",
    "In",
    "Node",
    "Not",
    "Number",
    "Or",
    "PriceField",
    "PriceNode",
    "YearFactor",
    "closest",
    "constants",
    "names",
    "parse",
    "parse_floor",
    "parse_price",
]

MAX_LENGTH = 2000
MAX_DEPTH = 20
OPERATORS = ("==", "!=", "<", "<=", ">", ">=")
_OPS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
_MIRROR = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class _Bad(Exception):
    """Why a text is not of the language: a sentence without its hole ``text``, which the caller fills."""

    def __init__(self, key: str, /, maybe: Told | None = None, **values: Any) -> None:
        super().__init__(key)
        self.key, self.maybe, self.values = key, maybe, values


def closest(word: str, known: Iterable[str], cutoff: float = 0.6) -> Told | None:
    """Advice for a word that is not known: "you meant 'district'.", or ``None`` if nothing is near."""
    names = list(known)
    found = difflib.get_close_matches(word, names, 1, cutoff) or difflib.get_close_matches(
        word.lower(), [name.lower() for name in names], 1, cutoff
    )
    if not found:
        return None
    return told("near.meant", name=next(name for name in names if name.lower() == found[0].lower()))


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Node | _Bad:
    try:
        return _node(_tree(text), 1)
    except _Bad as bad:
        return bad


@lru_cache(maxsize=1024)
def _priced(text: str) -> PriceNode | _Bad:
    try:
        return _price(_tree(text), 1)
    except _Bad as bad:
        return bad


def parse(text: str, where: Place | str = "") -> Node:
    """The condition a text states.

    Parameters
    ----------
    text
        A condition of the rule language; blank means always.
    where
        "file:line: rule id, key", put into the error.

    Raises
    ------
    Refused
        With code R008 (not of the language), R009 (unknown field), R010 (types do not fit) or R011 (unknown value).
    """
    if not text.strip():
        return Const(True)
    found = _parsed(text)
    if isinstance(found, _Bad):
        raise Refused(error(found.key, at=where, maybe=found.maybe, text=text.strip()[:200], **found.values))
    return found


def parse_price(text: str, where: Place | str = "") -> PriceNode:
    """The price per m² a text states, in yuan. Raises :class:`Refused` like :func:`parse`."""
    found = _priced(text)
    if isinstance(found, _Bad):
        raise Refused(error(found.key, at=where, maybe=found.maybe, text=text.strip()[:200], **found.values))
    return found


def parse_floor(text: str, where: Place | str = "") -> PriceNode:
    """The floor per m² a text states: its price, and 0 where a difference comes to less, since no price is negative."""
    found = parse_price(text, where)
    return Apply("max", (Number(Fraction(0)), found)) if _takes_off(found) else found


def _takes_off(node: PriceNode) -> bool:
    return isinstance(node, Apply) and (node.op == "-" or any(_takes_off(item) for item in node.items))


def _tree(text: str) -> ast.expr:
    if len(text) > MAX_LENGTH:
        raise _Bad("R008.text-characters-more", count=len(text), max_length=MAX_LENGTH)
    if "#" in text or "\\" in text:
        raise _Bad("R008.not-part-rule")
    try:
        return ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise _Bad("R008.text-cannot-read") from None


_HELP = "Maybe write it with and / or / not, in, and the comparisons of declared fields (docs/rule-format.md)."


def _node(tree: ast.expr, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise _Bad("R008.nested-deeper-than", max_depth=MAX_DEPTH)
    match tree:
        case ast.Constant(bool() as value):
            return Const(value)
        case ast.Name(("true" | "false") as word):
            return Const(word == "true")
        case ast.Name(name):
            field = _field(name)
            if field.type != "bool":
                raise _Bad("R010.type-not-true", name=name, type=field.type)
            return Flag(name)
        case ast.BoolOp(op, values):
            items = tuple(_node(value, depth + 1) for value in values)
            return And(items) if isinstance(op, ast.And) else Or(items)
        case ast.UnaryOp(ast.Not(), operand):
            return Not(_node(operand, depth + 1))
        case ast.Compare(left, ops, comparators):
            pairs = zip([left, *comparators[:-1]], ops, comparators, strict=True)
            items = tuple(_compare(a, op, b) for a, op, b in pairs)
            return items[0] if len(items) == 1 else And(items)
    raise _Bad("R008.not-allowed-rule", written=ast.unparse(tree))


def _field(name: str) -> Field:
    found = fields().get(name)
    if found is None:
        raise _Bad("R009.unknown-field", maybe=closest(name, fields()) or told("near.fields"), name=name)
    return found


def _literal(tree: ast.expr) -> Fraction | str | bool | None:
    """A constant; ``None`` if the tree is not one."""
    match tree:
        case ast.Constant(bool() as value):
            return value
        case ast.Name(("true" | "false") as word):
            return word == "true"
        case ast.Constant(str() as value):
            return value
        case ast.Constant(int() as value):
            return Fraction(value)
        case ast.Constant(float()):
            return _decimal(tree)
        case ast.UnaryOp(ast.USub(), ast.Constant(value) as inner) if type(value) in (int, float):
            found = _literal(inner)
            return -found if isinstance(found, Fraction) else None
    return None


def _decimal(tree: ast.Constant) -> Fraction:
    text = repr(tree.value)  # the shortest decimal that reads back the same: what was written, up to 15 digits
    if not re.fullmatch(r"\d+\.\d+", text) or len(text) > 15:
        raise _Bad("R008.number-not-plain", number=text)
    return Fraction(text)


def _compare(left: ast.expr, op: ast.cmpop, right: ast.expr) -> Node:
    if isinstance(op, ast.In | ast.NotIn):
        node = _membership(left, right)
        return node if isinstance(op, ast.In) else Not(node)
    symbol = _OPS.get(type(op))
    if symbol is None:
        raise _Bad("R008.operator-not-allowed", left=ast.unparse(left), right=ast.unparse(right))
    a, b = _literal(left), _literal(right)
    if a is not None and b is None:
        return _compare_constant(_named(right), _MIRROR[symbol], a)
    if b is not None and a is None:
        return _compare_constant(_named(left), symbol, b)
    if a is not None:
        raise _Bad("R008.comparison-two-constants")
    return _compare_fields(_named(left), symbol, _named(right))


def _named(tree: ast.expr) -> Field:
    if isinstance(tree, ast.Name):
        return _field(tree.id)
    raise _Bad("R008.not-allowed-rule", written=ast.unparse(tree))


def _value(field: Field, literal: Fraction | str | bool) -> int | str | bool:
    """The constant as the field stores it, or a refusal that names both."""
    shown = repr(literal) if isinstance(literal, str) else str(literal).lower()
    if field.type == "bool" and isinstance(literal, bool):
        return literal
    if field.type == "int" and isinstance(literal, Fraction):
        scaled = literal * field.scale
        if scaled.denominator != 1:
            raise _Bad("R010.kept-1-finer", field=field.name, scale=field.scale, shown=shown)
        return int(scaled)
    if field.type == "date" and isinstance(literal, str):
        try:
            datetime.date.fromisoformat(literal)
        except ValueError:
            raise _Bad("R010.not-date", shown=shown) from None
        return literal
    if field.type in ("code", "codes", "text", "ids") and isinstance(literal, str):
        if field.values and literal not in field.values:
            maybe = closest(literal, field.values) or told("near.one-of", names=field.values)
            raise _Bad("R011.no-value", maybe=maybe, field=field.name, shown=shown)
        return literal
    raise _Bad("R010.type-cannot-compared", field=field.name, type=field.type, shown=shown)


def _compare_constant(field: Field, op: str, literal: Fraction | str | bool) -> Node:
    value = _value(field, literal)
    if field.type in ("mix", "near"):
        raise _Bad("R010.cannot-compared", field=field.name)
    if isinstance(value, bool):
        if op not in ("==", "!="):
            raise _Bad("R010.true-or-false", field=field.name)
        flag = Flag(field.name)
        return flag if value == (op == "==") else Not(flag)
    if field.is_set:
        if op not in ("==", "!="):
            raise _Bad("R010.holds-several-values", field=field.name)
        node = Contains(field.name, (str(value),))
        return node if op == "==" else Not(node)
    if field.type in ("code", "text") and op not in ("==", "!="):
        raise _Bad("R010.type-no-order", field=field.name, type=field.type)
    return Compare(field.name, op, value)


def _compare_fields(left: Field, op: str, right: Field) -> Node:
    if left.type == right.type == "int":
        return CompareFields(left.name, op, right.name, right.scale, left.scale)
    same = left.type == right.type and left.type in ("date", "code", "text", "bool")
    if not same or (op not in ("==", "!=") and left.type != "date"):
        raise _Bad("R010.types-do-not", left=left.name, type=left.type, op=op, right=right.name, type2=right.type)
    return CompareFields(left.name, op, right.name)


def _membership(left: ast.expr, right: ast.expr) -> Node:
    if isinstance(right, ast.List | ast.Tuple):
        field = _named(left)
        literals = [_literal(item) for item in right.elts]
        if not literals or any(literal is None for literal in literals):
            raise _Bad("R008.list-after-holds")
        values = tuple(_value(field, literal) for literal in literals if literal is not None)
        if field.is_set:
            return Contains(field.name, tuple(str(value) for value in values))
        if field.type in ("bool", "mix", "near"):
            raise _Bad("R010.type-does-not", field=field.name, type=field.type)
        return In(field.name, values)
    field = _named(right)
    if not field.is_set:
        raise _Bad("R010.not-list", field=field.name)
    literal = _literal(left)
    if literal is not None:
        return Contains(field.name, (str(_value(field, literal)),))
    item = _named(left)
    if item.type not in ("code", "text"):
        raise _Bad("R010.types-do-not-fit", item=item.name, type=item.type, field=field.name)
    return ContainsField(field.name, item.name)


def _price(tree: ast.expr, depth: int) -> PriceNode:
    if depth > MAX_DEPTH:
        raise _Bad("R008.price-nested-deeper", max_depth=MAX_DEPTH)
    match tree:
        case ast.Constant(value) if type(value) in (int, float):
            number = _literal(tree)
            assert isinstance(number, Fraction)
            return Number(number)
        case ast.Name("year_factor"):
            return YearFactor()
        case ast.Name(name):
            field = _field(name)
            if field.type != "int":
                raise _Bad("R010.type-not-number", name=name, type=field.type)
            return PriceField(name, field.scale)
        case ast.BinOp(left, (ast.Add() | ast.Sub() | ast.Mult()) as op, right):
            symbol = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(op)]
            return Apply(symbol, (_price(left, depth + 1), _price(right, depth + 1)))
        case ast.Call(ast.Name(("max" | "min") as name), args, []) if args:
            return Apply(name, tuple(_price(arg, depth + 1) for arg in args))
    raise _Bad("R008.not-allowed-price", written=ast.unparse(tree))
