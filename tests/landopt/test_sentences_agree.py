"""What is said of ties, of the only best plan and of the core agrees with itself and with enumeration."""

from __future__ import annotations

from typing import Any

import pytest

from landopt.reasons.explain.changed.held_still import Comparer
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.plain_records import as_json
from landopt.reasons.explain.whole import whole
from landopt.reasons.proven.core import core
from landopt.reasons.texts import environment
from tests.landopt.decided import context_of, decided, planned, plans

SEEDS = (*planned(16), *planned(2, start=3095))


@pytest.mark.parametrize("seed", SEEDS)
def test_ties_uniqueness_and_core_agree(seed: int) -> None:
    """Unique means one best plan; in every best plan means so; the core at no loss never says otherwise."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    tiers = [(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers]
    told = whole(context, Limits(context), stopped=outcome.stopped, tiers=tiers, ties=outcome.ties, cited=())
    every = plans(offers)
    best = [set(plan) for worth, plan in every if worth == every[0][0]]
    assert set(context.chosen) in best
    if told.unique:
        assert len(best) == 1
        assert told.ties["in_every"] == len(context.taken)
        assert told.ties["in_some"] == []
    if told.ties["status"] == "unique":
        assert len(best) == 1
    if told.ties["status"] == "tied":
        assert len(best) > 1
        land = {parcel for offer in set(context.chosen) for parcel in offers.parcels(offer)}
        most = 0
        for plan in best:
            there = {parcel: offer for offer in plan for parcel in offers.parcels(offer)}
            most = max(most, sum(there.get(p) != context.taken.get(p) for p in land | there.keys()))
        assert told.ties["parcels"] == most
    if told.ties["in_every"] is not None:
        loose = set(told.ties["in_some"])
        fixed = [o for p, o in context.taken.items() if round_.parcels.ids[p] not in loose]
        if not told.ties["more"]:
            assert len(fixed) == told.ties["in_every"]
            assert all(offer in plan for offer in fixed for plan in best)
    only = told.unique and offers.tiers == 1 and told.ties["by"] == "prices"
    found = core(context, "0", only=only)
    first = [set(plan) for worth, plan in every if worth[0] >= found.threshold]
    if only:
        assert "open" not in {choice.state for choice in found.choices}
    for choice in found.choices:
        if choice.kind != "assignment":
            continue
        mine = [
            offer
            for offer in context.chosen
            if (context.ids(offer), context.demand_id(offer)) == (choice.parcel_ids, choice.demand_id)
        ]
        assert choice.state != "out"
        if choice.state == "core":
            assert all(mine[0] in plan for plan in first)
        if only:
            assert choice.state == "core"


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_what_decided_between_equals_is_what_the_plan_says_of_its_ties(seed: int) -> None:
    """Only where ties were found and broken does a comparison name the ladder or the lot."""
    for gap in ("0", "0.2"):
        round_, offers, outcome = decided(seed, gap)
        context, _ = context_of(round_, offers, outcome)
        status = str(outcome.ties["status"])
        comparer = Comparer(context, ties=status)
        for offer in context.chosen:
            found = comparer.of(offer)
            for one in (*found.methods, *filter(None, (found.site, found.platform))):
                assert bool(one.decided) == (not any(one.change) and not one.broken)
                assert status != "unique" or not one.decided
                assert one.decided not in ("ladder", "lot") or status == "tied"
                assert bool(one.step) == (one.decided == "ladder")
                for lang, words in (("en", ("ladder", "declared order")), ("zh", ("ladder", "排序规则"))):
                    macros: Any = environment(lang).get_template(f"{lang}/still.j2").module
                    said = macros.still(as_json(one))
                    assert (words[1] in said) == (one.decided == "ladder")
