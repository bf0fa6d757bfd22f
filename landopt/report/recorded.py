"""What the ledger of the round keeps of a site, for the papers that name it: decisions, approvals, reviews, notices.

The ledger is read from the round the plan folder lies in, and only where its chain holds; a broken one says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from constraints.reading.timetable import TITLES, Calendar, again
from landopt.keeping.ledger.after_contract import DUE, MET
from landopt.keeping.ledger.matters import Matter, matters_of, of_notice, title
from landopt.reasons import words
from landopt.report.source import Source
from parcels.common.catalogue import listed, phrase
from parcels.common.issues import LandoptError


@dataclass(frozen=True, slots=True)
class Recorded:
    """The matters of the round, and what became of each parcel: the last outcome, or the contract with what it agreed.

    Of a contract ``date``, ``price_yuan``, ``supervision_no``, ``taken_by``, the agreed days (``deliver_by`` ...), and
    the days on which they were met (``delivered``, ``started``, ``completed``).
    """

    matters: tuple[Matter, ...] = ()
    results: Mapping[str, Mapping[str, Any]] | None = None

    def of(self, what: str, parcel_ids: Sequence[str]) -> list[Matter]:
        """The matters of a kind that concern some parcels."""
        return [each for each in self.matters if each.what == what and each.concerns(parcel_ids)]


def recorded(source: Source) -> Recorded:
    """What the ledger beside the plan keeps; nothing where there is none or its chain is broken."""
    from landopt.keeping.ledger.chain import Ledger

    path = source.folder.absolute().parent / "ledger.sqlite"
    if not path.is_file():
        return Recorded()
    try:
        with Ledger(path, read_only=True) as book:
            if any(issue.level == "error" for issue in book.problems()):
                return Recorded()
            entries = book.entries()
    except (LandoptError, OSError):
        return Recorded()
    name = source.found.case.round.id
    results: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if entry.kind == "record" and entry.round == name:
            for row in entry.body["results"]:
                _result(results, row)
    return Recorded(matters_of(entries, name), results)


def _result(results: dict[str, dict[str, Any]], row: Mapping[str, Any]) -> None:
    """What a line of results adds: after a contract comes what was met of it; anything else takes its place."""
    name, outcome = str(row["parcel_id"]), str(row["outcome"])
    if outcome in MET and results.get(name, {}).get("outcome") == "contracted":
        given = {key: row[key] for key in ("supervision_no", *DUE) if row.get(key)}
        results[name] |= {**given, outcome: row["date"]}
    else:
        results[name] = dict(row)


def said(matter: Matter, lang: str) -> str:
    """A matter in one line: who, document, date, what it says, and the answer."""
    parts = [matter.by, matter.document, words.date(matter.date, lang), matter.text]
    line = listed(filter(None, parts), lang, "clause")
    if matter.what != "objection":
        return line
    if not matter.answer:
        return line + phrase("recorded.unanswered", lang)
    return line + phrase("recorded.answered", lang, answer=matter.answer, day=words.date(matter.answered_on, lang))


def rows(source: Source, found: Recorded, parcel_ids: Sequence[str], method: str, lang: str) -> list[tuple[str, str]]:
    """Rows of a review sheet (label, content) for what is on record of a site; blanks for the rest are the form's."""
    made = []
    for what in ("decision", "approval", "fair_competition", "objection"):
        mine = found.of(what, parcel_ids)
        if mine:
            made.append((title(what, lang), listed((said(each, lang) for each in mine), lang, "semicolon")))
    last = of_notice(found.matters, parcel_ids)
    if last is not None:
        made.append((phrase("recorded.notice", lang), _notice(source, last, method, lang)))
    return made


def _notice(source: Source, last: Matter, method: str, lang: str) -> str:
    """What became of the notice, and the dates that follow from there."""
    told = title(last.what, lang) + phrase("list.colon", lang) + said(last, lang)
    if last.what == "suspended":
        return told + phrase("recorded.suspended", lang)
    if last.what == "withdrawn":
        return told + phrase("recorded.withdrawn", lang)
    case = source.found.case
    calendar = Calendar(case.calendar)
    steps = again(case.method(method), last.date, calendar)
    shown = [
        phrase("recorded.span", lang, step=TITLES[step.step].text(lang), start=start, end=end)
        for step in steps
        for start, end in [(words.date(step.earliest, lang), words.date(step.latest, lang))]
    ]
    told += phrase("recorded.anew", lang, steps=listed(shown, lang, "semicolon"))
    if not all(calendar.announced(day) for step in steps for day in (step.earliest, step.latest)):
        told += phrase("recorded.not-arranged", lang)
    return told
