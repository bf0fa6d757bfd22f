"""What must hold before a plan is adopted: its inputs are those of ``open``, and the whole audit finds nothing."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.audit.files.plan_reader import load_json
from constraints.case import SCHEMA
from constraints.loading.corrections import read_corrections
from landopt.keeping.ledger.chain import Entry
from landopt.keeping.whole_audit import Rewrite, whole_audit
from parcels.common.issues import Issue, LandoptError, Refused, error, stop_on_errors
from parcels.common.visible import says_something

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport

WHOLE = 3_000_000
"""Listed offers up to which every platform is screened again before an adoption; beyond, ``--sampled`` is asked for."""


class NotStanding(LandoptError):
    """The plan to adopt does not stand (exit 5)."""

    exit_code = 5


def who(given: str) -> dict[str, str]:
    """Who does something: the name as given, which nobody checks, with account and machine beside it.

    Raises
    ------
    Refused
        If no name is given (B014).
    """
    if not says_something(given):
        raise Refused(error("B014.names-who", at="--by"))
    try:
        account = getpass.getuser()
    except (OSError, KeyError, ImportError):
        account = ""
    return {"by": given, "account": account, "machine": platform.node()}


def opened_files(entries: Sequence[Entry], round_id: str) -> dict[str, str]:
    """The files of a round by name, with the digests that its ``open`` wrote down."""
    found: dict[str, str] = {}
    for entry in entries:
        if entry.kind == "open" and entry.round == round_id:
            found = {each["name"]: each["sha256"] for each in entry.body.get("inputs", ())}
    return found


def changed_inputs(inputs: Iterable[Mapping[str, Any]], opened: Mapping[str, str]) -> list[Issue]:
    """The inputs of a plan that are not the files the round was opened with."""
    issues = []
    for entry in inputs:
        name, before = str(entry["name"]), opened.get(str(entry["name"]))
        if before != entry["sha256"]:
            key = "B015.was-not-there" if before is None else "B015.other-file"
            issues.append(error(key, at=name, name=name))
    return issues


def require_standing(
    folder: Path,
    opened: Mapping[str, str],
    *,
    sampled: bool = False,
    sourceless: bool = False,
    rewrite: Rewrite | None = None,
) -> AuditReport:
    """Audit a plan completely before it is adopted.

    Parameters
    ----------
    opened
        The files by digest that ``open`` wrote down.
    sampled
        Screen again only platforms drawn at random.
    sourceless
        The plan was made from Python values, without ``round.toml``.

    Raises
    ------
    NotStanding
        If the audit finds a breach, or facts are not those on file (a scenario) (exit 5).
    Refused
        If an input is not the file the round was opened with (B015); if the plan does not hold its ``round.toml``
        (B016); if it has more offers than can be screened again at once (B017); if a fact was corrected by hand
        without a document (B018).
    """
    case = load_json(folder / "case.json", SCHEMA)
    if not sourceless:
        if not any(entry["role"] == "round" for entry in case.get("sources", ())):
            raise Refused(error("B016.no-round-file", at=str(folder)))
        stop_on_errors(changed_inputs(case["inputs"], opened))
        stop_on_errors(_undocumented(case))
    if not sampled and _listed(folder) > WHOLE:
        raise Refused(error("B017.too-many", at=str(folder), count=WHOLE))
    report = whole_audit(folder, rewrite=rewrite, complete=not sampled, sample=32)
    if report.breaches:
        raise NotStanding(error("A005.not-adopted", at=str(folder), breach=breach.said) for breach in report.breaches)
    if report.scenario:
        found = next(each for each in report.unchecked if each.what == "scenario")
        raise NotStanding(error("A006.scenario", at=str(folder), said=found.said))
    return report


def _undocumented(case: Mapping[str, Any]) -> list[Issue]:
    """The facts that were corrected by hand without a document: what rests on them is a condition, and not adopted."""
    texts = [entry for entry in case["sources"] if entry["role"] == "corrections"]
    every = [one for entry in texts for one in read_corrections(entry["text"], entry["name"])]
    return [
        error("B018.no-document", at=texts[0]["name"], ids=(one.id,), id=one.id, field=one.field)
        for one in every
        if not one.document
    ]


def _listed(folder: Path) -> int:
    from constraints.audit.files.offers_reader import OffersFile

    with OffersFile(folder / "offers.jsonl.gz") as offers:
        return offers.header.count
