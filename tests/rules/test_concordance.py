"""The comparison with real supplies, on a small extract of the counts."""

from pathlib import Path

from benchmarks.law.real import BUSINESS, OPEN, ROUTES, actual, cells, declared, tallies, terms, together
from benchmarks.law.speed import busiest

DATA = Path(__file__).parent / "data"


def test_business_land_by_agreement_or_allocation_on_new_land_is_forbidden() -> None:
    """Whoever the (new) holder is, in every year of the counts."""
    for year in ("2012", "2013", "2014", "2015", "2016", "2017"):
        for use in BUSINESS:
            for method in ("agreement", "allocation"):
                assert actual(year, use, "new", method) == "forbid"


def test_declared_retained_land_has_its_route_and_nobody_else_has() -> None:
    """Business and industry by allocation or agreement: a condition for the collective that declares it."""
    for year in ("2012", "2014", "2017"):
        for method in ("agreement", "allocation"):
            for use in ("COM", "BIZ", "IND", "STOR"):
                assert declared(year, use, "new", method) == "condition"
                assert actual(year, use, "new", method) == "forbid"
            assert declared(year, "HOU", "new", method) == "forbid"


def test_no_competitive_supply_is_forbidden_by_a_list_that_may_be_superseded() -> None:
    """A housing parcel above 20 ha opened to all is a condition, in every year of the counts."""
    for year in ("2012", "2013", "2016"):
        assert {actual(year, "HOU", "new", method, large=True) for method in OPEN} == {"condition"}


def test_agreement_on_existing_land_is_conditional_for_business_uses() -> None:
    """The present holder may be the one who asks: the rules of the present user leave it open."""
    for use in BUSINESS:
        assert actual("2014", use, "stock", "agreement") == "condition"


def test_land_opened_to_all_is_permitted() -> None:
    """Listing, auction and bid of business land need no condition where the bidders are not counted yet."""
    for source in ("new", "stock"):
        for method in ("listing", "auction", "bid"):
            assert {actual("2014", use, source, method) for use in BUSINESS} == {"permit"}


def test_public_uses_hang_on_the_operator() -> None:
    """Allocation of research land is neither permitted nor forbidden while nobody says who asks."""
    assert actual("2014", "RES", "new", "allocation") == "condition"
    assert actual("2014", "RES", "new", "agreement") == "condition"


def test_the_extract_is_counted_by_use_and_source() -> None:
    """What has no use code here is counted and not judged; industrial deviations stay in the range of the whole."""
    found = list(cells(DATA / "real_supply_extract.csv"))
    assert any(not cell.verdict and not cell.use for cell in found)
    table = tallies(found)
    assert 0 < together(table, ("IND",), "new").share("forbid") < 0.051
    assert together(table, BUSINESS, "new").share("condition") <= 0.05
    ban = {(cell.use, cell.method) for cell in found if cell.verdict == "forbid"}
    assert ban <= set(ROUTES)


def test_terms_of_the_extract_are_within_the_rules() -> None:
    """Industrial and commercial terms: a few commercial ones are above 40 years, and are reported."""
    rows = terms(DATA / "real_term_extract.csv")
    assert rows
    assert all(within + above == told for _, _, told, within, above, _ in rows)
    assert sum(row[3] for row in rows) > 0.95 * sum(row[2] for row in rows)


def test_the_speed_benchmark_uses_fifty_rules() -> None:
    """Fifty eligibility rules in force, the longest conditions first."""
    assert len(busiest(50)) == 50
