"""Layers of multi-polygons written into GeoPackage and file geodatabase within the limits of older readers.

GeoPackage 1.2, whole numbers of 32 bits, Chinese aliases: GDAL 3.6, QGIS 3.22 and ArcGIS 10.x read no more. An amount
in yuan may pass 2,147,483,647 and is therefore a real number, which holds it exactly.
"""

from __future__ import annotations

import errno
import sqlite3
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

WHOLE = frozenset({"area_m2", "term_years"})
REAL = frozenset({"start_price_yuan"})
_DATA_COLUMNS = """
CREATE TABLE gpkg_data_columns (
  table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, title TEXT, description TEXT, mime_type TEXT,
  constraint_name TEXT,
  CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name)
)"""
_EXTENSIONS = """
CREATE TABLE IF NOT EXISTS gpkg_extensions (
  table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name)
)"""


@cache
def aliases(layer: str) -> Mapping[str, str]:
    """The Chinese alias of each column of a layer."""
    found: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "columns.toml").read_text("utf-8"))
    return found[layer]


@contextmanager
def disk_of(path: Path) -> Iterator[None]:
    """GDAL and SQLite tell a full or broken disk in errors of their own; from here on it is an ``OSError`` like any."""
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        yield
    except (DataSourceError, DataLayerError, sqlite3.Error) as trouble:
        raise OSError(errno.EIO, f"{path.name}: {trouble}", str(path)) from trouble


def write_gpkg_layer(path: Path, layer: str, columns: Mapping[str, Sequence[Any]], shapes: Any, crs: Any) -> None:
    """Write (or add) a layer; blank numbers and texts stay blank."""
    import numpy as np
    import pyogrio.raw
    import shapely

    data: list[Any] = []
    blank: list[Any] = []
    for name, values in columns.items():
        if name in WHOLE or name in REAL:
            missing = np.array([value is None for value in values], bool)
            data.append(np.array([value or 0 for value in values], np.int32 if name in WHOLE else np.float64))
            blank.append(missing if missing.any() else None)
        else:
            data.append(np.array(values, object))
            blank.append(None)
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        data,
        list(columns),
        field_mask=blank,
        layer=layer,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=None if crs is None else crs_text(crs),
        promote_to_multi=True,
        **({} if path.exists() else {"dataset_options": {"VERSION": "1.2"}}),
    )


def add_aliases(path: Path, layers: Mapping[str, Sequence[str]]) -> None:
    """The aliases of the columns of each layer, as the schema extension of GeoPackage keeps them."""
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(_DATA_COLUMNS)
        store.execute(_EXTENSIONS)
        text = "http://www.geopackage.org/spec120/#extension_schema"
        rows = [("gpkg_data_columns", None, "gpkg_schema", text, "read-write")]
        store.executemany("INSERT INTO gpkg_extensions VALUES (?, ?, ?, ?, ?)", rows)
        named = [(layer, name, aliases(layer)[name]) for layer, columns in layers.items() for name in columns]
        store.executemany(
            "INSERT INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)",
            [(layer, name, title, title) for layer, name, title in named],
        )


def write_gdb_layer(path: Path, layer: str, columns: Mapping[str, Sequence[Any]], shapes: Any, crs: Any) -> None:
    """Write (or add) a layer of a file geodatabase, with its aliases."""
    import nanoarrow as na
    import pyogrio
    import shapely

    kinds = {name: na.int32() if name in WHOLE else na.float64() if name in REAL else na.string() for name in columns}
    fields, arrays = [], []
    for name, values in columns.items():
        kind = kinds[name]
        made = na.c_schema(kind).modify(
            name=name, metadata={b"GDAL:OGR:alternative_name": aliases(layer)[name].encode()}
        )
        fields.append(made)
        arrays.append(na.c_array([None if value is None else _plain(value, name) for value in values], kind))
    fields.append(na.c_schema(na.binary()).modify(name="geom"))
    arrays.append(na.c_array([shapely.to_wkb(_multi(shape)) for shape in shapes], na.binary()))
    struct = na.c_schema(na.struct({**kinds, "geom": na.binary()})).modify(children=fields)
    table = na.c_array_from_buffers(struct, len(shapes), [None], children=arrays)
    pyogrio.write_arrow(
        na.c_array_stream(table),
        path,
        layer=layer,
        driver="OpenFileGDB",
        geometry_name="geom",
        geometry_type="MultiPolygon",
        crs=None if crs is None else crs_text(crs),
        append=path.exists(),
    )


def _plain(value: Any, name: str) -> Any:
    return int(value) if name in WHOLE else float(value) if name in REAL else str(value)


def _multi(shape: Any) -> Any:
    import shapely

    return shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])


def crs_text(crs: Any) -> str:
    """A coordinate system as GDAL takes it: by number, else by its definition."""
    number = crs.to_epsg()
    return str(crs.to_wkt("WKT1_GDAL")) if number is None else f"EPSG:{number}"
