"""Notes that several review sheets share: in full once at the end of the document, by number in each sheet.

Nothing is lost: a note keeps its text, citation and grade; one that only a single sheet has stays in that sheet.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from landopt.report.papers.blocks import PAGE, Block

PREFIX = {"zh": "提示：", "en": "Note: "}
"""How a note begins in the text of a sheet."""


def joined(sheets: Sequence[Sequence[Block]], lang: str) -> list[Block]:
    """The sheets of one document, a page each, and the annex of the notes they share."""
    prefix = PREFIX[lang]
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
            spans = spans_of(shared, lang)
            zh = f"提示：另适用文末附注 {spans}（全文、出处和核实等级见附注）。"
            en = f"Note: notes {spans} of the annex apply (text, citation and grade there)."
            found.append(Block("item", zh if lang == "zh" else en))
    return found


def _annex(numbers: dict[str, int], lang: str) -> list[Block]:
    if not numbers:
        return []
    cut = len(PREFIX[lang])
    label = "附注" if lang == "zh" else "Note"
    items = [
        Block("item", f"{label} {number}{'　' if lang == 'zh' else '. '}{text[cut:]}")
        for text, number in numbers.items()
    ]
    said = "以下各条由所列审查意见表按编号引用。" if lang == "zh" else "The sheets refer to these notes by number."
    return [
        PAGE,
        Block("title", "附注：通用提示" if lang == "zh" else "Annex: general notes"),
        Block("body", said),
        *items,
    ]


def spans_of(numbers: Iterable[int], lang: str) -> str:
    """Numbers in order, with spans for three or more in a row: ``1, 3-5``."""
    order = sorted(set(numbers))
    runs: list[list[int]] = []
    for number in order:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    dash, comma = ("—", "、") if lang == "zh" else ("-", ", ")
    parts = []
    for run in runs:
        parts += [f"{run[0]}{dash}{run[-1]}"] if len(run) > 2 else [str(number) for number in run]
    return comma.join(parts)
