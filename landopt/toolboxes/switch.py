"""The line of a profile that says whether QGIS loads the toolbox; every other byte of the file stays as it is."""

from __future__ import annotations

import re
from pathlib import Path

from landopt.toolboxes.install import PLUGIN
from parcels.common.atomic import clear, write_file
from parcels.common.gate import read_bytes

_SECTION = re.compile(rb"^\[PythonPlugins\][ \t]*\r?$", re.MULTILINE)
_LINE = re.compile(rb"^" + PLUGIN.encode() + rb"=.*(\r?\n|\Z)", re.MULTILINE)
_MOST = 16_000_000


def settings_of(profile: Path) -> Path:
    """The file of settings of a profile."""
    generation = "QGIS4" if "QGIS4" in profile.parts else "QGIS3"
    return profile / "QGIS" / f"{generation}.ini"


def switch_on(profile: Path) -> bool:
    """Add the line; whoever has switched the toolbox off is left alone. True where it is on."""
    path = settings_of(profile)
    before = read_bytes(path, _MOST) if path.is_file() else b""
    section = _SECTION.search(before)
    inside = before[section.end() :] if section else b""
    following = re.search(rb"^\[", inside, re.MULTILINE)
    inside = inside[: following.start()] if following else inside
    found = _LINE.search(inside)
    if found is not None:
        return b"=true" in found.group().lower()
    end = b"\r\n" if b"\r\n" in before else b"\n"
    line = PLUGIN.encode() + b"=true" + end
    if section is None:
        glue = b"" if not before or before.endswith(b"\n") else end
        after = before + glue + (end if before else b"") + b"[PythonPlugins]" + end + line
    else:
        start = before.index(b"\n", section.start()) + 1 if b"\n" in before[section.start() :] else len(before)
        glue = b"" if before[:start].endswith(b"\n") else end
        after = before[:start] + glue + line + before[start:]
    _write(path, after)
    return True


def switch_off(profile: Path) -> None:
    """Take the line away."""
    path = settings_of(profile)
    clear(path.resolve().parent)  # what a run that was killed left
    if path.is_file():
        before = read_bytes(path, _MOST)
        after = _LINE.sub(b"", before)
        if after != before:
            _write(path, after)


def _write(path: Path, content: bytes) -> None:
    """The file in its place, where a link leads to it too, for those who could read it before."""
    place = path.resolve()
    mode = place.stat().st_mode & 0o777 if place.is_file() else None
    write_file(place, content)
    if mode is not None:
        place.chmod(mode)
