"""Small maps, fronts and sweeps drawn: what is drawn is in the numbers beside it; nothing from outside is markup."""

from __future__ import annotations

import csv
import io
import re
import xml.etree.ElementTree as ET
from typing import Any

import geopandas
import pytest
import shapely

from landopt.report.map.charts import COLOURS
from landopt.report.pictures.compared import compared_csv, compared_page
from landopt.report.pictures.fronts import front_maps_csv, front_page, front_svg
from landopt.report.pictures.page import pictures_page
from landopt.report.pictures.small_maps import Outlines, maps_csv, small_map
from landopt.report.pictures.sweeps import sweep_csv, sweep_plans, sweep_svg, sweep_table

BAD = "<script>alert(1)</script>"
SVG = "{http://www.w3.org/2000/svg}"


def _outlines(count: int = 4) -> Outlines:
    """Squares of 100 m in a row; the second has a hole."""
    shapes = [shapely.box(100 * k, 0, 100 * k + 100, 100) for k in range(count)]
    shapes[1] = shapes[1].difference(shapely.box(130, 30, 170, 70))
    return Outlines(geopandas.GeoDataFrame(geometry=shapes, index=[f"P{k}" for k in range(count)], crs="EPSG:4526"))


def _paths(svg: str) -> dict[str, list[str]]:
    """For each colour the data of its paths."""
    found: dict[str, list[str]] = {}
    for path in ET.fromstring(svg).iter(f"{SVG}path"):
        found.setdefault(str(path.get("fill")), []).append(str(path.get("d")))
    return found


def test_a_small_map_has_every_parcel_in_the_colour_of_its_method() -> None:
    """Rings by colour; a heavy line around what differs from the first plan, and around nothing else."""
    chosen = {"P0": ("D1", "listing"), "P1": (None, "auction"), "P3": ("D2", "listing")}
    svg = small_map(_outlines(), chosen, {"P0": ("D1", "listing"), "P1": ("D9", "auction")}, BAD)
    paths = _paths(svg)
    assert {fill: "".join(each).count("Z") for fill, each in paths.items()} == {
        COLOURS["listing"]: 2,
        COLOURS["auction"]: 2,  # the hole is a ring of its own
        "#ffffff": 1,
        "none": 3,  # P1 (with its hole) goes to another, P3 is new
    }
    assert "<script" not in svg
    x = [float(value) for value in re.findall(r"[ML]([\d.]+) ", "".join("".join(each) for each in paths.values()))]
    assert min(x) >= 0
    assert max(x) <= 360


def test_the_numbers_of_the_maps_are_those_of_the_plans() -> None:
    """A line a parcel that any plan supplies; a formula in a name stays text."""
    plans: dict[str, dict[str, tuple[str | None, str]]] = {
        "1 a": {"=P0": ("D1", "listing")},
        "2 b": {"P1": (None, "auction")},
    }
    rows = list(csv.reader(io.StringIO(maps_csv(["=P0", "P1", "P2"], plans).lstrip("\ufeff"))))
    assert rows[0] == ["parcel_id", "1 a method", "1 a demand_id", "2 b method", "2 b demand_id"]
    assert [row[1:] for row in rows[1:]] == [["listing", "D1", "", ""], ["", "", "auction", ""]]
    assert not rows[1][0].startswith("=")


def _plan(name: str, *assignments: tuple[list[str], str | None, str]) -> dict[str, Any]:
    return {
        "plan_id": name,
        "assignments": [
            {"parcel_ids": ids, "demand_id": who, "method": how, "area_m2": 1, "period": None}
            for ids, who, how in assignments
        ],
    }


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_of_several_plans(lang: str) -> None:
    """A map and a line each; no script, no address; where the parcels differ it says so and has none."""
    plans = [_plan(BAD, (["P0"], "D1", "listing")), _plan("b", (["P0", "P1"], "D2", "lease")), _plan("c")]
    rows = [
        {"plan_id": plan["plan_id"], "as_of": "2026-03-31", "objective": [k], "bound": [k], "served": 1, "parcels": 1,
         "area_m2": 1, "differ": []} for k, plan in enumerate(plans)
    ]  # fmt: skip
    text = compared_page(plans, rows, _outlines(), lang).decode()
    assert text.count("<figure>") == 3
    assert not re.search(r"<script|<img|<link|url\(", text.replace("http://www.w3.org/2000/svg", ""))
    assert "https://" not in text
    assert compared_page(plans, rows, None, lang).decode().count("<figure>") == 0
    assert len(compared_csv(plans).splitlines()) == 3


def test_a_front_and_a_sweep_draw_themselves_with_their_numbers() -> None:
    """As many dots, bars and maps as rows."""
    between = [{"name": "served", "unit": "points"}, {"name": "revenue", "unit": "yuan"}]
    one = [[["P0"], "D1", "listing", None]]
    points = [
        {"values": {"served": 5, "revenue": k}, "gap": "0.000000", "nondominated": True, "plan_id": "x", "plan": one}
        for k in range(3)
    ]
    front = {"between": between, "points": points, "interrupted": False,
             "present": {"values": {"served": 1, "revenue": 0}, "plan": [], "dominated_by": None}}  # fmt: skip
    assert front_svg(front, "en").count("<circle") == 3
    page = front_page(front, _outlines(), "zh").decode()
    assert page.count("<figure>") == 4
    assert len(front_maps_csv(front).splitlines()) == 2
    run: dict[str, Any] = {
        "stopped": "optimal",
        "objective": [2_000],
        "bound": [2_500],
        "served": 1,
        "choices": [["P0", "D1", "lease"]],
    }
    none: dict[str, Any] = {"stopped": "infeasible", "objective": None, "bound": None, "served": 0, "choices": []}
    rows = [
        {"values": [["a", f"{k}{BAD}"]], "key": str(k), "result": result, "moved": moved, "move": "none", "like": False}
        for k, (result, moved) in enumerate([(run, 1), (none, None), ({**run, "objective": [-500]}, 2)])
    ]
    swept = {"base": run, "rows": rows, "interrupted": False}
    svg = sweep_svg(swept, "en")
    assert len(list(ET.fromstring(svg).iter(f"{SVG}rect"))) == 1 + 3  # the ground; a run without a plan has no bar
    assert "<script" not in svg
    assert len(sweep_csv(swept).splitlines()) == 1 + 4
    table, plans = sweep_table(swept, "en"), sweep_plans(swept, "en")
    assert (len(table.rows), len(plans)) == (4, 3)
    text = pictures_page("t", ["n"], [svg], table, plans, _outlines(), "en").decode()
    assert text.count("<figure>") == 3
    assert "<script" not in text
