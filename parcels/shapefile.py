"""Shapefiles: outlines by GDAL, attributes by :mod:`parcels.dbf`, all parts present; also inside a zip."""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pyogrio

from parcels.archives import check_members, unpack
from parcels.damage import truncation
from parcels.dbf import read_dbf
from parcels.digests import sha256_of
from parcels.issues import Refused, error
from parcels.sources import RawTable, geometries, unreadable


def read_shapefile(path: Path, *, encoding: str | None = None) -> RawTable:
    """A shapefile.

    Raises
    ------
    Refused
        31, 34 (no ``.dbf``), 37 (a part is cut off), ``F006`` (no ``.shx``).
    """
    dbf = _part(path, ".dbf")
    if dbf is None:
        what = f"{path.name} has no .dbf: its attributes are missing"
        raise Refused(error("P034", what, path.name, "send .shp, .shx, .dbf and .prj together"))
    shx = _part(path, ".shx")
    if shx is None:
        raise Refused(error("F006", f"{path.name} has no .shx", path.name, "send .shp, .shx, .dbf and .prj together"))
    cut = truncation(path)
    if cut:
        raise Refused(error("P037", f"{path.name} is cut off: {cut}", path.name, "copy the files again, whole"))
    outlined, listed = _counts(shx, dbf)
    if outlined != listed:
        what = f"{path.name} has {outlined:,} outlines, its .dbf {listed:,} rows"
        raise Refused(error("P037", what, path.name, "the parts do not belong together: copy them again"))
    cpg = _part(path, ".cpg")
    table = read_dbf(dbf, encoding=encoding, cpg=cpg.read_text("ascii", errors="replace") if cpg else None)
    try:
        meta, fids, wkb, _ = pyogrio.raw.read(str(path), columns=[], return_fids=True, encoding="ISO-8859-1")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        raise Refused(unreadable(path, problem)) from None
    if tuple(fids.tolist()) != table.kept:
        what = f"{path.name} has {len(fids):,} outlines, its .dbf {len(table.kept):,} rows"
        raise Refused(error("P037", what, path.name, "the parts do not belong together: copy them again"))
    outlines, issues = geometries(wkb, path.name)
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


def read_zip(path: Path, *, layer: str | None = None, encoding: str | None = None, crs: str | None = None) -> RawTable:
    """The one vector file inside a zip, unpacked into a folder of its own after its members were judged.

    Raises
    ------
    Refused
        37 (cut off), 77, 78, ``F003`` (none or several files inside), and as the format inside.
    """
    from parcels.open import open_parcels

    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError) as problem:
        size = path.stat().st_size
        what = f"{path.name} is cut off or no zip file ({size:,} bytes): {problem}"
        raise Refused(error("P037", what, path.name, "copy the file again, whole")) from None
    with archive, tempfile.TemporaryDirectory(prefix="landopt-") as folder:
        members = check_members(archive, path.name)
        try:
            unpack(archive, members, Path(folder))
        except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as problem:
            what = f"{path.name} cannot be unpacked: {str(problem)[:120]}"
            raise Refused(error("P037", what, path.name, "pack the files again, without a password")) from None
        inner = _inner(Path(folder), path, layer)
        try:
            raw = open_parcels(inner, layer=None if layer == inner.stem else layer, encoding=encoding, crs=crs)
        except Refused as refusal:
            moved = [replace(issue, where=f"{path.name}/{issue.where}") for issue in refusal.issues]
            raise Refused(moved) from None
        inside = f"{inner.name} {raw.layer}".strip() if raw.format != "ESRI Shapefile" else inner.name
        return replace(raw, path=path, layer=inside, sha256=sha256_of(path))


def _inner(folder: Path, path: Path, layer: str | None) -> Path:
    """The file to read inside the unpacked folder."""
    endings = (".shp", ".gpkg", ".geojson", ".json", ".kml", ".dxf", ".txt")
    found = [entry for entry in sorted(folder.rglob("*")) if entry.suffix.lower() == ".gdb" and entry.is_dir()]
    found += [
        e for e in sorted(folder.rglob("*")) if e.is_file() and e.suffix.lower() in endings and ".gdb" not in str(e)
    ]
    if layer is not None:
        named = [entry for entry in found if entry.stem == layer or entry.name == layer]
        found = named or found
    if len(found) == 1:
        return found[0]
    names = ", ".join(entry.name for entry in found) or "none"
    what = f"{path.name} holds {len(found)} vector files: {names}"
    maybe = f'say layer = "{found[0].stem}"' if found else "pack a shapefile with its .shx, .dbf and .prj"
    raise Refused(error("F003", what, path.name, maybe))
