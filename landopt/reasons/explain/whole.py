"""The plan as a whole: totals, bounds, binding limits, unmet demand, tensions, ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constraints.audit.certificate.proof import gap_text
from constraints.types import Rule
from landopt.reasons.explain.context import Context, general, note
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.losses import bounds_without_each
from landopt.reasons.explain.nextbest import cutoffs
from landopt.reasons.explain.records import MethodTotal, PlanReasons, Ruling, TierBound

TENSION = "tension"
SHOWN = 50
RANKED = 10_000_000
"""Offers times rows up to which the limits are ranked by what lifting each could bring."""


def whats_given(proof: Mapping[str, Any] | None, tiers: int) -> list[dict[str, int]]:
    """For each tier what it came to and is held at, where it gives something to later ones; else nothing."""
    entries = proof["tiers"] if proof and proof.get("tiers") else [{}] * tiers
    return [{name: int(entry[name]) for name in ("reached", "held_at") if name in entry} for entry in entries]


def whole(
    context: Context,
    limits: Limits,
    *,
    stopped: str,
    tiers: Sequence[tuple[int, int | None, int | None]],
    ties: Mapping[str, Any],
    cited: Sequence[str],
) -> PlanReasons:
    """The record of the plan; ``tiers`` are (objective, audited bound, solver's bound), ``cited`` the rules used."""
    case = context.case
    bounds = tuple(
        TierBound(objective, bound, claimed, None if bound is None else gap_text(bound, objective), **given)
        for (objective, bound, claimed), given in zip(tiers, whats_given(context.proof, len(tiers)), strict=True)
    )
    closed = bool(bounds) and all(
        tier.bound == (tier.objective if tier.reached is None else tier.reached) for tier in bounds
    )
    return PlanReasons(
        id=case.round.id,
        stopped=stopped,
        scope=context.offers.scope,
        tiers=bounds,
        optimal=closed and context.offers.scope == "all",
        unique=closed and context.offers.scope == "all" and ties.get("status") == "unique",
        methods=_totals(context),
        parcels_total=len(case.parcels),
        parcels_supplied=len(context.taken),
        parcels_held=len(case.parcels) - len(context.taken),
        demands_total=len(case.demands),
        demands_served=len(context.served),
        unmet=tuple(name for row, name in enumerate(case.demands.ids) if row not in context.served),
        limits=limits.all,
        relaxed=limits.relaxed,
        tensions=_tensions(context),
        notes=_notes(context),
        ties=_ties(context, ties, closed),
        cutoffs=cutoffs(context),
        sources=tuple(context.cite(rule) for rule in sorted(set(cited)) if rule in context.rules),
        packs=case.packs,
        rules_in_force=len(case.rules),
        round_id=case.round.id,
        as_of=case.round.as_of,
        overlays=case.overlays,
        worth=_worth(context, limits),
    )


def _worth(context: Context, limits: Limits) -> tuple[int | None, ...]:
    """What lifting each limit alone could bring at most in the first tier; empty without a proof or in a huge round."""
    proof = context.proof
    if proof is None or not proof.get("tiers") or len(context.offers) * len(limits.rows) > RANKED:
        return ()
    reached, parcels = int(proof["tiers"][0]["objective"]), len(context.case.parcels)
    rows = [number for number, row in enumerate(limits.rows) if row.kind == "limit"]
    above = bounds_without_each(context.offers, proof, parcels, rows)
    return tuple(max(0, above[number] - reached) if number in above else None for number in range(len(limits.rows)))


def _totals(context: Context) -> tuple[MethodTotal, ...]:
    area = context.case.parcels.column("area_m2")
    found: dict[int, list[int]] = {}
    for offer in context.chosen:
        parcels = context.offers.parcels(offer)
        line = found.setdefault(int(context.offers.method[offer]), [0, 0, 0, 0])
        line[0] += 1
        line[1] += len(parcels)
        line[2] += sum(int(str(area[row] or 0)) for row in parcels)
        line[3] += int(context.offers.price[offer])
    return tuple(MethodTotal(context.methods[method], *line) for method, line in sorted(found.items()))


def _tensions(context: Context) -> tuple[Ruling, ...]:
    """Notes of law that pull against a preference of this round (such as stock first against new land first)."""
    return tuple(note(context, rule.id) for rule in context.case.rules if _tension(rule))


def _tension(rule: Rule) -> bool:
    return rule.kind == "note" and str(rule.spec.get("flag", "")).startswith(TENSION)


def _notes(context: Context) -> tuple[Ruling, ...]:
    """Notes that hold for every case of the round."""
    rules = [rule for rule in context.case.rules if rule.kind == "note" and not _tension(rule)]
    return tuple(note(context, rule.id) for rule in rules if general(context, rule.id))


def _ties(context: Context, ties: Mapping[str, Any], closed: bool) -> dict[str, Any]:
    """The ties as plain JSON: what the second stage found, and which parcels the prices settle.

    ``in_every`` counts the supplied parcels that have this choice in every best plan (proved by the prices),
    ``in_some`` names those the prices leave open; both only where the audited gap is 0. Of the only best plan all are.
    """
    found: dict[str, Any] = {"status": "not examined", "by": "", "parcels": 0, "broken_by": [], **ties}
    found.update(in_every=None, in_some=[], more=0)
    if found["status"] == "unique":
        found.update(in_every=len(context.taken))
    if found["status"] == "unique" or not closed or context.losses is None:
        return dict(sorted(found.items()))
    lost = sum((tier > 0 for tier in context.losses.tiers[1:]), context.losses.tiers[0] > 0)
    loose: set[int] = set()
    for offer in set((lost == 0).nonzero()[0].tolist()) - context.chosen_set:
        loose.update(context.offers.parcels(offer))
    every = 0
    some: list[str] = []
    for parcel, offer in sorted(context.taken.items()):
        if parcel not in loose and context.losses.leaving.get(offer, 0) > 0:
            every += 1
        else:
            some.append(context.case.parcels.ids[parcel])
    found.update(in_every=every, in_some=some[:SHOWN], more=max(0, len(some) - SHOWN))
    return dict(sorted(found.items()))
