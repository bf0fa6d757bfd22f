"""Rows of law and policy over a plan (docs/model.md §7), read one offer at a time in plain integers.

Standard library only: the second reading of every limit, relation and lock. :class:`PlanRows` gives the coefficients of
one offer, the row of a key, and what a whole plan uses of each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from constraints.case import Case
from constraints.language.evaluate import compiled, unknowns
from constraints.language.expr import Node, parse
from constraints.reading.case_facts import CASE_DEFAULTS, DEMAND_FIELDS, CaseFacts, Facts, integer, key_text
from constraints.types import Row, Rule, fulfilled, in_units, missed_units
from parcels.common.schema import fields_of

Key = tuple[str, tuple[str, ...]]
"""(rule id, key): names a row."""
_PARCEL_FIELDS = frozenset(fields_of("parcel")) - {"intending_users"}
"""Facts that are the parcel's own whatever site it is part of (those who intend to use it are the site's)."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a plan uses of a row; a soft one takes ``slack`` units, a hard one is ``broken`` by so much."""

    row: Row
    used: int
    slack: int
    broken: int

    @property
    def binding(self) -> bool:
        """True where not a single unit more (or less) would do without breaking or slack."""
        return self.used == self.row.rhs or self.slack > 0


class _Limit:
    def __init__(self, rule: Rule, tiers: int) -> None:
        spec = rule.spec
        self.id = rule.id
        self.sense = str(spec["sense"])
        self.measure = str(spec["measure"])
        self.per = tuple(spec["per"])
        self.share = tuple(spec["share"]) if spec.get("share") else None
        self.credit = spec.get("credit")
        self.where = _test(rule.when, rule.id)
        self.of = _test(spec.get("of") or "", rule.id)
        self.credited = _test(self.credit["where"], rule.id) if self.credit else None
        self.amounts = {tuple(value["key"]): int(value["amount"]) for value in spec.get("values") or ()}
        self.used = {tuple(value["key"]): int(value["amount"]) for value in spec.get("used") or ()}
        self.hard = bool(spec.get("hard", True))
        self.penalty = 0 if self.hard else int(1000 * Fraction(str(spec.get("penalty") or 0)))
        self.tier = tiers - 1 if spec.get("tier") is None else int(spec["tier"])
        self.times = self.share[1] if self.share else int(self.credit["den"]) if self.credit else 1
        self.less = self.share[0] if self.share else int(self.credit["num"]) if self.credit else 0
        # a share per key of *all* supply: every offer counts against every key
        self.of_all = bool(self.share and self.per and not spec.get("of"))
        self.by_parcel = _PARCEL_FIELDS.issuperset(self.per)
        # a limit across its keys: whose least is asked for, or whose largest and least may not lie far apart
        self.across: str | None = spec.get("across")
        self.keys = [tuple(key) for key in spec.get("keys") or ()]

    def rows_of_keys(self) -> list[tuple[str, ...]]:
        """The keys of the rows of a limit across keys: one a key, of a spread one for every two of them."""
        if self.across == "spread":
            return [pair for key in self.keys for pair, sign in _pairs_of(key, self.keys) if sign > 0]
        return self.keys

    def amount(self, key: tuple[str, ...]) -> int | None:
        """The right-hand side before scaling; None where the law names no amount for the key."""
        if self.share:
            return 0
        return self.amounts.get(key, self.amounts.get(()))

    def counts(self, test: _Test, facts: Facts, market: bool) -> bool:
        """Unknown counts for "<=", not for ">="; on the open market what hangs on a demand fact does not count."""
        found = test.holds(facts)
        if found is None:
            if market and not DEMAND_FIELDS.isdisjoint(unknowns(test.node, facts)):
                return False
            return self.sense == "<="
        return found

    def coefficient(self, facts: Facts, price: int, market: bool) -> int:
        """The coefficient one parcel of an offer adds to the row of its own key."""
        where, other = self.sizes(facts, price, market)
        return self.times * where - (0 if self.of_all else self.less * other)

    def sizes(self, facts: Facts, price: int, market: bool) -> tuple[int, int]:
        """The measure of one parcel where ``where`` counts it, and where ``of`` (``credit.where``) does."""
        size = (
            1
            if self.measure == "count"
            else price
            if self.measure == "expected_price_yuan"
            else integer(facts.get(self.measure))
        )
        other = self.of if self.share else self.credited
        counted = other is not None and self.less and other.holds(facts) is True
        return size if self.counts(self.where, facts, market) else 0, size if counted else 0


