"""Boundary-point TXT: the real plot, the habits of generators, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parcels.common.issues import Refused
from parcels.formats.kinds.boundary_txt import make_table
from parcels.formats.kinds.boundary_txt_writer import PlotHead, txt_text
from parcels.formats.sources import RawTable
from parcels.read import read_parcels
from tests.parcels.making import attempt, has

REAL = Path(__file__).parent / "data" / "boundary_points_gb18030.txt"
HEADER = "[属性描述]\n坐标系=2000国家大地坐标系\n几度分带=3\n计量单位=米\n带号=38\n[地块坐标]\n"
SQUARE = [(2510000.0, 38455000.0), (2510100.0, 38455000.0), (2510100.0, 38455080.0), (2510000.0, 38455080.0)]


def plot(points: list[tuple[float, float]], head: str = "4,0.8,A1,甲,面,,,,@", ring: int = 1) -> str:
    """One plot."""
    return head + "\n" + "".join(f"J{i + 1},{ring},{a},{b}\n" for i, (a, b) in enumerate(points))


def made(text: str, crs: str | None = None) -> RawTable:
    """A table from text."""
    return make_table(Path("a.txt"), text, (), crs)


def outline(raw: RawTable) -> Any:
    """The outline of its first row."""
    assert raw.geometry is not None
    return raw.geometry[0]


def test_the_real_plot_has_its_declared_area() -> None:
    """5.7089 ha in EPSG:4528, from GB18030 with CRLF, northing first."""
    land = read_parcels(REAL)
    assert land.crs == "EPSG:4528"
    assert land.table.column("area_m2") == (57089,)
    assert land.geometry.area.iloc[0] / 10_000 == pytest.approx(5.7089, abs=0.0001)
    assert any("GB18030" in text for text in map(str, land.notes))
    assert not has(land.issues, "P018")


@pytest.mark.parametrize(
    "text",
    [
        HEADER + plot(SQUARE),
        HEADER + plot([*SQUARE, SQUARE[0]], "5,0.8,A1,甲,面,,,,@"),
        HEADER + plot([*SQUARE, SQUARE[0]]),
        HEADER + plot(SQUARE, ",0.8,A1,甲,面,,,,@"),
        HEADER + plot([(b, a) for a, b in SQUARE]),
        plot(SQUARE),
        "[属性描述]\n[地块坐标]\n" + plot(SQUARE),
        HEADER.replace("\n", "\r\n") + plot(SQUARE).replace("\n", "\r\n"),
        HEADER + plot([(a, b - 38_000_000) for a, b in SQUARE]),
    ],
    ids=[
        "open",
        "closed",
        "closed uncounted",
        "no count",
        "swapped",
        "no header",
        "blank header",
        "crlf",
        "six digits",
    ],
)
def test_habits_of_generators_all_give_the_same_plot(text: str) -> None:
    """Closing point repeated or not, count missing, columns swapped, header blank."""
    raw = made(text)
    assert not [issue for issue in raw.issues if issue.level == "error"], raw.issues
    assert raw.crs in ("EPSG:4526", "EPSG:4547")
    assert outline(raw).area == pytest.approx(8000)
    assert raw.columns["地块编号"] == ["A1"]


def test_swapped_columns_are_said() -> None:
    """Turned round, with a warning."""
    assert has(made(HEADER + plot([(b, a) for a, b in SQUARE])).issues, "P070", "warning")


def test_holes_are_rings_from_two() -> None:
    """Ring 2 is a hole."""
    hole = [(2510010.0, 38455010.0), (2510020.0, 38455010.0), (2510020.0, 38455020.0)]
    text = (
        HEADER + plot(SQUARE, "7,0.795,A1,甲,面,,,,@") + "".join(f"J{i},2,{a},{b}\n" for i, (a, b) in enumerate(hole))
    )
    assert outline(made(text)).area == pytest.approx(7950)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (HEADER.replace("带号=38", "带号=39") + plot(SQUARE), "P016"),
        (HEADER.replace("2000国家大地坐标系", "1980西安坐标系") + plot(SQUARE), "P014"),
        (HEADER.replace("计量单位=米", "计量单位=度") + plot(SQUARE), "P019"),
        (HEADER.replace("带号=38", "") + plot([(a, b - 38_000_000) for a, b in SQUARE]), "P014"),
        (HEADER.replace("几度分带=3", "几度分带=6") + plot(SQUARE), "P016"),
        (HEADER + plot(SQUARE, "9,0.8,A1,甲,面,,,,@"), "P072"),
        (HEADER + plot(SQUARE[:2], "2,0.8,A1,甲,面,,,,@"), "P012"),
        (HEADER + plot(SQUARE, "4,0.8,A1,甲,线,,,,@"), "P010"),
        (HEADER + plot(SQUARE).replace("J2,1", "J2,x"), "P069"),
        (HEADER + plot(SQUARE).replace("2510100.0", "2，510，100", 1), "P027"),
        (HEADER + plot(SQUARE) + "some words\n", "P069"),
        (HEADER + plot([*SQUARE[:3], (2510000.0, 39455080.0)]), "P017"),
        (HEADER + plot([(1.0, 2.0), (3.0, 4.0), (5.0, 0.0)], "3,0.8,A1,甲,面,,,,@"), "P016"),
    ],
)
def test_contradictions_are_refused_with_their_code(text: str, code: str) -> None:
    """Never guessed; the line is named where there is one."""
    issue = next(issue for issue in made(text).issues if issue.code == code)
    assert issue.level == "error"
    assert "a.txt" in issue.where


def test_no_plot_at_all_is_refused() -> None:
    """Another kind of text, or one cut off before its first plot."""
    with pytest.raises(Refused):
        made(HEADER)


@settings(max_examples=150, deadline=None)
@given(
    west=st.integers(300_000, 690_000),
    south=st.integers(400_000, 5_900_000),
    zone=st.integers(25, 45),
    size=st.integers(3, 12),
    seed=st.integers(0, 10**6),
    hole=st.booleans(),
)
def test_what_is_written_is_read_back(west: int, south: int, zone: int, size: int, seed: int, hole: bool) -> None:
    """Random star polygons in any zone come back to the millimetre."""
    rng = np.random.default_rng(seed)
    angle = np.sort(rng.uniform(0, 2 * np.pi, size))
    if np.diff(angle, append=angle[0] + 2 * np.pi).max() > 3 or np.diff(angle).min(initial=1) < 0.01:
        return
    radius = rng.uniform(60, 200, size)
    x, y = zone * 1_000_000 + west + 200, south + 200
    ring = np.round(np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)]), 3)
    holes = [np.array([(x - 1, y - 1), (x + 1, y - 1), (x + 1, y + 1)])] if hole else []
    shape = shapely.Polygon(ring, holes)
    if not shape.is_valid:
        return
    text = txt_text([PlotHead("编号1", "名", "0802")], np.array([shape], dtype=object), zone + 4488, "o.txt")
    raw = made(text)
    assert not raw.issues
    assert raw.crs == f"EPSG:{zone + 4488}"
    assert shapely.hausdorff_distance(outline(raw), shape) < 0.001
    assert raw.columns["地块编号"] == ["编号1"]


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [
                    "[属性描述]",
                    "带号=38",
                    "带号=",
                    "4,0.8,A1,甲,面,,,,@",
                    "@",
                    ",,,,@",
                    "J1,1,2510000,38455000",
                    "J1,1,38455000,2510000",
                    "J1,0,1,2",
                    "J1,99999,nan,inf",
                    "J2,1,2510100,38455080",
                ]
            ),
        ),
        max_size=25,
    )
)
def test_fuzz_any_text_is_read_or_refused_by_our_own_errors(lines: list[str]) -> None:
    """No text makes the reader fail in any other way."""
    assert attempt(lambda: made("\n".join(lines)))[1] in ("", "P")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("38455000.0", "三千"),
        ("2510000.0,38455000.0", '"2,510,000.0","38,455,000.0"'),
        ("38455000.0", "3.8455e+07"),
        (",2510100.0", ",23°06'01.1\""),
        ("J2,1,", "J2,内,"),
    ],
)
def test_a_point_that_cannot_be_read_is_one_finding(tmp_path: Path, old: str, new: str) -> None:
    """Neither a count that no longer fits nor a parcel without an outline is told beside it."""
    path = tmp_path / "a.txt"
    path.write_text(HEADER + plot(SQUARE).replace(old, new), "utf-8")
    errors = [issue for issue in read_parcels(path).issues if issue.level == "error" and issue.code != "P023"]
    assert [issue.code for issue in errors if issue.ids == ("A1",)] == [errors[0].code], errors
    assert errors[0].code in ("P027", "P069")


def test_the_end_of_a_heading_may_stand_on_its_own_line() -> None:
    """`@` after a line break."""
    raw = made(HEADER + plot(SQUARE, "4,0.8,A1,甲,面,,,,\n@"))
    assert not [issue for issue in raw.issues if issue.level == "error"]
    assert raw.geometry is not None
    assert outline(raw).area == pytest.approx(8000)
