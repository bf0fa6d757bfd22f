"""Platforms that nothing can serve: a minimal set of rules and of their own requirements, and what would open a site.

For each site and method the things that close it are collected: requirements of the platform, states of parcels, rules.
A minimal set that meets each of these collections is a conflict: every site is closed by one of its members, and
without any one member some site is open (the law is asked again to prove it). Sites of several parcels are looked for
wherever the set so far would leave one open; how many is bounded and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

from constraints.audit.reread import SITE_FACTS, Reader
from constraints.case import Case
from constraints.language.expr import names, parse
from constraints.reading.book import RuleBook, case_book
from constraints.reading.judge import SiteJudgement, judge_site
from constraints.reading.timetable import done_by
from constraints.types import STRICTNESS, Rule
from landopt.intake.overlay import BINDING_RANK
from landopt.reasons.explain.absent import Absent
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.likeness import Likeness
from landopt.reasons.impossible.connected_sets import Blocks
from landopt.screening.offers import Offers
from parcels.common.schema import Value

OWN = frozenset(
    {
        "uses", "districts", "zones", "near", "want_right", "want_term", "area_min_m2", "area_max_m2", "max_parcels",
        "budget_yuan", "needed_by", "status", "available_from",
    }
)  # fmt: skip
"""What a platform requires and what keeps a parcel out of the round: may give way, unlike law."""
GONE = ("announced", "contracted")
MOST_BLOCKS = 5_000
"""Blocks of parcels looked at for one platform and question; beyond, it is said that not all were."""


@dataclass(frozen=True, slots=True)
class Shut:
    """One site and method with everything that closes it; ``cost`` how far its numbers are away."""

    site: tuple[int, ...]
    method: int
    period: int
    by: frozenset[str]
    cost: Fraction


class Serving:
    """Questions about platforms of one round: which things close which site."""

    def __init__(self, case: Case, offers: Offers) -> None:
        self.case = case
        self.reader = Reader(case)
        if offers.reach is not None:
            start, parcels = offers.reach
            for demand in range(len(start) - 1):
                reach = frozenset(parcels[int(start[demand]) : int(start[demand + 1])].tolist())
                self.reader.reach[demand] = reach
            self.reader.count_reach()
        law = Law(Context(case, offers, ()))
        self.absent = Absent(law.context, law)
        self.likeness = Likeness(law.facts, law.book)
        self.ranks = {rule.id: rule.cite.rank for rule in case.rules}
        self.blocks = Blocks(self.reader)
        self.of_site = frozenset({"needed_by", *(rule.id for rule in case.rules if _reads_site(rule))})
        self._books: dict[frozenset[str], RuleBook] = {}
        reads = {name for shelf in self.reader.book.shelves.values() for name, _, _ in shelf.signature}
        self.periods = self.reader.periods if "period" in reads else self.reader.periods[-1:]

    @cached_property
    def gone(self) -> frozenset[int]:
        """Parcels that are decided: nothing makes them candidates."""
        status = self.case.parcels.column("status")
        return frozenset(row for row, state in enumerate(status) if state in GONE)

    def book_without(self, rules: frozenset[str]) -> RuleBook:
        """The law without some rules."""
        if not rules:
            return self.reader.book
        if rules not in self._books:
            case = self.case
            self._books[rules] = case_book(case, [rule for rule in case.rules if rule.id not in rules])
        return self._books[rules]

    def judged(
        self, law: RuleBook, site: Sequence[int], demand: int, method: int, period: int, *, termless: bool = False
    ) -> SiteJudgement:
        """What some law says of a site for a platform as if it took the method; ``termless``: whatever term it asks."""
        reader = self.reader
        parcels = [reader.parcel_facts(parcel, demand) for parcel in site]
        together = {**reader.facts.site(site), "period": reader.period_id(period)}
        wish: dict[str, Value] = dict(reader.facts.demands[demand])
        rights, right = wish.get("want_right"), self.case.methods[method].right
        if isinstance(rights, tuple) and rights and right not in rights:
            wish["want_right"] = (*rights, right)
        if termless:
            wish["want_term"] = None
        return judge_site(law, parcels, wish, together, self.case.methods[method], records=self.case.records)


class Platform:
    """One platform without a lawful offer: what closes each site it could have."""

    def __init__(self, serving: Serving, demand: int) -> None:
        self.serving, self.demand = serving, demand
        reader = serving.reader
        self.wish = reader.facts.demands[demand]
        self.low, self.high = _int(self.wish.get("area_min_m2")), _int(self.wish.get("area_max_m2"))
        self.most = _int(self.wish.get("max_parcels")) or 1
        self.termed = (False, True) if self.wish.get("want_term") is not None else (False,)
        self.fails: list[frozenset[str]] = self._own()
        self._ruled: dict[Any, tuple[tuple[int, int, frozenset[str]], ...]] = {}
        self._late: dict[tuple[str, int, int], bool] = {}
        self.shuts: dict[frozenset[str], Shut] = {}
        self.bounded = self.cut = False

    def _own(self) -> list[frozenset[str]]:
        """What each parcel fails whatever the method and however large its site; areas apart."""
        failing: list[set[str]] = [set() for _ in self.serving.case.parcels.ids]
        for code, fails in self.serving.absent.filters(self.wish):
            if code != "area_large":
                for row in fails.nonzero()[0].tolist():
                    failing[row].add(code)
        made: dict[frozenset[str], frozenset[str]] = {}
        return [made.setdefault(key, key) for key in map(frozenset, failing)]

    def parcel_rules(self, row: int) -> tuple[tuple[int, int, frozenset[str]], ...]:
        """What closes a parcel as a site of its own beside area and :attr:`fails`: (method, period, by)."""
        others = self.serving.reader.others(row, self.demand)
        reader = self.serving.reader
        key = (
            self.serving.likeness.key((row,), self.demand, others),
            reader.free_from((row,)),
            reader.ready_from((row,)),
        )
        found = self._ruled.get(key)
        if found is None:
            found = self._ruled[key] = tuple(self.ruled((row,)))
        return found

    def ruled(self, site: tuple[int, ...]) -> Iterable[tuple[int, int, frozenset[str]]]:
        """For each method and period what closes a site; methods that only a permit could open are left out."""
        serving = self.serving
        rights = self.wish.get("want_right")
        for method, how in enumerate(serving.case.methods):
            book = serving.reader.book
            closed = how.default == "forbid" and not book.silent(how)
            defaults = frozenset(book.defaults(how)) if closed else frozenset()
            unwanted = {"want_right"} if isinstance(rights, tuple) and rights and how.right not in rights else set()
            for period in serving.periods:
                for termless in self.termed:
                    judged = serving.judged(serving.reader.book, site, self.demand, method, period, termless=termless)
                    by = self._said(judged, defaults)
                    if by is not None:
                        by |= unwanted | self._money_and_time(judged, site, method, period)
                        yield method, period, frozenset(by | ({"want_term"} if termless else set()))

    def _said(self, judged: SiteJudgement, defaults: frozenset[str]) -> set[str] | None:
        """The rules whose verdict the round does not consider; ``None`` where the method is closed by default."""
        allowed = self.serving.reader.allowed
        found = {one.rule_id for one in judged.rulings if STRICTNESS[one.verdict] not in allowed}
        if STRICTNESS[judged.verdict] in allowed:
            return set()
        closed = {one.rule_id for one in judged.rulings if one.verdict == "forbid"}
        return None if closed & defaults or not found <= self.serving.ranks.keys() else found

    def _money_and_time(self, judged: SiteJudgement, site: Sequence[int], method: int, period: int) -> set[str]:
        reader, found = self.serving.reader, set()
        budget = self.wish.get("budget_yuan")
        if isinstance(budget, int) and judged.price > budget:
            found.add("budget_yuan")
        gone = {one.rule_id for one in judged.rulings if STRICTNESS[one.verdict] not in reader.allowed}
        left = [STRICTNESS[one.verdict] for one in judged.rulings if one.rule_id not in gone]
        stricter = max(left, default=0) > STRICTNESS["warn"]  # a day missed only warns: a condition stays a condition
        if STRICTNESS["warn"] not in reader.allowed and not stricter and self.wish.get("needed_by") is not None:
            key = (reader.ready_from(site), method, period)
            if key not in self._late:
                self._late[key] = reader.late(key[0], self.demand, self.serving.case.methods[method], period)
            found |= {"needed_by"} if self._late[key] else set()
        return found

    def shut(self, site: tuple[int, ...], ruled: Iterable[tuple[int, int, frozenset[str]]] | None = None) -> None:
        """Keep what closes a site; of sites closed by the same things the nearest."""
        area = sum(self.serving.reader.facts.area[row] for row in site)
        own = set().union(*(self.fails[row] for row in site))
        cost = Fraction(0)
        if area < self.low:
            own.add("area_min_m2")
            cost += Fraction(self.low - area, max(1, self.low))
        if area > self.high:
            own.add("area_max_m2")
            cost += Fraction(area - self.high, max(1, self.high))
        if len(site) > self.most:
            own.add("max_parcels")
            cost += len(site) - self.most
        for method, period, by in self.ruled(site) if ruled is None else ruled:
            whole = frozenset(own | by)
            more = cost + (self._above_budget(site, method, period) if "budget_yuan" in by else 0)
            known = self.shuts.get(whole)
            if known is None or more < known.cost:
                self.shuts[whole] = Shut(site, method, period, whole, more)

    def _above_budget(self, site: Sequence[int], method: int, period: int) -> Fraction:
        price = self.serving.judged(self.serving.reader.book, site, self.demand, method, period).price
        budget = _int(self.wish.get("budget_yuan"))
        return Fraction(price - budget, max(1, budget))

    # -- the set -----------------------------------------------------------------------------------------------------

    def conflict(self) -> list[str] | None:
        """A minimal set of things that closes every site; ``None`` where some site is open after all.

        The law is asked of parcels that fail few requirements first, then of those that no requirement in the set
        closes; the others are closed by the set whatever the law says.
        """
        reader, gone = self.serving.reader, self.serving.gone
        rows = [row for row in range(len(reader.facts.area)) if row not in gone]
        failing = {row: self._failing(row) for row in rows}
        asked: set[int] = set()

        def ask(those: Iterable[int]) -> bool:
            new = [row for row in those if row not in asked]
            for row in new:
                self.shut((row,), self.parcel_rules(row))
            asked.update(new)
            return bool(new)

        for level in range(1, 1 + max(map(len, failing.values()), default=0)):
            ask(row for row in rows if len(failing[row]) <= level)
            if min((len(by) for by in self.shuts if self.willing(by)), default=level + 1) <= level:
                break
        self._blocks_of([row for row in rows if not failing[row] - {"area_min_m2"} and self._open(row, frozenset())])
        while True:
            if frozenset() in self.shuts:
                return None
            found = self._least()
            closed = frozenset(found)
            if ask(row for row in rows if not failing[row] & closed):
                continue
            escaped = closed & (self.serving.of_site | {"area_min_m2"})  # what a block may escape
            if not escaped or not self._another(rows, closed):
                return found

    def _failing(self, row: int) -> frozenset[str]:
        """What a parcel as a site of its own fails of the platform's requirements that no law speaks of."""
        area = self.serving.reader.facts.area[row]
        if self.low <= area <= self.high:
            return self.fails[row]
        return self.fails[row] | {"area_min_m2" if area < self.low else "area_max_m2"}

    def willing(self, by: frozenset[str]) -> bool:
        """Whether all that closes a site may give way: requirements and policy, not law."""
        ranks = self.serving.ranks
        return all(name in OWN or ranks.get(name, BINDING_RANK) < BINDING_RANK for name in by)

    def _least(self) -> list[str]:
        """The smaller of two minimal sets: what platforms require is dropped last, or first."""
        groups = _smallest(self.shuts)
        every = sorted(set().union(*groups)) if groups else []
        ranks = self.serving.ranks

        def order(own_first: bool) -> list[str]:
            return sorted(every, key=lambda name: ((name in OWN) != own_first, ranks.get(name, 0), name))

        found = [_hitting(groups, order(own_first)) for own_first in (False, True)]
        return min(found, key=len)

    def _open(self, row: int, closed: frozenset[str]) -> bool:
        """Whether none of some things closes a parcel itself, apart from what a block may escape."""
        if self.fails[row] & closed or (not closed and self.fails[row]):
            return False
        apart = self.serving.of_site
        return any(not ((by & closed if closed else by) - apart) for _, _, by in self.parcel_rules(row))

    def _blocks_of(self, rows: Sequence[int]) -> None:
        """Blocks of parcels that only areas keep from the platform, one parcel more than it takes included."""
        found, complete = self.serving.blocks.of(rows, self.most + 1, MOST_BLOCKS // 10)
        self.cut = self.cut or not complete
        for site in found:
            self.shut(site)

    def _another(self, rows: Sequence[int], closed: frozenset[str]) -> bool:
        """Look for a block of parcels that a set leaves open; what closes it otherwise is then kept."""
        inside = [row for row in rows if self._open(row, closed)]
        most = self.most if "max_parcels" in closed else max(self.most, 6)
        high = self.high if "area_max_m2" in closed else None
        low = self.low if "area_min_m2" in closed else 0
        found, complete = self.serving.blocks.of(inside, most, MOST_BLOCKS, low=low, high=high)
        if not complete:
            self.bounded = True
        for site in found:
            before = len(self.shuts)
            self.shut(site)
            if len(self.shuts) > before and any(not by & closed for by in self.shuts):
                return True
        return False

    def proved(self, members: Sequence[str]) -> frozenset[str]:
        """The members without which a site is open: the law is asked again without the rules outside the set."""
        whole, found = frozenset(members), set()
        for name in members:
            for by, shut in self.shuts.items():
                if by & whole == {name}:
                    without = frozenset(by - OWN)
                    termless = "want_term" in by
                    law = self.serving.book_without(without)
                    said = self.serving.judged(law, shut.site, self.demand, shut.method, shut.period, termless=termless)
                    if STRICTNESS[said.verdict] in self.serving.reader.allowed:
                        found.add(name)
                        break
        return frozenset(found)

    def done(self, shut: Shut) -> str:
        """The planned day of contract of a site and method."""
        reader = self.serving.reader
        periods = self.serving.case.round.periods
        opening = periods[shut.period].start if shut.period >= 0 else ""
        start = max(reader.ready_from(shut.site), reader.planned_from, opening)
        return done_by(self.serving.case.methods[shut.method], {}, start, reader.calendar)


def _reads_site(rule: Rule) -> bool:
    """Whether a rule may say of a block what it does not say of its parcels."""
    return rule.kind in ("eligibility", "term") and not names(parse(rule.when, rule.id)).isdisjoint(SITE_FACTS)


def _smallest(groups: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    """The collections that hold no other."""
    kept: list[frozenset[str]] = []
    for group in sorted(groups, key=lambda each: (len(each), sorted(each))):
        if not any(other <= group for other in kept):
            kept.append(group)
    return kept


def _hitting(groups: Sequence[frozenset[str]], order: Sequence[str]) -> list[str]:
    """A minimal set that meets every collection; what is first in the order is dropped first."""
    kept = set(order)
    for name in order:
        if all(group & kept != {name} for group in groups):
            kept.discard(name)
    return sorted(kept)


def _int(value: Value) -> int:
    return value if isinstance(value, int) else 0
