"""What landopt wrote, by digest: it replaces only what still is as it wrote it (DESIGN 10.3).

Beside a folder of reports, ``.report.written.json`` holds the SHA-256 of each file that landopt wrote into it.  A file
that is still so may be replaced; one that was edited since, or that landopt never wrote, stays, and the new one is
written beside it under a number.  Other folders have no record: there everything that differs is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from parcels.common.atomic import in_passing, put, write_file, write_folder
from parcels.common.digests import sha256_of
from parcels.common.gate import load_json, read_bytes
from parcels.common.issues import Refused

_RECORD = re.compile(r"\..+\.written\.json")
_MOST = 1_000_000
"""Bytes of a record that are read: it is ours, but whatever lies in a folder may have come from elsewhere."""
_REMEMBERED = 4
"""Digests of a name that are remembered: the last ones that landopt wrote, or was about to write."""

State = Literal["written", "edited", "foreign"]


@dataclass(frozen=True, slots=True)
class Written:
    """One file that was written: its path, and the one that was kept and is the reason of the number, if any."""

    path: Path
    kept: Path | None = None


def record_path(folder: Path) -> Path:
    """Where the digests of a folder of reports are kept: beside it, so that in it are reports alone."""
    return folder.parent / f".{folder.name}.written.json"


def is_record(name: str) -> bool:
    """Whether a file of this name is a record of digests."""
    return _RECORD.fullmatch(name) is not None


def record_of(folder: Path) -> dict[str, list[str]]:
    """The digests on record of a folder; none where there is no record or it cannot be read."""
    path = record_path(folder.absolute())
    with contextlib.suppress(OSError, ValueError, Refused):
        if path.is_file():
            found = load_json(read_bytes(path, _MOST))
            if isinstance(found, dict):
                return {name: [sha for sha in every if isinstance(sha, str)] for name, every in found.items()
                        if isinstance(every, list)}  # fmt: skip
    return {}


def state_of(path: Path) -> State:
    """Whether a file is as landopt wrote it, was edited since, or is not landopt's."""
    on_record = record_of(path.parent).get(path.name)
    if on_record is None:
        return "foreign"
    sha = sha256_of(path)
    return "written" if sha and sha in on_record else "edited"


def states(folder: Path) -> dict[str, State]:
    """The state of everything directly in a folder, by name, what is hidden too."""
    return {path.name: state_of(path) for path in sorted(folder.iterdir())}


def place_for(target: Path, digest: str) -> Written:
    """Where a file with this digest goes: its own place, or under the first number that is free or may be replaced."""
    if _free(target, digest):
        return Written(target)
    for number in range(2, 1_000_000):
        beside = numbered(target, number)
        if _free(beside, digest):
            return Written(beside, target)
    raise OSError(f"{target} has a million copies")


def numbered(path: Path, number: int) -> Path:
    """``tables.xlsx`` as ``tables-2.xlsx``."""
    return path.with_name(f"{path.stem}-{number}{path.suffix}")


def _free(path: Path, digest: str) -> bool:
    if not path.exists() and not path.is_symlink():
        return True
    return sha256_of(path) == digest or state_of(path) == "written"


def write_kept(target: str | Path, content: bytes) -> Written:
    """Write one file and its digest; what is there and is not landopt's, or was edited, stays (see :func:`place_for`).

    Raises
    ------
    Environment
        If the disk refuses (exit 6).
    """
    wanted = Path(target).absolute()
    sha = hashlib.sha256(content).hexdigest()
    done = place_for(wanted, sha)
    write_file(done.path, content)
    note_written(done.path.parent, {done.path.name: sha})
    return done


def note_written(folder: Path, digests: dict[str, str]) -> None:
    """Put digests on record where a folder has one; folders of the user's own get none."""
    if record_path(folder.absolute()).exists():
        _note(folder, digests)


