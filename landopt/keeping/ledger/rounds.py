"""What the ledger means for the next plan: adopted assignments are locks, results change the status of parcels.

``state`` folds the entries; ``apply`` puts the outcome into a case, as rules and facts like any other, so that
screening, justification and audit read it without a special case.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from constraints.case import Case
from constraints.types import Cite, Rule
from landopt.keeping.ledger.after_contract import DUE, MET
from landopt.keeping.ledger.carried import carried, facts, noted
from landopt.keeping.ledger.chain import Entry
from landopt.keeping.ledger.entry_forms import OUTCOMES as OUTCOMES
from landopt.keeping.ledger.stores.places import LedgerPlace
from parcels.common.catalogue import both
from parcels.common.frozen import FactTable
from parcels.common.issues import stop_on_errors
from parcels.common.schema import Value

NOW = {"failed": "failed", "withdrawn": "withdrawn"}
"""What a parcel is after a result; after any other that ends its assignment (lapsed, taken back) a candidate."""


@dataclass(frozen=True, slots=True)
class Adopted:
    """One adopted assignment still in force and the entry and document that stand behind it."""

    parcel_ids: tuple[str, ...]
    demand_id: str | None
    method: str
    document: str
    date: str
    seq: int
    period: str | None = None


@dataclass(slots=True)
class State:
    """All that the ledger says today, by parcel."""

    adopted: list[Adopted] = field(default_factory=list)
    status: dict[str, str] = field(default_factory=dict)
    failed_times: dict[str, int] = field(default_factory=dict)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    contracts: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each contracted parcel the agreed days and those on which they were met (:mod:`.after_contract`)."""
    takers: dict[str, str] = field(default_factory=dict)
    """Of each contracted parcel who took it, where the result says so."""
    open_rounds: list[str] = field(default_factory=list)
    closed_rounds: list[str] = field(default_factory=list)
    adoptions: list[tuple[int, str]] = field(default_factory=list)
    """(entry, round) of each adoption that no later entry supersedes."""

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "adopted": [{name: getattr(entry, name) for name in Adopted.__slots__} for entry in self.adopted],
            "parcels": [
                {
                    "parcel_id": name,
                    "status": self.status.get(name),
                    "failed_times": self.failed_times.get(name, 0),
                    "history": history,
                }
                for name, history in sorted(self.history.items())
            ],
            "open_rounds": list(self.open_rounds),
            "closed_rounds": list(self.closed_rounds),
        }


def state(entries: Sequence[Entry]) -> State:
    """Fold the entries, in their order, into the state of today."""
    found = State()
    for entry in entries:
        if entry.kind == "open":
            found.open_rounds.append(entry.round)
        elif entry.kind == "close":
            found.open_rounds = [name for name in found.open_rounds if name != entry.round]
            found.closed_rounds.append(entry.round)
        elif entry.kind == "adopt":
            _adopt(found, entry)
        elif entry.kind == "supersede":
            _supersede(found, entry)
        elif entry.kind == "record":
            for result in entry.body["results"]:
                _result(found, entry, result)
    return found


def _adopt(found: State, entry: Entry) -> None:
    found.adoptions.append((entry.seq, entry.round))
    for item in entry.body["assignments"]:
        parcels = tuple(item["parcel_ids"])
        found.adopted = [one for one in found.adopted if set(one.parcel_ids).isdisjoint(parcels)]
        document, date = str(entry.body["document"]), str(entry.body["date"])
        what = item["demand_id"], item["method"], document, date, entry.seq, item.get("period")
        found.adopted.append(Adopted(parcels, *what))
        for name in parcels:
            found.status[name] = "candidate"
            _note(found, name, entry, "adopted", document, date)


def _supersede(found: State, entry: Entry) -> None:
    """What another adoption takes the place of: its assignments lapse, but those that were announced or contracted."""
    superseded, number = [], entry.body["entry"]
    for one in found.adopted:
        held = any(found.status.get(name) in ("announced", "contracted") for name in one.parcel_ids)
        if one.seq == number and not held:
            superseded.append(one)
            for name in one.parcel_ids:
                _note(found, name, entry, "superseded", str(entry.body.get("document") or ""), entry.at[:10])
    found.adopted = [one for one in found.adopted if one not in superseded]
    found.adoptions = [(seq, name) for seq, name in found.adoptions if seq != number]


