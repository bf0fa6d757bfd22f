"""Fixes judged when they are read: whoever could take the parcel is asked; what is in the way is named at once."""

from __future__ import annotations

import re
from typing import Any

import pytest

from constraints.case import Case, Market, Settings
from constraints.types import Rule
from landopt.keeping.fixes import apply_fixes
from landopt.solving.solver import solve
from parcels.common.catalogue import Bilingual
from parcels.common.findings_text import words
from parcels.common.issues import Refused
from tests.builders import case, cite, demand, eligibility, parcel, term
from tests.landopt.decided import offers_of


def _leave() -> Rule:
    spec = {"text": {"en": "x", "zh": "x"}, "flag": "override"}
    return Rule("p.allow", "note", Bilingual("may", "可"), cite(0), "2020-01-01", None, "", spec)


def _round(*rules: Rule, market: Market | None = None, settings: Settings | None = None, **land: Any) -> Case:
    base = [
        eligibility("t.agree", "use == 'RES'", agreement="permit"),
        eligibility("t.two", "intending_users >= 2", agreement="forbid"),
        eligibility("p.none", "use == 'RES'", rank=0, listing="forbid"),
    ]
    ground = [parcel(use="RES", intending_users=2, **land), parcel(), parcel(status="reserve")]
    wants = [demand(uses=("RES",)), demand(uses=("RES", "IND"), want_right=("lease",)), demand(uses=("IND",))]
    return case(ground, wants, [*base, *rules], [("P01", "P02")], market=market, settings=settings)


def _refused(round_: Case, *fixes: str) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        apply_fixes(round_, fixes, reason="r", by="b")
    return [(issue.code, issue.what) for issue in refused.value.issues]


def _told(round_: Case, fix: str) -> tuple[str, str]:
    """What a refused fix says, in English and in Chinese."""
    with pytest.raises(Refused) as refused:
        apply_fixes(round_, [fix], reason="r", by="b")
    [issue] = refused.value.issues
    return issue.what, words(issue, "zh", first=False)


def _plan(round_: Case, fix: str) -> tuple[str, list[str]]:
    """The method the plan gives the fix's site by, and the rules overridden."""
    fixed, overrides = apply_fixes(round_, [fix], reason="r", by="b")
    offers = offers_of(fixed)
    outcome = solve(fixed, offers, gap="0")
    assert outcome.chosen is not None
    rows = tuple(fixed.parcels.index()[name] for name in overrides[0]["parcel_ids"])
    [method] = [fixed.methods[int(offers.method[o])].id for o in outcome.chosen if offers.parcels(int(o)) == rows]
    return method, [rule["rule"] for rule in overrides[0]["overrides"]]


def test_fix_without_a_platform_that_nobody_may_take_names_the_rule_and_its_rank() -> None:
    """Agreement with two intending users is closed to every platform: the rule is named, nothing is solved."""
    [(code, what)] = _refused(_round(_leave()), "P01=agreement")
    assert code == "O013"
    assert "t.two" in what
    assert "rank 3" in what
    assert "no platform of the round and no market offer" in what


def test_fix_without_a_platform_names_the_method_that_no_rule_opens() -> None:
    """Allocation is closed unless a rule permits it; with nothing that does, its default is named."""
    [(code, what)] = _refused(_round(), "P02=allocation")
    assert (code, "default.allocation" in what) == ("O013", True)


def test_fix_without_a_platform_gives_way_where_the_policy_lets_it() -> None:
    """A rule of rank 0 needs a note; with it the fix overrides that rule and the plan takes the supply."""
    [(code, what)] = _refused(_round(), "P01=listing")
    assert (code, "p.none" in what) == ("O014", True)
    assert _plan(_round(_leave()), "P01=listing") == ("listing", ["p.none"])


def test_fix_without_a_platform_departs_from_a_term_that_holds_generally() -> None:
    """R-201-LL gives way to a reason also where no platform is named."""
    rule = term("t.lease", "use == 'IND'", ["lease"], 5, 20, rank=2, domain=("R-201-LL",))
    round_ = case([parcel()], [demand(want_right=("lease",), want_term=25)], [rule])
    fixed, overrides = apply_fixes(round_, ["P01=lease"], reason="meeting", by="officer")
    assert [entry["rule"] for entry in overrides[0]["overrides"]] == ["t.lease"]
    assert len(offers_of(fixed)) == 1


def test_fix_asks_every_platform_and_the_market() -> None:
    """One taker is enough: a platform that may, or the market; then nothing is overridden."""
    assert _plan(_round(), "P02=listing") == ("listing", [])
    alone = case([parcel()], [demand(uses=("RES",))], [], market=Market(("IND",), ("listing",)))
    assert _plan(alone, "P01=listing") == ("listing", [])


