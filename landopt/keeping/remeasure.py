"""The facts of a plan held against the files they came from: read and measured again, with shapely, fact by fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from constraints.audit.files.plan_reader import load_json
from constraints.case import SCHEMA, Case, from_json, to_json
from constraints.loading.other_day import asked_day
from parcels.common.frozen import FactTable
from parcels.common.issues import Issue, error, finding, note

LEDGER_FACTS = ("status", "failed_times", "approved_unsupplied", "idle")
"""What the ledger may change after the files were read."""
MOST = 50


def remeasure(plan: Path, round_path: Path) -> list[Issue]:
    """Read the round's files again and compare everything of the plan's case: one issue a difference, at most 50.

    Facts cell by cell, adjacencies, distances, documents, rules, methods, objective, market, settings, calendar and
    outlines.

    Raises
    ------
    Refused
        If the round cannot be read.
    """
    from landopt.intake.assemble import read_round

    folder = plan if plan.is_dir() else plan.parent
    case = from_json(load_json(folder / "case.json", SCHEMA))
    dropped = [entry["parcel_id"] for entry in case.dropped]
    reason = next((entry["reason"] for entry in case.dropped), "")
    again = from_json(
        to_json(read_round(round_path, drop=dropped, reason=reason, as_of=asked_day(case.overlays)).ready())
    )
    found = list(_differences(case, again))
    if len(found) > MOST:
        found = [*found[:MOST], error("A090.more-differences", at=str(round_path), count=len(found) - MOST)]
    count = len(case.parcels) + len(case.demands)
    if not found:
        found = [note("A090.rows-adjacencies-re", at=str(round_path), count=count, count2=len(case.neighbours.pairs))]
    return found


MADE = ("ledger", "keep", "override")
"""Origins of rules that no file of the round holds."""
DESK = ("gap", "time_limit_s", "nodes", "seed", "threads")
"""Settings that the command line may ask for."""


def _differences(case: Case, again: Case) -> Iterator[Issue]:
    stated = {(entry["name"], entry["sha256"]) for entry in case.inputs}
    counted = [(entry["name"], entry["rows"]) for entry in again.inputs]
    overlays = {entry["name"] for entry in case.sources if entry["role"] == "overlay"}
    here = {(entry["name"], entry["sha256"]) for entry in again.inputs}
    for name in sorted({name for name, _ in stated ^ here} - overlays):
        yield error("A091.not-file-plan", at=name, name=name)
    for name in sorted({e["name"] for e in case.inputs if (e["name"], e["rows"]) not in counted} - overlays):
        yield error("A091.rows", at=name, name=name)
    scenario = {(fact["of"], fact["id"], fact["field"]) for fact in case.scenario}
    yield from _tables("parcel", case.parcels, again.parcels, scenario)
    yield from _tables("demand", case.demands, again.demands, scenario)
    if case.parcels.ids == again.parcels.ids:
        ids = case.parcels.ids
        for pair in sorted(set(case.neighbours.pairs) ^ set(again.neighbours.pairs)):
            key = "A093.neighbours-in-plan" if pair in case.neighbours.pairs else "A093.neighbours-in-files"
            yield error(key, ids=(ids[pair[0]],), names=ids[pair[0]], names2=ids[pair[1]])
        if case.neighbours != again.neighbours and set(case.neighbours.pairs) == set(again.neighbours.pairs):
            yield error("A093.shared", at="neighbours")
        if case.perimeters != again.perimeters:
            yield error("A093.perimeters", at="perimeters")
        for point in sorted(case.distances.keys() | again.distances.keys()):
            if case.distances.get(point) != again.distances.get(point):
                yield error("A093.distances-not-measured", at=point, point=point)
    if case.records != again.records:
        yield error("A091.documents-on-file", at="records")
    yield from _sections(to_json(case), to_json(again))


def _sections(stated: Mapping[str, Any], here: Mapping[str, Any]) -> Iterator[Issue]:
    """Round, rules, methods, objective, market, settings, calendar and what else the files decide, part by part."""
    for name in ("round", "methods", "objective", "market", "packs", "calendar", "crs", "outlines", "notes"):
        if stated[name] != here[name]:
            yield error("A094.part", at=name, part=name)
    for name in sorted(stated["settings"].keys() - set(DESK)):
        if stated["settings"][name] != here["settings"][name]:
            yield error("A094.part", at=name, part=f"settings.{name}")
    if any(entry["role"] == "overlay" for entry in stated["sources"]) or any(
        "=" in each for each in stated["overlays"]
    ):
        return
    rules = {rule["id"]: rule for rule in stated["rules"] if rule["origin"] not in MADE}
    found = {rule["id"]: rule for rule in here["rules"]}
    for name in sorted(rules.keys() | found.keys()):
        if rules.get(name) != found.get(name):
            yield error("A094.part", at=name, part=name)


def _tables(kind: str, stated: FactTable, measured: FactTable, scenario: set[tuple[str, str, str]]) -> Iterator[Issue]:
    filed = {name for of, name, _ in scenario if of == kind}
    for name in sorted(set(stated.ids) ^ set(measured.ids)):
        if name in filed and name in stated.ids:
            yield note("A092.applicant", ids=(name,), name=name)
            continue
        key = "A092.only-in-plan" if name in stated.ids else "A092.only-in-files"
        yield error(key, ids=(name,), kind=kind, name=name)
    rows: Mapping[str, int] = measured.index()
    for field in sorted(stated.columns.keys() | measured.columns.keys()):
        mine, theirs = stated.column(field), measured.column(field)
        for row, name in enumerate(stated.ids):
            if name not in rows or mine[row] == theirs[rows[name]]:
                continue
            told_apart = field in LEDGER_FACTS or (kind, name, field) in scenario
            key = "A092.ledger-or-scenario" if told_apart else "A092.plan-files"
            values = {"name": name, "field": field, "plan": _shown(mine[row]), "files": _shown(theirs[rows[name]])}
            yield finding("note" if told_apart else "error", key, ids=(name,), values=values)


def _shown(value: Any) -> str:
    return "unknown" if value is None else ";".join(value) if isinstance(value, tuple) else str(value)
