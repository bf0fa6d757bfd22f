"""What must hold of every answer, on random cases drawn around the law's own words and numbers."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from constraints.loading.load import in_force, load_pack, methods, pack_names
from constraints.reading.asking.assumed import PRICES, complete
from constraints.reading.book import RuleBook, book
from constraints.reading.judge import Judgement, judge
from constraints.types import STRICTNESS
from parcels.common.schema import Value, fields

METHODS = {method.id: method for method in methods() if method.id != "contribution"}
GRANTS = ("agreement", "bid", "auction", "listing")
BUSINESS = ("IND", "IND_M0", "NS_M9", "STOR", "COM", "BIZ", "ENT", "HOU")
DATES = (
    "1995-06-01", "2001-10-22", "2005-06-01", "2006-08-31", "2007-10-31", "2007-11-01", "2012-06-30", "2018-09-14",
    "2019-12-31", "2020-01-01", "2021-09-01", "2022-07-31", "2022-12-22", "2023-09-10", "2024-12-31", "2026-11-22",
)  # fmt: skip
FAILURES: tuple[dict[str, Value], ...] = (
    {"in_pbf": 1},
    {"converted": False},
    {"expropriated": False},
    {"net_land": False},
    {"ownership": "collective", "collective_registered": True},
    {"grantor": "dz_committee"},
)
SINCE = {"net_land": "2012-07-01", "grantor": "2005-08-01"}
"""When a state began to forbid: Order 53 art. 21; 法释〔2005〕5号 art. 2. Before, lawful or open to ratification."""
COMPETING = "2002-07-01"
"""Order 11: listing exists, and several intending users compete. Before, Order 55 art. 13 opened agreement."""


@cache
def book_on(day: str) -> RuleBook:
    """The rule book of all packs on a date."""
    return book(in_force([r for name in pack_names() for r in load_pack(name)], day), methods(), as_of=day)


def answers(told: dict[str, Value], day: str) -> dict[str, Judgement]:
    """The judgement of every method."""
    case, _ = complete(told, day)
    quiet = frozenset(name for name in PRICES if name not in case)
    return {name: judge(book_on(day), case, method, assumed=quiet) for name, method in METHODS.items()}


def values(name: str) -> st.SearchStrategy[str]:
    """Every code of a field."""
    return st.sampled_from(fields()[name].values)


CASES = st.fixed_dictionaries(
    {"use": values("use"), "operator": values("operator"), "intending_users": st.sampled_from([None, 0, 1, 2, 3])},
    optional={
        "land_source": values("land_source"),
        "zone": st.sampled_from([("nansha",), ("knowledge_city",), ("hengqin",), ()]),
        "nonprofit": st.booleans(),
        "public_welfare": st.booleans(),
        "for_sale": st.booleans(),
        "rent_only": st.booleans(),
        "existing_right": values("existing_right"),
        "present_use": values("use"),
        "diploma_education": st.booleans(),
        "far_max": st.sampled_from([None, 99, 100, 250, 299, 300, 500, 501]),
        "area_m2": st.sampled_from([None, 10_000, 200_000, 200_001, 700_001]),
        "notice_days": st.sampled_from([19, 20, None]),
        "listing_days": st.sampled_from([9, 10, None]),
        "listing_working_days": st.sampled_from([9, 10]),
        "catalogue": values("catalogue"),
        "takes_back": st.booleans(),
        "building_suffices": st.booleans(),
        "in_udb": st.booleans(),
        "in_ind_block": st.booleans(),
        "grade": st.sampled_from([None, 3, 6]),
        "benchmark_price": st.sampled_from([None, 60_000, 100_000]),
        "priority_industry": st.booleans(),
        "intensive": st.booleans(),
        "commercial_percent": st.sampled_from([0, 6000]),
        "grant_expired": st.booleans(),
        "lease_conditions_met": st.booleans(),
    },
)
DAYS = st.sampled_from(DATES)
MANY = settings(max_examples=120, deadline=None)


@MANY
@given(CASES, DAYS)
def test_i_allocation_needs_the_catalogue(told: dict[str, Value], day: str) -> None:
    """(i) Allocation is permitted only where use or operator can match the catalogue of allocated land."""
    answer = answers(told, day)["allocation"]
    if answer.verdict == "permit":
        assert told["use"] in ("GOV", "UTL", "EDU", "RES", "CUL", "HLT", "SPO", "WEL", "HOU_AFF") or told[
            "operator"
        ] in ("gov", "existing_user")
        assert any(ruling.verdict == "permit" for ruling in answer.rules)


@MANY
@given(CASES, DAYS)
def test_ii_two_applicants_bar_agreement(told: dict[str, Value], day: str) -> None:
    """(ii) With two intending users agreement is not permitted since Order 11."""
    assume(day >= COMPETING)
    assert answers({**told, "intending_users": 2}, day)["agreement"].verdict != "permit"


@MANY
@given(CASES, st.sampled_from([day for day in DATES if day >= "2007-11-01"]))
def test_iii_business_land_competes(told: dict[str, Value], day: str) -> None:
    """(iii) Since Order 39 business uses get neither agreement nor allocation, but for the present user."""
    assume(told["operator"] != "existing_user")
    for use in BUSINESS:
        found = answers({**told, "use": use}, day)
        assert "permit" not in (found["agreement"].verdict, found["allocation"].verdict)


@MANY
@given(CASES, DAYS)
def test_iv_listing_needs_the_fewest_bidders(told: dict[str, Value], day: str) -> None:
    """(iv) On bidder numbers a listing is never worse than a tender or an auction, since there are listings."""
    assume(day >= COMPETING)
    lawful = {**told, "listing_days": 10, "listing_working_days": 10}
    found = answers(lawful, day)
    assert STRICTNESS[found["listing"].verdict] <= min(STRICTNESS[found[name].verdict] for name in ("bid", "auction"))


@MANY
@given(CASES, DAYS, st.sampled_from(FAILURES))
def test_v_a_parcel_that_is_not_ready_is_forbidden(told: dict[str, Value], day: str, failure: dict[str, Value]) -> None:
    """(v) Farmland, no conversion or expropriation, land not net or not state, a void grantor: all forbidden."""
    assume("key_supported" not in told)
    assume(all(day >= SINCE.get(name, "") for name in failure))
    assert {answer.verdict for answer in answers({**told, **failure}, day).values()} == {"forbid"}


@MANY
@given(CASES, DAYS)
def test_vi_more_applicants_never_help(told: dict[str, Value], day: str) -> None:
    """(vi) More intending users never turn a forbidden agreement or allocation into a permitted one."""
    for name in ("agreement", "allocation"):
        verdicts = [answers({**told, "intending_users": n}, day)[name].verdict for n in (1, 2, 3)]
        for fewer, more in ((0, 1), (1, 2), (0, 2)):
            assert not (verdicts[fewer] == "forbid" and verdicts[more] == "permit")


@MANY
@given(CASES, DAYS, st.integers(0, 1))
def test_vii_terms_beyond_the_maximum_are_forbidden(told: dict[str, Value], day: str, over: int) -> None:
    """(vii) A term above a method's own maximum forbids it; the maximum itself does not."""
    for name, answer in answers(told, day).items():
        if answer.term_max is not None:
            wanted = answers({**told, "want_term": answer.term_max + over}, day)[name]
            if over:
                assert wanted.verdict == "forbid"
            else:
                assert wanted.verdict == answer.verdict


