"""Names from outside made harmless for documents: no control characters, no hidden turns of the writing direction."""

from __future__ import annotations

import re

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)
_BLANK = re.compile(r"[\t\n]")
CELL = 32_000
"""The longest text a cell or paragraph carries; Excel's own limit is 32,767."""


def plain(text: str) -> str:
    r"""The text with control, invisible and direction-turning characters shown as U+FFFD; lines and tabs stay.

    >>> plain("a\u202eb") == "a\ufffdb"
    True
    """
    return _HIDDEN.sub("\ufffd", text)


def one_line(text: str, longest: int = CELL) -> str:
    """The text as :func:`plain` on one line, cut with an ellipsis at ``longest`` characters."""
    flat = _BLANK.sub(" ", plain(text))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def several_lines(text: str, longest: int = CELL) -> str:
    """The text as :func:`plain`, cut with an ellipsis at ``longest`` characters."""
    flat = plain(text)
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
