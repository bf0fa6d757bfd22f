"""Rounds of any size in memory, without files: the instances of every benchmark, the same for the same seed.

Street blocks are laid in running bond (each row shifted by half a parcel), so that parcels meet as in a planner's
drawing; facts, platforms and policy are those of ``landopt.invent.round``, judged by the shipped rule packs.
"""

from __future__ import annotations

import math
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from constraints.case import Case, Market, Objective, Round, Settings
from constraints.loading.load import methods, rules_for
from constraints.types import Rule
from landopt.invent.draft import Draft
from landopt.invent.parcel_facts import Cell
from landopt.invent.round import draft
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import FactTable, Neighbours, table
from parcels.common.schema import Value, fields
from parcels.common.units import scaled

PACKS = ("cn", "cn-guangdong", "cn-guangzhou", "cn-guangzhou-nansha")
SIZES = {"1k": (1_000, 100), "5k": (5_000, 500), "20k": (20_000, 1_000), "100k": (100_000, 5_000)}
"""Parcels and platforms of the frozen benchmark sizes."""
SEEDS = (11, 12, 13, 14, 15)
MARKET = ("IND", "COM", "BIZ", "HOU")
WEIGHTS = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}


def case_round(
    parcels: int,
    demands: int,
    seed: int,
    *,
    contested: bool = True,
    packs: Sequence[str] = PACKS,
) -> Case:
    """A round as a case, made in memory.

    Parameters
    ----------
    parcels, demands, seed
        Size and seed, as in ``landopt.invent.round.draft``.
    contested
        More land asked for than there is; half of the platforms ask for 2 to 6 parcels.
    packs
        The rule packs to load beside the round's own policy.
    """
    return case_of(draft(parcels, demands, seed, contested=contested, geometry=False), seed, packs)


def case_of(found: Draft, seed: int, packs: Sequence[str] = PACKS) -> Case:
    """A draft as a case: what layers and neighbours would tell is drawn."""
    parcels, demands = len(found.parcels), len(found.demands)
    land = _parcel_table(found, Random(f"layers {seed}"))
    return Case(
        round=Round(
            f"bench-{parcels}-{demands}-{seed}", Bilingual("Benchmark round", "基准测试轮次"),
            "bureau", "0.05", "supply",
            "2026-03-31", "2026-04-01", "2026-12-31",
        ),
        parcels=land,
        demands=_table(found.demands, "demand_id"),
        neighbours=_neighbours(found, Random(f"bonds {seed}")),
        rules=_rules(found.policy, tuple(packs)),
        methods=tuple(method for method in methods() if method.id != "contribution"),
        objective=Objective(WEIGHTS, (("served", "preference", "revenue"),)),
        settings=Settings(),
        market=Market(MARKET, ("listing",)),
        distances={name: _metres(len(land), f"{name} {seed}") for name in ("M-1", "M-2")},
        calendar=_calendar(),
        packs=tuple(packs),
        crs="EPSG:4526",
    )  # fmt: skip


@cache
def _calendar() -> tuple[str, ...]:
    from landopt.intake.days_off import non_working_days

    return non_working_days("2026-03-31")


def _metres(count: int, seed: str) -> tuple[int, ...]:
    draw = Random(seed)
    return tuple(draw.randint(100, 6_000) for _ in range(count))


def _rules(policy: str, packs: tuple[str, ...]) -> tuple[Rule, ...]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "policy.toml"
        path.write_text(policy, encoding="utf-8")
        rules, issues = rules_for(packs, [path], "2026-03-31")
    wrong = [issue for issue in issues if issue.level == "error"]
    if wrong:
        raise ValueError(f"the benchmark policy does not load: {wrong[0]}")
    return rules


def _parcel_table(found: Draft, draw: Random) -> FactTable:
    rows = []
    for cells, block in zip(found.parcels, found.block_of, strict=True):
        works = found.plans[block].kind in ("industry", "valley")
        named = f'"{cells["parcel_id"]}"' in found.policy
        farmland = draw.randint(100, 2_000) if draw.random() < 0.02 and not named else 0
        red_line = draw.randint(100, 2_000) if draw.random() < 0.01 and not named else 0
        more: dict[str, Cell] = {
            "in_pbf": farmland, "in_erl": red_line, "in_erl_core": 0, "in_udb": named or draw.random() < 0.985,
            "in_ind_block": works, "ind_block_level": 1 if works else None,
            "ind_block": f"NSB-{block:05d}" if works else None,
        }  # fmt: skip
        rows.append({**cells, **more})
    return _table(rows, "parcel_id")


def _table(rows: Sequence[Mapping[str, Cell]], key: str) -> FactTable:
    names = sorted({name for row in rows for name in row})
    columns = {name: [_value(name, row.get(name)) for row in rows] for name in names}
    kept = {name: column for name, column in columns.items() if any(value is not None for value in column)}
    return table([str(row[key]) for row in rows], kept)


def _value(name: str, cell: Cell) -> Value:
    field = fields()[name]
    if cell is None:
        return field.default
    if field.type == "int":
        return cell * field.scale if isinstance(cell, int) else scaled(str(cell), field.scale)
    if field.is_set:
        return tuple(sorted(str(cell).split(";")))
    return cell


