"""The next plan after a failed sale: as little change as may be, and what the failure changes, parcel by parcel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from landopt.job import Job, Result
from landopt.pipeline import read, run
from landopt.reasons.compared.moves import moves
from parcels.common.catalogue import Say
from parcels.common.issues import Refused, error

GONE = ("contracted", "announced", "withdrawn")
"""What a ledger records of a parcel that is no longer for this bureau to assign."""
NEXT = "next"
"""The folder beside the round's plan where the next one goes."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A parcel whose sale failed: how often and when, what it was, what becomes of it.

    ``what``: ``method``, ``price``, ``platform``, ``site`` (it goes into another site), ``period``, ``same`` (supplied
    again as it was) or ``held``; ``reasons`` say why it is held, ``rules`` which rules on failed sales decide now.
    """

    parcel_id: str
    times: int
    date: str
    document: str
    was: Mapping[str, Any]
    now: Mapping[str, Any] | None
    what: str
    reasons: tuple[Mapping[str, Any], ...]
    rules: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "parcel_id": self.parcel_id,
            "times": self.times,
            "date": self.date,
            "document": self.document,
            "was": dict(self.was),
            "now": None if self.now is None else dict(self.now),
            "what": self.what,
            "reasons": [dict(reason) for reason in self.reasons],
            "rules": list(self.rules),
        }


@dataclass(frozen=True, slots=True)
class Replanned:
    """The next plan, what each failure changes, and every other parcel that moves (as ``landopt compare`` tells it).

    ``happened`` of a move: what the ledger says became of it (``contracted``, ...), "" where the plan chose it.
    """

    result: Result
    kept: str
    failures: tuple[Failure, ...]
    others: tuple[Mapping[str, Any], ...]

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "plan_id": self.result.plan["plan_id"],
            "folder": str(self.result.folder),
            "kept": self.kept,
            "failures": [failure.as_dict() for failure in self.failures],
            "others": [dict(other) for other in self.others],
        }


def replan(job: Job, say: Say) -> Replanned:
    """Decide a round again after sales that the ledger records as failed, with as little change of a plan as may be.

    Parameters
    ----------
    job
        ``keep`` names the plan (default: the round's own), ``output`` the place of the next one (default: ``next``
        beside it).

    Raises
    ------
    Refused
        O017: the round has no ledger, or no sale of the plan failed; what :func:`landopt.pipeline.run` refuses.
    """
    from landopt.keeping.ledger.chain import Ledger
    from landopt.keeping.ledger.rounds import state
    from landopt.keeping.plan_folder import open_plan

    loaded = read(job)
    home = loaded.file.path.parent
    kept = job.keep if job.keep is not None else home / "plan"
    before = open_plan(kept).plan
    book_path = job.ledger if job.ledger is not None else home / "ledger.sqlite"
    if job.ledger is None and not (home / "ledger.sqlite").is_file():
        raise Refused(error("O017.no-ledger", at=str(home)))
    with Ledger(book_path, read_only=True) as book:
        history = state(book.entries())
    supplied = {name: entry for entry in before["assignments"] for name in entry["parcel_ids"]}
    failed = [name for name in sorted(supplied) if history.status.get(name) == "failed"]
    if not failed:
        raise Refused(error("O017.none-failed", at=str(kept)))
    wish = replace(job, keep=kept, output=job.output or home / NEXT, change_cost=job.change_cost or _dear(loaded))
    result = run(wish, say, loaded)
    found = tuple(_failure(name, supplied[name], result.plan, history) for name in failed)
    others = tuple(
        {**each, "happened": _happened(each, history)}
        for each in moves(before, result.plan, result.case.parcels)["parcels"]
        if each["parcel_id"] not in set(failed)
    )
    return Replanned(result, str(before["plan_id"]), found, others)


def _happened(move: Mapping[str, Any], history: Any) -> str:
    """What the ledger says became of a parcel that is no part of the next plan any more; "" where it is held back."""
    state = str(history.status.get(move["parcel_id"], ""))
    return state if move["now"] is None and state in GONE else ""


def _dear(loaded: Any) -> int:
    """Points that staying is worth: more than serving any platform."""
    served = Fraction(loaded.ready().objective.weights.get("served", "0"))
    return int(served * 100) + 10_000


def _failure(name: str, was: Mapping[str, Any], plan: Mapping[str, Any], history: Any) -> Failure:
    times = history.failed_times.get(name, 0)
    last = next(line for line in reversed(history.history[name]) if line["outcome"] == "failed")
    now = next((entry for entry in plan["assignments"] if name in entry["parcel_ids"]), None)
    held = next((entry for entry in plan["held"] if entry["parcel_id"] == name), None)
    record = next(
        (each for each in plan["justification"] if each["kind"] == "assignment" and name in each["parcel_ids"]),
        None,
    )
    rules = () if record is None else tuple(dict.fromkeys(_reading(record)))
    reasons = () if held is None else tuple(held["reasons"])
    return Failure(
        name,
        times,
        str(last["date"]),
        str(last["document"]),
        _told(was),
        None if now is None else _told(now),
        _what(was, now),
        reasons,
        rules,
    )


def _told(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: entry[name] for name in ("parcel_ids", "demand_id", "method", "start_price_yuan", "floor_price", "period")
    }


def _what(was: Mapping[str, Any], now: Mapping[str, Any] | None) -> str:
    if now is None:
        return "held"
    if now["method"] != was["method"]:
        return "method"
    if now["parcel_ids"] != was["parcel_ids"]:
        return "site"
    if now["demand_id"] != was["demand_id"]:
        return "platform"
    if now["period"] != was["period"]:
        return "period"
    return "price" if now["start_price_yuan"] != was["start_price_yuan"] else "same"


def _reading(record: Any) -> list[str]:
    """The rules in a record whose ruling read what failed sales change."""
    found: list[str] = []
    if isinstance(record, Mapping):
        facts = record.get("facts")
        if "cite" in record and isinstance(facts, list):
            fields = {fact.get("field") for fact in facts if isinstance(fact, Mapping)}
            if fields & {"failed_times", "status"}:
                found.append(str(record["cite"]["rule"]))
        for value in record.values():
            found += _reading(value)
    elif isinstance(record, list):
        for value in record:
            found += _reading(value)
    return found
