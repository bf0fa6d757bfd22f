"""All lawful offers of a case: screened, priced, scored and put into rows, a group of demands at a time."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case
from landopt.screening.coefficients import Coefficients
from landopt.screening.compactness import compactness
from landopt.screening.entries import Entries, spans
from landopt.screening.judging.condition_bits import Marks
from landopt.screening.judging.eligible import Eligible
from landopt.screening.judging.offer_verdicts import MARKET, Judge, JudgeBasis, Judged, Others
from landopt.screening.judging.points import Points
from landopt.screening.judging.site_list import SiteList
from landopt.screening.judging.verdict_tables import Panel
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.kept import Kept
from landopt.screening.law.verdicts import Law
from landopt.screening.limits import Rows, conditions
from landopt.screening.offer_facts import Facts
from landopt.screening.offers import Offers
from landopt.screening.store import KINDS, Block, Store
from parcels.geometry.sites import Sites

Ints = NDArray[np.integer[Any]]
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]
PAIRS = 30_000
"""About as many pairs of site and demand are judged at a time."""


@dataclass(frozen=True)
class Tables:
    """What offers on some sites are made with: the law's tables, points, bits of conditions, rows, order of the sites.

    ``order`` are the sites by their ascending parcel rows, ``rank`` the place of each in it.
    """

    judge: JudgeBasis
    points: Points
    marks: Marks
    rows: Rows
    coefficients: Coefficients
    order: Ints
    rank: Ints


def tables_of(law: Law, eligible: Eligible, sites: Sites) -> Tables:
    """Class the sites, judge every demand's conditions, number the rows."""
    sides, sizes = law.sides, np.diff(sites.start)
    users = _users(sides, sites)
    compact = compactness(sides.case, sites)
    known = (sites.area, sizes, users, compact)
    sited, site_class = law.on_sites(*known)
    points = Points(sides)
    limits, nodes, generous = conditions(sides, len(points.nodes))
    only = [*points.methods, *([None] * len(nodes))]
    marks = Marks(sides, [*points.nodes, *nodes], [False] * len(points.nodes) + generous, only, known)
    rows = Rows(sides, limits, eligible.candidate)
    coefficients = Coefficients(sides, rows, Facts(sides, sites.area, users, compact))
    order, rank = _ranks(sites, sides.count)
    return Tables(JudgeBasis(sited, eligible, sites, site_class), points, marks, rows, coefficients, order, rank)


def _users(sides: Sides, sites: Sites) -> Ints:
    """Intending users of each site: -1 where one of its parcels has no known count."""
    known, applied = sides.intending
    if sites.area.size == 0:
        return np.zeros(0, np.int64)
    start = sites.start[:-1]
    counts = known[sites.parcels]
    least, most = np.minimum.reduceat(counts, start), np.maximum.reduceat(counts, start)
    asked = np.maximum.reduceat(applied[sites.parcels], start)
    several = np.flatnonzero(np.add.reduceat((applied > 0)[sites.parcels], start) > 1)
    for site in several.tolist():
        members = sites.parcels[sites.start[site] : sites.start[site + 1]].tolist()
        asked[site] = len(frozenset().union(*(sides.applicants.get(row, frozenset()) for row in members)))
    return np.where(least < 0, -1, np.maximum(most, asked))


