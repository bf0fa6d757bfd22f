"""How many cases run where: some by default, a tenth of a large count in CI (``-m slow``), all by ``make long``."""

from __future__ import annotations

import os
from typing import Any

import pytest

WHOLE = bool(os.environ.get("LANDOPT_LONG"))
"""True under ``make long``: every case of every count."""
LARGE = 200
"""A count above this runs whole by ``make long`` only."""


def seeds(fast: int, whole: int, first: int = 0, each: int = 1) -> list[Any]:
    """The seeds from ``first``: ``fast`` by default, the others under -m slow, a tenth in all of a large count.

    ``each`` is how many cases one seed holds: the count that may be large is that of all cases.
    """
    count = whole if WHOLE or whole * each <= LARGE else max(fast, whole // 10)
    return [
        *range(first, first + fast),
        *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(first + fast, first + count)),
    ]
