"""Zip files opened with suspicion: names, links, sizes and ratio are judged before anything is unpacked.

Standard library only.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from parcels.common.issues import Refused, error
from parcels.formats.decoding.encoding import detect

MAX_TOTAL = 4 * 1024**3
MAX_RATIO = 200
MAX_MEMBERS = 10_000
_FREE = 10 * 1024**2
"""Archives that unpack to less than this may be as tight as they like."""


def check_members(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The members of an archive, if all are harmless.

    Raises
    ------
    Refused
        77 for a path that leaves the folder, two members of one name (programs differ in which they read), too many
        members, too much or too tightly packed; 78 for a link.
    """
    members = archive.infolist()
    _name(members)
    issues = []
    if len(members) > MAX_MEMBERS:
        issues.append(error("F077.members", at=name, name=name, count=len(members), max_members=MAX_MEMBERS))
    named: set[str] = set()
    for member in members:
        folded = member.filename.replace("\\", "/").casefold()
        if folded in named:
            issues.append(error("F077.twice", at=name, name=name, filename=member.filename))
        named.add(folded)
        if _leaves(member.filename):
            issues.append(error("F077.holds-path-leaves", at=name, name=name, filename=member.filename))
        if stat.S_ISLNK(member.external_attr >> 16):
            issues.append(error("F078.holds-link", at=name, name=name, filename=member.filename))
        if member.flag_bits & 1 or member.compress_type not in _PACKED:
            issues.append(error("F077.locked", at=name, name=name, filename=member.filename))
    total = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if total > MAX_TOTAL:
        issues.append(error("F077.unpacks-bytes", at=name, name=name, total=total, max_total=MAX_TOTAL))
    elif total > _FREE and total > MAX_RATIO * max(packed, 1):
        issues.append(
            error(
                "F077.unpacks-from-bytes",
                at=name,
                name=name,
                packed=packed,
                total=total,
                total2=total // max(packed, 1),
                max_ratio=MAX_RATIO,
            )
        )
    if issues:
        raise Refused(issues)
    return members


_UTF8_FLAG = 0x800
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""How members may be packed: as every zip of an office or of a map is."""
TORN = (zipfile.BadZipFile, EOFError, zlib.error)
"""What the standard library raises where an archive is none, is cut off, or was damaged inside a member."""


def _name(members: list[zipfile.ZipInfo]) -> None:
    """Give members the names their maker meant.

    Without the flag for UTF-8 the library reads code page 437; Windows in China writes GBK there and macOS UTF-8. The
    bytes of all such names decide together; names are composed (NFC), as Windows and Linux have them.
    """
    plain = [member for member in members if not member.flag_bits & _UTF8_FLAG]
    try:
        raw = [member.orig_filename.encode("cp437") for member in plain]
    except UnicodeEncodeError:
        raw = []
    found = detect(raw) if raw else None
    for member, name in zip(plain, raw, strict=bool(raw)):
        if found is not None:
            member.filename = name.decode(found).replace(os.sep, "/")
    for member in members:
        member.filename = unicodedata.normalize("NFC", member.filename)


def _leaves(name: str) -> bool:
    plain = name.replace("\\", "/")
    return plain.startswith("/") or bool(re.match(r"^[A-Za-z]:", plain)) or ".." in plain.split("/") or "\x00" in plain


def unpack(archive: zipfile.ZipFile, members: Iterable[zipfile.ZipInfo], folder: Path) -> list[Path]:
    """Write checked members into a folder, never more than each announced; returns the files.

    Raises
    ------
    Refused
        77 if a member is longer than its heading says.
    """
    written = []
    for member in members:
        if member.is_dir():
            continue
        target = folder.joinpath(
            *[part for part in member.filename.replace("\\", "/").split("/") if part not in ("", ".")]
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        left = member.file_size
        with archive.open(member) as source, target.open("wb") as sink:
            while chunk := source.read(1 << 20):
                left -= len(chunk)
                if left < 0:
                    raise Refused(
                        error("F077.longer-than-heading", at=str(archive.filename or ""), filename=member.filename)
                    )
                sink.write(chunk)
        written.append(target)
    return written
