"""Why not: for any parcel, platform and method the deciding rules, or the proven least loss at once; exactly if asked.

A forbidden choice names the rules that decide and the nearest fact that would change the verdict (or that none can). A
lawful one names its proven least loss from the prices (docs/explain.md); ``exact`` forces it, re-solves and prints the
interval that both runs' plans and bounds give.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from constraints.case import Case
from landopt.intake.names import methods_named, unknown_parcel, unknown_platform
from landopt.reasons.explain.changed.feasible import held_by_some
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.nearest import Nearest, nearest_fact
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.records import Ruling
from parcels.common.issues import Refused, error


@dataclass(frozen=True, slots=True)
class WhyNot:
    """The answer for one site, platform (or the market) and method.

    ``state``: ``chosen``, ``lawful`` (an offer of the round; ``losses`` per tier, millipoints, 0 not distinguishable at
    this gap, ``None`` without a proof), ``forbidden``, ``filtered`` (the platform's own requirement, ``reason``),
    ``verdict`` (lawful, but not among the verdicts the round considers). ``fits`` says of a lawful choice whether any
    lawful plan holds it; ``None``: not tested, or not to be asked.
    """

    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str
    state: str
    verdict: str
    reason: str
    rulings: tuple[Ruling, ...]
    nearest: Nearest | None
    losses: tuple[int, ...] | None
    offer: int | None
    fits: bool | None = None

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def whynot(
    context: Context,
    law: Law,
    parcels: Sequence[int],
    demand: int | None,
    method: str,
    period: str | None = None,
    *,
    test: bool = True,
) -> WhyNot:
    """Why a site does not go to a platform (``None``: the open market) by a method.

    ``test``: of a lawful choice, whether any lawful plan holds it (one forced search).

    Raises
    ------
    Refused
        If the method or the period is not known, with the nearest one.
    """
    (method,) = check_methods(context.case, [method])
    check_period(context.case, period)
    site = tuple(sorted(parcels))
    names = tuple(context.case.parcels.ids[row] for row in site)
    who = None if demand is None else context.case.demands.ids[demand]
    offers = find(context, site, demand, method, period)
    if len(offers):
        best = int(context.ranked(offers)[0])
        taken = [offer for offer in offers.tolist() if offer in context.chosen_set]
        best = taken[0] if taken else best
        losses = None if context.losses is None else tuple(int(tier[best]) for tier in context.losses.tiers)
        verdict = ("permit", "warn", "condition", "forbid")[int(context.offers.verdict[best])]
        state = "chosen" if taken else "lawful"
        if taken:
            return WhyNot(names, who, method, state, verdict, "", (), None, None, best)
        fits = held_by_some(context.case, context.offers, offers.tolist()) if test else None
        return WhyNot(names, who, method, state, verdict, "", (), None, losses, best, fits)
    reason = own_reason(context, law, site, demand)
    answer = law.ask(site, demand, method, period)
    deciding = law.deciding(answer, site, demand, period)
    if answer.verdict == "forbid":
        near = nearest_fact(law, site, demand, method, period)
        return WhyNot(names, who, method, "forbidden", "forbid", reason, deciding, near, None, None)
    if reason or answer.filter:
        return WhyNot(names, who, method, "filtered", answer.verdict, reason or answer.filter, (), None, None, None)
    verdict = answer.verdict if answer.verdict not in context.case.settings.verdicts else "warn"
    return WhyNot(names, who, method, "verdict", verdict, "", deciding, None, None, None)


def find(
    context: Context, site: Sequence[int], demand: int | None, method: str | None = None, period: str | None = None
) -> np.ndarray:
    """The lawful offers of exactly this site to this platform, optionally by one method or in one period."""
    offers = context.offers
    which = context.on_parcels(site[:1])
    which = which[offers.demand[which] == (-1 if demand is None else demand)]
    if method is not None:
        which = which[offers.method[which] == context.methods.index(method)]
    if period is not None:
        which = which[offers.period[which] == context.periods.index(period)]
    mine = [offer for offer in which.tolist() if offers.parcels(offer) == tuple(site)]
    return np.array(mine, np.int64)


def own_reason(context: Context, law: Law, site: Sequence[int], demand: int | None) -> str:
    """The platform's own requirement that a site fails; "" if none."""
    from landopt.reasons.explain.absent import Absent

    absent = Absent(context, law)
    case = context.case
    if demand is None:
        market = case.market
        if not all(absent.open[list(site)]):
            return "status"
        if market is None or len(site) > 1:
            return "no_market"
        return "" if all(str(absent.use[row]) in market.uses for row in site) else "market_use"
    facts = case.demands.row(demand)
    for code, fails in absent.filters(facts):
        if code != "area_large" and any(fails[list(site)]):
            return code
    area = int(absent.area[list(site)].sum())
    if area > int(str(facts.get("area_max_m2") or 0)):
        return "area_large"
    if area < int(str(facts.get("area_min_m2") or 0)):
        return "area_small"
    if len(site) > int(str(facts.get("max_parcels") or 1)):
        return "max_parcels"
    return "" if _connected(case, site) else "not_adjacent"


def _connected(case: Case, site: Sequence[int]) -> bool:
    inside, reached = set(site), {site[0]}
    edges = [pair for pair in case.neighbours.pairs if pair[0] in inside and pair[1] in inside]
    for _ in site:
        for a, b in edges:
            if a in reached or b in reached:
                reached |= {a, b}
    return reached == inside


def rows_of(case: Case, ids: Sequence[str]) -> tuple[int, ...]:
    """The rows of parcel ids.

    Raises
    ------
    Refused
        If an id is not in the round, with the nearest one.
    """
    known = case.parcels.index()
    issues = [unknown_parcel(name, case.parcels.ids, "--parcel") for name in ids if name not in known]
    if issues:
        raise Refused(issues)
    return tuple(sorted(known[name] for name in ids))


def demand_row(case: Case, name: str) -> int:
    """The row of a platform.

    Raises
    ------
    Refused
        If it is not in the round, with the nearest one.
    """
    known = case.demands.index()
    if name not in known:
        raise Refused(unknown_platform(name, case.demands.ids, "--demand"))
    return known[name]


def holder(context: Context, site: Sequence[int]) -> int | None:
    """The platform the plan gives one of the parcels; ``None`` for the market or a held parcel."""
    for row in site:
        offer = context.taken.get(row)
        if offer is not None and context.offers.demand[offer] >= 0:
            return int(context.offers.demand[offer])
    return None


def check_methods(case: Case, names: Sequence[str]) -> tuple[str, ...]:
    """The ids of methods told by any word for them; an unknown one is refused, naming the nearest.

    Raises
    ------
    Refused
        X016.
    """
    return methods_named(names, [method.id for method in case.methods], "--method")


def check_period(case: Case, name: str | None) -> None:
    """Refuse an unknown period, naming those of the round.

    Raises
    ------
    Refused
        X018.
    """
    known = [period.id for period in case.round.periods]
    if name is not None and name not in known:
        raise Refused(error("X018.no-period", at="period", name=name, known=known))
