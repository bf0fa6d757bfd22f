"""Sites of several parcels as columns: those worth having are found by prices, not by listing, and a plan of them.

What a parcel adds to a site is taken from the offers of that parcel alone,
so that the best sites at some prices are sums over parcels: every site of the map is looked at, none is an offer.
Prices come first from land as a whole (an area of each part of the map), then from parcels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from landopt.screening.entries import spans
from landopt.solving.programme.arrays import Floats, Ints
from landopt.solving.programme.silent_highs import live_highs

CLOSE = 1e-4
"""Prices are sought until the relaxation is this close to the bound of all sites (docs/performance.md: 1e-3)."""
ROUNDS = 120
"""The most times columns are sought."""
NEW = 10
"""Sites a platform may add in one round, each the best of those of about one area."""
STEP = 0.3
"""How far from the best prices known to those of the programme sites are sought; 1 took 25 s where this takes 6."""
NEAR = 1.2
"""Sites of up to so many times the least area are looked at in two rounds of three; all of them in the third."""
UNIT = 1_000.0
"""Millipoints in the programmes' unit."""


@dataclass(frozen=True)
class Model:
    """Land, rows and platforms. ``worth`` (ways, parcels) and ``coef`` (ways, rows, parcels) add up over a site.

    ``sites`` are (start, parcels, area); ``lists`` of each platform are all its sites by area, ``ways`` what it may be
    given them by; ``listed`` are columns that stand as they are.
    """

    area: Ints
    links: tuple[Ints, Ints]
    rhs: Floats
    sites: tuple[Ints, Ints, Ints]
    lists: tuple[Ints, ...]
    least: Ints
    most: Ints
    served: Floats
    part: Ints
    ways: tuple[tuple[int, ...], ...]
    worth: Floats
    coef: Floats
    listed: Columns
    parts: int

    @property
    def count(self) -> int:
        """The number of parcels."""
        return len(self.area)

    @cached_property
    def windows(self) -> Ints:
        """Of each platform where in its list its window begins, where land near its least area ends, and all."""
        areas = {id(each): self.sites[2][each] for each in self.lists}
        near = np.minimum(self.most, (self.least * NEAR).astype(np.int64))
        ends = np.column_stack((self.least, near + 1, self.most + 1))
        return np.array([np.searchsorted(areas[id(mine)], ends[at]) for at, mine in enumerate(self.lists)])

    def values(self, way: int, prices: Prices) -> Floats:
        """What each parcel adds to a site beyond the prices."""
        return np.asarray(self.worth[way] - prices.parcels - prices.rows @ self.coef[way], np.float64)

    def without(self, taken: Ints) -> Model:
        """The model on land of which some parcels are taken; numbers of sites change."""
        start, parcels, area = self.sites
        keep = ~np.logical_or.reduceat(taken[parcels], start[:-1]) if len(area) else np.zeros(0, bool)
        number = np.cumsum(keep) - 1
        sizes = np.diff(start)[keep]
        sites = np.concatenate(([0], np.cumsum(sizes))), parcels[spans(start[:-1][keep], sizes)], area[keep]
        known: dict[int, Ints] = {}
        for each in self.lists:
            if id(each) not in known:
                known[id(each)] = number[each[keep[each]]].astype(np.int32)
        return replace(self, sites=sites, lists=tuple(known[id(each)] for each in self.lists))


@dataclass(frozen=True)
class Prices:
    """Prices in millipoints: of parcels, of rows, of parts."""

    parcels: Floats
    rows: Floats
    parts: Floats


@dataclass(frozen=True)
class Columns:
    """Sites of platforms, or listed offers, n of them.

    The ``part`` of each (-1: none), ``members`` (n, width) filled up with the number of parcels, ``coef`` (n, rows),
    ``value`` in millipoints, ``place`` of the platform and ``way`` (-1, -1: listed).
    """

    part: Ints
    members: Ints
    coef: Floats
    value: Floats
    place: Ints
    way: Ints

    def __len__(self) -> int:
        return len(self.part)

    def at(self, rows: Any) -> Columns:
        """Some of them."""
        return Columns(*(getattr(self, name)[rows] for name in NAMES))

    def plus(self, other: Columns) -> Columns:
        """Both, one after the other."""
        return Columns.joined((self, other))

    @staticmethod
    def joined(all_of: Sequence[Columns]) -> Columns:
        """Some, one after the other."""
        return Columns(*(np.concatenate([getattr(each, name) for each in all_of]) for name in NAMES))

    def reduced(self, prices: Prices) -> Floats:
        """What each is worth beyond the prices."""
        land, parts = np.append(prices.parcels, 0.0), np.append(prices.parts, 0.0)
        return np.asarray(self.value - land[self.members].sum(axis=1) - self.coef @ prices.rows - parts[self.part])


