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

from constraints.audit.finding import AuditReport, Breach, Check, Unchecked, in_chinese, short
from constraints.audit.run import audit_plan
from constraints.case import Case
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


def _closed(report: AuditReport, name: str, count: int, found: list[Breach], en: str, zh: str) -> AuditReport:
    """The report with one more group of checks; what it covers is no longer unchecked."""
    return replace(
        report,
        checks=(*report.checks, Check(name, count, len(found), en, zh)),
        breaches=(*report.breaches, *found),
        unchecked=tuple(each for each in report.unchecked if each.what != name),
    )


def _words(report: AuditReport, place: Path) -> AuditReport:
    """Everything ``plan.json`` says, made again by the same program from case, offers and proof, and compared."""
    from constraints.audit.files.plan_reader import read_plan
    from landopt.keeping.plan_file import packed

    plan = read_plan(place / "plan.json")
    if not plan.get("justification"):
        en, zh = "the plan gives no reasons at all", "方案未附任何理由"
        return replace(report, unchecked=(*report.unchecked, Unchecked("justification", en, zh)))
    try:
        again = packed(remade(place, plan))
    except Refused as refused:
        found = [Breach("words", (), "", "", issue.what, in_chinese(issue)) for issue in refused.issues]
        return _closed(report, "words", 0, found, "the words cannot be made again", "文字无法重新生成")
    found = []
    for path, stated, made in word_differences(plan, again):
        said, is_ = short(stated), short(made)
        en, zh = f"{path}: the plan says {said}, made again it is {is_}", f"{path}：方案记为 {said}，重新生成为 {is_}"
        found.append(Breach("words", (path,), said, is_, en, zh))
    more = len(found) - MOST
    if more > 0:
        found = [*found[:MOST], Breach("words", (), "", "", f"{more} more differences", f"另有 {more} 处不符")]
    count = sum(1 for _ in _leaves(again))
    en = f"{len(plan['justification'])} records of reasons made again, {count:,} single statements"
    return _closed(
        report, "words", count, found, en, f"重新生成理由 {len(plan['justification'])} 份，逐项核对 {count:,} 次"
    )


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
    from landopt.reasons.explain.records import as_json
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
    from landopt.intake.assemble import non_working_days

    raw = load_json(place / "case.json", SCHEMA)
    stated, here = raw["calendar"], list(non_working_days(raw["round"]["as_of"]))
    if not stated and not raw["sources"]:
        return report
    found = []
    for day in sorted(set(stated) ^ set(here))[:MOST]:
        en = f"{day} is {'a working day' if day in stated else 'no working day'} by the holiday library installed here"
        zh = f"按本机节假日库，{day} {'为工作日' if day in stated else '非工作日'}"
        found.append(Breach("calendar", (day,), "", "", en, zh))
    if not found and stated != here:
        found.append(Breach("calendar", (), "", "", "the non-working days are not in order", "非工作日未按次序"))
    return _closed(
        report, "calendar", len(here), found, f"{len(here):,} non-working days", f"非工作日 {len(here):,} 天"
    )


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
        en, zh = "plan.gpkg holds views or computed columns, not tables", "plan.gpkg 含有视图或计算列，而非数据表"
        return replace(report, breaches=(*report.breaches, Breach("plan.gpkg", (), "", "", en, zh)))
    plan, case = read_plan(place / "plan.json"), from_json(load_json(place / "case.json", SCHEMA))
    count, problems = check_layers(path, plan, case)
    found = [Breach(rule, (), "", "", en, zh) for rule, en, zh in problems]
    report = _closed(report, "gpkg", count, found, f"plan.gpkg, {count:,} cells", f"plan.gpkg，{count:,} 个单元格")
    if found or (rewrite is not None and _same_bytes(path, plan, case, rewrite)):
        return report
    en, zh = "styles and outlines of sites in plan.gpkg", "plan.gpkg 的样式与用地界线"
    if rewrite is not None:
        en, zh = f"{en}: the file is not byte for byte what landopt writes here", f"{zh}：与本机写出的字节不同"
    return replace(report, unchecked=(*report.unchecked, Unchecked("plan.gpkg", en, zh)))


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
    told: list[tuple[str, str]] = []
    for path in sorted(place.iterdir()):
        if path.name in OURS or path.name in (SEAL, ADOPTION) or _record_of_reports(path):
            continue
        told += _states(path) if path.is_dir() else [(path.name, state_of(path))]
    written = sum(state == "written" for _, state in told)
    unchecked = []
    for name, state in told:
        if state != "written":
            zh = {"edited": "写出后已被改动", "foreign": "非本系统写出"}[state]
            unchecked.append(Unchecked("file", f"{name}: {state}", f"{name}：{zh}"))
    if (place / ADOPTION).exists():
        en, zh = f"{ADOPTION}: the ledger bears it out (--ledger)", f"{ADOPTION}：须以台账核对（--ledger）"
        unchecked.append(Unchecked("ledger", en, zh))
    en = f"{written} of {len(told)} other files are as landopt wrote them"
    report = _closed(report, "files", len(told), [], en, f"其他文件 {len(told)} 个，其中 {written} 个与写出时一致")
    return replace(report, unchecked=(*report.unchecked, *unchecked))


def _record_of_reports(path: Path) -> bool:
    """Whether a file is the record of digests of a folder beside it, and not something under such a name."""
    return is_record(path.name) and any(
        record_path(each).name == path.name for each in path.parent.iterdir() if each.is_dir()
    )


def _states(folder: Path) -> list[tuple[str, str]]:
    return [(f"{folder.name}/{name}", state) for name, state in states(folder).items()]
