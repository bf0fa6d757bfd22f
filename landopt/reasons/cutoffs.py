"""What one step more or less of a binding limit would do: re-solved near the plan, as an interval, all else held fixed.

No dual price is printed as a marginal value (docs/explain.md). The plan under the changed limit gives one end of the
interval, weak duality with the prices of the proof (priced at the changed right-hand side) the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landopt.reasons.alternatives import value
from landopt.reasons.explain.changed.variants import only_rows, with_rhs
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.losses import bounds_with
from landopt.reasons.explain.records import LimitUse, as_json
from landopt.reasons.forced import closest, solve_near

STEPS = {"m2": 10_000, "yuan": 1_000_000, "count": 1}
"""One step: a hectare, a million yuan, one."""


@dataclass(frozen=True, slots=True)
class Step:
    """One limit moved by one step: by how much the best plan's value changes, per tier, as an interval (millipoints).

    ``feasible`` False: no plan was found under the changed limit; then nothing is said about the lower end.
    """

    limit: LimitUse
    step: int
    now: int
    feasible: bool
    low: tuple[int | None, ...]
    high: tuple[int | None, ...]

    def as_dict(self) -> dict[str, Any]:
        """The step as plain JSON."""
        found: dict[str, Any] = as_json(self)
        return found


def limit_steps(context: Context, bounds: list[int]) -> tuple[Step, ...]:
    """Every binding limit with one step more and one step less; relations and locks are not moved.

    Parameters
    ----------
    bounds
        Audited bound of the plan in each tier, millipoints.
    """
    limits = Limits(context)
    found = []
    for number, row in enumerate(limits.rows):
        if row.kind == "limit" and limits.binding(number):
            use = limits.use(number)
            scale = _scale(context, row.rule)
            for sign in (1, -1):
                step = sign * STEPS.get(use.unit, 1)
                found.append(_moved(context, number, use, step, step * scale, bounds))
    return tuple(found)


def fix_costs(context: Context, overrides: Sequence[Mapping[str, Any]], bounds: Sequence[int]) -> list[dict[str, Any]]:
    """The overrides of a plan with what each costs: by how much the best plan would gain without that fix, an interval.

    ``cost`` is ``{"low": [...], "high": [...]}`` per tier in millipoints (low at least 0 in the first tier); the
    exceptions that the fix needed stay in place.
    """
    offers = context.offers
    was = value(offers, context.chosen)
    found = []
    for entry in overrides:
        rows = [number for number, row in enumerate(offers.rows) if row.rule == entry["rule"]]
        kept = [number for number in range(len(offers.rows)) if number not in rows]
        variant = only_rows(offers, kept)
        above = bounds_with(offers, context.proof, len(context.case.parcels), rows)
        pool = np.unique(np.concatenate([closest(context), np.asarray(context.chosen, np.int64)]))
        plan = solve_near(context.case, variant, pool)
        now = was if plan is None else value(variant, plan)
        low = [
            max(0, new - top) if tier == 0 else new - top
            for tier, (new, top) in enumerate(zip(now, bounds, strict=True))
        ]
        high = None if above is None else [top - worth for top, worth in zip(above, was, strict=True)]
        found.append({**entry, "cost": {"low": low, "high": high}})
    return found


def _scale(context: Context, rule: str) -> int:
    """Row units in one unit of the limit (a credit scales its row; a share has no amount to move)."""
    spec: Mapping[str, Any] = context.rules[rule].spec if rule in context.rules else {}
    credit, share = spec.get("credit"), spec.get("share")
    return int(share[1]) if share else int(credit["den"]) if credit else 1


def _moved(context: Context, number: int, use: LimitUse, step: int, change: int, bounds: list[int]) -> Step:
    offers = context.offers
    was = value(offers, context.chosen)
    variant = with_rhs(offers, number, offers.rows[number].rhs + change)
    above = bounds_with(variant, context.proof, len(context.case.parcels))
    tops = [None] * len(was) if above is None else above
    high = [None if top is None else top - worth for top, worth in zip(tops, was, strict=True)]
    looser = (change > 0) == (offers.rows[number].sense == "<=")
    if not looser and high[0] is not None:
        high[0] = min(0, high[0])
    pool = np.unique(np.concatenate([closest(context), np.asarray(context.chosen, np.int64)]))
    plan = solve_near(context.case, variant, pool)
    if plan is None:
        return Step(use, step, use.limit + step, False, (None,) * len(was), tuple(high))
    low = [now - top for now, top in zip(value(variant, plan), bounds, strict=True)]
    if looser:
        low[0] = max(0, low[0])  # whatever held before still holds
    return Step(use, step, use.limit + step, True, tuple(low), tuple(high))
