"""The rule book: rules compiled once for the scalar reading, exceptions bound to their bases. Standard library only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from constraints.case import Case
from constraints.language import expr
from constraints.language.evaluate import Test, compiled, unknowns
from constraints.language.nodes import CompareFields, ContainsField, Node, PriceNode, constants, names
from constraints.loading.kinds import LAW_KINDS
from constraints.loading.load import in_force
from constraints.loading.method_facts import yardstick
from constraints.loading.period_law import PeriodLaw, period_laws
from constraints.loading.ranks import LAW_RANK, own
from constraints.reading.case_facts import CASE_DEFAULTS as CASE_DEFAULTS
from constraints.reading.timetable import Calendar
from constraints.types import Method, Rule
from parcels.common.schema import Value, fields, fields_of

Facts = Mapping[str, Value]
DEMAND_FIELDS = frozenset(fields_of("demand"))
ANY = "*"


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """A rule with its condition compiled and the clauses that are exceptions to it."""

    rule: Rule
    node: Node
    test: Test
    exceptions: tuple[Clause, ...]
    last: Clause | None = None
    """The same rule on a period's last day, where other exceptions hold then; it holds where it does on either day."""

    def own(self, facts: Facts, quiet: frozenset[str]) -> bool | None:
        """The rule's own condition; false where it hangs on a fact that is kept ``quiet``."""
        found = self.test(facts)
        if found is None and quiet and not quiet.isdisjoint(unknowns(self.node, facts)):
            return False
        return found

    def holds(self, facts: Facts, quiet: frozenset[str] = frozenset()) -> bool | None:
        """The effective condition: the own one, and no exception holds (Kleene)."""
        found = self._holds(facts, quiet)
        if found or self.last is None:
            return found
        last = self.last.holds(facts, quiet)
        return last if found is False or last else None

    def _holds(self, facts: Facts, quiet: frozenset[str]) -> bool | None:
        found = self.own(facts, quiet)
        if found is False:
            return False
        for exception in self.exceptions:
            silenced = exception.holds(facts, quiet)
            if silenced:
                return False
            if silenced is None:
                found = None
        return found

    def hangs(self, facts: Facts, quiet: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """The unknown facts the effective condition hangs on."""
        found = list(unknowns(self.node, facts))
        for exception in self.exceptions:
            if exception.holds(facts, quiet) is None:
                found.extend(exception.hangs(facts, quiet))
        if self.last is not None:
            found.extend(self.last.hangs(facts, quiet))
        return tuple(dict.fromkeys(name for name in found if name not in quiet))

    def silencer(self, facts: Facts, quiet: frozenset[str] = frozenset()) -> str | None:
        """The exception that silences the rule here, if one does."""
        return next((e.rule.id for e in self.exceptions if e.holds(facts, quiet)), None)

    def reads(self) -> frozenset[str]:
        """The facts the effective condition reads."""
        return names(self.node).union(*(clause.reads() for clause in self._others))

    def nodes(self) -> tuple[Node, ...]:
        """The conditions of the rule and of its exceptions."""
        return (self.node, *(node for clause in self._others for node in clause.nodes()))

    @property
    def _others(self) -> tuple[Clause, ...]:
        return self.exceptions if self.last is None else (*self.exceptions, self.last)


@dataclass(slots=True, eq=False)
class Shelf:
    """What the book says about one method, by the part it plays."""

    permits: list[Clause] = field(default_factory=list)
    strict: list[Clause] = field(default_factory=list)
    adopted: list[Clause] = field(default_factory=list)
    looser: list[Clause] = field(default_factory=list)
    terms: list[Clause] = field(default_factory=list)
    floors: list[tuple[Clause, PriceNode]] = field(default_factory=list)
    notes: list[Clause] = field(default_factory=list)
    signature: tuple[tuple[str, tuple[int, ...] | None, Value], ...] = ()
    plain: tuple[str, ...] = ()
    """The facts of the signature that count as they are; ``counted`` are the others."""
    counted: tuple[tuple[str, tuple[int, ...] | None, Value], ...] = ()
    prices: tuple[str, ...] = ()
    full: list[Clause] = field(default_factory=list)
    """The term rules of listing: they give the full term of the year factor."""

    def sign(self, signature: tuple[tuple[str, tuple[int, ...] | None, Value], ...]) -> None:
        """Note the facts on which its answers depend (:func:`signature`)."""
        self.signature = signature
        self.plain = tuple(name for name, steps, default in signature if steps is None and default is None)
        plain = set(self.plain)
        self.counted = tuple(each for each in signature if each[0] not in plain)

    @property
    def deciding(self) -> tuple[Clause, ...]:
        """The clauses that verdicts, terms and prices depend on: all but notes and looser rules."""
        return (*self.permits, *self.strict, *self.terms, *(clause for clause, _ in self.floors), *self.full)

    @property
    def every(self) -> tuple[Clause, ...]:
        """All clauses of the shelf."""
        floors = (clause for clause, _ in self.floors)
        return (*self.permits, *self.strict, *self.looser, *self.terms, *self.notes, *floors)


@dataclass(slots=True, eq=False)
class Kind:
    """What a method's shelf says of one kind of parcel: the shelf in use, its answers, how often it was asked anew."""

    shelf: Shelf
    memo: dict[object, object]
    asked: int = 0


@dataclass(slots=True, eq=False)
class RuleBook:
    """Rules in force, compiled, with what the verdict needs of the round. Build it with :func:`book`."""

    rules: dict[str, Rule]
    methods: dict[str, Method]
    shelves: dict[str, Shelf]
    as_of: str
    rate: Fraction
    purpose: str
    start: str
    end: str
    calendar: Calendar
    law: bool = False
    """Whether rule packs are used: then a default that no rule in force states is silence, not law."""
    kind: tuple[str, ...] = ()
    """The facts that make a kind of parcel (:mod:`constraints.reading.narrowing`)."""
    kinds: dict[object, Kind] = field(default_factory=dict)
    memo: dict[object, object] = field(default_factory=dict)
    price_memo: dict[object, object] = field(default_factory=dict)
    pricings: dict[object, int] = field(default_factory=dict)
    forbidding: dict[str, list[Clause]] = field(default_factory=dict)
    """The clauses that forbid a method, those that answered last first."""
    days: tuple[RuleBook, ...] = ()
    """The law of the two days of a period where it changes in between: where a method starts, it starts on each."""
    periods: dict[str, RuleBook] = field(default_factory=dict)
    """The law of each period of a programme that has its own, by the period's id."""

    def on(self, facts: Facts) -> RuleBook:
        """The book that answers a case: that of its period, else this one."""
        return self.periods.get(str(facts.get("period")), self) if self.periods else self

    def each_day(self) -> tuple[RuleBook, ...]:
        """The books of the days that the law is read on: this one, unless it is of two days."""
        return self.days or (self,)

    def every(self) -> tuple[RuleBook, ...]:
        """The book itself and those of the periods, each once."""
        return (self, *{id(book): book for book in self.periods.values()}.values())

    def defaults(self, method: Method) -> tuple[str, ...]:
        """The ids of the rules in force that state the method's default, else ``default.<method>``."""
        return tuple(name for name in method.default_rule.split() if name in self.rules) or (f"default.{method.id}",)

    def silent(self, method: Method) -> bool:
        """Whether no rule in force states the method's default, although there is law: then it decides nothing."""
        return silent(method, self.rules, law=self.law)


def silent(method: Method, rules: Collection[str], *, law: bool) -> bool:
    """Whether a method's default is stated by none of the rules (ids) in force, though there is law."""
    return law and not any(name in rules for name in method.default_rule.split())


# One parameter a part of the law; all but the rules have a default.
def book(
    rules: Iterable[Rule],
    methods: Sequence[Method],
    *,
    as_of: str = "",
    rate: str = "0.05",
    purpose: str = "supply",
    start: str | None = None,
    end: str | None = None,
    calendar: Sequence[str] = (),
    law: bool = False,
) -> RuleBook:
    """Compile the rules in force.

    Parameters
    ----------
    rules
        Rules in force on ``as_of`` (:func:`constraints.loading.load.in_force`).
    methods
        The supply methods.
    as_of
        ISO date; records dated later do not count. Blank: every record counts.
    rate
        Land reduction rate, a decimal text.
    purpose, start, end, calendar
        Of the round; they matter where the purpose is ``annual_plan``.
    law
        Whether rule packs are used: a default that no rule in force states then decides nothing, it asks.
    """
    found = {rule.id: rule for rule in rules}
    opening = max(as_of, start or as_of)
    table = {method.id: method for method in methods}
    shelves = _shelves(_clauses(found), methods, purpose)
    return RuleBook(found, table, shelves, as_of, Fraction(rate), purpose, opening, end or "", Calendar(calendar), law)


def case_book(case: Case, rules: Iterable[Rule] | None = None) -> RuleBook:
    """The law of a case compiled, or only some ``rules`` of it: one way for the reasons and for the audit.

    In a programme each period has its own book (``RuleBook.periods``), which the facts of a case name.
    """
    found = {rule.id: rule for rule in (case.rules if rules is None else rules)}
    laws = period_laws(case.round, found.values())
    if laws:
        today = {rule.id for rule in in_force([r for r in found.values() if r.kind in LAW_KINDS], case.round.as_of)}
        own = [rule for rule in found.values() if rule.kind not in LAW_KINDS or rule.id in today]
    else:
        own = list(found.values())
    base = book(
        own,
        case.methods,
        as_of=case.round.as_of,
        rate=case.round.land_reduction_rate,
        purpose=case.round.purpose,
        start=case.round.start,
        end=case.round.end,
        calendar=case.calendar,
        law=bool(case.packs),
    )
    same: dict[object, RuleBook] = {}
    for each in laws:
        end = each.period.end if base.purpose == "annual_plan" else base.end
        key = (each.rules, each.days if each.changes else "", end)
        if key not in same:
            same[key] = _period_book(base, found, each, end, case.methods)
        base.periods[each.period.id] = same[key]
    return base


def _period_book(
    base: RuleBook, rules: Mapping[str, Rule], law: PeriodLaw, end: str, methods: Sequence[Method]
) -> RuleBook:
    """The book of a period: what both days say together, and each day's own where a method's verdict starts."""
    own = {name: rule for name, rule in rules.items() if rule.kind not in LAW_KINDS}
    days = [{**own, **{name: rules[name] for name in sorted(ids)}} for ids in law.rules]

    def made(found: dict[str, Rule], clauses: Mapping[str, Clause], day: str) -> RuleBook:
        shelves = _shelves(clauses, methods, base.purpose)
        return RuleBook(
            found, base.methods, shelves, day, base.rate, base.purpose, base.start, end, base.calendar, base.law
        )

    first = _clauses(days[0])
    if not law.changes:
        return made(days[0], first, base.as_of)
    last = _clauses(days[1])
    both = {name: _joined(first.get(name), last.get(name)) for name in sorted(first.keys() | last.keys())}
    found = made({**days[1], **days[0]}, both, base.as_of)
    found.days = tuple(made(r, c, day) for r, c, day in zip(days, (first, last), law.days, strict=True))
    return found


def _joined(first: Clause | None, last: Clause | None) -> Clause:
    """A rule as both days have it: it holds where it does on either of them."""
    if first is None or last is None:
        found = first or last
        assert found is not None
        return found
    same = _silencers(first) == _silencers(last)
    return first if same else replace(first, last=last)


def _silencers(clause: Clause) -> tuple[object, ...]:
    return tuple((each.rule.id, _silencers(each)) for each in clause.exceptions)


def _clauses(rules: Mapping[str, Rule]) -> dict[str, Clause]:
    """The rules compiled, each with those of them that are exceptions to it."""
    by_base: dict[str, list[Rule]] = {}
    for rule in rules.values():
        for base in rule.exception_to:
            by_base.setdefault(base, []).append(rule)
    clauses: dict[str, Clause] = {}
    for identifier in sorted(rules):
        _clause(identifier, rules, by_base, clauses)
    return clauses


def _shelves(clauses: Mapping[str, Clause], methods: Sequence[Method], purpose: str) -> dict[str, Shelf]:
    shelves = {method.id: _shelf(method, clauses.values()) for method in methods}
    full = shelves[yardstick()].terms if yardstick() in shelves else []
    for shelf in shelves.values():
        shelf.full = full
        shelf.sign(signature([*shelf.every, *full], purpose))
    return shelves


def _clause(
    identifier: str, rules: Mapping[str, Rule], by_base: Mapping[str, list[Rule]], done: dict[str, Clause]
) -> Clause:
    if identifier not in done:
        rule = rules[identifier]
        node = expr.parse(rule.when, rule.place)
        exceptions = tuple(_clause(each.id, rules, by_base, done) for each in by_base.get(identifier, ()))
        done[identifier] = Clause(rule, node, compiled(node), exceptions)
    return done[identifier]


def lifts(rule: Rule) -> bool:
    """Whether a rule's ``permit`` lifts a method's default: rank 2 or higher, and not of the round's own making."""
    return rule.cite.rank >= LAW_RANK and not own(rule)


def _shelf(method: Method, clauses: Iterable[Clause]) -> Shelf:
    shelf = Shelf()
    for clause in clauses:
        rule = clause.rule
        if rule.kind == "eligibility":
            verdict = rule.spec["verdict"].get(method.id)
            if verdict == "permit":
                (shelf.permits if lifts(rule) else shelf.looser).append(clause)
            elif verdict is not None:
                shelf.strict.append(clause)
                if "adopted" in rule.spec and verdict == "condition":
                    shelf.adopted.append(clause)
        elif rule.kind == "note" and method.id in rule.spec.get("methods", (method.id,)):
            shelf.notes.append(clause)
        elif rule.kind == "term" and method.id in rule.spec["methods"]:
            shelf.terms.append(clause)
        elif rule.kind == "price_floor" and method.id in rule.spec["methods"]:
            shelf.floors.append((clause, expr.parse_floor(rule.spec["per_m2"], rule.place)))
    prices = frozenset().union(*(names(price) for _, price in shelf.floors)) - {"year_factor"}
    shelf.prices = tuple(sorted(prices | {"appraised_price", "benchmark_price", "reserve_price"}))
    return shelf


_TERM_FACTS = ("want_term", "want_right", "lease_years", "use_mix")
_STATE = ("converted", "expropriated", "net_land", "ownership", "in_annual_plan", "use")
_UPSTREAM = (*_STATE, "in_pbf", "available_from", "cultivated_m2", "area_m2")


def signature(clauses: Sequence[Clause], purpose: str) -> tuple[tuple[str, tuple[int, ...] | None, Value], ...]:
    """The facts a verdict can depend on: name, the constants an integer is compared with (else raw), the default.

    Two cases that agree on it get the same verdict, so that a million offers need few evaluations.
    """
    points: dict[str, set[int]] = {}
    raw: set[str] = set(_TERM_FACTS) | (set(_UPSTREAM) if purpose == "annual_plan" else set())
    read: set[str] = set(raw)
    for clause in clauses:
        read |= clause.reads()
        for node in clause.nodes():
            raw |= _across(node)
            for name, values in constants(node).items():
                points.setdefault(name, set()).update(values)
    declared = fields()
    found = []
    for name in sorted(read - {"term_years", "method", "right", "competitive"}):
        thresholds = tuple(sorted(points.get(name, ()))) if name not in raw and declared[name].type == "int" else None
        found.append((name, thresholds, CASE_DEFAULTS.get(name)))
    return tuple(found)


def _across(node: Node) -> frozenset[str]:
    """Fields that are compared with other fields: only their exact values tell cases apart."""
    if isinstance(node, CompareFields | ContainsField):
        return names(node)
    inner = getattr(node, "items", None) or ((node.item,) if hasattr(node, "item") else ())
    return frozenset().union(*map(_across, inner))
