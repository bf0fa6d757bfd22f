"""What the rules say of one case before prices and records, cached by the facts read. Standard library only."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from constraints.language.nodes import PriceNode
from constraints.loading.method_facts import yardstick
from constraints.reading.book import CASE_DEFAULTS, DEMAND_FIELDS, Clause, Facts, Kind, RuleBook, Shelf
from constraints.reading.narrowing import kind_facts, narrow
from constraints.reading.speak import established, prepared, undetermined
from constraints.reading.terms import Bound, Range, chosen, lease_part, range_of, year_factor
from constraints.reading.timetable import upstream, upstream_days
from constraints.types import STRICTNESS, Condition, Method
from parcels.common.catalogue import Bilingual
from parcels.common.schema import Value

READY: dict[str, Value] = {"converted": True, "expropriated": True, "net_land": True, "ownership": "state"}
NOBODY: frozenset[str] = frozenset()
OF_THE_METHOD = frozenset({"method", "right", "competitive", "term_years"})
OFTEN = 8
"""Answers about one kind of parcel after which the law is narrowed to it."""


@dataclass(frozen=True, slots=True)
class Said:
    """One contribution before records: ``lift`` numbers the alternatives that may lift a default (0: none of them).

    Those of one number are of one day: in a period in which the law changes each day's default is lifted by itself.
    """

    rule: str
    verdict: str
    unknowns: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    lift: int = 0


@dataclass(frozen=True, slots=True)
class Core:
    """What does not depend on prices or records; cached by signature.

    ``verdict`` is that of all ``said``; ``pricing`` numbers what decides a price beside the price facts themselves.
    """

    said: tuple[Said, ...]
    verdict: str
    notes: tuple[str, ...]
    looser: tuple[str, ...]
    range: Range
    term: int | None
    lease: int | None
    factor: Fraction
    holding: tuple[tuple[str, str, PriceNode], ...]
    hanging: tuple[tuple[str, str, tuple[str, ...]], ...]
    pricing: int


def strictest(said: Iterable[Said]) -> str:
    """The verdict of some contributions: the strictest; of the alternatives that may lift a default the mildest."""
    strict: list[str] = []
    lifts: dict[int, list[str]] = {}
    for one in said:
        (lifts.setdefault(one.lift, []) if one.lift else strict).append(one.verdict)
    strict += [min(each, key=STRICTNESS.__getitem__) for each in lifts.values()]
    return max(strict, key=STRICTNESS.__getitem__, default="permit")


def cached(
    book: RuleBook,
    facts: Facts,
    method: Method,
    market: bool,
    term: int | None,
    assumed: frozenset[str],
    noted: bool = True,
) -> Core:
    """The core of a case; cases that agree on every fact the rules look at share one.

    Without ``noted``, notes and looser rules, which decide nothing, are left out.
    """
    if not book.kind:
        book.kind = kind_facts(book.purpose)
    place = (method.id, noted, *map(facts.get, book.kind))
    kind = book.kinds.get(place)
    if kind is None:
        kind = book.kinds[place] = Kind(book.shelves[method.id], book.memo)
    shelf = kind.shelf
    key: list[object] = [method.id, market, term, assumed, noted, *map(facts.get, shelf.plain)]
    for name, thresholds, default in shelf.counted:
        value = facts.get(name, default)
        if thresholds is None or value is None:
            key.append(value)
        else:
            key.append(bisect_left(thresholds, value) + bisect_right(thresholds, value))
    known = tuple(key)
    core = kind.memo.get(known)
    if core is None:
        kind.asked += 1
        core = kind.memo[known] = _core(book, shelf, facts, method, market, term, assumed, noted)
        if kind.asked == OFTEN:
            kind.shelf, kind.memo = narrow(book, method, facts, noted), {}
    assert isinstance(core, Core)
    return core


def shut(book: RuleBook, facts: Facts, method: Method, market: bool) -> bool:
    """True where the law forbids, found without asking what else it says; False leaves the question open.

    Rules that forbid are asked in the order of their last answers, so that most questions end with the first. Only for
    methods no rule of which reads the term; in an annual plan, where what is forbidden may come with lead time, all is
    left open.
    """
    book = book.on(facts)
    if book.purpose == "annual_plan":
        return False
    here: dict[str, Value] = {**CASE_DEFAULTS, **facts}
    here.update(method=method.id, right=method.right, competitive=method.competitive, term_years=None)
    quiet = DEMAND_FIELDS if market else NOBODY
    for day in book.each_day():
        shelf = day.shelves[method.id]
        closed = method.default == "forbid" and not day.silent(method)
        lifted = any(clause.holds(here) is not False for clause in shelf.permits)
        if closed and not lifted and all(clause.holds(here, quiet) is False for clause in shelf.adopted):
            return True
    shelf = book.shelves[method.id]
    forbidding = book.forbidding.get(method.id)
    if forbidding is None:
        found = [clause for clause in shelf.strict if clause.rule.spec["verdict"][method.id] == "forbid"]
        forbidding = book.forbidding[method.id] = found
    for place, clause in enumerate(forbidding):
        if clause.holds(here, quiet):
            if place:
                forbidding.insert(0, forbidding.pop(place))
            return True
    return False


def ban(book: RuleBook, rule: str) -> Clause | None:
    """The clause that alone decides where a rule forbids, by whatever method it forbids; None if there is none such.

    That is where a rule of eligibility reads nothing that hangs on the method and states no method's default; in an
    annual plan what is forbidden may come with lead time, and all is left open.
    """
    found = book.rules.get(rule)
    if found is None or found.kind != "eligibility" or book.purpose == "annual_plan" or book.days:
        return None
    if any(rule in method.default_rule.split() for method in book.methods.values()):
        return None
    closed = [name for name in book.methods if found.spec["verdict"].get(name) == "forbid"]
    clause = next((each for name in closed for each in book.shelves[name].strict if each.rule.id == rule), None)
    return clause if clause is not None and OF_THE_METHOD.isdisjoint(clause.reads()) else None


def _core(
    book: RuleBook,
    shelf: Shelf,
    facts: Facts,
    method: Method,
    market: bool,
    term: int | None,
    assumed: frozenset[str],
    noted: bool,
) -> Core:
    here: dict[str, Value] = {**CASE_DEFAULTS, **facts}
    here.update(method=method.id, right=method.right, competitive=method.competitive)
    quiet = DEMAND_FIELDS if market else NOBODY
    if assumed:
        quiet |= frozenset(name for name in assumed if here.get(name) is None)
    if book.purpose == "annual_plan":
        here["in_annual_plan"] = True
    here["term_years"] = None
    span = _span(shelf.terms, here, quiet) if method.right != "alloc" else range_of(())
    years = term if term is not None else chosen(method, here, span.most)
    here["term_years"] = years
    said = _starts(book, shelf, here, method, quiet) + _strict(book, shelf, here, method, quiet)
    said += [Said(rule, "condition", (name,), (established(rule, name, book),)) for rule, name in span.hangs]
    if years is not None and span.most is not None and years > span.most:
        said += [Said(rule, "forbid") for rule in span.most_rules]
    if years is not None and span.least is not None and years < span.least:
        said += [Said(rule, "forbid") for rule in span.least_rules]
    notes = [clause.rule.id for clause in shelf.notes if clause.holds(here, quiet)] if noted else []
    for clause in shelf.strict if noted else ():
        if clause.rule.spec["verdict"][method.id] == "warn" and clause.holds(here, quiet) is None:
            notes.append(clause.rule.id)
    full = years
    if method.paid and yardstick() in book.shelves:
        full = _span(shelf.full, here, quiet).most
    factor = year_factor(years, full, book.rate)
    floors = [(clause, node, clause.holds(here, quiet)) for clause, node in shelf.floors]
    holding = tuple((c.rule.id, c.rule.spec["per_m2"], node) for c, node, holds in floors if holds)
    hanging = tuple((c.rule.id, c.rule.spec["per_m2"], c.hangs(here, quiet)) for c, _, holds in floors if holds is None)
    pricing = (shelf.prices, tuple([rule for rule, _, _ in holding]), hanging, factor)
    return Core(
        tuple(said),
        strictest(said),
        tuple(dict.fromkeys(notes)),
        tuple(clause.rule.id for clause in shelf.looser if clause.holds(here, quiet)) if noted else (),
        span,
        years,
        lease_part(method, here, years),
        factor,
        holding,
        hanging,
        book.pricings.setdefault(pricing, len(book.pricings)),
    )


def _span(terms: Sequence[Clause], facts: Facts, quiet: frozenset[str]) -> Range:
    bounds = []
    for clause in terms:
        holds = clause.holds(facts, quiet)
        if holds is not False:
            unknown = () if holds else clause.hangs(facts, quiet)
            spec = clause.rule.spec
            bounds.append(Bound(clause.rule.id, spec["min_years"], spec["max_years"], unknown))
    return range_of(bounds)


def _starts(book: RuleBook, shelf: Shelf, facts: Facts, method: Method, quiet: frozenset[str]) -> list[Said]:
    """Where the verdict starts, on every day the law is read on."""
    if not book.days:
        return _default(book, shelf, facts, method, quiet)
    found: list[Said] = []
    for number, day in enumerate(book.days, 1):
        said = _default(day, day.shelves[method.id], facts, method, quiet)
        found += [replace(one, lift=number) if one.lift else one for one in said]
    return list(dict.fromkeys(found))


def _default(book: RuleBook, shelf: Shelf, facts: Facts, method: Method, quiet: frozenset[str]) -> list[Said]:
    """Where the verdict starts: the method's default, or what lifts it."""
    permits = [(clause, clause.holds(facts, NOBODY)) for clause in shelf.permits]
    lifted = [Said(clause.rule.id, "permit") for clause, holds in permits if holds]
    if method.default != "forbid" or lifted:
        return lifted or _stated(book, method)
    maybe = [_hanging(book, clause, facts, NOBODY) for clause, holds in permits if holds is None]
    for clause in shelf.adopted:
        holds = clause.holds(facts, quiet)
        if holds is not False:
            maybe.append(_asking(clause) if holds else _hanging(book, clause, facts, quiet))
    if maybe:
        return [replace(one, lift=1) for one in maybe]
    return _stated(book, method)


