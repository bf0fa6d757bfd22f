"""Columns and outlines handed to GDAL, for the formats that it writes."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from parcels.formats.registry import Outgoing


def write_gdal(out: Outgoing, path: Path, driver: str, *, multi: bool = False, **options: str) -> None:
    """Write a layer ``parcels``; nothing is renamed or turned here.

    Parameters
    ----------
    out
        Columns of one type each, outlines, system.
    path
        The file.
    driver
        GDAL's name of the format.
    multi
        Outlines become multipart ones: some formats take nothing else.
    options
        Of the driver.
    """
    kinds = {name for name in np.unique(shapely.get_type_id(out.geometry)).tolist() if name >= 0}
    several = multi or 6 in kinds
    kind = ("MultiPolygon" if several else "Polygon") if multi or kinds <= {3, 6} else "Unknown"
    names = list(out.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # names and types were settled before; the file is read back
        pyogrio.raw.write(
            str(path),
            shapely.to_wkb(out.geometry),
            [out.columns[name] for name in names],
            names,
            field_mask=[out.masks[name] if out.columns[name].dtype != object else None for name in names],
            geometry_type=kind,
            crs=f"EPSG:{out.epsg}",
            driver=driver,
            promote_to_multi=kind == "MultiPolygon",
            layer="parcels",
            **options,
        )
