"""One writer a round: a lock on the shared folder that names account, machine and since when; the others read.

The system releases it with the process, however that ends. A share on which locks do not hold is refused for writing:
it is tried with a second handle before anything is written, and a share whose locks this machine keeps to itself (NFS
with ``nolock``, SMB with ``nobrl``, a file system over SSH) is known by how it is mounted.
"""

from __future__ import annotations

import datetime
import getpass
import json
import os
import platform
import re
import sys
import time
from pathlib import Path
from typing import IO, Any

from landopt.workbench.guards import Refusal, refused
from landopt.workbench.home import WRITER as NAME
from parcels.common.gate import load_json, read_bytes
from parcels.common.issues import Refused

_FAR = 1 << 20
"""Where the locked byte lies: far past the text, so that others can read who holds the lock."""


TRIES, PAUSE_S = 4, 0.02
"""Times that a lock is asked for again, and seconds between: others look at it for less than a thousandth."""


def me() -> dict[str, str]:
    """Account and machine of this process."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError, ImportError):
        account = ""
    return {"account": account, "machine": platform.node()}


def _take(handle: IO[bytes], *, look: bool = False) -> None:
    """Get the lock or raise; to ``look`` whether it is free does not keep others from looking."""
    if sys.platform == "win32":
        import msvcrt

        handle.seek(_FAR)
        msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle.fileno(), (fcntl.LOCK_SH if look else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def _take_or_wait(handle: IO[bytes]) -> None:
    """As :func:`_take`; whoever only looks lets go at once, so a lock that is held is asked for again."""
    for _ in range(TRIES):
        try:
            return _take(handle)
        except (BlockingIOError, PermissionError):
            time.sleep(PAUSE_S)
    return _take(handle)


class Writers:
    """The rounds this server writes to."""

    def __init__(self) -> None:
        self.held: dict[Path, IO[bytes]] = {}

    def take(self, folder: Path) -> None:
        """Become the writer of a round, or stay it.

        Raises
        ------
        Refusal
            423 another one writes (named), 403 the folder cannot be written, 503 its disk cannot lock.
        """
        if folder in self.held:
            return
        path = folder / NAME
        try:
            handle = path.open("r+b" if path.exists() else "w+b")
        except OSError as trouble:
            raise refused(403, "not-writable", trouble=trouble.strerror or str(trouble)) from None
        try:
            _take_or_wait(handle)
        except (BlockingIOError, PermissionError):
            handle.close()
            raise _busy(folder) from None
        except OSError:
            handle.close()
            raise refused(503, "no-locks") from None
        if not _holds(path) or own_locks_only(folder):
            handle.close()
            raise refused(503, "no-locks")
        since = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        handle.seek(0)
        handle.truncate()
        handle.write(json.dumps({**me(), "since": since, "process": os.getpid()}).encode("utf-8"))
        handle.flush()
        self.held[folder] = handle

    def leave(self, folder: Path) -> None:
        """Let others write."""
        handle = self.held.pop(folder, None)
        if handle is not None:
            handle.seek(0)
            handle.truncate()
            handle.close()

    def who(self, folder: Path) -> dict[str, Any] | None:
        """Who writes: account, machine, since, and whether it is this server; ``None`` where nobody does."""
        if folder in self.held:
            return {**_said(folder), "here": True}
        path = folder / NAME
        try:
            handle = path.open("r+b" if sys.platform == "win32" else "rb")  # to look is enough for whoever only reads
        except OSError:
            return None
        with handle:
            try:
                _take(handle, look=True)
            except (BlockingIOError, PermissionError):
                return {**_said(folder), "here": False}
            except OSError:
                return None
        return None

    def close(self) -> None:
        """Leave every round."""
        for folder in list(self.held):
            self.leave(folder)


def _holds(path: Path) -> bool:
    """Whether a second handle is kept out, as it must be."""
    try:
        with path.open("r+b") as second:
            _take(second)
    except OSError:
        return True
    return False


MOUNTS = Path("/proc/self/mounts")
_OWN = {
    "nfs": ("nolock", "local_lock=flock", "local_lock=all"),
    "cifs": ("nobrl", "nolock"),
    "smb3": ("nobrl", "nolock"),
}
"""Options of a mount under which locks stay on this machine, by file system (``nfs`` also of version 4)."""
_NEVER = ("fuse.sshfs", "fuse.rclone", "fuse.davfs", "davfs", "9p", "vboxsf", "fuse.vmhgfs-fuse", "prl_fs", "afs")
"""File systems that hand no lock on to other machines."""


def own_locks_only(folder: Path, mounts: Path = MOUNTS) -> bool:
    """Whether a folder lies on a share whose locks other machines do not see; by how it is mounted (Linux).

    Windows and macOS hand locks on to the server of an SMB share.
    """
    try:
        lines = read_bytes(mounts, 4_000_000).decode("utf-8", "replace").splitlines() if mounts.is_file() else []
    except (OSError, Refused):
        return False
    best: tuple[int, str, tuple[str, ...]] = (-1, "", ())
    real = folder.resolve()
    for line in lines:
        parts = line.split(" ")
        if len(parts) < 4:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), parts[1]))
        if real.is_relative_to(point) and len(point.parts) >= best[0]:
            best = (len(point.parts), parts[2], tuple(parts[3].split(",")))
    _, kind, options = best
    return kind in _NEVER or bool(set(options) & set(_OWN.get("nfs" if kind == "nfs4" else kind, ())))


def _said(folder: Path) -> dict[str, Any]:
    try:
        found = load_json(read_bytes(folder / NAME, 1000) or b"{}")
    except (OSError, ValueError, Refused):
        return {}
    return found if isinstance(found, dict) else {}


def _busy(folder: Path) -> Refusal:
    said = _said(folder)
    return refused(
        423,
        "another-writes",
        account=str(said.get("account") or "?"),
        machine=str(said.get("machine") or "?"),
        since=str(said.get("since") or "?"),
    )
