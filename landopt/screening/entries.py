"""What offers count in the rows of the model, held small: the one place that knows how.

A share of all supply ("at most 27 % in one district") counts every offer in the row of *every* key. Such rows are held
compressed: each offer keeps its entries in the rows of its own keys, and one total that every row of the rule takes
off. Products with prices, activities and single rows are made in pieces, so that nothing spans all entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]
PIECE = 1 << 15
"""Offers whose entries are looked at together, so that temporaries stay in the cache."""
SMALL = 2**31 - 1
OFTEN, SORTED = 20, 20_000_000
"""Single rows asked for before entries are put in the order of rows, and how many entries at most are."""


@dataclass(frozen=True)
class Profile:
    """Of each row: how many entries, the sum of their sizes, the largest size (at most), which signs occur, all 1."""

    count: Ints
    total: NDArray[np.float64]
    largest: Ints
    raised: Ints
    lowered: Ints
    ones: Ints


@dataclass(frozen=True, eq=False)
class Entries:
    """The coefficients of n offers in rows, exact integers.

    ``start``, ``index``, ``coef`` are by offer, rows ascending. Row r takes off ``total[spread[r]]`` of every offer as
    well (-1: nothing), so that the coefficient of offer o in it is its own entry (or 0) less ``total[spread[r], o]``.
    ``added`` are more rows, after the others: offers (ascending) and their coefficients.
    """

    start: Ints
    index: Ints
    coef: Ints
    rows: int
    spread: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    total: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    added: tuple[tuple[Ints, Ints], ...] = ()
    memo: dict[str, Any] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def count(self) -> int:
        """How many rows there are."""
        return self.rows + len(self.added)

    def plus(self, more: Sequence[tuple[Ints, Ints]]) -> Entries:
        """The entries with more rows; nothing is copied."""
        return replace(self, added=(*self.added, *more))

    @cached_property
    def _keys(self) -> tuple[Ints, Ints]:
        """The rows that take a total off, and the place of each row among them (-1: none)."""
        keys = np.flatnonzero(self.spread >= 0)
        place = np.full(self.rows, -1, np.int64)
        place[keys] = np.arange(len(keys))
        return keys, place

    def use(self, prices: NDArray[Any], first: int = 0, last: int | None = None) -> NDArray[Any]:
        """What offers ``first`` to ``last`` use of the rows at some prices: of their type, exact for integers."""
        last = len(self) if last is None else last
        out = np.zeros(last - first, prices.dtype)
        own = prices[: self.rows]
        if own.any():
            for low in range(first, last, PIECE):
                high = min(low + PIECE, last)
                here = slice(int(self.start[low]), int(self.start[high]))
                used = own[self.index[here]]
                used *= self.coef[here]
                out[low - first : high - first] = sums(used, self.start[low : high + 1] - self.start[low])
            for number, total in enumerate(self.total):
                price = own[self.spread == number].sum()
                if price:
                    out -= price * total[first:last]
        for price, (offers, coefs) in zip(prices[self.rows :].tolist(), self.added, strict=True):
            if price:
                here = slice(*np.searchsorted(offers, (first, last)).tolist())
                out[offers[here] - first] += np.asarray(price * coefs[here], prices.dtype)
        return out

    def most(self, sizes: NDArray[np.float64]) -> NDArray[np.float64]:
        """For each offer ``sizes`` (>= 0, one a row) times the sizes of all its entries: no use is larger."""
        return self._sized.use(sizes)

    @cached_property
    def _sized(self) -> Entries:
        added = tuple((offers, np.abs(coefs)) for offers, coefs in self.added)
        return replace(self, coef=np.abs(self.coef), total=-np.abs(self.total), added=added, memo={})

    def take(self, kept: Ints) -> Entries:
        """The entries of some offers (ascending) only."""
        size = (self.start[kept + 1] - self.start[kept]).astype(np.int64)
        source = spans(self.start[kept], size)
        added = []
        for offers, coefs in self.added:
            at = np.searchsorted(kept, offers)
            inside = np.append(kept, -1)[at] == offers
            added.append((at[inside], coefs[inside]))
        return Entries(
            np.concatenate(([0], np.cumsum(size))),
            self.index[source],
            self.coef[source],
            self.rows,
            self.spread,
            self.total[:, kept] if len(self.total) else self.total,
            tuple(added),
        )

    def same(self, some: Ints, others: Ints) -> NDArray[np.bool_]:
        """Whether offers have the very entries of others (one each)."""
        size = self.start[some + 1] - self.start[some]
        alike = np.asarray(size == self.start[others + 1] - self.start[others])
        at = np.flatnonzero(alike)
        mine, theirs = spans(self.start[some[at]], size[at]), spans(self.start[others[at]], size[at])
        differs = (self.index[mine] != self.index[theirs]) | (self.coef[mine] != self.coef[theirs])
        alike[at] = sums(differs.astype(np.int64), np.concatenate(([0], np.cumsum(size[at])))) == 0
        for total in self.total:
            alike &= total[some] == total[others]
        for offers, coefs in self.added:
            wide = np.zeros(len(self), np.int64)
            wide[offers] = coefs
            alike &= wide[some] == wide[others]
        return alike

    def alike(self, first: int, last: int) -> tuple[Ints, Ints]:
        """A number for each of the offers ``first`` to ``last``, and the first offer of each number.

        Offers of one number have the very same entries; two numbers may have the same ones too, held in two ways.
        """
        here = slice(int(self.start[first]), int(self.start[last]))
        mark = sums(_mixed(self.index[here], self.coef[here]), self.start[first : last + 1] - int(self.start[first]))
        for place, total in enumerate(self.total):
            mark += _mixed(np.full(last - first, -1 - place), total[first:last])
        _, at, number = np.unique(mark, return_index=True, return_inverse=True)
        rank = np.empty(len(at), np.int64)
        rank[np.argsort(at)] = np.arange(len(at))
        number, some = rank[number], first + np.sort(at)
        if self.same(np.arange(first, last), some[number]).all():
            return number, some
        seen: dict[bytes, int] = {}  # two kinds have one mark
        number = np.array([seen.setdefault(self._own(k), len(seen)) for k in range(first, last)], np.int64)
        return number, first + np.unique(number, return_index=True)[1]

    def _own(self, offer: int) -> bytes:
        """What is held of an offer's entries."""
        here = slice(int(self.start[offer]), int(self.start[offer + 1]))
        own = (self.index[here].astype(np.int64), self.coef[here].astype(np.int64))
        return np.concatenate((*own, self.total[:, offer]) if len(self.total) else own).tobytes()

    def of(self, chosen: Ints) -> tuple[Ints, Ints, Ints]:
        """All entries of some offers, by offer: ``(start, row, coefficient)``; rows ascend, nothing is 0."""
        length = (self.start[chosen + 1] - self.start[chosen]).astype(np.int64)
        source = spans(self.start[chosen], length)
        row, coef = self.index[source].astype(np.int64), self.coef[source].astype(np.int64)
        if not len(self.total) and not self.added:
            return np.concatenate(([0], np.cumsum(length))), row, coef
        owner = np.repeat(np.arange(len(chosen)), length)
        parts = [(owner, row, coef)]
        if len(self.total):
            keys, place = self._keys
            spread = place[row] >= 0
            wide = -self.total[np.ix_(self.spread[keys], chosen)].T.astype(np.int64)
            wide[owner[spread], place[row[spread]]] += coef[spread]
            parts = [(owner[~spread], row[~spread], coef[~spread])]
            at, key = np.nonzero(wide)
            parts.append((at, keys[key], wide[at, key]))
        for number, (offers, coefs) in enumerate(self.added):
            found = np.searchsorted(offers, chosen)
            hit = np.flatnonzero(found < len(offers))
            hit = hit[offers[found[hit]] == chosen[hit]]
            parts.append((hit, np.full(len(hit), self.rows + number), coefs[found[hit]].astype(np.int64)))
        owner, row, coef = (np.concatenate([part[k] for part in parts]) for k in range(3))
        order = np.lexsort((row, owner))
        start = np.concatenate(([0], np.cumsum(np.bincount(owner, minlength=len(chosen)))))
        return start, row[order], coef[order]

    def row(self, number: int) -> tuple[Ints, Ints]:
        """The offers (ascending) that a row counts, and their coefficients."""
        if number >= self.rows:
            return self.added[number - self.rows]
        offer, value = self._listed(number)
        if not len(self.spread) or self.spread[number] < 0:
            return offer, value
        wide = -self.total[self.spread[number]].astype(np.int64)
        wide[offer] += value
        offer = np.flatnonzero(wide)
        return offer, wide[offer]

    def _listed(self, number: int) -> tuple[Ints, Ints]:
        """What is held of a row. Where many rows are asked for, entries are put in the order of rows once."""
        self.memo["asked"] = self.memo.get("asked", 0) + 1
        if self.memo["asked"] > OFTEN and len(self.index) <= SORTED:
            if "order" not in self.memo:
                order = np.argsort(self.index, kind="stable")
                self.memo["order"] = order, np.searchsorted(self.index[order], np.arange(self.rows + 1))
            order, start = self.memo["order"]
            at = order[start[number] : start[number + 1]]
            return np.searchsorted(self.start, at, side="right") - 1, self.coef[at].astype(np.int64)
        offers, coefs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for owner, row, coef in self._pieces():
            hit = row == number
            offers.append(owner[hit])
            coefs.append(coef[hit].astype(np.int64))
        return np.concatenate(offers), np.concatenate(coefs)

    def within(self, some: NDArray[np.bool_]) -> tuple[Ints, Ints, Ints]:
        """(offer, row, coefficient), by offer, of the entries in some rows that take no total off."""
        found: list[list[Ints]] = [[np.zeros(0, np.int64)] for _ in range(3)]
        for piece in self._pieces():
            hit = some[piece[1]]
            for column, values in zip(found, piece, strict=True):
                column.append(values[hit].astype(np.int64))
        return tuple(np.concatenate(column) for column in found)  # type: ignore[return-value]

    def _pieces(self) -> Iterator[tuple[Ints, Ints, Ints]]:
        """(offer, row, coefficient) of the entries by offer, a piece at a time."""
        for low in range(0, len(self), PIECE):
            high = min(low + PIECE, len(self))
            here = slice(int(self.start[low]), int(self.start[high]))
            owner = np.repeat(np.arange(low, high), np.diff(self.start[low : high + 1]))
            yield owner, self.index[here], self.coef[here]

    @property
    def profile(self) -> Profile:
        """What is known of each row."""
        if "own" not in self.memo:
            self.memo["own"] = self._profile()
        found: Profile = self.memo["own"]
        if not self.added:
            return found
        more = [abs(coefs) for _, coefs in self.added]
        return Profile(
            np.concatenate((found.count, [len(sizes) for sizes in more])),
            np.concatenate((found.total, [float(sizes.sum()) for sizes in more])),
            np.concatenate((found.largest, [int(sizes.max(initial=0)) for sizes in more])),
            np.concatenate((found.raised, [bool((coefs > 0).any()) for _, coefs in self.added])),
            np.concatenate((found.lowered, [bool((coefs < 0).any()) for _, coefs in self.added])),
            np.concatenate((found.ones, [bool((coefs == 1).all()) for _, coefs in self.added])),
        )

    def _profile(self) -> Profile:
        rows = self.rows
        count, inside = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        size, largest = np.zeros(rows), np.zeros(rows, np.int64)
        raised, lowered, others = np.zeros(rows, bool), np.zeros(rows, bool), np.zeros(rows, bool)
        takes = self.spread if len(self.spread) else np.full(rows, -1)
        for owner, row, found in self._pieces():
            coef = found.astype(np.int64)
            if len(self.total):
                spread = takes[row]
                off = np.where(spread >= 0, self.total[spread, owner], 0).astype(np.int64)
                coef -= off
                size -= np.bincount(row, off, rows)
                inside += np.bincount(row[off != 0], minlength=rows)
            value = np.abs(coef)
            count += np.bincount(row[value > 0], minlength=rows)
            size += np.bincount(row, value, rows)
            np.maximum.at(largest, row, value)
            raised[row[coef > 0]] = True
            lowered[row[coef < 0]] = True
            others[row[coef != 1]] = True
        for number, total in enumerate(self.total):
            keys = np.flatnonzero(takes == number)
            some = int(np.count_nonzero(total))
            count[keys] += some - inside[keys]
            size[keys] += float(total.sum(dtype=np.float64))
            largest[keys] = np.maximum(largest[keys], int(total.max(initial=0)))
            lowered[keys] |= inside[keys] < some
            others[keys] |= inside[keys] < some
        return Profile(count, size, largest, raised, lowered, ~others)


