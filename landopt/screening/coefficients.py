"""The coefficients of offers in limits, relations and locks, many offers at a time."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.types import Rule
from landopt.screening.judging.condition_bits import Meets
from landopt.screening.judging.offer_verdicts import Judged, Others
from landopt.screening.law.fact_columns import AXIS_OF, Sides
from landopt.screening.limits import LARGEST, Limit, Rows, too_large
from landopt.screening.offer_facts import Facts, key_text

Ints = NDArray[np.integer[Any]]
VARYING = frozenset(AXIS_OF) - {"period"}
"""Facts of the offer as a whole: their codes are places among the values of one piece, which the next piece has not."""
PIECE = 8_192
"""Offers worked on at a time, so that their coefficients stay in the cache."""
Slot = tuple[Ints | int, Ints]
"""The row (or the row of each offer) and the coefficients of one place in an offer's list."""


class Coefficients:
    """Makes entries rule by rule in the order of rule ids, so that rows ascend within an offer."""

    def __init__(self, sides: Sides, rows: Rows, facts: Facts) -> None:
        self.sides, self.rows, self.facts = sides, rows, facts
        self.limits: dict[str, Limit] = rows.limits
        self.makers = sorted([*rows.limits, *(rule.id for rule in rows.links)])
        self.links = {rule.id: rule for rule in rows.links}
        self.may_be_due = frozenset(name for name, limit in rows.limits.items() if rows.may_be_due(limit))
        self._tables: dict[str, Ints] = {}
        self._sums: dict[str, tuple[Ints, Ints]] = {}
        self._rows: dict[tuple[str, ...], Any] = {}
        parcels, demands = sides.case.parcels.index(), sides.case.demands.index()
        self.members = {
            rule.id: [
                (parcels if rule.spec.get("parcels") else demands).get(name, -2)
                for name in rule.spec.get("parcels") or rule.spec.get("demands") or ()
            ]
            for rule in rows.links
        }

    def of(self, offers: Judged, meets: Meets, others: Others | None) -> tuple[Ints, Ints, Ints, Ints]:
        """The coefficients of some offers on sites of one number of parcels: entries by offer, rows, coefficients.

        Rows are provisional numbers; they ascend within an offer as far as the numbers were given in order. Last, what
        all rows of each share of all supply take off, (shares, offers); the entries in these rows are without it.
        """
        pieces = [
            self._piece(offers.between(first, first + PIECE), meets.between(first, first + PIECE), others)
            for first in range(0, offers.site.size, PIECE)
        ]
        sizes, rows, values, totals = zip(*pieces, strict=True)
        return np.concatenate(sizes), np.concatenate(rows), np.concatenate(values), np.concatenate(totals, axis=1)

    def _piece(self, offers: Judged, meets: Meets, others: Others | None) -> tuple[Ints, Ints, Ints, Ints]:
        self._sums, self._rows = {}, {}  # of this piece
        slots: list[Slot] = []
        count = offers.site.size
        totals = np.zeros((len(self.rows.shares), count), np.int64)
        for name in self.makers:
            found = self._limit(self.limits[name], offers, meets, others) if name in self.limits else None
            found = self._link(self.links[name], offers) if found is None else found
            off: Ints | int = 0
            if name in self.rows.shares:
                off = totals[self.rows.shares[name]]
                off += self._taken_off(self.limits[name], offers, meets, others)
                _refuse(name, off)
            for _, value in found:
                _refuse(name, value - off)
            slots.extend(found)
        values = np.zeros((max(1, len(slots)), count), np.int64)
        rows = np.zeros((max(1, len(slots)), count), np.int32)
        for at, (row, value) in enumerate(slots):
            values[at], rows[at] = value, row
        keep = ((values != 0) & (rows >= 0)).T.copy()
        return np.count_nonzero(keep, axis=1), rows.T[keep], values.T[keep], totals

    def _size(self, limit: Limit, offers: Judged, others: Others | None) -> tuple[Ints, Ints]:
        """What each parcel counts, and what the site counts."""
        if limit.measure not in self._sums:
            size = self.facts.measure(limit.measure, offers, others)
            self._sums[limit.measure] = size, size.sum(axis=1)
        return self._sums[limit.measure]

    def _whole(self, spot: int, offers: Judged, meets: Meets, size: tuple[Ints, Ints]) -> Ints:
        """(offers,) the measure of the parcels that meet a condition."""
        if not meets.any(spot):
            return np.zeros(offers.site.size, np.int64)
        if not meets.differs(spot):
            return np.where(meets.all_of(spot), size[1], 0)
        return np.where(meets.each(spot), size[0], 0).sum(axis=1)

    def _limit(self, limit: Limit, offers: Judged, meets: Meets, others: Others | None) -> list[Slot]:
        where, other = limit.spots
        if limit.rule.id in self.may_be_due:
            self.rows.meet(limit, self._keys(limit, offers, others))
        if not meets.any(where) and not (limit.less and meets.any(other)):
            return []
        size = self._size(limit, offers, others)
        row = self._keys(limit, offers, others)
        if limit.across == "spread":
            return self._spread(limit, row, np.where(meets.each(where), size[0], 0))
        if row.shape[1] == 1:
            value = limit.times * self._whole(where, offers, meets, size)
            if limit.less and not limit.of_all:
                value = value - limit.less * self._whole(other, offers, meets, size)
            return [(row[:, 0], value)]
        return self._by_parcel(row, limit.coefficients(meets.each(where), meets.each(other), size[0]))

    def _spread(self, limit: Limit, place: Ints, size: Ints) -> list[Slot]:
        """One row for each two keys: the sum of the first less that of the other; ``place`` is each parcel's key."""
        keys = self.rows.places[limit.rule.id]
        sums = {key: np.where(place == at, size, 0).sum(axis=1) for key, at in keys.items()}
        some = {key for key, values in sums.items() if values.any()}
        return [
            (self.rows.row((limit.rule.id, first + other)), sums[first] - sums[other])
            for first, other in itertools.permutations(keys, 2)
            if first in some or other in some
        ]

    def _taken_off(self, limit: Limit, offers: Judged, meets: Meets, others: Others | None) -> Ints:
        """A share of all supply: what every offer counts against the row of every key."""
        return limit.less * self._whole(limit.spots[1], offers, meets, self._size(limit, offers, others))

    def _by_parcel(self, row: Ints, value: Ints) -> list[Slot]:
        """Where the parcels of a site count in different rows: equal rows are added up."""
        order = np.argsort(row, axis=1, kind="stable")
        row, value = np.take_along_axis(row, order, axis=1), np.take_along_axis(value, order, axis=1).astype(np.int64)
        for place in range(row.shape[1] - 1):
            same = row[:, place] == row[:, place + 1]
            value[:, place + 1] += np.where(same, value[:, place], 0)
            value[same, place] = 0
        return [(row[:, place], value[:, place]) for place in range(row.shape[1])]

    def _keys(self, limit: Limit, offers: Judged, others: Others | None) -> Ints:
        """The provisional row of each parcel, (offers, parcels), or (offers, 1) if all agree; -1: none."""
        if not limit.per:
            return np.full((offers.site.size, 1), self.rows.row((limit.rule.id, ())))
        if limit.per not in self._rows:
            self._rows[limit.per] = self._codes(limit, offers, others)
        code, domains = self._rows[limit.per]
        return self._row_of(limit, code, domains)

    def _codes(self, limit: Limit, offers: Judged, others: Others | None) -> tuple[Ints, list[Sequence[Any]]]:
        code: Ints = np.zeros((offers.site.size, 1), np.int64)
        domains: list[Sequence[Any]] = []
        for name in limit.per:
            codes, labels = self.facts.codes(name, offers, others)
            domains.append(labels)
            code = code * len(labels) + np.where(codes < 0, len(labels) - 1, codes)
        if code.shape[1] > 1 and (code == code[:, :1]).all():
            code = code[:, :1]
        return code, domains

    def _row_of(self, limit: Limit, code: Ints, domains: Sequence[Sequence[Any]]) -> Ints:
        width = int(np.prod([len(labels) for labels in domains]))
        if VARYING.isdisjoint(limit.per) and width <= 1 << 20:
            key = limit.rule.id
            table = self._tables[key] if key in self._tables else np.full(width, -2, np.int64)
            self._tables[key] = table
            found = table[code]
            if found.size and int(found.min()) == -2:
                self._fill(table, np.unique(code[found == -2]), limit, domains)
                found = table[code]
            return found
        met, where = np.unique(code, return_inverse=True)
        table = np.full(met.size, -1, np.int64)
        for at, each in enumerate(met.tolist()):
            table[at] = self._row(each, limit, domains)
        return table[where.reshape(code.shape)]

    def _fill(self, table: Ints, codes: Ints, limit: Limit, domains: Sequence[Sequence[Any]]) -> None:
        for code in codes.tolist():
            table[code] = self._row(code, limit, domains)

    def _row(self, code: int, limit: Limit, domains: Sequence[Sequence[Any]]) -> int:
        key: list[str] = []
        for labels in reversed(domains):
            code, at = divmod(code, len(labels))
            key.append(key_text(labels[at]))
        if limit.across == "spread":
            return self.rows.places[limit.rule.id].get(tuple(reversed(key)), -1)
        return self.rows.row((limit.rule.id, tuple(reversed(key))))

    def _link(self, rule: Rule, offers: Judged) -> list[Slot]:
        """Relations and locks touch few offers."""
        members = self.members[rule.id]
        by_parcel = bool(rule.spec.get("parcels"))
        touched = np.isin(offers.parcels, members).any(axis=1) if by_parcel else np.isin(offers.demand, members)
        found: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for at in np.flatnonzero(touched).tolist():
            present = set(offers.parcels[at].tolist()) if by_parcel else {int(offers.demand[at])}
            for key, value in self._linked(rule, members, present, offers, at):
                found.setdefault(key, []).append((at, value))
        slots: list[Slot] = []
        for key in sorted(found):
            places = [at for at, _ in found[key]]
            coefficients = np.zeros(offers.site.size, np.int64)
            coefficients[places] = [value for _, value in found[key]]
            slots.append((self.rows.row((rule.id, key)), coefficients))
        return slots

    def _linked(
        self, rule: Rule, members: Sequence[int], present: set[int], offers: Judged, at: int
    ) -> list[tuple[tuple[str, ...], int]]:
        if rule.kind == "lock":
            wanted = rule.spec.get("demand")
            right = self.sides.case.methods[int(offers.method[at])].id == rule.spec["method"]
            demand = int(offers.demand[at])
            who = not wanted or (demand >= 0 and self.sides.case.demands.ids[demand] == wanted)
            wanted, row = rule.spec.get("period"), int(offers.period[at])
            when = not wanted or (row >= 0 and self.sides.case.round.periods[row].id == wanted)
            return [((), 1)] if right and who and when and present == set(members) else []
        if rule.spec["relation"] == "conflict":
            return [((), len(present.intersection(members)))]
        names: Sequence[str] = rule.spec.get("parcels") or rule.spec.get("demands") or ()
        found: list[tuple[tuple[str, ...], int]] = []
        for name, other in zip(names[1:], members[1:], strict=True):
            value = (members[0] in present) - (other in present)
            if value:
                found.append(((name,), value))
        return found


def _refuse(name: str, values: Ints) -> None:
    """Refuse coefficients that a solver could not keep exact."""
    if values.size and max(int(values.max()), -int(values.min())) >= LARGEST:
        raise too_large(name, int(values[int(np.abs(values).argmax())]))