def _result(found: State, entry: Entry, result: Mapping[str, Any]) -> None:
    name, outcome = str(result["parcel_id"]), str(result["outcome"])
    _note(found, name, entry, outcome, str(result.get("document") or ""), str(result["date"]))
    if outcome in MET:
        found.contracts.setdefault(name, {})[outcome] = str(result["date"])
        return
    found.contracts.pop(name, None)
    found.takers.pop(name, None)
    if outcome == "contracted":
        found.contracts[name] = {day: str(result[day]) for day in DUE if result.get(day)}
        if result.get("taken_by"):
            found.takers[name] = str(result["taken_by"])
    if outcome in ("announced", "contracted"):
        found.status[name] = outcome
        return
    if outcome == "failed":
        found.failed_times[name] = found.failed_times.get(name, 0) + 1
    found.status[name] = NOW.get(outcome, "candidate")
    found.adopted = [one for one in found.adopted if name not in one.parcel_ids]


def _note(found: State, name: str, entry: Entry, outcome: str, document: str, date: str) -> None:
    line = {"seq": entry.seq, "round": entry.round, "outcome": outcome, "document": document, "date": date}
    found.history.setdefault(name, []).append(line)


def apply(case: Case, found: State) -> Case:
    """The case under the ledger: locks for what was adopted, statuses and failed bids from results, what is left over.

    A platform whose site is announced or contracted gets no other one (:func:`_served`).
    """
    known = set(case.parcels.ids)
    adopted = [one for one in found.adopted if known.issuperset(one.parcel_ids)]
    rules = [_lock(one, case, found.status) for one in adopted]
    rules += [rule for one in adopted if (rule := _served(one, case, found)) is not None]
    left = carried(found, case.round.as_of)
    rules += noted(case, left)
    parcels = case.parcels
    columns = dict(parcels.columns) | facts(case, found, left)
    status = list(parcels.column("status"))
    failed: list[Value] = list(parcels.column("failed_times"))
    for row, name in enumerate(parcels.ids):
        if name in found.status:
            status[row] = found.status[name]
        if name in found.failed_times:
            before = failed[row]
            failed[row] = max(before if isinstance(before, int) else 0, found.failed_times[name])
    columns["status"] = tuple(status)
    if any(value is not None for value in failed):
        columns["failed_times"] = tuple(failed)
    merged = {rule.id: rule for rule in (*case.rules, *rules)}
    return replace(case, parcels=FactTable(parcels.ids, columns), rules=tuple(merged[name] for name in sorted(merged)))


def _lock(one: Adopted, case: Case, status: Mapping[str, str]) -> Rule:
    """The lock of an adopted assignment, in the period it was adopted for where the round lists that period.

    What was not announced before its period was over may be supplied in any that is left.
    """
    label, as_of = "+".join(one.parcel_ids), case.round.as_of
    public = any(status.get(name) in ("announced", "contracted") for name in one.parcel_ids)
    listed = {period.id for period in case.round.periods if public or period.end >= as_of}
    when = {"period": one.period} if one.period in listed else {}
    return Rule(
        id=f"ledger.{one.seq:06d}.{label}",
        kind="lock",
        title=both("ledger-rule.adopted", parcels=label, document=one.document),
        cite=Cite(one.document, "", one.document, 0, "V1", "ledger"),
        start=min(one.date, as_of),
        until=None,
        when="",
        spec={
            "parcels": list(one.parcel_ids),
            "demand": one.demand_id,
            "method": one.method,
            "document": one.document,
            **when,
        },
        origin="ledger",
    )


