"""Year factors, price floors and unit prices against figures worked by hand."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constraints.language.expr import parse_price
from constraints.reading.asking.ask import ask
from constraints.reading.floors import floor_of, rounded_up, unit_price
from constraints.reading.speak import decimal
from constraints.reading.terms import Bound, lease_part, range_of, year_factor
from tests.facts import methods

RATE = Fraction("0.05")
BY_ID = {method.id: method for method in methods()}


def test_year_factors_of_the_fact_base() -> None:
    """At 5 % twenty of fifty years are worth 0.683 and thirty 0.842 (R-FLEX-P)."""
    assert decimal(year_factor(20, 50, RATE), 3) == "0.683"
    assert decimal(year_factor(30, 50, RATE), 3) == "0.842"
    assert year_factor(50, 50, RATE) == year_factor(None, 50, RATE) == 1
    assert year_factor(25, 50, Fraction(0)) == Fraction(1, 2)


@given(st.integers(1, 69), st.integers(1, 20))
def test_year_factor_grows_with_the_years(years: int, percent: int) -> None:
    """More years are worth more, the full term exactly one, and the value is exact."""
    rate = Fraction(percent, 100)
    shorter, longer = year_factor(years, 70, rate), year_factor(years + 1, 70, rate)
    assert 0 < shorter < longer <= 1
    assert shorter * (1 - (1 + rate) ** -70) == 1 - (1 + rate) ** -years


def test_a_range_names_the_rules_that_set_it() -> None:
    """Both ends are named; an unknown bound is named only where it narrows."""
    found = range_of([Bound("a", 5, 20), Bound("b", None, 50), Bound("c", 7, None, ("grade",))])
    assert (found.least, found.most, found.least_rules, found.most_rules) == (7, 20, ("c",), ("a",))
    assert found.hangs == (("c", "grade"),)
    assert range_of([]).most is None


def test_the_lease_part_is_five_years_unless_told() -> None:
    """Lease-then-grant leases for the years wanted, else five, never longer than the whole."""
    method = BY_ID["lease_then_grant"]
    assert lease_part(method, {}, 50) == 5
    assert lease_part(method, {"lease_years": 3}, 50) == 3
    assert lease_part(method, {}, 4) == 4
    assert lease_part(BY_ID["lease"], {}, 20) is None


def test_the_floor_is_the_largest_of_those_that_hold() -> None:
    """Parts and their amounts are kept for the derivation; an unknown price makes the floor unknown and names it."""
    holding = [(name, text, parse_price(text)) for name, text in (("a", "336"), ("b", "cost_floor"))]
    assert floor_of(holding, [], {"cost_floor": 40_000}, Fraction(1)).amount == 400
    unknown = floor_of(holding, [], {}, Fraction(1))
    assert (unknown.amount, unknown.hangs) == (None, (("b", "cost_floor"),))
    lawful = floor_of(holding, [], {}, Fraction(1), frozenset({"cost_floor"}))
    assert (lawful.amount, lawful.rule) == (Fraction(336), "a")
    hanging = floor_of(holding, [("c", "9", ("grade",))], {"cost_floor": 1}, Fraction(1))
    assert (hanging.amount, hanging.hangs, hanging.least) == (None, (("c", "grade"),), (Fraction(336), "a"))


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("max(336, cost_floor)", 336),
        ("max(336, benchmark_price, cost_floor)", 600),
        ("336 + cost_floor", 336),
        ("benchmark_price + cost_floor", 600),
        ("min(336, cost_floor)", None),
        ("benchmark_price - cost_floor", None),
        ("cost_floor - 5", None),
        ("0.7 * max(benchmark_price, cost_floor)", 420),
        ("max(benchmark_price, cost_floor) * year_factor", 300),
        ("0.7 * cost_floor", None),
        ("max(benchmark_price - cost_floor, 5)", 5),
        ("min(max(benchmark_price, cost_floor), 9)", None),
        ("cost_floor", None),
    ],
)
def test_what_is_known_of_a_floor(text: str, known: int | None) -> None:
    """Unknown parts count 0 in a maximum and a sum; they make a minimum and a difference unknown; the rest is kept."""
    found = floor_of([("a", text, parse_price(text))], [], {"benchmark_price": 60_000}, Fraction(1, 2))
    assert found.amount is None
    assert found.hangs == (("a", "cost_floor"),)
    assert found.least == (None if known is None else (Fraction(known), "a"))


@pytest.mark.parametrize(
    ("floor", "facts", "factor", "price"),
    [
        (Fraction(336), {"benchmark_price": 60_000}, Fraction(1), 600),
        (Fraction(336), {"benchmark_price": 60_000}, Fraction(1, 2), 336),
        (Fraction("336.01"), {}, Fraction(1), 337),
        (None, {"appraised_price": 70_001, "benchmark_price": 90_000}, Fraction(1, 2), 701),
        (None, {"benchmark_price": 90_001}, Fraction(1, 2), 451),
        (None, {}, Fraction(1), None),
    ],
)
def test_unit_price_rounds_up_once(
    floor: Fraction | None, facts: dict[str, int], factor: Fraction, price: int | None
) -> None:
    """max(floor, appraised, else benchmark x factor), rounded up to a whole yuan; not derivable is not zero."""
    assert unit_price(floor, facts, factor) == price


@given(st.fractions(min_value=0, max_value=10**6))
def test_rounding_up_is_the_least_whole_number(amount: Fraction) -> None:
    """The rounded amount is not below and less than one above."""
    assert 0 <= rounded_up(amount) - amount < 1


CASE = {"use": "IND", "operator": "private", "intending_users": "1", "grade": "6", "cost_floor": "100"}


def floor(**told: str) -> str | int | None:
    """The listing floor the packs give."""
    found: str | int | None = ask({**CASE, **told}, "2026-11-22")["listing"]["price_floor"]["yuan_per_m2"]
    return found


def test_industrial_floor_of_the_packs() -> None:
    """Grade 6: 336; with both flags 70 %; never below cost; twenty years by the year factor."""
    assert floor() == 336
    assert floor(priority_industry="true") == 336
    assert floor(priority_industry="true", intensive="true") == "235.2"
    assert floor(priority_industry="true", intensive="true", cost_floor="268.8") == "268.8"
    assert floor(want_term="20") == decimal(336 * year_factor(20, 50, RATE))
    assert floor(grade="unknown") is None


def test_a_grade_told_to_be_unknown_is_a_condition() -> None:
    """A missing grade is a condition that names it, never a guess."""
    answer = ask({**CASE, "grade": "unknown"}, "2026-11-22")["listing"]
    assert answer["verdict"] == "condition"
    assert {condition["fact"] for condition in answer["conditions"]} == {"grade"}
