"""The one door to every format: a path becomes a :class:`parcels.sources.RawTable`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parcels.sources import RawTable, file_format, read_vector


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
    if kind == "GeoJSON":
        from parcels.geojson import read_geojson

        return read_geojson(path)
    raw = read_vector(path, layer, encoding=encoding)
    return replace(raw, format=kind)


def open_layer(path: Path, layer: str | None = None, *, points: bool = False) -> RawTable:
    """Open a role layer (polygons, or points).

    Raises
    ------
    Refused
        As :func:`open_parcels`.
    """
    kind = file_format(path, "L")
    if kind == "GeoJSON":
        return open_parcels(path)
    return replace(read_vector(path, layer, points=points), format=kind)
