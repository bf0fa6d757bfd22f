"""The sixty worked cases of the legal fact base, and the invariants below their table."""

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from constraints.loading.rule_file import Block, read_text
from constraints.reading.asking.ask import ask
from constraints.reading.asking.worked_cases import KEYS, WorkedCase, fact_text, run
from constraints.types import STRICTNESS

BLOCKS = read_text(Path(__file__).parent / "oracle.toml").blocks["case"]
METHODS = ("allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant")
BUSINESS = ("IND", "IND_M0", "STOR", "COM", "BIZ", "ENT", "HOU", "NS_M9")
USES = (*BUSINESS, "RES", "EDU", "CUL", "HLT", "SPO", "WEL", "HOU_AFF", "UTL", "GOV", "MIN")
OPERATORS = (
    "gov", "pubinst", "npo_rd", "univ", "npo_school", "fp_school", "soe", "private", "foreign", "hkmo", "incubator",
    "developer", "existing_user",
)  # fmt: skip
DATES = ("2007-11-01", "2015-06-01", "2019-12-31", "2022-12-22", "2026-11-22")
FAILURES = (
    {"in_pbf": "1"},
    {"in_erl_core": "1", "in_erl": "1"},
    {"converted": "false"},
    {"expropriated": "false"},
    {"ownership": "collective"},
    {"grantor": "dz_committee"},
)


def _case(table: dict[str, Any]) -> WorkedCase:
    assert set(table) <= set(KEYS)
    facts = {key: fact_text(value) for key, value in table["facts"].items()}
    return WorkedCase(
        id=str(table["id"]),
        as_of=str(table["as_of"]),
        facts=facts,
        expect=table["expect"],
        rules=(),
        absent=(),
        term={},
        floor={},
        note="",
        packs=None,
        place="oracle.toml",
    )


def _verdicts(as_of: str, **facts: object) -> dict[str, str]:
    answer = ask({name: fact_text(value) for name, value in facts.items()}, as_of)
    return {method: answer[method]["verdict"] for method in METHODS}


def test_the_table_has_sixty_rows() -> None:
    """Every row of the table is here, each method of each row compared or marked as not compared."""
    assert len(BLOCKS) == 60
    assert all(set(block.table["expect"]) == set(METHODS) for block in BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.table["id"])
def test_the_rules_agree_with_a_worked_case_of_the_fact_base(block: Block) -> None:
    """Every method of the row has the verdict the table states."""
    assert run(_case(block.table)).wrong == ()


draws = {
    "use": st.sampled_from(USES),
    "operator": st.sampled_from(OPERATORS),
    "intending_users": st.sampled_from((0, 1, 2, 3, 4)),
    "as_of": st.sampled_from(DATES),
}


@settings(max_examples=40, deadline=None)
@given(**draws)
def test_allocation_is_permitted_only_to_uses_and_operators_of_the_catalogue(
    use: str, operator: str, intending_users: int, as_of: str
) -> None:
    """Invariants (i), (ii) and (iii): catalogue, several users, business uses."""
    found = _verdicts(as_of, use=use, operator=operator, intending_users=intending_users)
    if found["allocation"] == "permit":
        assert use in ("RES", "EDU", "CUL", "HLT", "SPO", "WEL", "UTL", "GOV")
        assert operator in ("gov", "pubinst", "univ", "npo_rd", "npo_school", "existing_user")
    if intending_users >= 2:
        assert found["agreement"] != "permit"
    if use in BUSINESS and operator != "existing_user":
        assert found["agreement"] == found["allocation"] == "forbid"


@settings(max_examples=40, deadline=None)
@given(**draws)
def test_listing_is_never_worse_than_bid_and_auction(use: str, operator: str, intending_users: int, as_of: str) -> None:
    """Invariant (iv): bidder numbers hit bid and auction first."""
    found = _verdicts(as_of, use=use, operator=operator, intending_users=intending_users)
    for other in ("bid", "auction"):
        assert STRICTNESS[found["listing"]] <= STRICTNESS[found[other]]


@settings(max_examples=40, deadline=None)
@given(failure=st.sampled_from(FAILURES), **draws)
def test_a_parcel_that_is_not_ready_forbids_every_method(
    failure: dict[str, str], use: str, operator: str, intending_users: int, as_of: str
) -> None:
    """Invariant (v), on every date."""
    found = _verdicts(as_of, use=use, operator=operator, intending_users=intending_users, **failure)
    assert set(found.values()) == {"forbid"}