@MANY
@given(CASES, st.sampled_from([day for day in DATES if day >= "2007-01-01"]), st.sampled_from([1, 6, 15]))
def test_vii_reserve_below_the_floor(told: dict[str, Value], day: str, grade: int) -> None:
    """(vii) A reserve below the floor forbids every grant; a lease becomes a condition at least."""
    told = {**told, "use": "IND", "grade": grade, "priority_industry": False, "reserve_price": 100}
    for name, answer in answers(told, day).items():
        if name in GRANTS:
            assert answer.verdict == "forbid"
        elif name != "allocation":
            assert STRICTNESS[answer.verdict] >= STRICTNESS["condition"]


@pytest.mark.parametrize("day", ["2007-10-31", "2026-11-22"])
def test_vii_an_unknown_part_of_the_floor_does_not_hide_the_known_one(day: str) -> None:
    """A reserve below the industrial minimum forbids an agreement whose other floor hangs on a price nobody told."""
    told = {"use": "IND", "operator": "existing_user", "intending_users": None, "grade": 1, "benchmark_price": None}
    found = {reserve: answers({**told, "reserve_price": reserve}, day)["agreement"] for reserve in (100, 10_000_000)}
    assert found[100].verdict == "forbid"
    assert "cn.industrial-price.1" in found[100].deciding
    assert found[10_000_000].verdict == "condition"


@MANY
@given(CASES, DAYS)
def test_viii_nationality_does_not_matter(told: dict[str, Value], day: str) -> None:
    """(viii) Private, foreign and Hong Kong-Macao firms get the same answers."""
    found = [
        {name: a.verdict for name, a in answers({**told, "operator": operator}, day).items()}
        for operator in ("private", "foreign", "hkmo")
    ]
    assert found[0] == found[1] == found[2]


@MANY
@given(CASES, DAYS, st.sampled_from(["use", "operator", "intending_users", "nonprofit", "in_udb", "net_land", "zone"]))
def test_a_missing_fact_never_permits(told: dict[str, Value], day: str, name: str) -> None:
    """Where a method is permitted without a fact, no value of the fact would have forbidden it or asked for a paper."""
    unknown = answers({**told, name: None}, day)
    field = fields()[name]
    candidates: tuple[Value, ...]
    if field.type == "bool":
        candidates = (True, False)
    elif field.type == "codes":
        candidates = ((), *((code,) for code in field.values))
    else:
        candidates = field.values or (1, 2, 3)
    for value in candidates:
        known = answers({**told, name: value}, day)
        for method, answer in unknown.items():
            if answer.verdict == "permit":
                assert known[method].verdict in ("permit", "warn"), (method, value, known[method].deciding)


@pytest.mark.parametrize("day", DATES)
def test_every_condition_says_what_to_do(day: str) -> None:
    """A condition names its rule and says in both languages what must be on file or which fact to establish."""
    for use in fields()["use"].values:
        for answer in answers({"use": use, "operator": None, "intending_users": None}, day).values():
            if answer.verdict == "condition":
                assert answer.conditions
            for condition in answer.conditions:
                assert condition.text.en
                assert condition.text.zh
                assert condition.rule
