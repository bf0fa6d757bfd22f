"""What a closed round leaves to the next: land approved and not supplied (批而未供), idle land, land taken back.

Each with the entry and the document that say so, and the days that law attaches to it. For land approved and not
supplied no text with a day of its own was read (docs/rules-coverage.md): it is counted from its approval.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from constraints.case import Case
from constraints.types import Cite, Rule
from landopt.keeping.ledger.after_contract import LAW, years_after
from parcels.common.catalogue import both

UNSUPPLIED, IDLE, RUNNING, TAKEN_BACK = "unsupplied", "idle", "running", "taken_back"
FACTS = {UNSUPPLIED: "approved_unsupplied", IDLE: "idle"}
"""The facts of a parcel that rules read, by what was carried."""
WAITING = ("candidate", "announced", "failed")
"""Where approved land has no contract: decided only or lapsed, on offer, without a bid."""


class State(Protocol):
    """What of the folded ledger (:class:`landopt.keeping.ledger.rounds.State`) is read here."""

    history: dict[str, list[dict[str, Any]]]
    status: dict[str, str]
    contracts: dict[str, dict[str, str]]
    closed_rounds: list[str]


@dataclass(frozen=True, slots=True)
class Carried:
    """One parcel that a round leaves: since when, the entry and document that say so, what it is in the next round.

    ``last`` is what was recorded of it last, ``days`` what law attaches to a start that is late, of the law in force.
    """

    parcel_id: str
    what: str
    since: str
    round: str
    seq: int
    document: str
    last: str
    status: str
    days: tuple[Mapping[str, Any], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {**{name: getattr(self, name) for name in Carried.__slots__}, "days": list(map(dict, self.days))}


def carried(found: State, as_of: str) -> list[Carried]:
    """What the ledger leaves on a day, by parcel."""
    return [each for name in sorted(found.history) for each in _of(found, name, as_of)]


def _of(found: State, name: str, as_of: str) -> Iterator[Carried]:
    told, status = found.history[name], found.status.get(name, "candidate")
    last = told[-1]["outcome"]

    def made(what: str, since: str, by: Mapping[str, Any], days: tuple[Mapping[str, Any], ...] = ()) -> Carried:
        return Carried(name, what, since, by["round"], by["seq"], by["document"], last, status, days)

    if status == "contracted":
        by = next(line for line in reversed(told) if line["outcome"] == "contracted")
        start = found.contracts.get(name, {})
        if "start_by" in start and not {"started", "completed"} & start.keys():
            days = tuple(_days(start["start_by"], as_of))
            idle = next((each["due"] for each in days if each["what"] == IDLE and each["due"] <= as_of), None)
            yield made(RUNNING, start["start_by"], by, days) if idle is None else made(IDLE, idle, by, days)
        return
    since = next((line for line in reversed(told) if line["outcome"] in ("adopted", TAKEN_BACK)), None)
    if since is None or since["round"] not in found.closed_rounds:
        return
    if since["outcome"] == TAKEN_BACK:
        yield made(TAKEN_BACK, since["date"], since)
    elif status in WAITING and last != "superseded":
        yield made(UNSUPPLIED, since["date"], since)


def _days(start_by: str, as_of: str) -> Iterator[dict[str, Any]]:
    """What the law in force on a day attaches to a start that is late, and from when."""
    for each in LAW:
        if each.since <= as_of:
            cite = {"doc": each.doc, "article": each.article}
            yield {"what": each.what, "due": years_after(start_by, each.years), "cite": cite, "grade": each.grade}


def noted(case: Case, left: list[Carried]) -> list[Rule]:
    """The notes of what was carried, for the sheets of whoever supplies these parcels again."""
    known, found = case.parcels.index(), []
    for one in left:
        if one.parcel_id in known and one.what != RUNNING:
            given = {"parcel": one.parcel_id, "since": one.since, "document": one.document, "round": one.round}
            found.append(
                Rule(
                    id=f"ledger.{one.seq:06d}.{one.parcel_id}.{one.what}",
                    kind="note",
                    title=both(f"ledger-carried.{one.what}", **given, seq=one.seq),
                    cite=Cite(one.document, "", one.document, 0, "V1", "ledger"),
                    start=min(one.since, case.round.as_of),
                    until=None,
                    when=f"parcel_id == {_quoted(one.parcel_id)}",
                    spec={"text": both(f"ledger-carried.{one.what}", **given, seq=one.seq).pair, "flag": "carried"},
                    origin="ledger",
                )
            )
    return found


def _quoted(name: str) -> str:
    quote = '"' if "'" in name else "'"
    return f"{quote}{name}{quote}"


def left_over(rules: Iterable[Rule], parcel_ids: Sequence[str], lang: str) -> list[str]:
    """What the notes of a case say that closed rounds left of some parcels."""
    wanted = {f"parcel_id == {_quoted(name)}" for name in parcel_ids}
    return [
        rule.title.text(lang)
        for rule in rules
        if rule.origin == "ledger" and rule.kind == "note" and rule.when in wanted
    ]


def facts(case: Case, found: State, left: list[Carried]) -> dict[str, tuple[Any, ...]]:
    """The columns that the ledger gives: of each parcel it names whether it is left over; else what the file says."""
    columns: dict[str, tuple[Any, ...]] = {}
    for what, field in FACTS.items():
        here = {one.parcel_id for one in left if one.what == what}
        before = case.parcels.column(field) if field in case.parcels.columns else (None,) * len(case.parcels)
        now = tuple(
            name in here if name in found.history else was for name, was in zip(case.parcels.ids, before, strict=True)
        )
        if any(value is not None for value in now):
            columns[field] = now
    return columns