def _served(one: Adopted, case: Case, found: State) -> Rule | None:
    """The rule that a platform whose site is announced or contracted gets no other one; ``None`` where none holds.

    Under a competitive method the platform is the intended user, not the taker: while the site is on offer it gets no
    other one; once it is sold that hangs on who took it, which is a condition where the result does not say so, and
    where another did the platform is free.
    """
    states = {found.status.get(name) for name in one.parcel_ids}
    if one.demand_id not in case.demands.index() or not states & {"announced", "contracted"}:
        return None
    label = "+".join(one.parcel_ids)
    given = {"platform": one.demand_id, "parcels": label, "document": one.document}
    title = both("ledger-rule.served", **given)
    spec: dict[str, Any] = {}
    verdict = "forbid"
    if case.method(one.method).competitive and "announced" not in states:
        takers = {found.takers[name] for name in one.parcel_ids if name in found.takers}
        if takers and not takers & _called(case, one.demand_id):
            return None
        if not takers:
            verdict, title = "condition", both("ledger-rule.sold", **given)
            spec["condition"] = both("ledger-rule.who-took", **given).pair
    return Rule(
        id=f"ledger.{one.seq:06d}.{label}.served",
        kind="eligibility",
        title=title,
        cite=Cite(one.document, "", one.document, 0, "V1", "ledger"),
        start=min(one.date, case.round.as_of),
        until=None,
        when=f"demand_id == {quoted(one.demand_id)}",
        spec={"verdict": {method.id: verdict for method in case.methods}, **spec},
        origin="ledger",
    )


def _called(case: Case, demand: str) -> set[str]:
    """What a platform is called: its id, its name, each part of a name in two languages."""
    name = str(case.demands.column("name")[case.demands.index()[demand]] or "")
    return {demand, name, *(part.strip() for part in name.split("｜"))} - {""}


def keep(case: Case, plan: Mapping[str, Any], cost: int) -> Case:
    """The case in which leaving an assignment of ``plan`` costs ``cost`` points: least-change replanning.

    Each assignment becomes a preference for exactly its site, platform and method; the audit reads it like any other.
    One whose sale failed is not held to.
    """
    rules = list(case.rules)
    failed = {
        name for name, state in zip(case.parcels.ids, case.parcels.column("status"), strict=True) if state == "failed"
    }
    for number, entry in enumerate(plan["assignments"], 1):
        if not set(entry["parcel_ids"]) <= set(case.parcels.ids) or failed.intersection(entry["parcel_ids"]):
            continue
        when = exactly(entry)
        label, origin = "+".join(entry["parcel_ids"]), str(plan["plan_id"])
        rules.append(
            Rule(
                id=f"keep.{number:05d}",
                kind="preference",
                title=both("ledger-rule.kept", parcels=label, plan=origin),
                cite=Cite(origin, "", str(plan["plan_hash"]), 0, "V1", "plan"),
                start=case.round.as_of,
                until=None,
                when=when,
                spec={"methods": [entry["method"]], "points": cost, "points_per_ha": 0, "reason": "least change"},
                origin="keep",
            )
        )
    return replace(case, rules=tuple(sorted(rules, key=lambda rule: rule.id)))


def exactly(entry: Mapping[str, Any]) -> str:
    """The condition that an offer is of exactly an assignment's site and platform."""
    names = ", ".join(quoted(name) for name in entry["parcel_ids"])
    when = f"parcel_id in [{names}] and site_parcels == {len(entry['parcel_ids'])}"
    return when if entry["demand_id"] is None else f"{when} and demand_id == {quoted(entry['demand_id'])}"


def quoted(name: str) -> str:
    """A name as a constant of the rule language."""
    quote = '"' if "'" in name else "'"
    return f"{quote}{name}{quote}"


def prepare(
    case: Case,
    folder: Path,
    ledger: LedgerPlace | None = None,
    kept: Path | None = None,
    cost: int = 0,
    as_of: str | None = None,
) -> tuple[Case, str | None]:
    """The case under the round's ledger (``folder/ledger.sqlite`` unless named) and under a plan to keep, and the head.

    ``as_of``: of another day, the ledger as it stood at the end of it.

    Raises
    ------
    Refused
        If the ledger was altered (B080), or a ledger that was named does not exist.
    """
    from constraints.audit.files.plan_reader import read_plan
    from landopt.keeping.ledger.chain import Ledger
    from landopt.keeping.ledger.trust import examined

    head: str | None = None
    own = folder / "ledger.sqlite"
    book_path = ledger if ledger is not None else own
    if ledger is not None or own.is_file():
        with Ledger(book_path, read_only=True) as book:
            stop_on_errors(examined(book))
            entries, head = book.entries(), book.head()
            if as_of is not None:
                entries = [entry for entry in entries if entry.at[:10] <= case.round.as_of]
                head = entries[-1].hash if entries else None
            case = apply(case, state(entries))
    if kept is not None:
        case = keep(case, read_plan(kept), cost)
    return case, head
