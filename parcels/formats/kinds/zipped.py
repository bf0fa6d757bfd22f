"""The one vector file inside a zip: members judged, unpacked into a folder of its own, opened like any other."""

from __future__ import annotations

import re
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path

from parcels.common.digests import sha256_of
from parcels.common.issues import Refused, error
from parcels.formats.decoding.archives import TORN, check_members, unpack
from parcels.formats.opening import open_parcels
from parcels.formats.registry import Ask, endings, reads
from parcels.formats.sources import RawTable


@reads("zip", ".zip", kind="archive")
def read_zip(ask: Ask) -> RawTable:
    """The one vector file inside a zip, unpacked into a folder of its own after its members were judged.

    Raises
    ------
    Refused
        37 (cut off), 77, 78, ``F003`` (none or several files inside), and as the format inside.
    """
    path, layer = ask.path, ask.layer
    try:
        archive = zipfile.ZipFile(path)
    except TORN as problem:
        size = path.stat().st_size
        raise Refused(error("P037.no-zip", at=path.name, file=path.name, size=size, problem=problem)) from None
    with archive, tempfile.TemporaryDirectory(prefix="landopt-") as folder:
        members = check_members(archive, path.name)
        try:
            unpack(archive, members, Path(folder))
        except (*TORN, OSError, RuntimeError) as problem:
            raise Refused(
                error("P037.cannot-unpacked", at=path.name, file=path.name, problem=str(problem)[:120])
            ) from None
        inner = _inner(Path(folder), path, layer)
        try:
            within = None if layer in (inner.stem, inner.name) else layer
            raw = open_parcels(inner, layer=within, encoding=ask.encoding, crs=ask.crs)
        except Refused as refusal:
            moved = [issue.at(issue.place.inside(path.name)) for issue in refusal.issues]
            raise Refused(moved) from None
        inside = f"{inner.name} {raw.layer}".strip() if raw.format != "ESRI Shapefile" else inner.name
        return replace(raw, path=path, layer=inside, sha256=sha256_of(path))


def _is_word(entry: Path) -> bool:
    """True for a text that is no boundary-point file (readme.txt): no plot's heading, no section of coordinates."""
    if entry.suffix.lower() != ".txt" or not entry.is_file():
        return False
    head = entry.read_bytes()[:200_000]
    marks = ["坐标".encode(encoding) for encoding in ("utf-8", "gb18030", "utf-16-le")]
    return not any(mark in head for mark in marks) and not re.search(rb"[,\t ]@[\s,]*$", head, re.MULTILINE)


def _inner(folder: Path, path: Path, layer: str | None) -> Path:
    """The file to read inside the unpacked folder."""
    known = endings()
    entries = [e for e in sorted(folder.rglob("*")) if "__MACOSX" not in e.parts and not e.name.startswith("._")]
    folders = [
        entry for entry in entries if entry.is_dir() and (kind := known.get(entry.suffix.lower())) and kind.folder
    ]
    found = list(folders)
    for entry in entries:
        kind = known.get(entry.suffix.lower())
        if kind is None or not entry.is_file() or kind.kind in ("table", "archive"):
            continue
        if not any(holder in entry.parents for holder in folders):
            found.append(entry)
    if layer is not None:
        named = [entry for entry in found if entry.stem == layer or entry.name == layer]
        found = named or found
    if len(found) > 1:
        found = [entry for entry in found if not _is_word(entry)] or found
    if len(found) == 1:
        return found[0]
    if not found:
        raise Refused(error("F003.holds-no-vector-file", at=path.name, file=path.name))
    names = [entry.name for entry in found]
    raise Refused(
        error(
            "F003.holds-vector-files", at=path.name, file=path.name, count=len(found), names=names, first=found[0].stem
        )
    )
