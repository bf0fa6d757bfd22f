"""Building offers: caps, numbers too large, exact prices, demands near points, stated scope, and in time."""

from __future__ import annotations

import itertools
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from constraints.case import Settings
from landopt.screening.judging import price_table as pricetable
from landopt.screening.judging.price_table import PriceTable
from landopt.screening.law.fact_columns import Sides
from landopt.screening.law.price_bands import Band, TooWide, ceilings, exact, factor_band, largest
from landopt.screening.law.verdicts import Law
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from parcels.common.schema import Value
from tests.audit.folders import small
from tests.builders import ALL_METHODS, case, demand, eligibility, limit, parcel, price_floor, random_case, term


def test_a_platform_beyond_the_cap_is_listed_up_to_it() -> None:
    """Past ``site_cap`` sites the list of a platform ends and the scope says so."""
    land = [parcel(area_m2=1_000) for _ in range(9)]
    ids = [f"P{number:02d}" for number in range(1, 10)]
    wish = demand(area_min_m2=1_000, area_max_m2=3_000, max_parcels=3)
    pairs = list(itertools.combinations(ids, 2))
    whole = build_offers(case(land, [wish], neighbours=pairs))
    assert whole.scope == "all"
    assert np.unique(whole.site).size == 9 + 36 + 84
    cut = build_offers(case(land, [wish], neighbours=pairs, settings=Settings(site_cap=50)))
    assert cut.scope == "listed"
    assert np.unique(cut.site).size == 50
    assert np.bincount(np.diff(cut.site_start)).tolist() == [0, 9, 36, 5]
    assert {row for at in range(len(cut)) for row in cut.parcels(at)} == set(range(9))


def test_a_coefficient_of_a_million_million_is_refused() -> None:
    """Numbers a solver cannot keep exact are refused with the rule's name."""
    rule = limit("p.money", "", "<=", 10**11, measure="expected_price_yuan")
    land = [parcel(area_m2=9_000_000, appraised_price=20_000_000)]
    wish = demand(area_max_m2=10_000_000)
    with pytest.raises(Refused, match=r"p\.money"):
        build_offers(case(land, [wish], [rule]))
    with pytest.raises(Refused, match=r"p\.area"):
        build_offers(case([parcel()], [demand()], [limit("p.area", "", "<=", 10**12)]))


def test_near_keeps_every_named_distance() -> None:
    """A platform near two points takes only parcels within both distances; an unknown point keeps nothing."""
    land = [parcel(), parcel(), parcel()]
    wish = demand(near="metro:500;port:900")
    distances = {"metro": (500, 501, 10), "port": (900, 900, 901)}
    found = build_offers(case(land, [wish], distances=distances))
    assert {found.parcels(at) for at in range(len(found))} == {(0,)}
    assert len(build_offers(case(land, [demand(near="pier:500")], distances=distances))) == 0


def test_nothing_to_offer_is_an_empty_list() -> None:
    """No demand, no parcel that fits, no lawful method: arrays of length 0 and the parts of every demand."""
    for built in (
        case([parcel()], []),
        case([parcel(use="RES")], [demand()]),
        case([parcel()], [demand()], [eligibility("e", "use == 'IND'", **dict.fromkeys(METHODS, "forbid"))]),
        case([parcel(status="reserve")], [demand()]),
    ):
        found = build_offers(built)
        assert len(found) == 0
        assert found.part_start.tolist() == [0] * (len(built.demands) + 1)
        assert found.site_start.tolist() == [0]


METHODS = ("allocation", "agreement", "bid", "auction", "listing", "lease", "lease_then_grant", "contribution")


