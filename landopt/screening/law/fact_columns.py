"""The facts of a case as columns, for the array reading (docs/model.md §1): what is known, derived.

The scalar reading has its own (:mod:`constraints.reading.case_facts`); the two share the case and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from landopt.screening.law.arrays import Column, column
from parcels.common.schema import Value, fields, fields_of

Ints = NDArray[np.integer[Any]]

SITE_FIELDS = frozenset(("site_area_m2", "site_parcels", "intending_users", "site_compact"))
AXIS_OF = {
    **dict.fromkeys(SITE_FIELDS, "site"),
    "other_applicants": "others",
    "term_years": "term",
    "period": "period",
}
"""The axis on which a fact of the offer stands; other facts are the parcel's, the demand's or the method's."""
METHOD_FIELDS = frozenset(("method", "right", "competitive"))
DEMAND_FIELDS = frozenset(fields_of("demand"))


class Sides:
    """Columns of the parcels (encoded when first read) and known facts of each demand.

    ``mixed`` lists (parcel row, use) of parcels that hold several uses: each is judged once for each of them. ``faces``
    gives for every face (parcels first, then the further uses of mixed parcels) its parcel row, ``leads`` whether it is
    the dominant use of its mixed parcel.
    """

    def __init__(self, case: Case) -> None:
        self.case = case
        self.count = len(case.parcels)
        self.demands = [{n: v for n, v in row.items() if v is not None} for row in case.demands.rows()]
        self.demand_known = frozenset(name for facts in self.demands for name in facts)
        wanted = [value for value in case.demands.column("want_term") if isinstance(value, int)]
        self.longest = max([999, *wanted])
        self._columns: dict[str, Column | None] = {}
        self.mixed = [(row, use) for row, mix in enumerate(case.parcels.column("use_mix")) for use in uses_of(mix)]
        mixed_rows = {row for row, _ in self.mixed}
        lead = {row: dominant_use(case.parcels.row(row)) for row in mixed_rows}
        self.leads = np.array([*([False] * self.count), *(lead[row] == use for row, use in self.mixed)], bool)
        self.whole = np.array([row not in mixed_rows for row in range(self.count)], bool)
        self.faces = np.concatenate((np.arange(self.count), np.array([row for row, _ in self.mixed], np.int64)))

    @cached_property
    def area(self) -> Ints:
        """m2 of each parcel."""
        found = self.parcel("area_m2")
        return np.zeros(self.count, np.int64) if found is None else found.integers()

    def parcel(self, name: str) -> Column | None:
        """A column of the parcels; None if the fact is unknown everywhere or does not belong to a parcel."""
        if name not in self._columns:
            self._columns[name] = self._read(name)
        return self._columns[name]

    def _read(self, name: str) -> Column | None:
        if name in AXIS_OF or name in METHOD_FIELDS:
            return None
        if name in ("unready_area_m2", "readying_yuan"):
            return self._readying(name)
        values = self.case.parcels.column(name)
        field = fields().get(name)
        if field is not None and field.of in ("parcel", "case") and field.default is not None:
            values = tuple(field.default if value is None else value for value in values)
        if name == "new_area_m2":
            values = tuple(
                map(_new_area, values, self.case.parcels.column("land_source"), self.case.parcels.column("area_m2"))
            )
        return column(values) if any(value is not None for value in values) else None

    def _readying(self, name: str) -> Column:
        """The area that is still to be made ready, m2, or what that costs, yuan (rounded half up)."""
        parcels = self.case.parcels
        lacks = np.array([state == "collective" for state in parcels.column("ownership")], bool)
        for state in ("converted", "expropriated", "net_land"):
            lacks |= np.array([known is False for known in parcels.column(state)], bool)
        area = np.where(lacks, self.area, 0)
        if name == "unready_area_m2":
            return column(area.tolist())
        costs = [cost if isinstance(cost, int) else None for cost in parcels.column("readying_yuan_per_m2")]
        pairs = zip(costs, area.tolist(), strict=True)
        return column([None if size and c is None else (2 * (c or 0) * size + 100) // 200 for c, size in pairs])

    def face(self, name: str) -> Column | None:
        """The column over faces: parcels, then each further use of mixed parcels."""
        found = self.parcel(name)
        if not self.mixed:
            return found
        if name == "use":
            return column((*self.case.parcels.column("use"), *(use for _, use in self.mixed)))
        return None if found is None else found.take(self.faces)

    @cached_property
    def intending(self) -> tuple[Ints, Ints]:
        """Of each parcel: intending users counted at a publication closed by ``as_of`` (-1 unknown), applications."""
        case = self.case
        users = case.parcels.column("intending_users")
        closed = case.parcels.column("publication_closed")
        counts = [
            int(n) if isinstance(n, int) and isinstance(day, str) and day <= case.round.as_of else -1
            for n, day in zip(users, closed, strict=True)
        ]
        applied = np.zeros(self.count, np.int64)
        for row in self.applicants:
            applied[row] = len(self.applicants[row])
        return np.array(counts, np.int64), applied

    @cached_property
    def applicants(self) -> dict[int, frozenset[int]]:
        """The demands that applied for a parcel, by parcel row."""
        return self._naming("applied_for")

    @cached_property
    def holders(self) -> dict[int, frozenset[int]]:
        """The demands that hold a parcel today, by parcel row."""
        return self._naming("holds")

    def _naming(self, name: str) -> dict[int, frozenset[int]]:
        rows = self.case.parcels.index()
        found: dict[int, set[int]] = {}
        for demand, facts in enumerate(self.demands):
            named = facts.get(name)
            for identifier in named if isinstance(named, tuple) else ():
                if identifier in rows:
                    found.setdefault(rows[identifier], set()).add(demand)
        return {row: frozenset(demands) for row, demands in found.items()}


def _new_area(given: Value, source: Value, area: Value) -> Value:
    if given is not None or source is None:
        return given
    return area if source == "new" else 0


def uses_of(mix: Value) -> tuple[str, ...]:
    """The uses of a ``use_mix`` ("IND:70;BIZ:30"), in order; empty if there is none."""
    if mix is None or isinstance(mix, bool | int):
        return ()
    parts = mix.replace("、", ";").replace(",", ";").split(";") if isinstance(mix, str) else mix
    return tuple(dict.fromkeys(part.split(":")[0].strip() for part in parts if part.strip()))


def dominant_use(facts: Mapping[str, Value]) -> str:
    """The use with the largest part of a mixed parcel: of equals the parcel's own ``use``, else the first."""
    mix = facts["use_mix"]
    parts = mix.replace("、", ";").replace(",", ";").split(";") if isinstance(mix, str) else mix
    found: dict[str, int] = {}
    for part in parts if isinstance(parts, Sequence) else ():
        use, _, percent = part.partition(":")
        if use.strip():
            number = percent.strip()
            found[use.strip()] = found.get(use.strip(), 0) + (int(number) if number.isdigit() else 0)
    most = max(found.values())
    best = [use for use, percent in found.items() if percent == most]
    return str(facts["use"]) if facts["use"] in best else best[0]
