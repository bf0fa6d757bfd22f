"""Limits, relations and locks as sparse rows over the offers (docs/model.md §7), in exact int64."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language import expr
from constraints.language.nodes import Node
from constraints.types import Row, Rule
from landopt.screening.law.arrays import FALSE, TRUE, ClassTable, Column, column, constant, truth
from landopt.screening.law.fact_columns import Sides
from landopt.screening.offer_verdicts import Judged, Others
from landopt.screening.verdict_tables import Exceptions
from parcels.common.issues import Refused, error
from parcels.common.schema import Value, fields_of

Ints = NDArray[np.integer[Any]]
LARGEST = 10**12
"""Every coefficient and right-hand side is smaller than this."""
MOST_KEYS = 100_000


class Facts:
    """The facts of offers as columns, for measures and keys of limits."""

    def __init__(self, sides: Sides, site_area: Ints, site_users: Ints) -> None:
        self.sides, self.site_area, self.site_users = sides, site_area, site_users
        self.demand_columns: dict[str, Column] = {}
        self._holding: Exceptions | None = None
        self._sizes: dict[str, tuple[Ints | None, Ints | None]] = {}

    def demand(self, name: str) -> Column:
        """A fact of the demands, with one unknown row more for the market."""
        if name not in self.demand_columns:
            self.demand_columns[name] = column((*(facts.get(name) for facts in self.sides.demands), None))
        return self.demand_columns[name]

    def codes(self, name: str, offers: Judged, others: Others | None) -> tuple[Ints, Sequence[Value]]:
        """Codes of a fact, (offers, parcels) or (offers, 1), and the values they stand for (the last: unknown)."""
        methods = self.sides.case.methods
        if name in ("method", "right", "competitive"):
            facts = {"method": [m.id for m in methods], "right": [m.right for m in methods]}
            labels: list[Value] = [*facts.get(name, [m.competitive for m in methods])]
            return offers.method[:, None], [*labels, None]
        if name == "period":
            return offers.period[:, None], [*(period.id for period in self.sides.case.round.periods), None]
        if name == "operator":
            return self._operator(offers)
        whole = self._number_of(name, offers, others)
        if whole is not None:
            found = column([None if value < 0 else value for value in whole.reshape(-1).tolist()])
            return found.codes.reshape(whole.shape), [*found.values, None]
        return self._given(name, offers)

    def _operator(self, offers: Judged) -> tuple[Ints, Sequence[Value]]:
        known = self.demand("operator")
        codes = np.repeat(known.codes[offers.demand][:, None], offers.parcels.shape[1], axis=1)
        labels = [*known.values, "existing_user", None]
        if self._holding is None:
            pairs = {(demand, row): 0 for row, holders in self.sides.holders.items() for demand in holders}
            self._holding = Exceptions(dict.fromkeys(pairs, len(known.values)), self.sides.count)
        self._holding.put(offers.demand, offers.parcels, codes)
        return codes, labels

    def _given(self, name: str, offers: Judged) -> tuple[Ints, Sequence[Value]]:
        demand, parcel = self.demand(name), self.sides.parcel(name)
        labels: list[Value] = [*demand.values]
        codes = demand.codes[offers.demand][:, None]
        if parcel is not None:
            own = parcel.codes[offers.parcels]
            codes = np.where(codes >= 0, codes, np.where(own >= 0, own + len(labels), -1))
            labels += [*parcel.values]
        return codes, [*(int(v) if isinstance(v, np.integer) else v for v in labels), None]

    def _number_of(self, name: str, offers: Judged, others: Others | None) -> Ints | None:
        """A number of the offer as a whole (-1 unknown)."""
        match name:
            case "site_area_m2":
                return self.site_area[offers.site][:, None]
            case "site_parcels":
                return np.full((offers.site.size, 1), offers.parcels.shape[1])
            case "intending_users":
                return self.site_users[offers.site][:, None]
            case "term_years":
                return np.where(offers.term > 0, offers.term, -1)[:, None]
            case "other_applicants":
                return (
                    np.zeros((offers.site.size, 1), np.int64)
                    if others is None
                    else others.of(offers.demand, offers.parcels)
                )
        return None

    def measure(self, name: str, offers: Judged, others: Others | None) -> Ints:
        """What one parcel of each offer counts, (offers, parcels); unknown counts 0."""
        if name == "count":
            return np.ones(offers.parcels.shape, np.int64)
        if name == "expected_price_yuan":
            return offers.unit * self.sides.area[offers.parcels]
        whole = self._number_of(name, offers, others)
        if whole is not None:
            return np.broadcast_to(np.maximum(whole, 0), offers.parcels.shape)
        if name not in self._sizes:
            self._sizes[name] = _numbers(self.demand(name)), _numbers(self.sides.parcel(name))
        demand, parcel = self._sizes[name]
        own = np.zeros(offers.parcels.shape, np.int64) if parcel is None else parcel[offers.parcels]
        if demand is None:
            return own
        known = self.demand(name).codes[offers.demand][:, None] >= 0
        return np.where(known, demand[offers.demand][:, None], own)


def _numbers(found: Column | None) -> Ints | None:
    """The integers of a column (unknown 0); None where it holds none."""
    return found.integers() if found is not None and isinstance(found.values, np.ndarray) else None


def key_text(value: Value) -> str:
    """A fact as part of a key: a set joined by ";", unknown "", booleans "true" and "false"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)