NAMES = ("part", "members", "coef", "value", "place", "way")


def sited(model: Model, place: Ints, site: Ints, way: Ints) -> Columns:
    """Sites of platforms as columns."""
    start, parcels, _ = model.sites
    sizes = np.diff(start)[site]
    width = model.listed.members.shape[1]
    members = np.full((len(site), width), model.count, np.int64)
    members[np.repeat(np.arange(len(site)), sizes), spans(np.zeros(len(site), np.int64), sizes)] = parcels[
        spans(start[site], sizes)
    ]
    worth = np.pad(model.worth, ((0, 0), (0, 1)))[way[:, None], members].sum(axis=1)
    coef = np.zeros((len(site), len(model.rhs)))
    for each in np.unique(way).tolist():
        here = way == each
        coef[here] = np.pad(model.coef[each], ((0, 0), (0, 1)))[:, members[here]].sum(axis=2).T
    return Columns(model.part[place], members, coef, model.served[place] + worth, place, way)


class Programme:
    """A live linear programme over columns; parcels are rows by themselves or a class's area together."""

    def __init__(self, model: Model, *, classes: Ints | None = None) -> None:
        import highspy

        self.model = model
        self.row = np.append(np.arange(model.count) if classes is None else classes, -1)
        size = np.ones(model.count) if classes is None else model.area / max(1.0, float(model.area.mean()))
        self.size = np.append(size, 0.0)
        land = np.bincount(self.row[:-1], size)
        self.land = len(land)
        self.scale = np.maximum(1.0, np.abs(model.coef).max(axis=(0, 2), initial=1.0))
        self.highs = live_highs({"presolve": "off", "simplex_strategy": 4})
        self.highs.changeObjectiveSense(highspy.ObjSense.kMaximize)
        top = np.concatenate((land, np.ones(model.parts), model.rhs / self.scale))
        empty = np.zeros(0, np.int32)
        self.highs.addRows(len(top), np.full(len(top), -highspy.kHighsInf), top, 0, np.zeros(len(top), np.int32), empty,
                           np.zeros(0))  # fmt: skip

    def add(self, more: Columns) -> None:
        """More columns."""
        import highspy

        n, width = more.members.shape
        if not n:
            return
        head = self.land + self.model.parts
        at, row = np.nonzero(more.coef)
        has = np.flatnonzero(more.part >= 0)
        owner = np.concatenate((np.repeat(np.arange(n), width), has, at))
        index = np.concatenate((self.row[more.members].reshape(-1), self.land + more.part[has], head + row))
        value = np.concatenate(
            (self.size[more.members].reshape(-1), np.ones(len(has)), more.coef[at, row] / self.scale[row])
        )
        key = owner * (head + len(self.scale)) + index
        key, value = key[index >= 0], value[index >= 0]
        once, which = np.unique(key, return_inverse=True)
        value = np.bincount(which, value, len(once))
        owner, index = np.divmod(once, head + len(self.scale))
        start = np.searchsorted(owner, np.arange(n)).astype(np.int32)
        self.highs.addCols(n, more.value / UNIT, np.zeros(n), np.full(n, highspy.kHighsInf),
                           len(value), start, index.astype(np.int32), value)  # fmt: skip

    def run(self) -> tuple[float, Floats, Prices]:
        """The value, what is taken of each column, and the prices."""
        self.highs.run()
        found = self.highs.getSolution()
        dual = np.maximum(np.array(found.row_dual), 0.0) * UNIT
        head = self.land + self.model.parts
        prices = Prices(dual[self.row[:-1]] * self.size[:-1], dual[head:] / self.scale, dual[self.land : head])
        return self.highs.getInfo().objective_function_value * UNIT, np.array(found.col_value), prices


