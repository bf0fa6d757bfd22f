"""All or nothing: a folder or a file is written beside its place, flushed to disk, and renamed into it.

Whatever happens (a crash, a full disk, Ctrl-C), a reader finds the old state or the new one, never a mixture.  Where a
folder is replaced and the system can exchange two names in one step (Linux), it does; else the old folder is moved
aside first, and a run that died between the two renames is undone by :func:`recover`, which every write calls.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from parcels.common.issues import Environment, error

_NEW, _OLD = ".landopt-new-", ".landopt-old-"
_DAY = 86_400


def write_folder(target: str | Path, writer: Callable[[Path], None]) -> Path:
    """Write a whole folder: ``writer`` fills a fresh one, which then takes the place of ``target``.

    Parameters
    ----------
    target
        The folder to make or to replace.
    writer
        Gets an empty folder on the same disk and writes into it; anything it raises leaves ``target`` as it was.

    Raises
    ------
    Environment
        Where the disk is full, read-only or refuses (exit 6); the temporary folder is removed.
    """
    place = Path(target).absolute()
    with _disk(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        recover(place)
        fresh = place.parent / f"{_NEW}{place.name}-{uuid.uuid4().hex[:12]}"
        fresh.mkdir()
        try:
            writer(fresh)
            for path in sorted(fresh.rglob("*")):
                _flush(path)
            _flush(fresh)
            _swap(fresh, place)
        except BaseException:
            shutil.rmtree(fresh, ignore_errors=True)
            raise
    return place


def write_file(target: str | Path, content: bytes) -> Path:
    """Write one file, all or nothing. Raises :class:`Environment` like :func:`write_folder`."""
    place = Path(target).absolute()
    with _disk(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh = place.parent / f"{_NEW}{place.name}-{uuid.uuid4().hex[:12]}"
        try:
            with fresh.open("xb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(place)
            _flush(place.parent)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    return place


def recover(target: str | Path) -> bool:
    """Undo a replacement that was cut between its two renames, and drop what dead runs left.

    Returns True when the folder was put back. Unfinished folders younger than a day may belong to a live run and stay.
    """
    place = Path(target).absolute()
    if not place.parent.is_dir():
        return False
    back = False
    for old in sorted(place.parent.glob(f"{_OLD}{place.name}-*")):
        if place.exists():
            shutil.rmtree(old, ignore_errors=True)
        else:
            old.replace(place)
            back = True
    for left in place.parent.glob(f"{_NEW}{place.name}-*"):
        if time.time() - left.stat().st_mtime > _DAY:
            shutil.rmtree(left, ignore_errors=True)
    return back


def _swap(fresh: Path, place: Path) -> None:
    """Put ``fresh`` in the place; an existing folder is moved aside, and back if the second rename fails."""
    if not place.exists():
        fresh.replace(place)
        _flush(place.parent)
        return
    if _exchange(fresh, place):
        _flush(place.parent)
        shutil.rmtree(fresh, ignore_errors=True)
        return
    old = place.parent / f"{_OLD}{place.name}-{uuid.uuid4().hex[:12]}"
    place.replace(old)
    try:
        fresh.replace(place)
    except BaseException:
        old.replace(place)
        raise
    _flush(place.parent)
    shutil.rmtree(old, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system cannot."""
    if sys.platform != "linux":
        return False
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return bool(rename(here, os.fsencode(one), here, os.fsencode(other), swap) == 0)


def _flush(path: Path) -> None:
    """Flush a file or folder to the disk; Windows has no way to flush a folder and needs none for a rename."""
    if path.is_dir():
        if os.name == "nt":
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _disk(place: Path) -> Iterator[None]:
    """Disk trouble in words (exit 6)."""
    try:
        yield
    except OSError as trouble:
        raise Environment(
            error("E075.could-not-written", at=str(place), file=place.name, value=trouble.strerror or trouble)
        ) from trouble