class Limit:
    """One limit rule; ``spots`` are the places of its conditions (where; of or credit) among the marks."""

    def __init__(self, rule: Rule, tiers: int, spots: tuple[int, int]) -> None:
        spec = rule.spec
        self.rule, self.spots = rule, spots
        self.measure, self.sense, self.per = str(spec["measure"]), str(spec["sense"]), tuple(spec["per"])
        share, credit = spec.get("share"), spec.get("credit")
        self.share = share is not None
        self.times = int(share[1]) if share else int(credit["den"]) if credit else 1
        self.less = int(share[0]) if share else int(credit["num"]) if credit else 0
        self.amounts = {tuple(each["key"]): int(each["amount"]) for each in spec.get("values") or ()}
        self.used = {tuple(each["key"]): int(each["amount"]) for each in spec.get("used") or ()}
        self.of_all = bool(share and self.per and not spec.get("of"))
        self.soft = not spec.get("hard", True)
        self.penalty = 1000 * int(spec.get("penalty") or 0) if self.soft else 0
        self.tier = tiers - 1 if spec.get("tier") is None else int(spec["tier"])

    def right(self, key: tuple[str, ...]) -> int | None:
        """The right-hand side before what is reserved; None where no amount is named."""
        if self.share:
            return 0
        amount = self.amounts.get(key)
        if amount is None and self.per:
            amount = self.amounts.get(())
        return None if amount is None else self.times * (amount - self.used.get(key, 0))

    def coefficients(self, where: NDArray[np.bool_], other: NDArray[np.bool_], size: Ints) -> Ints:
        """The coefficient of each parcel of each offer in the row of its key."""
        found = self.times * np.where(where, size, 0)
        return found - self.less * np.where(other, size, 0) if self.less and not self.of_all else found


def conditions(sides: Sides, first: int) -> tuple[list[Limit], list[Node], list[bool]]:
    """The limits of a case, their conditions (from place ``first`` on) and which of these are generous."""
    limits: list[Limit] = []
    nodes: list[Node] = []
    generous: list[bool] = []
    for rule in sides.case.rules:
        if rule.kind != "limit":
            continue
        credit = rule.spec.get("credit")
        other = credit["where"] if credit else rule.spec.get("of") or ""
        at = first + len(nodes)
        nodes += [expr.parse(rule.when, rule.place), expr.parse(other, rule.place)]
        generous += [rule.spec["sense"] == "<=", False]
        limits.append(Limit(rule, len(sides.case.objective.tiers), (at, at + 1)))
    return limits, nodes, generous


