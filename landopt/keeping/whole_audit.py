"""The whole audit of a plan folder: ``constraints.audit`` and what takes installed packages.

Every word of ``plan.json`` is made again from case, offers and proof and compared; the calendar is that of the holiday
library; the layers of ``plan.gpkg`` are written again; each other file of the folder is told as written, edited or
foreign. Seal, ledger and inputs are added by whoever asks for them (:mod:`landopt.desk.keep.audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from constraints.audit.finding import AuditReport, Breach, Check, Unchecked, short
from constraints.audit.run import audit_plan
from constraints.case import Case
from landopt.keeping.plan_file import ROBUST
from parcels.common.catalogue import Text, told
from parcels.common.frozen import FactTable
from parcels.common.issues import Refused
from parcels.common.kept import is_record, record_path, state_of, states

CLAIMS = ("case.versions", "result.ties", "ledger_head")
"""What plan.json states on somebody's authority and no file bears out: printed as a claim, never as found."""
MOST = 50
"""Differences named one by one."""


Rewrite = Callable[[Path, Mapping[str, Any], FactTable, Any], None]
"""Writes ``plan.gpkg`` from a plan, the facts of the parcels and their outlines (``landopt.report.gis``)."""


def whole_audit(folder: str | Path, *, rewrite: Rewrite | None = None, **options: Any) -> AuditReport:
    """The audit of a plan folder with everything that can be checked without the round's own files.

    Parameters
    ----------
    folder
        The plan folder (or its ``plan.json``).
    rewrite
        Writes the layers again, so that styles and the outlines of sites are compared too.
    options
        As for :func:`constraints.audit.run.audit_plan`.

    Raises
    ------
    Refused
        If a file is missing, torn or of an unknown schema.
    """
    report = audit_plan(folder, **options)
    place = Path(folder)
    place = place if place.is_dir() else place.parent
    if any(breach.rule == "format" for breach in report.breaches) or options.get("as_of"):
        return report
    report = _calendar(_words(report, place), place)
    return _files(_layers(report, place, rewrite), place)


def _closed(report: AuditReport, name: str, count: int, found: list[Breach], said: Text) -> AuditReport:
    """The report with one more group of checks; what it covers is no longer unchecked."""
    return replace(
        report,
        checks=(*report.checks, Check(name, count, len(found), said)),
        breaches=(*report.breaches, *found),
        unchecked=tuple(each for each in report.unchecked if each.what != name),
    )


def _words(report: AuditReport, place: Path) -> AuditReport:
    """Everything ``plan.json`` says, made again by the same program from case, offers and proof, and compared."""
    from constraints.audit.files.plan_reader import read_plan
    from landopt.keeping.plan_file import packed

    plan = read_plan(place / "plan.json")
    if not plan.get("justification"):
        silent = Unchecked("justification", told("whole-audit.no-reasons"))
        return replace(report, unchecked=(*report.unchecked, silent))
    try:
        again = packed(remade(place, plan))
    except Refused as refused:
        found = [Breach("words", issue.told) for issue in refused.issues]
        return _closed(report, "words", 0, found, told("whole-audit.not-made"))
    found = []
    for path, stated, made in word_differences(plan, again):
        says, gives = short(stated), short(made)
        what = told("whole-audit.word", path=path, says=says, gives=gives)
        found.append(Breach("words", what, (path,), says, gives))
    more = len(found) - MOST
    if more > 0:
        found = [*found[:MOST], Breach("words", told("whole-audit.more", count=more))]
    count = sum(1 for _ in _leaves(again))
    said = told("whole-audit.words", records=len(plan["justification"]), count=count)
    return _closed(report, "words", count, found, said)


