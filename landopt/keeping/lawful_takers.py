"""Who could take a site by a method: platforms and the open market, by the scalar reading, with what is in the way.

An officer's fix is judged by this before anything is solved (:mod:`landopt.keeping.fixes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constraints.audit.reread import Reader
from constraints.reading.judge import SiteJudgement
from constraints.types import STRICTNESS
from parcels.common.catalogue import Told, told
from parcels.common.schema import Value


@dataclass(frozen=True, slots=True)
class Taker:
    """A platform (``None``: the market) held against a site and method, in the period that suits best.

    ``verdict`` is the law's, ``considered`` whether the round takes offers of that verdict; ``forbids`` are the rules
    behind a verdict other than ``permit``; ``own`` is the requirement of the platform that the site fails, in words.
    """

    demand: int | None
    verdict: str
    considered: bool
    forbids: tuple[str, ...]
    own: Told | None

    @property
    def open(self) -> bool:
        """True where a lawful offer exists."""
        return self.considered and not self.own


def taker(reader: Reader, site: Sequence[int], demand: int | None, method: int) -> Taker:
    """One platform, or the market, held against a site (ascending parcel rows) and a method (row)."""
    own = reader.site_problem(site, demand)
    found = [_in_period(reader, site, demand, method, period, own) for period in reader.periods]
    return min(found, key=lambda each: (not each.open, STRICTNESS[each.verdict], bool(each.own)))


def _in_period(
    reader: Reader, site: Sequence[int], demand: int | None, method: int, period: int, own: Told | None
) -> Taker:
    judged = reader.judge_site(site, demand, method, period)
    verdict = judged.verdict
    forbids = tuple(dict.fromkeys(one.rule_id for one in judged.rulings if one.verdict == verdict != "permit"))
    late = reader.late(reader.ready_from(site), demand, reader.case.methods[method], period)
    if late and STRICTNESS[verdict] < STRICTNESS["warn"]:
        verdict, forbids = "warn", ("needed_by",)
    own = own or _other(reader, site, demand, method, period, judged)
    return Taker(demand, verdict, STRICTNESS[verdict] in reader.allowed, forbids, own)


def _other(
    reader: Reader, site: Sequence[int], demand: int | None, method: int, period: int, judged: SiteJudgement
) -> Told | None:
    """What the site itself does not tell: the right asked for, the budget, the day, what the market offers."""
    how = reader.case.methods[method]
    if not reader.available(reader.free_from(site), period):
        return told("site.not-before", date=reader.free_from(site))
    if demand is None:
        market = reader.case.market
        open_ = market and how.competitive and how.id in market.methods
        return None if open_ else told("site.method-not-offered", method=how.id)
    wish = reader.facts.demands[demand]
    rights: Value = wish.get("want_right")
    if isinstance(rights, tuple) and rights and how.right not in rights:
        return told("site.right", right=how.right)
    budget = wish.get("budget_yuan")
    if isinstance(budget, int) and judged.price > budget:
        return told("site.budget", price=judged.price, budget=budget)
    return None


def takers(reader: Reader, site: Sequence[int], demand: str | None, method: str) -> tuple[Taker, ...]:
    """Who is asked: the platform named, else every platform and the open market."""
    row = reader.method_row[method]
    if demand is not None:
        return (taker(reader, site, reader.case.demands.index()[demand], row),)
    everyone = [*range(len(reader.case.demands)), *([] if reader.case.market is None else [None])]
    return tuple(taker(reader, site, each, row) for each in everyone)
