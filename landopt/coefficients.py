"""The coefficients of offers in limits, relations and locks, many offers at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.sides import Sides
from constraints.types import Rule
from landopt.judging import Judged, Others
from landopt.limits import LARGEST, Facts, Limit, Rows, key_text, too_large
from landopt.marks import bit

Ints = NDArray[np.integer[Any]]
VARYING = frozenset(("site_area_m2", "site_parcels", "other_applicants", "intending_users", "term_years"))
Entry = tuple[Ints, Ints, Ints]
"""Offers (positions), rows (provisional numbers), coefficients."""


class Coefficients:
    """Makes entries rule by rule in the order of rule ids, so that rows ascend within an offer."""

    def __init__(self, sides: Sides, rows: Rows, facts: Facts) -> None:
        self.sides, self.rows, self.facts = sides, rows, facts
        self.limits: dict[str, Limit] = rows.limits
        self.makers = sorted([*rows.limits, *(rule.id for rule in rows.links)])
        self.links = {rule.id: rule for rule in rows.links}
        self._tables: dict[tuple[object, ...], Ints] = {}
        parcels, demands = sides.case.parcels.index(), sides.case.demands.index()
        self.members = {
            rule.id: [
                (parcels if rule.spec.get("parcels") else demands).get(name, -2)
                for name in rule.spec.get("parcels") or rule.spec.get("demands") or ()
            ]
            for rule in rows.links
        }

    def of(self, offers: Judged, words: NDArray[np.uint64], others: Others | None) -> list[Entry]:
        """The entries of some offers on sites of one number of parcels; for one offer rows ascend, rule by rule."""
        found: list[Entry] = []
        for name in self.makers:
            if name in self.limits:
                found.extend(self._limit(self.limits[name], offers, words, others))
            else:
                found.extend(self._link(self.links[name], offers))
        return found

    def _limit(self, limit: Limit, offers: Judged, words: NDArray[np.uint64], others: Others | None) -> list[Entry]:
        where, other = bit(words, limit.spots[0]), bit(words, limit.spots[1])
        if not where.any() and not (limit.less and other.any()):
            return []
        size = self.facts.measure(limit.measure, offers, others)
        value = limit.coefficients(where, other, size)
        row = self._keys(limit, offers, others)
        if limit.of_all:
            return self._spread(limit, row, value, limit.less * np.where(other, size, 0).sum(axis=1))
        if row.shape[1] == 1 or value.shape[1] == 1:
            return [self._entry(np.arange(value.shape[0]), row[:, 0], value.sum(axis=1), limit)]
        return self._by_parcel(row, value, limit)

    def _spread(self, limit: Limit, row: Ints, value: Ints, less: Ints) -> list[Entry]:
        """Entries of a share of all supply: every offer counts against the row of every key."""
        offer = np.arange(row.shape[0])
        found = []
        for key in self.rows.spread[limit.rule.id]:
            number = self.rows.row((limit.rule.id, key))
            own = np.where(row == number, value, 0).sum(axis=1)
            found.append(self._entry(offer, np.full(offer.size, number), own - less, limit))
        return found

    def _by_parcel(self, row: Ints, value: Ints, limit: Limit) -> list[Entry]:
        """Entries where the parcels of a site may count in different rows: equal rows are added up."""
        order = np.argsort(row, axis=1, kind="stable")
        row, value = np.take_along_axis(row, order, axis=1), np.take_along_axis(value, order, axis=1).astype(np.int64)
        found = []
        at = np.arange(row.shape[0])
        for place in range(row.shape[1]):
            if place + 1 < row.shape[1]:
                same = row[:, place] == row[:, place + 1]
                value[:, place + 1] += np.where(same, value[:, place], 0)
                here = ~same
            else:
                here = np.ones(at.size, bool)
            found.append(self._entry(at[here], row[here, place], value[here, place], limit))
        return found

    def _entry(self, offer: Ints, row: Ints, value: Ints, limit: Limit) -> Entry:
        keep = np.flatnonzero((value != 0) & (row >= 0))
        value = value[keep]
        if value.size and (int(value.max()) >= LARGEST or int(value.min()) <= -LARGEST):
            raise too_large(limit.rule.id, int(value[np.abs(value).argmax()]))
        return offer[keep], row[keep], value

    def _keys(self, limit: Limit, offers: Judged, others: Others | None) -> Ints:
        """The provisional row of each parcel of each offer, (offers, parcels) or (offers, 1); -1: none."""
        if not limit.per:
            return np.full((offers.site.size, 1), self.rows.row((limit.rule.id, ())))
        code: Ints = np.zeros((offers.site.size, 1), np.int64)
        domains: list[Sequence[Any]] = []
        for name in limit.per:
            codes, labels = self.facts.codes(name, offers, others)
            domains.append(labels)
            code = code * len(labels) + np.where(codes < 0, len(labels) - 1, codes)
        width = int(np.prod([len(labels) for labels in domains]))
        stable = all(
            name not in ("site_area_m2", "other_applicants", "intending_users", "term_years") for name in limit.per
        )
        if stable and width <= 1 << 20:
            table = self._tables.setdefault((limit.rule.id,), np.full(width, -2, np.int64))
            self._fill(table, np.unique(code[table[code] == -2]), limit, domains)
            return table[code]
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
        return self.rows.row((limit.rule.id, tuple(reversed(key))))

    def _link(self, rule: Rule, offers: Judged) -> list[Entry]:
        """Relations and locks touch few offers."""
        members = self.members[rule.id]
        by_parcel = bool(rule.spec.get("parcels"))
        touched = np.isin(offers.parcels, members).any(axis=1) if by_parcel else np.isin(offers.demand, members)
        if rule.kind == "lock":
            touched &= offers.parcels.shape[1] == len(set(members))
        found: dict[tuple[str, ...], list[tuple[int, int]]] = {}
        for at in np.flatnonzero(touched).tolist():
            present = set(offers.parcels[at].tolist()) if by_parcel else {int(offers.demand[at])}
            for key, value in self._linked(rule, members, present, offers, at):
                found.setdefault(key, []).append((at, value))
        entries = []
        for key in sorted(found):
            pairs = np.array(found[key], np.int64)
            entries.append((pairs[:, 0], np.full(len(pairs), self.rows.row((rule.id, key))), pairs[:, 1]))
        return entries

    def _linked(
        self, rule: Rule, members: Sequence[int], present: set[int], offers: Judged, at: int
    ) -> list[tuple[tuple[str, ...], int]]:
        if rule.kind == "lock":
            wanted = rule.spec.get("demand")
            right = self.sides.case.methods[int(offers.method[at])].id == rule.spec["method"]
            demand = int(offers.demand[at])
            who = not wanted or (demand >= 0 and self.sides.case.demands.ids[demand] == wanted)
            return [((), 1)] if right and who and present == set(members) else []
        if rule.spec["relation"] == "conflict":
            return [((), len(present.intersection(members)))]
        names = rule.spec.get("parcels") or rule.spec.get("demands")
        found = []
        for name, other in zip(names[1:], members[1:], strict=True):
            value = (members[0] in present) - (other in present)
            if value:
                found.append(((name,), value))
        return found
