"""The two readings of the law, arrays for the optimiser and scalars for the audit, agree on every offer of a round."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from constraints.audit.reread import Reader
from constraints.case import Case, from_json, to_json
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from tests.audit.folders import _offers, reached
from tests.builders import case, demand, eligibility, limit, parcel, price_floor, random_case, random_medium_case, term
from tests.spiced import spiced_case

Identity = tuple[tuple[int, ...], int | None, int, int]


def by_scalars(case: Case) -> tuple[Reader, dict[Identity, Any]]:
    """Every lawful offer by the scalar reading, by trying every site, method and period."""
    reader = reached(case)
    offers: dict[Identity, Any] = {}
    for one in _offers(reader):
        facts = (one.verdict, one.term, one.floor, one.price, tuple(one.score), dict(one.rows))
        offers[one.site, one.demand, one.method, one.period] = facts
    return reader, offers


def by_arrays(offers: Offers) -> dict[Identity, Any]:
    """Every lawful offer as built for the optimiser."""
    keys = [(row.rule, row.key) for row in offers.rows]
    found: dict[Identity, Any] = {}
    for at in range(len(offers)):
        demand = int(offers.demand[at])
        floor = int(offers.floor[at])
        found[offers.parcels(at), None if demand < 0 else demand, int(offers.method[at]), int(offers.period[at])] = (
            int(offers.verdict[at]),
            int(offers.term[at]),
            None if floor < 0 else floor,
            int(offers.price[at]),
            tuple(int(value) for value in offers.score[:, at]),
            {keys[row]: value for row, value in offers.coefficients(at)},
        )
    return found


def agree(case: Case) -> int:
    """Both readings give the same offers, rows and reach; returns the number of offers."""
    reader, expected = by_scalars(case)
    offers = build_offers(case)
    found = by_arrays(offers)
    assert len(found) == len(offers)
    for identity in sorted(found.keys() | expected.keys(), key=str):
        assert found.get(identity) == expected.get(identity), identity
    keys = [(row.rule, row.key) for row in offers.rows]
    assert keys == sorted(keys)
    assert set(keys) == reader.rows.keys() | {key for *_, rows in expected.values() for key in rows}
    for row in offers.rows:
        own = reader.rows.row(row.rule, row.key)
        assert own is not None
        assert row == own
    if offers.reach is not None:
        start, parcels = offers.reach
        for demand in range(len(case.demands)):
            assert set(parcels[start[demand] : start[demand + 1]].tolist()) == reader.reach.get(demand, frozenset())
    return len(found)


def as_written(seed: int) -> Case:
    """A random round as its file gives it back."""
    return from_json(to_json(random_case(seed)))


@pytest.mark.parametrize(
    ("make", "first"),
    [
        (random_case, 0),
        (random_case, 200),
        (as_written, 1000),
        (as_written, 1060),
        (as_written, 1120),
        (spiced_case, 0),
        (spiced_case, 2700),
    ],
)
def test_both_readings_give_the_same_offers(make: Callable[[int], Case], first: int) -> None:
    """Verdict, term, floor, price, points and rows of every offer agree, and neither reading has one more."""
    assert sum(agree(make(seed)) for seed in range(first, first + 60)) > 60


def test_both_readings_agree_on_medium_rounds() -> None:
    """The same with dozens of parcels in street blocks."""
    assert sum(agree(random_medium_case(seed, 30)) for seed in range(4)) > 200


def test_offers_are_in_the_declared_order() -> None:
    """By demand (the market last), parcel rows, method, period; sites by parcel rows, each once."""
    for seed in range(30):
        offers = build_offers(spiced_case(seed))
        last = len(offers)
        keys = [
            (int(d) if d >= 0 else last, offers.parcels(at), int(offers.method[at]), int(offers.period[at]))
            for at, d in enumerate(offers.demand)
        ]
        assert keys == sorted(keys)
        sites = [
            tuple(offers.site_parcels[a:b].tolist())
            for a, b in zip(offers.site_start, offers.site_start[1:], strict=False)
        ]
        assert sites == sorted(set(sites))
        for part, (a, b) in enumerate(zip(offers.part_start, offers.part_start[1:], strict=False)):
            assert (
                len(
                    {(int(offers.demand[at]), offers.parcels(at) if offers.demand[at] < 0 else 0) for at in range(a, b)}
                )
                <= 1
            )
            assert all(int(offers.demand[at]) in (part, -1) for at in range(a, b))


def test_what_forbids_short_terms_does_not_forbid_what_has_no_term() -> None:
    """No rule bounds the term, so nobody knows it: a condition on several parcels as on one."""
    short = eligibility("t.short", "not (term_years >= 30)", auction="forbid", listing="forbid")
    land = [parcel(area_m2=3_000), parcel(area_m2=4_000)]
    made = case(land, [demand(area_min_m2=5_000, area_max_m2=9_000, max_parcels=2)], [short], [("P01", "P02")])
    assert agree(made) == 5
    verdicts = {made.methods[name[2]].id: facts[0] for name, facts in by_arrays(build_offers(made)).items()}
    assert verdicts["auction"] == verdicts["listing"] == 2


def test_a_parcel_without_a_range_takes_the_term_of_the_site() -> None:
    """Twenty years bound one parcel of a site, nothing the other: both are let for twenty, by the audit too."""
    bound = term("t.b", "district == 'B'", ["auction"], max_years=20)
    land = [parcel(area_m2=3_000), parcel(area_m2=4_000, district="B")]
    made = case(land, [demand(area_min_m2=5_000, area_max_m2=9_000, max_parcels=2)], [bound], [("P01", "P02")])
    assert agree(made) == 5
    terms = {made.methods[name[2]].id: facts[1] for name, facts in by_arrays(build_offers(made)).items()}
    assert (terms["auction"], terms["listing"]) == (20, 0)


@pytest.mark.slow
def test_both_readings_agree_under_the_shipped_packs() -> None:
    """The same on contested benchmark rounds, judged by all national and local rules."""
    from benchmarks.rounds import case_round

    assert agree(case_round(220, 60, 1)) > 300
    assert agree(case_round(220, 60, 2)) > 300


@pytest.mark.parametrize(
    "per_m2", ["0 - 1000000", "cost_floor - 5000", "max(cost_floor - 5000, 0.5 - 1) * year_factor"]
)
def test_a_floor_that_comes_to_less_than_nothing_is_nothing(per_m2: str) -> None:
    """A rule may take more off than there is: one reading had no floor there, the other a negative one."""
    case = random_case(3)
    methods = [method.id for method in case.methods if method.paid]
    found = [rule for rule in case.rules if rule.kind != "price_floor"]
    assert agree(replace(case, rules=(*found, price_floor("t.off", "", methods, per_m2)))) > 0


@pytest.mark.parametrize(("share", "area", "rows"), [((1, 2), 10_000, 0), ((1, 2), 10_001, 1), ((2, 3), 10_000, 1)])
def test_what_cancels_inside_a_site_is_in_no_row(share: tuple[int, int], area: int, rows: int) -> None:
    """Of two parcels the one that a share counts gives what the other takes: no coefficient of zero is written."""
    land = [parcel(district="A"), parcel(district="B", area_m2=area)]
    wish = demand(area_min_m2=15_000, area_max_m2=25_000, max_parcels=2)
    made = case(land, [wish], [limit("p.share", "district == 'A'", share=share)], [("P01", "P02")])
    assert agree(made) > 0
    _, found = by_scalars(made)
    assert {len(offer[5]) for offer in found.values()} == {rows}
