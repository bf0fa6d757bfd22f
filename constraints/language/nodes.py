"""The nodes of the rule language: frozen values with two readings and a voice. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Const:
    """Always true or always false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A bare boolean field."""

    field: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A field against a constant that is already scaled like the field."""

    field: str
    op: str
    value: int | str


@dataclass(frozen=True, slots=True)
class CompareFields:
    """A field against another one; each side is multiplied by its factor first, so that scales agree."""

    left: str
    op: str
    right: str
    left_factor: int = 1
    right_factor: int = 1


@dataclass(frozen=True, slots=True)
class In:
    """A single-valued field in a list of constants."""

    field: str
    values: tuple[int | str, ...]


@dataclass(frozen=True, slots=True)
class Contains:
    """A set field contains at least one of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContainsField:
    """A set field contains the value of a single-valued field."""

    field: str
    item: str


@dataclass(frozen=True, slots=True)
class Not:
    """Kleene negation."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """Kleene conjunction."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Kleene disjunction."""

    items: tuple[Node, ...]


Node = Const | Flag | Compare | CompareFields | In | Contains | ContainsField | Not | And | Or


@dataclass(frozen=True, slots=True)
class Number:
    """An exact constant of a price expression."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class PriceField:
    """A numeric field in its own unit (the stored integer divided by ``scale``)."""

    field: str
    scale: int


@dataclass(frozen=True, slots=True)
class YearFactor:
    """The year factor of the offer's term (docs/model.md §4)."""


@dataclass(frozen=True, slots=True)
class Apply:
    """``max``, ``min``, ``+``, ``-`` or ``*`` over price expressions."""

    op: str
    items: tuple[PriceNode, ...]


PriceNode = Number | PriceField | YearFactor | Apply


def names(node: Node | PriceNode) -> frozenset[str]:
    """The fields a node reads (``year_factor`` counts as one)."""
    match node:
        case Const() | Number():
            return frozenset()
        case Flag(field) | Compare(field) | In(field) | Contains(field) | PriceField(field):
            return frozenset((field,))
        case CompareFields(left, _, right):
            return frozenset((left, right))
        case ContainsField(field, item):
            return frozenset((field, item))
        case YearFactor():
            return frozenset(("year_factor",))
        case Not(item):
            return names(item)
        case And(items) | Or(items):
            return frozenset().union(*map(names, items))
        case Apply(_, parts):
            return frozenset().union(*map(names, parts))


def constants(node: Node) -> dict[str, set[int]]:
    """For each integer field the constants it is compared with: the points around which tests and caches look."""
    found: dict[str, set[int]] = {}
    match node:
        case Compare(field, _, value) if isinstance(value, int):
            found.setdefault(field, set()).add(value)
        case In(field, values):
            numbers = {value for value in values if isinstance(value, int)}
            if numbers:
                found.setdefault(field, set()).update(numbers)
        case Not(item):
            return constants(item)
        case And(items) | Or(items):
            for part in items:
                for name, points in constants(part).items():
                    found.setdefault(name, set()).update(points)
    return found
