"""SHA-256 of an input as it lies on disk. Standard library only."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path


def sha256_of(path: Path) -> str:
    """The digest of a file; of a folder (FileGDB) or shapefile: of names and digests of its parts, sorted.

    "" of a pipe, device or socket, which is never opened, and of a link that leads nowhere: no digest is that.
    """
    if path.is_dir():
        parts = sorted(entry for entry in path.rglob("*") if entry.is_file() and entry.suffix != ".lock")
    elif path.suffix.lower() == ".shp":
        endings = {".shp", ".shx", ".dbf", ".prj", ".cpg"}
        parts = sorted(e for e in path.parent.iterdir() if e.stem == path.stem and e.suffix.lower() in endings)
    else:
        return _one(path)
    whole = hashlib.sha256()
    for part in parts:
        name = part.relative_to(path).as_posix() if path.is_dir() else part.suffix.lower()
        whole.update(f"{name} {_one(part)}\n".encode())
    return whole.hexdigest()


def _one(path: Path) -> str:
    try:
        kind = path.stat().st_mode
    except OSError:
        if path.is_symlink():
            return ""
        raise
    if not stat.S_ISREG(kind):
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
