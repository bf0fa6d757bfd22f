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
from landopt.reasons.texts import render_notice
from landopt.report.papers.blocks import PAGE, Block, table
from landopt.report.papers.plain import one_line
from landopt.report.papers.review_sheet import plan_mark
from landopt.report.source import Source

_TEXT: dict[str, dict[str, tuple[str, str]]] = {
    "zh": {
        "competition": (
            "国有建设用地使用权{method}公告",
            "经〔批准机关、文号待填〕批准，{authority}拟以{method}方式供应下列地块的国有建设用地使用权，现将有关事项公告如下。",
        ),
        "agreement": (
            "国有建设用地使用权协议出让意向公示",
            "{authority}拟以协议方式出让下列地块的国有建设用地使用权，现予公示。公示期内有其他意向用地者的，依法改以公开竞价方式供应。",
        ),
        "allocation": (
            "国有建设用地使用权划拨公示",
            "{authority}拟以划拨方式供应下列地块的国有建设用地使用权，现予公示。",
        ),
    },
    "en": {
        "competition": (
            "Notice of supply of state land by {method}",
            "Subject to approval [authority and number to be filled in], {authority} intends to supply the following "
            "land by {method}.",
        ),
        "agreement": (
            "Display of an intended grant by agreement",
            "{authority} intends to grant the following land by agreement and displays this. If another applicant "
            "comes forward in that time, the land is supplied by open competition.",
        ),
        "allocation": (
            "Display of an intended allocation",
            "{authority} intends to allocate the following land and displays this.",
        ),
    },
}
_KINDS = {"agreement": "agreement", "alloc": "allocation"}
"""The kind of draft by the mode of a paid method, or by the right of one that is not."""
_DRAFT = {
    "zh": "草稿（由方案生成，未经核定，不得对外发布）",
    "en": "DRAFT made from the plan: not approved, not for publication",
}
_HEADS = {"zh": ("项目", "内容", "数据出处"), "en": ("Item", "Content", "Where the figure stands")}
_NONE = {"zh": "本方案没有供应宗地。", "en": "No site is supplied by this plan."}


@dataclass(frozen=True, slots=True)
class Notice:
    """The draft of one site: what kind it is, its method, and rows of item, content and place of the figure."""

    kind: str
    method: str
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
        rows = render_notice(record, source.plan["assignments"][place], lang, given)
        yield Notice(kind, words.word("method", record["method"], lang), tuple(rows))


def notices(source: Source, lang: str) -> list[Block]:
    """The drafts, a page each: item and content, nothing else."""
    found: list[Block] = []
    authority = one_line(source.case.round.authority, 120)
    for notice in drafts(source, lang):
        title, opening = _TEXT[lang][notice.kind]
        said = {"method": notice.method, "authority": authority}
        found += [PAGE] if found else []
        found += [
            Block("draft", _DRAFT[lang]),
            Block("title", title.format(**said)),
            Block("body", opening.format(**said)),
            table([_HEADS[lang][:2], *((label, content) for label, content, _ in notice.rows)], (32, 68)),
            Block("sign", f"{authority}　　　　年　月　日" if lang == "zh" else f"{authority}   date"),
        ]
    return found or [Block("body", _NONE[lang])]


def provenance(source: Source, lang: str) -> list[Block]:
    """Where each figure of the drafts stands in the plan: for the file of the office, not for the public."""
    title = "公告、公示数据出处" if lang == "zh" else "Where the figures of the drafts stand"
    found = [Block("title", title), Block("subtitle", plan_mark(source, lang))]
    for notice in drafts(source, lang):
        rows = [row for row in notice.rows if row[2]]
        found.append(table([_HEADS[lang], *rows], (24, 40, 36)))
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
        f"{'' if lang == 'en' or '《' in cite['doc'] else '《'}{cite['doc']}"
        f"{'' if lang == 'en' or '《' in cite['doc'] else '》'}{' ' if lang == 'en' else ''}{cite['article']}"
        for cite in cites
    ]
    return ("；" if lang == "zh" else "; ").join(dict.fromkeys(named))
