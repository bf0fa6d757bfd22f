"""A document as a row of blocks, the same for Word and for PDF: titles, headings, text, tables, page breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from landopt.report.papers.plain import one_line


@dataclass(frozen=True, slots=True)
class Block:
    """One block. ``kind``: title, subtitle, heading, body, item, draft, table, sign, form or page.

    A table has ``rows`` of cells, the first the headings, and ``widths`` in relative parts; a form has rows of label
    and content in turn.
    """

    kind: str
    text: str = ""
    rows: tuple[tuple[str, ...], ...] = ()
    widths: tuple[int, ...] = ()


PAGE = Block("page")
_RUN_IN = re.compile(r"^([一二三四五六七八九十]+、[^。]{1,12}。|\d+\. [A-Z][^.]{1,48}\.|Parcel\.)\s*(.*)$")
_SIGNED = ("经办人：", "Prepared by")


def table(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> Block:
    """A table; the first row holds the headings."""
    return Block("table", "", tuple(tuple(one_line(cell, 2000) for cell in row) for row in rows), tuple(widths))


def of_text(text: str) -> list[Block]:
    """The text of a justification as blocks: its first line a title, numbered lines headings, the rest text."""
    lines = text.rstrip("\n").split("\n")
    head, _, rest = lines[0].partition("　" if "　" in lines[0] else " - ")
    found = [Block("title", one_line(head, 400))]
    if rest:
        found.append(Block("subtitle", one_line(rest, 800)))
    for line in lines[1:]:
        flat = one_line(line.strip(" 　"))
        if not flat:
            continue
        cut = _RUN_IN.match(flat)
        if flat.startswith(_SIGNED):
            found.append(Block("sign", flat))
        elif cut:
            found.append(Block("heading", cut[1].rstrip("。") if "、" in cut[1] else cut[1]))
            if cut[2]:
                found.append(Block("body", cut[2]))
        else:
            found.append(Block("item" if line[:1] in (" ", "　") else "body", flat))
    return found
