"""Sites of platforms packed on free land by a beam: what a plan lacks of the bound is counted as it is made.

At prices whose bound is known a plan lacks of it: for every parcel left its price, for every row what is left of it at
its price, for every platform without a site what its best is worth, and for every site what it is below the best of its
platform. Parcels that cost something are looked at one after another, neighbours together: one is left, or a site that
fits covers it; then the platforms that still have nothing. So many of the beginnings that lack least are kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from landopt.solving.process.site_columns import Columns, Model, Prices, beaten, sited
from landopt.solving.programme.arrays import Floats, Ints

WIDTH = 200
"""Beginnings kept."""
CHOICE = 1_000
"""Sites of a platform that are tried (those that lack least), and on one parcel."""
COLUMNS = 200_000
"""Sites tried over all platforms, about."""
UNSPENT = 0.8
"""What is left of a row counts so much of its price: another site may use it, a parcel left alone is lost."""
JITTER = 1e-3
"""What sites lack is made more at random by so much of what a platform is worth, so that no two packings are alike."""


@dataclass(frozen=True)
class Packer:
    """The prices a plan is held against, and the order in which parcels are looked at.

    A parcel left costs at least ``floor`` of what the best platform is worth: land without a price is filled closely.
    """

    model: Model
    prices: Prices
    order: Ints
    floor: float = 0.0

    @staticmethod
    def of(model: Model, prices: Prices, floor: float = 0.0) -> Packer:
        """At prices of parcels and rows; what offers of no part bring is added to those of their parcels."""
        plain = replace(prices, parts=np.zeros(model.parts))
        single = np.zeros(model.count + 1)
        mine = model.listed.at(model.listed.part < 0)
        np.maximum.at(single, mine.members[:, 0], mine.reduced(plain))
        return Packer(model, replace(plain, parcels=plain.parcels + single[:-1]), _order(model), floor)

    def packed(self, here: Model, free: Ints, room: Floats, parts: Ints, draw: np.random.Generator | None) -> Columns:
        """Columns for ``parts`` on the ``free`` land of ``here`` that lack little, with the room left of the rows.

        What they lack is drawn a little higher at random where there is a ``draw``.
        """
        columns, best = self._near(here, parts, draw)
        lacks = np.maximum(0.0, np.append(best, 0.0)[columns.part] - columns.reduced(self.prices))
        if draw is not None:
            lacks += draw.exponential(JITTER * max(1.0, float(best.max())), len(columns))
        bits = _Bits.of(columns, self.model)
        beam = _Beam(columns, lacks, bits, room)
        least = self.floor * float(best.max(initial=0.0))
        price = np.append(np.where(free[:-1], np.maximum(self.prices.parcels, least), 0.0), 0.0)
        owner, at = np.nonzero(price[columns.members] > 1.0)
        land = columns.members[owner, at]
        by = np.lexsort((lacks[owner], land))
        owner, cuts = owner[by], np.searchsorted(land[by], np.arange(self.model.count + 1))
        for parcel in self.order[price[self.order] > 1.0].tolist():
            beam.step(parcel, price[parcel], owner[cuts[parcel] : cuts[parcel + 1]][:CHOICE])
        cheap = np.setdiff1d(np.arange(len(columns)), owner)
        for part in np.argsort(-best, kind="stable")[: np.count_nonzero(best > 0)].tolist():
            mine = cheap[columns.part[cheap] == part]
            beam.step(self.model.count + part, best[part], mine[np.argsort(lacks[mine], kind="stable")][:CHOICE])
        return columns.at(beam.taken(self.prices.rows * UNSPENT))

    def _near(self, here: Model, parts: Ints, draw: np.random.Generator | None) -> tuple[Columns, Floats]:
        """The columns of some parts that lack least, and the best of every part; of those alike some at random."""
        start, parcels, _ = here.sites
        out = beaten(here, self.prices)
        best = np.zeros(here.parts)
        found = [here.listed.at(np.append(parts, True)[here.listed.part])]
        worth = found[0].reduced(self.prices)
        np.maximum.at(best, found[0].part[found[0].part >= 0], worth[found[0].part >= 0])
        platforms = np.flatnonzero(parts[here.part])
        most = max(1, min(CHOICE, COLUMNS // max(1, len(platforms))))
        spread = JITTER * float(here.served.max(initial=0.0))
        alike = (draw or np.random.default_rng(0)).random(len(here.sites[2])) * spread
        sums: dict[int, Floats] = {}
        for place in platforms.tolist():
            low, high = here.windows[place][[0, 2]]
            mine = here.lists[place][low:high]
            for way in here.ways[place] if len(mine) else ():
                if way in out[here.ways[place]]:
                    continue
                if way not in sums:
                    sums[way] = np.add.reduceat(here.values(way, self.prices)[parcels], start[:-1])
                value = sums[way][mine] + here.served[place]
                count = min(most, len(value))
                other = alike[(mine + place * 7_919) % len(alike)]  # another choice for each platform
                at = np.argpartition(other - value, count - 1)[:count]
                at = at[value[at] > 0]
                best[here.part[place]] = max(best[here.part[place]], float(value.max()))
                size = len(at)
                found.append(sited(here, np.full(size, place), mine[at].astype(np.int64), np.full(size, way)))
        return Columns.joined(found), best


@dataclass(frozen=True)
class _Bits:
    """Parcels and parts (numbered after them) of columns as bits; what occurs in no column has none."""

    words: Ints
    number: Ints

    @staticmethod
    def of(columns: Columns, model: Model) -> _Bits:
        names = np.column_stack((columns.members, np.where(columns.part < 0, -1, columns.part + model.count)))
        names[:, :-1][columns.members == model.count] = -1
        known = np.unique(names[names >= 0])
        number = np.full(model.count + model.parts + 1, -1)
        number[known] = np.arange(len(known))
        words = np.zeros((len(columns), len(known) // 64 + 1), np.uint64)
        every = np.arange(len(columns))
        for name in names.T:
            at = number[name]
            words[every, at >> 6] |= np.where(at >= 0, np.uint64(1) << (at & 63).astype(np.uint64), np.uint64(0))
        return _Bits(words, number)

    def within(self, held: Ints, name: int) -> Ints:
        """Which of what is held has a parcel or part."""
        at = int(self.number[name])
        return np.asarray((held[:, at >> 6] >> np.uint64(at & 63) & np.uint64(1) > 0) & (at >= 0))


class _Beam:
    """Beginnings of plans: what each holds, the room it leaves, what it lacks, and how it came about."""

    def __init__(self, columns: Columns, each: Floats, bits: _Bits, room: Floats) -> None:
        self.columns, self.each, self.bits = columns, each, bits
        self.held = np.zeros((1, bits.words.shape[1]), np.uint64)
        self.room = room[None].copy()
        self.lacks = np.zeros(1)
        self.steps: list[tuple[Ints, Ints]] = []

    def step(self, name: int, price: float, tried: Ints) -> None:
        """A parcel or part is left at its price, where it is not held, or one of the columns tried takes it."""
        held = self.bits.within(self.held, name)
        if not len(tried):
            self.lacks += np.where(held, 0.0, price)
            return
        word, left = self.bits.words[tried], np.flatnonzero(~held)
        free = np.ones((len(left), len(tried)), bool)
        for at in np.flatnonzero(word.any(axis=0)).tolist():
            free &= (self.held[left, at][:, None] & word[:, at]) == 0
        who, which = np.nonzero(free)
        who, which = left[who], tried[which]
        fits = np.ones(len(who), bool)
        for row in np.flatnonzero(self.columns.coef[tried].any(axis=0)).tolist():
            fits &= self.columns.coef[which, row] <= self.room[who, row] + 1e-6
        who, which = who[fits], which[fits]
        parent = np.concatenate((np.arange(len(held)), who))
        column = np.concatenate((np.full(len(held), -1), which))
        lacks = np.concatenate((self.lacks + np.where(held, 0.0, price), self.lacks[who] + self.each[which]))
        if len(lacks) > WIDTH:
            keep = np.argpartition(lacks, WIDTH - 1)[:WIDTH]
            parent, column, lacks = parent[keep], column[keep], lacks[keep]
        self.held, self.room, self.lacks = self.held[parent], self.room[parent], lacks
        new = np.flatnonzero(column >= 0)
        self.held[new] |= self.bits.words[column[new]]
        self.room[new] -= self.columns.coef[column[new]]
        self.steps.append((parent, column))

    def taken(self, rows: Floats) -> Ints:
        """The columns of the beginning that lacks least, what is left of rows counted at prices."""
        at = int(np.argmin(self.lacks + self.room @ rows))
        out = []
        for parent, column in reversed(self.steps):
            if column[at] >= 0:
                out.append(int(column[at]))
            at = int(parent[at])
        return np.array(out, np.int64)


def _order(model: Model) -> Ints:
    """The parcels, neighbours after one another."""
    start, other = model.links
    seen = np.zeros(model.count, bool)
    out: list[int] = []
    for first in range(model.count):
        front = [] if seen[first] else [first]
        seen[first] = True
        while front:
            at = front.pop(0)
            out.append(at)
            fresh = [each for each in other[start[at] : start[at + 1]].tolist() if not seen[each]]
            seen[fresh] = True
            front += fresh
    return np.array(out, np.int64)
