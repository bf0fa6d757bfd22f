"""Joint rounds against the one big round: the bound never below its optimum, the plan never above, and near it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import pytest

from landopt.joint import past
from landopt.joint.choose import Choice, Effort, bound_of, run
from landopt.joint.city import City, priced
from landopt.joint.prices import Past, Prices, find
from landopt.solving.programme.arrays import program
from landopt.solving.relaxation.prices import relax
from tests.counts import WHOLE, seeds
from tests.joint.bare import Joint, drawn, optimum, together

HERE = Effort(Fraction(0), here=True)


@dataclass(frozen=True)
class Found:
    """What came of a joint round: plan and bound (None: none), the optimum of the one big round of the same cities."""

    round: Joint
    left_out: list[int]
    plan: int | None
    bound: int | None
    optimum: int | None


@cache
def decided(seed: int) -> Found:
    """A joint round decided as ``landopt joint`` does, and the one big round by HiGHS on the whole model."""
    joint = drawn(seed)
    senses, rhs = joint.senses, joint.rhs
    alone = [run(one, priced(one, (0,) * len(rhs), 1), HERE) for one in joint.cities]
    left_out = [k for k, outcome in enumerate(alone) if outcome.chosen is None]
    assert all(alone[k].stopped == "infeasible" for k in left_out)
    cities = [one for k, one in enumerate(joint.cities) if k not in left_out]
    if not cities:
        return Found(joint, left_out, None, None, None)
    best = optimum(*together(cities, senses, rhs))
    prices = find(cities, senses, rhs)
    if not prices.feasible:
        return Found(joint, left_out, None, None, best)
    choice = Choice(cities, senses, rhs, HERE)
    outcomes = [run(one, priced(one, prices.prices, prices.scale), HERE) for one in cities]
    for number, (one, outcome) in enumerate(zip(cities, outcomes, strict=True)):
        choice.add(number, alone[joint.cities.index(one)].chosen)
        choice.add(number, outcome.chosen)
    bound = bound_of(prices, rhs, [outcome.tiers[0].bound for outcome in outcomes])
    plans = choice.first(prices)
    if plans is None:
        assert choice.infeasible
        return Found(joint, left_out, None, bound, best)
    plans = choice.improve(plans, bound, lambda value: None)
    assert choice.kept(plans)
    return Found(joint, left_out, sum(plan.value for plan in plans), bound, best)


@pytest.mark.parametrize("seed", seeds(2, 300))
def test_small_joint_rounds_beside_the_one_big_round(seed: int) -> None:
    """bound >= optimum >= plan without exception; without prices that keep the limits there is no plan at all."""
    found = decided(seed)
    assert set(found.round.left_out) <= set(found.left_out)
    if found.bound is None:
        assert found.optimum is None
    elif found.optimum is not None:
        assert found.bound >= found.optimum
    if found.plan is not None:
        assert found.optimum is not None
        assert found.plan <= found.optimum


def _near(found: Found) -> bool:
    assert found.optimum is not None
    return found.plan is not None and found.optimum - found.plan <= 0.005 * max(1, abs(found.optimum))


@pytest.mark.slow
def test_plans_of_joint_rounds_are_near_the_optimum() -> None:
    """Within 0.5 % of the optimum of the one big round in 95 of 100; a plan is found wherever there is one."""
    found = [decided(seed) for seed in range(300 if WHOLE else 30)]
    known = [each for each in found if each.optimum is not None]
    near = [_near(each) for each in known]
    assert len(known) >= len(found) // 2
    assert {kind for each in known for kind in each.round.kinds} == {"area", "count", "share", "budget", "rank"}
    assert any(each.left_out for each in known)
    assert sum(near) >= 0.95 * len(near)


@pytest.mark.parametrize("seed", seeds(3, 40))
def test_prices_go_on_from_what_was_learnt_at_other_amounts(seed: int, tmp_path: Path) -> None:
    """The steps of other amounts, as kept on disk, lead to prices that bound as closely as those found anew."""
    joint = drawn(seed)
    cities = [one for one in joint.cities if run(one, priced(one, (0,) * len(joint.rhs), 1), HERE).chosen is not None]
    if not cities:
        pytest.skip("no city has a plan")
    learnt, file = Past(), tmp_path / "prices.npz"
    for part in (3, 2):
        other = [amount * part // 4 for amount in joint.rhs]
        find(cities, joint.senses, other, past=learnt)
        past.keep(file, learnt)
        learnt = past.kept(file)
    before = len(learnt.steps)
    anew, again = (find(cities, joint.senses, joint.rhs, past=each) for each in (Past(), learnt))
    assert len(learnt.steps) == before + again.steps
    assert anew.feasible == again.feasible
    if anew.feasible:
        one, two = (bound_at(cities, joint.rhs, prices) for prices in (anew, again))
        assert abs(one - two) <= 1e-4 * max(1.0, abs(one))
    assert past.kept(tmp_path / "none.npz").steps == []
    file.write_bytes(file.read_bytes()[:100])
    assert past.kept(file).steps == []


def bound_at(cities: Sequence[City], rhs: Sequence[int], prices: Prices) -> float:
    """What the cities' relaxations prove together at prices."""
    offers = (priced(one, prices.prices, prices.scale) for one in cities)
    bounds = [relax(program(one.case, each, 0))[0].bound for one, each in zip(cities, offers, strict=True)]
    return (sum(p * r for p, r in zip(prices.prices, rhs, strict=True)) + sum(bounds)) / prices.scale
