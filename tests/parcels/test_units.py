"""Units and exact numbers at the border, each written down by hand: a factor or bound that moves is noticed."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest

from parcels.common.units import UNITS, BadValue, exact, round_half_up, scaled, unit_factor, unit_name
from parcels.tables.columns import parted

AREA: dict[str, int | Fraction] = {
    "m2": 1,
    "sqm": 1,
    "平方米": 1,
    "平米": 1,
    "ha": 10_000,
    "hm2": 10_000,
    "公顷": 10_000,
    "万m2": 10_000,
}
AREA |= {"万平方米": 10_000, "km2": 1_000_000, "平方公里": 1_000_000}
MU: dict[str, int | Fraction] = {"mu": Fraction(2000, 3), "亩": Fraction(2000, 3)}
MONEY = {"yuan": 1, "元": 1, "千元": 1_000, "万元": 10_000, "wan_yuan": 10_000, "10k_yuan": 10_000}
MONEY |= {"百万元": 1_000_000, "亿元": 100_000_000}
TIME = {"years": {"years": 1, "年": 1}, "days": {"days": 1, "天": 1, "日": 1}, "%": {"%": 1}}


def test_every_unit_has_its_factor() -> None:
    """The table value by value; nothing is in it that is not here."""
    assert UNITS["m2"] == {**AREA, **MU}
    assert UNITS["yuan"] == MONEY
    assert {of: UNITS[of] for of in TIME} == TIME
    prices = {f"{m}/{a}": Fraction(v) / w for m, v in MONEY.items() for a, w in {**AREA, **MU}.items()}
    assert UNITS["yuan/m2"] == prices
    assert prices["万元/亩"] == 15


@pytest.mark.parametrize(
    ("written", "read"),
    [("元／㎡", "元/m2"), ("元每平方米", "元/平方米"), (" Yuan / M²", "yuan/m2"), ("（万元）", "(万元)"), ("ha", "ha")],
)
def test_units_as_they_are_written(written: str, read: str) -> None:
    """Full-width marks, squares, blanks and 每 are read; 每 alone makes a slash."""
    assert unit_name(written) == read


@pytest.mark.parametrize(
    ("of", "spellings", "size"),
    [
        ("m2", ("sq m", "square metres", "Sq.M", "m^2", "㎡"), 1),
        ("m2", ("hectares", "Hectare", "HM²", "万平方米"), 10_000),
        ("yuan", ("RMB", "CNY", "人民币元"), 1),
        (
            "yuan",
            ("wan_yuan", "wanyuan", "Wan Yuan", "10k yuan", "10K_YUAN", "10,000 yuan", "人民币万元", "万 元"),
            10_000,
        ),
        ("yuan", ("million yuan", "百万元", "million RMB"), 1_000_000),
        ("yuan/m2", ("yuan per square metre", "RMB/sqm", "元每平方米", "Yuan per m²"), 1),
        ("yuan/m2", ("wan_yuan/mu", "万元/亩", "10k yuan per mu"), 15),
        ("years", ("year", "年"), 1),
        ("%", ("percent", "%"), 1),
    ],
)
def test_one_unit_has_many_spellings(of: str, spellings: tuple[str, ...], size: int) -> None:
    """As people write them in headings and in ``units``; those that landopt itself prints are among them."""
    assert {unit: unit_factor(of, unit) for unit in spellings} == dict.fromkeys(spellings, size)


@pytest.mark.parametrize(
    ("heading", "name", "size"),
    [("budget_wan_yuan", "budget", 10_000), ("budget_10k_yuan", "budget", 10_000), ("budget_yuan", "budget", 1)],
)
def test_a_unit_after_an_underscore_may_have_one_itself(heading: str, name: str, size: int) -> None:
    """What a format without blanks makes of "budget (wan yuan)"."""
    base, unit = parted(heading)
    assert base == name
    assert unit_factor("yuan", unit) == size
    assert parted("price_wan_yuan_mu")[0] == "price"
    assert unit_factor("yuan/m2", parted("price_wan_yuan_mu")[1]) == 15


def test_units_that_do_not_go_together() -> None:
    """Hectares are no money; a field without units takes its own alone."""
    assert unit_factor("m2", "公顷") == 10_000
    assert unit_factor("yuan", "ha") is None
    assert unit_factor("points", "points") == 1
    assert unit_factor("points", "ha") is None


LARGEST = 10**12 - 1


@pytest.mark.parametrize("cell", [LARGEST, -LARGEST, str(LARGEST), float(LARGEST), Decimal(LARGEST)])
def test_sizes_below_the_limit_are_read(cell: object) -> None:
    """10^12 - 1 in every form a cell may have."""
    assert abs(exact(cell)) == abs(scaled(cell)) == LARGEST


@pytest.mark.parametrize(
    "cell",
    [10**12, -(10**12), "1000000000000", "1e12", 1e12, Decimal(10**12), Decimal("1e16"), "1e15", "1e999"],
)
def test_sizes_from_the_limit_on_are_refused(cell: object) -> None:
    """10^12 itself and beyond, in every form: finding 35."""
    for read in (exact, scaled):
        with pytest.raises(BadValue, match="035") as refused:
            read(cell)
        assert refused.value.key.startswith("035.too-large")


@pytest.mark.parametrize("cell", [math.inf, -math.inf, math.nan, "inf", "NaN", "-Infinity", "1.#INF", Decimal("NaN")])
def test_numbers_that_are_none_are_finding_35(cell: object) -> None:
    """Infinities and not-a-number are of their own finding, not of text that is no number."""
    for read in (exact, scaled):
        with pytest.raises(BadValue, match=r"035\.not-finite") as refused:
            read(cell)
        assert refused.value.key.startswith("035.not-finite-number")


@pytest.mark.parametrize("cell", [True, False])
def test_a_truth_value_is_no_number(cell: bool) -> None:
    """Not 1 and not 0: finding 27."""
    for read in (exact, scaled):
        with pytest.raises(BadValue, match=r"027\.truth-value"):
            read(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [("1e-39", Fraction(1, 10**39)), (Decimal("1e-39"), Fraction(1, 10**39)), ("1e-40", 0), (Decimal("1e-40"), 0)],
)
def test_the_smallest_size_that_is_kept(cell: object, value: Fraction | int) -> None:
    """From 10^-39 on a number is itself; below that it is nothing."""
    assert exact(cell) == value


def test_halves_go_up_and_counts_are_whole() -> None:
    """Rounding is towards plus infinity at the half; a count with a fraction is refused, not rounded."""
    assert [round_half_up(Fraction(n, 2)) for n in (5, -5, 3, -3)] == [3, -2, 2, -1]
    assert scaled("2.345", 100) == 235
    assert scaled("0.00005", 1, Fraction(10_000)) == 1
    assert scaled("0.00004", 1, Fraction(10_000)) == 0
    assert scaled("3", whole=True) == 3
    with pytest.raises(BadValue, match=r"027\.not-whole"):
        scaled("3.5", whole=True)
    with pytest.raises(BadValue, match="035"):
        scaled(10**10, 100)
    assert scaled(10**10 - 1, 100) == 10**12 - 100


@pytest.mark.parametrize("text", ["12,000", "１２", "1 000"])
def test_a_number_that_is_not_plain_says_what_it_would_be(text: str) -> None:
    """Commas, blanks and full-width digits are refused with the plain form beside them."""
    with pytest.raises(BadValue, match=r"027\.not-plain-near") as refused:
        exact(text)
    assert refused.value.values["plain"] == {"12,000": "12000", "１２": "12", "1 000": "1000"}[text]
