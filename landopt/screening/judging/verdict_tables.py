"""Tables of what the law says to each demand, and the judging of offers by looking them up.

A *panel* is the voices of a demand together (its operator and partners): the strictest verdict holds. For a panel the
cells are (law class of a parcel, state of the site, applicants, term, period), each with one column a method.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landopt.screening.law.clauses import Said, Voice
from landopt.screening.law.verdicts import FORBID, OPEN, Law
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
Panel = tuple[Voice, ...]
PanelKey = tuple[tuple[object, ...], ...]
MEMORY = 400_000_000
"""Bytes of tables kept between groups of demands."""


def panel_key(panel: Panel) -> PanelKey:
    """What tells panels apart."""
    return tuple((voice.key, voice.filed, voice.market) for voice in panel)


class Exceptions:
    """Numbers that stand for single (demand, parcel) pairs instead of the demand's own."""

    def __init__(self, numbers: Mapping[tuple[int, int], int], parcels: int) -> None:
        self.parcels = parcels
        pairs = sorted((demand * parcels + parcel, number) for (demand, parcel), number in numbers.items())
        self.keys = np.array([key for key, _ in pairs], np.int64)
        self.numbers = np.array([number for _, number in pairs], np.int64)
        self.demands = np.unique(self.keys // max(1, parcels))

    def put(self, demand: Ints, parcels: Ints, into: Ints) -> None:
        """Replace the numbers ``into``, (n, k), where demand (n,) and parcel (n, k) are such a pair."""
        if self.keys.size == 0:
            return
        rows = np.flatnonzero(np.isin(demand, self.demands))
        code = demand[rows][:, None].astype(np.int64) * self.parcels + parcels[rows]
        at = np.minimum(np.searchsorted(self.keys, code), self.keys.size - 1)
        into[rows] = np.where(self.keys[at] == code, self.numbers[at], into[rows])


@dataclass(frozen=True)
class PanelTable:
    """One panel: arrays (cells, methods) by law class, mixed classes included.

    ``single`` is the verdict of a site of one parcel that takes its longest term, that term's range judged; ``many``
    the verdict where the term is common, its range not judged; ``least`` and ``most`` bound the common term. ``term``,
    ``full`` and ``floors`` are (voices, cells, methods): of the panel's own voice first, then of voices that differ.
    """

    single: NDArray[np.int8]
    many: NDArray[np.int8]
    least: Ints
    most: Ints
    term: Ints
    full: Ints
    floors: Ints
    prices: tuple[tuple[Value, ...], ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(
            each.nbytes for each in (self.single, self.many, self.least, self.most, self.term, self.full, self.floors)
        )


class Panels:
    """Panel tables, made when first asked for."""

    def __init__(self, law: Law, class_faces: Sequence[tuple[int, ...]]) -> None:
        self.law = law
        self.mixed = [list(faces) for faces in class_faces[law.grid.face_first.size :]]
        self.alloc = np.array([method.right == "alloc" for method in law.methods], bool)
        _, sites, others, terms, periods = law.table_sizes
        self.strides = (sites * others * terms * periods, others * terms * periods, terms * periods, periods, 1)
        self.cells = len(class_faces) * self.strides[0]
        self._memo: dict[PanelKey, PanelTable] = {}
        self._said: dict[object, Said] = {}
        self._used = 0

    def of(self, panel: Panel) -> PanelTable:
        """The table of a panel."""
        key = panel_key(panel)
        found = self._memo.get(key)
        if found is None:
            if self._used > MEMORY:
                self._memo.clear()
                self._said.clear()
                self._used = 0
            found = self._memo[key] = self._make(panel)
            self._used += found.size
        return found

    def _say(self, voice: Voice) -> Said:
        key = (voice.key, voice.filed, voice.market)
        if key not in self._said:
            self._said[key] = self.law.say(voice)
        return self._said[key]

    def _with_mixed(self, lead: Ints, rest: Ints | None = None) -> Ints:
        """(cells, methods) with rows for the mixed classes: the dominant use's, raised to ``rest`` of the others."""
        if not self.mixed:
            return lead
        by_class = lead.reshape(-1, self.strides[0], lead.shape[1])
        other = by_class if rest is None else rest.reshape(by_class.shape)
        rows = []
        for first, *others in self.mixed:
            more = [] if rest is None else [other[face] for face in others]
            rows.append(np.maximum.reduce([by_class[first], *more]))
        return np.concatenate((by_class, np.array(rows, lead.dtype))).reshape(-1, lead.shape[1])

    def _rest(self, voice: Voice, said: Said) -> Ints:
        """The verdict of each use as another part of a mixed parcel: at its longest term, or the shorter one wanted."""
        term = np.where(said.most == OPEN, 0, said.most)
        if voice.want:
            shorter = np.where(term == 0, voice.want, np.minimum(term, voice.want))
            term = np.where(self.alloc, 0, shorter).astype(np.int16)
        own = self._at_term(said.verdict, term)
        return np.where((said.least > term) & (term > 0), FORBID, own).astype(np.int8)

    def _make(self, panel: Panel) -> PanelTable:
        singles, manys, leasts, mosts, terms = [], [], [], [], []
        kept: list[tuple[Ints, Ints, Ints, tuple[Value, ...]]] = []
        for voice in panel:
            said = self._say(voice)
            term = np.where(said.most == OPEN, 0, said.most).astype(np.int16)
            lone = np.where(said.least > said.most, FORBID, self._at_term(said.verdict, term)).astype(np.int8)
            rest = self._rest(voice, said) if self.mixed else None
            singles.append(self._with_mixed(lone, rest))
            manys.append(self._with_mixed(said.verdict, rest))
            leasts.append(self._with_mixed(said.least))
            mosts.append(self._with_mixed(said.most))
            terms.append(self._with_mixed(term))
            mine = (terms[-1], self._with_mixed(said.full), self._with_mixed(said.floors), voice.prices)
            if not any(all(np.array_equal(a, b) for a, b in zip(mine[:3], other[:3], strict=True)) for other in kept):
                kept.append(mine)
        return PanelTable(
            np.maximum.reduce(singles),
            np.maximum.reduce(manys),
            np.maximum.reduce(leasts),
            np.minimum.reduce(mosts),
            np.stack([each[0] for each in kept]),
            np.stack([each[1] for each in kept]),
            np.stack([each[2] for each in kept]),
            tuple(each[3] for each in kept),
        )

    def _at_term(self, verdict: Ints, term: Ints) -> Ints:
        """For every cell the verdict in the cell of its own term."""
        if self.strides[3] == self.strides[2]:
            return verdict
        cells = np.arange(verdict.shape[0])
        inner, outer = self.strides[3], self.strides[2]
        base = cells // outer * outer + cells % inner
        at = base[:, None] + self.law.grid.term_class[term].astype(np.int64) * inner
        return np.take_along_axis(verdict, at, axis=0)


@dataclass(frozen=True)
class Stack:
    """The tables of several panels one after the other; ``place`` gives a panel's number, ``cells`` rows each."""

    place: Mapping[PanelKey, int]
    single: NDArray[np.int8]
    many: NDArray[np.int8]
    least: Ints
    most: Ints
    term: Ints
    full: Ints
    floors: Ints
    prices: Ints
    voices: Ints


def stack(panels: Panels, wanted: Sequence[Panel], price_numbers: dict[tuple[Value, ...], int]) -> Stack:
    """Stack the tables of some panels; voices that a panel lacks repeat its first one."""
    different = {panel_key(panel): panel for panel in wanted}
    tables = [panels.of(panel) for panel in different.values()]
    voices = max(table.term.shape[0] for table in tables)

    def padded(found: Ints) -> Ints:
        extra = np.repeat(found[:1], voices - found.shape[0], axis=0)
        return np.concatenate((found, extra))

    numbers = np.zeros((voices, len(tables)), np.int64)
    for at, table in enumerate(tables):
        for voice in range(voices):
            facts = table.prices[voice] if voice < len(table.prices) else table.prices[0]
            numbers[voice, at] = price_numbers.setdefault(facts, len(price_numbers))
    return Stack(
        {key: number for number, key in enumerate(different)},
        np.concatenate([table.single for table in tables]),
        np.concatenate([table.many for table in tables]),
        np.concatenate([table.least for table in tables]),
        np.concatenate([table.most for table in tables]),
        np.concatenate([padded(table.term) for table in tables], axis=1),
        np.concatenate([padded(table.full) for table in tables], axis=1),
        np.concatenate([padded(table.floors) for table in tables], axis=1),
        numbers,
        np.array([table.term.shape[0] for table in tables]),
    )
