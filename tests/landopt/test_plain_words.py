"""Words of a step of the order of ties."""

from __future__ import annotations

import pytest

from landopt.reasons.words import tie_step


@pytest.mark.parametrize(
    ("step", "lang", "said"),
    [
        ("lot", "zh", "公开抽签"),
        ("lot", "en", "a public lot"),
        ("-area_m2", "zh", "面积由大到小"),
        ("area_m2", "en", "area, smaller first"),
    ],
)
def test_a_step_of_the_order_of_ties_is_told_by_its_title(step: str, lang: str, said: str) -> None:
    """Neither the name of a field nor its sign reaches the reader."""
    assert tie_step(step, lang) == said
