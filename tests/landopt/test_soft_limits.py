"""Soft limits: what each unit costs, and that a looser one never costs more."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from constraints.case import Case
from constraints.types import Rule
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import solve
from tests.brute import brute_force_offers
from tests.builders import case, demand, limit, parcel


def _round(draw: Random, rules: list[Rule]) -> Case:
    land = [
        parcel(use="IND", area_m2=draw.randint(900, 3_100), land_source=draw.choice(["new", "stock"]), district=place)
        for place in draw.choices(["A", "B"], k=4)
    ]
    wants = [demand(uses=("IND",), area_min_m2=1, area_max_m2=4_000, priority=draw.randint(1, 90)) for _ in range(3)]
    return case(land, wants, rules)


def _best(seed: int, rule: Rule) -> int:
    """The best value of a round under one soft limit, by complete enumeration."""
    best = brute_force_offers(build_offers(_round(Random(seed), [rule])))
    assert best is not None
    return best[0]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    "rule",
    [
        limit("p.soft", "land_source == 'new'", "<=", 0, penalty="0.75"),
        limit("p.soft", "land_source == 'new'", ">=", 50_000, penalty=0),
        limit("p.soft", "district == 'A'", "<=", share=(41, 100), penalty="0.5"),
        limit("p.soft", "land_source == 'new'", "<=", 900, credit=("land_source == 'stock'", 1, 7), penalty="0.001"),
    ],
)
def test_the_search_pays_what_enumeration_pays(seed: int, rule: Rule) -> None:
    """The programme, its bound and the audited objective have the units of slack right."""
    made = _round(Random(seed), [rule])
    outcome = solve(made, build_offers(made), gap="0", time_limit_s=30)
    assert (outcome.tiers[0].objective, outcome.stopped) == (_best(seed, rule), "optimal")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("penalty", [0, "0.001", "0.75", 3])
def test_a_looser_amount_never_costs(seed: int, penalty: int | str) -> None:
    """Over amounts from 0 on, and with part of it used already."""
    for sense in ("<=", ">="):
        known: tuple[dict[tuple[str, ...], int], ...] = ({}, {(): 700})
        for used in known:
            values = [
                _best(seed, limit("p.soft", "land_source == 'new'", sense, amount, used=used, penalty=penalty))
                for amount in (0, 1, 999, 4_000, 50_000)
            ]
            assert values == sorted(values, reverse=sense == ">=")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("of", [None, "land_source == 'stock'"])
def test_a_looser_share_never_costs_however_it_is_written(seed: int, of: str | None) -> None:
    """2/5, 41/100, 1/2: a penalty is per square metre over, not per unit of the denominator."""
    shares = (Fraction(0), Fraction("0.333"), Fraction(2, 5), Fraction("0.41"), Fraction(1, 2), Fraction(1))
    for sense in ("<=", ">="):
        values = [
            _best(
                seed,
                limit("p.soft", "district == 'A'", sense, share=(s.numerator, s.denominator), of=of, penalty="0.5"),
            )
            for s in shares
        ]
        assert values == sorted(values, reverse=sense == ">=")


@pytest.mark.parametrize("seed", range(4))
def test_a_larger_credit_never_costs(seed: int) -> None:
    """A quota that grows faster with what is used of stock is looser."""
    steps = [(1, 7), (1, 3), (1, 2), (2, 3), (1, 1), (3, 1)]
    values = [
        _best(
            seed,
            limit("p.soft", "land_source == 'new'", "<=", 900, credit=("land_source == 'stock'", *step), penalty=2),
        )
        for step in steps
    ]
    assert values == sorted(values)


def test_a_unit_is_one_of_the_measure() -> None:
    """1,500 of 4,000 m2 in one district at 27 %: 420 m2 over at two points each."""
    land = [parcel(use="IND", area_m2=1_500, district="A"), parcel(use="IND", area_m2=2_500, district="B")]
    wants = [demand(uses=("IND",), area_min_m2=1_500, area_max_m2=2_500, priority=90) for _ in range(2)]
    made = case(land, wants, [limit("p.soft", "district == 'A'", "<=", share=(27, 100), penalty=2)])
    (row,) = build_offers(made).rows
    assert (row.slack, row.penalty) == (100, 2_000)
    assert row.missed(100 * 1_500 - 27 * 4_000) == 420
    assert row.missed(1) == 1
    assert row.missed(0) == 0
