"""Limits, relations and locks as sparse rows over the offers (docs/model.md §7), in exact int64."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language import expr
from constraints.language.nodes import Node
from constraints.types import Row, Rule
from landopt.screening.law.arrays import FALSE, TRUE, ClassTable, Column, column, constant, truth
from landopt.screening.law.fact_columns import AXIS_OF, Sides
from landopt.screening.offer_facts import key_text
from parcels.common.issues import Refused, error
from parcels.common.schema import Value, fields_of

Ints = NDArray[np.integer[Any]]
LARGEST = 10**12
"""Every coefficient and right-hand side is smaller than this."""
MOST_KEYS = 100_000
MOST_COMPARED = 24
"""Keys that a limit on their spread compares: each pair of them is two rows."""
NO_KEY = ("\0",)
"""A part of a key that no fact has."""


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
        self.across: str | None = spec.get("across")
        self.keys = [tuple(key) for key in spec.get("keys") or ()]
        points = Fraction(str(spec.get("penalty") or 0)) if self.soft else Fraction(0)
        self.penalty = int(points * 1000)
        self.tier = tiers - 1 if spec.get("tier") is None else int(spec["tier"])

    def right(self, key: tuple[str, ...]) -> int | None:
        """The right-hand side before what is reserved; None where no amount is named."""
        if self.share:
            return 0
        if self.across == "spread":
            first, other = key[: len(self.per)], key[len(self.per) :]
            return self.amounts.get((), 0) - self.used.get(first, 0) + self.used.get(other, 0)
        amount = self.amounts.get(key)
        if amount is None and self.per:
            amount = self.amounts.get(())
        return None if amount is None else self.times * (amount - self.used.get(key, 0))

    @property
    def by_parcel(self) -> bool:
        """Whether the facts of a parcel alone make the key."""
        return all(name in fields_of("parcel") and name not in AXIS_OF for name in self.per)

    @property
    def reads(self) -> frozenset[str]:
        """The facts it measures or is keyed by, its conditions apart."""
        return frozenset((*self.per, self.measure))

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
        limits.append(Limit(rule, sides.case.objective.last + 1, (at, at + 1)))
    return limits, nodes, generous


class Rows:
    """The rows of a case: made before the offers where their keys are known, later where an offer brings a new key."""

    def __init__(self, sides: Sides, limits: Sequence[Limit], candidate: NDArray[np.bool_]) -> None:
        self.sides = sides
        self.limits = {limit.rule.id: limit for limit in limits}
        case = sides.case
        self.last = case.objective.last
        status = case.parcels.column("status")
        self.fixed = np.array([state in ("announced", "contracted") for state in status], bool)
        fixed_ids = {name for name, taken in zip(case.parcels.ids, self.fixed.tolist(), strict=True) if taken}
        kinds = [rule for rule in case.rules if rule.kind in ("relation", "lock")]
        self.links = [r for r in kinds if r.kind == "relation" or fixed_ids.isdisjoint(r.spec["parcels"])]
        self.decided = [r for r in kinds if r.kind == "lock" and not fixed_ids.isdisjoint(r.spec["parcels"])]
        self.spread = {name: self._parcel_keys(limit, candidate) for name, limit in self.limits.items() if limit.of_all}
        self.shares = {name: place for place, name in enumerate(sorted(self.spread))}
        self.reserved = self._reserved()
        self.places = {name: self._compared(limit, candidate) for name, limit in self.limits.items() if limit.across}
        self.number: dict[tuple[str, tuple[str, ...]], int] = {}
        self.met: dict[str, NDArray[np.bool_]] = {}
        self.needed = self._needed(candidate)
        for key in sorted(self.needed | self._likely()):
            self.number[key] = len(self.number)

    def _needed(self, candidate: NDArray[np.bool_]) -> set[tuple[str, tuple[str, ...]]]:
        """The rows that stand whatever is offered."""
        found: set[tuple[str, tuple[str, ...]]] = set()
        for name, limit in self.limits.items():
            if limit.across:
                compared = [a + b for a, b in itertools.permutations(self.places[name], 2)]
                found.update((name, key) for key in (compared if limit.across == "spread" else self.places[name]))
                continue
            found.update((name, key) for key in limit.amounts if len(key) == len(limit.per))
            if not limit.per:
                found.add((name, ()))
            elif limit.by_parcel:
                found.update((name, key) for key in self._parcel_keys(limit, candidate))
            elif all(each in fields_of("demand") for each in limit.per):
                keys = zip(*(self.sides.case.demands.column(each) for each in limit.per), strict=True)
                met = {(name, tuple(key_text(value) for value in key)) for key in keys}
                found.update(key for key in met if self.due(key))
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

    def _compared(self, limit: Limit, candidate: NDArray[np.bool_]) -> dict[tuple[str, ...], int]:
        """The keys that a limit across keys compares, and their places: those it names, else those with all parts."""
        keys = set(limit.keys)
        if not keys and limit.by_parcel:
            keys = {key for key in self._parcel_keys(limit, candidate) if "" not in key}
        elif not keys:
            columns = zip(*(self.sides.case.demands.column(each) for each in limit.per), strict=True)
            keys = {key for each in columns if "" not in (key := tuple(map(key_text, each)))}
        keys |= set() if limit.keys else {key for key in limit.amounts if key}
        if limit.across == "spread" and len(keys) > MOST_COMPARED:
            raise Refused(error("R092.too-many-keys", rule=limit.rule.id, keys=len(keys), most=MOST_COMPARED))
        return {key: place for place, key in enumerate(sorted(keys))}

    def _likely(self) -> set[tuple[str, tuple[str, ...]]]:
        """Keys an offer may bring, so that rows are numbered in order from the start."""
        found: set[tuple[str, tuple[str, ...]]] = set()
        for name, limit in self.limits.items():
            if limit.across:
                continue
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
        if limit.across == "spread":
            first, other = ((key[0], part) for part in (key[1][: len(limit.per)], key[1][len(limit.per) :]))
            return (amount or 0) - self.reserved.get(first, 0) + self.reserved.get(other, 0)
        return None if amount is None else amount - self.reserved.get(key, 0)

    def due(self, key: tuple[str, tuple[str, ...]]) -> bool:
        """Whether the row of a key is missed where nothing counts in it."""
        right = self.right(key)
        if right is None:
            return False
        return right > 0 if self.limits[key[0]].sense == ">=" else right < 0

    def may_be_due(self, limit: Limit) -> bool:
        """Whether a row that only an offer's own facts name may be missed where nothing counts in it."""
        name = limit.rule.id
        if limit.by_parcel or limit.across:
            return False
        some = {(name, key) for key in limit.used} | {key for key in self.reserved if key[0] == name}
        return any(self.due(key) for key in (*some, (name, NO_KEY * len(limit.per))))

    def meet(self, limit: Limit, rows: Ints) -> None:
        """Note the rows whose keys offers have, whether they count there or not."""
        found = self.met.get(limit.rule.id, np.zeros(0, bool))
        if found.size < len(self.number):
            found = np.concatenate((found, np.zeros(len(self.number) - found.size, bool)))
        found[rows[rows >= 0]] = True
        self.met[limit.rule.id] = found

    def row(self, key: tuple[str, tuple[str, ...]]) -> int:
        """The number of a row, made if it is new; -1 if there is none (of keys not compared with others too)."""
        limit = self.limits.get(key[0])
        if limit is not None and limit.across and key not in self.number:
            return -1
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
        derived = ("status", "new_area_m2", "unready_area_m2", "readying_yuan")
        names = {*case.parcels.columns, *derived, *fields_of("case")}
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
        edge = case.perimeters if len(case.perimeters) == len(case.parcels) else ()
        compact = [160_000 * int(sides.area[row]) // edge[row] ** 2 if edge[row] else None for row in members if edge]
        found["site_compact"] = column(compact if edge else [None] * count)
        found.update(
            (name, same(value))
            for name, value in (
                ("site_parcels", 1),
                ("method", method.id),
                ("right", method.right),
                ("competitive", method.competitive),
                ("other_applicants", 0),
                ("period", lock.spec.get("period") or None),
            )
        )
        return found

    def finish(self, used: NDArray[np.bool_], offers: bool) -> tuple[tuple[Row, ...], Ints]:
        """The rows that stand, in order, and the new number of each row (-1: not needed).

        ``used`` are the numbers that offers use, ``offers`` whether there is any.
        """
        met = {name: set(np.flatnonzero(found).tolist()) for name, found in self.met.items()}
        keep = {
            key
            for key, at in self.number.items()
            if at >= 0 and (key in self.needed or used[at] or (at in met.get(key[0], ()) and self.due(key)))
        }
        named = {name for name, _ in keep}
        for name, limit in self.limits.items():
            unknown = (name, ("",) * len(limit.per))
            if limit.across:
                continue
            wishes = len(self.sides.demands) > 0 and all(each in fields_of("demand") for each in limit.per)
            if name not in named and (limit.by_parcel or not (offers or wishes)) and self.due(unknown):
                self.row(unknown)
                keep.add(unknown)
        order = sorted(keep)
        renumber = np.full(len(self.number) + 1, -1, np.int64)
        found = []
        for place, key in enumerate(order):
            renumber[self.number[key]] = place
            found.append(self._made(key))
        return tuple(found), renumber

    def _made(self, key: tuple[str, tuple[str, ...]]) -> Row:
        name, values = key
        identifier = f"{name}[{';'.join(values)}]" if values else name
        limit = self.limits.get(name)
        if limit is None:
            rule = next(each for each in self.links if each.id == name)
            relation = "lock" if rule.kind == "lock" else rule.spec["relation"]
            sense, right = {"lock": (">=", 1), "conflict": ("<=", 1), "together": ("=", 0), "requires": ("<=", 0)}[
                relation
            ]
            return Row(identifier, name, values, rule.kind, sense, right, 0, 0, self.last)
        right = self.right(key) or 0
        if abs(right) >= LARGEST:
            raise too_large(identifier, right)
        slack, once = limit.times if limit.soft else 0, bool(limit.across and limit.soft)
        return Row(identifier, name, values, "limit", limit.sense, right, slack, limit.penalty, limit.tier, once)


def too_large(row: str, value: int) -> Refused:
    """The refusal of a number that a solver could not keep exact."""
    return Refused(error("R090.row-would-hold", row=row, value=value))
