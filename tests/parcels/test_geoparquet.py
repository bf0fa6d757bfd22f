"""GeoParquet as other programs write it: read in batches, every cell as it stands."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pandas
import pyarrow
import pytest
import shapely
from pyarrow import parquet

from parcels.common.issues import Refused
from parcels.formats.kinds import parquet as reader
from parcels.formats.opening import open_parcels
from parcels.read import read_parcels
from tests.parcels.making import box

COUNT = 10


@pytest.fixture(autouse=True)
def _few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "BATCH", 3)


def frame(**columns: Any) -> geopandas.GeoDataFrame:
    """Ten parcels with a number and these columns."""
    shapes = [box(k, 0) for k in range(COUNT)]
    return geopandas.GeoDataFrame(
        {"parcel_id": [f"P{k}" for k in range(COUNT)], **columns}, geometry=shapes, crs="EPSG:4526"
    )


def rewritten(path: Path, change: Any) -> Path:
    """The file with its table changed; ``change`` is given the table and what ``geo`` says."""
    table = parquet.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    table = change(table, geo)
    meta = {**(table.schema.metadata or {}), b"geo": json.dumps(geo).encode()}
    parquet.write_table(table.replace_schema_metadata(meta), path, row_group_size=4)
    return path


def test_cells_are_what_they_are_whatever_stands_beside_them(tmp_path: Path) -> None:
    """Long numbers beside blanks lose no digit; dates, categories, lists and truth values come as they are."""
    long, blank = 2**53 + 1, pandas.NA
    made = frame(
        long=pandas.array([long, blank] * 5, dtype="Int64"),
        yes=pandas.array([True, blank] * 5, dtype="boolean"),
        real=[0.5, float("nan")] * 5,
        kind=pandas.Categorical(["a", None] * 5),
        day=[date(2026, 3, 31), None] * 5,
        many=[["x", "y"], None] * 5,
        nothing=[None] * COUNT,
    )
    made.to_parquet(tmp_path / "p.parquet")
    raw = open_parcels(tmp_path / "p.parquet")
    assert list(raw.columns["long"]) == [long, None] * 5
    assert {type(cell) for cell in raw.columns["long"]} == {int, type(None)}
    assert list(raw.columns["yes"]) == [True, None] * 5
    assert list(raw.columns["real"]) == [0.5, None] * 5
    assert list(raw.columns["kind"]) == ["a", None] * 5
    assert list(raw.columns["day"]) == [date(2026, 3, 31), None] * 5
    assert list(raw.columns["many"]) == ['["x", "y"]', None] * 5
    assert list(raw.columns["nothing"]) == [None] * COUNT
    assert raw.columns["parcel_id"][-1] == "P9"
    assert shapely.equals(raw.geometry, made.geometry.values).all()
    assert list(raw.rows) == list(range(1, COUNT + 1))


def test_columns_that_are_no_facts_are_left_out(tmp_path: Path) -> None:
    """Boxes to find rows by, other outlines and the numbers of rows are no columns; a named index is one."""
    made = frame(middle=geopandas.GeoSeries([shapely.Point(0, 0)] * COUNT, crs="EPSG:4526"))
    made.set_index(pandas.Index(range(5, 5 + COUNT))[::-1]).to_parquet(
        tmp_path / "p.parquet", index=True, write_covering_bbox=True
    )
    assert set(open_parcels(tmp_path / "p.parquet").columns) == {"parcel_id"}
    frame().set_index("parcel_id").to_parquet(tmp_path / "i.parquet")
    assert open_parcels(tmp_path / "i.parquet").columns["parcel_id"][0] == "P0"


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
def test_outlines_in_either_encoding_and_blank_ones(tmp_path: Path, encoding: str) -> None:
    """Outlines written by their coordinates are those written as WKB; one that is not there is not there."""
    made = frame()
    made.loc[4, "geometry"] = None
    made.to_parquet(tmp_path / "p.parquet", geometry_encoding=encoding)
    found = open_parcels(tmp_path / "p.parquet").geometry
    assert found is not None
    assert found[4] is None
    rest = [k for k in range(COUNT) if k != 4]
    assert shapely.equals(found[rest], made.geometry.values[rest]).all()


def test_an_outline_that_cannot_be_built_is_told_by_its_row(tmp_path: Path) -> None:
    """The row is that of the file, not of the batch; the others are read."""
    frame().to_parquet(tmp_path / "p.parquet")

    def cut(table: Any, geo: Any) -> Any:
        wkb = table.column("geometry").to_pylist()
        wkb[7] = wkb[7][:30]
        return table.set_column(table.schema.get_field_index("geometry"), "geometry", pyarrow.array(wkb))

    raw = open_parcels(rewritten(tmp_path / "p.parquet", cut))
    assert [(issue.code, issue.place.row) for issue in raw.issues] == [("P012", 8)]
    assert np.flatnonzero(shapely.is_missing(raw.geometry)).tolist() == [7]


def test_what_the_metadata_say_of_the_system_counts(tmp_path: Path) -> None:
    """No word of a system is longitude and latitude, ``null`` is none; a whole system is that system."""
    frame().to_parquet(tmp_path / "p.parquet")
    assert read_parcels(tmp_path / "p.parquet").crs == "EPSG:4526"
    no_word = rewritten(tmp_path / "p.parquet", lambda table, geo: geo["columns"]["geometry"].pop("crs") and table)
    assert {issue.code for issue in read_parcels(no_word).issues} >= {"P016"}
    none = rewritten(no_word, lambda table, geo: geo["columns"]["geometry"].update(crs=None) or table)
    assert {issue.code for issue in read_parcels(none).issues} >= {"P014"}
    assert read_parcels(none, crs="EPSG:4526").crs == "EPSG:4526"


@pytest.mark.parametrize("harm", ["plain", "torn", "cut", "twice", "elsewhere"])
def test_files_that_are_no_geoparquet_are_refused_in_words(tmp_path: Path, harm: str) -> None:
    """No metadata of outlines, metadata that are none, a file cut off, a name twice, outlines that are not there."""
    path = tmp_path / "p.parquet"
    frame().to_parquet(path)
    table = parquet.read_table(path)
    meta = dict(table.schema.metadata)
    if harm == "plain":
        meta.pop(b"geo")
    elif harm == "torn":
        meta[b"geo"] = b"{"
    elif harm == "twice":
        table = table.append_column("parcel_id", table.column("parcel_id"))
    elif harm == "elsewhere":
        meta[b"geo"] = meta[b"geo"].replace(b'"geometry"', b'"gone"')
    parquet.write_table(table.replace_schema_metadata(meta), path)
    if harm == "cut":
        path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(Refused, match="cannot be read") as refused:
        read_parcels(path)
    assert [issue.code for issue in refused.value.issues] == ["F004"]
