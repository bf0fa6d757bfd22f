"""GeoParquet, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Issue, Refused, error
from parcels.formats.registry import Ask, Outgoing, Rules, reads, writes
from parcels.formats.sources import RawTable


@reads("Parquet", ".parquet", ".geoparquet")
def read_parquet(ask: Ask) -> RawTable:
    """GeoParquet, if pyarrow is there.

    Raises
    ------
    Environment
        ``F005`` without pyarrow.
    Refused
        ``F004`` if the file cannot be read.
    """
    path = ask.path
    _require(path)
    import geopandas

    try:
        frame = geopandas.read_parquet(path)
    except Exception as problem:  # pyarrow raises many kinds
        raise Refused(error("F004.cannot-read", at=path.name, file=path.name, problem=str(problem)[:160])) from None
    columns: dict[str, Sequence[object]] = {}
    for name in frame.columns:
        if name != frame.geometry.name:
            cells = frame[name].astype(object)
            columns[str(name)] = cells.where(frame[name].notna(), None).tolist()
    crs = frame.crs.to_wkt() if frame.crs is not None else None
    shapes = np.asarray(frame.geometry.values, dtype=object)
    return RawTable(path, "", "Parquet", columns, range(1, len(frame) + 1), shapes, crs, sha256=sha256_of(path))


@writes("Parquet", ".parquet", ".geoparquet", rules=Rules(taken=frozenset(("geometry",)), whole=2**63))
def write_parquet(out: Outgoing, path: Path) -> Iterable[Issue]:
    """A GeoParquet file; blanks stay blank in columns of numbers and truth values too.

    Raises
    ------
    Environment
        ``F005`` without pyarrow.
    """
    _require(path)
    import geopandas

    columns = {name: _blanked(values, out.masks.get(name)) for name, values in out.columns.items()}
    frame = geopandas.GeoDataFrame(columns, geometry=out.geometry, crs=f"EPSG:{out.epsg}")
    frame.to_parquet(path, index=False)
    return ()


def _blanked(values: np.ndarray[Any, Any], blank: np.ndarray[Any, Any] | None) -> Any:
    """A column with its blanks."""
    import pandas

    if blank is None or not blank.any():
        return values
    if values.dtype.kind == "b":
        return pandas.arrays.BooleanArray(values, blank)
    if values.dtype.kind in "iu":
        return pandas.arrays.IntegerArray(values.astype(np.int64), blank)
    nothing: Any = np.nan if values.dtype.kind == "f" else None
    return np.where(blank, nothing, values)


def _require(path: Path) -> None:
    """That pyarrow is there."""
    try:
        import pyarrow  # noqa: F401 - only to say so early
    except ImportError:
        raise Environment(error("F005.geoparquet-needs-pyarrow", at=path.name, file=path.name)) from None
