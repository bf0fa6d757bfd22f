"""GeoPackage: layers that say their encoding themselves; names and texts of any kind."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from parcels.common.issues import Issue
from parcels.formats.domains import decoded, geopackage_domains
from parcels.formats.gdal_out import write_gdal
from parcels.formats.registry import Ask, Outgoing, Rules, reads, writes
from parcels.formats.sources import RawTable, read_vector


@reads("GPKG", ".gpkg")
def read_geopackage(ask: Ask) -> RawTable:
    """A layer of a GeoPackage."""
    raw = read_vector(ask.path, ask.layer, points=ask.points)
    return decoded(raw, geopackage_domains(ask.path, raw.layer))


@writes("GPKG", ".gpkg", rules=Rules(taken=frozenset(("fid", "geom")), caseless=True))
def write_geopackage(out: Outgoing, path: Path) -> Iterable[Issue]:
    """A GeoPackage with the layer ``parcels``."""
    write_gdal(out, path, "GPKG")
    return ()
