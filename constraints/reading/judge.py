"""The scalar reading of the law for one case (docs/model.md §3-4). Standard library only.

An answer that hangs on an unknown fact is ``condition`` and names the fact; nothing here guesses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from constraints.case import Record
from constraints.loading.method_facts import yardstick
from constraints.reading.book import Facts, RuleBook, book
from constraints.reading.core import NOBODY, Core, Said, cached, strictest
from constraints.reading.floors import NO_FLOOR, Floor, floor_of, rounded_up, unit_price
from constraints.reading.mixed import dominant, parts_of
from constraints.reading.speak import established
from constraints.reading.terms import chosen
from constraints.types import STRICTNESS, Condition, Method
from parcels.common.catalogue import both

__all__ = ["Judgement", "Part", "RuleBook", "Ruling", "SiteJudgement"]
__all__ += ["answer", "book", "decided", "judge", "judge_site", "parts_of"]


MEMO = 100_000
"""Prices kept at a time: a large round has as many as parcels x methods, and each is asked for in a row."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule says here; ``unknowns`` are the facts its answer hangs on."""

    rule_id: str
    verdict: str
    unknowns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a mixed parcel: its use, per cent of the area, the longest term of that use, its own term and floor."""

    use: str
    percent: str
    term_max: int | None
    term: int | None = None
    floor: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer for one parcel, demand and method. Years; yuan per m²; ``notes`` are ids of rules to be printed."""

    verdict: str
    rules: tuple[Ruling, ...]
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...]
    term_min: int | None
    term_max: int | None
    term: int | None
    lease_years: int | None
    floor: Fraction | None
    floor_rule: str | None
    unit_price: int | None
    factor: Fraction = Fraction(1)
    derivation: Floor = NO_FLOOR
    term_rules: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def deciding(self) -> tuple[str, ...]:
        """The ids of the rules whose own verdict is the verdict."""
        return tuple(ruling.rule_id for ruling in self.rules if ruling.verdict == self.verdict)


@dataclass(frozen=True, slots=True)
class SiteJudgement:
    """The answer for a site: strictest verdict; ``price`` expected yuan; ``floor_price`` area-weighted yuan per m²."""

    verdict: str
    rulings: tuple[Ruling, ...]
    conditions: tuple[Condition, ...]
    notes: tuple[str, ...]
    term_min: int | None
    term_max: int | None
    term: int | None
    lease_years: int | None
    price: int
    floor_price: int | None
    parcels: tuple[Judgement, ...]


def judge(
    book: RuleBook,
    facts: Facts,
    method: Method,
    *,
    records: Sequence[Record] = (),
    market: bool = False,
    term: int | None = None,
    assumed: frozenset[str] = NOBODY,
    noted: bool = True,
) -> Judgement:
    """The verdict, conditions, term and floor of one parcel for one demand (or the market) by one method.

    Parameters
    ----------
    book
        The rules in force, compiled.
    facts
        Facts of parcel, demand and case by field name; a missing key is unknown (a case fact: its declared default).
    method
        The supply method.
    records
        Documents on file that may answer conditions.
    market
        Nobody in particular asks: rules that hang on demand facts do not apply.
    term
        The term in years where it is already chosen (a site of several parcels).
    assumed
        Facts taken as lawful where unknown (``rules ask``: prices).
    noted
        Without it, notes and looser rules, which decide nothing, are left out.
    """
    book = book.on(facts)
    mixed = parts_of(facts.get("use_mix"))
    if not mixed:
        return _judge(book, facts, method, records, market, term, assumed, noted)

    lead = dominant(mixed, facts.get("use"))
    asked = chosen(method, facts, None)

    def as_used(use: str) -> Judgement:
        own = {**facts, "use": use}
        if use == lead:
            return _judge(book, own, method, records, market, term, assumed, noted)
        found = _judge(book, own, method, records, market, None, assumed, noted)
        if asked is None or found.term_max is None or asked <= found.term_max:
            return found
        return _judge(book, own, method, records, market, found.term_max, assumed, noted)

    by_use = {use: as_used(use) for use, _ in mixed}
    parts = tuple(
        Part(use, percent, by_use[use].term_max, by_use[use].term, by_use[use].floor) for use, percent in mixed
    )
    return _mixed(by_use[lead], tuple(by_use.values()), parts)


def _mixed(lead: Judgement, each: tuple[Judgement, ...], parts: tuple[Part, ...]) -> Judgement:
    """The dominant use's term, the strictest verdict, and of floors and prices the highest that is known."""
    floors = [one for one in each if one.floor is not None]
    dear = max(floors, key=lambda one: one.floor or 0, default=lead)
    return replace(
        lead,
        verdict=max((one.verdict for one in each), key=STRICTNESS.__getitem__),
        rules=_united(one.rules for one in each),
        conditions=_united(one.conditions for one in each),
        notes=_united(one.notes for one in each),
        floor=dear.floor,
        floor_rule=dear.floor_rule,
        unit_price=max((one.unit_price for one in each if one.unit_price is not None), default=None),
        factor=dear.factor,
        derivation=dear.derivation,
        term_rules=_united(one.term_rules for one in each),
        parts=parts,
    )


