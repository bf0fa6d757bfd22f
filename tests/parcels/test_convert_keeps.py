"""``convert`` keeps every value a column can hold, in every format; what it cannot keep is told, and nothing else."""

from __future__ import annotations

import datetime
import shutil
import tempfile
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parcels.formats.columns_out import as_text, plan_names
from parcels.formats.kinds.geodatabase import write_geodatabase
from parcels.formats.opening import open_parcels
from parcels.formats.registry import Rules, written
from parcels.formats.sources import RawTable
from parcels.formats.writer import Wrote, write_parcels
from parcels.tables.fact_table import as_id
from tests.parcels.making import X0, Y0

NAMES = st.one_of(
    st.sampled_from(
        (
            *(
                "fid",
                "FID",
                "geom",
                "id",
                "OBJECTID",
                "Shape",
                "Shape_Area",
                "select",
                "Order",
                "单价（元）",
                "单价(元)",
            ),
            *("1号", "a b", "a-b", "rowid", "x" * 70, "x" * 71, "面积(亩)", "m²", "geometry", "ogc_fid", "A", "a", "_"),
        )
    ),
    st.text(min_size=1, max_size=12),
)
TEXTS = st.text(max_size=40)
INTS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.sampled_from([2**31 - 1, 2**31, -(2**31), 2**53 - 1, 2**53, 2**53 + 1, 2**63, 440115202500000678]),
)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=4)
FLOATS = st.floats(allow_nan=False, width=64)
DATES = st.dates(datetime.date(1900, 1, 2), datetime.date(2100, 1, 1))
KINDS = [INTS, st.booleans(), FLOATS, DECIMALS, TEXTS, DATES, st.one_of(INTS, TEXTS, st.booleans(), FLOATS)]


@st.composite
def tables(draw: st.DrawFn) -> dict[str, list[Any]]:
    """Columns of any names with cells of any kind, blanks among them."""
    rows = draw(st.integers(1, 4))
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    columns = {}
    for name in names:
        kind = draw(st.sampled_from(KINDS))
        columns[name] = draw(st.lists(st.one_of(st.none(), kind), min_size=rows, max_size=rows))
    return columns


def made(columns: dict[str, list[Any]]) -> RawTable:
    """A table with an outline a row."""
    count = len(next(iter(columns.values())))
    shapes = np.full(count, None, dtype=object)
    shapes[:] = [shapely.box(X0 + 200 * i, Y0, X0 + 200 * i + 100, Y0 + 80) for i in range(count)]
    path = Path("source.gpkg")
    return RawTable(path, "", "GPKG", columns, range(1, count + 1), shapes, "EPSG:4526")


def through(raw: RawTable, ending: str) -> tuple[Wrote, RawTable]:
    """Written and read back."""
    folder = Path(tempfile.mkdtemp(prefix="keeps-"))
    try:
        target = folder / f"out{ending}"
        wrote = write_parcels(raw, target)
        return wrote, open_parcels(target)
    finally:
        shutil.rmtree(folder)


def same(before: Any, after: Any, retyped: bool) -> bool:
    """Equal in value and kind; of a retyped column, in text or in value."""
    if before is None or after is None:
        return before is after
    if isinstance(before, str) and isinstance(after, str):
        return before == after
    if retyped and isinstance(after, str):
        return as_text(before) == after
    if isinstance(before, str) or isinstance(after, str):
        return False
    if isinstance(before, bool) != isinstance(after, bool) and not retyped:
        return False
    if isinstance(before, float) or isinstance(after, float):
        return float(before) == float(after)
    return exactly(before) == exactly(after)


def exactly(number: Any) -> Decimal:
    """A number as a decimal; true is 1."""
    return Decimal(int(number)) if isinstance(number, bool | int) else Decimal(str(number))


ENDINGS = sorted(ending for ending, form in written().items() if form.rules.columns and ending != ".json")


@pytest.mark.parametrize("ending", ENDINGS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(columns=tables())
def test_every_value_comes_back_or_its_change_is_told(ending: str, columns: dict[str, list[Any]]) -> None:
    """Names by what is told as renamed, values by what is told as retyped or stripped; nothing else differs."""
    raw = made(columns)
    wrote, back = through(raw, ending)
    renamed = dict(wrote.renamed)
    assert set(wrote.columns) == set(back.columns)
    assert len(back.columns) == len(columns) - len(wrote.dropped)
    held = next((issue.value("names") for issue in wrote.issues if issue.key == "P080.stripped"), ())
    stripped = set(held) if isinstance(held, tuple) else set()
    for name, cells in columns.items():
        if name in wrote.dropped:
            continue
        after = back.columns[renamed.get(name, name)]
        if name in stripped:
            continue
        retyped = name in wrote.retyped
        if retyped and name == "id":  # the one that `check` reads as the parcel's number, and reads as 0, not 0.0000
            cells = [cell if cell is None or isinstance(cell, str) else as_id(cell) for cell in cells]
        pairs = [(a, b) for a, b in zip(cells, after, strict=True) if not same(a, b, retyped)]
        assert not pairs, (name, renamed.get(name, name), pairs, wrote.retyped)


@pytest.mark.parametrize(("first", "second"), [*pairwise(ENDINGS), (ENDINGS[-1], ENDINGS[0])])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(columns=tables())
def test_from_format_to_format(first: str, second: str, columns: dict[str, list[Any]]) -> None:
    """What one format holds goes to the next and back unchanged, but for what is told."""
    _, one = through(made(columns), first)
    wrote, two = through(one, second)
    renamed = dict(wrote.renamed)
    for name, cells in one.columns.items():
        after = two.columns[renamed.get(name, name)]
        assert all(same(a, b, name in wrote.retyped) for a, b in zip(cells, after, strict=True)), name


@given(names=st.lists(NAMES, max_size=12, unique=True))
def test_names_stay_apart(names: list[str]) -> None:
    """Two names never become one, whatever a format allows; a name that fits is kept."""
    for form in written().values():
        planned = plan_names(names, form.rules)
        keys = [name.casefold() if form.rules.caseless else name for name in planned.values()]
        assert len(set(keys)) == len(names)
        assert not {key.casefold() for key in keys} & {name.casefold() for name in form.rules.taken}
    assert plan_names(["用途", "面积"], Rules(letters_only=True)) == {"用途": "用途", "面积": "面积"}


def test_the_registry_knows_what_is_written() -> None:
    """A writer stands in the module of its format."""
    assert written()[".gdb"].write is write_geodatabase
