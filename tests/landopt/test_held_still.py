"""Held-still comparisons against counting the whole changed plan once more."""

from __future__ import annotations

import pytest

from landopt.reasons.alternatives import value
from landopt.reasons.explain.changed.held_still import Comparer
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.limits import Limits
from landopt.screening.offers import Offers
from tests.landopt.decided import context_of, decided, planned


def _without(context: Context, offer: int, other: int) -> list[int]:
    """The plan with one offer in the place of another, by its definition."""
    offers = context.offers
    land, who = set(offers.parcels(other)), int(offers.demand[other])
    kept = [
        each
        for each in context.chosen
        if each != offer and not land & set(offers.parcels(each)) and (who < 0 or int(offers.demand[each]) != who)
    ]
    return [*kept, other]


def _penalty(offers: Offers, plan: list[int]) -> list[int]:
    """What soft rows cost a plan per tier."""
    found = [0] * offers.tiers
    used = [0] * len(offers.rows)
    for offer in plan:
        for at, coefficient in offers.coefficients(offer):
            used[at] += coefficient
    for number, row in enumerate(offers.rows):
        if row.slack and row.kind != "tier":
            over = used[number] - row.rhs if row.sense == "<=" else row.rhs - used[number]
            found[row.tier] += -(-max(0, over) // row.slack) * row.penalty
    return found


def _broken(offers: Offers, plan: list[int]) -> set[tuple[str, tuple[str, ...]]]:
    used = [0] * len(offers.rows)
    for offer in plan:
        for at, coefficient in offers.coefficients(offer):
            used[at] += coefficient
    found = set()
    for number, row in enumerate(offers.rows):
        over = used[number] - row.rhs if row.sense == "<=" else row.rhs - used[number]
        if row.sense == "=":
            over = abs(used[number] - row.rhs)
        if over > 0 and not row.slack and row.kind != "tier":
            found.add((row.rule, row.key))
    return found


@pytest.mark.parametrize("seed", planned(8))
def test_every_change_is_what_counting_the_changed_plan_gives(seed: int) -> None:
    """Score per tier, parts that add up, rows that break, who is displaced: for every other offer of a chosen one."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    comparer = Comparer(context)
    score = offers.score
    seen = 0
    for offer in context.chosen:
        for other in context.on_parcels(offers.parcels(offer)).tolist():
            if other in context.chosen_set:
                continue
            seen += 1
            found = comparer.change(offer, other)
            plan = _without(context, offer, other)
            was, now = _penalty(offers, list(context.chosen)), _penalty(offers, plan)
            for tier in range(offers.tiers):
                gained = int(score[tier, plan].sum()) - int(score[tier, list(context.chosen)].sum())
                assert found.change[tier] == gained - (now[tier] - was[tier])
                assert found.change[tier] == sum(part.change for part in found.parts if part.tier == tier)
            assert {(use.cite.rule, use.key) for use in found.broken} == _broken(offers, plan)
            gone = {context.ids(each) for each in context.chosen if each not in plan and each != offer}
            assert {each.parcel_ids for each in found.displaced} == gone
    assert seen or len(context.chosen) == 0


@pytest.mark.parametrize("seed", planned(8))
def test_a_lawful_change_of_a_best_plan_never_gains(seed: int) -> None:
    """A plan that is proved best is not bettered by one change; where the scores are equal, what decided is named."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    if any(tier.bound != tier.objective for tier in outcome.tiers):
        pytest.skip("not proved best")
    comparer = Comparer(context, Limits(context))
    assert value(offers, context.chosen) is not None
    for offer in context.chosen:
        found = comparer.of(offer)
        for one in (*found.methods, *filter(None, (found.site, found.platform))):
            if not one.broken:
                assert tuple(one.change) <= (0,) * offers.tiers
                assert bool(one.decided) == (not any(one.change))