def test_the_same_case_gives_the_same_arrays_twice() -> None:
    """Nothing depends on a clock, a hash seed or what was built before."""
    for seed in range(5):
        one, two = build_offers(random_case(seed)), build_offers(random_case(seed))
        for name in ("site", "demand", "method", "score", "row_index", "row_coef", "part_start", "site_parcels"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
        assert one.rows == two.rows


def test_progress_is_told_up_to_the_last_demand() -> None:
    """The caller hears of every group of demands."""
    heard: list[tuple[str, int, int]] = []
    build_offers(random_case(3), progress=lambda *told: heard.append(told))
    assert heard[-1] == ("offers", 3, 3)


def price_table(benchmarks: list[int]) -> PriceTable:
    """A table over parcels with these benchmark prices (hundredths)."""
    rules = [
        price_floor("f.year", "", ["listing"], "max(336 * year_factor, 0.7 * benchmark_price)"),
        term("t.most", "", ["listing"], max_years=50),
    ]
    land = [parcel(benchmark_price=price, cost_floor=None) for price in benchmarks]
    return PriceTable(Law(Sides(case(land, [demand()], rules))))


@pytest.mark.parametrize("term_years", [1, 7, 20, 49, 50])
def test_prices_by_bands_are_the_exact_prices(term_years: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unit prices by int64 bounds equal those by rationals, also at values that round exactly."""
    prices = [1, 33_600, 33_599, 60_001, 48_000, 100_000, 99_999_999, 12_345_678]
    table = price_table(prices)
    state = ((table.law.place["f.year"], 2),)
    price_case = (state, term_years, 50, ())
    row = table.number(price_case)
    factor = Fraction(1 - Fraction(20, 21) ** term_years) / Fraction(1 - Fraction(20, 21) ** 50)
    for at, price in enumerate(prices):
        floor = max(336 * factor, Fraction(7, 10) * Fraction(price, 100))
        value = max(floor, Fraction(price, 100) * factor)
        assert table.unit[row, at] == -(-value.numerator // value.denominator)
        assert int(table.low[row, at]) <= floor * 1_000_000 <= int(table.high[row, at])
    # numbers beyond 62 bits are counted parcel by parcel, to the same end
    plain = price_table(prices)

    def too_wide(*_: object) -> Band:
        raise TooWide

    monkeypatch.setattr(pricetable, "amounts", too_wide)
    again = plain.number(price_case)
    assert plain.unit[again].tolist() == table.unit[row].tolist()


def test_bands_meet_without_a_year_factor() -> None:
    """Exact decimals stay exact; a factor that is no decimal is enclosed."""
    third = Fraction(1, 3) ** 30
    band = factor_band(third)
    assert int(band.low[0]) < third * band.scale < int(band.high[0])
    up, open_ = ceilings(largest([exact(Fraction(7, 10)), exact(Fraction(71, 100))], 2))
    assert up.tolist() == [1, 1]
    assert not open_.any()


def test_a_far_wanted_term_is_judged_like_any_other() -> None:
    """A wanted term beyond every table is outside the range, not an error."""
    rules = [term("t.most", "", ["listing"], max_years=50)]
    found = build_offers(case([parcel()], [demand(want_term=5_000)], rules))
    assert "listing" not in {found_method(found, at) for at in range(len(found))}


def found_method(offers: Offers, at: int) -> str:
    """The id of an offer's method."""
    return METHODS[int(offers.method[at])]


def test_thousands_of_offers_are_built_in_a_moment() -> None:
    """A contested round of 1,000 parcels and 100 platforms under the shipped packs: no offer is judged by itself.

    Counted in calls of Python functions: 30 an offer when it was written, and 1,900 for one judgement.
    """
    from benchmarks.rounds import case_round

    built = case_round(1_000, 100, 11)
    calls = 0

    def count(_frame: object, event: str, _given: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        found = build_offers(built)
    finally:
        sys.setprofile(None)
    assert len(found) > 2_000
    assert calls < 100 * len(found)
    again = build_offers(replace(built, settings=replace(built.settings, verdicts=("permit",))))
    assert set(np.unique(again.verdict).tolist()) == {0}
    assert len(again) < len(found)


@pytest.mark.parametrize("wants", [[], [demand()]])
def test_a_round_without_land_has_no_offer(wants: list[dict[str, Value]]) -> None:
    """No parcel, so no column of their areas either: nothing is offered, and nothing fails."""
    offers = build_offers(case([], wants, [limit("p.quota", "", "<=", 5_000)]))
    assert (len(offers), offers.scope) == (0, "all")


def test_what_a_warning_and_a_condition_cost_unless_the_round_says_so() -> None:
    """500 and 50 points off a plan's value, by both readings."""
    for word, points in (("warn", 500), ("condition", 50)):
        scores = []
        for weights in ({"served": "100"}, {"served": "100", word: "0"}):
            law = eligibility("t.rule", "", **dict.fromkeys(ALL_METHODS, "forbid") | {"listing": word})
            settings = Settings(("permit", "condition", "warn"))
            made = case([parcel()], [demand()], [law], settings=settings)
            made = replace(made, objective=replace(made.objective, weights=weights))
            offers = build_offers(made)
            (reading,) = [each for each in small(made).offers if each.demand is not None]
            at = [k for k in range(len(offers)) if offers.demand[k] >= 0]
            scores.append(int(offers.score[0, at[0]]))
            assert (len(at), scores[-1]) == (1, reading.score[0])
        assert scores[1] - scores[0] == 1_000 * points
