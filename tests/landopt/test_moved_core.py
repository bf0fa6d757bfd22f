"""The core under moved numbers against every plan of the moved round by enumeration."""

from __future__ import annotations

from random import Random

import pytest

from landopt.intake.overlay import apply_sets
from landopt.reasons.explain.context import Context
from landopt.reasons.proven.core import core
from landopt.reasons.proven.moved_core import moved_core
from landopt.reasons.proven.whatif import Proven
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from tests.landopt.decided import context_of, decided, planned, plans
from tests.landopt.test_core import _holds
from tests.landopt.test_whatif import _sets

SEEDS = planned(14)


@pytest.mark.parametrize("within", ["0", "3%", "20%"])
@pytest.mark.parametrize("gap", ["0", "0.2"])
def test_no_state_contradicts_enumeration_of_the_moved_round(gap: str, within: str) -> None:
    """Amounts, shares and penalties moved: core stands in every plan that reaches the threshold, out in none."""
    said = known = 0
    for seed in SEEDS:
        round_, offers, outcome = decided(seed, gap)
        context, _ = context_of(round_, offers, outcome)
        proven, draw = Proven(context), Random(seed)
        for _ in range(4):
            sets = _sets(draw, round_)
            try:
                case = apply_sets(round_, sets) if sets else round_
            except Refused:
                continue
            found = moved_core(proven, sets, within)
            if found.core is None:
                continue
            again = build_offers(case)
            moved = Context(case, again, ())
            near = [plan for worth, plan in plans(again) if worth[0] >= found.core.threshold]
            assert not (found.empty and near), (seed, sets)
            for choice in found.core.choices:
                held = [_holds(moved, plan, choice) for plan in near]
                if held and choice.state != "open":
                    assert all(held) if choice.state == "core" else not any(held), (seed, sets, choice)
                    known += 1
            said += 1
    assert said
    assert known


def test_without_a_change_it_is_the_core() -> None:
    """The same states as of the round as it is."""
    for seed in SEEDS[:6]:
        context, _ = context_of(*decided(seed))
        found = moved_core(Proven(context), (), "3%")
        assert found.holds
        assert not found.empty
        assert found.core is not None
        assert found.core.choices == core(context, "3%").choices
