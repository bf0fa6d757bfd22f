"""The prices of offers found so far: units, floors and what they ask for, by look-up in the price table."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.entries import spans
from landopt.screening.law.verdicts import CONDITION, FORBID, OPEN, Law
from landopt.screening.price_table import Case, PriceTable
from landopt.screening.verdict_tables import Panels, Stack
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]


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


class Pricer:
    """Prices offers by the panels at hand (:meth:`set_stack`); ``numbers`` are the price facts met so far."""

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

    def set_stack(self, stack: Stack) -> None:
        """Number the price cases of the panels at hand, terms apart."""
        self.stack = stack
        present = np.zeros(OPEN + 1, bool)
        present[stack.full] = True
        fulls, at_full = np.flatnonzero(present), (np.cumsum(present) - 1)[stack.full]
        width = max(1, len(self.numbers))
        cells = stack.full.shape[1] // stack.prices.shape[1]
        facts = np.repeat(stack.prices, cells, axis=1)[:, :, None]
        code = (stack.floors.astype(np.int64) * fulls.size + at_full) * width + facts
        table = np.zeros(int(code.max(initial=0)) + 1, bool)
        table[code] = True
        self.kind = (np.cumsum(table) - 1).astype(np.int32)[code]
        given = list(self.numbers)
        self.kinds: list[tuple[int, int, tuple[Value, ...]]] = []
        for each in np.flatnonzero(table).tolist():
            rest, fact = divmod(each, width)
            state, full = divmod(rest, fulls.size)
            self.kinds.append((state, int(fulls[full]), given[fact]))
        self.rows = np.full((len(self.kinds), self.terms), -1, np.int32)

    def priced(self, found: Found, voice: int) -> tuple[Ints, Ints, Ints]:
        """Verdict of the prices, unit prices (-1 none) and floors (-1 none) for one voice of each panel."""
        work, method = found.work, found.method
        term = found.terms[voice if voice < found.terms.shape[0] else 0]
        unit, low, high, ask = self._look_up(work, method, term, voice, work.parcels)
        if self.law.sides.mixed:
            self._mix(work, method, term, voice, (unit, low, high, ask))
        asks: Ints = ask.max(axis=1)
        area = self.area[work.parcels]
        known = (low >= 0).all(axis=1)
        million = 1_000_000 * np.maximum(area.sum(axis=1), 1)
        below, above = -(-(low * area).sum(axis=1) // million), -(-(high * area).sum(axis=1) // million)
        floor = np.where(known, above, -1)
        for at in np.flatnonzero(known & (below != above)).tolist():
            floor[at] = self._exact_floor(work, method, term, voice, at)
        if self.reserve is not None:
            asks = np.maximum(asks, self._reserved(work, method, term, voice))
        if voice:
            asks = np.where(voice < self.stack.voices[work.rows[:, 0]], asks, 0)
        return asks, unit, floor

    def _case(self, kind: int, term: int) -> Case:
        state, full, facts = self.kinds[kind]
        return self.law.floor_states[state], term, full, facts

    def _look_up(
        self, work: Work, method: Ints, term: Ints, voice: int, faces: Ints
    ) -> tuple[Ints, Ints, Ints, NDArray[np.int8]]:
        """Unit price, bounds of the floor and verdict of each face of each offer."""
        cell = work.base + self.law.grid.face_class[faces] * self.panels.strides[0]
        kind = self.kind[voice][cell, method[:, None]]
        row = self.rows[kind, term[:, None]]
        if row.min(initial=0) < 0:
            missing = row < 0
            code = np.unique(kind[missing] * self.terms + np.broadcast_to(term[:, None], kind.shape)[missing])
            for each in code.tolist():
                self.rows[divmod(each, self.terms)] = self.table.number(self._case(*divmod(each, self.terms)))
            row = self.rows[kind, term[:, None]]
        table, parcel = self.table, self.law.sides.faces[faces]
        at = row.astype(np.int64) * self.law.sides.count + parcel
        asks = table.asks.reshape(-1)[at] if table.asks.any() else np.zeros(at.shape, np.int8)
        unit = table.unit.reshape(-1)[at].astype(np.int64)
        return unit, table.low.reshape(-1)[at], table.high.reshape(-1)[at], asks

    def _mix(self, work: Work, method: Ints, term: Ints, voice: int, out: tuple[Any, ...]) -> None:
        """A mixed parcel has the price of its dearest use (one without a price before all)."""
        at, place = np.nonzero(self.mixed[work.parcels])
        if at.size == 0:
            return
        parts, faces, again, sizes = self._faces(work, at, place)
        unit, low, high, ask = self._look_up(parts, method[again], term[again], voice, faces)
        start = np.cumsum(sizes) - sizes
        rank = np.where(unit[:, 0] < 0, 1 << 40, unit[:, 0])
        best = np.maximum.reduceat(rank, start)
        position = np.where(rank == np.repeat(best, sizes), np.arange(rank.size), rank.size)
        chosen = np.minimum.reduceat(position, start)
        for target, found in zip(out[:3], (unit, low, high), strict=True):
            target[at, place] = found[chosen, 0]
        out[3][at, place] = np.maximum.reduceat(ask[:, 0], start)

    def _faces(self, work: Work, at: Ints, place: Ints) -> tuple[Work, Ints, Ints, Ints]:
        """Some parcels of some offers, once for each of their uses: work, faces, the offer of each, uses by parcel."""
        parcel = work.parcels[at, place]
        sizes = np.where(self.mixed[parcel], self.face_start[parcel + 1] - self.face_start[parcel], 1)
        faces = spans(np.where(self.mixed[parcel], self.face_start[parcel], parcel), sizes)[:, None]
        again, column = np.repeat(at, sizes), np.repeat(place, sizes)
        each = (work.parcels, work.rows, work.base, work.cell)
        parts = Work(work.site[again], work.demand[again], *(found[again, column][:, None] for found in each))
        return parts, faces, again, sizes

    def _exact_floor(self, work: Work, method: Ints, term: Ints, voice: int, at: int) -> int:
        total = Fraction(0)
        years = int(term[at])
        for place, parcel in enumerate(work.parcels[at].tolist()):
            faces = range(self.face_start[parcel], self.face_start[parcel + 1]) if self.mixed[parcel] else (parcel,)
            found: list[tuple[int, Fraction]] = []
            for face in faces:
                cell = work.base[at, place] + self.law.grid.face_class[face] * self.panels.strides[0]
                case = self._case(int(self.kind[voice][cell, method[at]]), years)
                unit = self.table.exact_unit(case, parcel)
                found.append((1 << 40 if unit < 0 else unit, self.table.exact_floor(case, parcel) or Fraction(0)))
            total += max(found, key=lambda each: each[0])[1] * int(self.area[parcel])
        value = total / int(self.area[work.parcels[at]].sum())
        return -(-value.numerator // value.denominator)

    def _reserved(self, work: Work, method: Ints, term: Ints, voice: int) -> Ints:
        """A reserve price below the floor forbids a grant; a lease is held against the grant by listing."""
        assert self.reserve is not None
        asks = np.zeros(method.size, np.int8)
        at, place = np.nonzero(self.reserve[work.parcels] >= 0)
        if at.size == 0:
            return asks
        part, faces, again, _ = self._faces(work, at, place)
        low, high = (found[:, 0] for found in self._look_up(part, method[again], term[again], voice, faces)[1:3])
        stated = self.reserve[part.parcels[:, 0]] * 10_000
        grants = np.array([each.right == "grant" for each in self.law.methods], bool)[method[again]]
        below = (low >= 0) & _less(stated, low, high)
        np.maximum.at(asks, again[below], np.where(grants[below], FORBID, CONDITION).astype(np.int8))
        listing = next((row for row, each in enumerate(self.law.methods) if each.id == "listing"), None)
        open_ = np.flatnonzero((low < 0) & ~grants)
        if listing is None or open_.size == 0:
            return asks
        against = part.at(open_)
        years = self._listing_term(against, faces[open_], voice, listing)
        if self.law.reads_term:
            classes = self.law.grid.term_class.astype(np.int64)
            against.base += ((classes[years] - classes[term[again[open_]]]) * self.panels.strides[3])[:, None]
        ways = np.full(open_.size, listing)
        low, high = (found[:, 0] for found in self._look_up(against, ways, years, voice, faces[open_])[1:3])
        less = (low >= 0) & _less(stated[open_], low, high)
        np.maximum.at(asks, again[open_[less]], np.int8(CONDITION))
        return asks

    def _listing_term(self, work: Work, faces: Ints, voice: int, listing: int) -> Ints:
        """The term of each use of each parcel under a listing of its own: wanted, else the longest."""
        cell = work.base + self.law.grid.face_class[faces] * self.panels.strides[0]
        longest = self.stack.term[voice][cell[:, 0], listing].astype(np.int64)
        want = self.want[work.demand]
        return np.where((want > 0) & self.methods[work.demand, listing], want, longest)


def _less(stated: Ints, low: Ints, high: Ints) -> NDArray[np.bool_]:
    """Whether a whole number of millionths is below an amount of which the bounds are known."""
    return np.where(low == high, stated < low, stated <= low)
