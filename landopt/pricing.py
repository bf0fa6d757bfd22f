"""The prices of offers found so far: units, floors and what they ask for, by look-up in the price table."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.screen import CONDITION, FORBID, Law
from landopt.lookup import Panels, Stack
from landopt.pricetable import Case, PriceTable
from parcels.schema import Value

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
    """Prices offers; ``stack`` holds the panels at hand, ``numbers`` the price facts of demands met so far."""

    def __init__(self, law: Law, panels: Panels, want: Ints, methods: NDArray[np.bool_]) -> None:
        self.law, self.panels, self.want, self.methods = law, panels, want, methods
        self.table = PriceTable(law)
        self.numbers: dict[tuple[Value, ...], int] = {}
        self.stack: Stack
        self.faces: dict[int, list[int]] = {}
        for at, (row, _) in enumerate(law.sides.mixed):
            self.faces.setdefault(row, []).append(law.sides.count + at)
        reserve = self.table.field("reserve_price")
        self.reserve = None if reserve is None else np.where(reserve[1], reserve[0], -1)

    def priced(self, found: Found, voice: int) -> tuple[Ints, Ints, Ints]:
        """Verdict of the prices, unit prices (-1 none) and floors (-1 none) for one voice of each panel."""
        work, method = found.work, found.method
        count = self.stack.voices[work.rows[:, 0]]
        term = found.terms[voice if voice < found.terms.shape[0] else 0]
        shape = work.parcels.shape
        unit, low, high = np.empty(shape, np.int64), np.empty(shape, np.int64), np.empty(shape, np.int64)
        faces = work.parcels
        mixed = np.isin(faces, np.array(list(self.faces), np.int64)) if self.faces else np.zeros(shape, bool)
        plain = self._lookup(work, method, term, voice, faces)
        unit[:], low[:], high[:], ask = plain
        if mixed.any():
            self._mixed(work, method, term, voice, mixed, (unit, low, high, ask))
        asks: Ints = ask.max(axis=1)
        area = self.law.sides.area[work.parcels]
        known = (low >= 0).all(axis=1)
        total = area.sum(axis=1)
        below, above = (low * area).sum(axis=1), (high * area).sum(axis=1)
        million = 1_000_000 * np.maximum(total, 1)
        floor = np.where(known, -(-above // million), -1)
        for at in np.flatnonzero(known & (-(-below // million) != floor)).tolist():
            floor[at] = self._exact_floor(work, method, term, voice, at)
        if self.reserve is not None:
            asks = np.maximum(asks, self._reserved(work, method, voice, (low, high)))
        return np.where(voice < count, asks, 0), unit, floor

    def _cases(self, work: Work, method: Ints, term: Ints, voice: int, faces: Ints) -> tuple[Ints, list[Case]]:
        """The price case of each parcel of each offer, numbered."""
        cell = work.base + self.law.grid.face_class[faces] * self.panels.strides[0]
        state = self.stack.floors[voice][cell, method[:, None]].astype(np.int64)
        full = self.stack.full[voice][cell, method[:, None]].astype(np.int64)
        facts = self.stack.prices[voice][work.rows]
        terms, at_term = np.unique(term, return_inverse=True)
        fulls = np.unique(full)
        code = (state * terms.size + at_term.reshape(-1)[:, None]) * fulls.size + np.searchsorted(fulls, full)
        code = code * len(self.numbers) + facts
        table = np.zeros(int(code.max()) + 1, bool)
        table[code] = True
        met = np.flatnonzero(table)
        place = np.cumsum(table) - 1
        given = list(self.numbers)
        cases: list[Case] = []
        for each in met.tolist():
            rest, fact = divmod(each, len(given))
            rest, full_at = divmod(rest, fulls.size)
            state_at, term_at = divmod(rest, terms.size)
            cases.append((self.law.floor_states[state_at], int(terms[term_at]), int(fulls[full_at]), given[fact]))
        return place[code], cases

    def _lookup(self, work: Work, method: Ints, term: Ints, voice: int, faces: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        number_, cases = self._cases(work, method, term, voice, faces)
        made = np.array([self.table.number(case) for case in cases], np.int64)
        at = made[number_], self.law.sides.faces[faces]
        table = self.table
        return table.unit[at].astype(np.int64), table.low[at], table.high[at], table.asks[at]

    def _mixed(self, work: Work, method: Ints, term: Ints, voice: int, mixed: Any, out: tuple[Ints, ...]) -> None:
        """A mixed parcel has the price of its dearest use."""
        unit, low, high, ask = out
        for at, place in np.argwhere(mixed).tolist():
            faces = np.array(self.faces[int(work.parcels[at, place])])
            here = Work(
                *(
                    each[[at] * faces.size][:, place : place + 1] if each.ndim > 1 else each[[at] * faces.size]
                    for each in work.arrays()
                )
            )
            found = self._lookup(here, method[[at] * faces.size], term[[at] * faces.size], voice, faces[:, None])
            rank = [(value < 0, max(value, 0)) for value in found[0][:, 0].tolist()]
            best = rank.index(max(rank))
            unit[at, place], low[at, place], high[at, place] = (each[best, 0] for each in found[:3])
            ask[at, place] = found[3].max()

    def _exact_floor(self, work: Work, method: Ints, term: Ints, voice: int, at: int) -> int:
        total = Fraction(0)
        area = self.law.sides.area
        one = Work(*(each[at : at + 1] for each in work.arrays()))
        for place, parcel in enumerate(work.parcels[at].tolist()):
            faces = np.array([[face] for face in self.faces.get(parcel, [parcel])])
            units: list[tuple[int, Fraction]] = []
            for face in faces:
                column = Work(*(each[:, place : place + 1] if each.ndim > 1 else each for each in one.arrays()))
                numbers, cases = self._cases(column, method[at : at + 1], term[at : at + 1], voice, face[None, :])
                case = cases[int(numbers[0, 0])]
                units.append((self.table.exact_unit(case, parcel), self.table.exact_floor(case, parcel) or Fraction(0)))
            total += max(units, key=lambda each: each[0])[1] * int(area[parcel])
        value = total / int(area[work.parcels[at]].sum())
        return -(-value.numerator // value.denominator)

    def _reserved(self, work: Work, method: Ints, voice: int, floors: tuple[Ints, Ints]) -> Ints:
        """A reserve price below the floor forbids a grant; a lease is held against the grant by listing."""
        assert self.reserve is not None
        asks = np.zeros(method.size, np.int8)
        low, high = floors
        reserve = self.reserve[work.parcels]
        stated = reserve * 10_000
        below = (reserve >= 0) & (low >= 0) & np.where(low == high, stated < low, stated <= low)
        grants = np.array([each.right == "grant" for each in self.law.methods], bool)[method]
        asks[grants & below.any(axis=1)] = FORBID
        asks[~grants & below.any(axis=1)] = CONDITION
        listing = next((at for at, each in enumerate(self.law.methods) if each.id == "listing"), None)
        open_ = (reserve >= 0) & (low < 0) & ~grants[:, None]
        if listing is not None and open_.any():
            rows = np.flatnonzero(open_.any(axis=1))
            part, ways = work.at(rows), np.full(rows.size, listing)
            term = self._listing_term(part, voice, listing)
            for place in range(part.parcels.shape[1]):
                column = Work(*(each[:, place : place + 1] if each.ndim > 1 else each for each in part.arrays()))
                _, one, two, _ = self._lookup(column, ways, term[:, place], voice, column.parcels)
                against = stated[rows, place : place + 1]
                less = (one >= 0) & np.where(one == two, against < one, against <= one) & open_[rows, place : place + 1]
                asks[rows] = np.maximum(asks[rows], np.where(less[:, 0], CONDITION, 0))
        return asks

    def _listing_term(self, work: Work, voice: int, listing: int) -> Ints:
        """The term of each parcel under a listing of its own: wanted, else the longest."""
        longest = self.stack.term[voice][work.cell, listing].astype(np.int64)
        want = self.want[work.demand][:, None]
        return np.where((want > 0) & self.methods[work.demand, listing][:, None], want, longest)
