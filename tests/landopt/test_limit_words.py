"""Limits in words: keys as their fields call them, amounts with their unit, in the reader's language."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from constraints.case import Market, Objective, Round, Settings
from constraints.loading.kinds import KINDS
from landopt.reasons.compared.change_words import STATES, ChangeWords
from landopt.reasons.limit_words import LimitWords
from landopt.reasons.texts import render_answer
from parcels.common.catalogue import texts
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


@pytest.mark.parametrize(
    ("kind", "about", "field", "was", "now", "said"),
    [
        ("rule", "t.area", "amount[IND, 黄陂镇]", "30000", "none", "数额［工业用地、黄陂镇］：30,000 平方米 → 无"),
        ("rule", "t.money", "penalty", "1", "0.5", "（t.money） 扣分：1 → 0.5"),
        ("rule", "t.area", "", "in force", "not in force", "（t.area）：有效 → 无效"),
        ("setting", "objective", "weights.revenue", "1", "2", "目标 权重 收入：1 → 2"),
        ("parcel", "P01", "benchmark_price", "90050", "unknown", "P01 基准地价：900.5 元/平方米 → 未知"),
        ("parcel", "P01", "use", "IND", "RES", "P01 规划用途：工业用地 → 科研用地"),
        ("parcel", "P01", "converted", "false", "true", "P01 农转用已批：否 → 是"),
        ("demand", "D01", "needed_by", "2026-03-31", "unknown", "D01 最迟用地日期：2026年3月31日 → 未知"),
        ("demand", "D01", "", "absent", "in the round", "D01：不在本轮 → 在本轮"),
        ("ledger", "P01", "", "candidate", "failed (2)", "P01：待供 → 流拍 (2)"),
    ],
)
def test_what_differs_is_told_in_words(kind: str, about: str, field: str, was: str, now: str, said: str) -> None:
    """Rules by title and part, facts by field and value, amounts with their unit: no code in a Chinese text."""
    change = {"kind": kind, "id": about, "field": field, "was": was, "now": now}
    told = ChangeWords(RULES, "zh")
    assert f"{told.name(change)}：{told.value(change, was)} → {told.value(change, now)}".endswith(said)


def test_every_part_that_may_differ_has_a_word() -> None:
    """Each key of a rule and each part of a round: none is told by its code."""
    whole = (Round, Objective, Market, Settings)
    parts = {f"round-part.{each.name}" for kind in whole for each in fields(kind)}
    # ``where`` is kept as ``when``, ``values`` are told as amounts, key by key
    parts |= {f"rule-part.{key.name}" for keys in KINDS.values() for key in keys if key.name not in ("where", "values")}
    parts |= {f"state-of.{state.replace(' ', '-')}" for state in STATES}
    assert sorted(name for name in parts for lang in ("en", "zh") if name not in texts(lang)) == []


def test_a_balance_of_two_plans_is_one_line() -> None:
    """Of the pairs that a spread holds against each other the widest is told, once."""
    rows = [
        {"rule": "t.kinds", "key": ["technology", "incubator"], "used_before": 1, "used_after": -4},
        {"rule": "t.kinds", "key": ["incubator", "technology"], "used_before": -1, "used_after": 4},
        {"rule": "t.area", "key": ["IND", "黄陂镇"], "used_before": 1, "used_after": None},
    ]
    assert LimitWords(RULES, "en").condensed(rows) == rows[1:]
