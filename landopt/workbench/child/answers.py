"""The answers of a child: each a call of the library, its result as plain data with texts in both languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.workbench.child.columns import columns
from landopt.workbench.child.further import applicant, front, place, serve, stress
from landopt.workbench.child.intake import facts, new, template
from landopt.workbench.child.law import ask, changed, rule, rules
from landopt.workbench.child.spoken import spoken
from landopt.workbench.guards import both
from parcels.common.catalogue import Say
from parcels.common.gate import load_toml
from parcels.common.issues import LandoptError, Refused, error
from parcels.common.visible import visible

if TYPE_CHECKING:
    from landopt.door.plans import Plan
    from landopt.reasons.compared.change_words import ChangeWords
    from landopt.reasons.proven.core import Core

LANGS = ("en", "zh")
Request = Mapping[str, Any]


def refusal(trouble: Exception) -> dict[str, Any]:
    """A refusal as the command line tells it, with its exit code."""
    if isinstance(trouble, LandoptError):
        return {"exit": trouble.exit_code, "issues": [both(issue) for issue in trouble.issues]}
    said = f"{type(trouble).__name__}: {trouble}"
    if isinstance(trouble, OSError):
        issue = error("E001.system", at=str(trouble.filename or ""), trouble=trouble.strerror or str(trouble))
        return {"exit": 6, "issues": [both(issue)]}
    return {"exit": 6, "issues": [both(error("V002.fault", trouble=said[:300]))]}


@lru_cache(maxsize=1)
def _plan(folder: str) -> Plan:
    from landopt.door.plans import open_plan

    return open_plan(Path(folder))


def solve(request: Request, say: Say) -> dict[str, Any]:
    """The main job."""
    from landopt.job import Job
    from landopt.pipeline import run

    job = Job(
        round_path=Path(request["round_path"]),
        output=Path(request["output"]),
        overlays=tuple(map(Path, request.get("overlays", ()))),
        sets=tuple(request.get("sets", ())),
        fixes=tuple(request.get("fixes", ())),
        drop=tuple(request.get("drop", ())),
        reason=request.get("reason", ""),
        by=request.get("by", ""),
        gap=request.get("gap"),
        time_limit_s=request.get("time_limit_s"),
    )
    result = run(job, say)
    return {
        "exit": result.exit_code,
        "plan_id": result.plan["plan_id"],
        "folder": str(result.folder),
        "tiers": result.plan["result"]["tiers"],
        "stopped": result.plan["result"]["stopped"],
        "checked": result.audit.checked,
        "footer": spoken(result.footer),
    }


def check(request: Request, say: Say) -> dict[str, Any]:
    """Everything the round's files say wrong, with the parcels it is about."""
    from landopt.intake.assemble import read_round

    try:
        loaded = read_round(
            Path(request["folder"]), drop=tuple(request.get("drop", ())), reason=request.get("reason", "")
        )
    except Refused as refusal:  # of round.toml itself
        found = [both(issue) for issue in refusal.issues]
        return {"issues": found, "notes": [], "refused": True, "parcels": None, "demands": None}
    case = loaded.case
    told = {issue.note for issue in loaded.issues}
    return {
        "issues": [both(issue) for issue in loaded.issues],
        "notes": [spoken(note.text) for note in loaded.notes if note not in told],
        "refused": any(issue.level == "error" for issue in loaded.issues),
        "parcels": len(case.parcels) if case else None,
        "demands": len(case.demands) if case else None,
    }


def line(request: Request, say: Say) -> dict[str, Any]:
    """What the list of plans says of one, for a server that does not read it itself."""
    from landopt.workbench.home import line_of

    return line_of(Path(request["folder"]))


def head(request: Request, say: Say) -> dict[str, Any]:
    """What the panes show of a plan: result, limits with titles, overrides, methods, platforms without a site."""
    from landopt.workbench.child.sentences import rules_of

    plan = _plan(request["folder"])
    data = plan.data
    return {
        "id": plan.id,
        "hash": data["plan_hash"],
        "result": data["result"],
        "limits": data["limits"],
        "overrides": data["overrides"],
        "overlays": list(data["case"].get("overlays", ())),
        "scenario": [dict(fact) for fact in plan.case.scenario],
        "rules": rules_of(plan.case),
        "summary": spoken(plan.summary),
        "proof": (plan.folder / "proof.json").is_file(),
    }