def test_fix_of_a_block_is_judged_as_a_site() -> None:
    """P1+P2 is asked of every platform: its own requirements are named where no law is in the way."""
    [(code, what)] = _refused(_round(), "P01+P02=auction")
    assert code == "O015"
    assert "more parcels than wanted" in what
    [(code, what)] = _refused(_round(), "P01+P02=agreement")
    assert (code, "t.two" in what) == ("O013", True)
    wide = case([parcel(), parcel()], [demand(max_parcels=2, area_max_m2=90_000)], [], [("P01", "P02")])
    assert _plan(wide, "P01+P02=listing") == ("listing", [])


@pytest.mark.parametrize(
    ("fix", "said"),
    [
        ("P02=listing:D01", "use not wanted"),
        ("P01=auction:D02", "right grant not wanted"),
        ("P02=listing:D02", "right grant not wanted"),
    ],
)
def test_fix_against_what_the_platform_asks_for_is_refused(fix: str, said: str) -> None:
    """A lock cannot make an offer of a pair the platform itself rules out: its requirement is named."""
    [(code, what)] = _refused(_round(), fix)
    assert code == "O015"
    assert said in what


@pytest.mark.parametrize(
    ("fix", "english", "chinese"),
    [
        (
            "P01=agreement",
            "forbidden by t.two (Rule t.two), rank 3; law is not overridden",
            "P01=agreement：本轮任何平台和公开市场均不得如此取得："
            "被 t.two（规则 t.two；位阶 3） 禁止；法律规定不能突破",
        ),
        (
            "P02=allocation:D02",
            "forbidden by default.allocation; law is not overridden",
            "P02=allocation:D02：被 default.allocation（没有规则准许划拨） 禁止；法律规定不能突破",
        ),
        (
            "P01=listing:D01",
            "forbidden by p.none (Rule p.none), rank 0, which the policy does not let officers override",
            "P01=listing:D01：被 p.none（规则 p.none；位阶 0） 禁止，本轮政策未授权经办人突破",
        ),
        (
            "P01=auction:D02",
            "lawful, but not what D02 asks for: right grant not wanted",
            "P01=auction:D02：合法，但不符合 D02 的需求：不需要权利类型出让建设用地使用权",
        ),
        (
            "P01=auction:D01",
            "only lawful as 'warn' (t.few (Rule t.few), rank 3), which this round does not consider",
            "P01=auction:D01：结论只能是合法但预计难以成交，依据 t.few（规则 t.few；位阶 3）；本轮不考虑此类结论",
        ),
    ],
)
def test_a_refused_fix_is_told_in_one_language_at_a_time(fix: str, english: str, chinese: str) -> None:
    """English names the rule by its English title, Chinese by its Chinese one; codes go by name, rank is 位阶."""
    few = eligibility("t.few", "intending_users < 3", auction="warn")
    what, zh = _told(_round(few), fix)
    assert english in what
    assert zh == chinese
    assert not re.search("[\u4e00-\u9fff]", what)


def test_every_code_in_a_list_of_reasons_goes_by_its_chinese_name() -> None:
    """Reasons of platforms and of the market in one sentence: rights and methods by name."""
    wants = [demand(want_right=(right,)) for right in ("lease", "lease_then_grant")]
    market = Market(("IND",), ("listing",))
    what, zh = _told(case([parcel(), parcel()], wants, [], [("P01", "P02")], market=market), "P01=auction")
    assert "right grant not wanted (2); auction not offered openly" in what
    assert "不需要权利类型出让建设用地使用权（2 个）" in zh
    assert "拍卖出让不向公开市场供应" in zh
    assert not re.search("[a-z]{2,} [a-z]{2,}", zh)


def test_fix_above_a_budget_is_refused() -> None:
    """The expected price of the site is held against the budget, both printed."""
    round_ = case([parcel(appraised_price=100_000)], [demand(budget_yuan=1_000)], [])
    [(code, what)] = _refused(round_, "P01=listing")
    assert code == "O015"
    assert "above the budget of 1,000" in what


def test_fix_takes_a_parcel_out_of_reserve() -> None:
    """A lock makes a parcel in reserve a candidate, so a fix does; one that is contracted stays."""
    assert _plan(_round(), "P03=listing") == ("listing", [])
    [(code, what)] = _refused(case([parcel(status="contracted")], [demand()], []), "P01=listing")
    assert (code, "status contracted" in what) == ("O015", True)


def test_fix_with_a_verdict_the_round_leaves_out_is_refused() -> None:
    """An auction expected to fail is lawful, but no offer of a round that considers permits and conditions only."""
    few = eligibility("t.few", "intending_users < 3", auction="warn")
    [(code, what)] = _refused(_round(few), "P01=auction")
    assert code == "O016"
    assert "t.few" in what
    settings = Settings(gap="0", verdicts=("permit", "condition", "warn"))
    assert _plan(_round(few, settings=settings), "P01=auction") == ("auction", [])


def test_everything_wrong_with_several_fixes_is_named_at_once() -> None:
    """Each fix is judged on its own; all refusals come together."""
    found = _refused(_round(), "P01=agreement", "P02=allocation", "P02=listing:D01")
    assert [code for code, _ in found] == ["O013", "O013", "O015"]
