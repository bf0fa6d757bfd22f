"""What moved between two plans: score, parcels, methods, platforms, limits, who gained and lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parcels.common.frozen import FactTable

Choice = tuple[str | None, str, str | None, int | None]
"""Demand (or market), method, period, term."""


def moves(before: Mapping[str, Any], after: Mapping[str, Any], land: FactTable | None = None) -> dict[str, Any]:
    """What moved between two plans (``plan.json``), as plain JSON.

    ``land`` are the parcels of a case, for the area of each: a plan holds that of a block as a whole.

    ``apart`` of a tier says that the best values of the two rounds are proved to differ; else they lie within the gaps.
    """
    was, now = _choices(before), _choices(after)
    area = {**_areas(before), **_areas(after), **_measured(land)}
    moved = sorted(name for name in was.keys() | now.keys() if was.get(name) != now.get(name))
    flows: dict[tuple[str, str], list[int]] = {}
    for name in moved:
        key = (was[name][1] if name in was else "held", now[name][1] if name in now else "held")
        line = flows.setdefault(key, [0, 0])
        line[0] += 1
        line[1] += area.get(name, 0)
    return {
        "before": before["plan_id"],
        "after": after["plan_id"],
        "tiers": [
            {
                "before": a["objective"],
                "after": b["objective"],
                "change": b["objective"] - a["objective"],
                "bound_before": a["bound"],
                "bound_after": b["bound"],
                "apart": b["objective"] > a["bound"] or a["objective"] > b["bound"],
            }
            for a, b in zip(before["result"]["tiers"], after["result"]["tiers"], strict=False)
        ],
        "parcels": [
            {
                "parcel_id": name,
                "area_m2": area.get(name, 0),
                "was": _shown(was.get(name)),
                "now": _shown(now.get(name)),
            }
            for name in moved
        ],
        "methods": [
            {"from": key[0], "to": key[1], "parcels": line[0], "area_m2": line[1]}
            for key, line in sorted(flows.items(), key=lambda entry: (-entry[1][0], entry[0]))
        ],
        **_platforms(before, after),
        "limits": _limits(before, after),
    }


def _choices(plan: Mapping[str, Any]) -> dict[str, Choice]:
    return {
        name: (entry["demand_id"], entry["method"], entry["period"], entry["term_years"])
        for entry in plan["assignments"]
        for name in entry["parcel_ids"]
    }


def _areas(plan: Mapping[str, Any]) -> dict[str, int]:
    held = {r["id"]: r["area_m2"] for r in plan.get("justification", ()) if r.get("kind") == "held"}
    whole = {e["parcel_ids"][0]: e["area_m2"] for e in plan["assignments"] if len(e["parcel_ids"]) == 1}
    return {**held, **whole}


def _measured(land: FactTable | None) -> dict[str, int]:
    """The area of each parcel in whole m²; nothing where no parcels are given."""
    if land is None:
        return {}
    return {name: area for name, area in zip(land.ids, land.column("area_m2"), strict=True) if isinstance(area, int)}


def _shown(choice: Choice | None) -> dict[str, Any] | None:
    return None if choice is None else dict(zip(("demand_id", "method", "period", "term_years"), choice, strict=True))


def _platforms(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    was = {e["demand_id"]: sorted(e["parcel_ids"]) for e in before["assignments"] if e["demand_id"]}
    now = {e["demand_id"]: sorted(e["parcel_ids"]) for e in after["assignments"] if e["demand_id"]}
    gained, lost = sorted(now.keys() - was.keys()), sorted(was.keys() - now.keys())
    return {
        "gained": gained,
        "lost": lost,
        "sites_after": {name: now[name] for name in gained},
        "sites_before": {name: was[name] for name in lost},
        "resited": [
            {"demand_id": name, "was": was[name], "now": now[name]}
            for name in sorted(was.keys() & now.keys())
            if was[name] != now[name]
        ],
    }


def _limits(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    was = {(entry["rule"], tuple(entry["key"])): entry for entry in before["limits"]}
    now = {(entry["rule"], tuple(entry["key"])): entry for entry in after["limits"]}
    shares = [_shares(before), _shares(after)]
    found = []
    for key in sorted(was.keys() | now.keys()):
        a, b = was.get(key), now.get(key)
        if a is None or b is None or (a["used"], a["limit"]) != (b["used"], b["limit"]):
            found.append(
                {
                    "rule": key[0],
                    "key": list(key[1]),
                    "used_before": a and a["used"],
                    "used_after": b and b["used"],
                    "limit_before": a and a["limit"],
                    "limit_after": b and b["limit"],
                    "unit": str((a or b or {}).get("unit") or ""),
                    "share_before": shares[0].get(key),
                    "share_after": shares[1].get(key),
                }
            )
    return found


def _shares(plan: Mapping[str, Any]) -> dict[tuple[str, tuple[str, ...]], dict[str, Any]]:
    """The limits of a plan that are shares: part and whole in the unit of the limit, and the share asked for."""
    record = next((r for r in plan.get("justification", ()) if r.get("kind") == "plan"), None)
    return {
        (entry["cite"]["rule"], tuple(entry["key"])): {
            name: entry[name] for name in ("part", "whole", "share", "sense")
        }
        for entry in (record["limits"] if record else ())
        if entry.get("part") is not None
    }
