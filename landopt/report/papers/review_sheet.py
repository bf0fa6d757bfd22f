"""The review sheet: one page a site, a form to be signed. The reasons at length stand in the technical annex.

The form is landopt's own: no model form of a bureau was read for it (docs/report.md). Base and reserve price stay
sealed apart (Order 39 art. 10); solver words, scores and ids of rules have no place on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landopt.keeping.ledger.adoption_paper import read_adoption
from landopt.reasons.own_exceptions import own_exceptions
from landopt.reasons.texts import render_sheet
from landopt.report.papers.blocks import PAGE, Block
from landopt.report.papers.plain import one_line
from landopt.report.source import Source

LONGEST = 420
"""Characters of one content: longer ones end with a mark, so that the form stays one page; the annex has all."""
_SIGN = {
    "zh": (("经　办", "", "审　核", ""), ("签　发", "", "盖　章", "")),
    "en": (("Prepared", "", "Reviewed", ""), ("Issued", "", "Seal", "")),
}
_TITLE = {"zh": "供地方式审查意见表", "en": "Review sheet: method of land supply"}


def review_sheet(source: Source, record: Mapping[str, Any], entry: Mapping[str, Any], lang: str) -> list[Block]:
    """The form of one site: title, rows of label and content, signatures, and one line that says which plan this is."""
    rows = [
        (one_line(label, 40), one_line(content, LONGEST))
        for label, content in render_sheet(source.found.compared(record), entry, lang)
    ]
    _, _, told = own_exceptions(source.case, source.plan, lang, record["parcel_ids"]).partition("\n")
    if told:
        rows.append(("自定例外" if lang == "zh" else "Exceptions", one_line(told.strip(), LONGEST)))
    return [
        Block("title", _TITLE[lang]),
        Block("form", "", tuple(rows), (19, 81)),
        Block("form", "", _SIGN[lang], (15, 35, 15, 35)),
        Block("mark", plan_mark(source, lang)),
    ]


def plan_mark(source: Source, lang: str) -> str:
    """Plan number, check code and head of the ledger: the one line that ties a paper to its plan."""
    plan = source.plan
    head = plan.get("ledger_head")
    adopted = read_adoption(source.folder)
    paper = "" if adopted is None else f"\n{adopted.line(lang)}"
    code = plan["case"]["digest"][:16]
    if lang == "zh":
        return f"方案编号 {plan['plan_id']}　校验码 {code}" + (f"　台账 {str(head)[:16]}" if head else "") + paper
    return f"Plan {plan['plan_id']}, check code {code}" + (f", ledger {str(head)[:16]}" if head else "") + paper


def sheets(source: Source, lang: str) -> list[list[Block]]:
    """The form of every site supplied, in the order of the plan."""
    entries = {tuple(entry["parcel_ids"]): entry for entry in source.plan["assignments"]}
    return [
        review_sheet(source, record, entries[tuple(record["parcel_ids"])], lang)
        for record in source.plan["justification"]
        if record["kind"] == "assignment"
    ]


def joined_sheets(parts: list[list[Block]]) -> list[Block]:
    """Forms one after the other, a page each."""
    found: list[Block] = []
    for part in parts:
        found += [PAGE, *part] if found else part
    return found
