"""Proven losses, exact intervals and k-best plans against complete enumeration of small rounds."""

from __future__ import annotations

import copy
from fractions import Fraction
from functools import cache

import numpy as np
import pytest

from constraints.case import Case
from landopt.reasons.alternatives import alternatives, recurrence, value
from landopt.reasons.explain.law import Law
from landopt.reasons.explain.nearest import nearest_fact
from landopt.reasons.resolved.forced import exact, interval
from landopt.reasons.whynot import find, whynot
from landopt.screening.offers import Offers
from landopt.solving.solver import Outcome, solve
from parcels.common.issues import Refused
from tests.builders import case, demand, eligibility, parcel
from tests.landopt.decided import context_of, decided, offers_of, planned, plans

SEEDS = planned(8)
FEW = [*SEEDS[:2], *(pytest.param(seed, marks=pytest.mark.slow) for seed in SEEDS[2:5])]


def _best_with(
    offers: object, offer: int, every: list[tuple[tuple[int, ...], tuple[int, ...]]]
) -> tuple[int, ...] | None:
    return next((worth for worth, plan in every if offer in plan), None)


@pytest.mark.parametrize("gap", ["0", "0.2"])
@pytest.mark.parametrize("seed", SEEDS)
def test_proven_loss_never_exceeds_the_true_loss(seed: int, gap: str) -> None:
    """For every offer, in every tier, the proven loss is at most what the best plan with it really loses."""
    round_, offers, outcome = decided(seed, gap)
    context, _ = context_of(round_, offers, outcome)
    found = context.losses
    assert found is not None
    every = plans(offers)
    reached = value(offers, context.chosen)
    for offer in range(len(offers)):
        for tier, column in enumerate(found.tiers):
            rest = [w[tier] for w, plan in every if offer in plan and all(w[j] >= reached[j] for j in range(tier))]
            if rest:
                assert column[offer] <= max(0, reached[tier] - max(rest)), (offer, tier)


@pytest.mark.parametrize("seed", SEEDS)
def test_chosen_offers_have_no_proven_loss(seed: int) -> None:
    """What the plan takes costs nothing, and leaving it costs at least what is proved."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    assert context.losses is not None
    every = plans(offers)
    reached = value(offers, context.chosen)
    for offer in context.chosen:
        assert context.losses.of(offer) == (0, 0)
        without = [worth[0] for worth, plan in every if offer not in plan]
        if without and len(reached) == 1:
            assert context.losses.leaving[offer] <= reached[0] - max(without)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("seed", FEW)
def test_exact_interval_holds_the_true_loss_and_the_proven_one(seed: int, full: bool) -> None:
    """The interval of a forced offer holds the true loss; the proven loss is not above its upper end."""
    round_, offers, outcome = decided(seed, "0.2")
    context, _ = context_of(round_, offers, outcome)
    assert context.losses is not None
    every = plans(offers)
    bounds = [tier.bound for tier in outcome.tiers]
    others = [offer for offer in range(len(offers)) if offer not in context.chosen_set]
    for offer in others[:3]:
        found = exact(context, [offer], bounds, gap="0.1", full=full)
        best = _best_with(offers, offer, every)
        assert found.possible == (best is not None)
        if best is None:
            continue
        true = every[0][0][0] - best[0]
        assert found.low[0] <= true <= found.high[0]
        assert context.losses.tiers[0][offer] <= found.high[0]


@pytest.mark.parametrize("seed", FEW)
def test_next_best_plans_equal_enumeration(seed: int) -> None:
    """The values of the next-best plans are those of complete enumeration, in order; the list ends where it ends."""
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    every = [worth for worth, _ in plans(offers)]
    listed = alternatives(round_, offers, tuple(np.asarray(outcome.chosen).tolist()), 2)
    found = listed.plans
    assert [entry.objective for entry in found] == every[: len(found)]
    assert (listed.no_more, listed.ended) == (len(every) < 3, "")
    assert len({entry.chosen for entry in found}) == len(found)
    for entry in recurrence(round_, offers, found):
        assert sum(choice["plans"] for choice in entry["choices"]) == len(found)


@pytest.mark.parametrize("seed", FEW[1:])
def test_different_plans_leave_enough_behind(seed: int) -> None:
    """With --min-different every plan drops at least that part of each earlier plan's assignments."""
    round_, offers, outcome = decided(seed)
    assert outcome.chosen is not None
    chosen = tuple(np.asarray(outcome.chosen).tolist())
    found = alternatives(round_, offers, chosen, 3, min_different=Fraction(1, 2)).plans
    for number, entry in enumerate(found):
        for earlier in found[:number]:
            kept = set(entry.chosen) & set(earlier.chosen)
            assert 2 * len(kept) <= len(earlier.chosen)


