"""The rule language of docs/model.md §2 once more, from the page alone: texts to answers true, false or unknown.

Nothing here comes from the product but the declarations of its fields (``parcels/common/schema.toml``).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

Facts = Mapping[str, Any]
Answer = bool | None
SCHEMA = tomllib.loads((Path(__file__).parents[2] / "parcels/common/schema.toml").read_text("utf-8"))
FIELDS: dict[str, dict[str, Any]] = {name: {**f, "of": of} for of, each in SCHEMA.items() for name, f in each.items()}
DEMAND = frozenset(SCHEMA["demand"])
_WORDS = re.compile(r"\s*('[^']*'|\"[^\"]*\"|\d+(?:\.\d+)?|[A-Za-z_]\w*|==|!=|<=|>=|[<>()\[\],*+-])")


def scale(name: str) -> int:
    """What a unit of a field is held as."""
    return int(FIELDS.get(name, {}).get("scale", 1))


def is_set(name: str) -> bool:
    """Whether a field holds several codes or ids."""
    return FIELDS.get(name, {}).get("type") in ("codes", "ids")


@dataclass(frozen=True)
class Leaf:
    """A comparison: its test of the facts it reads."""

    reads: tuple[str, ...]
    test: Callable[..., bool]


Tree = bool | Leaf | tuple[Any, ...]


def words(text: str) -> list[str]:
    """The words of a text."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        hit = _WORDS.match(text, at)
        assert hit, text[at:]
        found.append(hit[1])
        at = hit.end()
    return found


class _Reader:
    def __init__(self, text: str) -> None:
        self.left = words(text)

    def peek(self) -> str:
        return self.left[0] if self.left else ""

    def next(self) -> str:
        return self.left.pop(0)

    def take(self, word: str) -> bool:
        if self.peek() == word:
            self.left.pop(0)
            return True
        return False

    def either(self) -> Tree:
        found = [self.both()]
        while self.take("or"):
            found.append(self.both())
        return found[0] if len(found) == 1 else ("or", *found)

    def both(self) -> Tree:
        found = [self.single()]
        while self.take("and"):
            found.append(self.single())
        return found[0] if len(found) == 1 else ("and", *found)

    def single(self) -> Tree:
        if self.take("not"):
            return ("not", self.single())
        if self.take("("):
            found = self.either()
            assert self.take(")")
            return found
        return self.comparison()

    def comparison(self) -> Tree:
        left = self.next()
        if left in ("True", "False", "true", "false"):
            return left.lower() == "true"
        negative = self.peek() == "not"
        if negative:
            self.next()
        if self.take("in"):
            found = self.member(left)
            return ("not", found) if negative else found
        if self.peek() not in ("==", "!=", "<", "<=", ">", ">="):
            return Leaf((left,), bool)
        return _compared(left, self.next(), self.next())

    def member(self, left: str) -> Leaf:
        if self.take("["):
            values = []
            while not self.take("]"):
                values.append(self.next())
                self.take(",")
            if is_set(left):
                codes = {_value(left, each) for each in values}
                return Leaf((left,), lambda fact: not codes.isdisjoint(fact))
            some = [_value(left, each) for each in values]
            return Leaf((left,), lambda fact: fact in some)
        inside = self.next()
        if left[0] in "'\"":
            return Leaf((inside,), lambda fact: left[1:-1] in fact)
        return Leaf((inside, left), lambda fact, item: item in fact)


def _value(name: str, word: str) -> Any:
    if word[0] in "'\"":
        return word[1:-1]
    return Fraction(word) * scale(name) if word[0].isdigit() else word.lower() == "true"


def _is_name(word: str) -> bool:
    return (word[0].isalpha() or word[0] == "_") and word not in ("True", "False", "true", "false")


_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _compared(left: str, sign: str, right: str) -> Leaf:
    test = _TESTS[sign]
    if _is_name(left) and _is_name(right):
        one, two = scale(left), scale(right)

        def two_facts(a: Any, b: Any) -> bool:
            if isinstance(a, int) and isinstance(b, int) and not isinstance(a, bool):
                return test(Fraction(a, one), Fraction(b, two))
            return test(a, b)

        return Leaf((left, right), two_facts)
    if not _is_name(left):
        mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(sign, sign)
        return _compared(right, mirrored, left)
    value = _value(left, right)
    if is_set(left):
        return Leaf((left,), lambda fact: (value in fact) == (sign == "=="))
    return Leaf((left,), lambda fact: test(fact, value))


