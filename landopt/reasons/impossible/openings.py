"""What would open a site to a platform that nothing can serve: the cheapest changes, from what to what."""

from __future__ import annotations

from collections.abc import Sequence

from constraints.case import Case
from constraints.reading.case_facts import texts
from landopt.reasons.explain.context import citation, fact_used
from landopt.reasons.explain.records import FactUsed
from landopt.reasons.impossible.conflict import (
    ASKED,
    REQUIREMENT,
    Change,
    Closed,
    Member,
    Opening,
    rule_member,
    rule_of,
)
from landopt.reasons.impossible.unserved import OWN, Platform, Serving, Shut
from landopt.screening.offers import Offers
from parcels.common.schema import Value

MOST = 4
"""Ways to open a site named for one platform."""
PLATFORMS = 40
"""Platforms without a lawful offer that are explained; beyond, it is said how many were left out."""


def without_offer(offers: Offers) -> list[int]:
    """The platforms (rows) that have no lawful offer."""
    return [row for row, size in enumerate((offers.part_start[1:] - offers.part_start[:-1]).tolist()) if not size]


def closed_platforms(case: Case, offers: Offers, demands: Sequence[int]) -> tuple[Closed, ...]:
    """Each platform without a lawful offer with its minimal set and what would open a site; those found open left out.

    A platform counts as open after all where no site was listed for it because of the round's cap.
    """
    if not demands:
        return ()
    serving = Serving(case, offers)
    found = (closed_platform(serving, demand) for demand in demands)
    return tuple(each for each in found if each is not None)


def closed_platform(serving: Serving, demand: int) -> Closed | None:
    """One platform (row) without a lawful offer; ``None`` where it is found open after all."""
    platform = Platform(serving, demand)
    names = platform.conflict()
    if names is None:
        return None
    proved = platform.proved(names)
    case = serving.case
    return Closed(
        demand_id=case.demands.ids[demand],
        platform=str(platform.wish.get("name") or ""),
        members=tuple(_member(platform, name, name in proved) for name in _ordered(serving, names)),
        openings=_openings(platform),
        minimal=proved.issuperset(names) and not platform.bounded,
        bounded="blocks" if platform.bounded else "nearest" if platform.cut else "",
    )


def _ordered(serving: Serving, names: Sequence[str]) -> list[str]:
    """Requirements first, then policy, then law."""
    return sorted(names, key=lambda name: (name not in OWN, serving.ranks.get(name, 0), name))


def _member(platform: Platform, name: str, proved: bool) -> Member:
    case = platform.serving.case
    if name not in OWN:
        return rule_member(case, name, proved)
    value = None if name in ("status", "available_from") else _asked(platform, name)
    return Member(name, (), REQUIREMENT, "", None, ASKED, None, proved, value)


def _asked(platform: Platform, name: str) -> FactUsed:
    owner = platform.serving.case.demands.ids[platform.demand]
    value: Value = platform.most if name == "max_parcels" else platform.wish.get(name)
    return fact_used(name, owner, value)


def _openings(platform: Platform) -> tuple[Opening, ...]:
    """The sites nearest to be opened, fewest changes first; what law closes is not opened by anything."""
    willing = [shut for by, shut in platform.shuts.items() if platform.willing(by)]
    found: list[Shut] = []
    for shut in sorted(willing, key=lambda each: (len(each.by), each.cost, sorted(each.by), each.site)):
        if len(found) < MOST and not any(other.by <= shut.by for other in found):
            found.append(shut)
    return tuple(_opening(platform, shut) for shut in found)


def _opening(platform: Platform, shut: Shut) -> Opening:
    serving, case = platform.serving, platform.serving.case
    law = serving.book_without(frozenset(shut.by - OWN))
    termless = "want_term" in shut.by
    judged = serving.judged(law, shut.site, platform.demand, shut.method, shut.period, termless=termless)
    changes = tuple(
        _change(platform, shut, name, judged.price, judged.term) for name in _ordered(serving, sorted(shut.by))
    )
    sites = tuple(case.parcels.ids[row] for row in shut.site)
    return Opening(changes, sites, case.methods[shut.method].id, judged.verdict)


def _change(platform: Platform, shut: Shut, name: str, price: int, term: int | None) -> Change:
    case = platform.serving.case
    if name not in OWN:
        rule = rule_of(case, name)
        return Change(name, None if rule is None else citation(rule), None, None)
    if name in ("status", "available_from"):
        row = next(row for row in shut.site if name in platform.fails[row])
        owner, was = case.parcels.ids[row], case.parcels.column(name)[row]
        end: Value = platform.serving.absent.end if name == "available_from" else "candidate"
        return Change(name, None, fact_used(name, owner, was), fact_used(name, owner, end))
    asked = _asked(platform, name)
    return Change(name, None, asked, fact_used(name, asked.owner, _needed(platform, shut, name, price, term)))


def _needed(platform: Platform, shut: Shut, name: str, price: int, term: int | None) -> Value:
    """What a requirement would have to be for this site."""
    case, wish = platform.serving.case, platform.wish
    own = [case.parcels.row(row) for row in shut.site]
    if name in ("area_min_m2", "area_max_m2"):
        return sum(platform.serving.reader.facts.area[row] for row in shut.site)
    if name == "near":
        far = []
        for place in texts(wish.get("near")) or tuple(str(wish.get("near")).split(";")):
            point, _, metres = place.rpartition(":")
            most = max((int(case.distances[point][row]) for row in shut.site), default=0)
            far.append(f"{point}:{max(most, int(metres))}")
        return tuple(far)
    if name in ("uses", "districts", "zones"):
        field = {"uses": "use", "districts": "district", "zones": "zone"}[name]
        added: list[str] = []
        for facts in own:
            value = facts.get(field)
            if value is None:
                return None  # a parcel without a known zone suits only who asks for none
            if not set(texts(value) or (str(value),)) & set(texts(wish.get(name))):
                added += texts(value)[:1] or [str(value)]
        return tuple(dict.fromkeys([*texts(wish.get(name)), *added]))
    single: dict[str, Value] = {
        "max_parcels": len(shut.site),
        "budget_yuan": price,
        "want_term": term,
        "needed_by": platform.done(shut) if name == "needed_by" else None,
        "want_right": (*texts(wish.get("want_right")), case.methods[shut.method].right),
    }
    return single[name]
