"""The array reading of the rule language: Kleene logic over dictionary-encoded columns.

Truth is an int8 array of FALSE, UNKNOWN, TRUE, so that "and" is the minimum and "or" the maximum. A column stands on
one axis of a small table of classes (parcel classes, site states, ...); a condition over several axes broadcasts. This
is the second reading of every rule beside :mod:`constraints.language.evaluate`; they share nothing but the nodes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import (
    And,
    Compare,
    CompareFields,
    Const,
    Contains,
    ContainsField,
    Flag,
    In,
    Node,
    Not,
    Or,
)
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Truth = NDArray[np.int8]
Leaf = Flag | Compare | CompareFields | In | Contains | ContainsField

FALSE, UNKNOWN, TRUE = np.int8(0), np.int8(1), np.int8(2)

_ORDER: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Column:
    """Values of one fact: ``values[codes[i]]``, unknown where ``codes[i]`` is -1. Integers are an int64 array."""

    codes: Ints
    values: Ints | tuple[Value, ...]

    def take(self, rows: Ints) -> Column:
        """The column of some rows."""
        return Column(self.codes[rows], self.values)

    def raw(self, row: int) -> Value:
        """One value."""
        code = int(self.codes[row])
        if code < 0:
            return None
        value = self.values[code]
        return int(value) if isinstance(value, np.integer) else value

    def integers(self, unknown: int = 0) -> Ints:
        """The values as int64, ``unknown`` where not known."""
        table = np.append(np.asarray(self.values, np.int64), unknown)
        return np.asarray(table[self.codes])

    def truth(self, test: Callable[[Any], Any]) -> Truth:
        """A test of each value, applied once to each different one; integers are tested as one array."""
        if isinstance(self.values, np.ndarray):
            table = np.where(test(self.values), TRUE, FALSE)
        else:
            table = np.array([TRUE if test(value) else FALSE for value in self.values], np.int8)
        return np.asarray(np.append(table, UNKNOWN)[self.codes], np.int8)


def column(values: Sequence[Value]) -> Column:
    """A column from plain values (``None`` = unknown); a fact of a file is never a mix of types."""
    known = next((value for value in values if value is not None), None)
    if isinstance(known, int) and not isinstance(known, bool):
        missing = np.fromiter((value is None for value in values), bool, len(values))
        numbers = np.array([0 if value is None else value for value in values], np.int64)
        distinct, codes = np.unique(numbers, return_inverse=True)
        codes = codes.astype(np.int32)
        codes[missing] = -1
        return Column(codes, distinct)
    seen: dict[Value, int] = {None: -1}
    found = [seen.setdefault(value, len(seen) - 1) for value in values]
    return Column(np.array(found, np.int32), tuple(value for value in seen if value is not None))


def constant(value: Value) -> Column:
    """A column of one value."""
    return column((value,))


NOT_KNOWN = Column(np.array([-1], np.int32), ())
"""The column of a fact that nobody gave."""


def leaves(node: Node) -> Iterator[Leaf]:
    """The comparisons of a condition."""
    match node:
        case Const():
            return
        case Not(item):
            yield from leaves(item)
        case And(items) | Or(items):
            for item in items:
                yield from leaves(item)
        case _:
            yield node


def fields_of_leaf(leaf: Leaf) -> tuple[str, ...]:
    """The fields a comparison reads."""
    match leaf:
        case CompareFields(left, _, right):
            return (left, right)
        case ContainsField(field, item):
            return (field, item)
        case _:
            return (leaf.field,)


def compare(leaf: Leaf, facts: Column) -> Truth:
    """A comparison of one field with constants, over a column."""
    match leaf:
        case Flag():
            return facts.truth(lambda value: value)
        case Compare(_, op, value):
            return facts.truth(lambda found: _ORDER[op](found, value))
        case In(_, values):
            if isinstance(facts.values, np.ndarray):
                return facts.truth(lambda found: np.isin(found, np.array(values)))
            return facts.truth(lambda found: found in values)
        case Contains(_, codes):
            return facts.truth(lambda found: any(code in found for code in codes))
    raise TypeError(f"{leaf} compares two fields")


def compare_two(leaf: CompareFields | ContainsField, left: Column, right: Column) -> Truth:
    """A comparison of two fields, over two columns on different axes: shape (left, right)."""
    if isinstance(leaf, ContainsField):
        test: Callable[[Any, Any], Any] = operator.contains
    elif isinstance(left.values, np.ndarray) and isinstance(right.values, np.ndarray):
        table = _ORDER[leaf.op](left.values[:, None] * leaf.left_factor, right.values[None, :] * leaf.right_factor)
        return _spread(table, left, right)
    else:
        test = _ORDER[leaf.op]
    pairs = [[bool(test(a, b)) for b in right.values] for a in left.values]
    return _spread(np.array(pairs, bool).reshape(len(left.values), len(right.values)), left, right)


def _spread(table: NDArray[np.bool_], left: Column, right: Column) -> Truth:
    whole = np.full((table.shape[0] + 1, table.shape[1] + 1), UNKNOWN, np.int8)
    whole[:-1, :-1] = np.where(table, TRUE, FALSE)
    return np.asarray(whole[left.codes[:, None], right.codes[None, :]])


def rowwise(leaf: CompareFields | ContainsField, left: Column, right: Column) -> Truth:
    """A comparison of two fields of the same rows."""
    if isinstance(leaf, CompareFields) and isinstance(left.values, np.ndarray) and isinstance(right.values, np.ndarray):
        table = _ORDER[leaf.op](left.integers() * leaf.left_factor, right.integers() * leaf.right_factor)
        known = (left.codes >= 0) & (right.codes >= 0)
        return np.where(known, np.where(table, TRUE, FALSE), UNKNOWN).astype(np.int8)
    both, where = np.unique(np.stack((left.codes, right.codes)), axis=1, return_inverse=True)
    found = np.diag(compare_two(leaf, Column(both[0], left.values), Column(both[1], right.values)))
    return np.asarray(found[where.reshape(-1)])


def truth(node: Node, leaf: Callable[[Leaf], Truth]) -> Truth:
    """The truth of a condition from the truth of its comparisons (broadcast)."""
    match node:
        case Const(value):
            return np.asarray(TRUE if value else FALSE, np.int8)
        case Not(item):
            return np.asarray(2 - truth(item, leaf), np.int8)
        case And(items):
            return reduce(np.minimum, [truth(item, leaf) for item in items])
        case Or(items):
            return reduce(np.maximum, [truth(item, leaf) for item in items])
    return leaf(node)


def hangs(node: Node, leaf: Callable[[Leaf], Truth], unknown: Callable[[Leaf], bool]) -> NDArray[np.bool_]:
    """Where the answer is unknown and rests on a comparison for which ``unknown`` is true."""
    open_ = truth(node, leaf) == UNKNOWN
    match node:
        case Const():
            return np.asarray(False)
        case Not(item):
            return np.asarray(open_ & hangs(item, leaf, unknown))
        case And(items) | Or(items):
            return np.asarray(open_ & reduce(np.logical_or, [hangs(item, leaf, unknown) for item in items]))
    return np.asarray(open_ & unknown(node))


AXES = ("parcel", "site", "others", "term", "period")
"""The axes of a class table; a fact stands on one of them or is a constant of the table."""


class ClassTable:
    """Conditions over the product of small axes, each with representative facts.

    ``columns[axis][field]`` is a column over the classes of that axis; the facts that are the same everywhere in the
    table (the demand's, the method's) are constants of a question. A field found nowhere is unknown.
    """

    def __init__(self, columns: Mapping[str, Mapping[str, Column]], sizes: Mapping[str, int]) -> None:
        self.columns = columns
        self.sizes = tuple(sizes.get(axis, 1) for axis in AXES)
        self.where = {name: axis for axis, found in columns.items() for name in found}
        self.cache: dict[Leaf, Truth] = {}

    def shape(self, axis: str) -> tuple[int, ...]:
        """The shape of an array that varies on one axis."""
        return tuple(size if name == axis else 1 for name, size in zip(AXES, self.sizes, strict=True))

    def leaf(self, constants: Mapping[str, Column]) -> Callable[[Leaf], Truth]:
        """The truth of comparisons where some facts are constants (a constant stands before an axis)."""
        own: dict[Leaf, Truth] = {}

        def test(leaf: Leaf) -> Truth:
            cache = self.cache if constants.keys().isdisjoint(fields_of_leaf(leaf)) else own
            if leaf not in cache:
                cache[leaf] = self._leaf(leaf, constants)
            return cache[leaf]

        return test

    def _fact(self, name: str, constants: Mapping[str, Column]) -> tuple[Column, str]:
        if name in constants:
            return constants[name], ""
        axis = self.where.get(name, "")
        return (self.columns[axis][name], axis) if axis else (NOT_KNOWN, "")

    def _leaf(self, leaf: Leaf, constants: Mapping[str, Column]) -> Truth:
        if not isinstance(leaf, CompareFields | ContainsField):
            facts, axis = self._fact(leaf.field, constants)
            return compare(leaf, facts).reshape(self.shape(axis))
        names = fields_of_leaf(leaf)
        (left, first), (right, second) = self._fact(names[0], constants), self._fact(names[1], constants)
        if first == second:
            return rowwise(leaf, left, right).reshape(self.shape(first))
        found = compare_two(leaf, left, right)
        if first and second and AXES.index(first) > AXES.index(second):
            found = found.T
        return found.reshape(
            tuple(size if name in (first, second) else 1 for name, size in zip(AXES, self.sizes, strict=True))
        )


def classes(parts: Iterable[Ints]) -> tuple[Ints, Ints]:
    """Rows alike in every part get one class: (class of each row, a first row of each class), in order of first row."""
    code: Ints | None = None
    for part in parts:
        values, inverse = np.unique(part, return_inverse=True)
        if code is None:
            code = inverse.reshape(-1).astype(np.int64)
        elif values.size > 1:
            mixed = code * values.size + inverse.reshape(-1)
            code = np.unique(mixed, return_inverse=True)[1].reshape(-1).astype(np.int64)
    if code is None or code.size == 0:
        return np.zeros(0 if code is None else code.size, np.int64), np.zeros(0, np.int64)
    first = np.unique(code, return_index=True)[1]
    return code, first
