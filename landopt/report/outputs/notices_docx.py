"""Drafts of the public notices, and a sheet that says where each figure comes from."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The drafts, whose properties tell the round and no number of a plan, and their sources."""
    from landopt.report.papers.documents import whole_values
    from landopt.report.papers.notices import provenance, word_notices
    from landopt.report.papers.word import write_word
    from landopt.report.public import PublicSource
    from landopt.report.source import Source

    public_edition = isinstance(order.source, PublicSource)
    source = Source(order.source.found)  # a notice tells the starting price, which a plan that is published does not
    case, lang = source.plan["case"], order.lang
    public, as_of = str(case["title"][lang]), case["as_of"]
    for paper in word_notices(source, lang):
        write_word(
            folder / f"{paper.name}.docx",
            paper.template,
            paper.whole,
            lang,
            title=public,
            as_of=as_of,
            parts=paper.parts,
            given=order.templates.get(paper.template),
        )
    if public_edition:
        return
    told = whole_values(source, lang) | {"text": provenance(source, lang)}
    title = source.plan["plan_id"]
    write_word(folder / "notices-sources.docx", "technical-annex", told, lang, title=title, as_of=as_of)


OUTPUT = Output(
    kind="notices",
    place=50,
    help=("Drafts of supply notices and of publications for agreement.", "供地公告和协议出让公示的草稿。"),
    files=("notices",),
    write=write,
    public=True,
    needs=("docx", "word"),
)
