"""The proposal, the review sheets and the technical annex as PDF."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """A document each."""
    from landopt.report.papers.documents import papers
    from landopt.report.papers.pdf import write_pdf
    from landopt.report.papers.review_sheet import plan_mark

    title, foot = order.source.plan["plan_id"], plan_mark(order.source, order.lang)
    for name, blocks in papers(order.source, order.lang):
        write_pdf(folder / f"{name}.pdf", blocks, order.lang, title=title, foot=foot)


OUTPUT = Output(
    kind="pdf",
    place=40,
    help=("The review sheets as PDF.", "审查意见表（PDF）。"),
    files=("proposal", "review-sheets", "technical-annex"),
    write=write,
    needs=("typst", "pdf"),
)
