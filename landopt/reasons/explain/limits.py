"""What a plan uses of each limit: the plan's rows with their law, and what one case takes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from constraints.reading.case_facts import Facts, key_text
from constraints.reading.rows import PlanRows
from constraints.types import Row, Rule, in_units, shared
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.records import LimitUse
from parcels.common.schema import measures


class Limits:
    """The rows of a plan with what the chosen offers use of them."""

    def __init__(self, context: Context) -> None:
        self.context = context
        offers = context.offers
        self.rows: tuple[Row, ...] = tuple(row for row in offers.rows if row.kind != "tier")
        used = np.zeros(len(self.rows), np.int64)
        for offer in context.chosen:
            for row, value in context.coefficients[offer]:
                if row < len(used):
                    used[row] += value
        self.activity: list[int] = used.tolist()
        self.shares = Shares(context)
        self._uses: dict[int, dict[str, Any]] = {}

    def slack(self, number: int) -> int:
        """The units of slack that a row takes (soft limits only; a hard row is never past)."""
        return self.missed(number, self.activity[number])

    def missed(self, number: int, used: int) -> int:
        """The units of slack a soft row would take where a plan used that much; how far a hard row would be past."""
        return self.rows[number].missed(used)

    @cached_property
    def _soft(self) -> dict[int, tuple[int, ...]]:
        return shared(self.rows)

    @cached_property
    def missed_with(self) -> dict[int, int]:
        """The first of the rows that each soft row is missed together with; of most rows the row itself."""
        return {row: first for first, rows in self._soft.items() for row in rows}

    def units(self, first: int, moved: Mapping[int, int]) -> int:
        """The units that rows missed together are missed by, the plan changed by so much."""
        return max(self.missed(row, self.activity[row] + moved.get(row, 0)) for row in self._soft[first])

    def binding(self, number: int) -> bool:
        """True where not a single unit more (or less) would do without breaking or slack."""
        return self.activity[number] == self.rows[number].rhs or self.slack(number) > 0

    def use(self, number: int, own: int = 0) -> LimitUse:
        """A row as a record: in the law's own amount, net of a credit; of a share, in the row's units."""
        stated = self._uses.get(number)
        if stated is None:
            stated = self._uses[number] = self._use(number)
        return LimitUse(**stated, own=own)

    def use_at(self, number: int, used: int) -> LimitUse:
        """A row as a record where a plan would use that much of it."""
        found = self.use(number)
        return replace(found, used=self._used(number, used), part=None, whole=None)

    def _used(self, number: int, activity: int) -> int:
        """What a row uses as people read it, where its activity is as given."""
        row = self.rows[number]
        rule, size = self.context.rules.get(row.rule), self._size(row)
        return in_units(row.sense, activity + self._limit(rule, row) * size - row.rhs, size)

    def _limit(self, rule: Rule | None, row: Row) -> int:
        """The amount of the law; of shares, relations and locks the right-hand side of the row."""
        plain = rule is not None and row.kind == "limit" and not rule.spec.get("share")
        return self._stated(rule, row) if plain else row.rhs

    def _size(self, row: Row) -> int:
        """Row units in a unit of the limit: a credit of num/den counts everything den times."""
        rule = self.context.rules.get(row.rule)
        credit = None if rule is None or row.kind != "limit" else rule.spec.get("credit")
        return int(credit["den"]) if credit else 1

    def _use(self, number: int) -> dict[str, Any]:
        """What a record says of a row whichever case it is of."""
        row = self.rows[number]
        rule = self.context.rules.get(row.rule)
        spec = {} if rule is None else rule.spec
        share = spec.get("share")
        return {
            "cite": self.context.cite(row.rule),
            "key": row.key,
            "sense": row.sense,
            "used": self._used(number, self.activity[number]),
            "limit": self._limit(rule, row),
            "unit": self._unit(rule, row),
            "binding": self.binding(number),
            "share": "" if not share else _percent(share),
            "across": spec.get("across", ""),
            **self._parts(number),
        }

    def _parts(self, number: int) -> dict[str, int | None]:
        """Part and whole of a share, where they add up to what the row holds."""
        row = self.rows[number]
        found = self.shares.of(row.rule, row.key)
        if found is None:
            return {}
        times, less, part, whole = found
        adds_up = times * part - less * whole == self.activity[number] - row.rhs
        return {"part": part, "whole": whole} if adds_up else {}

    def _stated(self, rule: Rule | None, row: Row) -> int:
        amounts = {tuple(v["key"]): int(v["amount"]) for v in (rule.spec.get("values") or () if rule else ())}
        return amounts.get(row.key, amounts.get((), row.rhs))

    @staticmethod
    def _unit(rule: Rule | None, row: Row) -> str:
        if rule is None or row.kind != "limit":
            return "count"
        return measures().get(str(rule.spec.get("measure")), "")

    def of_offer(self, offer: int) -> tuple[LimitUse, ...]:
        """The limits a chosen offer counts against or towards, with what it takes of each.

        Of a share, what it adds to the part; rows it touches only as part of the whole are left out, except where it
        weighs against a least share of all supply.
        """
        found = []
        mine_of = self.context.coefficients
        for row, own in mine_of.get(offer) or self.context.offers.coefficients(offer):
            if row >= len(self.rows) or self.rows[row].kind != "limit":
                continue
            name, key = self.rows[row].rule, self.rows[row].key
            if self.shares.of(name, key) is not None:
                mine = self.shares.mine.get((offer, name, key), 0)
                if mine or (self.rows[row].sense == ">=" and not key):
                    found.append(self.use(row, mine))
            else:
                found.append(self.use(row, in_units(self.rows[row].sense, own, self._size(self.rows[row]))))
        return tuple(found)

    @cached_property
    def all(self) -> tuple[LimitUse, ...]:
        """Every row of the plan, in the order of (rule, key)."""
        return tuple(self.use(number) for number in range(len(self.rows)))

    @cached_property
    def relaxed(self) -> tuple[LimitUse, ...]:
        """Soft limits the plan does not keep."""
        return tuple(self.use(number) for number in range(len(self.rows)) if self.slack(number))


class Shares:
    """Part and whole of every share over the chosen offers, by the scalar reading."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.facts = context.facts
        rows = PlanRows(context.case, self.facts)
        self.limits = {
            limit.id: limit for limit in rows.limits if limit.share and limit.measure != "expected_price_yuan"
        }
        self.part: dict[tuple[str, tuple[str, ...]], int] = {}
        self.whole: dict[tuple[str, tuple[str, ...]], int] = {}
        self.total: dict[str, int] = {}
        self.mine: dict[tuple[int, str, tuple[str, ...]], int] = {}
        if self.limits:
            self._chosen()
            self._fixed(rows)

    def of(self, rule: str, key: tuple[str, ...]) -> tuple[int, int, int, int] | None:
        """(times, less, part, whole) of a share: ``times x part - less x whole`` is held against 0."""
        limit = self.limits.get(rule)
        if limit is None:
            return None
        whole = self.total.get(rule, 0) if limit.of_all else self.whole.get((rule, key), 0)
        return limit.times, limit.less, self.part.get((rule, key), 0), whole

    def _chosen(self) -> None:
        case, offers = self.context.case, self.context.offers
        for offer in self.context.chosen:
            site = offers.parcels(offer)
            row, number = int(offers.demand[offer]), int(offers.period[offer])
            demand = None if row < 0 else row
            period = None if number < 0 else case.round.periods[number].id
            method, together = case.methods[int(offers.method[offer])], self.facts.site(site)
            for parcel in site:
                facts = self.facts.offer(parcel, demand, together, method, int(offers.term[offer]), period)
                self._add(facts, demand is None, offer)

    def _fixed(self, rows: PlanRows) -> None:
        methods = {method.id: method for method in self.context.case.methods}
        for parcel, taken in enumerate(self.facts.fixed):
            if not taken:
                continue
            facts: Facts = self.facts.parcels[parcel]
            lock = rows.decided.get(parcel)
            if lock is not None:
                demand = self.facts.demand_row.get(lock.spec["demand"] or "")
                method = methods[lock.spec["method"]]
                facts = self.facts.offer(parcel, demand, self.facts.site((parcel,)), method, 0, None)
            self._add(facts, False, None)

    def _add(self, facts: Facts, market: bool, offer: int | None) -> None:
        for name, limit in self.limits.items():
            where, other = limit.sizes(facts, 0, market)
            key = tuple(key_text(facts.get(field)) for field in limit.per)
            self.part[name, key] = self.part.get((name, key), 0) + where
            self.whole[name, key] = self.whole.get((name, key), 0) + other
            self.total[name] = self.total.get(name, 0) + other
            if offer is not None and where:
                self.mine[offer, name, key] = self.mine.get((offer, name, key), 0) + where


def _percent(share: Sequence[int]) -> str:
    """A share (num, den) as a per cent text, exact where two places suffice, else as a fraction."""
    num, den = int(share[0]), int(share[1])
    if (num * 10_000) % den:
        return f"{num}/{den}"
    hundredths = num * 10_000 // den
    return f"{hundredths // 100}.{hundredths % 100:02d} %" if hundredths % 100 else f"{hundredths // 100} %"
