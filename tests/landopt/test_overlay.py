"""Scenarios and fixes: rules, numbers and facts changed; law refused; everything wrong named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from constraints.case import Case, from_json, to_json
from constraints.types import Rule
from landopt.intake.overlay import apply_overlays, apply_sets, without_rules
from landopt.keeping.fixes import apply_fixes
from landopt.solving.solver import solve
from parcels.common.catalogue import Bilingual
from parcels.common.issues import Refused
from tests.builders import case, cite, demand, eligibility, limit, parcel, preference, term
from tests.landopt.decided import offers_of

QUOTA: dict[tuple[str, ...], int] = {("A",): 20_000, ("B",): 5_000}


def _round(*more: Rule) -> Case:
    rules = [
        eligibility("t.two", "intending_users >= 2", agreement="forbid"),
        eligibility("t.agree", "use == 'RES'", agreement="permit"),
        eligibility("p.none", "use == 'RES'", rank=0, listing="forbid"),
        limit("p.quota", "", "<=", QUOTA, per=["district"]),
        limit("p.share", "competitive", ">=", share=(1, 2)),
        limit("t.cap", "", "<=", 90_000, rank=4),
        preference("p.prefer", "use == 'IND'", points=10),
    ]
    land = [parcel(), parcel(use="RES", intending_users=2), parcel(district="B")]
    return case(land, [demand(uses=("IND", "RES")), demand(uses=("RES",))], [*rules, *more])


def _messages(refused: pytest.ExceptionInfo[Refused]) -> str:
    return "\n".join(f"{issue.what} {issue.maybe}" for issue in refused.value.issues)


def test_set_changes_amount_of_every_key_or_of_one() -> None:
    """RULE:amount sets all keys, RULE[key]:amount one; the scenario is named in the case."""
    changed = apply_sets(_round(), ["p.quota:amount=7000", "p.quota[B]:amount=1_000"])
    rule = next(rule for rule in changed.rules if rule.id == "p.quota")
    assert {tuple(v["key"]): v["amount"] for v in rule.spec["values"]} == {("A",): 7_000, ("B",): 1_000}
    assert changed.overlays == ("p.quota:amount=7000", "p.quota[B]:amount=1_000")
    assert from_json(to_json(changed)) == changed


def test_a_key_gets_its_own_amount_where_one_stands_for_all() -> None:
    """One district's part of a common amount is cut, the others keep theirs; a key that nothing has is refused."""
    round_ = _round(limit("p.each", "", "<=", 30_000, per=["district"]))
    changed = apply_sets(round_, ["p.each[B]:amount=9_000"])
    rule = next(rule for rule in changed.rules if rule.id == "p.each")
    assert {tuple(v["key"]): v["amount"] for v in rule.spec["values"]} == {(): 30_000, ("B",): 9_000}
    rows = {row.key: row.rhs for row in offers_of(changed).rows if row.rule == "p.each"}
    assert rows == {("A",): 30_000, ("B",): 9_000}
    own = _round(limit("p.kind", "", "<=", {("existing_user",): 9, ("private",): 8}, per=["operator"], measure="count"))
    apply_sets(own, ["p.kind[existing_user]:amount=3"])  # of no platform's row: a partner's or the holder's
    with pytest.raises(Refused) as refused:
        apply_sets(round_, ["p.each[C]:amount=1", "p.quota[C]:amount=1", "p.none[A]:amount=1", "p.each[A,B]:amount=1"])
    text = _messages(refused)
    assert "p.each[A], p.each[B]" in text
    assert "p.quota[A], p.quota[B]" in text
    assert len(refused.value.issues) == 4


def test_set_changes_share_points_and_used() -> None:
    """Shares are exact, points whole, a used amount can be stated for a key."""
    changed = apply_sets(_round(), ["p.share:share=0.45", "p.prefer:points=3", "p.quota[A]:used=400"])
    rules = {rule.id: rule for rule in changed.rules}
    assert rules["p.share"].spec["share"] == [9, 20]
    assert rules["p.prefer"].spec["points"] == 3
    assert rules["p.quota"].spec["used"] == [{"key": ["A"], "amount": 400}]