def word_differences(plan: Mapping[str, Any], again: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Where a plan differs from the same made again, claims apart: path, stated, made again."""
    for path, stated, made in _different(plan, again):
        if not any(path == claim or path.startswith((f"{claim}.", f"{claim}[")) for claim in CLAIMS):
            yield path, stated, made


def remade(place: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """``plan.json`` as landopt makes it of the case, the offers and the proof beside it; claims are taken over.

    Raises
    ------
    Refused
        If an assignment is not among the listed offers, or a file cannot be read.
    """
    from landopt.keeping.plan import plan_json
    from landopt.keeping.plan_folder import open_plan
    from landopt.reasons.justify import justify_plan

    opened = open_plan(place)
    context, result = opened.context, plan["result"]
    tiers = [(tier["objective"], tier["bound"], tier["solver_bound"]) for tier in result["tiers"]]
    records = justify_plan(
        opened.case,
        opened.offers,
        context.chosen,
        stopped=result["stopped"],
        tiers=tiers,
        ties=result["ties"],
        proof=context.proof,
    )
    return plan_json(
        opened.case,
        stopped=result["stopped"],
        scope=opened.offers.scope,
        ties=result["ties"],
        tiers=[(objective, bound or 0, claimed) for objective, bound, claimed in tiers],
        records=records,
        proof=context.proof,
        overrides=_overrides(opened, plan),
        ledger_head=plan.get("ledger_head"),
    )


def _overrides(opened: Any, plan: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fixes by hand as the rules of the case have them, with their costs; who and why as the plan says."""
    from landopt.reasons.explain.context import citation
    from landopt.reasons.explain.plain_records import as_json
    from landopt.reasons.fix_costs import fix_costs

    rules = {rule.id: rule for rule in opened.case.rules}
    locks = [rule for rule in opened.case.rules if rule.origin == "override" and rule.kind == "lock"]
    stated = {entry["rule"]: entry for entry in plan["overrides"]}
    order = [entry["rule"] for entry in plan["overrides"]]
    found: list[dict[str, Any]] = []
    for lock in sorted(locks, key=lambda rule: order.index(rule.id) if rule.id in order else len(order)):
        said = stated.get(lock.id, {})
        reason, by = str(said.get("reason", "")), str(said.get("by", ""))
        same = lock.cite.doc == f"{reason} ({by})"
        site, method, demand = "+".join(lock.spec["parcels"]), lock.spec["method"], lock.spec["demand"]
        exception = rules.get(f"{lock.id}.exception")
        touched = [rules[name] for name in exception.exception_to if name in rules] if exception else []
        found.append(
            {
                "fix": said.get("fix") if same else f"{site}={method}",
                "parcel_ids": list(lock.spec["parcels"]),
                "method": method,
                "demand_id": demand,
                "reason": reason if same else lock.cite.doc,
                "by": by if same else "",
                "rule": lock.id,
                "overrides": [as_json(citation(rule)) for rule in touched],
            }
        )
    return list(fix_costs(opened.context, found, opened.bounds)) if found else []


_ABSENT = "(absent)"


def _different(stated: Any, made: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ: path, stated, made again."""
    if isinstance(stated, dict) and isinstance(made, dict):
        for name in sorted(stated.keys() | made.keys()):
            inner = f"{path}.{name}" if path else name
            yield from _different(stated.get(name, _ABSENT), made.get(name, _ABSENT), inner)
    elif isinstance(stated, list) and isinstance(made, list) and len(stated) == len(made):
        for number, (one, other) in enumerate(zip(stated, made, strict=True)):
            yield from _different(one, other, f"{path}[{number}]")
    elif type(stated) is not type(made) or stated != made:
        yield path, stated, made


def _leaves(value: Any) -> Iterator[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for each in inner:
            yield from _leaves(each)


def _calendar(report: AuditReport, place: Path) -> AuditReport:
    """The non-working days are those of the holiday library installed here."""
    from constraints.audit.files.plan_reader import load_json
    from constraints.case import SCHEMA
    from landopt.intake.days_off import non_working_days

    raw = load_json(place / "case.json", SCHEMA)
    stated, here = raw["calendar"], list(non_working_days(raw["round"]["as_of"]))
    if not stated and not raw["sources"]:
        return report
    found = []
    for day in sorted(set(stated) ^ set(here))[:MOST]:
        what = told("whole-audit.works" if day in stated else "whole-audit.rests", day=day)
        found.append(Breach("calendar", what, (day,)))
    if not found and stated != here:
        found.append(Breach("calendar", told("whole-audit.days-order")))
    return _closed(report, "calendar", len(here), found, told("whole-audit.days", count=len(here)))


OURS = frozenset({"plan.json", "case.json", "offers.jsonl.gz", "proof.json", "plan.gpkg"})
SEAL, ADOPTION = "seal", "adoption.json"


def _layers(report: AuditReport, place: Path, rewrite: Rewrite | None) -> AuditReport:
    """``plan.gpkg`` row by row; then written again from the plan: the same bytes, else the same tables told so."""
    from constraints.audit.bound.layers import check_layers
    from constraints.audit.files.plan_reader import load_json, read_plan
    from constraints.case import SCHEMA, from_json
    from parcels.common.gate import admit
    from parcels.formats.guard import works

    path = place / "plan.gpkg"
    if not path.exists():
        return report
    if works(admit(path)):
        return replace(report, breaches=(*report.breaches, Breach("plan.gpkg", told("whole-audit.views"))))
    plan, case = read_plan(place / "plan.json"), from_json(load_json(place / "case.json", SCHEMA))
    count, problems = check_layers(path, plan, case)
    found = [Breach(rule, what) for rule, what in problems]
    report = _closed(report, "gpkg", count, found, told("whole-audit.cells", count=count))
    if found or (rewrite is not None and _same_bytes(path, plan, case, rewrite)):
        return report
    what = told("whole-audit.styles" if rewrite is None else "whole-audit.other-bytes")
    return replace(report, unchecked=(*report.unchecked, Unchecked("plan.gpkg", what)))


def _same_bytes(path: Path, plan: Mapping[str, Any], case: Case, rewrite: Rewrite) -> bool:
    """Whether landopt writes exactly this file from the plan and the outlines in it."""
    import tempfile

    import pyogrio

    try:
        frame = pyogrio.read_dataframe(path, layer="parcels", columns=["parcel_id"])
        with tempfile.TemporaryDirectory() as folder:
            again = Path(folder) / path.name
            rewrite(again, plan, case.parcels, frame.set_index("parcel_id"))
            return again.read_bytes() == path.read_bytes()
    except (OSError, ValueError, KeyError, RuntimeError):
        return False


def _files(report: AuditReport, place: Path) -> AuditReport:
    """Every other file of the folder: as landopt wrote it (by the digest it noted), edited since, or foreign."""
    others: list[tuple[str, str]] = []
    for path in sorted(place.iterdir()):
        if path.name in OURS or path.name in (SEAL, ADOPTION, ROBUST) or _record_of_reports(path):
            continue
        others += _states(path) if path.is_dir() else [(path.name, state_of(path))]
    written = sum(state == "written" for _, state in others)
    unchecked = []
    for name, state in others:
        if state != "written":
            unchecked.append(Unchecked("file", told(f"whole-audit.{state}", name=name)))
    if (place / ADOPTION).exists():
        unchecked.append(Unchecked("ledger", told("whole-audit.adoption", name=ADOPTION)))
    if (place / ROBUST).exists():
        unchecked.append(Unchecked("robust", told("whole-audit.robust", name=ROBUST)))
    report = _closed(report, "files", len(others), [], told("whole-audit.files", written=written, count=len(others)))
    return replace(report, unchecked=(*report.unchecked, *unchecked))


def _record_of_reports(path: Path) -> bool:
    """Whether a file is the record of digests of a folder beside it, and not something under such a name."""
    return is_record(path.name) and any(
        record_path(each).name == path.name for each in path.parent.iterdir() if each.is_dir()
    )


def _states(folder: Path) -> list[tuple[str, str]]:
    return [(f"{folder.name}/{name}", state) for name, state in states(folder).items()]
