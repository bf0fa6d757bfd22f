"""Alternatives to a plan that was not proven best: a better one is worded as better, never as a negative loss."""

from __future__ import annotations

import pytest

from landopt.reasons.alternatives import alternatives, recurrence
from landopt.reasons.texts import render_answer
from tests.builders import case, demand, parcel
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
    found, _ = alternatives(round_, offers, (), 2)
    assert [entry.better for entry in found] == [False, True, True]
    entries = [entry.as_dict(round_, offers) for entry in found]
    answer = {"plans": entries, "no_more": False, "recurrence": recurrence(round_, offers, found)}
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
    found, _ = alternatives(round_, offers, best, 1)
    entry = {**found[1].as_dict(round_, offers), "loss": [3_000, -2_000], "better": False}
    text = render_answer("alternatives", {"plans": [entry], "no_more": False, "recurrence": []}, lang)
    words = (
        "tier 1: loss 3.000, tier 2: better by 2.000 (proven next);",
        "第 1 层目标减少 3.000 分，第 2 层目标优于本方案 2.000 分",
    )
    assert words[lang == "zh"] in text