def test_every_setting_that_is_not_understood_is_named_at_once() -> None:
    """Law, unknown rules, missing numbers and typing errors all come in one refusal, each with advice."""
    wrong = [
        "t.cap:amount=1",
        "p.quote:amount=1",
        "p.share:amount=5",
        "nonsense",
        "p.share:share=2",
        "p.prefer:points=1.5",
    ]
    with pytest.raises(Refused) as refused:
        apply_sets(_round(), wrong)
    text = _messages(refused)
    assert len(refused.value.issues) == 6
    assert "law and is not set by hand" in text
    assert "you meant 'p.quota'." in text
    assert "not RULE:amount=N" in text
    assert "2 is not a share" in text


def test_overlay_adds_rules_and_facts(tmp_path: Path) -> None:
    """An overlay replaces a rule by id, adds another, and changes a fact; the case says which scenario."""
    path = tmp_path / "research-first.toml"
    path.write_text(
        """
[[rule]]
id = "p.share"
kind = "limit"
title = { en = "Least competitive share", zh = "公开竞价最低比例" }
cite = { doc = "scenario", rank = 0, grade = "U" }
from = 2026-01-01
where = "competitive"
measure = "area_m2"
sense = ">="
share = "0.60"

[[fact]]
parcel = "P01"
field = "use"
value = "RES"
scenario = "re-planned"

[[fact]]
parcel = "P01"
field = "benchmark_price"
value = "612.5"

[[fact]]
demand = "D01"
field = "hkmo"
value = true
""",
        encoding="utf-8",
    )
    changed = apply_overlays(_round(), [path])
    rules = {rule.id: rule for rule in changed.rules}
    assert rules["p.share"].spec["share"] == [3, 5]
    assert changed.parcels.column("use")[0] == "RES"
    assert changed.parcels.column("benchmark_price")[0] == 61_250
    assert changed.demands.column("hkmo")[0] is True
    assert changed.overlays == ("research-first", "re-planned")


def test_overlay_names_every_wrong_fact(tmp_path: Path) -> None:
    """Unknown parcels, derived fields and values out of range are refused together."""
    path = tmp_path / "bad.toml"
    facts = [
        ("parcel", "P1", "use", '"RES"'),
        ("parcel", "P01", "use", '"RESEARCH"'),
        ("parcel", "P01", "parcel_id", '"P09"'),
        ("demand", "D01", "priority", "500"),
    ]
    path.write_text(
        "\n".join(f'[[fact]]\n{of} = "{name}"\nfield = "{field}"\nvalue = {value}' for of, name, field, value in facts),
        encoding="utf-8",
    )
    with pytest.raises(Refused) as refused:
        apply_overlays(_round(), [path])
    assert len(refused.value.issues) == 4
    assert "you meant 'P01'." in _messages(refused)


def test_rule_of_another_date_falls_out(tmp_path: Path) -> None:
    """A rule that an overlay ends before the round's date is no longer in force."""
    path = tmp_path / "later.toml"
    path.write_text(
        """
[[rule]]
id = "p.none"
kind = "eligibility"
title = { en = "closed", zh = "关闭" }
cite = { doc = "scenario", rank = 0, grade = "U" }
from = 2020-01-01
until = 2021-01-01
when = "use == 'RES'"
verdict = { listing = "forbid" }
""",
        encoding="utf-8",
    )
    changed = apply_overlays(_round(), [path])
    assert "p.none" not in {rule.id for rule in changed.rules}


def test_without_rules_refuses_unknown_ids() -> None:
    """Rules can be left out by id; an unknown id gets the nearest."""
    assert len(without_rules(_round(), ["p.none"]).rules) == 6
    with pytest.raises(Refused, match=r"p\.non"):
        without_rules(_round(), ["p.non"])


