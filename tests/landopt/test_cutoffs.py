"""One step of a binding limit: the interval holds the true change of the best plan, by complete enumeration."""

from __future__ import annotations

import pytest

from landopt.keeping.fixes import apply_fixes
from landopt.reasons.cutoffs import fix_costs, limit_steps
from landopt.reasons.explain.changed.variants import with_rhs
from landopt.reasons.texts import render_answer
from landopt.solving.solver import solve
from tests.builders import case, demand, limit, parcel
from tests.landopt.decided import context_of, decided, offers_of, planned, plans


@pytest.mark.parametrize("seed", planned(5))
def test_step_interval_holds_the_true_change(seed: int) -> None:
    """For every binding limit and both directions the change of the optimum lies in the interval."""
    round_, offers, outcome = decided(seed, "0.1")
    context, _ = context_of(round_, offers, outcome)
    bounds = [tier.bound for tier in outcome.tiers]
    before = plans(offers)[0][0][0]
    names = {(row.rule, row.key): number for number, row in enumerate(offers.rows)}
    for step in limit_steps(context, bounds):
        number = names[step.limit.cite.rule, step.limit.key]
        spec = context.rules[step.limit.cite.rule].spec
        scale = spec["share"][1] if spec["share"] else spec["credit"]["den"] if spec["credit"] else 1
        changed = plans(with_rhs(offers, number, offers.rows[number].rhs + step.step * scale))
        if not changed:
            assert not step.feasible
            continue
        change = changed[0][0][0] - before
        assert step.high[0] is not None
        assert change <= step.high[0]
        if step.feasible and step.low[0] is not None:
            assert step.low[0] <= change


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_capacity_of_one_more_listing_reads_as_an_interval(lang: str) -> None:
    """With one listing allowed and two wanted, one more adds the second platform; the text says what is held fixed."""
    rules = [limit("p.capacity", "", "<=", 1, measure="count")]
    round_ = case([parcel(), parcel()], [demand(), demand(priority=40)], rules)
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    context, _ = context_of(round_, offers, outcome)
    more, less = limit_steps(context, [tier.bound for tier in outcome.tiers])
    assert (more.step, more.now, less.now) == (1, 2, 0)
    assert more.low[0] is not None
    assert more.low[0] > 0
    text = render_answer("limits", {"steps": [more.as_dict(), less.as_dict()]}, lang)
    assert ("everything else held fixed" if lang == "en" else "其余条件不变") in text


def test_cost_of_a_fix_holds_the_true_one() -> None:
    """A parcel fixed to the platform of low priority costs what the other would have brought."""
    round_ = case([parcel()], [demand(priority=90), demand(priority=20)])
    best = plans(offers_of(round_))[0][0][0]
    fixed, overrides = apply_fixes(round_, ["P01=listing:D02"], reason="note 12", by="officer")
    offers = offers_of(fixed)
    outcome = solve(fixed, offers, gap="0")
    context, _ = context_of(fixed, offers, outcome)
    [entry] = fix_costs(context, overrides, [tier.bound for tier in outcome.tiers])
    true = best - outcome.tiers[0].objective
    assert true > 0
    assert entry["cost"]["low"][0] <= true <= entry["cost"]["high"][0]
    assert entry["reason"] == "note 12"
