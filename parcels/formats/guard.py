"""GDAL under guard: the drivers that may read, and a child that can be killed for what may never end.

A layer of a GeoPackage may be a view, whose query may have no end; a drawing may insert blocks into blocks.  Such a
file is read by a child process within limits of time and memory, which copies the layer as it stands into a plain
file; that is what is then read.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from parcels.common.issues import Refused, error

SECONDS, SECONDS_A_MB = 30, 2
"""CPU seconds a child may take: a round number for its start and a small file, and more for a large one."""
MEMORY, MEMORY_TIMES = 2_000_000_000, 30
"""Bytes a child may take: enough for its libraries and a small file, and some times the size of a large one."""
_HARMLESS = re.compile(r"\s*create\s+virtual\s+table\s+.*\busing\s+(rtree|fts[345])\b", re.IGNORECASE | re.DOTALL)
_COMPUTED = re.compile(r"\bas\s*\(|\bgenerated\s+always\b", re.IGNORECASE)


@contextmanager
def guarded(path: Path, layer: str | None = None) -> Iterator[Path]:
    """A file that can be read without end neither in time nor in memory: itself, or a plain copy of its layers.

    Raises
    ------
    Refused
        ``F014`` where the child had to be killed.
    """
    if path.suffix.lower() == ".dxf":
        _in_child(path, None, None)
    if path.suffix.lower() != ".gpkg" or not works(path):
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="landopt-") as folder:
        copy = Path(folder) / path.name
        _in_child(path, layer, copy)
        yield copy


def works(path: Path) -> bool:
    """Whether reading a GeoPackage may run a query of its own: views, virtual tables, computed columns."""
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            found = base.execute("SELECT type, name, sql FROM sqlite_master LIMIT 100000").fetchall()
    except sqlite3.Error:
        return False  # damaged: GDAL says so
    for kind, name, sql in found:
        text = str(sql or "")
        if kind == "view" or (kind == "table" and text[:60].lower().split()[:2] == ["create", "virtual"]):
            if not _HARMLESS.match(text):
                return True
        elif kind == "table" and not str(name).startswith(("gpkg_", "rtree_", "sqlite_")) and _COMPUTED.search(text):
            return True
    return False


def _in_child(path: Path, layer: str | None, copy: Path | None) -> None:
    size = path.stat().st_size
    seconds = SECONDS + SECONDS_A_MB * size // 1_000_000
    job = {
        "path": str(path),
        "layer": layer,
        "copy": None if copy is None else str(copy),
        "seconds": seconds,
        "memory": MEMORY + MEMORY_TIMES * size,
    }
    command = [sys.executable, "-m", "parcels.formats.guard", json.dumps(job)]
    place = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *sys.path[1:]])}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=place) as child:
        try:
            told, _ = child.communicate(timeout=3 * seconds)
            code = child.returncode
        except subprocess.TimeoutExpired:
            told, code = b"", _OVER
        finally:
            child.kill()
    if code in (_OVER, -_SIGXCPU, -_SIGKILL):
        raise Refused(error("F014.time", at=path.name, name=path.name, seconds=seconds))
    if code == _MEMORY:
        raise Refused(error("F014.memory", at=path.name, name=path.name))
    if code != 0 and (code < 0 or copy is not None):
        why = told.decode("utf-8", "replace").replace(str(path), path.name).strip()[:200] or f"exit {code}"
        raise Refused(error("F004.reader", at=path.name, name=path.name, why=why))


_SIGKILL, _SIGXCPU = 9, 24
_OVER = 99
_MEMORY = 98


def _child(job: dict[str, object]) -> int:
    """Read within limits; whatever else is wrong with the file is said by the reader that comes after."""
    seconds, memory = int(str(job["seconds"])), int(str(job["memory"]))
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    except (ImportError, ValueError, OSError):
        pass  # the parent's clock alone
    try:
        import pyogrio

        path, layer = str(job["path"]), job["layer"]
        names = [str(layer)] if layer else [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        for name in names:
            meta, _, wkb, data = pyogrio.raw.read(path, layer=name, datetime_as_string=True)
            if job["copy"] is not None:
                keep = {"geometry_type": meta["geometry_type"], "crs": meta["crs"], "driver": "GPKG", "layer": name}
                pyogrio.raw.write(
                    job["copy"], wkb, data, meta["fields"], append=Path(str(job["copy"])).exists(), **keep
                )
    except MemoryError:
        return _MEMORY
    except Exception as trouble:  # whatever GDAL calls it, the file itself is at fault and read again to say how
        sys.stdout.write(str(trouble).splitlines()[0][:500] if str(trouble) else type(trouble).__name__)
        return _MEMORY if "emory" in str(trouble) else 1
    return 0


if __name__ == "__main__":
    raise SystemExit(_child(json.loads(sys.argv[1])))
