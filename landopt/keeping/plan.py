"""``plan.json``: the plan as data (docs/plan.md), put together from the case, the offers and the outcome."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from constraints.audit.files.plan_reader import plan_hash
from constraints.canonical import canonical
from constraints.case import Case, to_json
from landopt.reasons.explain.whole import whats_given
from landopt.reasons.texts import reasons

SCHEMA = "landopt.plan/1"
DEPOSIT_SHARE = Fraction(1, 5)
"""At least 20 % of the minimum price: 国土资发〔2010〕34号 (R-34-DEP, V2); four Guangzhou notices ask for 20.0 %."""

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


def case_file(case: Case) -> bytes:
    """The content of ``case.json``: the canonical bytes whose SHA-256 is the digest of the case."""
    return canonical(to_json(case))


def case_entry(case: Case, written: bytes | None = None) -> dict[str, Any]:
    """What names the case in every output: digest, round, date, inputs, packs, versions; ``written``: its file."""
    return {
        "digest": hashlib.sha256(case_file(case) if written is None else written).hexdigest(),
        "round": case.round.id,
        "title": {"en": case.round.title.en, "zh": case.round.title.zh},
        "as_of": case.round.as_of,
        "inputs": [dict(entry) for entry in case.inputs],
        "packs": list(case.packs),
        "overlays": list(case.overlays),
        "dropped": [dict(entry) for entry in case.dropped],
        "versions": versions(),
    }


# One entry a field of plan.json, in the order of docs/plan.md.
def plan_json(
    case: Case,
    *,
    stopped: str,
    scope: str,
    ties: Mapping[str, Any],
    tiers: Sequence[tuple[int, int, int | None]],
    records: Sequence[Mapping[str, Any]],
    proof: Mapping[str, Any] | None = None,
    overrides: Sequence[Mapping[str, Any]] = (),
    ledger_head: str | None = None,
    written: bytes | None = None,
) -> dict[str, Any]:
    """The whole ``plan.json``.

    Parameters
    ----------
    tiers
        For each tier (objective, bound from prices, the solver's own bound or None), millipoints.
    records
        The justification (``landopt.reasons.explain.records`` as JSON): everything the plan says is taken from it.
    proof
        What the plan is proved by: says what a tier came to and is held at where it gives something to later ones.
    written
        :func:`case_file` of the case, where it was made already.
    """
    assignments = sorted(
        (_assignment(record, case) for record in records if record["kind"] == "assignment"),
        key=lambda entry: entry["parcel_ids"],
    )
    name = plan_hash(assignments)
    said: dict[int, dict[str, Any]] = {}
    whole = next(record for record in records if record["kind"] == "plan")
    plan: dict[str, Any] = {
        "schema": SCHEMA,
        "plan_id": f"{case.round.id}/P-{name[:8]}",
        "plan_hash": name,
        "case": case_entry(case, written),
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
                    **given,
                }
                for (objective, bound, claimed), given in zip(tiers, whats_given(proof, len(tiers)), strict=True)
            ],
        },
        "assignments": assignments,
        "held": [
            {"parcel_id": record["id"], "reasons": reasons(record, said)}
            for record in records
            if record["kind"] == "held"
        ],
        "unserved": [
            {"demand_id": record["id"], "reasons": reasons(record, said)}
            for record in records
            if record["kind"] == "unserved"
        ],
        "limits": [
            {
                "rule": entry["cite"]["rule"],
                "key": list(entry["key"]),
                "sense": entry["sense"],
                "used": entry["used"],
                "limit": entry["limit"],
                "unit": entry["unit"],
                "binding": entry["binding"],
            }
            for entry in whole["limits"]
        ],
        "overrides": [dict(entry) for entry in overrides],
        "justification": [dict(record) for record in records],
    }
    if ledger_head is not None:
        plan["ledger_head"] = ledger_head
    return plan


def _assignment(record: Mapping[str, Any], case: Case) -> dict[str, Any]:
    """One entry of ``assignments`` (docs/plan.md)."""
    price = record["price"]
    start_price = price["expected_yuan"] if price["unit_price"] is not None or price["expected_yuan"] else 0
    competitive = case.method(record["method"]).competitive
    rules = {ruling["cite"]["rule"] for ruling in record["permits"]}
    rules |= {condition["rule"] for condition in record["conditions"] if condition["rule"]}
    return {
        "parcel_ids": list(record["parcel_ids"]),
        "area_m2": record["area_m2"],
        "use": ";".join(sorted(set(record["uses"]))),
        "land_source": ";".join(sorted(set(record["land_sources"]))),
        "district": ";".join(sorted(set(record["districts"]))),
        "demand_id": record["demand_id"],
        "role": record["role"],
        "method": record["method"],
        "right": record["right"],
        "period": record["period"],
        "term_years": record["term_years"],
        "floor_price": price["floor"],
        "start_price_yuan": start_price,
        "expected_price_yuan": price["expected_yuan"],
        "deposit_yuan": -(-start_price * DEPOSIT_SHARE.numerator // DEPOSIT_SHARE.denominator) if competitive else 0,
        "verdict": record["verdict"],
        "conditions": [
            {name: condition[name] for name in ("rule", "fact", "en", "zh", "document")}
            for condition in record["conditions"]
        ],
        "rules": sorted(rules),
        "timetable": [
            {
                "step": step["step"],
                "earliest": step["earliest"],
                "latest": step["latest"],
                "rule": step["cite"]["rule"] if step["cite"] else None,
            }
            for step in record["timetable"]
        ],
        "score": sum(record["score"]),
    }
