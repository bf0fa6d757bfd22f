"""Classes of parcels, demands, sites and terms that no rule can tell apart, so that each is judged once.

Two parcels are alike if every comparison of every rule has the same truth for both (and the same value, where a rule
compares two facts). Standard library and numpy.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language.nodes import CompareFields, ContainsField, Node
from constraints.types import Method
from landopt.screening.law.arrays import (
    ClassTable,
    Column,
    Leaf,
    classes,
    column,
    compare,
    constant,
    fields_of_leaf,
    leaves,
    rowwise,
)
from landopt.screening.law.fact_columns import AXIS_OF, METHOD_FIELDS, Sides
from parcels.common.issues import Refused, error
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Key = tuple[object, ...]
MOST_CELLS = 20_000_000
"""A table of more cells is refused rather than tried."""


class Grid:
    """The comparisons of some conditions, split by whose facts they read.

    ``faces`` (parcel rows and further uses of mixed parcels) fall into classes ``face_class``; ``extra`` are further
    integer codes that tell faces apart, ``cuts`` years that tell terms apart, ``periods`` codes that tell the periods
    (and none, last) apart. Terms are classes of 0 (none) and up in
    years, applicants of 0 to the number of demands, periods of -1 (none) and the rows of the round's periods.
    """

    def __init__(
        self,
        sides: Sides,
        nodes: Iterable[Node],
        extra: Sequence[Ints] = (),
        cuts: Sequence[int] = (),
        periods: Ints | None = None,
    ) -> None:
        self.sides = sides
        self.leaves: tuple[Leaf, ...] = tuple(dict.fromkeys(leaf for node in nodes for leaf in leaves(node)))
        self.fields = frozenset(name for leaf in self.leaves for name in fields_of_leaf(leaf))
        self.demand_fields = self.fields & (sides.demand_known | {"operator"}) - AXIS_OF.keys() - METHOD_FIELDS
        self.demand_leaves = tuple(
            leaf for leaf in self.leaves if not self.demand_fields.isdisjoint(fields_of_leaf(leaf))
        )
        self._memo: dict[tuple[int, Value], Value] = {}
        columns = {name: found for name in self.fields if (found := sides.face(name)) is not None}
        self.face_class, first = classes((np.zeros(sides.faces.size, np.int8), *self._parts(columns), *extra))
        self.face_first = first
        self.parcel_columns = {name: found.take(first) for name, found in columns.items()}
        self.others_class, self.others_columns = self._axis("other_applicants", column(range(len(sides.demands) + 1)))
        years = np.arange(sides.longest + 1)
        levels = np.unique(np.array(cuts, np.int64))
        place = np.searchsorted(levels, years) + np.searchsorted(levels, years, side="right")
        self.term_class, self.term_columns = self._axis("term_years", column((None, *years[1:].tolist())), place)
        names = tuple(period.id for period in sides.case.round.periods)
        self.period_class, self.period_columns = self._axis("period", column((*names, None)), periods, always=True)
        self.site_columns: dict[str, Column] = {}
        self.sites = 1

    def reads(self, axis: str) -> bool:
        """Whether any condition reads a fact of that axis."""
        return any(AXIS_OF.get(name) == axis for name in self.fields)

    def _parts(self, columns: Mapping[str, Column]) -> list[Ints]:
        """Codes that tell apart the rows of some columns as far as the comparisons do."""
        parts: list[Ints] = []
        for leaf in self.leaves:
            here = [name for name in fields_of_leaf(leaf) if name in columns]
            if isinstance(leaf, CompareFields | ContainsField):
                if len(here) == 2 and self.demand_fields.isdisjoint(here):
                    parts.append(rowwise(leaf, columns[here[0]], columns[here[1]]))
                else:
                    parts.extend(self._raw(leaf, name, columns[name]) for name in here)
            elif here:
                parts.append(compare(leaf, columns[leaf.field]))
        return parts

    def _raw(self, leaf: CompareFields | ContainsField, name: str, facts: Column) -> Ints:
        """Codes of a fact that is compared with a fact of somebody else: its place among the values there are."""
        if isinstance(leaf, ContainsField) or not isinstance(facts.values, np.ndarray) or leaf.left == leaf.right:
            return facts.codes
        other, mine, its = (
            (leaf.right, leaf.left_factor, leaf.right_factor)
            if name == leaf.left
            else (leaf.left, leaf.right_factor, leaf.left_factor)
        )
        if other in AXIS_OF:
            return facts.codes
        met = {value for each in self.sides.demands if isinstance(value := each.get(other), int)}
        column_ = self.sides.parcel(other)
        values = [] if column_ is None else [int(v) for v in column_.values if isinstance(v, int | np.integer)]
        levels = np.unique(np.array([*met, *values], np.int64) * its)
        own = facts.values * mine
        place = np.searchsorted(levels, own) + np.searchsorted(levels, own, side="right")
        return np.append(place, -1)[facts.codes]

    def _axis(
        self, name: str, values: Column, apart: Ints | None = None, *, always: bool = False
    ) -> tuple[Ints, dict[str, Column]]:
        if name not in self.fields and not (always and apart is not None):
            return np.zeros(values.codes.size, np.int32), {}
        also = np.zeros(values.codes.size, np.int8) if apart is None else apart
        found, first = classes((also, *self._parts({name: values})))
        order = np.argsort(first)  # in order of first value: class 0 of the terms is that of no term
        number = np.empty(order.size, np.int32)
        number[order] = np.arange(order.size)
        return number[found], {name: values.take(first[order])}

    def with_sites(self, area: Ints, parcels: Ints, users: Ints, compact: Ints) -> tuple[Grid, Ints]:
        """The grid with classes of sites, by area (m2), parcels, users, compactness (-1 unknown); their classes."""
        whole = {
            "site_area_m2": _integers(area),
            "site_parcels": _integers(parcels),
            "intending_users": _known(users),
            "site_compact": _known(compact),
        }
        columns = {name: found for name, found in whole.items() if name in self.fields and area.size}
        found, first = classes((np.zeros(area.size, np.int8), *self._parts(columns)))
        made = copy.copy(self)
        made.site_columns = {name: values.take(first) for name, values in columns.items()}
        made.sites = max(1, int(first.size))
        return made, found.astype(np.int32)

    def table(self, *, states: bool = True) -> ClassTable:
        """The class table; without ``states`` all but the parcels' facts are unknown."""
        columns: dict[str, Mapping[str, Column]] = {"parcel": self.parcel_columns}
        sizes = {"parcel": int(self.face_first.size)}
        if states:
            columns.update(
                site=self.site_columns, others=self.others_columns, term=self.term_columns, period=self.period_columns
            )
            sizes.update(
                site=self.sites,
                others=int(self.others_class.max(initial=0)) + 1,
                term=int(self.term_class.max(initial=0)) + 1,
                period=int(self.period_class.max(initial=0)) + 1,
            )
        cells = math.prod(sizes.values())
        if cells > MOST_CELLS:
            raise Refused(error("R091.rules-tell-kinds", parcel=sizes["parcel"], get=sizes.get("site", 1)))
        return ClassTable(columns, sizes)

    def read(self, states: bool) -> Key:
        """All that the comparisons see of the classes: grids that read alike cannot be told apart by any voice."""
        axes = [self.parcel_columns]
        if states:
            axes += [self.site_columns, self.others_columns, self.term_columns, self.period_columns]
        found: list[object] = [self.leaves, self.demand_leaves, int(self.face_first.size)]
        found += [self.sites, *(int(each.max(initial=0)) for each in (self.others_class, self.term_class))]
        for columns in axes:
            for leaf in self.leaves:
                here = [name for name in fields_of_leaf(leaf) if name in columns]
                if isinstance(leaf, CompareFields | ContainsField):
                    found += [(name, columns[name].codes.tobytes(), tuple(columns[name].values)) for name in here]
                elif here:
                    found.append((here[0], compare(leaf, columns[leaf.field]).tobytes()))
        return tuple(found)

    def key(self, facts: Mapping[str, Value]) -> Key:
        """What the comparisons can see of a demand's facts, comparison by comparison."""
        found: list[object] = []
        for number, leaf in enumerate(self.demand_leaves):
            if isinstance(leaf, CompareFields | ContainsField):
                found.append(tuple(facts.get(name) for name in fields_of_leaf(leaf) if name in self.demand_fields))
                continue
            value = facts.get(leaf.field)
            if value is not None:
                place = (number, value)
                if place not in self._memo:
                    self._memo[place] = int(compare(leaf, constant(value))[0])
                value = self._memo[place]
            found.append(value)
        return tuple(found)

    def constants(self, facts: Mapping[str, Value]) -> dict[str, Column]:
        """A demand's known facts that conditions read, as constants of a question."""
        return {name: constant(facts[name]) for name in self.demand_fields if facts.get(name) is not None}


def _known(values: Ints) -> Column:
    """Integers of which those below 0 are unknown."""
    distinct, codes = np.unique(np.where(values < 0, -1, values), return_inverse=True)
    shift = 1 if distinct.size and distinct[0] < 0 else 0
    return Column(codes.reshape(-1).astype(np.int32) - shift, distinct[shift:])


def _integers(values: Ints) -> Column:
    distinct, codes = np.unique(values, return_inverse=True)
    return Column(codes.reshape(-1).astype(np.int32), distinct.astype(np.int64))


def method_constants(method: Method) -> dict[str, Column]:
    """A method's facts as constants of a question."""
    return {
        "method": constant(method.id),
        "right": constant(method.right),
        "competitive": constant(method.competitive),
    }
