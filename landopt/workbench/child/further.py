"""Questions that solve again: placing a late applicant, serving a platform, fronts of compromises, stress."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landopt.workbench.child.intake import filed
from landopt.workbench.child.spoken import spoken
from parcels.common.catalogue import Say, titled

LANGS = ("en", "zh")
BARS = 60
"""Assignments and platforms whose survival is drawn."""


def place(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """Where a platform of the round, or a late applicant with its facts, could go."""
    from landopt.door.plans import open_plan
    from landopt.reasons.resolved.newcomer import newcomer_of
    from landopt.reasons.texts import render_answer
    from landopt.reasons.whynot import demand_row

    plan, facts = open_plan(Path(request["folder"])), tuple(request.get("facts", ()))
    name = request.get("file") or request["demand"]
    if not facts and not request.get("file"):
        demand_row(plan.case, name)  # a platform of the round: the library would read a file of that name
    found = plan.place(name, facts=facts, say=say).as_dict()
    late = bool(facts or request.get("file"))
    row = newcomer_of(plan.case, name, facts) if late else name
    said = {} if isinstance(row, str) else filed(row)
    return {**found, "late": late, "facts": said, "text": _answer("place", found, render_answer)}


def _answer(kind: str, found: Mapping[str, Any], render: Any) -> dict[str, str]:
    return spoken(lambda lang: render(kind, found, lang))


def serve(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """What it takes to serve a platform, ranked."""
    from landopt.door.plans import open_plan
    from landopt.reasons.texts import render_answer

    plan = open_plan(Path(request["folder"]))
    found = plan.serve(request["demand"], say=say).as_dict()
    return {**found, "text": spoken(lambda lang: render_answer("serve", found, lang, plan.case.rules))}


def front(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """The front of best compromises between two parts, as a picture, a table and a text."""
    from landopt.door.plans import open_plan
    from landopt.reasons.texts import render_answer
    from landopt.report.pictures.fronts import front_svg, front_table

    plan = open_plan(Path(request["folder"]))
    found = plan.tradeoff(request["between"], request["count"], time_limit=60, say=say).as_dict()
    return {
        "between": found["between"],
        "points": len(found["points"]),
        "svg": {lang: front_svg(found, lang) for lang in LANGS},
        "table": {lang: front_table(found, lang) for lang in LANGS},
        "text": spoken(lambda lang: render_answer("tradeoff", front_table(found, lang), lang)),
    }


def stress(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """How often each choice survives what may happen: by the round's stress file, or by the text sent."""
    from landopt.door.plans import open_plan
    from landopt.reasons.texts import render_answer

    plan = open_plan(Path(request["folder"]))
    with tempfile.TemporaryDirectory(prefix="landopt-stress-") as place:
        path = Path(request["file"]) if request.get("file") else Path(place) / "stress.toml"
        if not request.get("file"):
            path.write_text(request["toml"], encoding="utf-8", newline="\n")
        found = plan.stress(path, draws=request["draws"], time_limit=30, say=say).as_dict()
    kept = {name: found[name] for name in ("draws", "asked", "holds", "score", "without_plan", "interrupted")}
    return {
        **kept,
        "choices": found["choices"][:BARS],
        "platforms": found["platforms"][:BARS],
        "more": max(0, len(found["choices"]) - BARS),
        "parcels": {name: _odds(each) for each in found["choices"] for name in each["parcel_ids"]},
        "text": _answer("stress", found, render_answer),
    }


def _odds(each: Mapping[str, Any]) -> float:
    return round(each["survives"] / each["of"], 4) if each["of"] else 1.0


def applicant(request: Mapping[str, Any], say: Say) -> dict[str, Any]:
    """The facts of a platform as a form asks for them: those that must be there first."""
    from parcels.common.schema import fields_of

    asked = [field for field in fields_of("demand").values() if not field.derived and field.name != "demand_id"]
    return {
        "fields": [
            {
                "field": field.name,
                "title": {lang: field.title(lang) for lang in LANGS},
                "type": field.type,
                "unit": field.unit,
                "required": field.required,
                "choices": [
                    {"value": each, **{lang: titled(each, lang, field.name) for lang in LANGS}} for each in field.values
                ],
            }
            for field in sorted(asked, key=lambda field: not field.required)
        ]
    }
