"""Connected sites shared by all platforms, and which of them each platform could use.

Parcels that no filter, no rule and no platform can tell apart form a class; each platform accepts a set of classes. The
connected sets of parcels are listed once for all platforms, kept by (mix of classes, number of parcels, area), and each
platform finds its own by binary search, so that the work grows with the sites it can use and not with those there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landopt.screening.entries import spans
from landopt.screening.judging.eligible import Bools, Eligible, Ints, Wish
from landopt.screening.law.arrays import classes, column
from landopt.screening.law.clauses import Voice
from landopt.screening.law.verdicts import FORBID
from parcels.geometry.sites import Sites, adjacency, shared_sites

BUDGET = 20_000_000
"""The most connected sets listed for one round."""
Voices = Sequence[tuple[tuple[Voice, ...], dict[int, tuple[Voice, ...]]]]
Listed = tuple[Sites, NDArray[np.uint8], Ints]
"""Sites, the packed bits of the kinds that accept each mix of classes, and the mix of each site."""


@dataclass(frozen=True)
class Kinds:
    """Demands of one kind accept the same classes of parcels.

    ``kind`` (demands,); ``accepts`` (kinds, classes); ``site_class`` (parcels,), -1 where a parcel is no candidate.
    """

    kind: Ints
    accepts: Bools
    site_class: Ints


class SiteList:
    """All sites that some demand could use, and the market's parcels; sorted by bucket, then area."""

    def __init__(self, eligible: Eligible, voices: Voices) -> None:
        self.eligible, self.wishes = eligible, eligible.wishes
        self.kinds = kinds_of(eligible, voices)
        parts = [self._shared(np.ones(len(self.wishes), bool), 1, None)]
        most = max((wish.parcels for wish in self.wishes), default=1)
        several = np.array([wish.parcels > 1 for wish in self.wishes], bool)
        if most > 1 and several.any():
            links = adjacency(eligible.case.neighbours, eligible.sides.count)
            parts.append(self._shared(several, most, links))
        self.capped = any(sites.capped for sites, _, _ in parts)
        self.mix_accepts = np.ascontiguousarray(np.concatenate([table for _, table, _ in parts]).T)
        self.sites, bucket = self._gather(parts, most + 1)
        total = self.sites.area
        self._shift = int(total.max(initial=0)) + 1
        self._keys = bucket * self._shift + total
        self._buckets, first = np.unique(bucket, return_index=True)
        ends = np.append(first, bucket.size)
        self._low, self._high = total[first], total[ends[1:] - 1] if bucket.size else total
        self._mix, self._size = self._buckets // (most + 1), self._buckets % (most + 1)

    def _shared(self, who: Bools, most: int, links: tuple[Ints, Ints] | None) -> Listed:
        """Connected sets that the chosen demands accept: with ``links`` of two parcels and more, else single ones."""
        kinds, accepts = self.kinds, self.kinds.accepts
        chosen = np.unique(kinds.kind[who])
        bits = np.zeros((accepts.shape[1], len(accepts)), bool)
        bits[:, chosen] = accepts[chosen].T
        packed = np.packbits(bits, axis=1) if len(accepts) else np.zeros((accepts.shape[1], 1), np.uint8)
        limit = [
            max(
                (wish.area_max for wish, here in zip(self.wishes, who, strict=True) if here and wish.parcels >= size),
                default=0,
            )
            for size in range(1, most + 1)
        ]
        sides = self.eligible.sides
        start, adj = links or (np.zeros(sides.count + 1, np.int64), np.zeros(0, np.int32))
        found = shared_sites(start, adj, kinds.site_class, packed, sides.area, limit, BUDGET)
        table = [np.bitwise_and.reduce(packed[list(mix)], axis=0) for mix in found.mixes]
        made = np.array(table, np.uint8).reshape(len(found.mixes), packed.shape[1])
        return Sites(found.start, found.parcels, found.area, found.capped), made, found.mix.astype(np.int64)

    def _gather(self, parts: Sequence[Listed], step: int) -> tuple[Sites, Ints]:
        """The sites that are large enough and the market's other parcels, in order, and the bucket of each."""
        least = min((wish.area_min for wish in self.wishes), default=0)
        starts, members, areas, buckets = [], [], [], []
        mixes = 0
        for at, (sites, table, mix) in enumerate(parts):
            sizes = np.diff(sites.start)
            keep = np.flatnonzero((sites.area >= least) & ((sizes > 1) if at else (sizes == 1)))
            starts.append(sizes[keep])
            members.append(sites.parcels[spans(sites.start[keep], sizes[keep])])
            areas.append(sites.area[keep])
            buckets.append((mix[keep] + mixes) * step + sizes[keep])
            mixes += len(table)
        single = np.zeros(self.eligible.sides.count, bool)
        single[members[0]] = True
        market, _ = self.eligible.of_market()
        extra = market[~single[market]]
        starts.append(np.ones(extra.size, np.int64))
        members.append(extra.astype(np.int32))
        areas.append(self.eligible.sides.area[extra])
        buckets.append(np.full(extra.size, mixes * step + 1, np.int64))
        sizes, bucket, total = np.concatenate(starts), np.concatenate(buckets), np.concatenate(areas)
        order = np.lexsort((total, bucket))
        start = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.concatenate(members)[spans(start[:-1][order], sizes[order])]
        sites = Sites(np.concatenate(([0], np.cumsum(sizes[order]))), rows, total[order], self.capped)
        return sites, bucket[order]

    def sites_of(self, demand: int, buckets: Ints | None = None) -> Ints:
        """The numbers of the sites a demand could use by class, number of parcels and area window."""
        wish = self.wishes[demand]
        here = self.buckets_of(int(self.kinds.kind[demand])) if buckets is None else buckets
        fits = (
            (self._size[here] <= wish.parcels)
            & (self._low[here] <= wish.area_max)
            & (self._high[here] >= wish.area_min)
        )
        base = self._buckets[here[fits]] * self._shift
        low = np.searchsorted(self._keys, base + wish.area_min)
        high = np.searchsorted(self._keys, base + min(wish.area_max, self._shift - 1), side="right")
        return spans(low, np.maximum(high - low, 0))

    def accepted(self, kind: int, most: int) -> Ints:
        """The numbers of all sites of up to ``most`` parcels that a kind of demand accepts, whatever their area."""
        here = self.buckets_of(kind)
        base = self._buckets[here[self._size[here] <= most]] * self._shift
        low, high = np.searchsorted(self._keys, base), np.searchsorted(self._keys, base + self._shift)
        return spans(low, high - low)

    def buckets_of(self, kind: int) -> Ints:
        """The buckets whose mix of classes a kind of demand accepts."""
        bits = self.mix_accepts[kind >> 3] >> np.uint8(7 - (kind & 7)) & np.uint8(1)
        real = np.append(bits, 0)[np.minimum(self._mix, bits.size)]
        return np.flatnonzero(real)


