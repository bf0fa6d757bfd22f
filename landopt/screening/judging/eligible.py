"""Who could use which site: hard filters, hopeful verdicts, connected sites shared by all platforms, area windows.

Parcels that no filter, no rule and no platform can tell apart form a class; each platform accepts a set of classes. The
connected sets of parcels are listed once for all platforms, kept by (mix of classes, number of parcels, area), and each
platform finds its own by binary search, so that the work grows with the sites it can use and not with those there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.entries import spans
from landopt.screening.law.arrays import classes, column
from landopt.screening.law.clauses import Voice
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.verdicts import FORBID, Law
from parcels.common.schema import Value
from parcels.geometry.sites import Sites, adjacency, shared_sites

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]

BUDGET = 20_000_000
"""The most connected sets listed for one round."""


@dataclass(frozen=True)
class Wish:
    """What a demand asks of a site; areas in m2; ``methods`` whether its rights allow each method."""

    uses: tuple[str, ...]
    districts: tuple[str, ...]
    zones: tuple[str, ...]
    near: tuple[tuple[str, int], ...]
    area_min: int
    area_max: int
    parcels: int
    methods: tuple[bool, ...]


def texts(value: Value) -> tuple[str, ...]:
    """A fact of codes or ids; unknown is empty."""
    return value if isinstance(value, tuple) else ()


def number(value: Value, unknown: int = 0) -> int:
    """An integer fact."""
    return value if isinstance(value, int) else unknown


def nearby(value: Value) -> tuple[tuple[str, int], ...]:
    """The points and metres of a ``near`` fact ("metro:500;port:2000")."""
    parts = value.split(";") if isinstance(value, str) else texts(value)
    found = (part.rpartition(":") for part in parts if part.strip())
    return tuple((point.strip(), int(metres)) for point, _, metres in found)


class Eligible:
    """The parcels and sites each demand could use, as far as filters and hopeful verdicts tell."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.sides: Sides = law.sides
        self.case = self.sides.case
        self.candidate = self._candidates()
        self.wishes = [self._wish(row) for row in range(len(self.sides.demands))]
        self.parcel_class, self.class_faces = self._parcel_classes()
        self.law_classes = len(self.class_faces)
        self._hopes: dict[tuple[object, ...], NDArray[np.int8]] = {}
        self.mix_accepts: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self.capped = False

    def _candidates(self) -> Bools:
        """Candidate and failed parcels, and locked ones that are not decided yet."""
        named = {name for rule in self.case.rules if rule.kind == "lock" for name in rule.spec["parcels"]}
        status = self.case.parcels.column("status")
        return np.array(
            [
                state in (None, "candidate", "failed") or (state not in ("announced", "contracted") and name in named)
                for name, state in zip(self.case.parcels.ids, status, strict=True)
            ],
            bool,
        )

    def _wish(self, row: int) -> Wish:
        facts = self.sides.demands[row]
        rights = texts(facts.get("want_right"))
        return Wish(
            texts(facts.get("uses")),
            texts(facts.get("districts")),
            texts(facts.get("zones")),
            nearby(facts.get("near")),
            number(facts.get("area_min_m2")),
            number(facts.get("area_max_m2")),
            number(facts.get("max_parcels")) or 1,
            tuple(not rights or method.right in rights for method in self.case.methods),
        )

    def _parcel_classes(self) -> tuple[Ints, list[tuple[int, ...]]]:
        """The law's class of each parcel; a mixed one has a class made of those of its uses, the dominant first."""
        face_class = self.law.grid.face_class
        made: list[tuple[int, ...]] = [(number,) for number in range(self.law.grid.face_first.size)]
        found = face_class[: self.sides.count].copy()
        lead: dict[int, int] = {}
        rest: dict[int, set[int]] = {}
        for at, (row, _) in enumerate(self.sides.mixed):
            face = self.sides.count + at
            if self.sides.leads[face]:
                lead[row] = int(face_class[face])
            else:
                rest.setdefault(row, set()).add(int(face_class[face]))
        known: dict[tuple[int, ...], int] = {}
        for row, first in lead.items():
            mix = (first, *sorted(rest.get(row, ())))
            if mix not in known:
                known[mix] = len(made)
                made.append(mix)
            found[row] = known[mix]
        return found.astype(np.int32), made

    # -- hopeful verdicts --------------------------------------------------------------------------------------------

    def hope(self, voices: Sequence[Voice]) -> NDArray[np.int8]:
        """(law classes, methods) the best verdict any state of a site could give the strictest of some voices."""
        best = [self._hope(voice) for voice in voices]
        return np.asarray(np.maximum.reduce(best), np.int8)

    def _hope(self, voice: Voice) -> NDArray[np.int8]:
        key = (voice.key, voice.filed, voice.market)
        if key not in self._hopes:
            count = self.law.grid.face_first.size
            columns = []
            for method in self.law.methods:
                said = self.law.verdict(voice, method, hopeful=True).reshape(-1)
                columns.append(np.broadcast_to(said, count))
            faces = np.stack(columns, axis=1)
            mixed = [faces[list(mix)].max(axis=0) for mix in self.class_faces[count:]]
            self._hopes[key] = np.concatenate((faces, np.array(mixed, np.int8).reshape(-1, len(columns))))
        return self._hopes[key]

    def of_market(self) -> tuple[Ints, Bools]:
        """The parcels that may be offered openly, and the methods."""
        market = self.case.market
        if market is None:
            return np.zeros(0, np.int64), np.zeros(len(self.law.methods), bool)
        use = self.sides.parcel("use")
        fits = np.zeros(self.sides.count, bool) if use is None else use.truth(lambda value: value in market.uses) == 2
        methods = np.array([m.competitive and m.id in market.methods for m in self.law.methods], bool)
        voices, _ = self.law.voices(None)
        possible = (self.hope(voices)[:, methods] < FORBID).any(axis=1)
        return np.flatnonzero(self.candidate & fits & possible[self.parcel_class]), methods

    # -- sites -------------------------------------------------------------------------------------------------------

    def list_sites(self, voices: Sequence[tuple[tuple[Voice, ...], dict[int, tuple[Voice, ...]]]]) -> Sites:
        """All sites that some demand could use, and the market's parcels; sorted by bucket, then area."""
        self._classes(voices)
        area = self.sides.area
        singles = self._shared(np.ones(len(self.wishes), bool), 1, None)
        most = max((wish.parcels for wish in self.wishes), default=1)
        several = np.array([wish.parcels > 1 for wish in self.wishes], bool)
        if most > 1 and several.any():
            start, adj = adjacency(self.case.neighbours, self.sides.count)
            groups = self._shared(several, most, (start, adj))
        else:
            groups = None
        found = [singles] if groups is None else [singles, groups]
        least = min((wish.area_min for wish in self.wishes), default=0)
        market, _ = self.of_market()
        return self._gather(found, least, market, area)

    def _classes(self, voices: Sequence[tuple[tuple[Voice, ...], dict[int, tuple[Voice, ...]]]]) -> None:
        """Classes of parcels no demand can tell apart, and which of them each demand accepts."""
        sides = self.sides
        special = np.zeros(sides.count, np.int64)
        for place, row in enumerate(sorted({row for _, single in voices for row in single})):
            special[row] = place + 1
        names = ("use", "district", "zone")
        columns = [sides.parcel(name) or column((None,) * sides.count) for name in names]
        filters, first = classes(found.codes for found in columns)
        self._filter_rows = {name: found.take(first) for name, found in zip(names, columns, strict=True)}
        whole, rows = classes((filters, self.parcel_class, special))
        kinds: dict[tuple[object, ...], int] = {}
        accepted: list[Bools] = []
        self.kind = np.zeros(len(self.wishes), np.int64)
        by_filter: dict[tuple[object, ...], Bools] = {}
        for demand, (own, single) in enumerate(voices):
            wish = self.wishes[demand]
            said = tuple((voice.key, voice.filed) for voice in own)
            filter_key = (wish.uses, wish.districts, wish.zones)
            key = (said, filter_key, wish.methods, demand if single else -1)
            if key not in kinds:
                if filter_key not in by_filter:
                    by_filter[filter_key] = self._fits(wish)
                usable = (self.hope(own)[:, list(wish.methods)] < FORBID).any(axis=1)
                good = by_filter[filter_key][filters[rows]] & usable[self.parcel_class[rows]]
                for row, others in single.items():
                    here = whole[row]
                    open_ = (self.hope(others)[self.parcel_class[row]][list(wish.methods)] < FORBID).any()
                    good[here] = by_filter[filter_key][filters[row]] & open_
                kinds[key] = len(accepted)
                accepted.append(good)
            self.kind[demand] = kinds[key]
        self.accepts = np.array(accepted, bool).reshape(len(accepted), rows.size)
        self.site_class = np.where(self.candidate, whole, -1).astype(np.int32)

    def _fits(self, wish: Wish) -> Bools:
        """Over classes of (use, district, zone): the hard filters of a wish."""
        rows = self._filter_rows
        good = rows["use"].truth(lambda value: value in wish.uses) == 2
        if wish.districts:
            good &= rows["district"].truth(lambda value: value in wish.districts) == 2
        if wish.zones:
            good &= rows["zone"].truth(lambda value: not set(wish.zones).isdisjoint(value)) == 2
        return np.asarray(good, bool)

    def _shared(self, who: Bools, most: int, links: tuple[Ints, Ints] | None) -> tuple[Sites, NDArray[np.uint8]]:
        """Connected sets that the chosen demands accept: with ``links`` of two parcels and more, else single ones."""
        count = self.accepts.shape[1]
        kinds = np.unique(self.kind[who])
        bits = np.zeros((count, len(self.accepts)), bool)
        bits[:, kinds] = self.accepts[kinds].T
        packed = np.packbits(bits, axis=1) if len(self.accepts) else np.zeros((count, 1), np.uint8)
        limit = [
            max(
                (wish.area_max for wish, here in zip(self.wishes, who, strict=True) if here and wish.parcels >= size),
                default=0,
            )
            for size in range(1, most + 1)
        ]
        start, adj = links or (np.zeros(self.sides.count + 1, np.int64), np.zeros(0, np.int32))
        found = shared_sites(start, adj, self.site_class, packed, self.sides.area, limit, BUDGET)
        self.capped = self.capped or found.capped
        table = [np.bitwise_and.reduce(packed[list(mix)], axis=0) for mix in found.mixes]
        return found, np.array(table, np.uint8).reshape(len(found.mixes), packed.shape[1])

    def _gather(self, found: Sequence[tuple[Any, NDArray[np.uint8]]], least: int, market: Ints, area: Ints) -> Sites:
        starts, members, areas, buckets = [], [], [], []
        mixes = 0
        accepts: list[NDArray[np.uint8]] = []
        most = max((wish.parcels for wish in self.wishes), default=1) + 1
        for at, (sites, table) in enumerate(found):
            sizes = np.diff(sites.start)
            keep = np.flatnonzero((sites.area >= least) & ((sizes > 1) if at else (sizes == 1)))
            starts.append(sizes[keep])
            members.append(sites.parcels[spans(sites.start[keep], sizes[keep])])
            areas.append(sites.area[keep])
            buckets.append((sites.mix[keep].astype(np.int64) + mixes) * most + sizes[keep])
            mixes += len(table)
            accepts.append(table)
        single = np.zeros(self.sides.count, bool)
        single[members[0]] = True
        extra = market[~single[market]]
        starts.append(np.ones(extra.size, np.int64))
        members.append(extra.astype(np.int32))
        areas.append(area[extra])
        buckets.append(np.full(extra.size, mixes * most + 1, np.int64))
        self.mix_accepts = np.ascontiguousarray(np.concatenate(accepts).T)
        sizes, bucket, total = np.concatenate(starts), np.concatenate(buckets), np.concatenate(areas)
        order = np.lexsort((total, bucket))
        start = np.concatenate(([0], np.cumsum(sizes)))
        rows = np.concatenate(members)[spans(start[:-1][order], sizes[order])]
        self._index(bucket[order], total[order], most)
        return Sites(np.concatenate(([0], np.cumsum(sizes[order]))), rows, total[order], self.capped)

    def _index(self, bucket: Ints, total: Ints, most: int) -> None:
        """Buckets in order, with their mix, number of parcels, range of areas and place among the sites."""
        self._shift = int(total.max(initial=0)) + 1
        self._keys = bucket * self._shift + total
        self._buckets, first = np.unique(bucket, return_index=True)
        ends = np.append(first, bucket.size)
        self._low, self._high = total[first], total[ends[1:] - 1] if bucket.size else total
        self._mix, self._size = self._buckets // most, self._buckets % most

    def sites_of(self, demand: int, buckets: Ints | None = None) -> Ints:
        """The numbers of the sites a demand could use by class, number of parcels and area window."""
        wish = self.wishes[demand]
        here = self.buckets_of(int(self.kind[demand])) if buckets is None else buckets
        fits = (
            (self._size[here] <= wish.parcels)
            & (self._low[here] <= wish.area_max)
            & (self._high[here] >= wish.area_min)
        )
        base = self._buckets[here[fits]] * self._shift
        low = np.searchsorted(self._keys, base + wish.area_min)
        high = np.searchsorted(self._keys, base + min(wish.area_max, self._shift - 1), side="right")
        return spans(low, np.maximum(high - low, 0))

    def buckets_of(self, kind: int) -> Ints:
        """The buckets whose mix of classes a kind of demand accepts."""
        bits = self.mix_accepts[kind >> 3] >> np.uint8(7 - (kind & 7)) & np.uint8(1)
        real = np.append(bits, 0)[np.minimum(self._mix, bits.size)]
        return np.flatnonzero(real)

    def demands_by_kind(self) -> Iterator[tuple[int, Ints]]:
        """Kinds of demands with their demands."""
        order = np.argsort(self.kind, kind="stable")
        if order.size:
            cuts = np.flatnonzero(np.diff(self.kind[order])) + 1
            for group in np.split(order, cuts):
                yield int(self.kind[group[0]]), group