def _united(groups: Iterable[Sequence[Any]]) -> tuple[Any, ...]:
    items = [item for group in groups for item in group]
    return tuple(dict.fromkeys(items)) if len(items) > 1 else tuple(items)


def answer(
    book: RuleBook,
    facts: Facts,
    method: Method,
    *,
    records: Sequence[Record] = (),
    market: bool = False,
    term: int | None = None,
) -> tuple[str, int | None, Fraction | None, int | None]:
    """(verdict, term, floor, unit price) as :func:`judge` gives them, without its rulings and texts."""
    book = book.on(facts)
    if records or facts.get("use_mix"):
        full = judge(book, facts, method, records=records, market=market, term=term)
        return full.verdict, full.term, full.floor, full.unit_price
    core = cached(book, facts, method, market, term, NOBODY, noted=False)
    floor, price = _priced(book, core, facts, method, NOBODY)
    verdict = core.verdict
    more = [one.verdict for one in _reserve(book, floor, facts, method, market, NOBODY)]
    if method.paid and floor.hangs:
        more.append("condition")
    if more:
        verdict = max(verdict, *more, key=STRICTNESS.__getitem__)
    return verdict, core.term, floor.amount, price


def decided(
    book: RuleBook, facts: Facts, method: Method, *, records: Sequence[Record] = (), market: bool = False
) -> tuple[str, tuple[Ruling, ...], int | None]:
    """(verdict, the rulings that set it, unit price of what is not forbidden) as :func:`judge` gives them."""
    book = book.on(facts)
    if facts.get("use_mix"):
        full = judge(book, facts, method, records=records, market=market, noted=False)
        return full.verdict, tuple(one for one in full.rules if one.verdict == full.verdict), full.unit_price
    core = cached(book, facts, method, market, None, NOBODY, noted=False)
    price, said = None, list(core.said)
    if core.verdict != "forbid" or facts.get("reserve_price") is not None:
        floor, price = _priced(book, core, facts, method, NOBODY)
        said = _said(book, core, floor, facts, method, market, NOBODY)
    if records:
        said = [_answered(one, facts, records, book.as_of) for one in said]
    verdict = strictest(said)
    return verdict, tuple([Ruling(one.rule, verdict, one.unknowns) for one in said if one.verdict == verdict]), price


def _said(
    book: RuleBook, core: Core, floor: Floor, facts: Facts, method: Method, market: bool, assumed: frozenset[str]
) -> list[Said]:
    """What the rules say with what prices add to it."""
    said = [*core.said, *_reserve(book, floor, facts, method, market, assumed)]
    if method.paid:
        said += [Said(rule, "condition", (name,), (established(rule, name, book),)) for rule, name in floor.hangs]
    return said


def _judge(
    book: RuleBook,
    facts: Facts,
    method: Method,
    records: Sequence[Record],
    market: bool,
    term: int | None,
    assumed: frozenset[str],
    noted: bool,
) -> Judgement:
    core = cached(book, facts, method, market, term, assumed, noted)
    floor, price = _priced(book, core, facts, method, assumed)
    said = _said(book, core, floor, facts, method, market, assumed)
    said = [_answered(one, facts, records, book.as_of) for one in said] if records else said
    verdict = strictest(said)
    conditions = _united(one.conditions for one in said)
    if price is None and method.paid and not assumed:
        conditions += (established("price", "appraised_price", book),)
    return Judgement(
        verdict,
        tuple(Ruling(one.rule, one.verdict, one.unknowns) for one in said),
        conditions,
        core.notes + (core.looser if verdict != "permit" else ()),
        core.range.least,
        core.range.most,
        core.term,
        core.lease,
        floor.amount,
        floor.rule,
        price,
        core.factor,
        floor,
        core.range.rules,
    )


def _answered(said: Said, facts: Facts, records: Sequence[Record], as_of: str) -> Said:
    """A condition with a record on file is a permit that names its document."""
    if said.verdict != "condition":
        return said
    for record in records:
        if (
            record.rule == said.rule
            and record.parcel_id in ("", facts.get("parcel_id"))
            and record.demand_id in ("", facts.get("demand_id"))
            and (not as_of or record.date <= as_of)
        ):
            filed = tuple(replace(each, document=record.document) for each in said.conditions)
            return replace(said, verdict="permit", conditions=filed)
    return said