@dataclass(frozen=True, slots=True)
class _Test:
    node: Node
    holds: Callable[[Facts], bool | None]


def _test(text: str, identifier: str) -> _Test:
    node = parse(text, f"rule {identifier}")
    return _Test(node, compiled(node))


class PlanRows:
    """The rows of a case."""

    def __init__(self, case: Case, facts: CaseFacts) -> None:
        self.case = case
        self.facts = facts
        tiers = case.objective.last + 1
        self.limits = [_Limit(rule, tiers) for rule in case.rules if rule.kind == "limit"]
        self.by_id = {limit.id: limit for limit in self.limits}
        self.relations = [rule for rule in case.rules if rule.kind == "relation"]
        fixed = {case.parcels.ids[row] for row, taken in enumerate(facts.fixed) if taken}
        self.locks = [rule for rule in case.rules if rule.kind == "lock" and fixed.isdisjoint(rule.spec["parcels"])]
        self.decided = {
            facts.parcel_row[name]: rule
            for rule in case.rules
            if rule.kind == "lock" and not fixed.isdisjoint(rule.spec["parcels"])
            for name in rule.spec["parcels"]
            if name in facts.parcel_row
        }
        self.spread = {limit.id: self._parcel_keys(limit) for limit in self.limits if limit.of_all}
        for limit in self.limits:
            if limit.across and not limit.keys:
                limit.keys = self._compared(limit)
        self._rows: dict[Key, Row | None] = {}
        self._met: dict[str, set[tuple[str, ...]]] = {limit.id: set() for limit in self.limits if not limit.by_parcel}
        self.reserved = self._reserved()
        named = {name for rule in (*self.relations, *self.locks) for name in rule.spec["parcels"]}
        self._linked_parcels = {facts.parcel_row[name] for name in named if name in facts.parcel_row}
        self._linked_demands = {name for rule in self.relations for name in rule.spec["demands"]}

    def fixed_facts(self) -> list[Facts]:
        """The facts of parcels already announced or contracted; with a lock rule by its method, else as they stand."""
        methods = {method.id: method for method in self.case.methods}
        found: list[Facts] = []
        for parcel, taken in enumerate(self.facts.fixed):
            lock = self.decided.get(parcel)
            if taken and lock is not None and lock.spec["method"] in methods:
                demand = self.facts.demand_row.get(lock.spec["demand"] or "")
                site, method = self.facts.site((parcel,)), methods[lock.spec["method"]]
                found.append(self.facts.offer(parcel, demand, site, method, 0, lock.spec.get("period") or None))
            elif taken:
                found.append({**CASE_DEFAULTS, **self.facts.parcels[parcel]})
        return found

    def _reserved(self) -> dict[Key, int]:
        """What parcels already announced or contracted use of each limit."""
        found: dict[Key, int] = {}
        for facts in self.fixed_facts():
            for limit in self.limits:
                self._add(found, limit, facts, 0, False)
        return found

    def _add(self, found: dict[Key, int], limit: _Limit, facts: Facts, price: int, market: bool) -> None:
        value = limit.coefficient(facts, price, market)
        if value or not limit.by_parcel:
            key = tuple(key_text(facts.get(name)) for name in limit.per)
            if limit.across == "spread":
                for pair, sign in _pairs_of(key, limit.keys):
                    found[(limit.id, pair)] = found.get((limit.id, pair), 0) + sign * value
            elif not limit.across or key in limit.keys:
                found[(limit.id, key)] = found.get((limit.id, key), 0) + value
        if limit.of_all:
            less = limit.less * limit.sizes(facts, price, market)[1]
            for each in self.spread[limit.id]:
                found[(limit.id, each)] = found.get((limit.id, each), 0) - less

    def of_parcel(self, facts: Facts, price: int, market: bool) -> dict[Key, int]:
        """What one parcel of an offer adds to each limit."""
        found: dict[Key, int] = {}
        for limit in self.limits:
            self._add(found, limit, facts, price, market)
        for identifier, key in found:
            if identifier in self._met:
                self._met[identifier].add(key)
        return found

    def linked_site(self, parcels: Sequence[int]) -> bool:
        """True where a relation or lock may speak of one of the parcels."""
        return not self._linked_parcels.isdisjoint(parcels)

    def linked_demand(self, names: frozenset[str]) -> bool:
        """True where a relation speaks of one of the demands."""
        return not self._linked_demands.isdisjoint(names)

    def links(self, site: Sequence[int], demand: int | None, method: str, period: str | None) -> dict[Key, int]:
        """The coefficients of one offer in relations and locks."""
        found: dict[Key, int] = {}
        ids = self.case.parcels.ids
        inside = {ids[parcel] for parcel in site}
        who = {self.case.demands.ids[demand]} if demand is not None else set()
        for rule in self.relations:
            members: list[str] = list(rule.spec["parcels"] or rule.spec["demands"])
            present = inside if rule.spec["parcels"] else who
            if present.isdisjoint(members):
                continue
            if rule.spec["relation"] == "conflict":
                found[(rule.id, ())] = len(present.intersection(members))
                continue
            for other in members[1:]:
                value = (members[0] in present) - (other in present)
                if value:
                    found[(rule.id, (other,))] = value
        for rule in self.locks:
            wanted = rule.spec["demand"]
            if rule.spec.get("period") and rule.spec["period"] != period:
                continue
            if set(rule.spec["parcels"]) == inside and rule.spec["method"] == method and (not wanted or wanted in who):
                found[(rule.id, ())] = 1
        return found

    def row(self, identifier: str, key: tuple[str, ...]) -> Row | None:
        """The row of a rule and key; None where the law names no amount for it."""
        name = (identifier, key)
        if name not in self._rows:
            self._rows[name] = self._row(identifier, key)
        return self._rows[name]

    def _row(self, identifier: str, key: tuple[str, ...]) -> Row | None:
        limit = self.by_id.get(identifier)
        if limit is None:
            return self._link_row(identifier, key)
        amount = limit.amount(key)
        if amount is None:
            return None
        if limit.across == "spread":
            first, other = key[: len(limit.per)], key[len(limit.per) :]
            amount -= limit.used.get(first, 0) - limit.used.get(other, 0)
        elif not limit.share:
            amount = limit.times * (amount - limit.used.get(key, 0))
        rhs = amount - self.reserved.get((identifier, key), 0)
        slack, once = 0 if limit.hard else limit.times, bool(limit.across and not limit.hard)
        return Row(
            row_id(identifier, key), identifier, key, "limit", limit.sense, rhs, slack, limit.penalty, limit.tier, once
        )

    def _link_row(self, identifier: str, key: tuple[str, ...]) -> Row | None:
        for rule in (*self.relations, *self.locks):
            if rule.id == identifier:
                if rule.kind == "lock":
                    sense, rhs = ">=", 1
                else:
                    sense, rhs = {"conflict": ("<=", 1), "together": ("=", 0), "requires": ("<=", 0)}[
                        rule.spec["relation"]
                    ]
                return Row(
                    row_id(identifier, key),
                    identifier,
                    key,
                    rule.kind,
                    sense,
                    rhs,
                    0,
                    0,
                    self.case.objective.last,
                )
        return None

    def keys(self) -> set[Key]:
        """The rows that stand though nothing counts in them.

        Keys the law names, those of candidate parcels (of demands), and those of the offers read so far where nothing
        is not enough; of a limit that has no key at all and is not met by nothing, the row of the unknown key.
        """
        found: set[Key] = set()
        for limit in self.limits:
            if limit.across:
                found.update((limit.id, key) for key in limit.rows_of_keys())
                continue
            keys = {key for key in limit.amounts if len(key) == len(limit.per)}
            if limit.by_parcel:
                keys.update(self._parcel_keys(limit) if limit.per else [()])
            met = set() if limit.by_parcel else self._met[limit.id] | self._demand_keys(limit)
            if not keys | met:
                met = {("",) * len(limit.per)}
            found.update((limit.id, key) for key in keys)
            found.update((limit.id, key) for key in met if self._is_due(limit, key))
        for rule in self.relations:
            members = rule.spec["parcels"] or rule.spec["demands"]
            pairs = [()] if rule.spec["relation"] == "conflict" else [(other,) for other in members[1:]]
            found.update((rule.id, key) for key in pairs)
        found.update((rule.id, ()) for rule in self.locks)
        return {key for key in found if self.row(*key) is not None}

    def _parcel_keys(self, limit: _Limit) -> list[tuple[str, ...]]:
        """The keys of candidate parcels; of a share of all supply also those of parcels already decided."""
        rows = zip(self.facts.parcels, self.facts.candidate, self.facts.fixed, strict=True)
        counted = [facts for facts, candidate, fixed in rows if candidate or (limit.of_all and fixed)]
        return sorted({tuple(key_text(facts.get(name)) for name in limit.per) for facts in counted})

    def _demand_keys(self, limit: _Limit) -> set[tuple[str, ...]]:
        """The keys of all demands, where the key is made of their facts."""
        if not DEMAND_FIELDS.issuperset(limit.per):
            return set()
        return {tuple(key_text(facts.get(name)) for name in limit.per) for facts in self.facts.demands}

    def _compared(self, limit: _Limit) -> list[tuple[str, ...]]:
        """The keys that a limit across keys compares where it names none: those with no unknown part."""
        found = self._parcel_keys(limit) if limit.by_parcel else self._demand_keys(limit)
        named = {key for key in limit.amounts if key}
        return sorted({key for key in found if "" not in key} | named)

    def _is_due(self, limit: _Limit, key: tuple[str, ...]) -> bool:
        """Whether nothing at all breaks (or misses) the row of a key."""
        row = self.row(limit.id, key)
        return row is not None and not fulfilled(row.sense, 0, row.rhs)

    def uses(self, plan: Iterable[Mapping[Key, int]], extra: Iterable[Key] = ()) -> list[Use]:
        """What a plan (the coefficients of its offers) uses of every row, in the order of (rule, key)."""
        total = dict.fromkeys(self.keys(), 0)
        total.update((key, 0) for key in extra)
        for offer in plan:
            for key, value in offer.items():
                total[key] = total.get(key, 0) + value
        found = []
        for key, used in sorted(total.items()):
            row = self.row(*key)
            if row is None:
                continue
            missed = row.missed(used)
            found.append(Use(row, used, missed if row.slack else 0, 0 if row.slack else missed))
        return found

    def shown(self, uses: Iterable[Use]) -> dict[Key, dict[str, Any]]:
        """Used and limit of every row as ``plan.json`` states them.

        An amount in the law's own units, net of its credit, counting what was used before and parcels already
        announced; shares, relations and locks in the row's units.
        """
        found: dict[Key, dict[str, Any]] = {}
        for use in uses:
            limit = self.by_id.get(use.row.rule)
            used, stated = limit_units(limit, use.row, use.used)
            found[(use.row.rule, use.row.key)] = {
                "sense": use.row.sense,
                "used": used,
                "limit": stated,
                "binding": use.binding,
            }
        return found


def limit_units(limit: _Limit | None, row: Row, used: int) -> tuple[int, int]:
    """What a plan uses of a row and what it may use, in the law's own units where the law names an amount."""
    amount = limit.amount(row.key) if limit is not None and not limit.share else None
    if limit is None or amount is None:
        return used, row.rhs
    return in_units(row.sense, used + amount * limit.times - row.rhs, limit.times), amount


def charged(uses: Sequence[Use], tiers: int) -> list[int]:
    """The penalties of a plan in each tier, millipoints: rows missed together are charged once."""
    rows, found = [use.row for use in uses], [0] * tiers
    for first, units in missed_units(rows, lambda number: uses[number].slack).items():
        found[rows[first].tier] += units * rows[first].penalty
    return found


def _pairs_of(key: tuple[str, ...], keys: Sequence[tuple[str, ...]]) -> Iterator[tuple[tuple[str, ...], int]]:
    """The rows "first less other" that a key stands in, with its sign there."""
    for other in keys if key in keys else ():
        if other != key:
            yield key + other, 1
            yield other + key, -1


def row_id(rule: str, key: Sequence[str]) -> str:
    """The id of a row, ``rule[key]``."""
    return f"{rule}[{';'.join(key)}]" if key else rule
