"""``round.toml``: strict, every problem at once, with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from landopt.intake.roundfile import read_round_file
from parcels.common.issues import Issue, Refused

GOOD = """
[round]
id = "T-1"
title = { en = "Test", zh = "测试" }
as_of = 2026-03-31
start = 2026-04-01
end = 2026-12-31
land_reduction_rate = "0.05"
periods = ["2026-Q2", "2026-Q3", "2026-Q4"]

[inputs]
parcels = "parcels.gpkg"
demands = "demands.csv"
use_codes = "landopt"

[inputs.layers]
ecological_red_line = "layers.gpkg|red"
points = { path = "layers.gpkg", layer = "points" }

[rules]
packs = ["cn"]
policy = ["policy.toml"]

[objective]
weights = { served = 100, preference = 1, revenue = 0.5 }
tiers = [["served"], ["preference", "revenue"]]
ties = ["-area_m2", "demand_id"]

[market]
uses = ["IND"]
methods = ["listing"]

[solve]
gap = 0.0005
time_limit_s = 60
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A round folder whose files exist (empty)."""
    for name in ("parcels.gpkg", "demands.csv", "policy.toml", "layers.gpkg"):
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "round.toml").write_text(GOOD, encoding="utf-8")
    return tmp_path


def refused(folder: Path, old: str, new: str) -> tuple[Issue, ...]:
    """The issues after one change of the good file."""
    assert old in GOOD
    (folder / "round.toml").write_text(GOOD.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused) as caught:
        read_round_file(folder)
    return caught.value.issues


def test_a_good_file_is_read_exactly(folder: Path) -> None:
    """Decimals stay decimal, dates ISO, layers named, periods have their first and last day."""
    file = read_round_file(folder / "round.toml")
    assert file.settings.gap == "0.0005"
    assert file.objective.weights["revenue"] == "0.5"
    assert file.objective.weights["warn"] == "500"
    assert [(p.start, p.end) for p in file.round.periods] == [
        ("2026-04-01", "2026-06-30"),
        ("2026-07-01", "2026-09-30"),
        ("2026-10-01", "2026-12-31"),
    ]
    assert [(layer.role, layer.layer) for layer in file.layers] == [
        ("ecological_red_line", "red"),
        ("points", "points"),
    ]
    assert file.market is not None
    assert file.market.methods == ("listing",)


@pytest.mark.parametrize(
    ("old", "new", "code", "says"),
    [
        ("as_of = 2026-03-31", "as_off = 2026-03-31", "C001", "as_off"),
        ("as_of = 2026-03-31", 'as_of = "2026-03-31"', "C002", "a date"),
        ("as_of = 2026-03-31", "as_of = 2026-03-31T10:00:00", "C002", "time of day"),
        ('id = "T-1"', "", "C003", "no 'id'"),
        ("[market]", "[markt]", "C001", "markt"),
        ('"parcels.gpkg"', '"parcel.gpkg"', "C005", "parcel.gpkg"),
        ('use_codes = "landopt"', 'use_codes = "gb"', "C004", "gb"),
        (
            "served = 100, preference = 1, revenue = 0.5",
            "served = 0, preference = 0, revenue = 0",
            "C004",
            "weights are 0",
        ),
        ("served = 100", "serve = 100", "C004", "serve"),
        ("gap = 0.0005", "gap = 2", "C004", "outside"),
        ("time_limit_s = 60", "time_limit_s = 0", "C004", "below 1"),
        ("time_limit_s = 60", "time_limit_s = true", "C002", "whole number"),
        ('"2026-Q2"', '"2026-Q5"', "C004", "2026-Q5"),
        ("start = 2026-04-01", "start = 2027-04-01", "C004", "after end"),
        ("ecological_red_line =", "ecological_redline =", "C001", "ecological_redline"),
        ('methods = ["listing"]', 'methods = ["agreement"]', "C004", "agreement"),
        ('"-area_m2"', '"-areaa_m2"', "C004", "areaa_m2"),
        ('land_reduction_rate = "0.05"', 'land_reduction_rate = "0"', "C004", "outside"),
    ],
)
def test_one_mistake_is_named_where_it_stands(folder: Path, old: str, new: str, code: str, says: str) -> None:
    """Each mistake gives its code, names the value and the place."""
    issues = refused(folder, old, new)
    assert any(issue.code == code and says in issue.what for issue in issues), issues
    assert all(issue.where for issue in issues)


def test_a_near_name_is_offered(folder: Path) -> None:
    """A typing error in a key or a file gets "Maybe you meant"."""
    assert "parcels.gpkg" in refused(folder, '"parcels.gpkg"', '"parcel.gpkg"')[0].maybe
    assert "as_of" in " ".join(issue.maybe for issue in refused(folder, "as_of = 2026", "as_off = 2026"))


def test_all_mistakes_come_at_once(folder: Path) -> None:
    """Two mistakes in two tables are both reported by one run."""
    issues = refused(folder, 'id = "T-1"\n', 'idd = "T-1"\n')
    assert {issue.code for issue in issues} == {"C001", "C003"}


def test_a_key_twice_or_no_toml_is_refused(folder: Path) -> None:
    """What is no TOML (a key twice) is refused with the line the parser names."""
    issues = refused(folder, 'id = "T-1"', 'id = "T-1"\nid = "T-2"')
    assert issues[0].code == "C006"
    assert "line" in issues[0].what


def test_a_missing_round_names_what_stands_near(folder: Path) -> None:
    """A wrong folder or file name is refused with the nearest one."""
    with pytest.raises(Refused) as caught:
        read_round_file(folder / "roundd.toml")
    assert "round.toml" in caught.value.issues[0].maybe


def test_columns_named_for_fields(folder: Path) -> None:
    """One heading may be a fact of parcels and one of demands; twice in one table it is refused, as is no field."""
    text = GOOD.replace("[inputs]\n", '[inputs]\ncolumns = { parcel_id = "编号", demand_id = "编号", far_max = "" }\n')
    (folder / "round.toml").write_text(text, encoding="utf-8")
    assert read_round_file(folder).columns == {"parcel_id": "编号", "demand_id": "编号", "far_max": ""}
    columns = 'columns = { area_m2 = "规模", far_max = " 规模", usee = "用途", use = 3 }'
    said = refused(folder, "[inputs]\n", f"[inputs]\n{columns}\n")
    assert [issue.code for issue in said] == ["C004", "C001", "C002"]