class Rows:
    """The rows of a case: made before the offers where their keys are known, later where an offer brings a new key."""

    def __init__(self, sides: Sides, limits: Sequence[Limit], candidate: NDArray[np.bool_]) -> None:
        self.sides = sides
        self.limits = {limit.rule.id: limit for limit in limits}
        case = sides.case
        self.tiers = len(case.objective.tiers)
        status = case.parcels.column("status")
        self.fixed = np.array([state in ("announced", "contracted") for state in status], bool)
        fixed_ids = {name for name, taken in zip(case.parcels.ids, self.fixed.tolist(), strict=True) if taken}
        kinds = [rule for rule in case.rules if rule.kind in ("relation", "lock")]
        self.links = [r for r in kinds if r.kind == "relation" or fixed_ids.isdisjoint(r.spec["parcels"])]
        self.decided = [r for r in kinds if r.kind == "lock" and not fixed_ids.isdisjoint(r.spec["parcels"])]
        self.spread = {name: self._parcel_keys(limit, candidate) for name, limit in self.limits.items() if limit.of_all}
        self.shares = {name: place for place, name in enumerate(sorted(self.spread))}
        self.reserved = self._reserved()
        self.number: dict[tuple[str, tuple[str, ...]], int] = {}
        self.needed = self._needed(candidate)
        for key in sorted(self.needed | self._likely()):
            self.number[key] = len(self.number)

    def _needed(self, candidate: NDArray[np.bool_]) -> set[tuple[str, tuple[str, ...]]]:
        """The rows that stand whatever is offered."""
        found: set[tuple[str, tuple[str, ...]]] = set()
        parcel_fields = fields_of("parcel")
        for name, limit in self.limits.items():
            found.update((name, key) for key in limit.amounts if len(key) == len(limit.per))
            if not limit.per:
                found.add((name, ()))
            elif all(each in parcel_fields for each in limit.per):
                found.update((name, key) for key in self._parcel_keys(limit, candidate))
        for rule in self.links:
            members = rule.spec.get("parcels") or rule.spec.get("demands") or ()
            alone = rule.kind == "lock" or rule.spec["relation"] == "conflict"
            found.update((rule.id, key) for key in ([()] if alone else [(other,) for other in members[1:]]))
        return {key for key in found if self.right(key) is not None}

    def _parcel_keys(self, limit: Limit, candidate: NDArray[np.bool_]) -> list[tuple[str, ...]]:
        """The keys of candidate parcels; of a share of all supply also those of parcels already decided."""
        rows = candidate | self.fixed if limit.of_all else candidate
        columns = [self.sides.parcel(each) for each in limit.per]
        codes = np.stack([np.full(rows.size, -1) if c is None else c.codes for c in columns])[:, rows]
        found = set()
        for each in np.unique(codes, axis=1).T.tolist():
            values = (None if c is None or at < 0 else c.values[at] for c, at in zip(columns, each, strict=True))
            found.add(tuple(key_text(value) for value in values))
        return sorted(found)

    def _likely(self) -> set[tuple[str, tuple[str, ...]]]:
        """Keys an offer may bring, so that rows are numbered in order from the start."""
        found: set[tuple[str, tuple[str, ...]]] = set()
        for name, limit in self.limits.items():
            domains = [self._domain(each) for each in limit.per]
            if int(np.prod([len(domain) for domain in domains])) <= MOST_KEYS // 10:
                found.update((name, key) for key in itertools.product(*domains))
        return {key for key in found if self.right(key) is not None}

    def _domain(self, name: str) -> list[str]:
        case = self.sides.case
        if name in ("method", "right", "competitive"):
            return sorted({key_text(getattr(m, "id" if name == "method" else name)) for m in case.methods})
        if name == "period":
            return sorted({"", *(period.id for period in case.round.periods)})
        values = {value for table in (case.parcels, case.demands) for value in table.column(name)}
        more = {"existing_user"} if name == "operator" else set()
        return sorted({"", *map(key_text, values), *more})

    def right(self, key: tuple[str, tuple[str, ...]]) -> int | None:
        """The right-hand side of a row; None if the law names no amount for the key."""
        limit = self.limits.get(key[0])
        if limit is None:
            return 1
        amount = limit.right(key[1])
        return None if amount is None else amount - self.reserved.get(key, 0)

    def row(self, key: tuple[str, tuple[str, ...]]) -> int:
        """The number of a row, made if it is new; -1 if there is none."""
        if key not in self.number:
            self.number[key] = len(self.number) if self.right(key) is not None else -1
        return self.number[key]

    def takes_off(self) -> Ints:
        """By the number of a row, the place of its rule among :attr:`shares` (-1: it takes nothing off)."""
        found = np.full(len(self.number) + 1, -1, np.int64)
        for (name, _), at in self.number.items():
            if at >= 0 and name in self.shares:
                found[at] = self.shares[name]
        return found

    def _reserved(self) -> dict[tuple[str, tuple[str, ...]], int]:
        """What parcels announced or contracted use of each limit."""
        found: dict[tuple[str, tuple[str, ...]], int] = {}
        rows = self.sides.case.parcels.index()
        by_lock = {rows[name]: rule for rule in self.decided for name in rule.spec["parcels"] if name in rows}
        groups: dict[str, list[int]] = {}
        for row in np.flatnonzero(self.fixed).tolist():
            groups.setdefault(by_lock[row].id if row in by_lock else "", []).append(row)
        for name, members in groups.items():
            rule = next((each for each in self.decided if each.id == name), None)
            columns = self._fixed_facts(np.array(members), rule)
            table = ClassTable({"parcel": columns}, {"parcel": len(members)})
            for limit in self.limits.values():
                self._reserve(found, limit, columns, table, len(members))
        return found

    def _reserve(
        self, found: dict[Any, int], limit: Limit, columns: Mapping[str, Column], table: ClassTable, count: int
    ) -> None:
        credit = limit.rule.spec.get("credit")
        other = expr.parse(credit["where"] if credit else limit.rule.spec.get("of") or "")
        leaf = table.leaf({})
        holds = np.broadcast_to(truth(expr.parse(limit.rule.when), leaf).reshape(-1), count)
        where = holds != FALSE if limit.sense == "<=" else holds == TRUE
        against = np.broadcast_to(truth(other, leaf).reshape(-1) == TRUE, count)
        size = np.zeros(count, np.int64)
        if limit.measure == "count":
            size += 1
        elif limit.measure in columns and isinstance(columns[limit.measure].values, np.ndarray):
            size += columns[limit.measure].integers()
        for at, value in enumerate(limit.coefficients(where, against, size).tolist()):
            named = [columns[each].raw(at) if each in columns else None for each in limit.per]
            key = (limit.rule.id, tuple(key_text(each) for each in named))
            found[key] = found.get(key, 0) + value
        for each in self.spread.get(limit.rule.id, ()):
            key = (limit.rule.id, each)
            found[key] = found.get(key, 0) - limit.less * int(np.where(against, size, 0).sum())

    def _fixed_facts(self, members: Ints, lock: Rule | None) -> dict[str, Column]:
        """The facts of decided parcels: their own, and those of the decision where a lock tells."""
        sides, case, count = self.sides, self.sides.case, members.size
        names = set(case.parcels.columns) | {"status", "new_area_m2"}
        found = {name: c.take(members) for name in names if (c := sides.parcel(name)) is not None}
        users = column([case.parcels.column("intending_users")[row] for row in members.tolist()])
        found["intending_users"] = users
        if lock is None:
            return found

        def same(value: Value) -> Column:
            return constant(value).take(np.zeros(count, np.int64))

        method = case.method(lock.spec["method"])
        demand = case.demands.index().get(lock.spec.get("demand") or "")
        if demand is not None:
            found.update((name, same(value)) for name, value in sides.demands[demand].items())
            held = [demand in sides.holders.get(row, ()) for row in members.tolist()]
            operator = sides.demands[demand].get("operator")
            found["operator"] = column([("existing_user" if each else operator) for each in held])
        known, applied = sides.intending
        n = np.where(known[members] < 0, -1, np.maximum(known[members], applied[members]))
        found["intending_users"] = column([None if value < 0 else value for value in n.tolist()])
        found["site_area_m2"] = column(sides.area[members].tolist())
        found.update(
            (name, same(value))
            for name, value in (
                ("site_parcels", 1),
                ("method", method.id),
                ("right", method.right),
                ("competitive", method.competitive),
                ("other_applicants", 0),
            )
        )
        return found

    def finish(self, used: NDArray[np.bool_], largest: Mapping[int, int]) -> tuple[tuple[Row, ...], Ints]:
        """The rows that stand, in order, and the new number of each row (-1: not needed).

        ``used`` are the numbers that offers use; ``largest`` the most a soft share can miss, by number.
        """
        keep = {key for key, at in self.number.items() if at >= 0 and (key in self.needed or used[at])}
        order = sorted(keep)
        renumber = np.full(len(self.number) + 1, -1, np.int64)
        found = []
        for place, key in enumerate(order):
            renumber[self.number[key]] = place
            found.append(self._made(key, largest.get(self.number[key], 0)))
        return tuple(found), renumber

    def _made(self, key: tuple[str, tuple[str, ...]], largest: int) -> Row:
        name, values = key
        identifier = f"{name}[{';'.join(values)}]" if values else name
        limit = self.limits.get(name)
        if limit is None:
            rule = next(each for each in self.links if each.id == name)
            relation = "lock" if rule.kind == "lock" else rule.spec["relation"]
            sense, right = {"lock": (">=", 1), "conflict": ("<=", 1), "together": ("=", 0), "requires": ("<=", 0)}[
                relation
            ]
            return Row(identifier, name, values, rule.kind, sense, right, 0, 0, self.tiers - 1)
        right = self.right(key) or 0
        if abs(right) >= LARGEST:
            raise too_large(identifier, right)
        row = Row(identifier, name, values, "limit", limit.sense, right, 0, limit.penalty, limit.tier)
        if not limit.soft:
            return row
        return replace(row, slack=max(1, abs(right) + largest) if limit.share else abs(right))


def too_large(row: str, value: int) -> Refused:
    """The refusal of a number that a solver could not keep exact."""
    return Refused(error("R090.row-would-hold", row=row, value=value))
