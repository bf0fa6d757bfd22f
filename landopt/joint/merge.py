"""Several cities as one programme: for the repair of the common plan among them, the others held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from constraints.types import Row
from landopt.joint.city import City
from landopt.screening.offers import Offers
from parcels.common.frozen import FactTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constraints.case import Case

    Ints = NDArray[Any]

_PLAIN = ("method", "period", "term", "verdict", "floor", "price")


# One array after the other: how each is put together is read beside the others.
def merged(cities: Sequence[City], senses: Sequence[str], amounts: Ints) -> tuple[Case, Offers, Ints]:
    """One programme of several cities under the common limits at these right-hand sides.

    Returns
    -------
    tuple
        A case that numbers its parcels and platforms, its offers, and of every offer (city, its place there).
    """
    parcels = np.cumsum([0, *(len(one.case.parcels) for one in cities)])
    demands = np.cumsum([0, *(len(one.case.demands) for one in cities)])
    sites = np.cumsum([0, *(len(one.offers.site_start) - 1 for one in cities)])
    shares = np.cumsum([0, *(len(one.offers.total) for one in cities)])
    own = [[k for k in range(len(one.offers.rows)) if k not in one.rows] for one in cities]
    base = np.cumsum([0, *map(len, own)])
    origin = _order(cities)
    at = [origin[1][origin[0] == n] for n in range(len(cities))]
    rows, start, index, coef = [], [0], [], []
    spread = np.full(int(base[-1]) + len(senses), -1, np.int64)
    renumber = []
    for n, one in enumerate(cities):
        new = np.zeros(len(one.offers.rows), np.int64)
        new[own[n]] = base[n] + np.arange(len(own[n]))
        new[list(one.rows)] = base[-1] + np.arange(len(senses))
        renumber.append(new)
        for k in own[n]:
            row = one.offers.rows[k]
            rows.append(replace(row, id=f"{one.id}:{row.id}", rule=f"{one.id}:{row.rule}"))
            if one.offers.spread.size and one.offers.spread[k] >= 0:
                spread[new[k]] = shares[n] + one.offers.spread[k]
    for at_row, sense, amount in zip(cities[0].rows, senses, amounts.tolist(), strict=True):
        given = cities[0].offers.rows[at_row]
        rows.append(Row(given.id, given.rule, (), "limit", sense, int(amount), 0, 0, 0))
    for n, k in zip(origin[0].tolist(), origin[1].tolist(), strict=True):
        offers = cities[n].offers
        here = slice(int(offers.row_start[k]), int(offers.row_start[k + 1]))
        index.append(renumber[n][offers.row_index[here]])
        coef.append(offers.row_coef[here])
        start.append(start[-1] + len(index[-1]))
    total = np.zeros((int(shares[-1]), len(origin[0])), np.int32)
    for n, one in enumerate(cities):
        if len(one.offers.total):
            total[shares[n] : shares[n + 1], origin[0] == n] = one.offers.total[:, at[n]]
    demand = _pick(
        cities, origin, [np.where(o.offers.demand >= 0, o.offers.demand + demands[n], -1) for n, o in enumerate(cities)]
    )
    site = _pick(cities, origin, [one.offers.site + sites[n] for n, one in enumerate(cities)])
    starts = np.concatenate([[0], *(np.diff(one.offers.site_start) for one in cities)]).cumsum()
    land = np.concatenate([one.offers.site_parcels + parcels[n] for n, one in enumerate(cities)])
    plain: dict[str, Any] = {n: _pick(cities, origin, [getattr(one.offers, n) for one in cities]) for n in _PLAIN}
    made = Offers(
        site_start=starts.astype(np.int64),
        site_parcels=land.astype(np.int32),
        site=site.astype(np.int32),
        demand=demand.astype(np.int32),
        **plain,
        score=_pick(cities, origin, [one.offers.score[0] for one in cities])[None].astype(np.int64),
        row_start=np.array(start, np.int64),
        row_index=np.concatenate([np.zeros(0, np.int32), *index]).astype(np.int32),
        row_coef=np.concatenate([np.zeros(0, np.int64), *coef]),
        rows=tuple(rows),
        part_start=_parts(cities, demand, site, starts, land, int(demands[-1])),
        spread=spread if shares[-1] else np.zeros(0, np.int64),
        total=total,
    )
    first = cities[0].case
    names = tuple(f"P{k:08d}" for k in range(int(parcels[-1])))
    wants = tuple(f"D{k:08d}" for k in range(int(demands[-1])))
    objective = replace(first.objective, ties=())
    case = replace(first, parcels=FactTable(names, {}), demands=FactTable(wants, {}), objective=objective)
    return case, made, np.stack(origin)


def _order(cities: Sequence[City]) -> tuple[Ints, Ints]:
    """City and place of every offer: the offers of platforms city by city, then those of the market."""
    number: list[Ints] = []
    place: list[Ints] = []
    for market in (False, True):
        for n, one in enumerate(cities):
            found = np.flatnonzero((one.offers.demand < 0) == market)
            number.append(np.full(len(found), n))
            place.append(found)
    return np.concatenate(number), np.concatenate(place)


def _pick(cities: Sequence[City], origin: tuple[Ints, Ints], columns: Sequence[Ints]) -> Ints:
    """A column of the merged offers out of each city's."""
    out = np.zeros(len(origin[0]), np.result_type(*columns))
    for n in range(len(cities)):
        mine = origin[0] == n
        out[mine] = columns[n][origin[1][mine]]
    return out


def _parts(cities: Sequence[City], demand: Ints, site: Ints, starts: Ints, land: Ints, demands: int) -> Ints:
    """Where each part begins: every platform, then each parcel with offers to the market; the number of offers last."""
    wanted = demand[demand >= 0]
    first = np.searchsorted(wanted, np.arange(demands))
    market = land[starts[site[len(wanted) :]]]
    new = np.flatnonzero(np.concatenate([[True], market[1:] != market[:-1]])) if len(market) else np.zeros(0, np.int64)
    return np.concatenate([first, len(wanted) + new, [len(demand)]]).astype(np.int64)
