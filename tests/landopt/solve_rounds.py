"""Random rounds as bare offers for the solver's tests: every kind of row, several tiers, brute force alongside."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import numpy as np

from constraints.case import Case, Objective
from constraints.types import Method, Row
from landopt.screening.offers import Offers
from parcels.common.catalogue import Bilingual
from parcels.common.schema import Value
from tests.builders import case

METHODS = ("listing", "auction", "lease")


def bare_round(
    seed: int, parcels: int = 6, demands: int = 4, tiers: int = 1, hard: bool = True, ties: tuple[str, ...] = ()
) -> tuple[Case, Offers]:
    """A random round: sites of 1 to 3 parcels, limits of both senses around reach, soft limits, relations, locks."""
    draw = Random(seed)
    area = [draw.randint(1, 9) * 100 for _ in range(parcels)]
    sites = sorted(
        {(p,) for p in range(parcels)}
        | {tuple(sorted(draw.sample(range(parcels), draw.randint(2, 3)))) for _ in range(parcels)}
    )
    keys: set[tuple[int, int, int]] = set()
    for demand in range(demands):
        for site in draw.sample(range(len(sites)), min(len(sites), draw.randint(0, 6))):
            keys |= {(demand, site, m) for m in range(3) if draw.random() < 0.5}
    keys |= {(demands, sites.index((p,)), m) for p in range(parcels) for m in range(2) if draw.random() < 0.3}
    order = sorted(keys, key=lambda k: (k[0], sites[k[1]], k[2]))
    score = [[draw.choice([0, 1, 5, 5, 1000, draw.randint(-300, 4000)]) for _ in order] for _ in range(tiers)]
    rows: list[tuple[Row, dict[int, int]]] = []

    def add(kind: str, sense: str, rhs: int, coef: dict[int, int], slack: int = 0) -> None:
        name = f"t.{kind}{len(rows)}"
        tier, penalty = (draw.randrange(tiers), draw.choice([0, 1, 7, 40])) if slack else (tiers - 1, 0)
        rows.append((Row(f"{name}[]", name, (), kind, sense, rhs, slack, penalty, tier), coef))

    def size(k: int) -> int:
        return sum(area[p] for p in sites[order[k][1]])

    every = range(len(order))
    for _ in range(draw.randint(1, 4)):
        coef = {k: size(k) for k in every if draw.random() < 0.5}
        total = sum(area)
        sense = draw.choice(["<=", "<=", ">="])
        rhs = int(total * (draw.uniform(0.2, 0.8) if sense == "<=" else draw.uniform(0.05, 0.35)))
        soft = draw.random() < 0.4 or (sense == ">=" and not hard)
        add("limit", sense, rhs, coef, draw.choice([1, 1, 3]) if soft else 0)
    add("limit", ">=", 0, {k: (7 if order[k][2] == 0 else -3) * size(k) for k in every})
    if parcels > 3 and draw.random() < 0.7:
        pair = draw.sample(range(parcels), 2)
        kind = draw.choice(["conflict", "together", "requires"])
        on = [{k for k in every if p in sites[order[k][1]]} for p in pair]
        if kind == "conflict":
            add("relation", "<=", 1, dict.fromkeys(on[0] | on[1], 1))
        else:
            coef = {k: int(k in on[0]) - int(k in on[1]) for k in on[0] ^ on[1]}
            add("relation", "=" if kind == "together" else "<=", 0, coef)
    if hard and order and draw.random() < 0.3:
        locked = draw.randrange(len(order))
        add("lock", ">=", 1, {locked: 1})
    return assemble(seed, area, sites, order, score, rows, demands, ties)


def assemble(
    seed: int, area: list[int], sites: list[tuple[int, ...]], order: list[tuple[int, int, int]], score: list[list[int]],
    rows: list[tuple[Row, dict[int, int]]], demands: int, ties: tuple[str, ...],
) -> tuple[Case, Offers]:  # fmt: skip
    """A case and offers from plain lists: ``order`` holds (demand or ``demands`` for the market, site, method)."""
    count = len(order)
    entries: list[list[tuple[int, int]]] = [[] for _ in order]
    for number, (_, coef) in enumerate(rows):
        for k, value in sorted(coef.items()):
            if value:
                entries[k].append((number, value))
    part = [sum(1 for k in order if k[0] < d) for d in range(demands)]
    market = [k for k in range(count) if order[k][0] == demands]
    firsts = [k for k in market if k == market[0] or sites[order[k][1]] != sites[order[k - 1][1]]]
    offers = Offers(
        site_start=np.cumsum([0, *map(len, sites)]).astype(np.int64),
        site_parcels=np.array([p for site in sites for p in site], dtype=np.int32),
        site=np.array([k[1] for k in order], dtype=np.int32),
        demand=np.array([k[0] if k[0] < demands else -1 for k in order], dtype=np.int32),
        method=np.array([k[2] for k in order], dtype=np.int8),
        period=np.full(count, -1, dtype=np.int16),
        term=np.full(count, 40, dtype=np.int16),
        verdict=np.zeros(count, dtype=np.int8),
        floor=np.full(count, -1, dtype=np.int64),
        price=np.zeros(count, dtype=np.int64),
        score=np.array(score, dtype=np.int64).reshape(len(score), count),
        row_start=np.cumsum([0, *map(len, entries)]).astype(np.int64),
        row_index=np.array([r for line in entries for r, _ in line], dtype=np.int32),
        row_coef=np.array([c for line in entries for _, c in line], dtype=np.int64),
        rows=tuple(row for row, _ in rows),
        part_start=np.array([*part, *firsts, count], dtype=np.int64),
    )
    land: list[dict[str, Value]] = [{"parcel_id": f"P{p:02d}", "area_m2": size} for p, size in enumerate(area)]
    wants: list[Any] = [{"demand_id": f"D{d:02d}"} for d in range(demands)]
    found = case(land, wants, [], [], round_id=f"bare-{seed}")
    tiers = tuple(("served",) if t == 0 else ("preference",) for t in range(len(score)))
    methods = tuple(
        Method(name, Bilingual(name, name), "grant", name, True, 1, "permit", "t", True, 30, 60) for name in METHODS
    )
    return replace(found, objective=Objective(found.objective.weights, tiers, ties), methods=methods), offers
