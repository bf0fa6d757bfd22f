"""What closed rounds leave to a round, as it is listed: by record, with the days of law, as text and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from constraints.case import Case
from landopt.keeping.ledger.carried import UNSUPPLIED, Carried, carried
from landopt.keeping.ledger.chain import Ledger
from landopt.keeping.ledger.round_steps import place
from landopt.keeping.ledger.rounds import state
from landopt.keeping.ledger.stores.places import LedgerPlace
from landopt.keeping.ledger.trust import examined
from parcels.common.catalogue import phrase, titled
from parcels.common.csv_text import csv_text
from parcels.common.issues import stop_on_errors

HELD = ("announced", "contracted")


def placed(left: Sequence[Carried], case: Case, day: str) -> list[dict[str, Any]]:
    """What a round has of what was carried, a record each: ``here`` is ``candidate``, ``locked`` or ``absent``."""
    known = case.parcels.index()
    found = []
    for one in left:
        locked = one.status in HELD or one.last == "adopted"
        here = "absent" if one.parcel_id not in known else "locked" if locked else "candidate"
        days = [{**each, "past": each["due"] <= day} for each in one.days]
        found.append({**one.as_dict(), "here": here, "days": days})
    return found


def left_to(
    round_path: str | Path, ledger: str | LedgerPlace | None = None, as_of: str | None = None
) -> dict[str, Any]:
    """What the closed rounds of a ledger leave to a round on its day (or another): ``ledger, as_of, round, carried``.

    Raises
    ------
    Refused
        If the round cannot be read or the ledger was altered.
    """
    from landopt.intake.assemble import read_round

    at = place(round_path, ledger)
    case = read_round(round_path).ready()
    day = as_of or case.round.as_of
    with Ledger(at.ledger, read_only=True) as book:
        stop_on_errors(examined(book))
        found = carried(state(book.entries()), day)
        return {"ledger": book.place.name, "as_of": day, "round": at.id, "carried": placed(found, case, day)}


def text(found: Mapping[str, Any], lang: str) -> list[str]:
    """What was carried, as lines of text; a line more for each day that law sets."""
    lines = [phrase("ledger-next.head", lang, ledger=found["ledger"], day=found["as_of"], count=len(found["carried"]))]
    for one in found["carried"]:
        given = {"parcel": one["parcel_id"], "since": one["since"], "document": one["document"]}
        said = phrase(f"ledger-carried.{one['what']}", lang, **given, round=one["round"], seq=one["seq"])
        last, here = titled(one["last"], lang, "ledger-outcome"), phrase(f"ledger-here.{one['here']}", lang)
        lines.append(phrase("ledger-next.line", lang, parcel=one["parcel_id"], said=said, last=last, here=here))
        for day in one["days"]:
            law = phrase("ledger-text.law", lang, **day["cite"], grade=day["grade"])
            word = phrase(f"ledger-day.{day['what']}", lang, due=day["due"])
            lines.append(phrase("ledger-next.day", lang, word=word, law=law))
    if any(one["what"] == UNSUPPLIED for one in found["carried"]):
        lines.append(phrase("ledger-next.no-day", lang))
    return lines


def table(found: Mapping[str, Any]) -> str:
    """What was carried as CSV, a row a parcel."""
    names = ("parcel_id", "what", "since", "round", "seq", "document", "last", "here")
    laws = ("idle", "idle_fee", "taking_back")
    rows: list[Sequence[object]] = [(*names, *laws)]
    for one in found["carried"]:
        days = {day["what"]: day["due"] for day in one["days"]}
        rows.append([*(one[name] for name in names), *(days.get(name, "") for name in laws)])
    return csv_text(rows)
