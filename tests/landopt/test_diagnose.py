"""Impossible rounds give their known minimal sets; every member is needed; relaxations give the plan they promise."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from constraints.case import Case
from landopt.reasons.diagnose import conflict_rows, diagnose
from landopt.reasons.explain.feasible import search
from landopt.reasons.explain.variants import only_rows
from landopt.reasons.texts import render_answer
from tests.builders import case, demand, eligibility, limit, parcel, random_case
from tests.landopt.decided import offers_of, plans
from tests.landopt.impossible import ROUNDS, Known, policy_against_law, quota_of_one_district


@pytest.mark.parametrize("make", ROUNDS, ids=lambda make: make.__name__)
def test_impossible_round_names_its_known_set(make: Callable[[], tuple[Case, Known]]) -> None:
    """Each of the ten rounds gives exactly the set that explains it, every member proved."""
    round_, known = make()
    found = diagnose(round_, offers_of(round_), build=offers_of, relax=False)
    assert found.state == "conflict"
    assert {(member.rule, member.key) for member in found.members} == known
    assert found.minimal
    assert all(member.proved for member in found.members)


def test_only_policy_is_relaxed_by_the_least_amount() -> None:
    """A policy minimum of 20,000 over a statutory cap of 15,000 gives way to what parcels of 10,000 allow."""
    round_, _ = policy_against_law()
    found = diagnose(round_, offers_of(round_), build=offers_of)
    assert [(entry.rules, entry.was, entry.now) for entry in found.relaxations] == [
        (("p.least",), (20_000,), (10_000,))
    ]
    assert found.relaxations[0].served == 1
    assert found.relaxations[0].objective <= found.relaxations[0].bound


def test_relaxations_are_ordered_by_rank_and_cost() -> None:
    """Every policy row that alone opens a plan is listed, the cheapest relative change first."""
    round_, _ = quota_of_one_district()
    found = diagnose(round_, offers_of(round_), build=offers_of)
    assert [entry.rules for entry in found.relaxations] == [("p.lock",), ("p.quota",)]
    assert found.relaxations[1].now == (10_000,)
    assert found.relaxations[0].dropped


def test_platform_that_cannot_be_served_is_explained_the_same_way() -> None:
    """A platform whose only land a cap closes: the cap is named; a platform that could be served says so."""
    rules = [
        eligibility("t.no", "operator == 'foreign'", listing="forbid", bid="forbid", auction="forbid"),
        eligibility("t.no2", "operator == 'foreign'", lease="forbid", lease_then_grant="forbid"),
        limit("p.cap", "use == 'RES'", "<=", 0),
    ]
    land = [parcel(), parcel(use="RES")]
    wants = [demand(), demand(uses=("RES",)), demand(operator="foreign")]
    round_ = case(land, wants, rules)
    offers = offers_of(round_)
    assert diagnose(round_, offers, demand=0).state == "possible"
    capped = diagnose(round_, offers, build=offers_of, demand=1)
    assert [member.rule for member in capped.members] == ["p.cap"]
    assert capped.relaxations[0].now == (10_000,)
    closed = diagnose(round_, offers, build=offers_of, demand=2)
    assert closed.lawful == 0
    assert {member.rule for member in closed.members} <= {"t.no", "t.no2"}
    assert closed.members


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_diagnosis_reads_in_both_languages(lang: str) -> None:
    """The text names the rules, marks law and policy, and gives the relaxation."""
    round_, _ = policy_against_law()
    text = render_answer("diagnose", diagnose(round_, offers_of(round_)).as_dict(), lang)
    assert "t.cap" in text
    assert ("law, not to be relaxed" if lang == "en" else "属法定，不得放宽") in text
    assert "20,000 -> 10,000" in text or "20,000 → 10,000" in text


def test_rows_of_random_conflicts_are_minimal() -> None:
    """On random impossible rounds the set has no plan, and without any one member it has (complete enumeration)."""
    seen = 0
    for seed in range(60):
        round_ = random_case(seed)
        offers = offers_of(round_)
        if plans(offers):
            assert search(round_, offers, range(len(offers.rows))).answer == "yes"
            continue
        seen += 1
        kept, sure = conflict_rows(round_, offers)
        assert sure.issuperset(kept)
        assert not plans(only_rows(offers, kept))
        for row in kept:
            assert plans(only_rows(offers, [other for other in kept if other != row]))
        if seen == 8:
            break
    assert seen == 8
