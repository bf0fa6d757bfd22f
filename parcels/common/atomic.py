"""All or nothing: a folder or a file is written beside its place, flushed to disk, and renamed into it.

Whatever happens (a crash, a full disk, Ctrl-C), a reader finds the old state or the new one, never a mixture, and what
stood there before is dropped only where ``keep`` says that it may be.  Where a folder is replaced and the system can
exchange two names in one step (Linux), it does; else the old folder is moved aside first, and a run that died between
the two renames is undone by :func:`recover`, which every write calls.

A live run holds a lock on its unfinished folder, so that the next start tells it from one that a killed run left.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import re
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from parcels.common.issues import Environment, error

_NEW, _OLD, _SWAP = ".landopt-new-", ".landopt-old-", ".landopt-swap-"
_DAY = 86_400

Keep = Callable[[Path], Path | None]
"""Where an old folder goes when another takes its place; ``None``: nothing in it is worth keeping, it may go."""


def write_folder(target: str | Path, writer: Callable[[Path], None], *, keep: Keep | None = None) -> Path:
    """Write a whole folder: ``writer`` fills a fresh one, which then takes the place of ``target``.

    Parameters
    ----------
    target
        The folder to make or to replace.
    writer
        Gets an empty folder on the same disk and writes into it; anything it raises leaves ``target`` as it was.
    keep
        Says where the old folder goes (see :data:`Keep`); without it the old folder is dropped.

    Raises
    ------
    Environment
        Where the disk is full, read-only or refuses (exit 6); the temporary folder is removed.
    """
    place = Path(target).absolute()
    with disk_of(place), _parents(place):
        recover(place, keep)
        if os.path.lexists(place) and not place.is_dir():  # a file, pipe or device is no folder to be replaced
            raise Environment(error("E075.no-folder", at=str(place), file=place.name))
        fresh = place.parent / f"{_NEW}{place.name}-{uuid.uuid4().hex[:12]}"
        fresh.mkdir()
        with _alive(fresh):
            try:
                writer(fresh)
                for path in sorted(fresh.rglob("*")):
                    flush(path)
                flush(fresh)
                put(fresh, place, keep)
            except BaseException:
                shutil.rmtree(fresh, ignore_errors=True)
                raise
    return place


def in_passing(target: str | Path, work: Callable[[Path], None]) -> None:
    """Do something in an empty folder beside a place, on the same disk; the folder goes, however it ends.

    Raises
    ------
    Environment
        Where the disk is full, read-only or refuses (exit 6).
    """
    place = Path(target).absolute()
    with disk_of(place), _parents(place):
        recover(place)
        fresh = place.parent / f"{_NEW}{place.name}-{uuid.uuid4().hex[:12]}"
        fresh.mkdir()
        with _alive(fresh):
            try:
                work(fresh)
            finally:
                shutil.rmtree(fresh, ignore_errors=True)


def write_file(target: str | Path, content: bytes) -> Path:
    """Write one file, all or nothing. Raises :class:`Environment` like :func:`write_folder`."""
    place = Path(target).absolute()
    with disk_of(place), _parents(place):
        _sweep(place)
        fresh = place.parent / f"{_NEW}{place.name}-{uuid.uuid4().hex[:12]}"
        try:
            with fresh.open("xb") as out:
                _locked(out.fileno())
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(place)
            flush(place.parent)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
    return place


def recover(target: str | Path, keep: Keep | None = None) -> bool:
    """Undo a replacement that was cut between its two renames, finish one that was cut after them, drop what is torn.

    Returns True when the folder was put back. Unfinished folders of a live run stay.
    """
    place = Path(target).absolute()
    if not place.parent.is_dir():
        return False
    back = False
    for old in _left(place, _OLD):
        if place.exists():
            _retire(old, keep)
        else:
            old.replace(place)
            back = True
    for swap in _left(place, _SWAP):
        if _dead(swap):
            # named by the inode of the new folder: where another one stands in its place, the exchange was done
            if swap.name.rpartition("-")[2] == str(swap.stat().st_ino):
                shutil.rmtree(swap, ignore_errors=True)
            else:
                _retire(swap, keep)
    _sweep(place)
    return back


def clear(folder: Path, keep: Keep | None = None) -> None:
    """:func:`recover` for every place directly below a folder that a killed run left something of."""
    if not folder.is_dir():
        return
    for prefix in (_OLD, _SWAP, _NEW):
        for left in sorted(folder.glob(f"{prefix}*")):
            name = left.name.removeprefix(prefix)
            name = name.rpartition("-")[0].rpartition("-")[0] if prefix == _SWAP else name.rpartition("-")[0]
            if name:
                with contextlib.suppress(OSError):
                    recover(folder / name, keep)


def move(source: Path, target: Path) -> None:
    """Move a folder to a place that is free; over the border of a disk it is copied whole before the old one goes.

    Where the disk refuses, ``source`` is where it was and no empty folder is left.
    """
    with _parents(target):
        try:
            source.replace(target)
        except OSError as trouble:
            if trouble.errno != errno.EXDEV:
                raise
            write_folder(target, lambda fresh: _copy(source, fresh))
            shutil.rmtree(source)
            return
        try:
            flush(target.parent)
        except OSError:
            target.replace(source)
            raise


def _copy(source: Path, fresh: Path) -> None:
    shutil.copytree(source, fresh, symlinks=True, dirs_exist_ok=True)


def _left(place: Path, prefix: str) -> list[Path]:
    """What runs that are writing, or died, have beside a place."""
    shape = re.compile(re.escape(f"{prefix}{place.name}-") + r"[0-9a-f]{12}(-[0-9]+)?")
    return sorted(path for path in place.parent.iterdir() if shape.fullmatch(path.name))


def _retire(old: Path, keep: Keep | None) -> None:
    """What becomes of a folder that another took the place of."""
    place = None if keep is None else keep(old)
    if place is None:
        shutil.rmtree(old, ignore_errors=True)
    else:
        move(old, place)


def _sweep(place: Path) -> None:
    """Drop the unfinished files and folders that dead runs left of a place."""
    for left in _left(place, _NEW):
        if _dead(left):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


def put(fresh: Path, place: Path, keep: Keep | None) -> None:
    """Put a folder in the place; an existing one is exchanged, or moved aside and back if the second rename fails."""
    if not place.exists():
        fresh.replace(place)
        flush(place.parent)
        return
    if keep is None:
        if _exchange(fresh, place):
            flush(place.parent)
            shutil.rmtree(fresh, ignore_errors=True)
            return
    else:
        # from here on the name says that the folder is whole, new before the exchange and old after it
        swap = place.parent / f"{_SWAP}{place.name}-{uuid.uuid4().hex[:12]}-{fresh.stat().st_ino}"
        fresh.replace(swap)
        if _exchange(swap, place):
            try:
                flush(place.parent)
                _retire(swap, keep)
            except OSError:
                if _exchange(swap, place):
                    shutil.rmtree(swap, ignore_errors=True)
                raise
            return
        swap.replace(fresh)
    old = place.parent / f"{_OLD}{place.name}-{uuid.uuid4().hex[:12]}"
    place.replace(old)
    try:
        fresh.replace(place)
    except BaseException:
        old.replace(place)
        raise
    try:
        flush(place.parent)
        _retire(old, keep)
    except OSError:
        place.replace(fresh)
        old.replace(place)
        raise


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


def flush(path: Path) -> None:
    """Flush a file or folder to the disk; Windows has no way to flush a folder and needs none for a rename.

    A pipe or device that lay in a folder goes with it and is never opened.
    """
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        return
    if path.is_dir():
        if os.name == "nt":
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return
    with path.open("rb+" if os.name == "nt" else "rb") as file:
        os.fsync(file.fileno())


def _locked(handle: int) -> bool | None:
    """Lock an open file or folder; False where a live run has it, None where the system cannot say."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextlib.contextmanager
