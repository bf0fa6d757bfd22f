"""What each assignment fixed by hand costs: solved near the plan without it, as an interval, all else held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from landopt.reasons.alternatives import value
from landopt.reasons.explain.changed.variants import only_rows
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.losses import bounds_with
from landopt.reasons.resolved.forced import closest, solve_near


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