def picture(request: Request, say: Say) -> dict[str, Any]:
    """The map of a plan as the report's page carries it."""
    from landopt.report.map.payload import map_payload
    from landopt.report.source import open_source

    return {"map": map_payload(open_source(Path(request["folder"])), texts=False)}


def outline(request: Request, say: Say) -> dict[str, Any]:
    """The map of a round that has no plan yet."""
    from landopt.intake.assemble import read_round
    from landopt.workbench.child.outline import outline_payload

    loaded = read_round(Path(request["folder"]))
    return {"map": outline_payload(loaded)}


def sheet(request: Request, say: Say) -> dict[str, Any]:
    """The sheet of a parcel or a platform: its justification, compared with other choices, the rest held."""
    plan = _plan(request["folder"])
    parcel, demand = request.get("parcel"), request.get("demand")
    said = plan.explain(parcel, demand=demand) if parcel or demand else plan.explain()
    return {"text": spoken(said.text), "kinds": [record["kind"] for record in said.records]}


def whynot(request: Request, say: Say) -> dict[str, Any]:
    """Why not each other method, at once; ``exact`` forces one and solves again."""
    from landopt.door.answers import Reply

    plan = _plan(request["folder"])
    asked: dict[str, Any] = {"demand": request.get("demand"), "market": bool(request.get("market"))}
    if request.get("method"):
        asked["method"] = request["method"]
    found = plan.whynot(request["parcel"], exact=bool(request.get("exact")), **asked)
    replies = {found.answer.method: found} if isinstance(found, Reply) else found
    return {
        "replies": [
            {
                "method": name,
                "state": reply.state,
                "verdict": reply.verdict,
                "loss": None if reply.loss is None else list(reply.loss),
                "fits": reply.answer.fits,
                "demand": reply.answer.demand_id,
                "text": spoken(reply.text),
            }
            for name, reply in replies.items()
        ]
    }


def whatif(request: Request, say: Say) -> dict[str, Any]:
    """The exact bound under other numbers, and whether the plan still holds."""
    plan = _plan(request["folder"])
    answer = plan.whatif(*request.get("sets", ()))
    return {**answer.as_dict(), "now": plan.reached_now}


def core(request: Request, say: Say) -> dict[str, Any]:
    """The parcels that are supplied by their method in every plan within a loss, and those that are not in any."""
    plan = _plan(request["folder"])
    if "sets" in request:  # none: the proof is read before the first slider moves
        moved = plan.moved_core(*request["sets"], within=request.get("within"))
        said = {"holds": moved.holds, "bound": moved.bound, "empty": moved.empty}
        return {**said, **(_states(moved.core) if moved.core else {"parcels": {}, "unsaid": True})}
    return _states(plan.core(request.get("within")))


def _states(found: Core) -> dict[str, Any]:
    state: dict[str, str] = {}
    for choice in found.choices:
        if choice.kind == "assignment" and choice.state == "core":
            state.update(dict.fromkeys(choice.parcel_ids, "core"))
        elif choice.kind == "parcel" and choice.state != "open":
            state.setdefault(choice.parcel_ids[0], "supplied" if choice.state == "core" else "out")
    return {"threshold": found.threshold, "within": found.within, "parcels": state}


def diff(request: Request, say: Say) -> dict[str, Any]:
    """What moved from another plan to this one, and why."""
    from landopt.door.plans import open_plan
    from landopt.reasons.compared.change_words import ChangeWords

    plan, other = _plan(request["folder"]), open_plan(Path(request["other"]))
    found = other.diff(plan)
    said = {lang: ChangeWords(found.rules, lang) for lang in LANGS}
    changes = [
        {**each, "said": {lang: _said(words, each) for lang, words in said.items()}} for each in found.found["changes"]
    ]
    return {**found.as_dict(), "changes": changes, "text": spoken(found.text)}


def _said(words: ChangeWords, change: Mapping[str, Any]) -> dict[str, str]:
    told = {side: words.value(change, change[side]) for side in ("was", "now")}
    told |= {"what": words.about(change), "field": words.part(change)}
    return {name: visible(text) for name, text in told.items()}