def best_sites(model: Model, prices: Prices, *, whole: bool, platforms: Ints, new: int = NEW) -> tuple[Columns, Floats]:
    """Sites that are worth most beyond prices (of each platform of about every area one), and the best of each."""
    start, parcels, _ = model.sites
    places, sites, chosen, gains = [], [], [], []
    best = np.zeros(len(platforms))
    sums: dict[int, Floats] = {}
    listed: dict[tuple[int, int], Floats] = {}
    worse = beaten(model, prices)
    for number, place in enumerate(platforms.tolist()):
        mine = model.lists[place]
        low, high = model.windows[place][[0, 2 if whole else 1]]
        for way in model.ways[place]:
            if high <= low or not worse[model.ways[place]].isdisjoint((way,)):
                continue
            if way not in sums:
                sums[way] = np.add.reduceat(model.values(way, prices)[parcels], start[:-1])
            if (way, id(mine)) not in listed:
                listed[way, id(mine)] = sums[way][mine]
            value = listed[way, id(mine)][low:high]
            count = min(new, len(value))
            step = len(value) // count
            at = value[: step * count].reshape(count, step).argmax(axis=1) + np.arange(count) * step
            best[number] = max(best[number], float(value.max()) + model.served[place])
            gain = value[at] + model.served[place] - prices.parts[model.part[place]]
            at = at[gain > 1e-6]
            places.append(np.full(len(at), place))
            sites.append(mine[low + at].astype(np.int64))
            chosen.append(np.full(len(at), way))
            gains.append(gain[gain > 1e-6])
    nothing = [np.zeros(0, np.int64)]
    found = sited(model, *(np.concatenate(each or nothing) for each in (places, sites, chosen)))
    return found, best


def beaten(model: Model, prices: Prices) -> dict[tuple[int, ...], set[int]]:
    """Of each choice of ways those that no parcel prefers to an earlier or better one."""
    found: dict[tuple[int, ...], set[int]] = {}
    for ways in set(model.ways):
        values = {way: model.values(way, prices) for way in ways}
        out: set[int] = set()
        for way in ways:
            if any(other not in out and other != way and (values[way] <= values[other] + 1e-9).all() for other in ways):
                out.add(way)
        found[ways] = out
    return found


def _keys(columns: Columns) -> Ints:
    """A number that tells columns apart."""
    draw = np.random.default_rng(1).integers(1, 1 << 62, 1 << 12)
    width = columns.members.shape[1]
    mixed = (columns.members * draw[:width] % ((1 << 61) - 1)).sum(axis=1)
    return np.asarray(mixed * 1_000_003 + columns.place * 4_099 + columns.way, np.int64)


def relaxed(model: Model, classes: Ints | None, centre: Prices | None, close: float) -> tuple[Columns, Prices, float]:
    """Columns that carry the relaxation over all sites, the best prices known, and the bound of those."""
    programme = Programme(model, classes=classes)
    held = model.listed
    programme.add(held)
    parts = np.zeros(model.parts)
    prices = centre or Prices(np.zeros(model.count), np.zeros(len(model.rhs)), parts)
    bound, known = np.inf, np.zeros(0, np.int64)
    best = prices
    platforms = np.arange(len(model.lists))
    for turn in range(ROUNDS):
        whole = turn % 3 == 0
        found, top = best_sites(model, replace(prices, parts=parts), whole=whole, platforms=platforms)
        reached = _bound(model, prices, platforms, top)
        if reached < bound:
            best = prices
            bound = reached if whole else bound
        keys = _keys(found)
        keys, first = np.unique(keys, return_index=True)
        first = first[~np.isin(keys, known)]
        known = np.concatenate((known, _keys(found.at(first))))
        programme.add(found.at(first))
        held = held.plus(found.at(first))
        value, _, dual = programme.run()
        if bound - value <= close * abs(value):
            break
        prices = Prices(
            *(STEP * getattr(dual, name) + (1 - STEP) * getattr(best, name) for name in ("parcels", "rows", "parts"))
        )
    return held, replace(best, parts=dual.parts), bound


def _bound(model: Model, prices: Prices, platforms: Ints, top: Floats) -> float:
    """What no plan is worth more than at some prices, if ``top`` is the best site of each platform."""
    plain = replace(prices, parts=np.zeros(model.parts))
    parts = np.zeros(model.parts)
    np.maximum.at(parts, model.part[platforms], top)
    worth = model.listed.reduced(plain)
    mine = model.listed.part >= 0
    np.maximum.at(parts, model.listed.part[mine], worth[mine])
    single = np.zeros(model.count + 1)
    np.maximum.at(single, model.listed.members[~mine, 0], worth[~mine])
    return float(prices.parcels.sum() + prices.rows @ model.rhs + parts.sum() + single[:-1].sum())
