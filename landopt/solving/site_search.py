"""Sites beyond the cap: where a platform's list was cut short, the prices of the listed offers say which are missing.

The list is relaxed, and connected blocks inside the eligible parcels of each platform are grown parcel by parcel at its
prices: of every size the most promising are kept (a beam), each block once, each valued exactly by the tables that
screen every offer. Blocks that would better the relaxation join the list, with some that come close to it, and the list
is relaxed again. The scope of the list stays ``listed``: that no block is missing is not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from time import monotonic
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.screening.blocks import Blocks, Bools, Floats, Ints, Rates, joined
from landopt.screening.law.kept import Kept
from landopt.screening.offers import Offers, PastCap
from landopt.solving.heuristics.greedy import greedy
from landopt.solving.process.site_prices import TierPrices, ask, ask_columns
from landopt.solving.programme.arrays import program, ranges
from landopt.solving.programme.price_bound import reduced_float
from landopt.solving.site_models import adds_up, model_of

KEEP = 100
"""Sites of fewest parcels that a platform past the cap keeps where all sites can be priced."""
MANY = 2_000
"""Offers above which a platform whose list is whole is priced like one past the cap. Not measured."""
SECONDS = 18.0
"""CPU seconds after which a plan of priced sites is mended no further, prices included."""
ROUNDS = 6
"""The most times the list is relaxed and added to."""
WIDTH = 400
"""Blocks of one size kept for each platform, where few platforms are cut short; fewer where many are."""
VALUED = 100_000
"""About as many blocks are valued for one size, over all platforms."""
NEW = 60
"""Blocks a platform may add in one round."""
SEEDS = 4
"""One in so many of the blocks kept comes from the list: its best ones of that size grow too."""
WORK = 3_000_000
"""Blocks valued after which no further round begins: work and not a clock, so that a run repeats."""


@dataclass(frozen=True)
class _Front:
    """Blocks of one size: ``who`` (n,) is a place among the platforms cut short, ``members`` (n, size) ascending."""

    who: Ints
    members: Ints

    def at(self, rows: Ints | Bools) -> _Front:
        return _Front(self.who[rows], self.members[rows])

    def blocks(self, demands: Ints) -> Blocks:
        size = self.members.shape[1]
        return Blocks(demands[self.who], np.arange(len(self.who) + 1) * size, self.members.reshape(-1).astype(np.int32))


def offers_of(
    case: Case,
    *,
    limit_s: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    told: Callable[[int, int], None] | None = None,
    kept: Kept | None = None,
    first: Callable[[int], None] | None = None,
) -> Offers:
    """The lawful offers of a case, with those that a search finds beyond the cap on sites.

    ``limit_s`` ends the search by the clock (None: by work alone). ``told`` hears how many platforms were cut short and
    how many sites the search added, ``first`` what a plan is worth that is held before sites are priced. Exactly
    ``build_offers`` where no list was cut short, ``kept`` as there.

    Raises
    ------
    Refused
        As ``build_offers``.
    """
    from landopt.screening.uncapped_sites import build_offers

    offers = build_offers(case, progress=progress, kept=kept, keep=KEEP if adds_up(case) else None)
    if offers.beyond is None:
        return offers
    found, added = search_sites(case, offers, limit_s, first)
    if told is not None and found.scope == "listed":
        told(int(found.stats["capped"]), added)
    return found


def search_sites(
    case: Case, offers: Offers, limit_s: float | None = None, first: Callable[[int], None] | None = None
) -> tuple[Offers, int]:
    """The offers with sites found beyond the cap, and how many sites (of one platform each) were added.

    Where the budget of the whole map cut lists short, those of platforms below the cap are made whole first.
    """
    end = None if limit_s is None else monotonic() + limit_s
    if offers.beyond is not None:
        priced = _priced(case, offers, offers.beyond, limit_s, first)
        if priced is not None:
            return priced
    added = rounds = valued = 0
    if offers.beyond is not None:
        blocks, whole = offers.beyond.counted(WORK)
        if whole:
            offers = offers.beyond.added(blocks, whole)
    while offers.beyond is not None and rounds < ROUNDS and valued < WORK:
        left = None if end is None else end - monotonic()
        if left is not None and left <= 0:
            break
        rounds += 1
        found, bettered = _round(case, offers, offers.beyond, left)
        valued += offers.beyond.valued
        if not len(found):
            break
        offers = offers.beyond.added(found)
        added += len(found)
        if not bettered:
            break
    stats = {**offers.stats, "added": added, "rounds": rounds, "valued": valued}
    return replace(offers, beyond=None, stats=stats), added


def _priced(
    case: Case, offers: Offers, beyond: PastCap, limit_s: float | None, first: Callable[[int], None] | None
) -> tuple[Offers, int] | None:
    """The offers with sites found by pricing every site of the map, and a plan to begin with; None where that fails.

    A plan of listed offers is held before.
    """
    if limit_s is not None and limit_s <= 0:
        return None
    count = np.bincount(offers.demand[offers.demand >= 0], minlength=len(case.demands))
    beyond = beyond.besides(np.flatnonzero(count > MANY).tolist())
    model = model_of(case, offers, beyond, _gap(case), _seconds(case, limit_s))
    held, worth = _held(case, offers) if model is not None else (offers.site[:0], 0)
    if first is not None and len(held):
        first(worth)
    found = (
        None if model is None else ask_columns({**model, "wall": float("inf") if limit_s is None else limit_s}, limit_s)
    )
    if model is None or found is None:
        return None
    width = found["members"].shape[1]
    mine = found["place"] >= 0
    members, place = found["members"][mine], found["place"][mine]
    sizes = (members < len(case.parcels)).sum(axis=1)
    start = np.concatenate(([0], np.cumsum(sizes)))
    blocks = Blocks(np.array(beyond.demands)[place], start, members[np.arange(width) < sizes[:, None]].astype(np.int32))
    made = beyond.added(blocks)
    plan = _plan_of(made, found, model, len(case.parcels))
    if worth > made.score[0, plan].sum():
        kinds = zip(offers.method[held].tolist(), offers.period[held].tolist(), strict=True)
        keys = [(int(offers.demand[at]), offers.parcels(at)) for at in held.tolist()]
        plan = _matched(made, dict(zip(keys, kinds, strict=True)))
    stats = {**made.stats, "added": len(blocks), "rounds": 1, "valued": len(beyond.sites),
             "value": max(float(found["value"]), worth), "over_all": float(found["bound"])}  # fmt: skip
    return replace(made, beyond=None, start=plan, stats=stats), len(blocks)


def _seconds(case: Case, limit_s: float | None) -> float:
    return float("inf") if case.settings.nodes is not None or limit_s is None else min(SECONDS, limit_s)


def _gap(case: Case) -> float:
    return float(Fraction(case.settings.gap))


def _plan_of(offers: Offers, found: Mapping[str, Ints], model: Mapping[str, Any], parcels: int) -> Ints:
    """The offers of a plan of columns; those that the law does not give after all are left out."""
    taken: dict[tuple[int, tuple[int, ...]], tuple[int, int] | None] = {}
    columns = (found[f"plan_{name}"].tolist() for name in ("part", "members", "way"))
    for part, members, way in zip(*columns, strict=True):
        site = tuple(sorted(each for each in members if each < parcels))
        kind = (int(model["method"][way]), int(model["period"][way])) if way >= 0 else None
        taken[part, site] = kind
    return _matched(offers, taken)


def _held(case: Case, offers: Offers) -> tuple[Ints, int]:
    """Listed offers that a simple rule takes together, and what they are worth; none where it finds no plan."""
    prog = program(case, offers, 0)
    held = greedy(prog)
    return (offers.site[:0], 0) if held is None else (held, int(prog.score[held].sum()))


def _matched(offers: Offers, taken: Mapping[tuple[int, tuple[int, ...]], tuple[int, int] | None]) -> Ints:
    """The best offer of every (part, site), of a method and period where one is named."""
    least = {site[0]: None for _, site in taken}
    likely = np.flatnonzero(np.isin(offers.site_parcels[offers.site_start[offers.site]], list(least)))
    best: dict[tuple[int, tuple[int, ...]], int] = {}
    for at in likely.tolist():
        key = int(offers.demand[at]), offers.parcels(at)
        if key in taken:
            kind = taken[key]
            fits = kind is None or kind == (int(offers.method[at]), int(offers.period[at]))
            if fits and (key not in best or offers.score[0, at] > offers.score[0, best[key]]):
                best[key] = at
    return np.array(sorted(best.values()), np.int64)


def _round(case: Case, offers: Offers, beyond: PastCap, limit_s: float | None) -> tuple[Blocks, bool]:
    """Blocks that are missing at the prices of the list, and whether one of them would better its relaxation."""
    parts: list[Blocks] = []
    bettered = False
    reached: list[int] = []
    for tier, prices in enumerate(ask(case, offers, seed=case.settings.seed, limit_s=limit_s)):
        blocks, margin = _grown(
            beyond, _rates(offers, prices, tier), _near(case, offers, beyond, prices, tier, reached)
        )
        blocks, more = _chosen(beyond, blocks, margin, prices)
        parts.append(blocks)
        bettered |= more
        reached.append(int(prices.value) if prices.feasible else 0)
    whole = joined(parts)
    names = [
        (int(demand), *whole.parcels[a:b].tolist())
        for demand, a, b in zip(whole.demand, whole.start, whole.start[1:], strict=False)
    ]
    first = {name: at for at, name in reversed(list(enumerate(names)))}
    return whole.at(np.array([first[name] for name in sorted(first)], np.int64)), bettered


@dataclass(frozen=True)
class _Rates:
    """What a block is valued by: the rates of its parcels and rows, and what each platform must better."""

    rates: Rates
    demands: Floats


def _rates(offers: Offers, prices: TierPrices, tier: int) -> _Rates:
    own = len(offers.rows)
    weigh = np.zeros(offers.tiers)
    weigh[tier] = 1.0 if prices.feasible else 0.0
    weigh[:tier] -= prices.rows[own : own + tier]
    rows = {(row.rule, row.key): float(price) for row, price in zip(offers.rows, prices.rows, strict=False) if price}
    return _Rates(Rates(prices.parcels, rows, weigh), prices.demands)


def _near(
    case: Case, offers: Offers, beyond: PastCap, prices: TierPrices, tier: int, reached: list[int]
) -> list[_Front]:
    """The listed blocks of the platforms cut short, the best first within each platform, by size."""
    prog = program(case, offers, tier, reached)
    value = reduced_float(prog, prices.parcels, prices.rows)
    if not prices.feasible:
        value = value - prog.score
    place = np.full(len(case.demands) + 1, -1)
    place[list(beyond.demands)] = np.arange(len(beyond.demands))
    mine = np.flatnonzero(place[offers.demand] >= 0)
    mine = mine[np.lexsort((mine, -value[mine], offers.demand[mine]))]
    sizes = np.diff(offers.site_start)[offers.site[mine]]
    found = []
    for size in range(1, int(beyond.most.max()) + 1):
        here = mine[sizes == size]
        site = offers.site[here]
        land = offers.site_parcels[ranges(offers.site_start[site], np.full(len(here), size))]
        front = _Front(place[offers.demand[here]], land.reshape(-1, size).astype(np.int64))
        found.append(front.at(_first(front.who, 4 * _width(beyond))))
    return found


def _width(beyond: PastCap) -> int:
    return max(16, min(WIDTH, VALUED // (10 * max(1, len(beyond.demands)))))


def _grown(beyond: PastCap, how: _Rates, near: list[_Front]) -> tuple[Blocks, Floats]:
    """Blocks within the window of their platform, and by how much each betters it (< 0: it does not)."""
    demands = np.array(beyond.demands)
    open_to = beyond.open_to()
    served = beyond.served(how.rates.tiers)
    who, parcel = np.nonzero(open_to)
    front = _Front(who, parcel[:, None])
    blocks: list[Blocks] = []
    margins: list[Floats] = []
    width = _width(beyond)
    for size in range(1, int(beyond.most.max()) + 1):
        if not len(front.who):
            break
        worth = beyond.worth(front.blocks(demands), how.rates)
        area = beyond.area[front.members].sum(axis=1)
        whole = np.flatnonzero((area >= beyond.area_min[front.who]) & np.isfinite(worth))
        blocks.append(front.at(whole).blocks(demands))
        margins.append(worth[whole] - how.demands[demands[front.who[whole]]])
        if size == int(beyond.most.max()):
            break
        keep = np.flatnonzero(beyond.most[front.who] > size)
        hope = _hope(worth, served[front.who], beyond.area_min[front.who] / np.maximum(area, 1))
        keep = keep[np.lexsort((keep, -hope[keep], front.who[keep]))]
        parents = front.at(keep)
        parents = parents.at(_first(parents.who, width))
        if size > 1:
            seeds = near[size - 1].at(beyond.most[near[size - 1].who] > size)
            seeds = seeds.at(_first(seeds.who, width // SEEDS))
            parents = _once(np.concatenate((parents.who, seeds.who)), np.concatenate((parents.members, seeds.members)))
        front = _wider(beyond, parents, open_to)
    return joined(blocks), np.concatenate([np.zeros(0), *margins])


def _hope(worth: Floats, served: Floats, missing: Floats) -> Floats:
    """What a block may come to: below the window its land counts as often as the window asks for it."""
    land = worth - served
    return np.asarray(np.where(missing > 1, served + land * missing, worth))


def _first(who: Ints, most: int) -> Ints:
    """The first ``most`` entries of each run of ``who``."""
    starts = np.concatenate(([True], who[1:] != who[:-1])) if len(who) else np.zeros(0, bool)
    begin = np.maximum.accumulate(np.where(starts, np.arange(len(who)), 0))
    return np.flatnonzero(np.arange(len(who)) - begin < most)


def _once(who: Ints, members: Ints) -> _Front:
    rows = np.unique(np.concatenate((who[:, None], members), axis=1), axis=0)
    return _Front(rows[:, 0], rows[:, 1:])


def _wider(beyond: PastCap, parents: _Front, open_to: Bools) -> _Front:
    """Every block with one neighbour more that is open to its platform and keeps it within its largest area."""
    who: list[Ints] = [np.zeros(0, np.int64)]
    size = parents.members.shape[1]
    members: list[Ints] = [np.zeros((0, size + 1), np.int64)]
    total = beyond.area[parents.members].sum(axis=1)
    for column in parents.members.T:
        degree = beyond.start[column + 1] - beyond.start[column]
        source = np.repeat(np.arange(len(column)), degree)
        other = beyond.adj[ranges(beyond.start[column], degree)].astype(np.int64)
        fits = open_to[parents.who[source], other]
        fits &= total[source] + beyond.area[other] <= beyond.area_max[parents.who[source]]
        fits &= (parents.members[source] != other[:, None]).all(axis=1)
        source, other = source[fits], other[fits]
        who.append(parents.who[source])
        members.append(np.sort(np.concatenate((parents.members[source], other[:, None]), axis=1), axis=1))
    return _once(np.concatenate(who), np.concatenate(members))


def _chosen(beyond: PastCap, blocks: Blocks, margin: Floats, prices: TierPrices) -> tuple[Blocks, bool]:
    """The best unlisted blocks of each platform, and whether one betters the relaxation."""
    order = np.lexsort((np.arange(len(blocks)), -margin, blocks.demand))
    order = order[_first(blocks.demand[order], 4 * NEW)]
    blocks, margin = blocks.at(order), margin[order]
    fresh = np.flatnonzero(beyond.unlisted(blocks))
    fresh = fresh[_first(blocks.demand[fresh], NEW)]
    least = 1e-9 * abs(prices.value) + 0.5 if prices.feasible else 1e-7
    return blocks.at(fresh), bool((margin[fresh] > least).any())
