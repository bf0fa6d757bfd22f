"""Drafts for the public: supply notices, displays of intended agreements and of allocations, with blanks to fill in.

The items of a notice are those Order 39 art. 9 asks for (read in a secondary copy: grantor and address; the parcel with
area, boundary, extent, state, term, use, planning indicators; qualification; documents; time, place and manner; how the
winner is found; deposit; other matters), with start, completion and step of bids as art. 17 has them published at a
listing. Dates are the bureau's to set. Nothing internal stands in them: no platform under a competitive method, no
reserve price, budget, priority, score or other applicant. Where each figure comes from stands in a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from landopt.reasons import words
from landopt.reasons.law_words.article_words import article_words
from landopt.reasons.law_words.pack_words import late_lines
from landopt.reasons.texts import render_notice
from landopt.report import recorded
from landopt.report.mixed import said_of
from landopt.report.papers.blocks import Block, table
from landopt.report.papers.documents import WordPaper, whole_values
from landopt.report.papers.plain import one_line
from landopt.report.papers.templates.fields import by_label
from landopt.report.source import Source
from parcels.common.catalogue import listed, phrase

_KINDS = {"agreement": "agreement", "alloc": "allocation"}
"""The kind of draft by the mode of a paid method, or by the right of one that is not."""
KINDS = ("competition", "agreement", "allocation")
"""The kinds of drafts, in the order they are written."""


@dataclass(frozen=True, slots=True)
class Notice:
    """The draft of one site: its kind, method and parcels, and rows of item, content and place of the figure."""

    kind: str
    method: str
    parcel_ids: tuple[str, ...]
    rows: tuple[tuple[str, str, str], ...]


def drafts(source: Source, lang: str) -> Iterator[Notice]:
    """A draft for every site supplied by competition, agreement or allocation, in the order of the plan."""
    places = {tuple(entry["parcel_ids"]): at for at, entry in enumerate(source.plan["assignments"])}
    for number, record in enumerate(source.plan["justification"]):
        if record["kind"] != "assignment":
            continue
        place = places[tuple(record["parcel_ids"])]
        method = source.case.method(record["method"])
        kind = "competition" if method.competitive else _KINDS.get(method.mode if method.paid else method.right)
        if kind is None:
            continue
        given = {
            "kind": kind,
            "listed": method.mode == "listing" and method.right != "lease",
            "authority": one_line(source.case.round.authority, 120),
            "at": f"plan.json assignments[{place}]",
            "told": f"plan.json justification[{number}]",
            "far": _far(source, record),
            "basis": _basis(record, lang),
        }
        mixed = said_of(source.mixed, record["parcel_ids"], record["term_years"], lang)
        rows = render_notice({**record, "mixed": mixed}, source.plan["assignments"][place], lang, given)
        yield Notice(kind, words.word("method", record["method"], lang), tuple(record["parcel_ids"]), tuple(rows))


def word_notices(source: Source, lang: str) -> Iterator[WordPaper]:
    """The drafts by kind, each a file of its template: item and content, nothing else."""
    every, kept = list(drafts(source, lang)), recorded.recorded(source)
    public = {key: value for key, value in whole_values(source, lang).items() if key in ("title", "authority", "day")}
    for kind in KINDS:
        parts = [
            {
                **by_label(f"notices-{kind}", [(label, content) for label, content, _ in notice.rows]),
                "method": notice.method,
                **_approved(kept, notice, lang),
            }
            for notice in every
            if notice.kind == kind
        ]
        if parts:
            yield WordPaper(f"notices-{kind}", f"notices-{kind}", public, parts)


def _approved(kept: recorded.Recorded, notice: Notice, lang: str) -> dict[str, str]:
    """The approval that the ledger keeps; for a supply notice a bracket to fill in where it keeps none."""
    mine = kept.of("approval", notice.parcel_ids)
    if mine:
        return {"approval": listed((recorded.said(each, lang) for each in mine), lang, "semicolon")}
    return {"approval": phrase("recorded.blank", lang)} if notice.kind == "competition" else {}


def provenance(source: Source, lang: str) -> list[Block]:
    """Where each figure of the drafts stands in the plan: for the file of the office, not for the public."""
    heads = tuple(phrase(f"paper.head.{name}", lang) for name in ("item", "content", "source"))
    found = [
        Block("title", phrase("paper.sources", lang)),
        *(Block("item", line) for line in late_lines(source.case, lang)),
    ]
    for notice in drafts(source, lang):
        rows = [row for row in notice.rows if row[2]]
        found.append(table([heads, *rows], (24, 40, 36)))
    return found


def _far(source: Source, record: Mapping[str, Any]) -> str:
    table_ = source.case.parcels
    at = table_.index()
    found = []
    for name in record["parcel_ids"]:
        low, high = (
            "" if (value := table_.column(column)[at[name]]) is None else words.decimal(int(str(value)), 2)
            for column in ("far_min", "far_max")
        )
        found.append(f"{low} - {high}" if low and high else f"≤ {high}" if high else f"≥ {low}" if low else "")
    return ", ".join(dict.fromkeys(filter(None, found)))


def _basis(record: Mapping[str, Any], lang: str) -> str:
    cites = [ruling["cite"] for ruling in record["permits"]]
    named = [
        ("" if cite["grade"] == "V1" else phrase("packs.unread", lang))
        + words.placed(cite["doc"], article_words(cite["article"], lang), lang)
        for cite in cites
    ]
    return listed(dict.fromkeys(named), lang, "semicolon")