@settings(max_examples=20, deadline=None)
@given(
    use=st.sampled_from(USES),
    operator=st.sampled_from(OPERATORS),
    intending_users=st.sampled_from((0, 1, 3)),
    as_of=st.sampled_from(("2012-07-01", *DATES[1:])),
)
def test_land_that_is_not_net_is_supplied_by_no_method_since_order_53(
    use: str, operator: str, intending_users: int, as_of: str
) -> None:
    """Before Order 53 gross land was granted lawfully; the 2007 notice asked for net land (a condition)."""
    facts = {"use": use, "operator": operator, "intending_users": intending_users, "net_land": False}
    assert set(_verdicts(as_of, **facts).values()) == {"forbid"}
    assert _verdicts("2010-06-01", **facts)["listing"] in ("condition", "forbid")
    assert "forbid" not in {_verdicts("2005-06-01", **facts)[method] for method in ("bid", "listing")}


@settings(max_examples=20, deadline=None)
@given(use=st.sampled_from(USES), operator=st.sampled_from(OPERATORS), as_of=st.sampled_from(DATES))
def test_a_grant_outside_the_annual_plan_is_forbidden(use: str, operator: str, as_of: str) -> None:
    """UREAM art. 10 speaks of grants; since 2021 the other ways wait for the plan to be amended and published."""
    found = _verdicts(as_of, use=use, operator=operator, intending_users=1, in_annual_plan=False)
    assert {found[method] for method in ("agreement", "bid", "auction", "listing", "lease_then_grant")} == {"forbid"}
    if as_of >= "2021-09-01":
        assert "permit" not in (found["allocation"], found["lease"])


@pytest.mark.parametrize("failure", [{"in_pbf": "1"}, {"converted": "false"}, {"expropriated": "false"}])
@pytest.mark.parametrize("as_of", ["1985-01-01", "1995-06-01", "2002-01-01", "2011-01-01"])
def test_a_parcel_that_is_not_ready_is_forbidden_before_the_packs_are_complete(
    failure: dict[str, str], as_of: str
) -> None:
    """Asked about an earlier date, a parcel's state still forbids, and the answer says the pack is not complete."""
    facts = {"use": "IND", "operator": "private", "intending_users": "1", **failure}
    answer = ask(facts, as_of)
    assert {answer[method]["verdict"] for method in METHODS} == {"forbid"}
    assert any("complete from" in note["en"] for note in answer["listing"]["notes"])


@settings(max_examples=40, deadline=None)
@given(use=st.sampled_from(USES), operator=st.sampled_from(OPERATORS), as_of=st.sampled_from(DATES))
def test_more_intending_users_never_open_allocation_or_agreement(use: str, operator: str, as_of: str) -> None:
    """Invariant (vi): raising n from one never turns forbid into permit."""
    rows = [_verdicts(as_of, use=use, operator=operator, intending_users=n) for n in (1, 2, 3)]
    for fewer, more in itertools.pairwise(rows):
        for method in ("allocation", "agreement"):
            assert not (fewer[method] == "forbid" and more[method] == "permit")


@pytest.mark.parametrize(
    ("right", "most", "method"),
    [("lease", 20, "lease"), ("grant", 50, "listing"), ("lease_then_grant", 50, "lease_then_grant")],
)
def test_a_term_above_the_methods_own_maximum_forbids_that_method(right: str, most: int, method: str) -> None:
    """Invariant (vii), terms: at the maximum lawful, one year above not; the other rights are not touched."""
    facts = {"use": "IND", "operator": "private", "intending_users": 1, "want_right": right}
    at, above = (_verdicts("2026-11-22", **facts, want_term=years) for years in (most, most + 1))
    assert (at[method], above[method]) == ("permit", "forbid")
    assert above["listing" if method != "listing" else "lease"] == "permit"


@pytest.mark.parametrize("grade", range(1, 16))
def test_a_reserve_below_the_industrial_standard_forbids_grants_and_makes_leases_conditional(grade: int) -> None:
    """Invariant (vii), prices: exactly at the standard lawful, a cent below not."""
    standard = (840, 720, 600, 480, 384, 336, 288, 252, 204, 168, 144, 120, 96, 84, 60)[grade - 1]
    facts = {"use": "IND", "operator": "private", "intending_users": 3, "grade": grade}
    at, below = (_verdicts("2026-11-22", **facts, reserve_price=price) for price in (standard, f"{standard - 1}.99"))
    assert [at[method] for method in METHODS[2:]] == ["permit"] * 5
    assert [below[method] for method in METHODS[2:]] == ["forbid"] * 3 + ["condition"] * 2


@settings(max_examples=30, deadline=None)
@given(use=st.sampled_from(USES), intending_users=st.sampled_from((0, 1, 3)), as_of=st.sampled_from(DATES))
def test_no_verdict_depends_on_where_a_firm_comes_from(use: str, intending_users: int, as_of: str) -> None:
    """Invariant (viii): private, foreign, Hong Kong-Macao and state firms are treated alike."""
    rows = [
        _verdicts(as_of, use=use, operator=operator, intending_users=intending_users)
        for operator in ("private", "foreign", "hkmo", "soe")
    ]
    assert all(row == rows[0] for row in rows)