def _alive(folder: Path) -> Iterator[None]:
    """Hold the lock of an unfinished folder, whatever it is renamed to, for as long as it is written."""
    if sys.platform == "win32":
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        _locked(handle)
        yield
    finally:
        os.close(handle)


def _dead(left: Path) -> bool:
    """Whether the run that made an unfinished file or folder is gone; where no lock can tell, after a day."""
    with contextlib.suppress(OSError):
        handle = -1 if sys.platform == "win32" else os.open(left, os.O_RDONLY | os.O_NONBLOCK)
        if handle >= 0:
            try:
                held = _locked(handle)
            finally:
                os.close(handle)
            if held is not None:
                return held
        return time.time() - left.stat().st_mtime > _DAY
    return False


@contextlib.contextmanager
def _parents(place: Path) -> Iterator[None]:
    """The folder that a place lies in; what was made of it goes again where the write fails."""
    made = [path for path in place.parents if not path.exists()]
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for path in made:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise


_WRITERS = frozenset(("pyogrio", "xlsxwriter", "pulp", "sqlite3"))
"""Libraries that write files and tell a full or broken disk in errors of their own."""


def _why(text: str) -> str:
    """What a library says of a disk, in the words of the system; its statements are not shown."""
    if any(said in text for said in ("disk is full", "No space left")):
        return os.strerror(errno.ENOSPC)
    return os.strerror(errno.EIO) if "sqlite3_" in text else text.partition(" (os error")[0]


@contextlib.contextmanager
def disk_of(place: Path) -> Iterator[None]:
    """Disk trouble in words (exit 6) that name this place: the innermost of several nested ones is the one blamed."""
    try:
        yield
    except Exception as trouble:  # each writing library has its own; all but those, and ours, go on
        if not isinstance(trouble, OSError) and type(trouble).__module__.partition(".")[0] not in _WRITERS:
            raise
        inner = next((each for each in (trouble, *trouble.args) if isinstance(each, OSError)), None)
        why = _why(str(trouble)) if inner is None else inner.strerror or inner
        raise Environment(error("E075.could-not-written", at=str(place), file=place.name, value=why)) from trouble