def _note(folder: Path, digests: dict[str, str]) -> None:
    known = record_of(folder)
    for name, sha in digests.items():
        known[name] = [*(each for each in known.get(name, ()) if each != sha), sha][-_REMEMBERED:]
    text = json.dumps(known, ensure_ascii=False, sort_keys=True, indent=1)
    write_file(record_path(folder.absolute()), text.encode("utf-8"))


def write_into(folder: Path, writer: Callable[[Path], None]) -> list[Written]:
    """Write several files into a folder, all or none; ``writer`` fills an empty folder with them.

    Everything that was in the folder stays but files that are still as landopt wrote them and are written anew.

    Returns
    -------
    list of Written
        In the order of their names.
    """
    done: list[Written] = []

    def fill(fresh: Path) -> None:
        new = fresh / ".landopt-made"
        new.mkdir()
        writer(new)
        made = sorted(new.iterdir())
        digests: dict[str, str] = {}
        taken: set[str] = set()
        for path in made:
            sha = sha256_of(path)
            goes = place_for(folder / path.name, sha)
            done.append(goes)
            digests[goes.path.name] = sha
            taken.add(goes.path.name)
            path.rename(fresh / goes.path.name)
        new.rmdir()
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.name not in taken and not path.name.startswith(".landopt-"):
                    _carry(path, fresh / path.name)
        _note(folder, digests)  # before the files are in their place: what is there then is on record, old or new

    write_folder(folder, fill, keep=lambda old: _late(old, folder))
    return done


def _late(old: Path, folder: Path) -> Path | None:
    """Where the old folder goes if somebody put something into it while the new one was made: beside it."""
    known = record_of(folder)
    for path in old.rglob("*"):
        here = folder / path.relative_to(old)
        if path.is_dir() or ".landopt-" in path.as_posix()[len(old.as_posix()) :]:
            continue
        if here.exists() and (here.samefile(path) or sha256_of(here) == sha256_of(path)):
            continue
        top = old / path.relative_to(old).parts[0]
        if sha256_of(top) not in known.get(top.name, ()):
            return next(place for n in range(2, 10**6) if not (place := numbered(folder, n)).exists())
    return None


def write_made(target: Path, writer: Callable[[Path], object]) -> Path | None:
    """Write a file or folder by a writer that needs a path of its own; what was there is kept beside it.

    Parameters
    ----------
    target
        Where the result goes.
    writer
        Gets a path of the same name in an empty folder on the same disk, and makes a file or folder there.

    Returns
    -------
    Path or None
        Where that is kept which stood in the place, unless it was as landopt wrote it or the same.

    Raises
    ------
    Environment
        If the disk refuses (exit 6).
    """
    wanted = target.absolute()
    aside: list[Path] = []

    def fill(fresh: Path) -> None:
        made = fresh / wanted.name
        writer(made)
        sha = sha256_of(made)
        same_kind = made.is_dir() == wanted.is_dir()
        if (wanted.exists() or wanted.is_symlink()) and not (same_kind and _free(wanted, sha)):
            aside.append(_kept_name(wanted))
        if made.is_dir() or wanted.is_dir():
            put(made, wanted, lambda _old: aside[0] if aside else None)
        else:
            if aside:
                _carry(wanted, aside[0])
            made.replace(wanted)
        note_written(wanted.parent, {wanted.name: sha})

    in_passing(wanted, fill)
    return aside[0] if aside else None


def _kept_name(path: Path) -> Path:
    """``parcels.gpkg`` as ``parcels.kept-1.gpkg``: the first number that is free."""
    places = (path.with_name(f"{path.stem}.kept-{number}{path.suffix}") for number in range(1, 1_000_000))
    return next(place for place in places if not place.exists())


def _carry(source: Path, target: Path) -> None:
    """The same file under another folder: another name of it where the disk has such, else a copy."""
    import shutil

    if source.is_symlink() or not source.is_dir():
        try:
            target.hardlink_to(source)
        except OSError:
            shutil.copy2(source, target, follow_symlinks=False)
        return
    target.mkdir()
    for inner in sorted(source.iterdir()):
        _carry(inner, target / inner.name)
    shutil.copystat(source, target)
