"""The prices of offers found so far: units, floors and what they ask for, by look-up in the price table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.loading.method_facts import yardstick
from landopt.screening.entries import spans
from landopt.screening.judging.price_table import Case, PriceTable
from landopt.screening.judging.verdict_tables import Panels, Stack
from landopt.screening.law.verdicts import CONDITION, FORBID, OPEN, Law
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Places = tuple[Ints, Ints]


@dataclass
class Work:
    """Pairs with their parcels, panels by parcel, cells without and with the parcel's class."""

    site: Ints
    demand: Ints
    parcels: Ints
    rows: Ints
    base: Ints
    cell: Ints

    def arrays(self) -> tuple[Ints, ...]:
        """All arrays."""
        return self.site, self.demand, self.parcels, self.rows, self.base, self.cell

    def at(self, rows: Ints) -> Work:
        """Some of the pairs."""
        return Work(*(each[rows] for each in self.arrays()))


@dataclass
class Found:
    """Offers not forbidden so far; ``terms`` by voice (0 none)."""

    work: Work
    method: Ints
    verdict: Ints
    terms: Ints

    def at(self, rows: Ints) -> Found:
        """Some of the offers."""
        return Found(self.work.at(rows), self.method[rows], self.verdict[rows], self.terms[:, rows])


@dataclass
class Priced:
    """Arrays (offers, parcels): unit price (-1 none), bounds of what is known of the floor (-1 nothing), and more.

    ``sure``: that is all of the floor; ``asks``: the verdict of the prices.
    """

    unit: Ints
    low: Ints
    high: Ints
    sure: NDArray[np.bool_]
    asks: NDArray[np.int8]


@dataclass
class Parts:
    """Parcels at some ``places`` of offers, once a use: ``again`` the offer of each, ``sizes`` uses by parcel."""

    places: Places
    work: Work
    method: Ints
    term: Ints
    faces: Ints
    again: Ints
    sizes: Ints


class PriceBasis:
    """What all prices of a round rest on; ``numbers`` are the price facts met so far."""

    def __init__(self, law: Law, panels: Panels, want: Ints, methods: NDArray[np.bool_]) -> None:
        self.law, self.panels, self.want, self.methods = law, panels, want, methods
        self.table = PriceTable(law)
        self.numbers: dict[tuple[Value, ...], int] = {}
        self.area = law.sides.area
        self.terms = law.grid.term_class.size
        sides = law.sides
        count = np.zeros(sides.count + 1, np.int64)
        for row, _ in sides.mixed:
            count[row + 1] += 1
        self.face_start = sides.count + np.cumsum(count)
        self.mixed = count[1:] > 0
        reserve = self.table.field("reserve_price")
        self.reserve = None if reserve is None else np.where(reserve[1], reserve[0], -1)


