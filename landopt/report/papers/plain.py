"""Names from outside made harmless for documents: no control characters, no hidden turns of the writing direction."""

from __future__ import annotations

import re

from parcels.common.visible import visible

_BLANK = re.compile(r"[\t\n]")
CELL = 32_000
"""The longest text a cell or paragraph carries; Excel's own limit is 32,767."""


def plain(text: str) -> str:
    r"""The text with every acting character made visible (:func:`parcels.common.visible.visible`); lines, tabs stay.

    >>> plain("a\u202eb") == "a\\u202eb"
    True
    """
    return visible(text)


def one_line(text: str, longest: int = CELL) -> str:
    """The text as :func:`plain` on one line, cut with an ellipsis at ``longest`` characters."""
    flat = _BLANK.sub(" ", plain(text))
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def several_lines(text: str, longest: int = CELL) -> str:
    """The text as :func:`plain`, cut with an ellipsis at ``longest`` characters."""
    flat = plain(text)
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"
