"""The facts of offers as columns: what limits measure, and the keys of their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.judging.offer_verdicts import Judged, Others
from landopt.screening.judging.verdict_tables import Exceptions
from landopt.screening.law.arrays import Column, column
from landopt.screening.law.fact_columns import Sides
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]


class Facts:
    """The facts of offers as columns, for measures and keys of limits."""

    def __init__(self, sides: Sides, site_area: Ints, site_users: Ints, site_compact: Ints) -> None:
        self.sides, self.site_area, self.site_users, self.site_compact = sides, site_area, site_users, site_compact
        self.demand_columns: dict[str, Column] = {}
        self._holding: Exceptions | None = None
        self._sizes: dict[str, tuple[Ints | None, Ints | None]] = {}

    def demand(self, name: str) -> Column:
        """A fact of the demands, with one unknown row more for the market."""
        if name not in self.demand_columns:
            self.demand_columns[name] = column((*(facts.get(name) for facts in self.sides.demands), None))
        return self.demand_columns[name]

    def codes(self, name: str, offers: Judged, others: Others | None) -> tuple[Ints, Sequence[Value]]:
        """Codes of a fact, (offers, parcels) or (offers, 1), and the values they stand for (the last: unknown)."""
        methods = self.sides.case.methods
        if name in ("method", "right", "competitive"):
            facts = {"method": [m.id for m in methods], "right": [m.right for m in methods]}
            labels: list[Value] = [*facts.get(name, [m.competitive for m in methods])]
            return offers.method[:, None], [*labels, None]
        if name == "period":
            return offers.period[:, None], [*(period.id for period in self.sides.case.round.periods), None]
        if name == "operator":
            return self._operator(offers)
        whole = self._number_of(name, offers, others)
        if whole is not None:
            found = column([None if value < 0 else value for value in whole.reshape(-1).tolist()])
            return found.codes.reshape(whole.shape), [*found.values, None]
        return self._given(name, offers)

    def _operator(self, offers: Judged) -> tuple[Ints, Sequence[Value]]:
        known = self.demand("operator")
        codes = np.repeat(known.codes[offers.demand][:, None], offers.parcels.shape[1], axis=1)
        labels = [*known.values, "existing_user", None]
        if self._holding is None:
            pairs = {(demand, row): 0 for row, holders in self.sides.holders.items() for demand in holders}
            self._holding = Exceptions(dict.fromkeys(pairs, len(known.values)), self.sides.count)
        self._holding.put(offers.demand, offers.parcels, codes)
        return codes, labels

    def _given(self, name: str, offers: Judged) -> tuple[Ints, Sequence[Value]]:
        demand, parcel = self.demand(name), self.sides.parcel(name)
        labels: list[Value] = [*demand.values]
        codes = demand.codes[offers.demand][:, None]
        if parcel is not None:
            own = parcel.codes[offers.parcels]
            codes = np.where(codes >= 0, codes, np.where(own >= 0, own + len(labels), -1))
            labels += [*parcel.values]
        return codes, [*(int(v) if isinstance(v, np.integer) else v for v in labels), None]

    def _number_of(self, name: str, offers: Judged, others: Others | None) -> Ints | None:
        """A number of the offer as a whole (-1 unknown)."""
        match name:
            case "site_area_m2":
                return self.site_area[offers.site][:, None]
            case "site_parcels":
                return np.full((offers.site.size, 1), offers.parcels.shape[1])
            case "intending_users":
                return self.site_users[offers.site][:, None]
            case "site_compact":
                return self.site_compact[offers.site][:, None]
            case "term_years":
                return np.where(offers.term > 0, offers.term, -1)[:, None]
            case "other_applicants":
                return (
                    np.zeros((offers.site.size, 1), np.int64)
                    if others is None
                    else others.of(offers.demand, offers.parcels)
                )
        return None

    def measure(self, name: str, offers: Judged, others: Others | None) -> Ints:
        """What one parcel of each offer counts, (offers, parcels); unknown counts 0."""
        if name == "count":
            return np.ones(offers.parcels.shape, np.int64)
        if name == "expected_price_yuan":
            return offers.unit * self.sides.area[offers.parcels]
        whole = self._number_of(name, offers, others)
        if whole is not None:
            return np.broadcast_to(np.maximum(whole, 0), offers.parcels.shape)
        if name not in self._sizes:
            self._sizes[name] = _numbers(self.demand(name)), _numbers(self.sides.parcel(name))
        demand, parcel = self._sizes[name]
        own = np.zeros(offers.parcels.shape, np.int64) if parcel is None else parcel[offers.parcels]
        if demand is None:
            return own
        known = self.demand(name).codes[offers.demand][:, None] >= 0
        return np.where(known, demand[offers.demand][:, None], own)


def _numbers(found: Column | None) -> Ints | None:
    """The integers of a column (unknown 0); None where it holds none."""
    return found.integers() if found is not None and isinstance(found.values, np.ndarray) else None


def key_text(value: Value) -> str:
    """A fact as part of a key: a set joined by ";", unknown "", booleans "true" and "false"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)
