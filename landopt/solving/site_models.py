"""A round whose lists of sites were cut short, as a model that prices every site: what each parcel adds, and to whom.

Only where that says enough: one tier, hard limits of the sense "<=" alone, every site of the map listed.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.screening.blocks import Singles
from landopt.screening.offers import Offers, PastCap
from landopt.solving.programme.arrays import Ints, ranges

NONE = -1e12
"""What a parcel adds that cannot be had."""
ROOM = 30_000_000
"""Numbers held of ways, rows and parcels together at most."""
LISTED = 100_000
"""Offers of platforms that are listed whole, and of the market, at most."""


def adds_up(case: Case) -> bool:
    """Whether a round's rules let sites be priced parcel by parcel: one tier, hard limits of the sense ``<=`` alone."""
    limits = [rule for rule in case.rules if rule.kind == "limit"]
    return (
        len(case.objective.tiers) == 1
        and not Fraction(case.objective.later)
        and not any(rule.kind in ("relation", "lock") for rule in case.rules)
        and all(
            rule.spec["sense"] == "<=" and rule.spec.get("hard", True) and not rule.spec.get("across")
            for rule in limits
        )
    )


def model_of(case: Case, offers: Offers, beyond: PastCap, gap: float, seconds: float) -> dict[str, Any] | None:
    """The arrays of the model, with ``method`` and ``period`` of each way; None where it does not add up."""
    rows = offers.rows
    if not adds_up(case) or any(row.sense != "<=" or row.slack or row.rhs < 0 for row in rows):
        return None
    lists = beyond.lists()
    if not lists:
        return None
    singles = beyond.singles(rows)
    served = beyond.served(np.ones(1))
    ways = _ways(singles, len(lists), len(case.parcels), len(rows), served)
    if ways is None:
        return None
    number = {id(each): at for at, each in reversed(list(enumerate(lists)))}
    distinct = sorted(set(number.values()))
    shared = [lists[at] for at in distinct]
    sites = beyond.sites
    listed = _listed(offers, beyond, len(case.parcels), int(beyond.most.max()))
    if listed is None:
        return None
    coef = ways["coef"]
    return {
        **ways, **listed,
        "area": beyond.area, "link_start": beyond.start, "link_other": beyond.adj,
        "rhs": np.array([row.rhs for row in rows], np.float64),
        "site_start": sites.start, "site_parcels": sites.parcels, "site_area": sites.area,
        "list_start": np.cumsum([0, *(len(each) for each in shared)]),
        "list_sites": np.concatenate(shared), "list_of": np.array([distinct.index(number[id(each)]) for each in lists]),
        "least": beyond.area_min, "most": beyond.area_max, "served": served,
        "part": np.array(beyond.demands), "parts": len(case.demands), "classes": _classes(beyond, coef),
        "gap": gap, "seconds": seconds,
    }  # fmt: skip


def _ways(singles: Singles, places: int, parcels: int, rows: int, served: Any) -> dict[str, Any] | None:
    """What every parcel adds by each way, ways that are alike once; None where a platform has none or they are many."""
    key = (singles.place * 1_000 + singles.method) * 1_000 + singles.period + 1
    names, which = np.unique(key, return_inverse=True)
    if set((names // 1_000_000).tolist()) != set(range(places)):
        return None
    made: dict[tuple[bytes, bytes, int], int] = {}
    worths: list[Any] = []
    coefs: list[Any] = []
    method: list[int] = []
    period: list[int] = []
    of: list[list[int]] = [[] for _ in range(places)]
    order = np.argsort(which, kind="stable")
    cuts = np.searchsorted(which[order], np.arange(len(names) + 1))
    begin = np.searchsorted(singles.owner, np.arange(len(singles.place) + 1))
    for at, name in enumerate(names.tolist()):
        mine = order[cuts[at] : cuts[at + 1]]
        place = name // 1_000_000
        worth, coef = np.full(parcels, NONE), np.zeros((rows, parcels))
        worth[singles.parcel[mine]] = singles.score[mine] - served[place]
        sizes = begin[mine + 1] - begin[mine]
        entry = ranges(begin[mine], sizes)
        coef[singles.row[entry], np.repeat(singles.parcel[mine], sizes)] = singles.coef[entry]
        told = worth.tobytes(), coef.tobytes(), name % 1_000_000
        if told not in made:
            made[told] = len(worths)
            worths.append(worth)
            coefs.append(coef)
            method.append(name // 1_000 % 1_000)
            period.append(name % 1_000 - 1)
            if len(coefs) * rows * parcels > ROOM:
                return None
        of[place].append(made[told])
    start = np.cumsum([0, *map(len, of)])
    return {
        "worth": np.array(worths), "coef": np.array(coefs).reshape(len(worths), rows, parcels),
        "method": np.array(method), "period": np.array(period),
        "way_start": start, "ways": np.array([way for ways in of for way in ways]),
    }  # fmt: skip


def _listed(offers: Offers, beyond: PastCap, parcels: int, width: int) -> dict[str, Any] | None:
    """The offers of all other parts as columns; None where they are too many."""
    mine = np.flatnonzero(~np.isin(offers.demand, beyond.demands))
    if len(mine) > LISTED or len(mine) * max(1, len(offers.rows)) > ROOM:
        return None
    site = offers.site[mine]
    sizes = np.diff(offers.site_start)[site]
    members = np.full((len(mine), max(width, int(sizes.max(initial=1)))), parcels, np.int64)
    members[np.repeat(np.arange(len(mine)), sizes), ranges(np.zeros(len(mine), np.int64), sizes)] = offers.site_parcels[
        ranges(offers.site_start[site], sizes)
    ]
    coef = np.zeros((len(mine), len(offers.rows)))
    start, row, value = offers.entries.of(mine)
    coef[np.repeat(np.arange(len(mine)), np.diff(start)), row] = value
    none = np.full(len(mine), -1)
    return {
        "listed_part": offers.demand[mine].astype(np.int64), "listed_members": members, "listed_coef": coef,
        "listed_value": offers.score[0, mine].astype(np.float64), "listed_place": none, "listed_way": none,
    }  # fmt: skip


def _classes(beyond: PastCap, coef: Any) -> Ints:
    """Parcels of one connected piece of land that count in the same rows are priced as one first."""
    piece = np.arange(len(beyond.area))
    one = np.repeat(piece, np.diff(beyond.start))
    while True:
        least = piece.copy()
        np.minimum.at(least, one, piece[beyond.adj])
        if (least == piece).all():
            break
        piece = least
    counts = (np.abs(coef).sum(axis=0) > 0).T
    return np.unique(np.column_stack((piece, counts)), axis=0, return_inverse=True)[1].reshape(-1)