def kinds_of(eligible: Eligible, voices: Voices) -> Kinds:
    """Classes of parcels no demand can tell apart, and which of them each demand accepts."""
    sides = eligible.sides
    special = np.zeros(sides.count, np.int64)
    for place, row in enumerate(sorted({row for _, single in voices for row in single})):
        special[row] = place + 1
    names = ("use", "district", "zone")
    columns = [sides.parcel(name) or column((None,) * sides.count) for name in names]
    filters, first = classes(found.codes for found in columns)
    facts = [found.take(first) for found in columns]
    whole, rows = classes((filters, eligible.parcel_class, special))

    def fits(wish: Wish) -> Bools:
        """Over classes of (use, district, zone): the hard filters of a wish."""
        use, district, zone = facts
        good = use.truth(lambda value: value in wish.uses) == 2
        if wish.districts:
            good &= district.truth(lambda value: value in wish.districts) == 2
        if wish.zones:
            good &= zone.truth(lambda value: not set(wish.zones).isdisjoint(value)) == 2
        return np.asarray(good, bool)

    known: dict[tuple[object, ...], int] = {}
    accepted: list[Bools] = []
    kind = np.zeros(len(eligible.wishes), np.int64)
    by_filter: dict[tuple[object, ...], Bools] = {}
    for demand, (own, single) in enumerate(voices):
        wish = eligible.wishes[demand]
        ways = list(wish.methods)
        filter_key = (wish.uses, wish.districts, wish.zones)
        key = (tuple((v.key, v.filed) for v in own), filter_key, wish.methods, demand if single else -1)
        if key not in known:
            mine = by_filter[filter_key] if filter_key in by_filter else fits(wish)
            by_filter[filter_key] = mine
            usable = (eligible.hope(own)[:, ways] < FORBID).any(axis=1)
            good = mine[filters[rows]] & usable[eligible.parcel_class[rows]]
            for row, others in single.items():
                open_ = (eligible.hope(others)[eligible.parcel_class[row]][ways] < FORBID).any()
                good[whole[row]] = mine[filters[row]] & open_
            known[key] = len(accepted)
            accepted.append(good)
        kind[demand] = known[key]
    accepts = np.array(accepted, bool).reshape(len(accepted), rows.size)
    return Kinds(kind, accepts, np.where(eligible.candidate, whole, -1).astype(np.int32))
