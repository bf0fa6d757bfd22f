"""Where a damaged file breaks off. Standard library only."""

from __future__ import annotations

import struct
from pathlib import Path

from parcels.common.catalogue import Told, told


def truncation(path: Path) -> Told | None:
    """The offset at which a GeoPackage or shapefile part ends before its own header says it should, or ``None``."""
    if path.is_dir():
        return None
    suffix = path.suffix.lower()
    if suffix == ".shp":
        for part in (path, path.with_suffix(".dbf"), path.with_suffix(".shx")):
            if part.exists() and (found := _short(part)):
                return told("damage.part", part=part.name, **found.named)
        return None
    return _short(path)


def _short(path: Path) -> Told | None:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(100)
    wanted = _wanted(path.suffix.lower(), head)
    if wanted is None or wanted <= size:
        return None
    return told("damage.ends", size=size, wanted=wanted)


def _wanted(suffix: str, head: bytes) -> int | None:
    """The size the header announces, in bytes."""
    if suffix == ".gpkg":
        if len(head) < 100:
            return 100
        if head[:15] != b"SQLite format 3":
            return None
        page = struct.unpack(">H", head[16:18])[0]
        return int(struct.unpack(">I", head[28:32])[0]) * (65536 if page == 1 else page)
    if suffix in (".shp", ".shx"):
        return 100 if len(head) < 100 else 2 * int(struct.unpack(">I", head[24:28])[0])
    if suffix == ".dbf":
        if len(head) < 32:
            return 32
        records, header, length = struct.unpack("<IHH", head[4:12])
        return int(header) + int(records) * int(length)
    return None
