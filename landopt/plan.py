"""``plan.json``: the plan as data (docs/plan.md), put together from the case, the offers and the outcome."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from constraints.case import Case, case_digest
from constraints.plan import plan_hash

SCHEMA = "landopt.plan/1"
_VERSIONED = ("pulp", "highspy", "shapely", "geopandas", "networkx", "numpy")


def versions() -> dict[str, str]:
    """The versions a plan depends on: landopt, Python, solver and libraries."""
    from landopt import __version__

    return {
        "landopt": __version__,
        "python": platform.python_version(),
        **{name: version(name) for name in _VERSIONED},
    }


def proven_gap(objective: int, bound: int) -> str:
    """(bound - objective) / max(1, |objective|) as a decimal text, rounded up to six places."""
    scale = 10**6
    size = max(1, abs(objective))
    parts = -(-(bound - objective) * scale // size)
    return f"{parts // scale}.{parts % scale:06d}" if parts >= 0 else f"-{-parts // scale}.{-parts % scale:06d}"


def case_entry(case: Case) -> dict[str, Any]:
    """What names the case in every output: digest, round, date, inputs, packs, versions."""
    return {
        "digest": case_digest(case),
        "round": case.round.id,
        "title": {"en": case.round.title.en, "zh": case.round.title.zh},
        "as_of": case.round.as_of,
        "inputs": [dict(entry) for entry in case.inputs],
        "packs": list(case.packs),
        "overlays": list(case.overlays),
        "dropped": [dict(entry) for entry in case.dropped],
        "versions": versions(),
    }


def plan_json(
    case: Case,
    *,
    stopped: str,
    scope: str,
    ties: Mapping[str, Any],
    tiers: Sequence[tuple[int, int, int | None]],
    assignments: Sequence[Mapping[str, Any]],
    held: Sequence[Mapping[str, Any]],
    unserved: Sequence[Mapping[str, Any]],
    limits: Sequence[Mapping[str, Any]],
    overrides: Sequence[Mapping[str, Any]],
    justification: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The whole ``plan.json``; ``tiers`` are (objective, audited bound, the solver's own bound or None)."""
    ordered = sorted(assignments, key=lambda entry: entry["parcel_ids"])
    name = plan_hash(ordered)
    return {
        "schema": SCHEMA,
        "plan_id": f"{case.round.id}/P-{name[:8]}",
        "plan_hash": name,
        "case": case_entry(case),
        "result": {
            "stopped": stopped,
            "bound_scope": scope,
            "ties": dict(ties),
            "tiers": [
                {
                    "objective": objective,
                    "bound": bound,
                    "solver_bound": claimed,
                    "proven_gap": proven_gap(objective, bound),
                }
                for objective, bound, claimed in tiers
            ],
        },
        "assignments": [dict(entry) for entry in ordered],
        "held": [dict(entry) for entry in held],
        "unserved": [dict(entry) for entry in unserved],
        "limits": [dict(entry) for entry in limits],
        "overrides": [dict(entry) for entry in overrides],
        "justification": [dict(entry) for entry in justification],
    }
