"""A gap as it is printed."""

from __future__ import annotations

import pytest

from constraints.audit.certificate.proof import gap_text


@pytest.mark.parametrize(
    ("bound", "objective", "text"),
    [
        (100, 100, "0.000000"),
        (101, 100, "0.010000"),
        (3_000_001, 3_000_000, "0.000001"),
        (-99, -100, "0.010000"),
        (0, 0, "0.000000"),
        (1, 0, "1.000000"),
        (99, 100, "-0.010000"),
    ],
)
def test_gap_rounds_up(bound: int, objective: int, text: str) -> None:
    """The gap is never understated."""
    assert gap_text(bound, objective) == text
