"""The toolboxes put where QGIS and ArcGIS look for them, brought up to date, and taken away; nothing else is touched.

Beside the files lies ``landopt-files.json``: the SHA-256 of each as it was written. What is still so is replaced or
removed; what somebody changed or added stays, and is told.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from landopt import __version__
from parcels.common.atomic import clear, write_file
from parcels.common.catalogue import languages, texts
from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, read_bytes, read_text
from parcels.common.issues import Environment, Refused, error

HERE = Path(__file__).parent
PLUGIN = "landopt_toolbox"
"""The folder of the plugin, which is its name for QGIS."""
FILES = "landopt-files.json"
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Installed:
    """What was done at one place: ``written`` anew or again, ``kept`` as somebody changed it, ``removed``."""

    folder: Path
    written: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def qgis_files() -> dict[str, bytes]:
    """The plugin for QGIS, by name of its files."""
    parts = [path for path in sorted((HERE / "qgis_plugin").iterdir()) if path.suffix in (".py", ".svg")]
    metadata = read_text(HERE / "qgis_plugin" / "metadata.txt").replace("{version}", __version__)
    found = {path.name: read_bytes(path, _MOST) for path in parts}
    return {**found, "metadata.txt": metadata.encode(), **_shared()}


def arcgis_files() -> dict[str, bytes]:
    """The Python toolbox for ArcGIS, by name of its files."""
    shared = _shared()
    shared["landopt_process.py"] = shared.pop("process.py")
    return {"landopt.pyt": read_bytes(HERE / "arcgis" / "landopt.pyt", _MOST), **shared}


def _shared() -> dict[str, bytes]:
    said = {
        lang: {key: text for key, text in texts(lang).items() if key.startswith("toolbox.")} for lang in languages()
    }
    return {
        "process.py": read_bytes(HERE / "process.py", _MOST),
        "texts.json": json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True).encode(),
        "where.json": json.dumps(where(), ensure_ascii=False, indent=1, sort_keys=True).encode(),
    }


def where() -> dict[str, str]:
    """Where landopt is: its Python, its folder where that is none of the Python's own, its version."""
    root = HERE.parents[1]
    own = any(part in ("site-packages", "dist-packages") for part in root.parts)
    return {"python": _console(sys.executable), "path": "" if own else str(root), "version": __version__}


def _console(python: str) -> str:
    """The Python that writes to pipes, beside the one without a window."""
    path = Path(python)
    beside = path.with_name("python.exe")
    return str(beside) if path.name.lower() == "pythonw.exe" and beside.is_file() else python


def put(folder: Path, files: Mapping[str, bytes]) -> Installed:
    """Write files into a folder; what lies there and is not as landopt wrote it stays, and the new one is left out.

    Raises
    ------
    Refused
        If the folder is there and is not landopt's.
    Environment
        If the disk refuses.
    """
    clear(folder)  # what a run that was killed left is nobody's
    known = _known(folder)
    if folder.is_dir() and any(folder.iterdir()) and not known:
        raise Refused(error("E008.not-ours", at=str(folder), folder=folder))
    written, kept, record = [], [], {}
    for name, content in files.items():
        path, sha = folder / name, hashlib.sha256(content).hexdigest()
        now = sha256_of(path) if path.is_file() else ""
        if now and now != sha and now not in known.get(name, "").split():
            kept.append(name)
            record[name] = known.get(name, "")
            continue
        record[name] = sha
        if now != sha:
            _record(folder, {**known, **record, name: f"{now} {sha}".strip()})  # ours whenever this is broken off
            write_file(path, content)
            written.append(name)
    gone = [name for name in known if name not in files and _ours(folder / name, known[name])]
    _record(folder, {**record, **{name: known[name] for name in gone}})  # whatever happens now, they are known as ours
    for name in gone:
        (folder / name).unlink()
    _record(folder, record)
    return Installed(folder, tuple(written), tuple(kept), tuple(gone))


def take_away(folder: Path) -> Installed:
    """Remove what landopt wrote and nobody changed; the folder too where nothing is left in it.

    Raises
    ------
    Environment
        If the disk refuses.
    """
    clear(folder)
    known = _known(folder)
    removed = [name for name in known if _ours(folder / name, known[name])]
    kept = tuple(name for name in known if name not in removed and (folder / name).is_file())
    try:
        for name in removed:
            (folder / name).unlink()
        cache = folder / "__pycache__"
        if known and cache.is_dir():
            stems = {Path(name).stem for name in removed}
            for path in cache.glob("*.pyc"):  # compiled from what is gone
                if path.name.split(".")[0] in stems:
                    path.unlink()
            if not any(cache.iterdir()):
                cache.rmdir()
        if known:
            (folder / FILES).unlink()
            if not any(folder.iterdir()):
                folder.rmdir()
    except OSError as trouble:
        raise Environment(error("E001.system", at=str(folder), trouble=trouble.strerror or str(trouble))) from trouble
    return Installed(folder, (), kept, tuple(removed))


def _ours(path: Path, sha: str) -> bool:
    return path.is_file() and not path.is_symlink() and sha256_of(path) in sha.split()


def _known(folder: Path) -> dict[str, str]:
    """What landopt wrote, by its record; a name in it that leads out of the folder is none."""
    path = folder / FILES
    if not path.is_file():
        return {}
    found = load_json(read_bytes(path, _MOST))
    if not isinstance(found, dict):
        return {}
    return {name: str(sha) for name, sha in found.items() if Path(name).name == name and name not in ("", ".", "..")}


def _record(folder: Path, record: Mapping[str, str]) -> None:
    write_file(folder / FILES, json.dumps(record, indent=1, sort_keys=True).encode())
