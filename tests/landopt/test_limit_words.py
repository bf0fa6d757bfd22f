"""Limits in words: keys as their fields call them, amounts with their unit, in the reader's language."""

from __future__ import annotations

import re

import pytest

from landopt.reasons.limit_words import LimitWords
from landopt.reasons.texts import render_answer
from tests.builders import limit

RULES = (
    limit("t.listings", "", "<=", {("2026-H1", "listing"): 1}, measure="count", per=("period", "method")),
    limit("t.area", "", "<=", {("IND", "黄陂镇"): 30_000}, per=("use", "district")),
    limit("t.kinds", "", "<=", 5, measure="count", per=("platform_kind",), across="spread"),
    limit("t.share", "use == 'IND'", ">=", share=(2, 5)),
    limit("t.money", "", ">=", 12_000_000, measure="expected_price_yuan"),
)


def test_a_key_is_told_by_its_fields() -> None:
    """A period, a method, a use and a kind by their words; a place as it is written; what is unknown as it is."""
    zh, en = LimitWords(RULES, "zh"), LimitWords(RULES, "en")
    assert zh.key("t.listings", ["2026-H1", "listing"]) == ["2026年上半年", "挂牌出让"]
    assert en.key("t.area", ["IND", "黄陂镇"]) == ["industrial land", "黄陂镇"]
    assert zh.key("t.kinds", ["technology", "incubator"], "spread") == ["技术平台", "孵化器"]
    assert zh.key("t.other", ["listing"]) == ["listing"]
    assert LimitWords((), "zh").key("t.listings", ["2026-H1", "listing"]) == ["2026-H1", "listing"]


def test_an_amount_has_its_unit() -> None:
    """Of a change only what is an amount: a share and a fact have none."""
    zh = LimitWords(RULES, "zh")
    assert zh.value("t.area[IND;黄陂镇]:amount", 30_000) == "30,000 平方米"
    assert zh.value("t.money:amount", 12_000_000) == "12,000,000 元"
    assert zh.value("P01:ready", 1) == "1"
    assert zh.share("t.share")
    assert not zh.share("t.area")


def _broken(rule: str, key: tuple[str, ...] = ()) -> dict[str, object]:
    row = {"rule": rule, "key": list(key), "used": 45_000, "limit": 30_000}
    tiers = [{"bound": 1000, "score": None}]
    return {"tiers": tiers, "now": [1000], "holds": False, "broken": [row], "gone": [], "unsaid": []}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_a_plan_breaks_is_told_with_unit_and_words(lang: str) -> None:
    """What-if: title and id, the key in words, the unit; of a share no integers of the row."""
    area = render_answer("whatif", _broken("t.area", ("IND", "黄陂镇")), lang, RULES)
    assert ("45,000 m² used, 30,000 m² allowed" if lang == "en" else "已用 45,000 平方米，限 30,000 平方米") in area
    assert ("industrial land" if lang == "en" else "工业用地") in area
    assert "45,000" not in render_answer("whatif", _broken("t.share"), lang, RULES)


def test_ways_to_serve_a_platform_name_limits_and_units() -> None:
    """A change of an amount by the limit's title and unit; two changes together without a code."""
    one = {"from": 30_000, "to": 45_000, "what": "t.area[IND;黄陂镇]:amount", "kind": "limit", "who": ["某计划"]}
    ready = {"from": [{"converted": False}, 30_000], "to": [{"converted": True}, 45_000], "kind": "pair"}
    two = {**ready, "what": "P01:ready + t.area[IND;黄陂镇]:amount", "who": ["reserve", "某计划"]}
    changes = [{**each, "loss": [0, 0], "losers": [], "ended": True} for each in (one, two)]
    answer = {"demand_id": "D01", "state": "changes", "changes": changes, "tried": 2, "left": 0, "stopped": ""}
    said = render_answer("serve", answer, "zh", RULES)
    assert said.count("30,000 平方米 → 45,000 平方米") == 2
    assert "使宗地 P01 具备供地条件 与 " in said
    assert not re.search(r":ready", said)
