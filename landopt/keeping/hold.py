"""One run at a time on a round: a lock the system releases when its process ends, however it ends."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from parcels.common.catalogue import Say, told
from parcels.common.issues import Environment, error

NAME = ".landopt-lock"


def _lock(handle: IO[bytes]) -> None:
    """Take the lock or raise OSError; ``errno`` ENOLCK/ENOTSUP says that the disk cannot lock."""
    if sys.platform == "win32":
        import msvcrt

        handle.seek(1 << 20)  # a byte far past the text, so that others can read who holds the lock
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def hold(folder: Path, say: Say = lambda _told: None) -> Iterator[None]:
    """Hold a folder for the time of a run.

    A lock file left by a run that was killed is no obstacle: it is taken over and ``say`` tells so. On a disk that is
    read-only or cannot lock, the run goes on and ``say`` warns.

    Raises
    ------
    Environment
        If another run holds it; names that run's process id (exit 6).
    """
    path = folder / NAME
    try:
        handle = path.open("r+b" if path.exists() else "w+b")
    except OSError:
        say(told("progress.read-only", folder=folder))
        yield
        return
    with handle:
        left = handle.read(64).decode("ascii", "replace").strip()
        try:
            _lock(handle)
        except (BlockingIOError, PermissionError):
            raise Environment(error("E073.another-run-works", at=str(folder), value=left or "unknown")) from None
        except OSError:
            say(told("progress.no-locks", folder=folder))
            yield
            return
        if left:
            say(told("progress.interrupted", process=left))
        handle.seek(0)
        handle.truncate()
        handle.write(str(os.getpid()).encode("ascii"))
        handle.flush()
        try:
            yield
        finally:
            handle.seek(0)
            handle.truncate()
