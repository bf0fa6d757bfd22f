"""Rounds over time: open, adopt a plan, record results, close; every step is one entry of the ledger."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.keeping.ledger.adoption import opened_files, require_standing, who
from landopt.keeping.ledger.after_contract import DUE, overdue
from landopt.keeping.ledger.chain import Entry, Ledger
from landopt.keeping.ledger.days import (
    is_day,
    past_issues,
    require_day,
    require_document_day,
    require_until,
)
from landopt.keeping.ledger.days import today as today
from landopt.keeping.ledger.entry_forms import OUTCOME_WORDS
from landopt.keeping.ledger.result_columns import result_columns, whole_yuan
from landopt.keeping.ledger.rounds import OUTCOMES, State, state
from landopt.keeping.ledger.stores.places import LedgerPlace, ledger_place
from landopt.keeping.ledger.trust import examined, trust
from landopt.keeping.whole_audit import Rewrite
from parcels.common.catalogue import phrase, titled
from parcels.common.findings_text import lines
from parcels.common.gate import read_bytes
from parcels.common.issues import Issue, Refused, error, note, stop_on_errors
from parcels.common.place import within
from parcels.common.visible import says_something
from parcels.formats.decoding.encoding import decode
from parcels.formats.kinds.csv_table import named_rows

if TYPE_CHECKING:
    from constraints.audit.finding import AuditReport

LEDGER = "ledger.sqlite"


@dataclass(frozen=True, slots=True)
class RoundPlace:
    """A round by id, its folder, the ledger that keeps it, and the last of its days ("" where it says none)."""

    id: str
    folder: Path
    ledger: LedgerPlace
    last: str = ""


def place(round_path: str | Path, ledger: str | LedgerPlace | None = None) -> RoundPlace:
    """The round of a folder or file, and its ledger (``ledger.sqlite`` beside ``round.toml`` unless named)."""
    from landopt.intake.roundfile import read_round_file

    file = read_round_file(round_path)
    folder = file.path.parent
    last = max((file.round.as_of, file.round.end or "", *(period.end for period in file.round.periods)))
    return RoundPlace(file.round.id, folder, ledger_place(ledger) if ledger is not None else folder / LEDGER, last)


def standing(book: Ledger, found: RoundPlace) -> State:
    """The state, if the ledger holds with its signatures and the round is open."""
    stop_on_errors(examined(book))
    now = state(book.entries())
    if found.id in now.closed_rounds:
        raise Refused(error("B010.round-closed", at=str(book.place), id=found.id, file=book.place.name))
    if found.id not in now.open_rounds:
        raise Refused(
            error("B010.round-not-open", at=str(book.place), id=found.id, file=book.place.name, folder=found.folder)
        )
    return now


def open_round(
    found: RoundPlace, by: str, signers: Sequence[Path] = (), need: int | None = None, until: str | None = None
) -> Entry:
    """Open a round: its files by digest go into the ledger, which is made if there is none.

    Parameters
    ----------
    signers
        Public keys (PEM) of those who must sign an adoption of the round.
    need
        How many of them must (all unless given).
    until
        Last day on which the keys count, ISO.
    """
    from constraints.loading.pack_files import own_file
    from landopt.keeping.ledger.steps import fixed_keys
    from landopt.keeping.sealing.seal import file_digest

    if until is not None:
        require_until(until)
    keys = fixed_keys(signers, need, until)
    with Ledger(found.ledger, create=True) as book:
        stop_on_errors(examined(book))
        entries = book.entries()
        now = state(entries)
        if found.id in (*now.open_rounds, *now.closed_rounds):
            raise Refused(error("B011.round-opened-before", at=str(found.ledger), id=found.id))
        files = [path for path in sorted(found.folder.iterdir()) if path.is_file() and _input(path)]
        named = [(path.name, path) for path in files]
        for path in sorted((*found.folder.glob("*/rules.toml"), *found.folder.glob("packs/*/rules.toml"))):
            named.append((own_file(str(path.parent)), path))
        inputs = [{"name": name, "sha256": file_digest(path)} for name, path in named]
        body = {**who(by), "inputs": inputs, **keys}
        return book.append_all([("open", found.id, body)], seen=len(entries))[0]


def _input(path: Path) -> bool:
    return not path.name.startswith(".") and not path.name.startswith(LEDGER)


# One parameter a statement of the ledger's entry.
def adopt(
    found: RoundPlace,
    plan_folder: str | Path,
    *,
    document: str,
    date: str,
    by: str,
    key: Path | Sequence[Path] | None = None,
    supersedes: str | None = None,
    sampled: bool = False,
    sourceless: bool = False,
    rewrite: Rewrite | None = None,
) -> Entry:
    """Adopt a plan: it is audited as a whole, sealed where a key is given, and its assignments become locks.

    The keys sign the head of the ledger after the entry, which is written beside the plan (``adoption.json``) for the
    documents to print; where a run died in between, the same command writes that alone.  A second adoption of a round
    says in ``supersedes`` why the first no longer holds.
    ``sampled``, ``sourceless`` and ``rewrite`` are those of :func:`landopt.keeping.ledger.adoption.require_standing`.

    Raises
    ------
    NotStanding
        If the audit finds a breach, or the plan is a scenario (exit 5).
    Refused
        If the round is not open, the plan belongs to another round or ledger, its inputs are not those of ``open``, or
        the round keeps how its plans are handled and this one was not passed (B019).
    """
    from constraints.audit.files.plan_reader import read_plan
    from landopt.keeping.handled import require_passed
    from landopt.keeping.ledger.adoption_paper import unpapered, write_adoption
    from landopt.keeping.ledger.steps import append_signed, signers, supersede
    from landopt.keeping.sealing.seal import sealing

    folder = Path(plan_folder)
    folder = folder.parent if folder.is_file() else folder
    if not says_something(document) or not says_something(by):
        raise Refused(error("B012.adoption-names-document"))
    require_day(date, "--date")
    plan = read_plan(folder)
    require_passed(found.folder, folder)
    with Ledger(found.ledger) as book:
        seen = len(book.entries())
        standing(book, found)
        if plan["case"]["round"] != found.id:
            raise Refused(error("B013.plan-belongs-round", at=str(folder), round=plan["case"]["round"], id=found.id))
        _head_known(plan, book)
        opened_at = next(entry.at for entry in book.entries() if (entry.kind, entry.round) == ("open", found.id))
        require_document_day(date, plan["case"]["as_of"], opened_at, found.last)
        opened = opened_files(book.entries(), found.id)
        report = require_standing(folder, opened, sampled=sampled, sourceless=sourceless, rewrite=rewrite)
        keys = [] if key is None else [key] if isinstance(key, Path) else list(key)
        entry = unpapered(book, found.id, folder, document)
        if entry is None:
            before = supersede(book, found.id, supersedes, who(by))
            body = {
                "document": document,
                "date": date,
                **who(by),
                "audit": {"verdict": report.verdict, "complete": not sampled, "unchecked": _unchecked(report)},
                **_named(folder, plan),
            }
            with sealing(folder, keys[0] if keys else None):
                entry = append_signed(book, "adopt", found.id, body, signers(keys), before, seen)
        write_adoption(folder, entry, found.ledger.name)
        return entry


def _named(folder: Path, plan: Mapping[str, Any]) -> dict[str, Any]:
    """What an adoption says of its plan."""
    from landopt.keeping.sealing.seal import file_digest

    names = ("parcel_ids", "demand_id", "method", "term_years", "period")
    return {
        "plan_id": plan["plan_id"],
        "plan_hash": plan["plan_hash"],
        "case": plan["case"]["digest"],
        "plan_sha256": file_digest(folder / "plan.json"),
        "assignments": [{name: entry[name] for name in names} for entry in plan["assignments"]],
        "overrides": plan["overrides"],
    }


def _unchecked(report: AuditReport) -> list[str]:
    """What the audit before the adoption left unchecked, as it is written into the ledger."""
    return [each.said.text() for each in report.unchecked if not each.harmless]


def _head_known(plan: Mapping[str, Any], book: Ledger) -> None:
    head = plan.get("ledger_head")
    if head is not None and int(head, 16) and head not in {entry.hash for entry in book.entries()}:
        raise Refused(error("B080.plan-made-under", at=str(book.place), head=head[:16]))


def record(found: RoundPlace, results: str | Path, by: str) -> Entry:
    """Record results from a CSV file: parcel_id, outcome, date, price_yuan, document. All faults at once."""
    with Ledger(found.ledger) as book:
        seen = len(book.entries())
        now = standing(book, found)
        rows = read_results(Path(results), set(now.history), found.last)
        body = {**who(by), "file": Path(results).name, "results": rows}
        return book.append_all([("record", found.id, body)], seen=seen)[0]


def read_results(path: Path, known: set[str], last: str | None = None) -> list[dict[str, Any]]:
    """The rows of a results file, checked; ``last`` is the last day of the round, where one is known.

    Raises
    ------
    Refused
        With every fault of the file.
    """
    heading, lines = named_rows(decode(read_bytes(path), path.name, prefix="K").text, path.name)
    columns, unit = result_columns(heading, path.name)
    issues: list[Issue] = []
    found: list[dict[str, Any]] = []
    for number, line in lines:
        row = {name: line.get(column, "").strip() if column else "" for name, column in columns.items()}
        outcome = OUTCOME_WORDS.get(row["outcome"], row["outcome"].lower())
        if row["parcel_id"] not in known:
            issues.append(
                error(
                    "B021.parcel-never-adopted", at=within(path.name, row=number), value=row["parcel_id"] or "(blank)"
                )
            )
        if outcome not in OUTCOMES:
            issues.append(
                error("B022.no-outcome", at=within(path.name, row=number), outcome=row["outcome"], known=OUTCOMES)
            )
        if outcome == "taken_back" and not says_something(row["document"]):
            issues.append(error("B027.taking-back", at=within(path.name, row=number)))
        price: int | None = None
        if row["price_yuan"]:
            price = whole_yuan(row["price_yuan"], unit)
            if price is None:
                issues.append(
                    error("B023.price-yuan-not", at=within(path.name, row=number), price_yuan=row["price_yuan"])
                )
        row = {name: value for name, value in row.items() if value or name not in (*DUE, "taken_by")}
        issues += past_issues([row["date"]], within(path.name, row=number), last)
        due = [row[name] for name in DUE if name in row]
        issues += [error("B024.not-date", at=within(path.name, row=number), text=day) for day in due if not is_day(day)]
        signed = row["date"] if outcome == "contracted" and is_day(row["date"]) else ""
        early = [day for day in due if is_day(day) and day < signed]
        issues += [error("B028.due", at=within(path.name, row=number), day=day, date=row["date"]) for day in early]
        found.append({**row, "outcome": outcome, "price_yuan": price})
    if not found:
        issues.append(error("B025.file-no-rows", at=path.name))
    stop_on_errors(issues)
    return found


def close(found: RoundPlace, by: str) -> Entry:
    """Close a round: nothing more is adopted in it."""
    with Ledger(found.ledger) as book:
        seen = len(book.entries())
        standing(book, found)
        return book.append_all([("close", found.id, who(by))], seen=seen)[0]


def show(
    path: str | LedgerPlace, witness: Path | None = None, tsa: Sequence[Path] = (), as_of: str | None = None
) -> dict[str, Any]:
    """What the ledger says: head, problems, what was not checked, entries, state, what is overdue on ``as_of`` (today).

    The state is empty where the chain does not hold: nothing of it is to be relied on.
    """
    with Ledger(path, read_only=True) as book:
        entries = book.entries()
        problems = [*book.problems(), *book.warnings]
        broken = any(issue.level == "error" for issue in problems)
        found = [] if broken else trust(entries, book.place.name, witness, tsa)
        now = state([] if broken else entries)
        return {
            "ledger": book.place.name,
            "head": book.head(),
            "problems": [*problems, *(issue for issue in found if issue.level != "warning")],
            "unchecked": [{**issue.as_record(), **issue.as_dict()} for issue in found if issue.level == "warning"],
            "entries": [entry.as_dict() for entry in entries],
            "state": now.as_dict(),
            "overdue": overdue(now.contracts, as_of or today()),
        }


def ledger_issues(path: str | LedgerPlace, plan: Mapping[str, Any]) -> list[Issue]:
    """What of a ledger speaks against a plan: a broken chain, or a head that is no longer there (a cut tail)."""
    with Ledger(path, read_only=True) as book:
        found = book.problems()
        try:
            _head_known(plan, book)
        except Refused as refused:
            found += refused.issues
        return found


def ledger_findings(path: LedgerPlace, folder: Path, witness: Path | None, tsa: Sequence[Path]) -> list[Issue]:
    """All that a ledger says of an adopted plan: chain, head, signatures, witness, tokens, the plan's own adoption.

    Errors are breaches, warnings say what was not checked.
    """
    from constraints.audit.files.plan_reader import read_plan
    from landopt.keeping.ledger.adoption_paper import of_entry, read_adoption
    from landopt.keeping.sealing.seal import file_digest

    found = ledger_issues(path, read_plan(folder))
    if any(issue.level == "error" for issue in found):
        return found
    with Ledger(path, read_only=True) as book:
        entries = book.entries()
    sha = file_digest(folder / "plan.json")
    own = [entry for entry in entries if entry.kind == "adopt" and entry.body.get("plan_sha256") == sha]
    found += trust(entries, path.name, witness, tsa)
    if not own:
        return [*found, error("B092.none", at=path.name, sha=sha[:16])]
    last, body = own[-1], own[-1].body
    gone = next((each for each in entries if each.kind == "supersede" and each.body["entry"] == last.seq), None)
    if gone is not None:
        where, why = within(path.name, entry=gone.seq), str(gone.body["reason"])
        return [*found, error("B092.superseded", at=where, entry=last.seq, by=gone.seq, reason=why)]
    paper = read_adoption(folder)
    if (folder / "adoption.json").exists() and (paper is None or paper != of_entry(last, paper.ledger)):
        found.append(error("B092.paper", at="adoption.json", entry=last.seq))
    told = {"document": body["document"], "date": body["date"], "head": last.hash}
    return [*found, note("B094.found", at=within(path.name, entry=last.seq), entry=last.seq, **told)]


def text(shown: Mapping[str, Any], lang: str) -> list[str]:
    """The ledger as lines of text."""
    found = [phrase("ledger-text.head", lang, ledger=shown["ledger"], head=shown["head"])]
    for entry in shown["entries"]:
        values = {name: entry[name] for name in ("seq", "at", "kind", "round")}
        found.append(phrase("ledger-text.entry", lang, **values, about=_brief(entry, lang)))
    problems: list[Issue] = [*shown["problems"], *map(Issue.of_record, shown.get("unchecked", ()))]
    found += lines(problems, lang)
    for one in shown.get("overdue", ()):
        law = one.get("cite")
        cite = "" if law is None else phrase("ledger-text.law", lang, **law, grade=one["grade"])
        said = phrase(f"ledger-overdue.{one['what']}", lang, due=one["due"], days=one["days"])
        found.append(phrase("ledger-text.overdue", lang, parcel=one["parcel_id"], said=said, cite=cite))
    broken = any(issue.level == "error" for issue in problems)
    locks = len(shown["state"]["adopted"])
    return [*found, phrase("ledger-text.broken" if broken else "ledger-text.in-force", lang, count=locks)]


def _brief(entry: Mapping[str, Any], lang: str) -> str:
    """What an entry is about; a question mark where it was damaged so that it does not say."""
    try:
        return _about(entry, lang)
    except (KeyError, TypeError, AttributeError):
        return "?"


def _about(entry: Mapping[str, Any], lang: str) -> str:
    body = entry["body"]
    if entry["kind"] == "adopt":
        values = {"plan": body.get("plan_id", ""), "count": len(body["assignments"]), "document": body["document"]}
        return phrase("ledger-text.adopted", lang, **values)
    if entry["kind"] == "record":
        counts = {titled(name, lang, "ledger-outcome"): n for name, n in _count(body["results"]).items()}
        return json.dumps(counts, ensure_ascii=False)
    return str(body.get("by", ""))


def _count(results: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in results:
        found[row["outcome"]] = found.get(row["outcome"], 0) + 1
    return found
