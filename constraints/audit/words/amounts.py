"""Limits in a plan's reasons, read a second time: amounts, shares with part and whole, what one supply takes.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from constraints.audit.cells import Reading
from constraints.audit.reread import Reader
from constraints.audit.words.shown import percent, unit_of
from constraints.reading.case_facts import Facts, key_text
from constraints.reading.rows import Key
from constraints.types import Rule, fulfilled, in_units

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]


class Amounts:
    """The limits of a plan: ``shown`` as re-derived, parts and wholes of shares over the chosen offers."""

    def __init__(
        self, reader: Reader, rules: Mapping[str, Rule], chosen: Iterable[Reading], shown: Mapping[Key, Json]
    ) -> None:
        self.reader, self.rules, self.shown = reader, rules, shown
        limits = reader.rows.limits
        self.shares = {one.id: one for one in limits if one.share and one.measure != "expected_price_yuan"}
        self.sizes = {one.id: one.times for one in limits if not one.share}
        self.part: dict[Key, int] = {}
        self.whole: dict[Key, int] = {}
        self.total: dict[str, int] = {}
        self.mine: dict[tuple[int, ...], dict[Key, int]] = {}
        if self.shares:
            for reading in chosen:
                self._chosen(reading)
            for facts in reader.rows.fixed_facts():
                self._add(facts, False, {})

    def _chosen(self, reading: Reading) -> None:
        facts, mine = self.reader.facts, self.mine.setdefault(reading.site, {})
        method, together = self.reader.case.methods[reading.method], facts.site(reading.site)
        period = self.reader.period_id(reading.period)
        for parcel in reading.site:
            said = facts.offer(parcel, reading.demand, together, method, reading.term, period)
            self._add(said, reading.demand is None, mine)

    def _add(self, facts: Facts, market: bool, mine: dict[Key, int]) -> None:
        for name, limit in self.shares.items():
            where, other = limit.sizes(facts, 0, market)
            key = name, tuple(key_text(facts.get(field)) for field in limit.per)
            self.part[key] = self.part.get(key, 0) + where
            self.whole[key] = self.whole.get(key, 0) + other
            self.total[name] = self.total.get(name, 0) + other
            mine[key] = mine.get(key, 0) + where

    def missed(self) -> list[Key]:
        """The soft limits that the plan does not keep."""
        found = []
        for key, said in self.shown.items():
            row = self.reader.rows.row(*key)
            if row is not None and row.slack and not fulfilled(row.sense, said["used"], said["limit"]):
                found.append(key)
        return sorted(found)

    def touched(self, reading: Reading) -> list[Key]:
        """The limits that one supply counts against or towards."""
        found, mine = [], self.mine.get(reading.site, {})
        for key, value in reading.rows.items():
            rule = self.rules.get(key[0])
            if not value or rule is None or rule.kind != "limit" or key not in self.shown:
                continue
            if key[0] not in self.shares or mine.get(key) or (self.shown[key]["sense"] == ">=" and not key[1]):
                found.append(key)
        return sorted(found)

    def read(
        self, same: Same, where: str, limits: Sequence[Json], cite: Callable[[Any], Any], reading: Reading | None
    ) -> list[Key]:
        """Every limit that a record tells of; returns which they are."""
        told: list[Key] = []
        for each in limits:
            key = (cite(each["cite"]), tuple(each["key"]))
            told.append(key)
            found, name = self.shown.get(key), f"limit {key[0]}"
            if found is None:
                same(where, name, list(key[1]), None)
                continue
            for field in ("used", "limit", "sense", "binding"):
                same(where, f"{name}: {field}", each[field], found[field])
            self._row(same, where, name, each, key, reading)
        return told

    def _row(self, same: Same, where: str, name: str, each: Json, key: Key, reading: Reading | None) -> None:
        rule = self.rules.get(key[0])
        share = None if rule is None else rule.spec.get("share")
        same(where, f"{name}: unit", each["unit"], unit_of(rule))
        same(where, f"{name}: share", each["share"], "" if not share else percent(share))
        same(where, f"{name}: across", each.get("across", ""), "" if rule is None else rule.spec.get("across", ""))
        own = 0
        if reading is not None:
            mine = self.mine.get(reading.site, {})
            own = mine.get(key, 0) if key[0] in self.shares else reading.rows.get(key, 0)
            own = in_units(each["sense"], own, self.sizes.get(key[0], 1))
        same(where, f"{name}: own", each["own"], own)
        same(where, f"{name}: part and whole", (each["part"], each["whole"]), self._parts(key))

    def _parts(self, key: Key) -> tuple[int | None, int | None]:
        """Part and whole of a share, where they add up to what the row holds."""
        limit, said = self.shares.get(key[0]), self.shown[key]
        if limit is None:
            return None, None
        part = self.part.get(key, 0)
        whole = self.total.get(key[0], 0) if limit.of_all else self.whole.get(key, 0)
        adds_up = limit.times * part - limit.less * whole == said["used"] - said["limit"]
        return (part, whole) if adds_up else (None, None)
