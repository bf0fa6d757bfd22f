"""Which conditions of preferences and limits each parcel of an offer meets, by look-up of packed bits.

The conditions of all preferences and limits are judged once for each class of (demand, method, parcel, site, ...); an
offer then finds its bits in one step. A bit is set where the condition counts (docs/model.md §6-7: unknown never
matches a preference; it counts for a "<=" limit and not for a ">=" limit).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import Node
from constraints.types import Method
from landopt.screening.judging.offer_verdicts import Judged, Others
from landopt.screening.judging.verdict_tables import Exceptions
from landopt.screening.law.arrays import FALSE, TRUE, ClassTable, Leaf, Truth, fields_of_leaf, hangs, truth
from landopt.screening.law.classes import Grid, Key, method_constants
from landopt.screening.law.fact_columns import DEMAND_FIELDS, Sides
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]


class Marks:
    """Conditions in the order given; ``generous`` ones count where unknown (but not on a demand fact nobody has).

    ``methods`` limits a condition to some methods (None: all); ``sites`` are area, parcels, intending users and
    compactness of each.
    """

    def __init__(
        self,
        sides: Sides,
        nodes: Sequence[Node],
        generous: Sequence[bool],
        methods: Sequence[Sequence[str] | None],
        sites: tuple[Ints, Ints, Ints, Ints],
    ) -> None:
        self.sides, self.nodes, self.generous, self.only = sides, nodes, generous, methods
        self.grid, self.site_class = Grid(sides, nodes).with_sites(*sites)
        self.methods = sides.case.methods
        self.words = max(1, -(-len(nodes) // 64))
        self._bits: list[NDArray[np.uint64]] = []
        self._known: dict[Key, int] = {}
        self._table: ClassTable = self.grid.table()
        _, states, others, terms, periods = self._table.sizes
        self.strides = (states * others * terms * periods, others * terms * periods, terms * periods, periods, 1)
        found = [self._number(facts, market=False) for facts in self.sides.demands]
        self.voice = np.array([*found, self._number({}, market=True)], np.int64)
        holding = {}
        for row, holders in self.sides.holders.items():
            for demand in holders:
                facts = {**self.sides.demands[demand], "operator": "existing_user"}
                holding[demand, row] = self._number(facts, market=False)
        self.exceptions = Exceptions(holding, self.sides.count)
        self.table = np.concatenate(self._bits, axis=1)

    def _number(self, facts: Mapping[str, Value], *, market: bool) -> int:
        key = (market, *self.grid.key(facts))
        if key not in self._known:
            self._known[key] = len(self._bits)
            constants = self.grid.constants(facts)
            per_method = [self._judge(constants, method, market) for method in self.methods]
            self._bits.append(np.concatenate(per_method, axis=1))
        return self._known[key]

    def _judge(self, constants: Mapping[str, Any], method: Method, market: bool) -> NDArray[np.uint64]:
        leaf = self._table.leaf({**constants, **method_constants(method)})
        cells = int(np.prod(self._table.sizes))
        found = np.zeros((self.words, cells), np.uint64)
        for number, (node, generous, only) in enumerate(zip(self.nodes, self.generous, self.only, strict=True)):
            if only is not None and method.id not in only:
                continue
            holds: Truth = truth(node, leaf)
            if market and generous:
                holds = np.where(hangs(node, leaf, _asks_demand), FALSE, holds)
            counts = holds != FALSE if generous else holds == TRUE
            flat = np.broadcast_to(counts, self._table.sizes).reshape(-1)
            found[number // 64] |= flat.astype(np.uint64) << np.uint64(number % 64)
        return found

    def of(self, offers: Judged, others: Others | None) -> Meets:
        """The marks of some offers."""
        grid, strides = self.grid, self.strides
        shape = offers.parcels.shape
        voice = np.repeat(self.voice[offers.demand][:, None], shape[1], axis=1)
        self.exceptions.put(offers.demand, offers.parcels, voice)
        cell = (voice * len(self.methods) + offers.method[:, None]) * (strides[0] * self._table.sizes[0])
        cell += grid.face_class[offers.parcels] * strides[0]
        cell += (self.site_class[offers.site].astype(np.int64) * strides[1])[:, None]
        cell += (grid.term_class[offers.term].astype(np.int64) * strides[3] + grid.period_class[offers.period])[:, None]
        if others is not None and strides[2] < strides[1]:
            cell += grid.others_class[others.of(offers.demand, offers.parcels)].astype(np.int64) * strides[2]
        elif strides[2] < strides[1]:
            cell += int(grid.others_class[0]) * strides[2]
        return Meets(self.table[:, cell])


class Meets:
    """The marks of some offers: ``words`` by parcel, ``every`` and ``some`` over the parcels of each site."""

    def __init__(self, words: NDArray[np.uint64]) -> None:
        self.words = words
        self.every = np.bitwise_and.reduce(words, axis=2)
        self.some = np.bitwise_or.reduce(words, axis=2)
        self._differs = np.bitwise_or.reduce(self.every ^ self.some, axis=1).tolist()
        self._any = np.bitwise_or.reduce(self.some, axis=1).tolist()

    def between(self, first: int, last: int) -> Meets:
        """The marks of some offers one after the other."""
        return Meets(self.words[:, first:last])

    def any(self, number: int) -> bool:
        """Whether one condition is met by any parcel of any offer."""
        return bool(self._any[number // 64] >> number % 64 & 1)

    def differs(self, number: int) -> bool:
        """Whether some site has parcels that meet the condition and parcels that do not."""
        return bool(self._differs[number // 64] >> number % 64 & 1)

    def all_of(self, number: int) -> Bools:
        """(offers,) where every parcel meets the condition."""
        return _bit(self.every[number // 64], number)

    def each(self, number: int) -> Bools:
        """(offers, parcels) which parcels meet the condition."""
        return _bit(self.words[number // 64], number)


def _bit(words: NDArray[np.uint64], number: int) -> Bools:
    return np.asarray((words & np.uint64(1 << number % 64)) != 0)


def _asks_demand(leaf: Leaf) -> bool:
    return not DEMAND_FIELDS.isdisjoint(fields_of_leaf(leaf))
