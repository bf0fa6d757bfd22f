"""What limits are worth, lifted and by a step, against complete enumeration; what a fix costs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest

from landopt.keeping.fixes import apply_fixes
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.variants import only_rows, with_rhs
from landopt.reasons.explain.limits import Limits
from landopt.reasons.explain.losses import bounds_with
from landopt.reasons.explain.whole import whole
from landopt.reasons.fix_costs import fix_costs
from landopt.reasons.resolved.shares import with_share
from landopt.reasons.resolved.worth import POINT, STEPS, Gain, limits_by_worth
from landopt.reasons.texts import render, render_answer
from landopt.solving.solver import solve
from tests.builders import case, demand, limit, parcel
from tests.landopt.decided import context_of, decided, offers_of, planned, plans


@pytest.mark.parametrize("gap", ["0", "0.1"])
@pytest.mark.parametrize("seed", planned(6))
def test_worth_is_what_enumeration_finds(seed: int, gap: str) -> None:
    """Every limit and key lifted and moved by a step changes the best plan by just so much, in that order."""
    round_, offers, outcome = decided(seed, gap)
    context, _ = context_of(round_, offers, outcome)
    before = plans(offers)[0][0]
    names = {(row.rule, row.key): number for number, row in enumerate(offers.rows)}
    found = limits_by_worth(context, [tier.bound for tier in outcome.tiers], Clock())
    assert len(found) == sum(row.kind == "limit" for row in offers.rows)
    order = [entry.lifted.low[0] for entry in found]
    assert order == sorted(order, key=lambda low: -(low or 0))
    for entry in found:
        number = names[entry.limit.cite.rule, entry.limit.key]
        without = [each for each in range(len(offers.rows)) if each != number]
        _same(entry.lifted, plans(only_rows(offers, without)), before)
        top = bounds_with(offers, context.proof, len(round_.parcels), [number])
        assert top is not None
        high = entry.lifted.high[0]
        assert high is not None
        assert high <= max(0, top[0] - before[0])
        spec = context.rules[entry.limit.cite.rule].spec
        for step in entry.steps:
            if spec["share"]:
                share = Fraction(str(step.now).removesuffix(" %")) / 100
                again = offers_of(with_share(round_, entry.limit.cite.rule, share))
                assert abs(share - Fraction(*spec["share"])) <= POINT
            else:
                assert abs(step.step) == STEPS.get(entry.limit.unit, 1)
                scale = spec["credit"]["den"] if spec["credit"] else 1
                again = with_rhs(offers, number, offers.rows[number].rhs + step.step * scale)
            _same(step.gain, plans(again), before)


def _same(gain: Gain, every: list[tuple[tuple[int, ...], tuple[int, ...]]], before: tuple[int, ...]) -> None:
    assert gain.ended
    assert gain.feasible == bool(every)
    if every:
        assert gain.low == gain.high == tuple(now - was for now, was in zip(every[0][0], before, strict=True))


@pytest.mark.parametrize("seed", planned(3))
def test_without_time_the_prices_bound_every_worth(seed: int) -> None:
    """With no time at all the interval still holds the true worth, and says that nothing was solved."""
    round_, offers, outcome = decided(seed)
    context, _ = context_of(round_, offers, outcome)
    names = {(row.rule, row.key): number for number, row in enumerate(offers.rows)}
    before = plans(offers)[0][0]
    for entry in limits_by_worth(context, [tier.bound for tier in outcome.tiers], Clock(0)):
        number = names[entry.limit.cite.rule, entry.limit.key]
        every = plans(only_rows(offers, [each for each in range(len(offers.rows)) if each != number]))
        assert (entry.lifted.low[0] or 0) <= every[0][0][0] - before[0]
        assert entry.lifted.high[0] is None or every[0][0][0] - before[0] <= entry.lifted.high[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_capacity_of_one_more_listing_is_told(lang: str) -> None:
    """With one listing allowed and two wanted, one more adds the second platform; the plan ranks it by its bound."""
    rules = [limit("p.capacity", "", "<=", 1, measure="count"), limit("p.idle", "", "<=", 9, measure="count")]
    round_ = case([parcel(), parcel()], [demand(), demand(priority=40)], rules)
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    context, _ = context_of(round_, offers, outcome)
    bounds = [tier.bound for tier in outcome.tiers]
    capacity, idle = limits_by_worth(context, bounds, Clock())
    assert (capacity.limit.cite.rule, idle.limit.cite.rule) == ("p.capacity", "p.idle")
    assert [step.now for step in capacity.steps] == [2, 0]
    assert capacity.steps[0].gain.low == capacity.lifted.low > (0,)
    assert (idle.lifted.low, idle.lifted.by) == ((0,), "prices")
    text = render_answer("limits", {"limits": [capacity.as_dict(), idle.as_dict()]}, lang)
    assert ("nothing in the score" if lang == "en" else "总评分不变") in text
    tiers = [(tier.objective, tier.bound, tier.solver_bound) for tier in outcome.tiers]
    told = whole(context, Limits(context), stopped="optimal", tiers=tiers, ties=outcome.ties, cited=())
    assert told.worth[0] is not None
    low = capacity.lifted.low[0]
    assert low is not None
    assert told.worth[0] >= low
    assert told.worth[1] == 0
    said = render(told, lang)
    assert "p.idle" not in said
    assert ("by the bound that lifting leaves" if lang == "en" else "以取消后所余上界排序") in said


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


def test_a_share_that_is_less_than_a_point_away_is_moved_both_ways() -> None:
    """60.4 % against at least 60 %: a point more breaks the plan, though the row is not tight."""
    land = [
        parcel(parcel_id="P1", use="IND", area_m2=6_040, land_source="new"),
        parcel(parcel_id="P2", use="IND", area_m2=3_960, land_source="stock"),
    ]
    wants = [
        demand(demand_id=f"D{n}", uses=("IND",), area_min_m2=3_000, area_max_m2=7_000, priority=50) for n in (1, 2)
    ]
    round_ = case(land, wants, [limit("p.share", "land_source == 'new'", ">=", share=(60, 100))])
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0", time_limit_s=30)
    context, _ = context_of(round_, offers, outcome)
    (found,) = limits_by_worth(context, [tier.bound for tier in outcome.tiers], Clock())
    assert (found.limit.part, found.limit.whole, found.limit.binding) == (6_040, 10_000, False)
    assert [step.now for step in found.steps] == ["59 %", "61 %"]
    assert (found.steps[0].gain.high[0], found.steps[1].gain.high[0] or 0) < (1, 0)


@pytest.mark.parametrize(("across", "sense"), [("spread", "<="), ("least", ">=")])
def test_a_limit_across_its_keys_is_lifted_and_moved_as_one(across: str, sense: str) -> None:
    """No pair of districts stands alone: the rule is worth what enumeration finds without all its rows."""
    land = [parcel(district=name, area_m2=area) for name, area in (("A", 9000), ("B", 8000), ("C", 1000), ("C", 2000))]
    own = limit("p.alike", "", sense, 3000, measure="area_m2", per=["district"], across=across)
    own = replace(own, spec={**own.spec, "keys": [["A"], ["B"], ["C"]]})
    if across == "least":
        own = replace(own, spec={**own.spec, "hard": False, "penalty": 1})
    round_ = case(land, [demand(area_min_m2=900, area_max_m2=9000) for _ in range(3)], [own])
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    context, _ = context_of(round_, offers, outcome)
    found = limits_by_worth(context, [tier.bound for tier in outcome.tiers], Clock())
    assert [entry.limit.cite.rule for entry in found] == ["p.alike"]
    before, rows = plans(offers)[0][0], [n for n, row in enumerate(offers.rows) if row.kind == "limit"]
    _same(found[0].lifted, plans(only_rows(offers, [n for n in range(len(offers.rows)) if n not in rows])), before)
    for step in found[0].steps:
        again = offers
        for number in rows:
            again = with_rhs(again, number, again.rows[number].rhs + step.step)
        _same(step.gain, plans(again), before)
    text = render_answer("limits", {"limits": [entry.as_dict() for entry in found]}, "en")
    assert text.count("Lifted") == 1
    assert ("Looser" in text, "Tighter" in text) == (across == "spread", across == "least")  # below 0 there is no step


def test_a_limit_with_a_credit_is_told_in_its_own_unit() -> None:
    """The row counts everything den times; what is read is the law's amount, net of the credit, rounded up."""
    land = [parcel(area_m2=10_001, land_source="new"), parcel(area_m2=20_000, land_source="stock")]
    own = limit("p.new", "", "<=", 40_000, measure="area_m2")
    credit = {"where": "land_source == 'stock'", "num": 1, "den": 3}
    own = replace(own, spec={**own.spec, "credit": credit, "used": [{"key": [], "amount": 500}]})
    round_ = case(land, [demand(area_max_m2=90_000), demand(area_max_m2=90_000)], [own])
    offers = offers_of(round_)
    outcome = solve(round_, offers, gap="0")
    context, _ = context_of(round_, offers, outcome)
    assert len(context.chosen) == 2
    use = next(each for each in Limits(context).all if each.cite.rule == "p.new")
    net = Fraction(10_001 + 20_000) - Fraction(20_000, 3) + 500
    assert (use.used, use.limit, use.unit) == (ceil(net), 40_000, "m2")
