"""What ``landopt check --against`` prints: what changed in the central database, and whether the plan still stands."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.keeping.central.since import Since

MOST = 40
"""Parcels named one by one."""


def against(round_path: Path, address: str, lang: str, as_json: bool) -> int:
    """Print the comparison; 5 where the plan of the round no longer stands, else 0."""
    from constraints.audit.files.plan_reader import read_plan
    from landopt.central.address import parse_address
    from landopt.intake.roundfile import find_round
    from landopt.keeping.central.since import since

    folder = find_round(round_path).parent / "plan"
    plan = read_plan(folder) if (folder / "plan.json").is_file() else None
    found = since(round_path, parse_address(address, "--against", table=True), _screened, plan)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(_lines(found, lang)))
    return 5 if found.plan is not None and not found.plan.stands else 0


def _screened(folder: Path) -> tuple[Case, Mapping[int, frozenset[int]]]:
    from landopt.job import Job
    from landopt.pipeline import read_case

    _, case, offers = read_case(Job(folder, booked=False))
    if offers.reach is None:
        return case, {}
    start, parcels = offers.reach
    spans = zip(start[:-1].tolist(), start[1:].tolist(), strict=True)
    return case, {row: frozenset(parcels[low:high].tolist()) for row, (low, high) in enumerate(spans)}


def _lines(found: Since, lang: str) -> list[str]:
    from landopt.keeping import handmade
    from landopt.keeping.central.since import OUTLINE
    from parcels.common.catalogue import told
    from parcels.common.findings_text import lines

    def say(key: str, **values: Any) -> str:
        return told(f"central.{key}", **values).text(lang)

    if found.same:
        made = [say("same", place=str(found.address), moment=found.pulled_at)]
    else:
        counts = {"added": len(found.added), "removed": len(found.removed), "changed": len(found.changed)}
        made = [say("differs", place=str(found.address), moment=found.pulled_at, **counts)]
    made += [say("added", parcel=name) for name in found.added[:MOST]]
    made += [say("removed", parcel=name) for name in found.removed[:MOST]]
    for each in found.changed[:MOST]:
        for column, was, now in each.columns:
            if column == OUTLINE:
                made.append(say("outline", parcel=each.parcel_id))
            else:
                made.append(say("cell", parcel=each.parcel_id, column=column, was=was or "-", now=now or "-"))
    if found.plan is not None:
        made.append(say("stands" if found.plan.stands else "falls", plan=found.plan.plan_id))
        made += lines(found.plan.issues, lang)
        if found.plan.report is not None:
            made += handmade.text(found.plan.report, lang)
    return made
