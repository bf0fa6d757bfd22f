"""The review sheet: one page a site, a form to be signed. The reasons at length stand in the technical annex.

The form is landopt's own: no model form of a bureau was read for it (docs/report.md). Base and reserve price stay
sealed apart (Order 39 art. 10); solver words, scores and ids of rules have no place on it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from landopt.keeping.ledger.adoption_paper import read_adoption
from landopt.keeping.ledger.carried import left_over
from landopt.keeping.ledger.matters import of_notice, title
from landopt.reasons.law_words.own_corrections import own_corrections
from landopt.reasons.law_words.own_exceptions import own_exceptions
from landopt.reasons.law_words.pack_words import late_lines, packs_words
from landopt.reasons.texts import render_sheet
from landopt.reasons.words import width
from landopt.report import recorded
from landopt.report.mixed import said_of
from landopt.report.papers.blocks import PAGE, Block
from landopt.report.papers.plain import one_line
from landopt.report.papers.templates.fields import Values, by_label, own, wording
from landopt.report.source import Source
from parcels.common.catalogue import listed, phrase

LONGEST = 840
"""Columns of one content, two a Chinese character: longer ones say so, so that the form stays one page."""


def rows(
    source: Source, record: Mapping[str, Any], entry: Mapping[str, Any], lang: str, kept: recorded.Recorded
) -> list[tuple[str, str]]:
    """The rows of the form of one site: label and content."""
    late = "".join(late_lines(source.case, lang))
    mixed = said_of(source.mixed, record["parcel_ids"], record["term_years"], lang)
    compared = {**source.found.compared(record), "mixed": mixed}
    opinion = next(field.name(lang) for field in own("review-sheet") if field.key == "opinion")
    found = [
        (one_line(label, 40), _short((late if label == opinion else "") + content, lang))
        for label, content in render_sheet(compared, entry, lang)
    ]
    _, _, told = own_exceptions(source.case, source.plan, lang, record["parcel_ids"]).partition("\n")
    if told:
        found.append((phrase("paper.exceptions", lang), _short(told.strip(), lang)))
    _, _, by_hand = own_corrections(source.case, lang, record).partition("\n")
    if by_hand:
        found.append((phrase("paper.corrected", lang), _short(by_hand.strip(), lang)))
    left = left_over(source.case.rules, record["parcel_ids"], lang)
    if left:
        found.append((phrase("paper.left-over", lang), _short(listed(left, lang, "semicolon"), lang)))
    on_record = recorded.rows(source, kept, record["parcel_ids"], record["method"], lang)
    if of_notice(kept.matters, record["parcel_ids"]) is not None:  # the dates of the notice that was out no longer hold
        dates = next(field.name(lang) for field in own("review-sheet") if field.key == "dates")
        found = [
            (label, phrase("recorded.first", lang, dates=text) if label == dates else text) for label, text in found
        ]
    return _with_record(found, _with_adoption(source, on_record, lang), lang)


def _with_adoption(source: Source, rows_: list[tuple[str, str]], lang: str) -> list[tuple[str, str]]:
    """The rows on record with the adoption of the plan, which is where the collective decision is told."""
    adopted = read_adoption(source.folder)
    if adopted is None:
        return rows_
    label = title("decision", lang)
    told = dict(rows_)
    both_ = listed(filter(None, (told.get(label, ""), adopted.line(lang))), lang, "semicolon")
    return list({**told, label: both_}.items())


def _short(content: str, lang: str) -> str:
    """A content of the form on one line; one that is too long ends with a word on where the rest stands."""
    flat = one_line(content)
    if width(flat) <= LONGEST:
        return flat
    rest = phrase("sheet.rest", lang)
    room = LONGEST - width(rest)
    cut = next(at for at in range(len(flat), 0, -1) if width(flat[:at]) <= room)
    return flat[:cut] + rest


def _with_record(form: list[tuple[str, str]], kept: list[tuple[str, str]], lang: str) -> list[tuple[str, str]]:
    """The form with what the ledger keeps: in the place of a blank of the same label, else at its end."""
    on_record = dict(kept)
    found = [(label, _short(on_record.pop(label, content), lang)) for label, content in form]
    return [*found, *((label, _short(content, lang)) for label, content in on_record.items())]


def _sites(source: Source) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Record and assignment of every site supplied, in the order of the plan."""
    entries = {tuple(entry["parcel_ids"]): entry for entry in source.plan["assignments"]}
    for record in source.plan["justification"]:
        if record["kind"] == "assignment":
            yield record, entries[tuple(record["parcel_ids"])]


def review_values(source: Source, lang: str) -> list[Values]:
    """What fills the places of the Word template, for each site."""
    kept = recorded.recorded(source)
    return [by_label("review-sheet", rows(source, record, entry, lang, kept)) for record, entry in _sites(source)]


def plan_mark(source: Source, lang: str) -> str:
    """Plan number, check code and head of the ledger: the one line that ties a paper to its plan."""
    plan = source.plan
    adopted = read_adoption(source.folder)
    head = str(plan.get("ledger_head") or "") if adopted is None else adopted.head
    parts = [
        phrase("mark.plan", lang, plan=plan["plan_id"]),
        phrase("mark.code", lang, code=plan["case"]["digest"][:16]),
        phrase("mark.ledger", lang, head=head[:16]) if head else "",
        packs_words(source.found.case, lang),
    ]
    return listed(filter(None, parts), lang, "mark")


def sheets(source: Source, lang: str) -> list[list[Block]]:
    """The form of every site supplied as blocks, for PDF: title, rows of label and content, signatures."""
    kept = recorded.recorded(source)
    (title,) = wording("review-sheet", "title", lang)
    one, two, three, four = wording("review-sheet", "signing", lang)
    return [
        [
            Block("title", title),
            Block("form", "", tuple(rows(source, record, entry, lang, kept)), (19, 81)),
            Block("form", "", ((one, "", two, ""), (three, "", four, "")), (15, 35, 15, 35)),
        ]
        for record, entry in _sites(source)
    ]


def joined_sheets(parts: list[list[Block]]) -> list[Block]:
    """Forms one after the other, a page each."""
    found: list[Block] = []
    for part in parts:
        found += [PAGE, *part] if found else part
    return found