def spans(start: Ints, sizes: Ints) -> Ints:
    """``arange(start[i], start[i] + sizes[i])`` for each i, one after the other."""
    ends: Ints = np.cumsum(sizes, dtype=np.int64)
    total = int(ends[-1]) if ends.size else 0
    return np.asarray(np.arange(total, dtype=np.int64) + np.repeat(start - (ends - sizes), sizes))


def sums(values: NDArray[Any], start: Ints) -> NDArray[Any]:
    """Sums of consecutive runs ``start[k]:start[k + 1]``; 0 for empty runs."""
    out = np.zeros(len(start) - 1, dtype=values.dtype)
    filled = np.diff(start) > 0
    if filled.any():
        out[filled] = np.add.reduceat(values, start[:-1][filled])
    return out


def narrow(values: Ints) -> Ints:
    """Coefficients in 32 bits where every one of them fits, else as they are."""
    if values.size and max(int(values.max()), -int(values.min())) > SMALL:
        return values
    return values.astype(np.int32)


def _mixed(row: Ints, coef: Ints) -> NDArray[np.uint64]:
    """A number for each entry, whose sums tell almost all lists of entries apart."""
    found: NDArray[np.uint64] = coef.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    found += row.astype(np.uint64) * np.uint64(0xC2B2AE3D27D4EB4F)
    found ^= found >> np.uint64(29)
    found *= np.uint64(0xBF58476D1CE4E5B9)
    found ^= found >> np.uint64(32)
    return found