def test_interval_is_what_both_runs_give() -> None:
    """[plan - forced bound, bound - forced plan], not below 0 in the first tier."""
    assert interval((100,), (104,), (90,), (95,)) == ((5,), (14,))
    assert interval((100, 7), (104, 7), (100, 9), (103, 9)) == ((0, -2), (4, -2))


@cache
def _two() -> tuple[Case, Offers, Outcome]:
    land = [parcel(area_m2=10_000), parcel(area_m2=10_000, use="RES", intending_users=2)]
    rules = [
        eligibility("t.agree", "intending_users <= 1", agreement="permit"),
        eligibility("t.two", "intending_users >= 2", agreement="forbid"),
        eligibility("t.private", "operator == 'private'", allocation="forbid"),
    ]
    round_ = case(land, [demand(uses=("IND", "RES"))], rules)
    offers = offers_of(round_)
    return round_, offers, solve(round_, offers, gap="0")


def test_forbidden_names_rule_and_nearest_fact() -> None:
    """Agreement with two intending users is forbidden by the rule that counts them; one user would change it."""
    round_, offers, outcome = _two()
    context, law = context_of(round_, offers, outcome)
    answer = whynot(context, law, [1], 0, "agreement")
    assert answer.state == "forbidden"
    assert [ruling.cite.rule for ruling in answer.rulings if ruling.cite.rule == "t.two"] == ["t.two"]
    assert answer.rulings[-1].facts[0].value == 2
    assert answer.nearest is not None
    assert answer.nearest.fact is not None
    assert (answer.nearest.fact.field, answer.nearest.needed, answer.nearest.verdict) == (
        "intending_users",
        1,
        "permit",
    )


def test_no_fact_can_change_a_closed_default() -> None:
    """Allocation that no rule opens stays closed whatever the facts."""
    round_, offers, outcome = _two()
    context, law = context_of(round_, offers, outcome)
    answer = whynot(context, law, [0], 0, "allocation")
    assert answer.state == "forbidden"
    assert answer.nearest is not None
    assert answer.nearest.fact is None
    assert answer.nearest.complete


def test_nearest_fact_really_changes_the_verdict() -> None:
    """The fact named, set as named, gives the verdict named (asked again from scratch)."""
    round_, offers, outcome = _two()
    _context, law = context_of(round_, offers, outcome)
    near = nearest_fact(law, (1,), 0, "agreement")
    assert isinstance(near.needed, int)
    changed = case(
        [parcel(area_m2=10_000), parcel(area_m2=10_000, use="RES", intending_users=near.needed)],
        [demand(uses=("IND", "RES"))],
        round_.rules,
    )
    again = context_of(changed, offers, outcome)[0]
    assert Law(again).ask((1,), 0, "agreement").verdict == near.verdict


def test_requirements_of_the_platform_are_named() -> None:
    """A site the platform cannot take says which of its own requirements fails."""
    round_, offers, outcome = _two()
    context, law = context_of(round_, offers, outcome)
    assert whynot(context, law, [0, 1], 0, "listing").reason == "area_large"
    assert whynot(context, law, [0], None, "listing").reason == "no_market"
    assert find(context, (0,), 0, "listing").size == 1


def test_unknown_names_are_refused_with_the_nearest() -> None:
    """A mistyped parcel, platform or method gets the nearest name."""
    from landopt.reasons.whynot import check_methods, demand_row, rows_of

    round_, _, _ = _two()
    with pytest.raises(Refused) as parcels:
        rows_of(round_, ["P1"])
    assert "you meant 'P01'." in parcels.value.issues[0].maybe
    with pytest.raises(Refused) as platforms:
        demand_row(round_, "D1")
    assert "D01" in platforms.value.issues[0].maybe
    with pytest.raises(Refused) as methods:
        check_methods(round_, ["listng"])
    assert "listing" in methods.value.issues[0].maybe
    with pytest.raises(Refused) as several:
        check_methods(round_, ["listng", "listing", "leese"])
    assert [issue.code for issue in several.value.issues] == ["X016", "X016"]
    again = copy.copy(several.value)  # as what passes to another process: made again from what it holds
    assert (type(again), again.issues) == (Refused, several.value.issues)


@pytest.mark.parametrize("seed", range(12))
def test_alike_sites_share_an_answer_only_where_it_is_the_same(seed: int) -> None:
    """What is remembered for likeness equals what is asked anew, for every parcel and platform."""
    from landopt.reasons.explain.closing import Closings
    from landopt.reasons.explain.context import Context
    from tests.builders import random_medium_case

    round_ = random_medium_case(seed, 24)
    offers = offers_of(round_)
    shared = Closings(Law(Context(round_, offers, ())))
    for row in range(len(round_.parcels)):
        for platform in (None, *range(len(round_.demands))):
            assert shared.of((row,), platform) == shared.anew((row,), platform)
