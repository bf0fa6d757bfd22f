"""The gate through which every file is read: its name, what it is, its size, and how deep and how tight it is packed.

A round may come from anywhere.  Names are refused from the text alone, before any look at the disk (a share of another
machine would be asked for a password by the mere look); a pipe, device or socket is never opened; a file of another
kind than its ending says is not handed to a reader; nothing is read without a limit.  Standard library only.
"""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from parcels.common.issues import Refused, error

MB: Final = 1_000_000
MOST: Final = {
    **dict.fromkeys((".toml", ".pem", ".pub", ".tsr", ".cpg", ".prj"), MB),
    **dict.fromkeys((".csv", ".txt", ".geojson", ".json", ".kml", ".dxf"), 1_000 * MB),
    **dict.fromkeys((".xlsx", ".xls", ".ods"), 200 * MB),
}
"""Bytes of a file that are read, by its ending."""
ANY: Final = 16_000 * MB
"""Bytes of any other file (GeoPackage, file geodatabase, shapefile, zip)."""
COLUMNS, ROWS, CELLS = 2_000, 5_000_000, 50_000_000
"""Columns, rows and cells of a table that are read: more than any cadastral table, less than takes a machine down."""
DEPTH: Final = 64
"""Levels of JSON and TOML: GeoJSON needs ten."""
DIGITS: Final = 60
"""Digits of a number with a fraction or an exponent: more than any area, price or share."""
RATIO, FREE = 200, 64 * MB
"""A compressed file may unpack to this many times its size, and in any case to as much as ``FREE``."""
LINE: Final = 512 * MB
"""Bytes of one line of a compressed list."""
PARTS: Final = 100_000
"""Files in a file geodatabase."""

_RESERVED = re.compile(r"(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])( *\.| *$)", re.IGNORECASE)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:[/\\]|(https?|ftp|file|s3|gs|az|zip|tar|gzip|data):", re.IGNORECASE)
_DEVICES = re.compile(r"/(dev/(?!shm/)|proc/|sys/)")
_MAGIC = {
    ".gpkg": (b"SQLite format 3\x00",),
    ".sqlite": (b"SQLite format 3\x00",),
    ".xlsx": (b"PK\x03\x04", b"PK\x05\x06"),
    ".zip": (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"),
    ".kmz": (b"PK\x03\x04",),
    ".ods": (b"PK\x03\x04",),
    ".parquet": (b"PAR1",),
    ".geoparquet": (b"PAR1",),
    ".shp": (b"\x00\x00\x27\x0a",),
    ".shx": (b"\x00\x00\x27\x0a",),
    ".gz": (b"\x1f\x8b",),
}
_TEXT = (".csv", ".txt", ".geojson", ".json", ".kml", ".dxf", ".toml")
_BINARY = (b"SQLite format 3\x00", b"PK\x03\x04", b"PAR1", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"Rar!",
           b"7z\xbc\xaf", b"\x89PNG", b"GIF8", b"\x7fELF", b"MZ\x90")  # fmt: skip
_ELSEWHERE = re.compile(rb"<\s*(OGRVRT|VRTDataset|GDAL_W|OGRWFS|OGROAPIF|WMS_|GDALTileIndex)", re.IGNORECASE)
"""Beginnings of files that name other files or addresses, which GDAL would open."""


def check_name(text: str, share: str = "") -> None:
    """Refuse a name that leads to a device, another machine or a hidden stream, from its text alone.

    Parameters
    ----------
    text
        As it was written: in a round file, on the command line.
    share
        The folder it is relative to: below a share of the network names of that share may be used.

    Raises
    ------
    Refused
        ``F010``.
    """
    why = _bad_name(text, share)
    if why is not None:
        shown = text if len(text) <= 200 else text[:200] + "..."
        raise Refused(error(why, name=shown))


def _bad_name(text: str, share: str) -> str | None:
    plain = text.replace("\\", "/")
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in text):
        return "F010.control"
    if plain.startswith(("//?/", "//./", "/??/")) or _DEVICES.match(plain):
        return "F010.device"
    if plain.lower().startswith("/vsi") or (_SCHEME.match(text) and not re.match(r"[A-Za-z]:[/\\]", text)):
        return "F010.address"
    if plain.startswith("//") and not _below(plain, share):
        return "F010.share"
    parts = re.sub(r"^[A-Za-z]:", "", plain).split("/")
    if any(_RESERVED.match(part) for part in parts):
        return "F010.reserved"
    if any(":" in part for part in parts):
        return "F010.stream"
    return None


def _below(plain: str, share: str) -> bool:
    """Whether a name of the network lies on the share that a folder lies on: //machine/share/..."""
    own = share.replace("\\", "/").lower().split("/")[:4]
    return len(own) == 4 and own[:2] == ["", ""] and plain.lower().split("/")[:4] == own


def admit(path: Path, most: int | None = None) -> Path:
    """Let a file through that may be opened: a plain file (or folder of plain files) of the kind its ending says.

    Parameters
    ----------
    path
        The file; one that is not there is let through, for its reader to say so.
    most
        Bytes it may have; by its ending unless given.

    Raises
    ------
    Refused
        ``F010`` (name), ``F011`` (pipe, device, socket), ``F012`` (size), ``F013`` (kind).
    """
    check_name(path.name)
    try:
        found = path.stat()
    except (OSError, ValueError):
        return path
    if stat.S_ISDIR(found.st_mode):
        if path.suffix.lower() == ".gdb":
            _parts(path)
        return path
    _plain(path, found)
    for beside in _beside(path):
        _plain(beside, beside.stat())
    suffix = path.suffix.lower()
    limit = most if most is not None else MOST.get(suffix, ANY)
    if found.st_size > limit:
        raise Refused(error("F012.bytes", at=str(path), name=path.name, size=found.st_size, most=limit))
    _kind(path, suffix)
    return path


