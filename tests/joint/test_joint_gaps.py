"""Which cities are decided again: those whose own gaps are largest, until all together leave room for the mix."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from landopt.joint.choose import Candidate, Effort
from landopt.joint.prices import Prices
from landopt.joint.run import APART, LEFT, _Decided, _Known

GAP, WORTH, SCALE = Fraction(1, 200), 1_000_000, 10


def _known(shorts: list[int]) -> list[_Known]:
    plan = Candidate(np.array([0]), WORTH, (0,))
    return [_Known(f"c{k}", Path(), f"k{k}", plan, plans=[plan], short=SCALE * each) for k, each in enumerate(shorts)]


class Bare(_Decided):
    """Decided at prices before; being decided again brings a city to a part of its gap."""

    def __init__(self, shorts: list[int], comes_to: Fraction) -> None:
        self.effort, self.known = Effort(GAP), _known(shorts)
        self.prices = Prices((0,), SCALE, True, 1)
        self.comes_to, self.asked = comes_to, list[str]()

    def _decide(self, ones: Sequence[_Known], gap: Fraction) -> None:
        assert gap == GAP
        for one in ones:
            self.asked.append(one.name)
            one.short = min(one.short, int(self.comes_to * GAP * SCALE * WORTH))


@pytest.mark.parametrize("comes_to", [Fraction(1, 10), Fraction(1, 2), Fraction(1)])
@pytest.mark.parametrize(
    "shorts", [[100, 9_000, 200, 6_000], [9_900] * 8, [0] * 5, [4_900] * 6, [10_000, 0, 0, 0, 0, 0]]
)
def test_the_widest_are_decided_again_and_no_more_than_needed(shorts: list[int], comes_to: Fraction) -> None:
    """Each at most once, the widest first, none where all keep to it; at the end they do, or all were asked."""
    room = (1 - min(LEFT, Fraction(APART, len(shorts)))) * GAP * SCALE * WORTH * len(shorts)
    bare = Bare(shorts, comes_to)
    bare._tightened()
    order = sorted(range(len(shorts)), key=lambda k: (-shorts[k], k))
    assert bare.asked == [f"c{k}" for k in order[: len(bare.asked)]]
    assert sum(one.short for one in bare.known) <= room or len(bare.asked) == len(shorts)
    if SCALE * sum(shorts) <= room:
        assert not bare.asked
    elif comes_to <= Fraction(1, 2):  # without the last group it would not have done
        assert sum(one.short for one in bare.known) <= room
        assert SCALE * sum(shorts[k] for k in order[1:]) > room or len(bare.asked) == 1


def test_many_cities_leave_less_to_the_mix() -> None:
    """Gaps too wide for eight cities are not for two hundred: the mix costs a few cities a part, not all a fifth."""
    few, many = Bare([4_300] * 8, Fraction(1, 10)), Bare([4_300] * 200, Fraction(1, 10))
    few._tightened()
    many._tightened()
    assert few.asked
    assert not many.asked
    wide = Bare([4_900] * 200, Fraction(1, 10))
    wide._tightened()
    assert wide.asked
