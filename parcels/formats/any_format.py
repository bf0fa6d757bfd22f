"""The one door to every format: a path becomes a :class:`parcels.formats.sources.RawTable`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parcels.formats.sources import RawTable, file_format, read_vector


def open_parcels(
    path: Path, *, layer: str | None = None, encoding: str | None = None, crs: str | None = None
) -> RawTable:
    """Open a parcel file by its format.

    Raises
    ------
    Refused
        As :func:`parcels.read.read_parcels`.
    """
    kind = file_format(path)
    raw = _open(path, kind, layer, encoding, crs)
    return replace(raw, format=kind) if not raw.format else raw


def _open(path: Path, kind: str, layer: str | None, encoding: str | None, crs: str | None) -> RawTable:
    if kind == "GeoJSON":
        from parcels.formats.geojson import read_geojson

        return read_geojson(path)
    if kind == "zip":
        from parcels.formats.zipped import read_zip

        return read_zip(path, open_parcels, layer=layer, encoding=encoding, crs=crs)
    if kind == "ESRI Shapefile":
        from parcels.formats.shapefile import read_shapefile

        return read_shapefile(path, encoding=encoding)
    if kind in ("TXT", "DXF", "LIBKML"):
        return _drawing(path, kind, layer, encoding, crs)
    if kind in ("CSV", "XLSX"):
        return _table(path, kind, layer, encoding, crs)
    if kind == "Parquet":
        from parcels.formats.drawn import read_parquet

        return read_parquet(path)
    return read_vector(path, layer)


def _drawing(path: Path, kind: str, layer: str | None, encoding: str | None, crs: str | None) -> RawTable:
    from parcels.formats.boundary_txt import read_txt
    from parcels.formats.companion import with_companion
    from parcels.formats.drawn import read_dxf, read_kml

    if kind == "TXT":
        return with_companion(read_txt(path, encoding=encoding, crs=crs), path)
    return with_companion(read_dxf(path, crs, encoding=encoding) if kind == "DXF" else read_kml(path, layer), path)


def _table(path: Path, kind: str, layer: str | None, encoding: str | None, crs: str | None) -> RawTable:
    from parcels.formats.delimited import read_csv
    from parcels.formats.drawn import with_outlines
    from parcels.formats.workbook import read_xlsx

    raw = read_csv(path, encoding=encoding, prefix="P") if kind == "CSV" else read_xlsx(path, layer=layer, prefix="P")
    return with_outlines(raw, encoding=encoding, crs=crs)


def open_layer(path: Path, layer: str | None = None, *, points: bool = False) -> RawTable:
    """Open a role layer (polygons, or points).

    Raises
    ------
    Refused
        As :func:`open_parcels`.
    """
    kind = file_format(path, "L")
    if kind in ("GPKG", "OpenFileGDB"):
        return replace(read_vector(path, layer, points=points), format=kind)
    return open_parcels(path, layer=layer)
