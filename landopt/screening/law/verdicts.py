"""The array reading of the law (docs/model.md §3): verdicts, terms and floor rules of whole classes of cases at once.

A *voice* is one operator of a demand as the rules see it (the demand itself, one of its partners, the existing user of
a parcel it holds, or the open market). For every voice and every cell of (parcel class, site state, applicants, term,
period) the tables hold what the rules say of each method. Looking up ten million offers is then gathering, not judging.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from constraints.language import expr
from constraints.language.nodes import Node, PriceNode, names
from constraints.loading.method_facts import yardstick
from constraints.loading.ranks import LAW_RANK, own
from constraints.types import STRICTNESS, Method, Rule
from landopt.screening.law.arrays import (
    FALSE,
    NOT_KNOWN,
    TRUE,
    UNKNOWN,
    Column,
    Leaf,
    Truth,
    constant,
    fields_of_leaf,
    hangs,
    leaves,
    truth,
)
from landopt.screening.law.classes import Grid, method_constants
from landopt.screening.law.clauses import Clause, Said, Voice, closure
from landopt.screening.law.days import Days
from landopt.screening.law.fact_columns import AXIS_OF, DEMAND_FIELDS, METHOD_FIELDS, Sides
from landopt.screening.law.kept import Kept
from parcels.common.schema import Value

Ints = NDArray[np.integer[Any]]
PERMIT, WARN, CONDITION, FORBID = 0, 1, 2, 3
OPEN = 32_000
"""A maximum term that no rule sets."""
READY: dict[str, Value] = {"converted": True, "expropriated": True, "net_land": True, "ownership": "state"}


class Law:
    """The rules of a case, prepared for arrays."""

    def __init__(self, sides: Sides, kept: Kept | None = None) -> None:
        case = sides.case
        self.keeps, self.kept = kept is not None, Kept() if kept is None else kept
        self.sides = sides
        self.methods = case.methods
        rules = {rule.id: rule for rule in case.rules}
        self.place = {name: number for number, name in enumerate(sorted(rules))}
        nodes = {name: expr.parse(rule.when, rule.place) for name, rule in rules.items()}
        self.prices: dict[int, PriceNode] = {
            self.place[name]: expr.parse_floor(rule.spec["per_m2"], rule.place)
            for name, rule in rules.items()
            if rule.kind == "price_floor"
        }
        in_prices = frozenset().union(*map(names, self.prices.values()))
        self.price_facts = tuple(sorted(in_prices & sides.demand_known))
        excepting: dict[str, list[str]] = {}
        for name in sorted(rules):
            for base in rules[name].exception_to:
                excepting.setdefault(base, []).append(name)
        judged = [name for name in sorted(rules) if rules[name].kind in ("eligibility", "term", "price_floor")]
        used = closure(judged, excepting)
        self.plan_year = case.round.purpose == "annual_plan"
        as_of = case.round.as_of
        self._rows = case.parcels.index()
        self._on_file = [record for record in case.records if not as_of or record.date <= as_of]
        self.filed_parcels = self._filed()
        self.days = Days(case, rules)
        self.ready = self.days.ready_from(sides)
        longest = [r.spec["max_years"] for r in rules.values() if r.kind == "term" and r.spec["max_years"]]
        cuts = longest if sides.mixed else []  # the other uses of a mixed parcel may have less than the term wanted
        extra = [*self.filed_parcels.values(), self.ready]
        self.grid = Grid(sides, [nodes[name] for name in used], extra, cuts, self.days.apart)
        if self.plan_year and "in_annual_plan" in self.grid.parcel_columns:
            self.grid.parcel_columns.pop("in_annual_plan")
        self.clauses = {self.place[name]: self._clause(name, rules[name], nodes, excepting) for name in used}
        self.judged = [self.clauses[self.place[name]] for name in judged]
        self.rulings = {method.id: self._rulings(method) for method in self.methods}
        self._memo: dict[object, Truth] = {}
        self._table = self.grid.table(states=False)
        self._extra = extra
        self.answers = self.kept.of(case, self.grid, False, extra, self.price_facts)
        self._periods: Ints | None = None
        """The classes of periods, in tables with states."""
        self.reads_term = self.grid.reads("term")
        self.reads_others = self.grid.reads("others")
        self.others_methods = self._asking_others()

    def _clause(
        self, name: str, rule: Rule, nodes: Mapping[str, Node], excepting: Mapping[str, Sequence[str]]
    ) -> Clause:
        chain = closure([name], excepting)
        read = frozenset(f for each in chain for leaf in leaves(nodes[each]) for f in fields_of_leaf(leaf))
        own = {leaf for each in chain for leaf in leaves(nodes[each])}
        return Clause(
            self.place[name],
            rule,
            nodes[name],
            tuple(self.place[each] for each in excepting.get(name, ())),
            tuple(number for number, leaf in enumerate(self.grid.demand_leaves) if leaf in own),
            not read.isdisjoint(AXIS_OF) or any(self.days.varies(each) for each in chain),
            not read.isdisjoint(METHOD_FIELDS),
            "other_applicants" in read,
        )

    def _rulings(self, method: Method) -> list[tuple[Clause, str]]:
        """The rules that say something of a method, with what they say."""
        ruled = ((each, each.rule.spec["verdict"]) for each in self.judged if each.rule.kind == "eligibility")
        return [(clause, verdict[method.id]) for clause, verdict in ruled if method.id in verdict]

    def _asking_others(self) -> NDArray[np.bool_]:
        """The methods on which other applicants have a say."""
        found: set[str] = set()
        for clause in self.judged:
            if clause.asks_others:
                spec = clause.rule.spec
                named = set(spec["verdict"]) if clause.rule.kind == "eligibility" else set(spec["methods"])
                found |= named if yardstick() not in named or clause.rule.kind == "eligibility" else {"*"}
        return np.array(["*" in found or method.id in found for method in self.methods], bool)

    def _filed(self) -> dict[str, Ints]:
        """For each rule with records on parcels: which faces have one that asks for no demand."""
        rows = self._rows
        found: dict[str, Ints] = {}
        for record in self._on_file:
            if record.parcel_id in rows and not record.demand_id:
                filed = found.setdefault(record.rule, np.zeros(self.sides.faces.size, np.int8))
                filed[self.sides.faces == rows[record.parcel_id]] = 1
        return found

    def voices(self, demand: int | None) -> tuple[tuple[Voice, ...], dict[int, tuple[Voice, ...]]]:
        """The voices of a demand (None: the market), its own first; and those that differ on single parcels, by row."""
        if demand is None:
            blank = frozenset(record.rule for record in self._on_file if not (record.parcel_id or record.demand_id))
            return (self._voice({}, blank, True),), {}
        sides = self.sides
        facts = sides.demands[demand]
        name = sides.case.demands.ids[demand]
        mine = [record for record in self._on_file if record.demand_id in ("", name)]
        filed = frozenset(record.rule for record in mine if not record.parcel_id)
        rows = self._rows
        single: dict[int, tuple[Value, frozenset[str]]] = {}
        for row, holders in sides.holders.items():
            if demand in holders:
                single[row] = ("existing_user", filed)
        for record in mine:
            if record.demand_id and record.parcel_id in rows:
                operator, before = single.get(rows[record.parcel_id], (facts.get("operator"), filed))
                single[rows[record.parcel_id]] = (operator, before | {record.rule})
        own = self._all_voices(facts, facts.get("operator"), filed)
        return own, {row: self._all_voices(facts, operator, given) for row, (operator, given) in single.items()}

    def _all_voices(self, facts: Mapping[str, Value], operator: Value, filed: frozenset[str]) -> tuple[Voice, ...]:
        partners = facts.get("partners")
        operators = (operator, *(partners if isinstance(partners, tuple) else ()))
        found = [self._voice({**facts, "operator": each}, filed, False) for each in dict.fromkeys(operators)]
        different: dict[object, Voice] = {}
        for voice in found:
            different.setdefault((voice.key, voice.filed), voice)
        return tuple(different.values())

    def _voice(self, facts: Mapping[str, Value], filed: frozenset[str], market: bool) -> Voice:
        asked = tuple(facts.get(name) for name in self.price_facts)
        wanted = facts.get("want_term") if self.sides.mixed else None
        want = wanted if isinstance(wanted, int) else 0
        return Voice((*self.grid.key(facts), *asked, want), self.grid.constants(facts), asked, filed, market, want)

    def on_sites(self, area: Ints, parcels: Ints, users: Ints, compact: Ints) -> tuple[Law, Ints]:
        """The law with the states of some sites, applicants, terms and periods; and the class of each site.

        Arrays by site: area (m2), number of parcels, intending users and compactness (-1 unknown).
        """
        made = copy.copy(self)
        made.grid, site_class = self.grid.with_sites(area, parcels, users, compact)
        made._table, made._memo = made.grid.table(states=True), {}
        made.answers = self.kept.of(self.sides.case, made.grid, True, self._extra, self.price_facts)
        made._periods = made.grid.period_class
        return made, site_class

    @property
    def table_sizes(self) -> tuple[int, ...]:
        """The sizes of the axes (parcel, site, others, term, period)."""
        return self._table.sizes

    # -- the truth of one rule for one voice -------------------------------------------------------------------------

    def effective(self, clause: Clause, voice: Voice, method: Method | None, *, quiet: bool, given: str = "") -> Truth:
        """The effective condition over the table: where it holds on a day the law is read on.

        ``given``: "no term", "ready" or "" (see :meth:`_given`).
        """
        found = self.effective_on(clause, voice, method, 0, quiet=quiet, given=given)
        for day in range(1, self.days.count):
            found = np.maximum(found, self.effective_on(clause, voice, method, day, quiet=quiet, given=given))
        return found

    def effective_on(
        self, clause: Clause, voice: Voice, method: Method | None, day: int, *, quiet: bool, given: str = ""
    ) -> Truth:
        """The effective condition on one day of each period: 0 its first, 1 its last."""
        key = (
            day,
            clause.number,
            tuple(voice.key[spot] for spot in clause.spots),
            method.id if method is not None and clause.methods else "",
            quiet and voice.market,
            given,
        )
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._effective(clause, voice, method, day, quiet, given)
        return found

    def _effective(
        self, clause: Clause, voice: Voice, method: Method | None, day: int, quiet: bool, given: str
    ) -> Truth:
        constants = {**voice.constants, **self._given(given), **(method_constants(method) if method else {})}
        leaf = self._table.leaf(constants)
        own = truth(clause.node, leaf)
        if quiet and voice.market:
            own = np.where(hangs(clause.node, leaf, _asks_demand), FALSE, own)
        for number in clause.exceptions:
            other = self.effective_on(self.clauses[number], voice, method, day, quiet=quiet, given=given)
            own = np.minimum(own, 2 - other)
        return np.asarray(np.minimum(own, self.days.mask(clause.rule.id, day, self._periods)), np.int8)

    def _given(self, given: str) -> dict[str, Column]:
        found = {"in_annual_plan": constant(True)} if self.plan_year else {}
        if given == "no term":
            found["term_years"] = NOT_KNOWN
        if given == "ready":
            found.update((name, constant(value)) for name, value in READY.items())
        return found

    def answered(self, clause: Clause, voice: Voice) -> NDArray[np.bool_]:
        """Where a record on file answers the rule's condition."""
        if clause.rule.id in voice.filed:
            return np.ones((1,) * 5, bool)
        filed = self.filed_parcels.get(clause.rule.id)
        if filed is None:
            return np.zeros((1,) * 5, bool)
        return (filed[self.grid.face_first] > 0).reshape(self._table.shape("parcel"))

    def _asks(self, clause: Clause, voice: Voice) -> Truth:
        return np.where(self.answered(clause, voice), PERMIT, CONDITION)

    # -- what all rules say ------------------------------------------------------------------------------------------

    def verdict(self, voice: Voice, method: Method, *, hopeful: bool = False) -> Truth:
        """The verdict before terms and prices; ``hopeful``: what hangs on the state of a site turns out well."""
        found = self._start(voice, method, hopeful)
        for clause, says in self.rulings[method.id]:
            if says == "permit":
                continue
            holds = self.effective(clause, voice, method, quiet=True)
            if not holds.any():
                continue
            asks = self._asks(clause, voice)
            unknown = PERMIT if says == "warn" or (hopeful and clause.states) else asks
            known: Any = asks if says == "condition" else STRICTNESS[says]
            if says == "forbid" and self.plan_year:
                known = np.where(self._can_be_ready(clause, voice, method), asks, FORBID)
            found = np.maximum(found, np.where(holds == TRUE, known, np.where(holds == UNKNOWN, unknown, PERMIT)))
        return np.asarray(found, np.int8)

    def hope(self, voice: Voice) -> NDArray[np.int8]:
        """(classes of faces, methods) the best verdict any state of a site could give a voice; kept."""
        key = (voice.key, voice.filed, voice.market)
        if key not in self.answers.hopes:
            said = [self.verdict(voice, method, hopeful=True).reshape(-1) for method in self.methods]
            self.answers.hopes[key] = np.stack([np.broadcast_to(each, self.grid.face_first.size) for each in said], 1)
        return self.answers.hopes[key]

    def _can_be_ready(self, clause: Clause, voice: Voice, method: Method) -> NDArray[np.bool_]:
        ready = self.days.ready(self.ready[self.grid.face_first], self._periods)
        return np.asarray(ready & (self.effective(clause, voice, method, quiet=True, given="ready") != TRUE))

    def _start(self, voice: Voice, method: Method, hopeful: bool) -> Truth:
        """The method's default, or what lifts it: the stricter of the days."""
        return reduce(np.maximum, (self._start_on(voice, method, day, hopeful) for day in range(self.days.count)))

    def _start_on(self, voice: Voice, method: Method, day: int, hopeful: bool) -> Truth:
        lifted: Any = np.zeros((1,) * 5, bool)
        best: Any = np.zeros((1,) * 5, np.int8) + self.days.start(method, day, self._periods)
        for clause, says in self.rulings[method.id]:
            if says == "permit" and clause.rule.cite.rank >= LAW_RANK and not own(clause.rule):
                holds = self.effective_on(clause, voice, method, day, quiet=False)
                lifted = lifted | (holds == TRUE)
                if hopeful and clause.states:
                    lifted = lifted | (holds == UNKNOWN)
                if method.default == "forbid":
                    best = np.where(holds == UNKNOWN, np.minimum(best, self._asks(clause, voice)), best)
            elif says == "condition" and "adopted" in clause.rule.spec and method.default == "forbid":
                holds = self.effective_on(clause, voice, method, day, quiet=True)
                best = np.where(holds != FALSE, np.minimum(best, self._asks(clause, voice)), best)
        return np.where(lifted, PERMIT, best).astype(np.int8)

    def span(self, voice: Voice, shelf: Method, method: Method, given: str) -> tuple[Ints, Ints, Truth]:
        """Least and most years by the term rules of ``shelf``, and the verdict of what the range hangs on."""
        one = (1,) * 5
        least: Any = np.zeros(one, np.int16)
        most: Any = np.full(one, OPEN, np.int16)
        sure_least, sure_most = least, most
        open_: list[tuple[Clause, NDArray[np.bool_]]] = []
        for clause in self.judged:
            if clause.rule.kind != "term" or shelf.id not in clause.rule.spec["methods"]:
                continue
            holds = self.effective(clause, voice, method, quiet=True, given=given)
            low, high = clause.rule.spec["min_years"] or 0, clause.rule.spec["max_years"] or OPEN
            least = np.where(holds != FALSE, np.maximum(least, low), least)
            most = np.where(holds != FALSE, np.minimum(most, high), most)
            sure_least = np.where(holds == TRUE, np.maximum(sure_least, low), sure_least)
            sure_most = np.where(holds == TRUE, np.minimum(sure_most, high), sure_most)
            if (holds == UNKNOWN).any():
                open_.append((clause, holds == UNKNOWN))
        verdict: Any = np.zeros(one, np.int8)
        for clause, unknown in open_:
            low, high = clause.rule.spec["min_years"], clause.rule.spec["max_years"]
            narrows = (least == low if low else False) | (most == high if high else False)
            matters = unknown & ((least != sure_least) | (most != sure_most)) & narrows
            verdict = np.maximum(verdict, np.where(matters, self._asks(clause, voice), PERMIT))
        return least, most, np.asarray(verdict, np.int8)

    def say(self, voice: Voice) -> Said:
        """Everything the rules say to a voice, over all cells of the table; kept where a like round may ask again."""
        if not self.keeps:
            return self._say(voice)
        key = (voice.key, voice.filed, voice.market)
        if key not in self.answers.said:
            self.answers.said[key] = self._say(voice)
        return self.answers.said[key]

    def _say(self, voice: Voice) -> Said:
        sizes, count = self._table.sizes, len(self.methods)
        cells = int(np.prod(sizes))
        verdict = np.full((cells, count), FORBID, np.int8)
        least, most = np.zeros((cells, count), np.int16), np.full((cells, count), OPEN, np.int16)
        full, floors = np.full((cells, count), OPEN, np.int16), np.zeros((cells, count), np.int32)

        def spread(found: Any) -> Any:
            return np.broadcast_to(found, sizes).reshape(-1)

        listing = next((method for method in self.methods if method.id == yardstick()), None)
        for at, method in enumerate(self.methods):
            said = self.verdict(voice, method)
            if (said == FORBID).all() and method is not listing:
                continue
            if method.right != "alloc":
                low, high, asks = self.span(voice, method, method, "no term")
                said = np.maximum(said, asks)
                least[:, at], most[:, at] = spread(low), spread(high)
            if method.paid:
                if listing is not None:
                    full[:, at] = spread(self.span(voice, listing, method, "")[1])
                state, asks = self._floors(voice, method)
                said = np.maximum(said, asks)
                floors[:, at] = spread(state)
            verdict[:, at] = spread(said)
        return Said(verdict, least, most, full, floors)

    def _floors(self, voice: Voice, method: Method) -> tuple[Ints, Truth]:
        """Which floor rules hold (numbers of the answers' ``floor_states``), and the verdict of those that may hold."""
        one = (1,) * 5
        code: Any = np.zeros(one, np.int64)
        asks: Any = np.zeros(one, np.int8)
        states: list[tuple[tuple[int, int], ...]] = [()]
        for clause in self.judged:
            if clause.rule.kind != "price_floor" or method.id not in clause.rule.spec["methods"]:
                continue
            holds = self.effective(clause, voice, method, quiet=True)
            if not holds.any():
                continue
            filed = self.answered(clause, voice)
            asks = np.maximum(asks, np.where((holds == UNKNOWN) & ~filed, CONDITION, PERMIT))
            code = code * 4 + np.where((holds == TRUE) & filed, 3, holds)
            distinct, inverse = np.unique(code, return_inverse=True)  # renumbered at every rule: codes stay small
            states = [
                (*states[value // 4], *(((clause.number, value % 4),) if value % 4 else ()))
                for value in distinct.tolist()
            ]
            code = inverse.reshape(code.shape)
        numbers = np.array([self.answers.floor_state(state) for state in states], np.int32)
        return numbers[code], np.asarray(asks, np.int8)


def _asks_demand(leaf: Leaf) -> bool:
    return not DEMAND_FIELDS.isdisjoint(fields_of_leaf(leaf))
