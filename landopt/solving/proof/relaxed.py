"""A relaxation that a proof is about: the path it is under, what it brings, its prices in integers, HiGHS itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from constraints.audit.certificate.price_tree import Split
from landopt.solving.programme.arrays import Floats, Ints
from landopt.solving.proof.certificate import Mask


@dataclass(frozen=True)
class Path:
    """What the branches above a node say: offers left, parts that must take one, parcels supplied or not, sums.

    Of a soft row ``sums`` are the units that it may be missed by.
    """

    splits: tuple[tuple[Split, bool], ...]
    allowed: Mask
    forced: frozenset[int] = frozenset()
    supplied: frozenset[int] = frozenset()
    barred: frozenset[int] = frozenset()
    sums: dict[int, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Priced:
    """Integer prices (of all rows, derived ones last; of all parcels) and what every offer is worth at them.

    ``total`` is what they add before any offer at the root, without the rows ``odd`` that have no end there on the side
    priced; ``below`` are the parcels priced below 0; ``gain`` is what missing each soft row by a unit more gains.
    """

    rows: Ints
    parcels: Ints
    worth: Ints
    total: int
    odd: frozenset[int]
    below: frozenset[int]
    gain: dict[int, int]


@dataclass(frozen=True)
class Solved:
    """A relaxation under a path: ``value`` in millipoints (None: none), ``x`` of the offers, prices in doubles.

    ``missed`` are the units by which it misses the soft rows, in their order.
    """

    value: float | None
    x: Floats
    missed: Floats
    parcels: Floats
    rows: Floats


@dataclass
class Live:
    """A relaxation kept alive in HiGHS: parcels' rows first, then those of parts, then limits and derived rows.

    ``parcels`` are those with a row, ``parcel_row`` the row of each (-1: none); rows are divided by ``unit_of_row``,
    the objective by ``unit``; ``base_low`` and ``base_high`` are the rows' own ends. ``upper`` (of the offers),
    ``moved`` (rows) and ``bounded`` (soft rows) are what the path in force has changed.
    """

    solver: Any
    inf: float
    parcels: Ints
    parcel_row: Ints
    first_part: int
    first_row: int
    unit_of_row: Floats
    unit: float
    base_low: Floats
    base_high: Floats
    upper: Floats
    moved: set[int] = field(default_factory=set)
    bounded: set[int] = field(default_factory=set)
