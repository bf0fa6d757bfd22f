"""Small joint rounds as bare offers, and the one big round that they are together."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.joint.city import City, city
from landopt.screening.offers import Offers
from tests.builders import case
from tests.landopt.solve_rounds import bare_round


def with_rows(offers: Offers, rows: list[Row], uses: np.ndarray[Any, Any]) -> Offers:
    """Offers with more rows after their own; ``uses`` is (rows, offers)."""
    count = len(offers.rows)
    entries = []
    for k in range(len(offers)):
        own = slice(int(offers.row_start[k]), int(offers.row_start[k + 1]))
        line = list(zip(offers.row_index[own].tolist(), offers.row_coef[own].tolist(), strict=True))
        line += [(count + j, int(use)) for j, use in enumerate(uses[:, k]) if use]
        entries.append(line)
    return replace(
        offers,
        row_start=np.cumsum([0, *map(len, entries)]).astype(np.int64),
        row_index=np.array([r for line in entries for r, _ in line], np.int32),
        row_coef=np.array([c for line in entries for _, c in line], np.int64),
        rows=(*offers.rows, *rows),
    )


def limit(number: int, sense: str, rhs: int) -> Row:
    """A common limit as a row."""
    return Row(f"joint.l{number}", f"joint.l{number}", (), "limit", sense, rhs, 0, 0, 0)


def drawn(seed: int) -> tuple[list[City], list[str], list[int]]:
    """Three or four small cities under one to three common limits around what they would use by themselves."""
    draw = Random(f"joint {seed}")
    senses = [draw.choice(["<=", "<=", ">="]) for _ in range(draw.randint(1, 3))]
    kinds = [draw.choice(["area", "count", "share"]) for _ in senses]
    cities, most = [], [0] * len(senses)
    for number in range(draw.randint(3, 4)):
        made, offers = bare_round(
            draw.randrange(10**6), parcels=draw.randint(5, 9), demands=draw.randint(3, 6), hard=False
        )
        sizes = np.array(
            [sum(int(str(made.parcels.column("area_m2")[p])) for p in offers.parcels(k)) for k in range(len(offers))],
            np.int64,
        )
        uses = []
        for kind in kinds:
            some = np.array([draw.random() < 0.6 for _ in range(len(offers))], bool)
            if kind == "share":
                uses.append(np.where(some, 3, -2) * sizes)
            else:
                uses.append(some * (sizes if kind == "area" else 1))
        table = np.array(uses, np.int64).reshape(len(senses), len(offers))
        far = [limit(j, sense, 10**11 if sense == "<=" else -(10**11)) for j, sense in enumerate(senses)]
        whole = with_rows(offers, far, table)
        cities.append(city(f"city-{number}", Path(f"city-{number}"), made, whole, tuple(row.rule for row in far)))
        for j in range(len(senses)):
            most[j] += int(np.maximum(table[j], 0).sum()) // 3
    rhs = [
        0 if kind == "share" else int(total * draw.uniform(0.15, 0.7 if sense == "<=" else 0.4))
        for kind, sense, total in zip(kinds, senses, most, strict=True)
    ]
    return cities, senses, rhs


def together(cities: list[City], senses: list[str], rhs: list[int]) -> tuple[Case, Offers]:
    """The one big round: every city's parcels, platforms, offers and rows, and each common limit once."""
    own = [[k for k in range(len(one.offers.rows)) if k not in one.rows] for one in cities]
    base = np.cumsum([0, *map(len, own)])
    parcels = np.cumsum([0, *(len(one.case.parcels) for one in cities)])
    demands = np.cumsum([0, *(len(one.case.demands) for one in cities)])
    sites = np.cumsum([0, *(len(one.offers.site_start) - 1 for one in cities)])
    listed: list[tuple[int, int, int]] = []  # (part kind and place, city, offer), parts of demands first
    for number, one in enumerate(cities):
        for k in range(len(one.offers)):
            demand = int(one.offers.demand[k])
            place = demands[number] + demand if demand >= 0 else 10**6 + parcels[number] + one.offers.parcels(k)[0]
            listed.append((int(place), number, k))
    listed.sort()
    rows = [
        replace(one.offers.rows[k], id=f"{n}:{one.offers.rows[k].id}", rule=f"{n}:{one.offers.rows[k].rule}")
        for n, one in enumerate(cities)
        for k in own[n]
    ]
    rows += [limit(j, sense, amount) for j, (sense, amount) in enumerate(zip(senses, rhs, strict=True))]
    entries: list[list[tuple[int, int]]] = []
    for _, number, k in listed:
        one = cities[number]
        line = [
            (int(base[number]) + own[number].index(r), c) for r, c in one.offers.coefficients(k) if r not in one.rows
        ]
        line += [(int(base[-1]) + j, int(use)) for j, use in enumerate(one.uses[:, k]) if use]
        entries.append(sorted(line))

    def column(name: str) -> np.ndarray[Any, Any]:
        return np.array([getattr(cities[number].offers, name)[k] for _, number, k in listed])

    places = [place for place, _, _ in listed]
    part = [int(np.searchsorted(places, d)) for d in range(int(demands[-1]))]
    market = [k for k, place in enumerate(places) if place >= 10**6 and (k == 0 or places[k - 1] != place)]
    site_start = np.concatenate([[0], *(np.diff(one.offers.site_start) for one in cities)]).cumsum()
    offers = Offers(
        site_start=site_start.astype(np.int64),
        site_parcels=np.concatenate([c.offers.site_parcels + parcels[n] for n, c in enumerate(cities)]),
        site=np.array([sites[n] + cities[n].offers.site[k] for _, n, k in listed], np.int32),
        demand=np.array([place if place < 10**6 else -1 for place in places], np.int32),
        method=column("method"), period=column("period"), term=column("term"), verdict=column("verdict"),
        floor=column("floor"), price=column("price"),
        score=np.array([[int(cities[n].offers.score[0][k]) for _, n, k in listed]], np.int64),
        row_start=np.cumsum([0, *map(len, entries)]).astype(np.int64),
        row_index=np.array([r for line in entries for r, _ in line], np.int32),
        row_coef=np.array([c for line in entries for _, c in line], np.int64),
        rows=tuple(rows),
        part_start=np.array([*part, *market, len(listed)], np.int64),
    )  # fmt: skip
    land = [{"parcel_id": f"P{p:03d}", "area_m2": 100} for p in range(int(parcels[-1]))]
    wants: list[Any] = [{"demand_id": f"D{d:03d}"} for d in range(int(demands[-1]))]
    made = case(land, wants, [], [], round_id="together")
    return replace(made, objective=cities[0].case.objective, methods=cities[0].case.methods), offers