def test_fix_is_a_lock_with_name_and_reason() -> None:
    """A lawful fix becomes a lock that the plan keeps; who and why are on it."""
    fixed, overrides = apply_fixes(_round(), ["P01=auction:D01"], reason="note 12", by="officer 2")
    lock = next(rule for rule in fixed.rules if rule.kind == "lock")
    assert lock.spec == {"parcels": ["P01"], "demand": "D01", "method": "auction", "document": "note 12 (officer 2)"}
    assert overrides[0]["overrides"] == []
    offers = offers_of(fixed)
    outcome = solve(fixed, offers, gap="0")
    assert outcome.chosen is not None
    methods = [fixed.methods[int(offers.method[o])].id for o in outcome.chosen if offers.parcels(int(o)) == (0,)]
    assert methods == ["auction"]


def test_fix_without_reason_or_name_is_refused() -> None:
    """A fix needs both; a text that is not PARCEL=METHOD is named with them."""
    with pytest.raises(Refused) as refused:
        apply_fixes(_round(), ["P01=auction", "P01:auction"])
    assert {issue.code for issue in refused.value.issues} == {"O010", "O011", "O012"}


def test_fix_never_overrides_law() -> None:
    """Agreement with two intending users is forbidden by law of rank 3: refused, whatever the policy says."""
    allow = Rule(
        "p.allow",
        "note",
        Bilingual("overrides allowed", "可以例外"),
        cite(0),
        "2020-01-01",
        None,
        "",
        {"text": {"en": "x", "zh": "x"}, "flag": "override"},
    )
    with pytest.raises(Refused) as refused:
        apply_fixes(_round(allow), ["P02=agreement:D02"], reason="r", by="b")
    assert "t.two" in _messages(refused)
    assert "law is not overridden" in _messages(refused)


def test_fix_overrides_policy_only_where_the_policy_says_so() -> None:
    """A policy rule gives way with a note that allows it, is named as overridden; the plan then takes the supply."""
    wish = ["P02=listing:D02"]
    with pytest.raises(Refused, match="does not let officers override"):
        apply_fixes(_round(), wish, reason="r", by="b")
    allow = Rule(
        "p.allow",
        "note",
        Bilingual("overrides allowed", "可以例外"),
        cite(0),
        "2020-01-01",
        None,
        "",
        {"text": {"en": "x", "zh": "x"}, "flag": "override"},
    )
    fixed, overrides = apply_fixes(_round(allow), wish, reason="r", by="b")
    assert [entry["rule"] for entry in overrides[0]["overrides"]] == ["p.none"]
    offers = offers_of(fixed)
    outcome = solve(fixed, offers, gap="0")
    assert outcome.chosen is not None
    assert any(offers.parcels(int(o)) == (1,) for o in outcome.chosen)


def test_fix_departs_from_a_term_that_holds_generally() -> None:
    """A term of 201号 (R-201-LL, "generally") gives way to a reason on record, although its rank is 2."""
    rules = [term("t.lease", "use == 'IND'", ["lease"], 5, 20, rank=2, domain=("R-201-LL",))]
    round_ = case([parcel()], [demand(want_right=("lease",), want_term=25)], rules)
    assert len(offers_of(round_)) == 0
    fixed, overrides = apply_fixes(round_, ["P01=lease:D01"], reason="meeting", by="officer")
    assert [entry["rule"] for entry in overrides[0]["overrides"]] == ["t.lease"]
    assert len(offers_of(fixed)) == 1


def test_unknown_names_in_fixes_get_the_nearest() -> None:
    """Mistyped parcels, methods and platforms are all named with advice."""
    with pytest.raises(Refused) as refused:
        apply_fixes(_round(), ["P1=listng:D1"], reason="r", by="b")
    assert [issue.maybe for issue in refused.value.issues] == [
        "you meant 'P01'.",
        "you meant 'listing'.",
        "you meant 'D01'.",
    ]


def test_a_number_of_no_rule_names_rules_whose_numbers_may_be_set() -> None:
    """The nearest limit or preference of policy, else all of them: never a rule of law or one without numbers."""
    for name, words in (("p.quote", "'p.quota'"), ("nothing.like.it", "p.prefer, p.quota, p.share")):
        with pytest.raises(Refused) as refused:
            apply_sets(_round(), [f"{name}:amount=3"])
        (issue,) = refused.value.issues
        assert issue.code == "O007"
        assert words in issue.maybe
        assert "t." not in issue.maybe
