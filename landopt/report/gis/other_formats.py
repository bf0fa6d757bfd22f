"""What other GIS programs read: a file geodatabase of the plan, and boundary points of the supplied parcels."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from landopt.reasons import words
from landopt.report.gis.layer_files import disk_of, write_gdb_layer
from landopt.report.source import Source, readable
from parcels.common.issues import Refused, error

_UNSAFE = str.maketrans({",": "，", "@": "＠", "\n": " ", "\r": " "})


def write_gdb(path: Path, source: Source) -> None:
    """Write the layers of ``plan.gpkg`` as an Esri file geodatabase.

    Raises
    ------
    Refused
        If the GDAL of this machine cannot write one, or ``plan.gpkg`` cannot be read.
    OSError
        If the disk refuses.
    """
    import pyogrio

    if "w" not in str(pyogrio.list_drivers().get("OpenFileGDB", "")):
        raise Refused(error("X015.gdal-cannot-write", at=str(path)))
    given = source.folder / "plan.gpkg"
    with readable(given):
        layers = [str(name) for name, kind in pyogrio.list_layers(given) if kind is not None]
        frames: dict[str, Any] = {layer: pyogrio.read_dataframe(given, layer=layer) for layer in layers}
    with disk_of(path):
        for layer, frame in frames.items():
            columns = {str(name): _blank(frame[name]) for name in frame.columns if name != "geometry"}
            write_gdb_layer(path, layer, columns, frame.geometry.values, frame.crs)
        # on a full disk GDAL may say that all went well: what cannot be read back was not written
        if any(len(pyogrio.read_dataframe(path, layer=layer)) != len(frame) for layer, frame in frames.items()):
            raise OSError(errno.EIO, f"{path.name}: parcels or sites are missing after it was written", str(path))


def _blank(column: Any) -> list[Any]:
    """The values of a column; what is blank is ``None``."""
    return [None if blank else value for value, blank in zip(column, column.isna(), strict=True)]


def boundary_text(source: Source) -> str:
    """The boundary points of the supplied parcels; each part of a parcel of several parts is a plot of its own.

    Raises
    ------
    Refused
        If the system of the plan is no three-degree zone of CGCS2000.
    """
    import numpy as np
    import shapely

    from parcels.formats.kinds.boundary_txt_writer import PlotHead, txt_text

    chosen = [at for at, row in enumerate(source.rows) if row.entry is not None]
    frame = source.polygons.iloc[chosen]
    shapes, owner = shapely.get_parts(np.asarray(frame.geometry.values), return_index=True)
    several = np.bincount(owner, minlength=len(chosen)) > 1
    heads, seen = [], dict.fromkeys(range(len(chosen)), 0)
    for part in owner.tolist():
        row = source.rows[chosen[part]]
        seen[part] += 1
        number = f"{row.parcel_id}-{seen[part]}" if several[part] else row.parcel_id
        area = None if several[part] else row.area_m2
        use = words.word("use", row.use, "zh")
        heads.append(PlotHead(number.translate(_UNSAFE), row.name.translate(_UNSAFE), use, area))
    epsg = source.case.crs.removeprefix("EPSG:")
    return txt_text(heads, shapes, int(epsg) if epsg.isdigit() else 0, "boundary.txt")
