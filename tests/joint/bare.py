"""Small joint rounds as bare offers, and the one big round that they are together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

import highspy
import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.joint.city import City, city
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import columns, program, standing
from landopt.solving.programme.silent_highs import live_highs
from parcels.common.schema import Value
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


KINDS = (
    ("area", "<="), ("area", ">="), ("count", "<="), ("count", ">="), ("share", ">="), ("share", "<="),
    ("budget", "<="), ("budget", ">="), ("rank", ">="), ("rank", "<="),
)  # fmt: skip
"""What a common row counts and its sense: area, offers, a share of the area, prices, platforms of a rank."""
SHARES = ((2, 5), (1, 2), (1, 3), (7, 10), (1, 20))


@dataclass(frozen=True)
class Joint:
    """A joint round: its cities (those without a plan of their own among them), senses and right-hand sides.

    ``rhs`` is less what a city that is left out is said to have used.
    """

    cities: list[City]
    senses: list[str]
    rhs: list[int]
    kinds: list[str]
    left_out: list[int]


def drawn(seed: int) -> Joint:
    """Two to five small cities under one to three common limits, near what binds; some have no plan of their own."""
    draw = Random(f"joint round {seed}")
    rows = [draw.choice(KINDS) for _ in range(draw.randint(1, 3))]
    shares = [draw.choice(SHARES) for _ in rows]
    cities: list[City] = []
    most, left_out = [0] * len(rows), []
    for number in range(draw.randint(2, 5)):
        made, offers = bare_round(
            draw.randrange(10**6), parcels=draw.randint(4, 10), demands=draw.randint(2, 7), hard=draw.random() < 0.5
        )
        prices = np.array([draw.randint(0, 9) * 1_000_000 for _ in range(len(offers))], np.int64)
        offers = replace(offers, price=prices)
        land = [int(str(area)) for area in made.parcels.column("area_m2")]
        sizes = np.array([sum(land[p] for p in offers.parcels(k)) for k in range(len(offers))], np.int64)
        ranked = np.array([draw.random() < 0.4 for _ in range(len(made.demands))], bool)
        table = np.zeros((len(rows), len(offers)), np.int64)
        for j, (kind, _) in enumerate(rows):
            some = np.array([draw.random() < 0.6 for _ in range(len(offers))], bool)
            num, den = shares[j]
            table[j] = {
                "area": some * sizes,
                "count": some.astype(np.int64),
                "share": np.where(some, den - num, -num) * sizes,
                "budget": prices,
                "rank": np.append(ranked, False)[offers.demand].astype(np.int64),
            }[kind]
            most[j] += int(np.maximum(table[j], 0).sum()) // 3
        far = [limit(j, sense, 10**11 if sense == "<=" else -(10**11)) for j, (_, sense) in enumerate(rows)]
        if draw.random() < 0.1:  # nothing keeps this row: the city has no plan of its own
            left_out.append(number)
            never = Row("t.never[]", "t.never", (), "limit", ">=", 1, 0, 0, 0)
            offers = with_rows(offers, [never], np.zeros((1, len(offers)), np.int64))
        whole = with_rows(offers, far, table)
        cities.append(city(f"city-{number}", Path(f"city-{number}"), made, whole, tuple(row.rule for row in far)))
    rhs = []
    for (kind, sense), total in zip(rows, most, strict=True):
        amount = 0 if kind == "share" else int(total * draw.uniform(0.1, 0.7 if sense == "<=" else 0.3))
        used = draw.randint(0, 1 + amount // 3) if left_out else 0
        rhs.append(amount - used)
    return Joint(cities, [sense for _, sense in rows], rhs, [kind for kind, _ in rows], left_out)


def optimum(case: Case, offers: Offers) -> int | None:
    """The best plan of a round by HiGHS on the whole model, in integers; ``None`` where there is none."""
    prog = program(case, offers, 0)
    if not prog.count:
        return 0 if standing(prog, np.zeros(0, np.int64)).lawful else None
    starts, index, value = columns(prog, np.arange(prog.count))
    head = prog.parcels + prog.demands
    soft = np.flatnonzero(prog.slack > 0)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = prog.count + len(soft), head + len(prog.sense)
    lp.col_cost_ = -np.concatenate([prog.score, -prog.penalty[soft]]).astype(float)
    lp.col_lower_ = np.zeros(lp.num_col_)
    lp.col_upper_ = np.concatenate([np.ones(prog.count), prog.most[soft].astype(float)])
    infinity = highspy.kHighsInf
    low = np.where(prog.sense >= 0, prog.rhs.astype(float), -infinity)
    high = np.where(prog.sense <= 0, prog.rhs.astype(float), infinity)
    lp.row_lower_ = np.concatenate([np.full(head, -infinity), low])
    lp.row_upper_ = np.concatenate([np.ones(head), high])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.concatenate([starts, starts[-1] + 1 + np.arange(len(soft))])
    lp.a_matrix_.index_ = np.concatenate([index, head + soft])
    units = np.where(prog.sense[soft] < 0, -prog.slack[soft], prog.slack[soft])
    lp.a_matrix_.value_ = np.concatenate([value, units]).astype(float)
    lp.integrality_ = [highspy.HighsVarType.kInteger] * lp.num_col_
    solver = live_highs({"threads": 1, "mip_rel_gap": 0.0, "mip_abs_gap": 0.5, "mip_feasibility_tolerance": 1e-9})
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
        return None
    assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal
    chosen = np.flatnonzero(np.array(solver.getSolution().col_value)[: prog.count] > 0.5)
    state = standing(prog, chosen)
    assert state.lawful
    return state.objective


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
    land: list[dict[str, Value]] = [{"parcel_id": f"P{p:03d}", "area_m2": 100} for p in range(int(parcels[-1]))]
    wants: list[Any] = [{"demand_id": f"D{d:03d}"} for d in range(int(demands[-1]))]
    made = case(land, wants, [], [], round_id="together")
    return replace(made, objective=cities[0].case.objective, methods=cities[0].case.methods), offers
