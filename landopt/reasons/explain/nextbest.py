"""What else was lawful: next-best sites, platforms and methods, and what it took to win (cut-offs)."""

from __future__ import annotations

import numpy as np

from landopt.reasons.explain.context import Context
from landopt.reasons.explain.records import CutOff, NextBest

SITES = 3
PLATFORMS = 3
CUTOFFS = 50


def next_sites(context: Context, offer: int, limit: int = SITES) -> tuple[NextBest, ...]:
    """The best other sites for the platform of a chosen offer, one offer a site; empty for a market offer."""
    demand = int(context.offers.demand[offer])
    if demand < 0:
        return ()
    found = context.second.get(("site", offer))
    if found is None or limit > SITES:
        which = context.to_demand(demand)
        others = which[context.offers.site[which] != context.offers.site[offer]]
        found = context.second["site", offer] = _first(context, others, context.offers.site, max(limit, SITES))
    return found[:limit]


def next_platforms(context: Context, offer: int, limit: int = PLATFORMS) -> tuple[NextBest, ...]:
    """The best other uses of the parcels of a chosen offer: one offer a platform (the market counts as one)."""
    found = context.second.get(("platform", offer))
    if found is None or limit > PLATFORMS:
        which = context.on_parcels(context.offers.parcels(offer))
        others = which[context.offers.demand[which] != context.offers.demand[offer]]
        found = context.second["platform", offer] = _first(
            context, others, context.offers.demand, max(limit, PLATFORMS)
        )
    return found[:limit]


def best_for(context: Context, demand: int, limit: int = SITES) -> tuple[NextBest, ...]:
    """The best lawful offers to a platform, one a site."""
    return _first(context, context.to_demand(demand), context.offers.site, limit)


def best_on(context: Context, parcel: int, limit: int = PLATFORMS) -> tuple[NextBest, ...]:
    """The best lawful offers on a parcel, one a platform."""
    return _first(context, context.on_parcels((parcel,)), context.offers.demand, limit)


def _first(context: Context, which: np.ndarray, by: np.ndarray, limit: int) -> tuple[NextBest, ...]:
    if not len(which):
        return ()
    if len(which) == 1:
        return (context.named(int(which[0])),)
    found: list[NextBest] = []
    seen: set[int] = set()
    if len(which) > 64 and context.losses is not None:
        # The few with the smallest loss are enough: order only those.
        keep = np.argpartition(context.losses.tiers[0][which], 63)[:64]
        head = which[np.sort(keep)]
        which = head if len(set(by[head].tolist())) >= limit else which
    for offer in context.ranked(which).tolist():
        kind = int(by[offer])
        if kind in seen:
            continue
        seen.add(kind)
        found.append(context.named(offer))
        if len(found) == limit:
            break
    return tuple(found)


def cutoffs(context: Context, limit: int = CUTOFFS) -> tuple[CutOff, ...]:
    """What it took to win each contested platform and parcel: the most contested first, at most ``limit`` of each."""
    found: list[tuple[int, CutOff]] = []
    for offer in context.chosen:
        demand = int(context.offers.demand[offer])
        winner = context.named(offer)
        if demand >= 0:
            rivals = len(context.to_demand(demand)) - 1
            runner = next_sites(context, offer, 1)
            if runner:
                name = context.case.demands.ids[demand]
                found.append((rivals, CutOff(name, "demand", winner, runner[0], rivals)))
        for parcel in context.offers.parcels(offer):
            which = context.on_parcels((parcel,))
            rivals = int((context.offers.demand[which] != demand).sum())
            runner = next_platforms(context, offer, 1)
            if runner and rivals:
                name = context.case.parcels.ids[parcel]
                found.append((rivals, CutOff(name, "parcel", winner, runner[0], rivals)))
    kept: list[CutOff] = []
    for of in ("parcel", "demand"):
        mine = sorted((entry for entry in found if entry[1].of == of), key=lambda entry: (-entry[0], entry[1].id))
        kept += [cutoff for _, cutoff in mine[:limit]]
    return tuple(kept)
