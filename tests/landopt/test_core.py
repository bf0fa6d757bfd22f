"""Core and out against every plan of small rounds by enumeration."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from landopt.reasons.clock import Clock
from landopt.reasons.explain.context import Context
from landopt.reasons.proven.core import Choice, Core, allowed, core
from landopt.reasons.resolved.core_exact import settle
from parcels.common.issues import Refused
from tests.counts import WHOLE
from tests.landopt.decided import context_of, decided, planned, plans

SEEDS = planned(14)
WITHIN = ("0", "0.5%", "3%", "20%", "40")


def _holds(context: Context, plan: tuple[int, ...], choice: Choice) -> bool:
    offers = context.offers
    for offer in plan:
        ids, who = context.ids(offer), context.demand_id(offer)
        method = context.methods[int(offers.method[offer])]
        hit = {
            "parcel": set(choice.parcel_ids) <= set(ids),
            "platform": who == choice.demand_id,
            "method": set(choice.parcel_ids) <= set(ids) and method == choice.method,
            "assignment": (ids, who, method) == (choice.parcel_ids, choice.demand_id, choice.method),
        }[choice.kind]
        if hit:
            return True
    return False


def _true(context: Context, found: Core) -> dict[int, str]:
    """The true state of every choice: over all plans that reach the threshold."""
    within = [plan for worth, plan in plans(context.offers) if worth[0] >= found.threshold]
    assert within
    states = {}
    for number, choice in enumerate(found.choices):
        held = [_holds(context, plan, choice) for plan in within]
        states[number] = "core" if all(held) else "open" if any(held) else "out"
    return states


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("gap", ["0", "0.2"])
def test_no_state_contradicts_enumeration(gap: str, within: str) -> None:
    """What is called core stands in every plan that reaches the threshold, what is called out in none."""
    for seed in SEEDS:
        round_, offers, outcome = decided(seed, gap)
        context, _ = context_of(round_, offers, outcome)
        found = core(context, within)
        true = _true(context, found)
        for number, choice in enumerate(found.choices):
            assert choice.state in ("open", true[number]), (seed, choice, true[number])


def test_most_true_states_are_found() -> None:
    """Four of five states that are core or out are proved, over the rounds, from prices, rows and trees alone."""
    _mostly(SEEDS)


@pytest.mark.slow
def test_most_true_states_are_found_in_many_rounds() -> None:
    """The same over 300 rounds by ``make long``, a tenth of them among the slow; none contradicts enumeration."""
    _mostly(planned(300 if WHOLE else 30))


def _mostly(seeds: Sequence[int]) -> None:
    proved = known = 0
    for seed in seeds:
        round_, offers, outcome = decided(seed)
        context, _ = context_of(round_, offers, outcome)
        for within in WITHIN[:3]:
            found = core(context, within)
            for number, state in _true(context, found).items():
                assert found.choices[number].state in ("open", state), (seed, within, number)
                known += state != "open"
                proved += state != "open" and found.choices[number].state == state
    assert proved >= 0.8 * known


@pytest.mark.parametrize("within", WITHIN)
@pytest.mark.parametrize("gap", ["0", "0.2"])
def test_exact_finds_every_true_state(gap: str, within: str) -> None:
    """Solved again, every state is that of enumeration; without time only what the prices prove is told."""
    for seed in SEEDS[:7]:
        round_, offers, outcome = decided(seed, gap)
        context, _ = context_of(round_, offers, outcome)
        found = core(context, within)
        settled = settle(context, found, Clock())
        assert settled.exact
        true = _true(context, settled)
        assert {number: choice.state for number, choice in enumerate(settled.choices)} == true
        early = settle(context, found, Clock(0))
        assert early.exact == (not any(choice.state == "open" for choice in found.choices))
        assert early.choices == found.choices


def test_the_loss_allowed_is_per_cent_points_or_the_gap() -> None:
    """Per cent of the objective, points, or by default what the proof leaves open; anything else is refused."""
    assert allowed("0.5%", 1_000_000, 0) == 5_000
    assert allowed("12.5", 1_000_000, 0) == 12_500
    assert allowed(None, 1_000, 1_400) == 400
    assert allowed("1％", -200_000, 0) == 2_000
    for wrong in ("", "-1", "1/0", "much"):
        with pytest.raises(Refused, match="neither per cent nor points"):
            allowed(wrong, 1, 1)
