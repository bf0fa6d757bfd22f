"""Several plans beside each other: score, bound, platforms, area and methods of each, what differs from the first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from parcels.common.csv_text import csv_text


def several(plans: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A row a plan (``plan.json``): areas in m2, scores in millipoints, the parcels that differ from the first."""
    first = _choices(plans[0])
    found = []
    for plan in plans:
        here, tiers = _choices(plan), plan["result"]["tiers"]
        area = {name: each["area_m2"] for each in plan["assignments"] for name in ["+".join(each["parcel_ids"])]}
        found.append(
            {
                "plan_id": plan["plan_id"],
                "same_round": plan["case"]["round"] == plans[0]["case"]["round"],
                "as_of": plan["case"]["as_of"],
                "objective": [tier["objective"] for tier in tiers],
                "bound": [tier["bound"] for tier in tiers],
                "served": len({each["demand_id"] for each in plan["assignments"]} - {None}),
                "parcels": len(here),
                "area_m2": sum(area.values()),
                "methods": dict(sorted(Counter(each["method"] for each in plan["assignments"]).items())),
                "differ": sorted(name for name in here.keys() | first.keys() if here.get(name) != first.get(name)),
            }
        )
    return found


def several_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same as CSV, a column a method."""
    methods = sorted({method for row in rows for method in row["methods"]})
    head = [
        "plan",
        "as_of",
        "score_millipoints",
        "bound_millipoints",
        "served",
        "parcels",
        "area_m2",
        "differ",
        *methods,
    ]
    lines: list[list[object]] = [head]
    for row in rows:
        counts = [row["methods"].get(method, 0) for method in methods]
        told = [row["objective"][0], row["bound"][0], row["served"], row["parcels"], row["area_m2"]]
        lines.append([row["plan_id"], row["as_of"], *told, len(row["differ"]), *counts])
    return csv_text(lines)


def _choices(plan: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """For each supplied parcel whom it goes to, how and when."""
    return {
        name: (each["demand_id"], each["method"], each["period"])
        for each in plan["assignments"]
        for name in each["parcel_ids"]
    }