def _stated(book: RuleBook, method: Method) -> list[Said]:
    """The method's default by the rules that state it; where none does, the law of the day is to be established."""
    if book.silent(method):
        rule = f"default.{method.id}"
        return [Said(rule, "condition", (), (undetermined(rule, method, book.as_of),))]
    return [Said(rule, method.default) for rule in book.defaults(method)]


def _strict(book: RuleBook, shelf: Shelf, facts: Facts, method: Method, quiet: frozenset[str]) -> list[Said]:
    """What forbids, warns or asks for a condition."""
    said = []
    for clause in shelf.strict:
        verdict = clause.rule.spec["verdict"][method.id]
        holds = clause.holds(facts, quiet)
        if holds is None and verdict != "warn":
            said.append(_hanging(book, clause, facts, quiet))
        elif holds and verdict == "forbid":
            said.append(_upstream(book, clause, facts, quiet) or Said(clause.rule.id, "forbid"))
        elif holds:
            said.append(_asking(clause) if verdict == "condition" else Said(clause.rule.id, verdict))
    return said


def _asking(clause: Clause) -> Said:
    """A rule that asks for something to be on file."""
    text = clause.rule.spec.get("condition") or {"en": clause.rule.title.en, "zh": clause.rule.title.zh}
    return Said(clause.rule.id, "condition", (), (Condition(clause.rule.id, "", Bilingual(**text)),))


def _hanging(book: RuleBook, clause: Clause, facts: Facts, quiet: frozenset[str]) -> Said:
    """A rule whose answer hangs on unknown facts."""
    unknown = clause.hangs(facts, quiet)
    return Said(
        clause.rule.id, "condition", unknown, tuple(established(clause.rule.id, name, book) for name in unknown)
    )


def _upstream(book: RuleBook, clause: Clause, facts: Facts, quiet: frozenset[str]) -> Said | None:
    """In an annual plan: a state that can be reached before the round ends is a condition with lead time."""
    if book.purpose != "annual_plan" or not book.end or clause.holds({**facts, **READY}, quiet):
        return None
    start = max(book.start, str(facts.get("available_from") or ""))
    ready = book.calendar.after(start, upstream_days(facts))
    if ready > book.end:
        return None
    fields = tuple(name for name, value in READY.items() if facts.get(name) != value)
    steps = tuple(step.step for step in upstream(facts))
    return Said(clause.rule.id, "condition", (), (prepared(clause.rule.id, fields[0] if fields else "", steps, ready),))
