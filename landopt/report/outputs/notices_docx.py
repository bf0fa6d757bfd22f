"""Drafts of the public notices, and a sheet that says where each sentence comes from."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """The drafts, whose properties tell the round and no number of a plan, and their sources."""
    from landopt.report.papers.notices import notices, provenance
    from landopt.report.papers.word import write_word

    source, case = order.source, order.source.plan["case"]
    public, as_of = str(case["title"]["zh"]), case["as_of"]
    write_word(folder / "notices-draft.docx", notices(source, order.lang), order.lang, title=public, as_of=as_of)
    told, title = provenance(source, order.lang), source.plan["plan_id"]
    write_word(folder / "notices-sources.docx", told, order.lang, title=title, as_of=as_of)


OUTPUT = Output(
    kind="notices",
    place=50,
    help=("Drafts of supply notices and of publications for agreement.", "供地公告和协议出让公示的草稿。"),
    files=("notices",),
    write=write,
    needs=("docxtpl", "word"),
)
