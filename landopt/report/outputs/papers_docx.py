"""The proposal, the review sheets and the technical annex for Word."""

from __future__ import annotations

from pathlib import Path

from landopt.report.output import Order, Output


def write(folder: Path, order: Order) -> None:
    """A document each."""
    from landopt.report.papers.documents import word_papers
    from landopt.report.papers.word import write_word

    title, as_of = order.source.plan["plan_id"], order.source.plan["case"]["as_of"]
    for paper in word_papers(order.source, order.lang):
        write_word(
            folder / f"{paper.name}.docx",
            paper.template,
            paper.whole,
            order.lang,
            title=title,
            as_of=as_of,
            parts=paper.parts,
            given=order.templates.get(paper.template),
        )


OUTPUT = Output(
    kind="docx",
    place=30,
    help=("The proposal and a review sheet per parcel, for Word.", "供地方案和逐宗审查意见表（Word）。"),
    files=("proposal", "review-sheets", "technical-annex"),
    write=write,
    needs=("docx", "word"),
)
