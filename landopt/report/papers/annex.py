"""Notes that several review sheets share: in full once at the end of the document, by number in each sheet.

Nothing is lost: a note keeps its text, citation and grade; one that only a single sheet has stays in that sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from landopt.report.papers.blocks import PAGE, Block
from parcels.common.catalogue import listed, phrase


def joined(sheets: Sequence[Sequence[Block]], lang: str) -> list[Block]:
    """The sheets of one document, a page each, and the annex of the notes they share."""
    prefix = phrase("paper.note-begins", lang)
    count = Counter(text for sheet in sheets for text in {block.text for block in sheet if _note(block, prefix)})
    numbers: dict[str, int] = {}
    for sheet in sheets:
        for block in sheet:
            if _note(block, prefix) and count[block.text] > 1:
                numbers.setdefault(block.text, len(numbers) + 1)
    found: list[Block] = []
    for sheet in sheets:
        found += [PAGE, *_referring(sheet, numbers, lang)] if found else _referring(sheet, numbers, lang)
    return [*found, *_annex(numbers, lang)]


def _note(block: Block, prefix: str) -> bool:
    return block.kind == "item" and block.text.startswith(prefix)


def _referring(sheet: Sequence[Block], numbers: dict[str, int], lang: str) -> list[Block]:
    """A sheet with one line in place of the notes that stand in the annex."""
    shared = [numbers[block.text] for block in sheet if block.text in numbers]
    found: list[Block] = []
    told = False
    for block in sheet:
        if block.text not in numbers:
            found.append(block)
        elif not told:
            told = True
            found.append(Block("item", phrase("paper.see-notes", lang, spans=spans_of(shared, lang))))
    return found


def _annex(numbers: dict[str, int], lang: str) -> list[Block]:
    if not numbers:
        return []
    cut = len(phrase("paper.note-begins", lang))
    items = [
        Block("item", phrase("paper.note", lang, number=number, text=text[cut:])) for text, number in numbers.items()
    ]
    said = phrase("paper.notes-said", lang)
    return [PAGE, Block("title", phrase("paper.notes", lang)), Block("body", said), *items]


def spans_of(numbers: Iterable[int], lang: str) -> str:
    """Numbers in order, with spans for three or more in a row: ``1, 3-5``."""
    order = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in order:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts = []
    for run in runs:
        parts += (
            [phrase("paper.span", lang, first=run[0], last=run[-1])]
            if len(run) > 2
            else [str(number) for number in run]
        )
    return listed(parts, lang)