class Pricer:
    """Prices offers by the tables of some panels: their price cases are numbered, terms apart."""

    def __init__(self, basis: PriceBasis, stack: Stack) -> None:
        self.basis, self.stack = basis, stack
        self.law, self.panels, self.table = basis.law, basis.panels, basis.table
        present = np.zeros(OPEN + 1, bool)
        present[stack.full] = True
        fulls, at_full = np.flatnonzero(present), (np.cumsum(present) - 1)[stack.full]
        width = max(1, len(basis.numbers))
        cells = stack.full.shape[1] // stack.prices.shape[1]
        facts = np.repeat(stack.prices, cells, axis=1)[:, :, None]
        code = (stack.floors.astype(np.int64) * fulls.size + at_full) * width + facts
        met = np.zeros(int(code.max(initial=0)) + 1, bool)
        met[code] = True
        self.kind = (np.cumsum(met) - 1).astype(np.int32)[code]
        given = list(basis.numbers)
        self.kinds: list[tuple[int, int, tuple[Value, ...]]] = []
        for each in np.flatnonzero(met).tolist():
            rest, fact = divmod(each, width)
            state, full = divmod(rest, fulls.size)
            self.kinds.append((state, int(fulls[full]), given[fact]))
        self.rows = np.full((len(self.kinds), basis.terms), -1, np.int32)

    def priced(self, found: Found, voice: int) -> tuple[Ints, Ints, Ints]:
        """Verdict of the prices, unit prices (-1 none) and floors (-1 none) for one voice of each panel."""
        method = found.method
        term = found.terms[voice if voice < found.terms.shape[0] else 0]
        work = self._shifted(found.work, found.terms[0], term)
        whole = self._look_up(work, method, term, voice, work.parcels)
        parts = self._parts(work, method, term, voice) if self.law.sides.mixed else None
        if parts is not None:
            self._mix(parts, voice, whole)
        asks: Ints = whole.asks.max(axis=1)
        area = self.basis.area[work.parcels]
        known = whole.sure.all(axis=1)
        million = 1_000_000 * np.maximum(area.sum(axis=1), 1)
        below, above = (-(-(bound * area).sum(axis=1) // million) for bound in (whole.low, whole.high))
        floor = np.where(known, above, -1)
        for at in np.flatnonzero(known & (below != above)).tolist():
            floor[at] = self._exact_floor(work, method, term, voice, at)
        if self.basis.reserve is not None:
            asks = np.maximum(asks, self._reserved(work, method, term, voice))
        if voice:
            asks = np.where(voice < self.stack.voices[work.rows[:, 0]], asks, 0)
        return asks, whole.unit, floor

    def _shifted(self, work: Work, before: Ints, after: Ints) -> Work:
        """Work in the cells of another term."""
        if not self.law.reads_term or before is after:
            return work
        classes = self.law.grid.term_class.astype(np.int64)
        shift = ((classes[after] - classes[before]) * self.panels.strides[3])[:, None]
        return replace(work, base=work.base + shift)

    def _case(self, kind: int, term: int) -> Case:
        state, full, facts = self.kinds[kind]
        return self.law.answers.floor_states[state], term, full, facts

    def _look_up(self, work: Work, method: Ints, term: Ints, voice: int, faces: Ints) -> Priced:
        """The prices of each face of each offer."""
        cell = work.base + self.law.grid.face_class[faces] * self.panels.strides[0]
        kind = self.kind[voice][cell, method[:, None]]
        row = self.rows[kind, term[:, None]]
        if row.min(initial=0) < 0:
            missing = row < 0
            code = np.unique(kind[missing] * self.basis.terms + np.broadcast_to(term[:, None], kind.shape)[missing])
            for each in code.tolist():
                kind_and_term = divmod(each, self.basis.terms)
                self.rows[kind_and_term] = self.table.number(self._case(*kind_and_term))
            row = self.rows[kind, term[:, None]]
        table, parcel = self.table, self.law.sides.faces[faces]
        at = row.astype(np.int64) * self.law.sides.count + parcel
        asks = table.asks.reshape(-1)[at] if table.asks.any() else np.zeros(at.shape, np.int8)
        unit = table.unit.reshape(-1)[at].astype(np.int64)
        return Priced(unit, table.low.reshape(-1)[at], table.high.reshape(-1)[at], table.sure.reshape(-1)[at], asks)

    def _parts(self, work: Work, method: Ints, term: Ints, voice: int, some: Places | None = None) -> Parts | None:
        """Mixed parcels of offers (or ``some`` parcels of them), once for each of their uses; None if there is none."""
        at, place = np.nonzero(self.basis.mixed[work.parcels]) if some is None else some
        if at.size == 0:
            return None
        parcel = work.parcels[at, place]
        sizes = np.where(self.basis.mixed[parcel], self.basis.face_start[parcel + 1] - self.basis.face_start[parcel], 1)
        faces = spans(np.where(self.basis.mixed[parcel], self.basis.face_start[parcel], parcel), sizes)[:, None]
        again, column = np.repeat(at, sizes), np.repeat(place, sizes)
        each = (work.parcels, work.rows, work.base, work.cell)
        own = Work(work.site[again], work.demand[again], *(found[again, column][:, None] for found in each))
        terms = self._part_terms(own, method[again], term[again], voice, faces[:, 0])
        return Parts((at, place), self._shifted(own, term[again], terms), method[again], terms, faces, again, sizes)

    def _part_terms(self, work: Work, method: Ints, term: Ints, voice: int, faces: Ints) -> Ints:
        """The term of each use: the offer's; of lesser parts of mixed parcels their longest or the one wanted."""
        lesser = (faces >= self.law.sides.count) & ~self.law.sides.leads[faces]
        if not lesser.any():
            return term
        cell = work.base[:, 0] + self.law.grid.face_class[faces] * self.panels.strides[0]
        longest = self.stack.term[voice][cell, method].astype(np.int64)
        want = self.basis.want[work.demand]
        shorter = np.where(longest == 0, want, np.minimum(longest, want))
        return np.where(lesser, np.where(want > 0, shorter, longest), term)

    def _mix(self, parts: Parts, voice: int, into: Priced) -> None:
        """A mixed parcel has the highest price and the highest floor that are known of its uses."""
        found = self._look_up(parts.work, parts.method, parts.term, voice, parts.faces)
        start = np.cumsum(parts.sizes) - parts.sizes
        sure = found.sure[:, 0]
        into.unit[parts.places] = np.maximum.reduceat(found.unit[:, 0], start)
        into.low[parts.places] = np.maximum.reduceat(np.where(sure, found.low[:, 0], -1), start)
        into.high[parts.places] = np.maximum.reduceat(np.where(sure, found.high[:, 0], -1), start)
        into.sure[parts.places] = np.logical_or.reduceat(sure, start)
        into.asks[parts.places] = np.maximum.reduceat(found.asks[:, 0], start)

    def _exact_floor(self, work: Work, method: Ints, term: Ints, voice: int, at: int) -> int:
        here = np.array([at])
        one = work.at(here)
        size = one.parcels.shape[1]
        parts = self._parts(one, method[here], term[here], voice, (np.zeros(size, np.int64), np.arange(size)))
        assert parts is not None
        cell = (parts.work.base + self.law.grid.face_class[parts.faces] * self.panels.strides[0])[:, 0]
        kinds = self.kind[voice][cell, parts.method].tolist()
        floors = [
            self.table.exact_floor(self._case(kind, years), parcel)
            for kind, years, parcel in zip(kinds, parts.term.tolist(), parts.work.parcels[:, 0].tolist(), strict=True)
        ]
        total, first = Fraction(0), 0
        areas = self.basis.area[one.parcels[0]].tolist()
        for count, area in zip(parts.sizes.tolist(), areas, strict=True):
            total += max(each for each in floors[first : first + count] if each is not None) * area
            first += count
        value: Fraction = total / sum(areas)
        return -(-value.numerator // value.denominator)

    def _reserved(self, work: Work, method: Ints, term: Ints, voice: int) -> Ints:
        """A reserve price below the floor forbids a grant; a lease is held against the grant by listing."""
        assert self.basis.reserve is not None
        asks = np.zeros(method.size, np.int8)
        at, place = np.nonzero(self.basis.reserve[work.parcels] >= 0)
        if at.size == 0:
            return asks
        parts = self._parts(work, method, term, voice, (at, place))
        assert parts is not None
        part, again, faces = parts.work, parts.again, parts.faces
        found = self._look_up(part, parts.method, parts.term, voice, faces)
        low, high = found.low[:, 0], found.high[:, 0]
        stated = self.basis.reserve[part.parcels[:, 0]] * 10_000
        grants = np.array([each.right == "grant" for each in self.law.methods], bool)[parts.method]
        below = (low >= 0) & _less(stated, low, high)
        np.maximum.at(asks, again[below], np.where(grants[below], FORBID, CONDITION).astype(np.int8))
        listing = next((row for row, each in enumerate(self.law.methods) if each.id == yardstick()), None)
        open_ = np.flatnonzero((low < 0) & ~grants)
        if listing is None or open_.size == 0:
            return asks
        ways = np.full(open_.size, listing)
        against, faces = part.at(open_), faces[open_]
        years = self._listing_term(against, faces[:, 0], voice, listing)
        against = self._shifted(against, parts.term[open_], years)
        found = self._look_up(against, ways, years, voice, faces)
        less = (found.low[:, 0] >= 0) & _less(stated[open_], found.low[:, 0], found.high[:, 0])
        np.maximum.at(asks, again[open_[less]], np.int8(CONDITION))
        return asks

    def _listing_term(self, work: Work, faces: Ints, voice: int, listing: int) -> Ints:
        """The term of each use of each parcel under a listing of its own: wanted, else the longest."""
        cell = work.base[:, 0] + self.law.grid.face_class[faces] * self.panels.strides[0]
        longest = self.stack.term[voice][cell, listing].astype(np.int64)
        want = self.basis.want[work.demand]
        return np.where((want > 0) & self.basis.methods[work.demand, listing], want, longest)


def _less(stated: Ints, low: Ints, high: Ints) -> NDArray[np.bool_]:
    """Whether a whole number of millionths is below an amount of which the bounds are known."""
    return np.where(low == high, stated < low, stated <= low)