def _plain(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise Refused(error("F011.special", at=str(path), name=path.name))


def _beside(path: Path) -> Iterator[Path]:
    """Files that a reader opens by itself: the parts of a shapefile, the journal of a database."""
    suffix = path.suffix.lower()
    if suffix not in (".shp", ".gpkg", ".sqlite", ".kml", ".dxf") or not path.parent.is_dir():
        return
    stem = path.stem.lower() + "." if suffix == ".shp" else path.name.lower()
    for entry in os.scandir(path.parent):
        if entry.name.lower().startswith(stem) and entry.name != path.name and not entry.is_dir() and _there(entry):
            yield Path(entry.path)


def _there(entry: os.DirEntry[str]) -> bool:
    return Path(entry.path).exists()


def _parts(folder: Path) -> None:
    """A file geodatabase is a folder of plain files."""
    total = 0
    for count, entry in enumerate(os.scandir(folder)):
        if count >= PARTS:
            raise Refused(error("F012.parts", at=str(folder), name=folder.name, most=PARTS))
        if entry.is_symlink() and not entry.is_file():
            raise Refused(error("F011.special", at=str(folder), name=entry.name))
        if not entry.is_dir():
            _plain(Path(entry.path), entry.stat())
            total += entry.stat().st_size
    if total > ANY:
        raise Refused(error("F012.bytes", at=str(folder), name=folder.name, size=total, most=ANY))


def _kind(path: Path, suffix: str) -> None:
    """The first bytes say what a file is; a shorter file is left to its reader, which says where it breaks off."""
    if suffix not in _MAGIC and suffix not in _TEXT:
        return
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return
    wanted = _MAGIC.get(suffix)
    if wanted is not None:
        known = any(head.startswith(mark[: len(head)]) for mark in wanted)
        if not known:
            raise Refused(error("F013.kind", at=str(path), name=path.name, suffix=suffix))
        return
    if any(head.startswith(mark) for mark in _BINARY):
        raise Refused(error("F013.kind", at=str(path), name=path.name, suffix=suffix))
    if suffix in (".kml", ".dxf", ".geojson", ".json") and _ELSEWHERE.search(head.replace(b"\x00", b"")):
        raise Refused(error("F013.elsewhere", at=str(path), name=path.name))


def read_bytes(path: Path, most: int | None = None) -> bytes:
    """The bytes of a file that :func:`admit` lets through, never more than its limit (a file may grow meanwhile).

    Raises
    ------
    Refused
        As :func:`admit`.
    OSError
        If it is not there or cannot be read.
    """
    limit = most if most is not None else MOST.get(path.suffix.lower(), ANY)
    with admit(path, limit).open("rb") as file:
        found = file.read(limit + 1)
    if len(found) > limit:
        raise Refused(error("F012.bytes", at=str(path), name=path.name, size=len(found), most=limit))
    return found


def read_text(path: Path, most: int | None = None, encoding: str = "utf-8-sig") -> str:
    """:func:`read_bytes` as text; raises UnicodeDecodeError where it is none."""
    return read_bytes(path, most).decode(encoding)


def load_toml(text: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises
    ------
    TOMLDecodeError
        If it is none, or nested deeper than :data:`DEPTH`, as any other fault of its form.
    """
    # a dotted key is a level a dot; the parser takes time with the square of their number
    if _DOTTED.search(text):
        raise tomllib.TOMLDecodeError(f"nested deeper than {DEPTH} levels")
    try:
        found = tomllib.loads(text, parse_float=lambda number: parse_float(_sized(number)))
    except RecursionError:
        raise tomllib.TOMLDecodeError(f"nested deeper than {DEPTH} levels") from None
    if deeper(found):
        raise tomllib.TOMLDecodeError(f"nested deeper than {DEPTH} levels")
    return found


def _sized(number: str) -> str:
    """A number of TOML; one of a billion digits, written with an exponent, would be written out somewhere."""
    _, _, exponent = number.lower().partition("e")
    if len(number) > DIGITS or (exponent and abs(int(exponent)) > DIGITS):
        raise tomllib.TOMLDecodeError(f"a number has more than {DIGITS} digits")
    return number


_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_DOTTED = re.compile(rf"^[ \t]*\[{{0,2}}[ \t]*{_PART}(?:[ \t]*\.[ \t]*{_PART}){{{DEPTH},}}[ \t]*[]=]", re.MULTILINE)


def load_json(raw: bytes | str, **options: Any) -> Any:
    """The value of a JSON text.

    Raises
    ------
    ValueError
        If it is none, or nested deeper than :data:`DEPTH`, as any other fault of its form.
    """
    try:
        found = json.loads(raw, **options)
    except RecursionError:
        raise ValueError(f"nested deeper than {DEPTH} levels") from None
    if deeper(found):
        raise ValueError(f"nested deeper than {DEPTH} levels")
    return found


def deeper(value: object, most: int = DEPTH) -> bool:
    """Whether a value of JSON or TOML is nested deeper than so many levels; without recursion."""
    level = [value]
    for _ in range(most + 1):
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def check_shape(name: str, at: str, columns: int, rows: int) -> None:
    """Refuse a table that is wider or longer than any real one.

    Raises
    ------
    Refused
        ``F012``.
    """
    if columns > COLUMNS:
        raise Refused(error("F012.columns", at=at, name=name, count=columns, most=COLUMNS))
    if rows > ROWS or columns * rows > CELLS:
        raise Refused(
            error("F012.rows", at=at, name=name, count=rows, columns=columns, most=min(ROWS, CELLS // max(1, columns)))
        )