def _ranks(sites: Sites, parcels: int) -> tuple[Ints, Ints]:
    """The sites in the order of their ascending parcel rows, and the place of each in it."""
    sizes = np.diff(sites.start)
    most = int(sizes.max(initial=1))
    width = max(1, int(parcels + 1).bit_length())
    per_key = max(1, 62 // width)
    keys = []
    for first in range(0, most, per_key):
        key = np.zeros(sizes.size, np.int64)
        for place in range(first, min(first + per_key, most)):
            inside = sizes > place
            member = np.zeros(sizes.size, np.int64)
            member[inside] = sites.parcels[sites.start[:-1][inside] + place] + 1
            key = (key << width) | member
        keys.append(key)
    order = np.lexsort(keys[::-1])
    rank = np.empty(sizes.size, np.int64)
    rank[order] = np.arange(sizes.size)
    return order, rank


class Builder:
    """One round's offers in the making."""

    def __init__(
        self, case: Case, progress: Progress | None = None, kept: Kept | None = None, keep: int | None = None
    ) -> None:
        self.case, self.keep = case, keep
        self.progress = progress
        self.phases: dict[str, float] = {}
        self.clock = time.process_time()
        self.sides = Sides(case)
        self.law = Law(self.sides, kept)
        self.eligible = Eligible(self.law)
        self.count = len(case.demands)
        self.voices = [self.law.voices(row) for row in range(self.count)]
        self.market, _ = self.eligible.of_market()
        self._phase("law")
        self.listed = SiteList(self.eligible, self.voices)
        self._phase("sites")
        self.sites: Sites = self.listed.sites
        self.extra: dict[int, Ints] = {}
        self.whole: set[int] = set()
        self.buckets: dict[int, Ints] = {}
        self.cut: set[int] = set()
        self.others: Others | None = None
        self.tables = tables_of(self.law, self.eligible, self.sites)
        self._phase("tables")

    def on(self, sites: Sites, extra: dict[int, Ints]) -> Builder:
        """The same round's builder over other sites; ``extra`` are those of each demand beyond its list."""
        made = copy.copy(self)
        made.sites, made.extra, made.cut = sites, extra, set()
        made.tables = tables_of(self.law, self.eligible, sites)
        return made

    def _phase(self, name: str) -> None:
        now = time.process_time()
        self.phases[name] = round(self.phases.get(name, 0.0) + now - self.clock, 3)
        self.clock = now

    # -- groups of demands -------------------------------------------------------------------------------------------

    def groups(self) -> Iterator[list[tuple[int, Ints]]]:
        """Demands in order with their candidate sites, about ``PAIRS`` pairs at a time; the market last."""
        group: list[tuple[int, Ints]] = []
        pairs = 0
        for demand in range(self.count):
            found = self.candidates(demand)
            group.append((demand, found))
            pairs += found.size
            if pairs >= PAIRS:
                yield group
                group, pairs = [], 0
        single = np.flatnonzero(np.diff(self.sites.start) == 1)
        at = np.full(self.sides.count, -1, np.int64)
        at[self.sites.parcels[self.sites.start[single]]] = single
        group.append((MARKET, at[self.market]))
        yield group

    def candidates(self, demand: int) -> Ints:
        """The sites a demand could use, cut at the round's cap, and those found beyond it."""
        found = self._capped(demand)
        return np.concatenate((found, self.extra[demand])) if demand in self.extra else found

    def _capped(self, demand: int) -> Ints:
        kind = int(self.listed.kinds.kind[demand])
        if kind not in self.buckets:
            self.buckets[kind] = self.listed.buckets_of(kind)
        found = self.listed.sites_of(demand, self.buckets[kind])
        cap = self.case.settings.site_cap
        if found.size > cap:
            self.cut.add(demand)
            return self._cut(found, cap if self.keep is None else min(cap, self.keep))
        return found

    def _cut(self, found: Ints, cap: int) -> Ints:
        """``cap`` of the sites: those of fewest parcels, and of the last number of parcels an even choice."""
        sizes = np.diff(self.sites.start)[found]
        last = int(np.searchsorted(np.cumsum(np.bincount(sizes)), cap, side="right"))
        whole, rest = np.flatnonzero(sizes < last), np.flatnonzero(sizes == last)
        rest = rest[np.argsort(self.tables.rank[found[rest]])]
        chosen = rest[np.arange(cap - whole.size) * rest.size // (cap - whole.size)]
        return np.asarray(found[np.concatenate((whole, chosen))])

    def judged(self, group: list[tuple[int, Ints]], others: Others | None, ways: Bools) -> list[Judged]:
        """The lawful offers of a group of demands by some methods."""
        panels: list[Panel] = []
        single: dict[tuple[int, int], Panel] = {}
        for demand, _ in group:
            own, here = self.voices[demand] if demand != MARKET else self.law.voices(None)
            panels.append(own)
            single.update(((demand, row), panel) for row, panel in here.items())
        judge = Judge(self.tables.judge, panels, single, ways)
        sizes = np.array([found.size for _, found in group])
        site = np.concatenate([found for _, found in group])
        who = np.repeat(np.array([each for each, _ in group]), sizes)
        panel = np.repeat(np.arange(len(group)), sizes)
        periods = range(len(self.case.round.periods)) if self.case.round.periods else (-1,)
        return [each for q in periods for each in judge.judge(site, who, panel, q, others)]

    def build(self) -> Offers:
        """All offers."""
        self.cut, self.others = set(), None
        if self.listed.capped:
            several = {at for at, wish in enumerate(self.eligible.wishes) if wish.parcels > 1}
            self.cut |= several - self.whole
        ways = np.ones(len(self.case.methods), bool)
        counted = frozenset().union(*(limit.reads for limit in self.tables.rows.limits.values()))
        marks_ask = self.tables.marks.grid.reads("others") or "other_applicants" in counted
        store = Store(len(self.case.objective.tiers), len(self.tables.rows.shares))
        if not (self.law.reads_others or marks_ask):
            for group in self.groups():
                store.add(self._ordered(self.block(self._say(self.judged(group, None, ways), group), None)))
            return self._offers(store, None)
        # first without other applicants: what does not ask for them stands
        asking = ways if marks_ask else self.law.others_methods
        others = self.others = Others(self.sides.count)
        for group in self.groups():
            found = self._say(self.judged(group, None, ways), group)
            self._reach(others, group, found)
            store.add(self.block([each.by(~asking) for each in found], None))
        again = [self.block(self.judged(group, others, asking), others) for group in self.groups()]
        store.merge(again, self._ordered)
        self._phase("merge")
        return self._offers(store, others)

    def _say(self, found: list[Judged], group: list[tuple[int, Ints]]) -> list[Judged]:
        self._phase("judge")
        if self.progress is not None:
            self.progress("offers", min(group[-1][0] + 1, self.count) or self.count, self.count)
        return found

    def _reach(self, others: Others, group: list[tuple[int, Ints]], found: list[Judged]) -> None:
        """Count the parcels that each demand of a group could lawfully use."""
        parcels = {demand: np.zeros(self.sides.count, bool) for demand, _ in group if demand != MARKET}
        for each in found:
            cuts = np.flatnonzero(np.diff(each.demand)) + 1
            for rows, demand in zip(
                np.split(each.parcels, cuts), each.demand[np.append(0, cuts)].tolist(), strict=True
            ):
                if demand != MARKET:
                    parcels[demand][rows] = True
        for demand, mark in parcels.items():
            others.add(demand, np.flatnonzero(mark))

    # -- points and rows ---------------------------------------------------------------------------------------------

    def block(self, found: list[Judged], others: Others | None) -> Block:
        """Score a group's offers and put them into rows."""
        names = ("site", "demand", "method", "period", "term", "verdict", "floor", "price")
        nothing = np.zeros(0, np.int64)
        columns = {name: np.concatenate([*(getattr(each, name) for each in found), nothing]) for name in names}
        scores: list[Ints] = [np.zeros((len(self.case.objective.tiers), 0), np.int64)]
        entries: list[tuple[Ints, Ints, Ints, Ints]] = [
            (nothing, nothing, nothing, np.zeros((len(self.tables.rows.shares), 0), np.int64))
        ]
        for each in found:
            if each.site.size:
                meets = self.tables.marks.of(each, others)
                scores.append(self.tables.points.score(each, meets))
                entries.append(self.tables.coefficients.of(each, meets, others))
        size, index, coef, total = (np.concatenate([each[at] for each in entries], axis=-1) for at in range(4))
        self._phase("points and rows")
        return Block(columns, np.concatenate(scores, axis=1), size, index.astype(np.int32), coef, total)

    def _ordered(self, *blocks: Block) -> Block:
        """The offers of a group in order: by demand (the market last), site, method, period."""
        columns = {name: np.concatenate([block.columns[name] for block in blocks]) for name in blocks[0].columns}
        size, index, coef = (
            np.concatenate([getattr(block, name) for block in blocks]) for name in ("row_size", "row_index", "row_coef")
        )
        methods, periods = len(self.case.methods), len(self.case.round.periods) + 1
        part = np.where(columns["demand"] == MARKET, self.count, columns["demand"])
        key = (part * max(1, self.tables.rank.size) + self.tables.rank[columns["site"]]) * methods + columns["method"]
        order = np.argsort(key * periods + columns["period"] + 1, kind="stable")
        at = spans((np.cumsum(size) - size)[order], size[order])
        score = np.concatenate([block.score for block in blocks], axis=1)[:, order]
        columns = {name: values[order].astype(KINDS[name]) for name, values in columns.items()}
        total = np.concatenate([block.total for block in blocks], axis=1)[:, order]
        return Block(columns, score, size[order], index[at], coef[at], total)

    def entries(self, block: Block) -> Entries:
        """The entries of a block, by provisional row numbers."""
        start = np.concatenate(([0], np.cumsum(block.row_size, dtype=np.int64)))
        takes = self.tables.rows.takes_off()
        return Entries(start, block.row_index, block.row_coef, takes.size, takes, block.total)

    def _offers(self, store: Store, others: Others | None) -> Offers:
        """What was stored, with the sites and rows that are used."""
        store.close()
        rows, renumber = self.tables.rows.finish(
            store.used(len(self.tables.rows.number) + 1), len(store.offers["site"]) > 0
        )
        store.renumber(renumber)
        shares = self.tables.rows.shares
        columns = {name: store.offers[name] for name in KINDS}
        start, members, columns["site"] = self._used_sites(columns["site"])
        offers = Offers(
            **columns,
            site_start=start,
            site_parcels=members,
            score=store.score(),
            row_start=np.concatenate(([0], np.cumsum(store.offers["row_size"], dtype=np.int64))),
            row_index=store.entries["row_index"],
            row_coef=store.entries["row_coef"],
            rows=rows,
            spread=np.array([shares.get(row.rule, -1) for row in rows if shares], np.int64),
            total=store.total(),
            part_start=self._parts(columns["demand"], start, members, columns["site"]),
            scope="listed" if self.cut else "all",
            reach=None if others is None else _reach(others, self.count),
            beyond=None,
            stats={"sites": int(self.sites.area.size), "capped": len(self.cut), "seconds": self.phases},
        )
        self._phase("assemble")
        return offers

    def _used_sites(self, site: Ints) -> tuple[Ints, Ints, Ints]:
        """The sites that offers use, in order, and each offer's new site number."""
        used = np.zeros(self.tables.rank.size, bool)
        used[self.tables.rank[site]] = True
        keep = self.tables.order[used]
        sizes = np.diff(self.sites.start)[keep]
        members = self.sites.parcels[spans(self.sites.start[keep], sizes)].astype(np.int32)
        number = np.cumsum(used) - 1
        return np.concatenate(([0], np.cumsum(sizes))), members, number[self.tables.rank[site]].astype(np.int32)

    def _parts(self, demand: Ints, start: Ints, members: Ints, site: Ints) -> Ints:
        """Where parts begin: every demand, then each parcel with market offers."""
        market = int(np.searchsorted(demand == MARKET, True))
        ends = np.searchsorted(demand[:market], np.arange(self.count), side="right")
        parcels = members[start[site[market:]]]
        cuts = market + np.flatnonzero(np.diff(parcels)) + 1
        last = [demand.size] if demand.size > market else []
        return np.concatenate(([0], ends, cuts, last)).astype(np.int64)


def _reach(others: Others, count: int) -> tuple[Ints, Ints]:
    found = [others.reach.get(demand, np.zeros(0, np.int64)) for demand in range(count)]
    start = np.concatenate(([0], np.cumsum([each.size for each in found], dtype=np.int64)))
    return start, np.concatenate([*found, np.zeros(0, np.int64)]).astype(np.int32)
