"""Contested rounds as bare offers, for timing the decision apart from reading and screening. Frozen by seed.

Street blocks of 6 to 30 parcels (mean adjacency above 3), a demand area of 1.3 times what suits, almost a third of the
platforms asking for 2 to 6 parcels, limits of both senses drawn so that they bind. Invented figures, in the layout of
``landopt.screening.offers.Offers``; points are composed as docs/model.md §6 says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case, Objective, Round
from constraints.types import Text
from landopt.screening.offers import Offers, Row
from parcels.tables import FactTable, Neighbours

Ints = NDArray[Any]
USES, DISTRICTS, METHODS = 4, 6, 4
PER_DEMAND = 275
"""Offers a platform, on average and at most about twice that."""


@dataclass(frozen=True)
class Shape:
    """A round as bare offers, with the figures that say how contested it is."""

    case: Case
    offers: Offers
    figures: dict[str, float]


def shape(parcels: int, demands: int, seed: int, tight: float = 1.0) -> Shape:
    """A random contested round; ``tight`` below 1 lowers every upper limit."""
    draw = np.random.default_rng(seed)
    blocks, adjacent = _streets(draw, parcels)
    use, district, new = _block_facts(draw, blocks, parcels)
    area = np.rint(np.exp(draw.normal(9.6, 0.55, parcels))).astype(np.int64)
    price = np.rint(np.exp(draw.normal(7.0, 0.4, parcels))).astype(np.int64)
    sites = _sites(adjacent, use, blocks, limit=4 if parcels > 20_000 else 5, most=60 if parcels > 20_000 else 120)
    start = np.concatenate([[0], np.cumsum([len(site) for site in sites])]).astype(np.int64)
    members = np.array([p for site in sites for p in site], dtype=np.int32)
    site_area = np.add.reduceat(area[members], start[:-1])
    site_use, site_district = use[members[start[:-1]]], district[members[start[:-1]]]
    size = np.diff(start)
    picks, owner, priority = _demands(draw, demands, site_area, site_use, site_district, size, area, use)
    method = draw.integers(0, METHODS, len(picks)).astype(np.int8)
    twin = draw.random(len(picks)) < 0.6
    site = np.concatenate([picks, picks[twin], np.arange(parcels)])
    demand = np.concatenate([owner, owner[twin], np.full(parcels, -1)])
    method = np.concatenate([method, (method[twin] + 1) % METHODS, draw.integers(0, 2, parcels)]).astype(np.int8)
    order = np.lexsort((method, site, np.where(demand < 0, demands + site, demand)))
    site, demand, method = site[order].astype(np.int32), demand[order].astype(np.int32), method[order]
    site_price = np.add.reduceat((area * price)[members], start[:-1])
    expected = (site_price[site] * np.array([0, 100, 104, 92])[method]) // 100
    liking = draw.integers(0, 12, (demands + 1, METHODS))
    affinity = draw.integers(0, 40, len(site))
    score = np.where(demand >= 0, 100_000 * np.append(priority, 0)[demand], 0)
    score += 1000 * (liking[demand, method] + affinity) + (size[site] > 1) * -3000 + expected // 1000
    score = np.where(demand >= 0, score, expected // 4000)
    part = np.concatenate([np.searchsorted(demand[demand >= 0], np.arange(demands)), [int((demand >= 0).sum())]])
    part = np.concatenate([part[:-1], np.arange(int((demand >= 0).sum()), len(site) + 1)]).astype(np.int64)
    strategic = draw.random(demands + 1) < 0.25
    strategic[-1] = False
    facts = {"area": area, "use": use, "district": district, "new": new}
    rows, row_start, row_index, row_coef = _limits(
        draw, facts, members, start, site, demand, method, strategic, expected, tight
    )
    offers = Offers(
        site_start=start, site_parcels=members, site=site, demand=demand, method=method,
        period=np.full(len(site), -1, dtype=np.int16), term=np.full(len(site), 40, dtype=np.int16),
        verdict=np.zeros(len(site), dtype=np.int8), floor=np.full(len(site), -1, dtype=np.int64),
        price=expected.astype(np.int64), score=score.astype(np.int64)[None, :], row_start=row_start,
        row_index=row_index, row_coef=row_coef, rows=rows, part_start=part,
    )  # fmt: skip
    several = float(np.mean([size[picks[owner == d]].max(initial=1) > 1 for d in range(min(demands, 2000))]))
    figures = {
        "offers": len(site), "sites": len(sites), "rows": len(rows), "several": round(several, 3),
        "adjacency": round(float(np.mean([len(a) for a in adjacent])), 2),
    }  # fmt: skip
    return Shape(bare_case(area, demands, seed), offers, figures)


def bare_case(area: Ints, demands: int, seed: int) -> Case:
    """A case that holds ids and areas only: what the decision itself reads."""
    width = len(str(max(len(area), demands)))
    land = FactTable(tuple(f"P{k:0{width}d}" for k in range(len(area))), {"area_m2": tuple(area.tolist())})
    wants = FactTable(tuple(f"D{k:0{width}d}" for k in range(demands)), {})
    title = Text("benchmark", "基准")
    round_ = Round(f"bench-{seed}", title, "benchmark", "0.05", "supply", "2026-03-31")
    weights = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}
    objective = Objective(weights, (("served", "preference", "revenue"),))
    return Case(round_, land, wants, Neighbours((), ()), (), (), objective)


def _streets(draw: np.random.Generator, parcels: int) -> tuple[list[tuple[int, int]], list[list[int]]]:
    blocks, adjacent, at = [], [[] for _ in range(parcels)], 0  # type: ignore[var-annotated]
    while at < parcels:
        count = min(parcels - at, int(draw.integers(6, 31)))
        width = max(2, round(count**0.5))
        for k in range(count):
            for other in (k + 1, k + width, k + width + 1):
                if other < count and (other != k + 1 or (k + 1) % width) and draw.random() < 0.8:
                    adjacent[at + k].append(at + other)
                    adjacent[at + other].append(at + k)
        blocks.append((at, at + count))
        at += count
    return blocks, adjacent


def _block_facts(draw: np.random.Generator, blocks: list[tuple[int, int]], parcels: int) -> tuple[Ints, Ints, Ints]:
    use, district = np.zeros(parcels, dtype=np.int64), np.zeros(parcels, dtype=np.int64)
    for low, high in blocks:
        main = int(draw.integers(0, USES))
        use[low:high] = np.where(draw.random(high - low) < 0.7, main, draw.integers(0, USES, high - low))
        district[low:high] = int(draw.integers(0, DISTRICTS))
    return use, district, draw.random(parcels) < 0.5


def _sites(
    adjacent: list[list[int]], use: Ints, blocks: list[tuple[int, int]], limit: int, most: int
) -> list[tuple[int, ...]]:
    """Every parcel by itself first, then connected groups of one use, at most ``most`` a block and size."""
    uses = use.tolist()
    found: list[tuple[int, ...]] = [(p,) for p in range(len(uses))]
    for low, high in blocks:
        layer: list[tuple[int, ...]] = [(p,) for p in range(low, high)]
        for _ in range(limit - 1):
            grown = {
                tuple(sorted((*site, other)))
                for site in layer
                for p in site
                for other in adjacent[p]
                if uses[other] == uses[site[0]] and other not in site
            }
            layer = sorted(grown)[:: max(1, len(grown) // most)]
            found += layer
    return found


def _demands(
    draw: np.random.Generator,
    demands: int,
    site_area: Ints,
    site_use: Ints,
    site_district: Ints,
    size: Ints,
    area: Ints,
    use: Ints,
) -> tuple[Ints, Ints, Ints]:
    by_use = [np.flatnonzero(site_use == u) for u in range(USES)]
    by_use = [group[np.argsort(site_area[group], kind="stable")] for group in by_use]
    sorted_area = [site_area[group] for group in by_use]
    picks, owners = [], []
    for d in range(demands):
        u = int(draw.integers(0, USES))
        several = draw.random() < 0.32
        centre = 15_000 * float(np.exp(draw.normal(0, 0.45))) * (2.6 if several else 1.0)
        low, high = np.searchsorted(sorted_area[u], [0.75 * centre, 1.35 * centre])
        group = by_use[u][low:high]
        group = group[(size[group] <= (6 if several else 1)) & (draw.random(DISTRICTS) < 0.6)[site_district[group]]]
        if len(group) > PER_DEMAND:
            group = draw.choice(group, PER_DEMAND, replace=False)
        picks.append(np.sort(group))
        owners.append(np.full(len(group), d))
    priority = draw.integers(1, 101, demands)
    return np.concatenate(picks), np.concatenate(owners), priority


def _limits(
    draw: np.random.Generator,
    facts: dict[str, Ints],
    members: Ints,
    start: Ints,
    site: Ints,
    demand: Ints,
    method: Ints,
    strategic: Ints,
    expected: Ints,
    tight: float,
) -> tuple[tuple[Row, ...], Ints, Ints, Ints]:
    """Rows of both senses; upper limits at a share of the land that the platforms could take, lower ones near reach."""

    def per_site(values: Ints) -> Ints:
        return np.add.reduceat(values[members], start[:-1])[site]

    area, use, district, new = facts["area"], facts["use"], facts["district"], facts["new"]
    whole, served = per_site(area), demand >= 0
    total, count = int(area.sum()), int(served.any()) * (int(demand.max()) + 1)
    reach = min(total, int(1.0 * count * 20_000))
    table: list[tuple[str, str, int, Ints]] = []
    for d in range(DISTRICTS):
        share = float(area[(district == d) & new].sum()) / total
        table.append((f"new[{d}]", "<=", int(tight * 0.62 * share * reach), per_site(area * new * (district == d))))
        share = float(area[district == d].sum()) / total
        table.append(
            (f"district[{d}]", "<=", int(tight * 0.85 * share * reach), per_site(area * (district == d)) * served)
        )
    for m in range(METHODS):
        table.append(
            (
                f"capacity[{m}]",
                "<=",
                max(1, int(tight * (0.16 + 0.05 * m) * count)),
                (method == m) * served.astype(np.int64),
            )
        )
    table.append(("share", ">=", 0, np.where(method >= 2, 11, -9) * (whole // 10) * served))
    table.append(("strategic", ">=", int(0.16 * reach), whole * strategic[demand]))
    for u in range(2):
        table.append((f"use[{u}]", ">=", int(0.17 * reach), per_site(area * (use == u)) * served))
    table.append(("income", ">=", 0, np.where(served, 0, whole)))
    rows, offer, index, coef = [], [], [], []
    for name, sense, rhs, value in table:
        hit = np.flatnonzero(value)
        offer.append(hit)
        index.append(np.full(len(hit), len(rows)))
        coef.append(value[hit])
        rows.append(Row(name, name.split("[")[0], (name,), "limit", sense, rhs))
    at, which, what = np.concatenate(offer), np.concatenate(index), np.concatenate(coef)
    order = np.lexsort((which, at))
    row_start = np.concatenate([[0], np.cumsum(np.bincount(at, minlength=len(site)))]).astype(np.int64)
    return tuple(rows), row_start, which[order].astype(np.int32), what[order].astype(np.int64)
