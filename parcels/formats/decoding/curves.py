"""Which rows of a layer have curves: GDAL would make them straight without a word, and change their area."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyogrio

CURVES = ("CURVEPOLYGON", "MULTISURFACE", "CIRCULARSTRING", "COMPOUNDCURVE", "MULTICURVE")
_CODES = range(8, 13)
_PLAIN = {"POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON"}
_ENVELOPE = (0, 32, 48, 48, 64)


def curved_rows(path: Path, layer: str) -> list[int]:
    """Row numbers (from 1, in file order) of geometries with curves, in a GeoPackage or FileGDB; else none."""
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        return _geopackage(path, layer)
    if suffix == ".gdb":
        return _geodatabase(path, layer)
    return []


def _geopackage(path: Path, layer: str) -> list[int]:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            found = base.execute(
                "select column_name, geometry_type_name from gpkg_geometry_columns where lower(table_name) = lower(?)",
                (layer,),
            ).fetchone()
            if found is None or str(found[1]).upper() in _PLAIN:
                return []
            column = str(found[0]).replace('"', '""')
            table = layer.replace('"', '""')
            blobs = base.execute(f'select substr("{column}", 1, 80) from "{table}" order by rowid')  # noqa: S608 - quoted
            return [row for row, (blob,) in enumerate(blobs, 1) if blob is not None and _is_curve(bytes(blob))]
    except sqlite3.Error:
        return []  # GDAL has read the layer; a view or an odd key is no reason to refuse


def _is_curve(blob: bytes) -> bool:
    """True if a GeoPackage geometry is of a curved type, at its top level."""
    if len(blob) < 13 or blob[:2] != b"GP":
        return False
    kind = (blob[3] >> 1) & 7
    if kind >= len(_ENVELOPE):
        return False
    wkb = blob[8 + _ENVELOPE[kind] :]
    if len(wkb) < 5:
        return False
    code = int.from_bytes(wkb[1:5], "little" if wkb[0] == 1 else "big")
    return (code & 0x0FFFFFFF) % 1000 in _CODES


def _geodatabase(path: Path, layer: str) -> list[int]:
    where = " OR ".join(f"OGR_GEOMETRY = '{name}'" for name in CURVES)
    try:
        _, curved, _, _ = pyogrio.raw.read(str(path), layer=layer, columns=[], where=where, return_fids=True)
        if not len(curved):
            return []
        _, fids, _, _ = pyogrio.raw.read(str(path), layer=layer, columns=[], read_geometry=False, return_fids=True)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError):
        return []
    row_of = {fid: row for row, fid in enumerate(fids.tolist(), 1)}
    return sorted(row_of[fid] for fid in curved.tolist())