@cache
def condition(text: str) -> Tree:
    """The tree of a condition; a blank one always holds."""
    if not text.strip():
        return True
    reader = _Reader(text)
    found = reader.either()
    assert not reader.left, text
    return found


def answer(tree: Tree, facts: Facts) -> Answer:
    """True, false or unknown (None)."""
    if isinstance(tree, bool):
        return tree
    if isinstance(tree, Leaf):
        known = [facts.get(name) for name in tree.reads]
        return None if None in known else tree.test(*known)
    if tree[0] == "not":
        inner = answer(tree[1], facts)
        return None if inner is None else not inner
    found = [answer(each, facts) for each in tree[1:]]
    if tree[0] == "and":
        return False if False in found else None if None in found else True
    return True if True in found else None if None in found else False


def hangs(tree: Tree, facts: Facts) -> set[str]:
    """The unknown facts that an unknown answer hangs on."""
    if answer(tree, facts) is not None or isinstance(tree, bool):
        return set()
    if isinstance(tree, Leaf):
        return {name for name in tree.reads if facts.get(name) is None}
    return set().union(*(hangs(each, facts) for each in tree[1:]))


def reads(tree: Tree) -> Iterator[str]:
    """The facts a condition reads."""
    if isinstance(tree, Leaf):
        yield from tree.reads
    elif not isinstance(tree, bool):
        for each in tree[1:]:
            yield from reads(each)


# --- prices ----------------------------------------------------------------------------------------------------------


@cache
def price(text: str) -> Any:
    """The tree of a price: a number, a field, or (operation, parts...)."""
    reader = _Reader(text)
    found = _sum(reader)
    assert not reader.left, text
    return found


def _sum(reader: _Reader) -> Any:
    found = _product(reader)
    while reader.peek() in ("+", "-"):
        found = (reader.next(), found, _product(reader))
    return found


def _product(reader: _Reader) -> Any:
    found = _factor(reader)
    while reader.take("*"):
        found = ("*", found, _factor(reader))
    return found


def _factor(reader: _Reader) -> Any:
    word = reader.next()
    if word == "(":
        found = _sum(reader)
        assert reader.take(")")
        return found
    if word in ("max", "min"):
        assert reader.take("(")
        parts = [_sum(reader)]
        while reader.take(","):
            parts.append(_sum(reader))
        assert reader.take(")")
        return (word, *parts)
    return Fraction(word) if word[0].isdigit() else word


def worth(tree: Any, facts: Facts, factor: Fraction) -> Fraction | None:
    """A price in yuan a square metre; None where a fact of it is unknown."""
    if isinstance(tree, Fraction):
        return tree
    if isinstance(tree, str):
        if tree == "year_factor":
            return factor
        fact = facts.get(tree)
        return None if fact is None else Fraction(fact, scale(tree))
    found = [worth(each, facts, factor) for each in tree[1:]]
    return None if None in found else _worked(tree[0], found)


def _worked(operation: str, parts: list[Any]) -> Fraction:
    if operation in ("max", "min"):
        return Fraction(max(parts) if operation == "max" else min(parts))
    a, b = parts
    return Fraction(a + b if operation == "+" else a - b if operation == "-" else a * b)


def known_so_far(tree: Any, facts: Facts, factor: Fraction) -> Fraction | None:
    """What is known of a floor (docs/model.md §4)."""
    whole = worth(tree, facts, factor)
    if whole is not None or not isinstance(tree, tuple) or tree[0] in ("min", "-"):
        return whole
    found = [known_so_far(each, facts, factor) for each in tree[1:]]
    some = [each for each in found if each is not None]
    if tree[0] == "*":
        return some[0] * some[1] if len(some) == 2 and min(some) >= 0 else None
    return None if not some else max(some) if tree[0] == "max" else sum(some, Fraction(0))


def missing(tree: Any, facts: Facts) -> set[str]:
    """The unknown facts of a price."""
    if isinstance(tree, str):
        return {tree} if tree != "year_factor" and facts.get(tree) is None else set()
    return set().union(*(missing(each, facts) for each in tree[1:])) if isinstance(tree, tuple) else set()
