"""Shapefiles: outlines by GDAL, attributes by :mod:`parcels.formats.decoding.dbf`; all parts must be there."""

from __future__ import annotations

from pathlib import Path

import pyogrio

from parcels.common.digests import sha256_of
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.formats.decoding.damage import truncation
from parcels.formats.decoding.dbf import read_dbf
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable, geometries, unreadable


@reads("ESRI Shapefile", ".shp")
def read_shapefile(ask: Ask) -> RawTable:
    """A shapefile.

    Raises
    ------
    Refused
        31, 34 (no ``.dbf``), 37 (a part is cut off), ``F006`` (no ``.shx``).
    """
    path, encoding = ask.path, ask.encoding
    dbf = _part(path, ".dbf")
    if dbf is None:
        raise Refused(error("P034.no-dbf-attributes", at=path.name, file=path.name))
    shx = _part(path, ".shx")
    if shx is None:
        raise Refused(error("F006.no-shx", at=path.name, file=path.name))
    cut = truncation(path)
    if cut:
        raise Refused(error("P037.cut-off", at=path.name, file=path.name, cut=cut))
    outlined, listed = _counts(shx, dbf)
    if outlined != listed:
        raise Refused(error("P037.outlines-dbf-rows", at=path.name, file=path.name, outlined=outlined, listed=listed))
    cpg = _part(path, ".cpg")
    table = read_dbf(dbf, encoding=encoding, cpg=cpg.read_text("ascii", errors="replace") if cpg else None)
    try:
        meta, fids, wkb, _ = pyogrio.raw.read(str(path), columns=[], return_fids=True, encoding="ISO-8859-1")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        raise Refused(unreadable(path, problem)) from None
    if tuple(fids.tolist()) != table.kept:
        raise Refused(
            error("P037.outlines-dbf-rows", at=path.name, file=path.name, outlined=len(fids), listed=len(table.kept))
        )
    outlines, issues = geometries(wkb, Place(path.name))
    rows = tuple(i + 1 for i in table.kept)
    return RawTable(
        path,
        "",
        "ESRI Shapefile",
        table.columns,
        rows,
        outlines,
        str(meta["crs"]) if meta.get("crs") else None,
        (table.note,),
        (*table.issues, *issues),
        sha256_of(path),
    )


def _counts(shx: Path, dbf: Path) -> tuple[int, int]:
    """Records of the index and of the table, deleted ones too: GDAL reads the fewer of the two in silence."""
    with shx.open("rb") as index, dbf.open("rb") as table:
        head, rows = index.read(28), table.read(8)
    return (2 * int.from_bytes(head[24:28], "big") - 100) // 8, int.from_bytes(rows[4:8], "little")


def _part(path: Path, suffix: str) -> Path | None:
    for candidate in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
        if candidate.exists():
            return candidate
    return None