def _priced(
    book: RuleBook, core: Core, facts: Facts, method: Method, assumed: frozenset[str]
) -> tuple[Floor, int | None]:
    if not method.paid:
        return NO_FLOOR, 0
    key = (core.pricing, assumed, *map(facts.get, book.shelves[method.id].prices))
    found = book.price_memo.get(key)
    if found is None:
        floor = floor_of(core.holding, core.hanging, facts, core.factor, assumed)
        if len(book.price_memo) >= MEMO:
            book.price_memo.clear()
        found = book.price_memo[key] = floor, unit_price(floor.amount, facts, core.factor)
    return found  # type: ignore[return-value]


def _reserve(
    book: RuleBook, floor: Floor, facts: Facts, method: Method, market: bool, assumed: frozenset[str]
) -> tuple[Said, ...]:
    """A reserve below what is known of the floor forbids a grant; a lease (held against listing) is a condition."""
    reserve = facts.get("reserve_price")
    if not isinstance(reserve, int) or not method.paid:
        return ()
    least = floor.least
    if method.right == "grant":
        return (Said(least[1], "forbid"),) if least and Fraction(reserve, 100) < least[0] else ()
    if least is None and yardstick() in book.methods and method.id != yardstick():
        listing = book.methods[yardstick()]
        core = cached(book, facts, listing, market, None, assumed)
        least = floor_of(core.holding, core.hanging, facts, core.factor, assumed).least
    if least is None or Fraction(reserve, 100) >= least[0]:
        return ()
    text = both("condition.balance", floor=str(rounded_up(least[0])))
    return (Said(least[1], "condition", (), (Condition(least[1], "reserve_price", text),)),)


def _area(facts: Facts) -> int:
    area = facts.get("area_m2")
    return area if isinstance(area, int) else 0


def cases_of(parcel_facts: Sequence[Facts], demand_facts: Facts, site_facts: Facts) -> list[list[Facts]]:
    """The facts that are judged of each parcel of a site: once, or once for each operator among partners."""
    cases: list[list[Facts]] = []
    for parcel in parcel_facts:
        facts = {**demand_facts, **parcel, **site_facts}
        partners = demand_facts.get("partners")
        operators = [facts.get("operator"), *(partners if isinstance(partners, tuple) else ())]
        if len(operators) == 1:
            cases.append([facts])
        else:
            cases.append([{**facts, "operator": operator} for operator in dict.fromkeys(operators)])
    return cases


def judge_site(
    book: RuleBook,
    parcel_facts: Sequence[Facts],
    demand_facts: Facts,
    site_facts: Facts,
    method: Method,
    *,
    records: Sequence[Record] = (),
    market: bool = False,
    noted: bool = True,
) -> SiteJudgement:
    """The answer for a site of one or more parcels: the strictest over its parcels and the demand's partners.

    Parameters
    ----------
    parcel_facts
        Facts of each parcel; ``operator`` there (the existing user of that parcel) goes before the demand's.
    demand_facts
        Facts of the demand; empty for the market.
    site_facts
        Facts of the site and offer: ``site_area_m2``, ``site_parcels``, ``intending_users``, ``other_applicants``.
    method
        The supply method.
    """
    cases = cases_of(parcel_facts, demand_facts, site_facts)

    def asked(term: int | None = None) -> list[list[Judgement]]:
        return [
            [judge(book, f, method, records=records, market=market, term=term, noted=noted) for f in e] for e in cases
        ]

    judged = asked()
    if len(parcel_facts) > 1:
        alone = [one.term for each in judged for one in each]
        terms = [term for term in alone if term is not None]
        if len(set(alone)) > 1:
            judged = asked(min(terms) if terms else None)
    every = [one for each in judged for one in each]
    first = [each[0] for each in judged]
    areas: list[int] = [_area(facts) for facts in parcel_facts]
    floors = [one.floor for one in first]
    floor, whole = None, sum(areas)
    if whole and len(floors) == 1 and floors[0] is not None:
        floor = rounded_up(floors[0])
    elif all(amount is not None for amount in floors) and whole:
        total = sum((amount or Fraction(0)) * area for amount, area in zip(floors, areas, strict=True))
        floor = rounded_up(Fraction(total) / whole)
    return SiteJudgement(
        max((one.verdict for one in every), key=STRICTNESS.__getitem__),
        _united(one.rules for one in every),
        _united(one.conditions for one in every),
        _united(one.notes for one in every),
        max((one.term_min for one in every if one.term_min is not None), default=None),
        min((one.term_max for one in every if one.term_max is not None), default=None),
        every[0].term,
        every[0].lease_years,
        sum([(one.unit_price or 0) * area for one, area in zip(first, areas, strict=True)]),
        floor,
        tuple(first),
    )
