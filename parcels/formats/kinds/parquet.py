"""GeoParquet, where pyarrow is installed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyproj

from parcels.common.digests import sha256_of
from parcels.common.issues import Environment, Issue, Refused, error
from parcels.common.place import Place
from parcels.formats.registry import Ask, Outgoing, Rules, reads, writes
from parcels.formats.sources import RawTable, geometries

Array = np.ndarray[Any, Any]
BATCH = 65_536
"""Rows that are looked at together."""


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
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, memory_map=True) as file:
            schema = file.schema_arrow
            about = _Said.of(schema)
            shapes = np.full(file.metadata.num_rows, None, dtype=object)
            taken = [k for k, field in enumerate(schema) if field.name not in about.others]
            if len({schema.field(k).name for k in taken}) < len(taken):
                raise ValueError("two columns of one name")
            columns: dict[str, list[object]] = {schema.field(k).name: [] for k in taken}
            columns.pop(about.primary)
            row, lost = 0, list[Issue]()
            for batch in file.iter_batches(batch_size=BATCH, columns=[*columns, about.primary]):
                for name, held in columns.items():
                    held.extend(_cells(batch.column(name)))
                here, issues = _outlines(batch.column(about.primary), about, Place(path.name), row)
                shapes[row : row + batch.num_rows] = here
                lost.extend(issues)
                row += batch.num_rows
    except MemoryError:
        raise
    except Exception as problem:  # pyarrow raises many kinds
        raise Refused(error("F004.cannot-read", at=path.name, file=path.name, problem=str(problem)[:160])) from None
    rows = range(1, row + 1)
    return RawTable(path, "", "Parquet", columns, rows, shapes, about.crs, issues=tuple(lost), sha256=sha256_of(path))


@dataclass(frozen=True, slots=True)
class _Said:
    """What the metadata say: the column of the outlines and its encoding, the system, columns that are no facts."""

    primary: str
    encoding: str
    crs: str | None
    others: frozenset[str]

    @classmethod
    def of(cls, schema: Any) -> _Said:
        """From the schema of a file."""
        written = (schema.metadata or {}).get(b"geo")
        if written is None:
            raise ValueError("no GeoParquet: the file has no metadata of outlines (geo)")
        geo = json.loads(written)
        primary, held = str(geo["primary_column"]), geo["columns"]
        if primary not in schema.names:
            raise ValueError(f"no column {primary}, in which the outlines should be")
        own, others = held[primary], set(held) - {primary}
        for each in held.values():  # boxes beside the outlines, to find rows by
            for side in (each.get("covering") or {}).get("bbox", {}).values():
                others.add(str(side[0]))
        others |= {name for name in schema.names if name.startswith("__index_level_")}
        crs = own.get("crs", "OGC:CRS84")
        if isinstance(crs, dict):
            crs = pyproj.CRS.from_json_dict(crs).to_wkt()
        return cls(primary, str(own["encoding"]), crs, frozenset(others))


def _outlines(column: Any, said: _Said, where: Place, row: int) -> tuple[Array, tuple[Issue, ...]]:
    """The outlines of a batch that begins at a row; those that cannot be built are ``None``, and told."""
    import pyarrow

    if isinstance(column, pyarrow.ExtensionArray):
        column = column.storage
    if said.encoding == "WKB":
        wkb = column.to_numpy(zero_copy_only=False)
        return geometries(wkb, where, row)
    import geopandas

    field = pyarrow.field(
        "geometry", column.type, metadata={b"ARROW:extension:name": f"geoarrow.{said.encoding}".encode()}
    )
    table = pyarrow.Table.from_arrays([column], schema=pyarrow.schema([field]))
    return np.asarray(geopandas.GeoDataFrame.from_arrow(table, geometry="geometry").geometry.values, dtype=object), ()


def _cells(column: Any) -> list[Any]:
    """The cells of a batch as plain values, each distinct one made once where many are alike."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_nested(kind):
        return [
            None if cell is None else json.dumps(cell, ensure_ascii=False, default=str) for cell in column.to_pylist()
        ]
    if pyarrow.types.is_dictionary(kind):
        distinct, at = column.dictionary, column.indices
    elif pyarrow.types.is_boolean(kind) or pyarrow.types.is_null(kind):
        return list(column.to_pylist())
    else:
        coded = column.dictionary_encode()
        distinct, at = coded.dictionary, coded.indices
        if 2 * len(distinct) > len(column):
            return [None if cell != cell else cell for cell in column.to_pylist()]
    values = [None if cell != cell else cell for cell in distinct.to_pylist()]
    return [None if k is None else values[k] for k in at.to_pylist()]


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
