"""What keeps a site from a platform: the rules and requirements that close every method, each named once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from constraints.reading.book import CASE_DEFAULTS, DEMAND_FIELDS, Clause
from constraints.reading.core import NOBODY
from constraints.reading.judge import Ruling as Said
from landopt.reasons.explain.law import Law

OF_THE_DEMAND = DEMAND_FIELDS | {"operator", "other_applicants"}
OF_THE_CHOICE = frozenset({"method", "right", "competitive", "term_years", "period"})


@dataclass(frozen=True, slots=True)
class Closing:
    """One thing that closes a site: a code of the texts, what the rule says, and for which method."""

    code: str
    said: Said | None
    method: str


class Closings:
    """Reasons that close sites, remembered by likeness."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self._closed: dict[Any, tuple[Closing, ...]] = {}
        self._standing: dict[tuple[tuple[str, ...], int], tuple[Closing, ...]] = {}
        self._bans: dict[int, frozenset[str]] = {}
        self._asks: dict[int | None, tuple[str, ...]] = {}
        self._strict: dict[tuple[str, ...], tuple[Clause, ...]] = {}
        self._who: dict[tuple[str, ...], bool] = {}

    def of(self, site: Sequence[int], demand: int | None) -> tuple[Closing, ...]:
        """What keeps a site from a platform (or the market), each reason once.

        Rules that close every method the platform would take decide alone; only without such a rule are all named.
        Sites and platforms that agree on every fact the rules look at share one answer.
        """
        at_once = self._alone(site, demand)
        if at_once:
            return at_once
        if len(site) > 1:
            return self._by_method(site, demand)
        key = self.law.likeness.key(site, demand, self.law.others_of(site[0], demand))
        found = self._closed.get(key)
        if found is None:
            found = self._closed[key] = self._by_method(site, demand)
        return found

    def _wanted(self, demand: int | None) -> tuple[str, ...]:
        """The methods a platform (or the market) would take."""
        known = self._asks.get(demand)
        if known is None:
            known = self._asks[demand] = self._methods(demand)
        return known

    def _methods(self, demand: int | None) -> tuple[str, ...]:
        if demand is None:
            market = self.law.case.market
            return tuple(m.id for m in self.law.case.methods if market and m.competitive and m.id in market.methods)
        rights = self.law.facts.demands[demand].get("want_right")
        wanted = rights if isinstance(rights, tuple) else ()
        return tuple(m.id for m in self.law.case.methods if not wanted or m.right in wanted)

    def _everywhere(self, methods: tuple[str, ...]) -> tuple[Clause, ...]:
        """The rules that forbid each of some methods by a condition that does not ask for the method."""
        known = self._strict.get(methods)
        if known is None:
            known = self._strict[methods] = self._forbidding(methods)
        return known

    def _forbidding(self, methods: tuple[str, ...]) -> tuple[Clause, ...]:
        shelves = [self.law.book.shelves[method] for method in methods]
        return tuple(
            clause
            for clause in (shelves[0].strict if shelves else ())
            if all(clause.rule.spec["verdict"].get(method) == "forbid" for method in methods)
            and OF_THE_CHOICE.isdisjoint(clause.reads())
        )

    def _alone(self, site: Sequence[int], demand: int | None, *, anew: bool = False) -> tuple[Closing, ...]:
        """The rules that close every method at once, such as the state of the parcel: asked before any method is."""
        methods = self._wanted(demand)
        if not anew and len(site) == 1:
            known = self._standing.get((methods, site[0]))
            if known is not None:
                return known
        mixed = any(self.law.facts.parcels[row].get("use_mix") for row in site)
        book = self.law.book
        if not methods or mixed or book.purpose == "annual_plan" or book.periods:
            return ()
        if anew or len(site) > 1 or self._asks_who(methods):
            return self._closed_by(methods, site, demand)
        shut = self._shut(site[0])
        rules = [clause.rule.id for clause in self._everywhere(methods)]
        found = tuple(Closing("forbid", Said(rule, "forbid"), methods[0]) for rule in rules if rule in shut)
        self._standing[methods, site[0]] = found
        return found

    def _shut(self, row: int) -> frozenset[str]:
        """The rules that forbid a parcel as a site of its own whoever asks, of those that close several methods."""
        known = self._bans.get(row)
        if known is None:
            facts = {**CASE_DEFAULTS, **self.law.facts.parcels[row], **self.law.facts.site((row,)), "period": None}
            known = self._bans[row] = frozenset([clause.rule.id for clause in self._whoever if clause.holds(facts)])
        return known

    @cached_property
    def _whoever(self) -> tuple[Clause, ...]:
        """The rules that close all the methods somebody wants and ask for nothing but the parcel."""
        found: dict[str, Clause] = {}
        for methods in {self._wanted(demand) for demand in (None, *range(len(self.law.facts.demands)))}:
            if methods and not self._asks_who(methods):
                found.update((clause.rule.id, clause) for clause in self._everywhere(methods))
        return tuple(found.values())

    def _asks_who(self, methods: tuple[str, ...]) -> bool:
        """Whether a rule that closes these methods asks for more than the parcel: for platform or other applicants."""
        known = self._who.get(methods)
        if known is None:
            clauses = self._everywhere(methods)
            known = self._who[methods] = any(not clause.reads().isdisjoint(OF_THE_DEMAND) for clause in clauses)
        return known

    def _closed_by(self, methods: tuple[str, ...], site: Sequence[int], demand: int | None) -> tuple[Closing, ...]:
        parcels, wanted, own = self.law.case_facts(site, demand, None)
        quiet = DEMAND_FIELDS if demand is None else NOBODY
        cases = [{**CASE_DEFAULTS, **wanted, **parcel, **own} for parcel in parcels]
        return tuple(
            Closing("forbid", Said(clause.rule.id, "forbid"), methods[0])
            for clause in self._everywhere(methods)
            if any(clause.holds(facts, quiet) for facts in cases)
        )

    def anew(self, site: Sequence[int], demand: int | None) -> tuple[Closing, ...]:
        """:meth:`of`, asked anew."""
        return self._alone(site, demand, anew=True) or self._by_method(site, demand)

    def _by_method(self, site: Sequence[int], demand: int | None) -> tuple[Closing, ...]:
        """What closes each method, asked one after the other."""
        found: dict[tuple[str, str], Closing] = {}
        unwanted = 0
        closing: list[set[str]] = []
        for method in self.law.case.methods:
            if self.law.unwanted(method.id, demand):
                unwanted += 1
                continue
            verdict, kept, deciding = self.law.decided(site, demand, method.id)
            forbidden = verdict == "forbid"
            closing.append({one.rule_id for one in deciding} if forbidden else set())
            if kept and not forbidden:
                found.setdefault((kept, ""), Closing(kept, None, method.id))
            elif forbidden or verdict not in self.law.case.settings.verdicts:
                code = "forbid" if forbidden else "verdict"
                for one in deciding:
                    found.setdefault((code, one.rule_id), Closing(code, one, method.id))
        alone = set.intersection(*closing) if closing else set()
        if alone:
            return tuple(each for (code, rule), each in found.items() if code == "forbid" and rule in alone)
        if unwanted == len(self.law.case.methods):
            code = "want_right" if demand is not None else "no_market"
            found[code, ""] = Closing(code, None, "")
        return tuple(found.values())
