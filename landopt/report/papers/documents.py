"""What the documents say: the proposal of the round, the review sheets, the technical annex. All from the plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from landopt.keeping.ledger.adoption_paper import read_adoption
from landopt.reasons import words
from landopt.reasons.law_words.pack_words import late_lines, packs_line
from landopt.reasons.texts import render_proposal
from landopt.report.papers.annex import joined
from landopt.report.papers.blocks import Block, of_text, table
from landopt.report.papers.plain import one_line
from landopt.report.papers.review_sheet import joined_sheets, plan_mark, review_values, sheets
from landopt.report.papers.templates.fields import Value, Values, place, whole, wording
from landopt.report.source import Source
from parcels.common.catalogue import listed, phrase

PER_FILE = 500
"""Review sheets a file: larger ones open slowly in Word."""


def whole_values(source: Source, lang: str) -> dict[str, Value]:
    """What any paper of the plan may say once: round, authority, day, plan, check code and the line of its foot."""
    plan = source.plan
    return {
        "title": one_line(plan["case"]["title"][lang], 300),
        "authority": one_line(source.case.round.authority, 120),
        "day": words.date(plan["case"]["as_of"], lang),
        "plan": plan["plan_id"],
        "code": plan["case"]["digest"][:16],
        "mark": plan_mark(source, lang),
    }


def proposal_values(source: Source, lang: str) -> dict[str, Value]:
    """The supply proposal of the round: the plan as a whole, the methods, the sites."""
    plan, draft, adopted = source.plan, "", read_adoption(source.folder)
    if plan["case"]["overlays"]:
        draft = phrase("paper.scenario", lang, names=one_line(", ".join(plan["case"]["overlays"]), 300))
    heads = _heads(("method", "cases", "parcels-of", "area", "start-price"), lang)
    return {
        "draft": draft,
        "text": [
            *of_text(f"{plan['case']['title'][lang]}\n{render_proposal(plan, source.case, lang)}")[1:],
            *([] if adopted is None else [Block("body", one_line(adopted.line(lang), 600))]),
        ],
        "methods": [table([heads, *_method_lines(source.whole, lang)], (30, 12, 12, 20, 26))],
        "sites": [_sites(source, lang)],
    }


def proposal(source: Source, lang: str) -> list[Block]:
    """The proposal as blocks, for PDF."""
    said, title = proposal_values(source, lang), source.plan["case"]["title"][lang]
    mark = next(place(field, lang) for field in whole() if field.key == "title")
    blocks = [Block("title", one_line(wording("proposal", "title", lang)[0].replace(mark, title), 300))]
    if said["draft"]:
        blocks.append(Block("draft", str(said["draft"])))
    blocks += _blocks(said["text"])
    for heading, key in zip(wording("proposal", "tables", lang), ("methods", "sites"), strict=True):
        blocks += [Block("heading", heading), *_blocks(said[key])]
    day = words.date(source.plan["case"]["as_of"], lang)
    return [*blocks, Block("sign", one_line(f"{source.case.round.authority}　　{day}".strip(), 300))]


def _blocks(value: Value) -> list[Block]:
    return [] if isinstance(value, str) else list(value)


def _ten_thousand(yuan: int) -> str:
    return words.decimal(yuan, 4)


def _method_lines(whole: Mapping[str, Any], lang: str) -> Iterator[tuple[str, ...]]:
    lines = whole["methods"]
    for line in lines:
        yield (
            words.word("method", line["method"], lang),
            str(line["assignments"]),
            str(line["parcels"]),
            words.hectares(line["area_m2"]),
            _ten_thousand(line["start_price_yuan"]),
        )
    sums = {
        name: sum(line[name] for line in lines) for name in ("assignments", "parcels", "area_m2", "start_price_yuan")
    }
    yield (
        phrase("paper.sum", lang),
        str(sums["assignments"]),
        str(sums["parcels"]),
        words.hectares(sums["area_m2"]),
        _ten_thousand(sums["start_price_yuan"]),
    )


def _heads(names: Sequence[str], lang: str) -> tuple[str, ...]:
    return tuple(phrase(f"paper.head.{name}", lang) for name in names)


def _sites(source: Source, lang: str) -> Block:
    """The sites of the plan; in a round of several periods with the period of each."""
    several = len(source.case.round.periods) > 1
    names = ("number", "parcels", "platform", "use", "area", "term", "method", *(("period",) if several else ()))
    widths = (6, 17, 20, 14, 12, 8, 15, 12) if several else (7, 21, 24, 15, 13, 8, 14)
    return table([_heads(names, lang), *_site_lines(source, lang, several=several)], widths)


def _site_lines(source: Source, lang: str, *, several: bool) -> Iterator[tuple[str, ...]]:
    for number, entry in enumerate(source.plan["assignments"], 1):
        platform = source.platforms.get(entry["demand_id"] or "", {}).get("name")
        yield (
            str(number),
            "+".join(entry["parcel_ids"]),
            phrase("paper.market", lang)
            if entry["demand_id"] is None
            else f"{entry['demand_id']} {one_line(platform or '', 120)}",
            listed((words.word("use", use, lang) for use in entry["use"].split(";")), lang),
            words.hectares(entry["area_m2"]),
            str(entry["term_years"] or "-"),
            words.word("method", entry["method"], lang),
            *((words.period(entry["period"] or "", lang),) if several else ()),
        )


def review_sheets(source: Source, lang: str) -> list[list[Block]]:
    """A form of one page for each site supplied, in files of at most :data:`PER_FILE`."""
    forms = sheets(source, lang)
    return [joined_sheets(forms[start : start + PER_FILE]) for start in range(0, len(forms), PER_FILE)]


def technical_annex(source: Source, lang: str) -> list[list[Block]]:
    """The reasons at length, a part for each site, in files of at most :data:`PER_FILE`; shared notes once a file."""
    whole = of_text(source.texts[lang][source.plan["justification"].index(source.whole)])
    packs = packs_line(source.case, lang)
    whole[1:1] = [Block("item", line) for line in (*late_lines(source.case, lang), *([packs] if packs else []))]
    parts = [
        _sheet(source, place, lang)
        for place, record in enumerate(source.plan["justification"])
        if record["kind"] == "assignment"
    ]
    files = [parts[start : start + PER_FILE] for start in range(0, len(parts), PER_FILE)] or [[]]
    return [joined([whole, *files[0]], lang), *(joined(file, lang) for file in files[1:])]


def _sheet(source: Source, place: int, lang: str) -> list[Block]:
    plan = source.plan
    blocks = of_text(source.texts[lang][place])
    mark = phrase("paper.sheet-mark", lang, plan=plan["plan_id"], code=plan["case"]["digest"][:16])
    return [
        blocks[0],
        *[Block("subtitle", block.text) for block in blocks[1:2] if block.kind == "subtitle"],
        Block("subtitle", mark),
        *blocks[2 if len(blocks) > 1 and blocks[1].kind == "subtitle" else 1 :],
    ]


@dataclass(frozen=True, slots=True)
class WordPaper:
    """A Word document: its file name, its template, and what fills the places of it (once, and for each site)."""

    name: str
    template: str
    whole: Values
    parts: Sequence[Values] = ()


def word_papers(source: Source, lang: str) -> Iterator[WordPaper]:
    """The proposal, the review sheets and the technical annex, as values of their templates."""
    once = whole_values(source, lang)
    yield WordPaper("proposal", "proposal", once | proposal_values(source, lang))
    entries = review_values(source, lang)
    files = [entries[start : start + PER_FILE] for start in range(0, len(entries), PER_FILE)]
    for name, parts in _numbered("review-sheets", files):
        yield WordPaper(name, "review-sheet", once, parts)
    for name, blocks in _numbered("technical-annex", technical_annex(source, lang)):
        yield WordPaper(name, "technical-annex", once | {"text": blocks})


def papers(source: Source, lang: str) -> list[tuple[str, list[Block]]]:
    """The proposal, the review sheets and the technical annex with their reasons at length, by file name, for PDF."""
    return [
        ("proposal", proposal(source, lang)),
        *_numbered("review-sheets", review_sheets(source, lang)),
        *_numbered("technical-annex", technical_annex(source, lang)),
    ]


def _numbered[T](name: str, files: Sequence[T]) -> list[tuple[str, T]]:
    """A name for each of several files; a single one keeps the plain name."""
    if len(files) == 1:
        return [(name, files[0])]
    return [(f"{name}-{number:02d}", each) for number, each in enumerate(files, 1)]
