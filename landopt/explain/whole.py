"""The plan as a whole: totals, bounds, binding limits, unmet demand, tensions, ties."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from constraints.proof import gap_text
from landopt.explain.context import Context
from landopt.explain.limits import Limits
from landopt.explain.nextbest import cutoffs
from landopt.explain.records import MethodTotal, PlanReasons, Ruling, TierBound

TENSION = "tension"


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
        TierBound(objective, bound, claimed, None if bound is None else gap_text(bound, objective))
        for objective, bound, claimed in tiers
    )
    closed = bool(bounds) and all(tier.bound == tier.objective for tier in bounds)
    return PlanReasons(
        id=case.round.id,
        stopped=stopped,
        scope=context.offers.scope,
        tiers=bounds,
        optimal=closed and context.offers.scope == "all",
        unique=closed and context.offers.scope == "all" and bool(ties.get("unique")),
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
        ties=_ties(ties),
        cutoffs=cutoffs(context),
        sources=tuple(context.cite(rule) for rule in sorted(set(cited)) if rule in context.rules),
        packs=case.packs,
        rules_in_force=len(case.rules),
        round_id=case.round.id,
        as_of=case.round.as_of,
        overlays=case.overlays,
    )


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
    return tuple(
        Ruling(context.cite(rule), "note")
        for rule in context.case.rules
        if rule.kind == "note" and str(rule.spec.get("flag", "")).startswith(TENSION)
    )


def _ties(ties: Mapping[str, Any]) -> dict[str, Any]:
    """The ties as plain JSON with the keys the texts read."""
    found: dict[str, Any] = {"examined": False, "ladder": [], "lot": None, **ties}
    return {str(name): value for name, value in sorted(found.items())}