def _neighbours(found: Draft, draw: Random) -> Neighbours:
    pairs: set[tuple[int, int]] = set()
    sizes = Counter(found.block_of)
    first = 0
    for block in range(len(found.plans)):
        size = sizes[block]
        width = max(2, round(math.sqrt(size * 1.5)))
        for place in range(size):
            row, column = divmod(place, width)
            shift = 1 if row % 2 else -1
            below = place + width
            for other in ([place + 1] if column + 1 < width else []) + [below]:
                if other < size:
                    pairs.add((first + place, first + other))
            if 0 <= column + shift < width and below + shift < size:
                pairs.add((first + place, first + below + shift))
        first += size
    kept = sorted(pair for pair in pairs if draw.random() < 0.94)
    return Neighbours(tuple(kept), tuple(draw.randint(200, 1_800) for _ in kept))


def contest(case: Case, offers: Any) -> dict[str, Any]:
    """What makes a round contested, from its lawful offers.

    Returns
    -------
    dict
        ``adjacency`` (mean neighbours of a parcel), ``suitable_m2`` (parcels in at least one lawful offer to a
        platform), ``asked_m2`` (sum of the least areas of the platforms that have an offer), ``ratio`` of the two,
        ``several`` (share of platforms that ask for 2 to 6 parcels), ``offers``, ``per_demand``.
    """
    import numpy as np

    start, of_offer = offers.parcel_rows()
    wanted = np.repeat(offers.demand >= 0, np.diff(start))
    parcels = np.unique(of_offer[wanted])
    area = np.array(case.parcels.column("area_m2"), dtype=np.int64)
    least = np.array(case.demands.column("area_min_m2"), dtype=np.int64)
    served = np.unique(offers.demand[offers.demand >= 0])
    suitable, asked = int(area[parcels].sum()), int(least[served].sum())
    several = [int(str(n or 1)) for n in case.demands.column("max_parcels")]
    return {
        "adjacency": round(2 * len(case.neighbours.pairs) / len(case.parcels), 2),
        "suitable_m2": suitable,
        "asked_m2": asked,
        "ratio": round(asked / max(1, suitable), 2),
        "several": round(sum(2 <= n <= 6 for n in several) / len(several), 2),
        "offers": len(offers),
        "per_demand": round(len(offers) / max(1, len(case.demands))),
    }


def binding(offers: Any, amounts: Sequence[float]) -> dict[str, Any]:
    """Which limits bind where the offers are taken by ``amounts`` (an LP point or a plan): counts by sense, and ids."""
    import numpy as np

    amount_of = np.asarray(amounts, dtype=float)
    taken = np.flatnonzero(amount_of)
    cuts, of_row, coef = offers.entries.of(taken)
    activity = np.bincount(of_row, coef * np.repeat(amount_of[taken], np.diff(cuts)), len(offers.rows))
    tight = [
        row
        for row, amount in zip(offers.rows, activity, strict=True)
        if row.kind == "limit" and abs(amount - row.rhs) <= 1e-6 * max(1, abs(row.rhs)) + 1e-3
    ]
    return {
        "binding": len(tight),
        "binding_at_least": sum(row.sense == ">=" for row in tight),
        "ids": sorted(row.id for row in tight),
    }


def relaxed(case: Case, offers: Any, tier: int = 0) -> tuple[float, Any]:
    """The LP relaxation of one tier of the full model by plain HiGHS: its value and the amounts of the offers.

    Soft limits keep their slack at their penalty. Meant for measuring how contested a round is.
    """
    import highspy
    import numpy as np

    count, land, wants = len(offers), len(case.parcels), len(case.demands)
    start, parcel = offers.parcel_rows()
    of_offer = np.repeat(np.arange(count), np.diff(start))
    asked = np.flatnonzero(offers.demand >= 0)
    cuts, own, coef = offers.entries.of(np.arange(count))
    of_row = np.repeat(np.arange(count), np.diff(cuts))
    soft = [k for k, row in enumerate(offers.rows) if row.slack]
    sign = [1 if offers.rows[k].sense == ">=" else -1 for k in soft]
    column = np.concatenate([of_offer, asked, of_row, count + np.arange(len(soft))])
    row = np.concatenate(
        [parcel, land + offers.demand[asked], land + wants + own, land + wants + np.array(soft, dtype=int)]
    )
    value = np.concatenate([np.ones(len(parcel) + len(asked)), coef, np.array(sign, dtype=float)])
    order = np.lexsort((row, column))
    total = count + len(soft)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = total, land + wants + len(offers.rows)
    cost = [float(offers.rows[k].penalty) * (offers.rows[k].tier == tier) for k in soft]
    lp.col_cost_ = np.concatenate([-offers.score[tier].astype(float), np.array(cost)])
    lp.col_lower_ = np.zeros(total)
    lp.col_upper_ = np.concatenate([np.ones(count), np.array([offers.rows[k].slack for k in soft], dtype=float)])
    low = [-highspy.kHighsInf if each.sense == "<=" else float(each.rhs) for each in offers.rows]
    high = [highspy.kHighsInf if each.sense == ">=" else float(each.rhs) for each in offers.rows]
    lp.row_lower_ = np.concatenate([np.full(land + wants, -highspy.kHighsInf), np.array(low)])
    lp.row_upper_ = np.concatenate([np.ones(land + wants), np.array(high)])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = np.searchsorted(column[order], np.arange(total + 1))
    lp.a_matrix_.index_ = row[order]
    lp.a_matrix_.value_ = value[order]
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(lp)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise ValueError(f"the relaxation ended as {solver.getModelStatus()}")
    return -solver.getInfo().objective_function_value, np.array(solver.getSolution().col_value)[:count]
