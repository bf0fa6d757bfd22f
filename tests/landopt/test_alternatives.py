"""Alternatives to a plan that was not proven best: a better one is worded as better, never as a negative loss."""

from __future__ import annotations

from typing import Any

import pytest

from constraints.case import Period
from landopt.reasons import alternatives as alternative_plans
from landopt.reasons.alternatives import alternatives, recurrence
from landopt.reasons.texts import render_answer
from landopt.solving.solver import solve
from parcels.common.catalogue import Told
from tests.builders import case, demand, eligibility, parcel
from tests.landopt.decided import offers_of, plans


@pytest.mark.parametrize(
    ("lang", "said", "why", "loss"),
    [
        ("en", "better by", "the plan held was within its gap", "loss -"),
        ("zh", "优于本方案", "原方案尚在其差距范围之内", "减少 -"),
    ],
)
def test_better_plan_is_never_a_negative_loss(lang: str, said: str, why: str, loss: str) -> None:
    """The empty plan is held; every other plan is worth more and says by how much."""
    round_ = case([parcel(), parcel()], [demand(), demand()], [])
    offers = offers_of(round_)
    found = alternatives(round_, offers, (), 2).plans
    assert [entry.better for entry in found] == [False, True, True]
    entries = [entry.as_dict(round_, offers) for entry in found]
    answer = {"plans": entries, "no_more": False, "ended": "", "recurrence": recurrence(round_, offers, found)}
    text = render_answer("alternatives", answer, lang)
    assert said in text
    assert why in text
    assert loss not in text


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_worse_plan_says_its_loss_tier_by_tier(lang: str) -> None:
    """With two tiers a plan that loses in the first and gains in the second is no better plan, and says both."""
    round_ = case([parcel()], [demand()], [], tiers=[["served"], ["preference", "revenue"]])
    offers = offers_of(round_)
    best = plans(offers)[0][1]
    found = alternatives(round_, offers, best, 1).plans
    entry = {**found[1].as_dict(round_, offers), "loss": [3_000, -2_000], "better": False}
    text = render_answer("alternatives", {"plans": [entry], "no_more": False, "ended": "", "recurrence": []}, lang)
    words = (
        "tier 1: loss 3.000, tier 2: better by 2.000 (proven next);",
        "第 1 层目标减少 3.000 分，第 2 层目标优于本方案 2.000 分",
    )
    assert words[lang == "zh"] in text


def test_time_and_ctrl_c_end_the_list_with_what_was_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The best so far while a plan is looked for, a line for each found; without time none is looked for.

    Ctrl-C in the second search keeps the first plan found.
    """
    round_ = case([parcel(), parcel()], [demand(), demand()], [])
    offers = offers_of(round_)
    said: list[Told] = []
    whole = alternatives(round_, offers, (), 2, say=said.append)
    assert (len(whole.plans), whole.ended) == (3, "")
    found = [line.key for line in said if not line.key.startswith("progress.step")]
    assert found == ["progress.another-plan"] * 2
    assert said[0].key == "progress.step-value"
    late = alternatives(round_, offers, (), 2, time_limit_s=0)
    assert (len(late.plans), late.no_more, late.ended) == (1, False, "limit")
    calls: list[int] = []

    def interrupted(*given: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return solve(*given, **named)

    monkeypatch.setattr(alternative_plans, "solve", interrupted)
    cut = alternatives(round_, offers, (), 2)
    assert (cut.plans, cut.ended) == (whole.plans[:2], "user")
    for lang, word in (("en", "Ctrl-C"), ("zh", "搜索提前结束")):
        assert word in render_answer("alternatives", cut.as_dict(round_, offers), lang)


def test_a_plan_that_differs_by_its_period_alone_says_so() -> None:
    """The same parcels, takers and methods in another period of the round are another plan, told with both periods."""
    halves = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))
    rules = [eligibility("t.open", "use == 'IND'", listing="permit")]
    round_ = case([parcel()], [demand(want_right=("grant",))], rules, periods=halves)
    offers = offers_of(round_)
    first = next(offer for offer in range(len(offers)) if alternative_plans.assignment(round_, offers, offer))
    found = alternatives(round_, offers, (first,), len(offers) - 1).as_dict(round_, offers)
    other = [plan for plan in found["plans"][1:] if plan["assignments"]]
    assert other
    assert all(plan["moved"] == ["P01"] for plan in other)
    for lang, one, two in (("en", "2026 H1", "2026 H2"), ("zh", "2026年上半年", "2026年下半年")):
        text = render_answer("alternatives", found, lang)
        assert one in text, text
        assert two in text
