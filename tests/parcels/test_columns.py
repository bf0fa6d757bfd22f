"""Columns by name, title, alias and stub; units; code systems; single cells."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from parcels.common.place import Place
from parcels.common.schema import fields_of
from parcels.common.units import BadValue, exact, round_half_up, scaled, unit_factor
from parcels.tables.columns import Column, match_columns
from parcels.tables.use_codes import systems, use_of
from parcels.tables.values import clean_text, parse_date, parser
from tests.parcels.making import box, chinese, columns, good, gpkg, one, read, shapefile

FILE = Place("f")


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("parcel_id", "parcel_id"),
        ("Parcel ID", "parcel_id"),
        ("宗地编号", "parcel_id"),
        ("ＤＫＢＨ", "parcel_id"),
        ("dkbh", "parcel_id"),
        ("地块用途", "use"),
        ("planned use", "use"),
        ("MJ", "area_m2"),
        ("容积率上限", "far_max"),
        ("地块名称", "parcel_name"),
    ],
)
def test_names_titles_and_aliases(name: str, field: str) -> None:
    """Case, width and blanks decide nothing."""
    assert match_columns([name], "parcel", FILE).columns[field].name == name


@pytest.mark.parametrize(
    ("name", "factor"),
    [
        ("面积", 1),
        ("面积(公顷)", 10_000),
        ("面积（亩）", Fraction(2000, 3)),
        ("面积(㎡)", 1),
        ("area_ha", 10_000),
        ("area_m2", 1),
        ("宗地面积[ha]", 10_000),
        ("面积_公顷_", 10_000),
        ("面积公顷", 10_000),
        ("用地面积万平方米", 10_000),
        ("宗地面积亩", Fraction(2000, 3)),
        ("面积/公顷", 10_000),
        ("面积：公顷", 10_000),
        ("面积㎡", 1),
        ("面积（单位：公顷）", 10_000),
        ("用地面积单位亩", Fraction(2000, 3)),
        ("area ha", 10_000),
        ("area-ha", 10_000),
    ],
)
def test_units_of_headings(name: str, factor: Fraction | int) -> None:
    """The unit stands in the heading, in any bracket or at its end."""
    assert match_columns([name], "parcel", FILE).columns["area_m2"].factor == factor


@pytest.mark.parametrize("name", ["areaha", "面积公尺", "地块元", "MJha"])
def test_an_ending_is_no_unit_by_chance(name: str) -> None:
    """Letters that run on, an unknown measure and a field without that unit say nothing."""
    assert "area_m2" not in match_columns([name], "parcel", FILE).columns
    assert "parcel_id" not in match_columns([name], "parcel", FILE).columns


def test_units_of_money_and_prices() -> None:
    """10k yuan, yuan per mu: exact factors; an unknown unit is refused."""
    assert match_columns(["预算(万元)"], "demand", FILE).columns["budget_yuan"].factor == 10_000
    assert match_columns(["基准地价(万元/亩)"], "parcel", FILE).columns["benchmark_price"].factor == 15
    assert match_columns(["基准地价(元/㎡)"], "parcel", FILE).columns["benchmark_price"].factor == 1
    assert match_columns(["基准地价万元每亩"], "parcel", FILE).columns["benchmark_price"].factor == 15
    assert match_columns(["预算万元"], "demand", FILE).columns["budget_yuan"].factor == 10_000
    assert any(issue.code == "P019" for issue in match_columns(["面积(平方尺)"], "parcel", FILE).issues)
    assert unit_factor("m2", "元") is None


def test_two_columns_for_a_field() -> None:
    """Two equal candidates are refused; a key beside an alias is read, with a warning; Shape_Area gives way."""
    assert any(i.code == "P045" for i in match_columns(["宗地号", "地块号"], "parcel", FILE).issues)
    match = match_columns(["parcel_id", "宗地号"], "parcel", FILE)
    assert match.columns["parcel_id"].name == "parcel_id"
    assert any(i.code == "P046" for i in match.issues)
    match = match_columns(["Shape_Area", "面积"], "parcel", FILE)
    assert match.columns["area_m2"].name == "面积"
    assert not [i for i in match.issues if i.code in ("P045", "P046")]


def test_five_character_stubs_of_a_gbk_shapefile(tmp_path: Path) -> None:
    """新增建设用地面积 is left as 新增建设用 by ten bytes, and is still read."""
    path = shapefile(tmp_path, [box(0, 0)], chinese(1, 新增建设用地面积=["120"]))
    assert good(path).table.column("new_area_m2") == (120,)


@pytest.mark.parametrize(
    ("code", "system", "use"),
    [
        ("0802", "planning-2023", "RES"),
        ("0804", "planning-2023", "EDU"),
        ("080401", "planning-2023", "EDU"),
        ("1001", "planning-2023", "IND"),
        ("100102", "planning-2023", "IND"),
        ("1306", "planning-2023", "UTL"),
        ("16", "planning-2023", "WHITE"),
        ("0804", "gbt21010-2017", "RES"),
        ("0803", "gbt21010-2017", "EDU"),
        ("0601", "gbt21010-2017", "IND"),
        ("A35", "gb50137-2011", "RES"),
        ("A33", "gb50137-2011", "EDU"),
        ("m1", "gb50137-2011", "IND"),
        ("M0", "gb50137-2011", "IND_M0"),
        ("M9", "gb50137-2011", "NS_M9"),
        ("W2", "gb50137-2011", "STOR"),
        ("IND_M0", "planning-2023", "IND_M0"),
        ("HOU_AFF", "gbt21010-2017", "HOU_AFF"),
        ("科研用地", "landopt", "RES"),
        ("res", "landopt", "RES"),
    ],
)
def test_code_systems(code: str, system: str, use: str) -> None:
    """The same digits mean different things: 0804 is education in one system and research in another."""
    assert use_of(code, system) == use


@pytest.mark.parametrize(
    ("code", "system"),
    [
        ("0802", "landopt"),
        ("0802", "gbt21010-2017"),
        ("1001", "gbt21010-2017"),
        ("A3", "gb50137-2011"),
        ("M", "gb50137-2011"),
        ("RES", "planning-2023"),
        ("07", "planning-2023"),
        ("10010", "planning-2023"),
        ("9999", "planning-2023"),
        ("", "landopt"),
    ],
)
def test_codes_of_another_system_are_refused(code: str, system: str) -> None:
    """Never guessed, even where another system would know the code."""
    with pytest.raises(BadValue):
        use_of(code, system)


def test_the_code_system_is_stated_by_the_round(tmp_path: Path) -> None:
    """0802 is refused unless the file says its system; a wrong name lists the systems."""
    path = gpkg(tmp_path, [box(0, 0)], use=["0802"])
    assert "planning-2023" in one(read(path), "P048").what
    assert good(path, use_codes="planning-2023").table.column("use") == ("RES",)
    assert all(name in one(read(path, use_codes="2023"), "P048").maybe for name in systems())


@pytest.mark.parametrize(
    ("cell", "value"),
    [("2.5", 3), ("2.4999", 2), (-2.5, -2), (0.5, 1), (Decimal("1.5"), 2), (7, 7), ("1e3", 1000), (2.675, 3)],
)
def test_rounding_is_half_up(cell: object, value: int) -> None:
    """Halves go up, for every kind of cell, from the decimal that was written."""
    assert scaled(cell) == value


def test_scaling_is_exact() -> None:
    """1.005 x 100 is 100.5 and rounds to 101, as no binary float would."""
    assert scaled(1.005, 100) == 101
    assert scaled("1.005", 100) == 101
    assert scaled("0.3", 1, Fraction(2000, 3)) == 200
    assert round_half_up(Fraction(1, 2)) == 1
    assert exact(0.1) == Fraction(1, 10)


def test_counts_are_whole() -> None:
    """2.5 intending users are refused; 2.0 are two."""
    assert scaled("2.0", whole=True) == 2
    with pytest.raises(BadValue):
        scaled("2.5", whole=True)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-03-31", "2026-03-31"),
        ("2026/3/1", "2026-03-01"),
        ("2026年3月1日", "2026-03-01"),
        ("2026.3.1", "2026-03-01"),
        ("1900-01-01", None),
        ("2026-03-31T00:00:00", "2026-03-31"),
    ],
)
def test_dates(cell: str, value: str | None) -> None:
    """Four ways of writing a day; the filler of 1900 is blank."""
    assert parse_date(cell) == value


@pytest.mark.parametrize("cell", ["2026-3", "31.12.2026", "20260331", "2026-13-01", "2026-03-31 09:30", "yesterday"])
def test_no_dates(cell: str) -> None:
    """What is not surely a day is refused."""
    with pytest.raises(BadValue):
        parse_date(cell)


def test_texts_are_nfc_and_trimmed() -> None:
    """One spelling for one text."""
    assert clean_text(" e\u0301 \n") == "é"


def test_booleans_and_words(tmp_path: Path) -> None:
    """true/1/是 and false/0/否; Chinese words of codes; anything else is refused."""
    data = columns(4, net_land=["是", "否", "1", "FALSE"], ownership=["国有", "集体", "state", "State"])
    land = good(gpkg(tmp_path, [box(i, 0) for i in range(4)], **data))
    assert land.table.column("net_land") == (True, False, True, False)
    assert land.table.column("ownership") == ("state", "collective", "state", "state")
    assert one(read(gpkg(tmp_path, [box(0, 0)], name="b.gpkg", net_land=["maybe"])), "P050").ids == ("P1",)
    assert "state" in one(read(gpkg(tmp_path, [box(0, 0)], name="c.gpkg", ownership=["stat"])), "P051").what


def test_what_is_meant_is_told_as_a_code() -> None:
    """Words are compared without blanks, and were told so: "did you mean publicinstitution"."""
    fields = fields_of("demand")
    with pytest.raises(BadValue) as caught:
        parser(Column("主体", fields["operator"]), None)("institution")
    assert caught.value.values["near"] == "pubinst"
    assert parser(Column("类型", fields["platform_kind"]), None)("Pilot line") == "transformation"


def test_mixed_uses(tmp_path: Path) -> None:
    """A mix adds up to 100 and is stored in one spelling."""
    assert good(gpkg(tmp_path, [box(0, 0)], use_mix=["BIZ：30；IND:70"])).table.column("use_mix") == ("BIZ:30;IND:70",)
    assert one(read(gpkg(tmp_path, [box(0, 0)], name="b.gpkg", use_mix=["IND:70;BIZ:20"])), "P052").level == "error"


def test_a_column_named_for_a_field_is_stronger_than_its_heading() -> None:
    """It is read from there and from nowhere else; its heading may still say the unit; blank: from no column."""
    names = ["编号", "面积", "用地规模（亩）", "容积率"]
    named = {"parcel_id": "编号", "area_m2": "用地规模（亩）", "far_max": "", "demand_id": "编号"}
    found = match_columns(names, "parcel", FILE, named=named)
    assert {name: column.name for name, column in found.columns.items()} == {
        "parcel_id": "编号",
        "area_m2": "用地规模（亩）",
    }
    assert found.columns["area_m2"].factor == Fraction(2000, 3)
    assert found.unknown == ("面积", "容积率")


def test_a_column_named_and_not_there_is_an_error() -> None:
    """It is never replaced by what another heading says."""
    found = match_columns(["宗地编号", "面积"], "parcel", FILE, named={"area_m2": "规模"})
    assert "area_m2" not in found.columns
    said = [(issue.code, issue.level) for issue in found.issues if "规模" in issue.sentence("zh")]
    assert said == [("P045", "error")]