def audit(request: Request, say: Say) -> dict[str, Any]:
    """The Python audit, which shares no code with the solver."""
    from constraints.audit.finding import lines
    from landopt.keeping.whole_audit import whole_audit
    from landopt.report.gis.plan_layers import write_plan_gpkg

    report = whole_audit(Path(request["folder"]), rewrite=write_plan_gpkg, complete=bool(request.get("complete")))
    complete = bool(request.get("complete"))
    return {
        "complete": complete,
        "verdict": report.verdict,
        "checked": report.checked,
        "exit": report.exit_code(complete),
        "text": spoken(lambda lang: "\n".join(lines(report, lang))),
    }


def overlay(request: Request, say: Say) -> dict[str, Any]:
    """Read rules as typed with the loader that reads a policy; what it says of them, and the rules as tables."""
    import tempfile

    from constraints.loading.load import load
    from constraints.loading.ranks import OWN_MARK

    known = {rule.id: rule for rule in _rules(request["folder"])}
    with tempfile.TemporaryDirectory(prefix="landopt-rules-") as place:
        path = Path(place) / "policy.toml"
        path.write_text(request["toml"], encoding="utf-8", newline="\n")
        try:
            loaded = load(path, f"{OWN_MARK}policy", known)
        except Refused as refusal:
            raise Refused(
                [replace(issue, place=replace(issue.place, file="TOML")) for issue in refusal.issues]
            ) from None
    tables = load_toml(request["toml"]).get("rule", [])
    return {"rules": tables, "issues": [both(issue) for issue in getattr(loaded, "issues", ())]}


@lru_cache(maxsize=4)
def _rules(folder: str) -> tuple[Any, ...]:
    from landopt.intake.assemble import read_round

    loaded = read_round(Path(folder))
    return tuple(loaded.case.rules) if loaded.case is not None else ()


def adopt(request: Request, say: Say) -> dict[str, Any]:
    """Adopt a plan; ``open`` the round before where it is not yet."""
    from landopt.keeping.ledger import round_steps
    from landopt.keeping.sealing.signing import unlocked_by
    from landopt.report.gis.plan_layers import write_plan_gpkg

    found = round_steps.place(request["round_path"])
    opened = None
    if request.get("open"):
        signers = [Path(path) for path in request.get("signers", ())]
        opened = round_steps.open_round(found, request["by"], signers, request.get("need")).hash
    keys = [Path(request["key"])] if request.get("key") else []
    with unlocked_by(lambda _key: request.get("passphrase") or None):
        entry = round_steps.adopt(
            found,
            request["plan"],
            document=request["document"],
            date=request.get("date") or round_steps.today(),
            by=request["by"],
            key=keys,
            supersedes=request.get("supersede") or None,
            rewrite=write_plan_gpkg,
        )
    return {"entry": entry.seq, "hash": entry.hash, "opened": opened}


def sign(request: Request, say: Say) -> dict[str, Any]:
    """Sign the head of the ledger after the last adoption, where several must."""
    from landopt.keeping.ledger import round_steps, steps
    from landopt.keeping.ledger.adoption import who
    from landopt.keeping.sealing.signing import unlocked_by

    path = round_steps.place(request["round_path"]).ledger
    with unlocked_by(lambda _key: request.get("passphrase") or None):
        made = steps.sign_entry(path, None, [Path(request["key"])], who(request["by"]))
    return {"entry": made[-1].seq, "hash": made[-1].hash, "opened": None}


def ledger(request: Request, say: Say) -> dict[str, Any]:
    """The ledger of a round, checked again; empty where there is none."""
    from landopt.keeping.ledger import round_steps

    path = Path(request["folder"]) / round_steps.LEDGER
    if not path.is_file():
        return {"text": dict.fromkeys(LANGS, ""), "entries": 0, "problems": []}
    shown = round_steps.show(path, None, ())
    return {
        "text": spoken(lambda lang: "\n".join(round_steps.text(shown, lang))),
        "open": True,
        "problems": [both(issue) for issue in shown["problems"]],
    }


ANSWERS: dict[str, Callable[[Request, Say], dict[str, Any]]] = {
    each.__name__: each
    for each in (
        *(
            solve,
            check,
            line,
            head,
            picture,
            outline,
            sheet,
            whynot,
            whatif,
            core,
            diff,
            audit,
            ask,
            overlay,
            adopt,
            ledger,
        ),
        *(new, template, facts, columns, sign, rules, rule, changed, applicant, place, serve, front, stress),
    )
}
"""What can be asked, by name."""
