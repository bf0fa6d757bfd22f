"""Sites beyond a cap: what a block of parcels would be worth to a platform at given prices, and adding some to a list.

A list that a cap cut short knows its platforms (:attr:`Beyond.demands`). A block is judged, priced, scored and put into
rows by the same tables as every listed offer, so that its value is exact; the search itself is
:mod:`landopt.solving.site_search`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from constraints.case import Case
from constraints.types import Row
from landopt.screening.blocks import Blocks, Bools, Floats, Ints, Rates, Singles, joined
from landopt.screening.build import Builder, Progress
from landopt.screening.entries import spans
from landopt.screening.judging.offer_verdicts import Others
from landopt.screening.law.kept import Kept
from landopt.screening.offers import Offers
from landopt.screening.store import Block
from parcels.geometry.sites import Sites, adjacency, connected_sites

GROUP = 30_000
"""About as many blocks are judged at a time."""


class Beyond:
    """The platforms whose sites were cut short, and what lies past the cut."""

    def __init__(self, builder: Builder, others: Others | None, more: Iterable[int] = ()) -> None:
        self.builder, self.others = builder, others
        self.demands: tuple[int, ...] = tuple(sorted({*builder.cut, *more}))
        self.valued = 0
        start, adj = adjacency(builder.case.neighbours, builder.sides.count)
        self.start: Ints = start
        self.adj: Ints = adj
        self.area: Ints = builder.sides.area
        wishes = [builder.eligible.wishes[row] for row in self.demands]
        self.area_min: Ints = np.array([wish.area_min for wish in wishes], np.int64)
        self.area_max: Ints = np.array([wish.area_max for wish in wishes], np.int64)
        self.most: Ints = np.array([wish.parcels for wish in wishes], np.int64)

    def besides(self, demands: Iterable[int]) -> Beyond:
        """The same with platforms besides whose lists are whole."""
        return Beyond(self.builder, self.others, demands)

    def counted(self, most: int) -> tuple[Blocks, set[int]]:
        """Where the map as a whole was cut short: the blocks of the platforms below the cap, and which those are.

        Each is enumerated by itself, to the round's ``site_cap``, as the audit counts; in all about ``most`` blocks.
        """
        found: list[Blocks] = []
        whole: set[int] = set()
        cap = self.builder.case.settings.site_cap
        if not self.builder.listed.capped:
            return joined(found), whole
        for place, (demand, mine) in enumerate(zip(self.demands, self.open_to(), strict=True)):
            window = int(self.area_min[place]), int(self.area_max[place]), int(self.most[place])
            sites = connected_sites(self.start, self.adj, mine, self.area, *window, min(cap, most))
            most -= len(sites)
            if not sites.capped:
                whole.add(demand)
                found.append(Blocks(np.full(len(sites), demand), sites.start, sites.parcels))
            if most <= 0:
                break
        return joined(found), whole

    def served(self, tiers: Floats) -> Floats:
        """What serving each of :attr:`demands` is worth by itself."""
        tier = next((at for at, names in enumerate(self.builder.case.objective.tiers) if "served" in names), 0)
        points = self.builder.tables.points
        return np.asarray(tiers[tier] * float(points.weight["served"]) * points.served[list(self.demands)], np.float64)

    def open_to(self) -> Bools:
        """(demands, parcels) which parcels a site of each of :attr:`demands` may hold, by filters and hopeful law."""
        kinds = self.builder.listed.kinds
        rows = kinds.kind[list(self.demands)]
        mine = kinds.accepts[rows][:, np.maximum(kinds.site_class, 0)] & (kinds.site_class >= 0)
        return np.asarray(mine & (self.area <= self.area_max[:, None]))

    def worth(self, blocks: Blocks, rates: Rates) -> Floats:
        """The best any lawful offer on each block is worth beyond the rates; -inf where none is lawful.

        The area window of the platform is not asked: a block may still grow.
        """
        best = np.full(len(blocks), -np.inf)
        for at, block, probe, sites in self._offers_on(blocks):
            land = np.add.reduceat(rates.parcels[sites.parcels], sites.start[:-1])
            used = probe.entries(block).use(_by_number(probe.tables.rows.number, rates.rows))
            np.maximum.at(best, at, rates.tiers @ block.score - used - land[block.columns["site"]])
        return best

    def _offers_on(self, blocks: Blocks) -> Iterator[tuple[Ints, Block, Builder, Sites]]:
        """Every lawful offer on some blocks, a group at a time, and which of the blocks each is on."""
        if not len(blocks):
            return
        self.valued += len(blocks)
        sites, number = _distinct(blocks, self.area)
        probe = self.builder.on(sites, {})
        ways = np.ones(len(self.builder.case.methods), bool)
        key = blocks.demand * len(sites) + number
        order = np.argsort(key, kind="stable")
        for first in range(0, order.size, GROUP):
            here = order[first : first + GROUP]
            cuts = np.flatnonzero(np.diff(blocks.demand[here])) + 1
            group = [(int(blocks.demand[each[0]]), number[each]) for each in np.split(here, cuts)]
            block = probe.block(probe.judged(group, self.others, ways), self.others)
            found = np.searchsorted(key[here], block.columns["demand"] * len(sites) + block.columns["site"])
            yield here[found], block, probe, sites

    def singles(self, rows: Sequence[Row]) -> Singles:
        """What each parcel by itself would bring each of :attr:`demands`, and what it counts in the rows given."""
        place, parcel = np.nonzero(self.open_to())
        who = np.array(self.demands, np.int64)[place]
        blocks = Blocks(who, np.arange(len(who) + 1), parcel.astype(np.int32))
        known = {(row.rule, row.key): at for at, row in enumerate(rows)}
        found: list[tuple[Ints, ...]] = []
        count = 0
        for at, block, probe, _ in self._offers_on(blocks):
            names = probe.tables.rows.number
            number = np.full(len(names) + 1, -1, np.int64)
            number[list(names.values())] = [known.get(key, -1) for key in names]
            start, row, coef = probe.entries(block).of(np.arange(len(at)))
            owner, row = np.repeat(np.arange(len(at)), np.diff(start)), number[row]
            found.append((place[at], parcel[at], block.columns["method"], block.columns["period"], block.score[0],
                          owner[row >= 0] + count, row[row >= 0], coef[row >= 0]))  # fmt: skip
            count += len(at)
        nothing = [(np.zeros(0, np.int64),) * 8]
        return Singles(*(np.concatenate(each) for each in zip(*(found or nothing), strict=True)))

    def lists(self) -> list[Ints]:
        """For each of :attr:`demands` the numbers of all its sites, by area; none where not every site is listed."""
        if self.builder.listed.capped:
            return []
        made: dict[tuple[int, int], Ints] = {}
        out = []
        for demand, most in zip(self.demands, self.most.tolist(), strict=True):
            key = int(self.builder.listed.kinds.kind[demand]), most
            if key not in made:
                mine = self.builder.listed.accepted(*key)
                made[key] = mine[np.argsort(self.sites.area[mine], kind="stable")].astype(np.int32)
            out.append(made[key])
        return out

    @property
    def sites(self) -> Sites:
        """All sites listed for the map, whatever the cap on those of a platform."""
        return self.builder.listed.sites

    def unlisted(self, blocks: Blocks) -> Bools:
        """Which blocks are not on the list of their platform."""
        number = self._numbers(blocks)
        found = number < 0
        for demand in np.unique(blocks.demand).tolist():
            here = np.flatnonzero(blocks.demand == demand)
            found[here] |= ~np.isin(number[here], self.builder.candidates(demand))
        return found

    def added(self, blocks: Blocks, whole: set[int] | None = None) -> Offers:
        """All lawful offers once more, with those on the blocks; the lists of ``whole`` demands are then complete."""
        self.builder.whole |= whole or set()
        sites = every = self.builder.sites
        number = self._numbers(blocks)
        new = np.flatnonzero(number < 0)
        if new.size:
            fresh, place = _distinct(blocks.at(new), self.area)
            number[new] = len(sites) + place
            every = Sites(
                np.concatenate((sites.start, sites.start[-1] + fresh.start[1:])),
                np.concatenate((sites.parcels, fresh.parcels)),
                np.concatenate((sites.area, fresh.area)),
                sites.capped,
            )
        extra = dict(self.builder.extra)
        for demand in np.unique(blocks.demand).tolist():
            here = np.unique(number[blocks.demand == demand])
            more = np.setdiff1d(here, self.builder.candidates(demand))
            extra[demand] = np.concatenate((extra.get(demand, more[:0]), more))
        return _with_cut_lists(self.builder.on(every, extra))

    def _numbers(self, blocks: Blocks) -> Ints:
        """The number of each block among the sites, -1 where it is none of them."""
        sites = self.builder.sites
        if not len(blocks) or not len(sites):
            return np.full(len(blocks), -1, np.int64)
        draw = np.random.default_rng(0).integers(1, 1 << 63, self.area.size, np.uint64)
        table = np.add.reduceat(draw[sites.parcels], sites.start[:-1])
        mine = np.add.reduceat(draw[blocks.parcels], blocks.start[:-1])
        hits = np.flatnonzero(np.isin(table, mine))
        known = {tuple(sites.parcels[sites.start[at] : sites.start[at + 1]].tolist()): at for at in hits.tolist()}
        rows, cuts = blocks.parcels.tolist(), blocks.start.tolist()
        return np.array(
            [known.get(tuple(rows[a:b]), -1) for a, b in itertools.pairwise(cuts)],
            np.int64,
        )


def _distinct(blocks: Blocks, area: Ints) -> tuple[Sites, Ints]:
    """The sites of some blocks, each once, and the number of each block's site."""
    sizes = np.diff(blocks.start)
    wide = np.full((sizes.size, int(sizes.max())), -1, np.int64)
    wide[np.repeat(np.arange(sizes.size), sizes), spans(np.zeros(sizes.size, np.int64), sizes)] = blocks.parcels
    rows, number = np.unique(wide, axis=0, return_inverse=True)
    inside = rows >= 0
    members = rows[inside].astype(np.int32)
    start = np.concatenate(([0], np.cumsum(inside.sum(axis=1))))
    total = np.add.reduceat(area[members], start[:-1])
    return Sites(start, members, np.asarray(total, np.int64)), number.reshape(-1)


def _by_number(
    numbers: Mapping[tuple[str, tuple[str, ...]], int], prices: Mapping[tuple[str, tuple[str, ...]], float]
) -> Floats:
    """The price of every provisional row number."""
    found = np.zeros(len(numbers) + 1)
    for key, at in numbers.items():
        if at >= 0:
            found[at] = prices.get(key, 0.0)
    return found


def build_offers(
    case: Case, *, progress: Progress | None = None, kept: Kept | None = None, keep: int | None = None
) -> Offers:
    """All lawful offers of a case, in order; the same case gives the same arrays.

    Parameters
    ----------
    case
        Facts, rules and settings.
    progress
        Called with ("offers", demands done, demands).
    kept
        What the law said in like rounds, and where what it says here is kept.
    keep
        The most sites left to a platform past the cap (None: as many as the cap).

    Raises
    ------
    Refused
        If a coefficient would not be below 10^12.
    """
    return _with_cut_lists(Builder(case, progress, kept, keep))


def _with_cut_lists(builder: Builder) -> Offers:
    offers = builder.build()
    return replace(offers, beyond=Beyond(builder, builder.others)) if builder.cut else offers
