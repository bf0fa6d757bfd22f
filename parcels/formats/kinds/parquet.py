"""GeoParquet, where pyarrow is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Refused, error
from parcels.formats.registry import Ask, reads
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
    try:
        import pyarrow  # noqa: F401 - only to say so early
    except ImportError:
        raise Environment(error("F005.geoparquet-needs-pyarrow", at=path.name, file=path.name)) from None
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
