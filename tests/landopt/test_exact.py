"""Forced choices of small rounds, solved to the end, against complete enumeration; and what may be told of them."""

from __future__ import annotations

import pytest

from landopt.reasons.alternatives import value
from landopt.reasons.clock import Clock
from landopt.reasons.explain.changed.feasible import held_by_some
from landopt.reasons.explain.context import Context
from landopt.reasons.resolved.forced import best, exact
from landopt.reasons.texts import render_answer
from landopt.reasons.whynot import whynot
from tests.landopt.decided import context_of, decided, planned, plans

SEEDS = planned(8)


@pytest.mark.parametrize("gap", ["0", "0.2"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_small_round_is_solved_to_the_end(seed: int, gap: str) -> None:
    """The loss is that of enumeration in every tier; moves and gainers are those of one best plan, only if only one."""
    round_, offers, outcome = decided(seed, gap)
    context, _ = context_of(round_, offers, outcome)
    bounds = [tier.bound for tier in outcome.tiers]
    every = plans(offers)
    known = best(context, bounds, Clock())
    assert known.proved
    assert known.worth == every[0][0]
    for offer in [each for each in range(len(offers)) if each not in context.chosen_set][:4]:
        found = exact(context, [offer], bounds, known=known)
        mine = [entry for entry in every if offer in entry[1]]
        assert found.possible == bool(mine) == held_by_some(round_, offers, [offer])
        assert found.ended
        if not mine:
            continue
        top = [plan for worth, plan in mine if worth == mine[0][0]]
        assert found.low == found.high == tuple(a - b for a, b in zip(every[0][0], mine[0][0], strict=True))
        assert found.only == (len(top) == 1)
        told = {(tuple(each["parcel_ids"]), each["demand_id"], each["method"]) for each in found.assignments}
        kept = {
            len(context.chosen_set.intersection(plan))
            for plan in top
            if {_named(context, each) for each in plan} == told
        }
        assert kept
        assert max(kept) == max(len(context.chosen_set.intersection(plan)) for plan in top)
        held = value(offers, context.chosen)
        assert found.better == tuple(a - b for a, b in zip(every[0][0], held, strict=True) if every[0][0] != held)


def _named(context: Context, offer: int) -> tuple[tuple[str, ...], str | None, str]:
    return context.ids(offer), context.demand_id(offer), context.methods[int(context.offers.method[offer])]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_run_that_stopped_early_names_no_facts(lang: str) -> None:
    """Without time nothing is told as the best plan: at most one such plan."""
    round_, offers, outcome = decided(SEEDS[0], "0.2")
    context, law = context_of(round_, offers, outcome)
    bounds = [tier.bound for tier in outcome.tiers]
    one = ("One such plan, not shown to be the best", "其中一个这样的方案（未证明最优）")[lang == "zh"]
    facts = ("The best plan with it", "如此安排的最优方案")[lang == "zh"]
    seen = 0
    for offer in [each for each in range(len(offers)) if each not in context.chosen_set]:
        stopped = exact(context, [offer], bounds, clock=Clock(0))
        ended = exact(context, [offer], bounds)
        assert not stopped.ended
        site = offers.parcels(offer)
        who = int(offers.demand[offer])
        method = context.methods[int(offers.method[offer])]
        answer = whynot(context, law, site, None if who < 0 else who, method).as_dict()
        if answer["state"] != "lawful":
            continue
        assert facts not in render_answer("whynot", {**answer, "exact": stopped.as_dict()}, lang)
        if ended.possible:
            early = {**ended.as_dict(), "ended": False, "only": None}
            said = render_answer("whynot", {**answer, "exact": early}, lang)
            assert one in said
            assert facts not in said
            seen += 1
    assert seen


@pytest.mark.parametrize("seed", SEEDS)
def test_what_fits_no_plan_is_said_so(seed: int) -> None:
    """Whynot says of every lawful choice whether a lawful plan holds it, as enumeration does."""
    round_, offers, outcome = decided(seed)
    context, law = context_of(round_, offers, outcome)
    held = {offer for _, plan in plans(offers) for offer in plan}
    for offer in range(len(offers)):
        if offer in context.chosen_set:
            continue
        who, number = int(offers.demand[offer]), int(offers.period[offer])
        period = None if number < 0 else context.periods[number]
        method = context.methods[int(offers.method[offer])]
        found = whynot(context, law, offers.parcels(offer), None if who < 0 else who, method, period)
        assert found.state == "lawful"
        assert found.fits == (offer in held)
        for lang, open_, shut in (("en", "loses at least", "No lawful plan holds it"), ("zh", "最小减损", "不存在")):
            text = render_answer("whynot", found.as_dict(), lang)
            assert (shut in text) == (not found.fits)
            if not found.fits:
                assert open_ not in text
