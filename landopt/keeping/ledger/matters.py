"""The daily round of a supply in the ledger: decisions, approvals, reviews, objections, and what became of a notice.

A file of matters (CSV) has a line for each: what it is, its date and document, the parcels it concerns (joined by +;
blank: the whole round), what it says, and for an objection the answer with its date. The fair-competition review is
that of the Fair Competition Review Regulation (2024), arts 8 to 12.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from landopt.keeping.ledger.adoption import who
from landopt.keeping.ledger.chain import Entry, Ledger
from landopt.keeping.ledger.days import past_issues
from landopt.keeping.ledger.round_steps import RoundPlace, standing
from parcels.common.gate import read_bytes
from parcels.common.issues import Issue, error, stop_on_errors
from parcels.common.place import within
from parcels.common.visible import says_something
from parcels.formats.decoding.encoding import decode
from parcels.formats.kinds.csv_table import named_rows

COLUMNS = {
    "what": ("what", "事项", "事项类型"),
    "date": ("date", "日期"),
    "document": ("document", "文件", "文号"),
    "parcels": ("parcel_id", "parcels", "宗地编号", "地块编号"),
    "by": ("by_whom", "会议或机关", "会议", "机关", "提出人"),
    "text": ("text", "内容"),
    "answer": ("answer", "答复", "答复意见"),
    "answered_on": ("answered_on", "答复日期"),
}
NOTICE = ("suspended", "resumed", "amended", "withdrawn")
"""What may become of a notice that is out."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One matter; ``parcels`` empty: the whole round. ``by``: the meeting, authority, or who objects."""

    what: str
    date: str
    document: str
    parcels: tuple[str, ...] = ()
    by: str = ""
    text: str = ""
    answer: str = ""
    answered_on: str = ""

    def concerns(self, parcel_ids: Iterable[str]) -> bool:
        """Whether it is about one of the parcels."""
        return not self.parcels or not set(self.parcels).isdisjoint(parcel_ids)


@cache
def kinds() -> dict[str, dict[str, Any]]:
    """The kinds of matters: names in both languages and the words accepted."""
    return tomllib.loads((Path(__file__).parent / "matters.toml").read_text("utf-8"))


def title(what: str, lang: str) -> str:
    """The name of a kind of matter."""
    return str(kinds()[what][lang])


def enter(found: RoundPlace, path: str | Path, by: str) -> Entry:
    """Put the matters of a file into the ledger as one entry. All faults of the file at once."""
    with Ledger(found.ledger) as book:
        now = standing(book, found)
        matters = read_matters(Path(path), set(now.history), found.last)
        rows = [{**asdict(each), "parcels": list(each.parcels)} for each in matters]
        return book.append("matter", found.id, {**who(by), "file": Path(path).name, "matters": rows})


def read_matters(path: Path, known: set[str], last: str | None = None) -> list[Matter]:
    """The matters of a file, checked; ``last`` is the last day of the round, where one is known.

    Raises
    ------
    Refused
        With every fault of the file.
    """
    heading, lines = named_rows(decode(read_bytes(path), path.name, prefix="K").text, path.name)
    columns = {name: next((c for c in heading if c.strip() in names), None) for name, names in COLUMNS.items()}
    stop_on_errors(
        error("B020.column-missing", at=path.name, name=name) for name in ("what", "date") if columns[name] is None
    )
    words = {word: what for what, entry in kinds().items() for word in entry["words"]}
    issues: list[Issue] = []
    found: list[Matter] = []
    for number, line in lines:
        at = within(path.name, row=number)
        row = {name: line.get(column, "").strip() if column else "" for name, column in columns.items()}
        parcels = tuple(filter(None, (part.strip() for part in row.pop("parcels").replace("＋", "+").split("+"))))
        issues += [error("B021.parcel-never-adopted", at=at, value=name) for name in parcels if name not in known]
        what = words.get(row["what"].lower(), words.get(row["what"]))
        if what is None:
            shown = ", ".join(f"{entry['zh']} {name}" for name, entry in kinds().items())
            issues.append(error("B026.no-matter", at=at, what=row["what"], known=shown))
        issues += past_issues(_days(row), at, last)
        if not says_something(row["document"]) and what not in ("objection", None):
            issues.append(error("B027.no-document", at=at))
        if row["answer"] and not row["answered_on"]:
            issues.append(error("B027.no-answer-date", at=at))
        found.append(Matter(**{**row, "what": what or ""}, parcels=parcels))
    if not found:
        issues.append(error("B025.file-no-rows", at=path.name))
    stop_on_errors(issues)
    return found


def _days(row: dict[str, str]) -> list[str]:
    return [row["date"], *([row["answered_on"]] if row["answered_on"] else [])]


def matters_of(entries: Iterable[Entry], round_id: str) -> tuple[Matter, ...]:
    """The matters of a round in the order they were entered."""
    return tuple(
        Matter(**{**row, "parcels": tuple(row["parcels"])})
        for entry in entries
        if entry.kind == "matter" and entry.round == round_id
        for row in entry.body["matters"]
    )


def of_notice(matters: Sequence[Matter], parcel_ids: Iterable[str]) -> Matter | None:
    """What last became of the notice of some parcels; ``None`` where nothing did."""
    ids = list(parcel_ids)
    mine = [each for each in matters if each.what in NOTICE and each.concerns(ids)]
    return max(mine, key=lambda each: each.date) if mine else None
