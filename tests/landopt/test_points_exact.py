"""Points are exact whole numbers whatever their size: the arrays where int64 has room, whole numbers beyond."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from landopt.screening.judging.points import scaled

ROOM = 2**62
NEAR = (ROOM - 1, ROOM, ROOM + 1)


@pytest.mark.parametrize("times", [*NEAR, -ROOM, 3, 7])
@pytest.mark.parametrize("parts", [1, 3, *NEAR])
def test_floor_of_a_product_at_the_edge_of_int64(times: int, parts: int) -> None:
    """floor(value x factor) of values of one sign and of both, where a product in int64 would wrap around."""
    factor = Fraction(times, parts)
    for most in (0, 1, 2, ROOM // 7, ROOM // 3, ROOM // 3 + 1):
        for values in ([most], [-most], [most, -most], [-most, 1]):
            exact = [value * factor.numerator // factor.denominator for value in values]
            if max(map(abs, exact)) < 2**63:
                assert scaled(np.array(values, np.int64), factor).tolist() == exact


def test_nothing_and_a_weight_of_nothing_are_0() -> None:
    """No offers, and offers of a part that does not count."""
    assert scaled(np.array([], np.int64), Fraction(5)).tolist() == []
    assert scaled(np.array([3, -4], np.int64), Fraction(0)).tolist() == [0, 0]
