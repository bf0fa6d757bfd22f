"""What the array reading of the law is made of: rules as clauses, those who ask as voices, what is said to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import Node
from constraints.types import Rule
from landopt.screening.law.arrays import Column
from landopt.screening.law.classes import Key
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Clause:
    """A rule with its condition, the numbers of the rules that are exceptions to it, and what of its facts vary."""

    number: int
    rule: Rule
    node: Node
    exceptions: tuple[int, ...]
    spots: tuple[int, ...]
    states: bool
    methods: bool
    asks_others: bool


@dataclass(frozen=True, eq=False)
class Voice:
    """Somebody who asks: what conditions and prices see of the facts, the rules a record for this demand answers.

    ``want`` is the term wanted in years (0: none), told only where a round has mixed parcels.
    """

    key: Key
    constants: Mapping[str, Column]
    prices: tuple[Value, ...]
    filed: frozenset[str]
    market: bool
    want: int = 0


@dataclass(frozen=True)
class Said:
    """What the rules say to one voice, by cell and method: arrays (cells, methods).

    ``verdict`` int8 without the range of terms; ``least`` and ``most`` years int16 (0 and OPEN: none); ``full`` the
    longest term under a listing; ``floors`` numbers of the floor states of the law's answers.
    """

    verdict: NDArray[np.int8]
    least: Ints
    most: Ints
    full: Ints
    floors: Ints


def closure(wanted: Sequence[str], excepting: Mapping[str, Sequence[str]]) -> list[str]:
    """The wanted rules and all exceptions to them, to exceptions of exceptions."""
    found = dict.fromkeys(wanted)
    queue = list(wanted)
    for name in queue:
        for other in excepting.get(name, ()):
            if other not in found:
                found[other] = None
                queue.append(other)
    return list(found)
