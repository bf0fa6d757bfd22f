"""The round's rules as the form shows them: what kind, which numbers, whose law; no text is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from landopt.intake.overlay import BINDING_RANK

if TYPE_CHECKING:
    from constraints.case import Case
    from constraints.types import Rule

KINDS = ("limit", "preference", "lock", "relation")


def rules_of(case: Case) -> list[dict[str, Any]]:
    """The rules a planner moves: limits, preferences, locks and relations, each with its numbers and its source."""
    return [_rule(rule) for rule in case.rules if rule.kind in KINDS]


def _rule(rule: Rule) -> dict[str, Any]:
    spec = rule.spec
    found: dict[str, Any] = {
        "id": rule.id,
        "kind": rule.kind,
        "title": {"en": rule.title.en, "zh": rule.title.zh},
        "cite": {"doc": rule.cite.doc, "article": rule.cite.article, "number": rule.cite.number},
        "rank": rule.cite.rank,
        "grade": rule.cite.grade,
        "settable": rule.cite.rank < BINDING_RANK,
        "origin": rule.origin,
    }
    if rule.kind == "limit":
        share = spec.get("share")
        found |= {
            "measure": spec.get("measure"),
            "sense": spec.get("sense"),
            "per": list(spec.get("per") or ()),
            "where": spec.get("where") or rule.when,
            "values": [
                {"key": list(entry.get("key") or ()), "amount": entry["amount"], "unit": entry.get("unit")}
                for entry in spec.get("values") or ()
            ],
            "share": [int(share[0]), int(share[1])] if share else None,
            "hard": spec.get("hard", True),
            "penalty": spec.get("penalty"),
        }
    elif rule.kind == "preference":
        found |= {"when": rule.when, "methods": list(spec.get("methods") or ())}
        found |= {name: spec[name] for name in ("points", "points_per_ha") if spec.get(name) is not None}
    else:
        names = ("parcels", "demands", "demand", "method", "relation", "document")
        found |= {name: spec[name] for name in names if spec.get(name)}
    return found
