"""KML: placemarks; a placemark's name is its id where no column says more."""

from __future__ import annotations

from dataclasses import replace

from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable, read_vector
from parcels.tables.columns import column_key


@reads("LIBKML", ".kml", kind="drawing")
def read_kml(ask: Ask) -> RawTable:
    """Placemarks of a KML file; a placemark's name is its id where no column says more.

    Raises
    ------
    Refused
        As :func:`parcels.formats.sources.read_vector`.
    """
    raw = read_vector(ask.path, ask.layer, points=ask.points)
    columns = dict(raw.columns)
    known = {column_key(name) for name in columns}
    for name in ("Name", "name"):
        if name in columns and not known & {"parcel_id", "宗地编号", "地块编号", "dkbh", "zdbh"}:
            columns["parcel_id"] = columns.pop(name)
    blank = [
        name
        for name, cells in columns.items()
        if name != "parcel_id" and all(cell in (None, "", -1, 0) for cell in cells)
    ]
    for name in blank:
        if column_key(name) in _KML or name.startswith("_"):
            columns.pop(name)
    return replace(raw, columns={n: c for n, c in columns.items() if column_key(n) not in _KML}, format="LIBKML")


_KML = {"description", "timestamp", "begin", "end", "altitudemode", "tessellate", "extrude", "visibility", "draworder"}
_KML |= {"icon", "snippet", "id"}
