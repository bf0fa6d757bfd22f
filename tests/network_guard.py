"""Runs a command of the desk in this process with every internet socket forbidden; exit 99 where one is opened.

Two guards: an audit hook of Python, and, on Linux, a filter of system calls (seccomp) that kills the process at
``socket(AF_INET)`` and ``socket(AF_INET6)``, which also covers GDAL, PROJ and the solvers.
"""

from __future__ import annotations

import ctypes
import platform
import socket
import struct
import sys
from typing import Any

OPENED = 99
_INTERNET = (socket.AF_INET, socket.AF_INET6)
_LOAD, _EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_ARCHITECTURE = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
"""Of a machine: the name of its calls in filters, and the number of ``socket``."""


def _hook(event: str, given: tuple[Any, ...]) -> None:
    if event == "socket.__new__" and given[1] in _INTERNET:
        sys.stderr.write(f"an internet socket was opened: {given[1:]}\n")
        sys.stderr.flush()
        import os

        os._exit(OPENED)
    if event in ("socket.getaddrinfo", "socket.gethostbyname") and given[0] not in (None, "localhost", "127.0.0.1"):
        sys.stderr.write(f"a name was looked up: {given}\n")
        import os

        os._exit(OPENED)


def seccomp() -> bool:
    """Forbid internet sockets to this process and its children; False where the system has no such filter."""
    known = _ARCHITECTURE.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    name, call = known
    steps = [
        (_LOAD, 0, 0, 4),  # the architecture
        (_EQUAL, 0, 6, name),
        (_LOAD, 0, 0, 0),  # the call
        (_EQUAL, 0, 4, call),
        (_LOAD, 0, 0, 16),  # its first argument
        (_EQUAL, 1, 0, int(socket.AF_INET)),
        (_EQUAL, 0, 1, int(socket.AF_INET6)),
        (_RETURN, 0, 0, _KILL),
        (_RETURN, 0, 0, _ALLOW),
    ]
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(held))
    library = ctypes.CDLL(None, use_errno=True)
    if library.prctl(38, 1, 0, 0, 0) != 0:  # PR_SET_NO_NEW_PRIVS
        return False
    return bool(library.prctl(22, 2, ctypes.c_char_p(program), 0, 0) == 0)  # PR_SET_SECCOMP, SECCOMP_MODE_FILTER


def main() -> None:
    """``python -m tests.network_guard COMMAND ...``; ``--probe`` tries a socket, ``--native`` one below Python."""
    words = sys.argv[1:]
    if not seccomp() and "--need" in words:
        raise SystemExit(98)
    words = [word for word in words if word != "--need"]
    if words == ["--native"]:
        ctypes.CDLL(None).socket(2, 1, 0)
        return
    sys.addaudithook(_hook)
    if words == ["--probe"]:
        socket.socket(socket.AF_INET6)
        return
    if words == ["--local"]:
        socket.socketpair()
        return
    from cli import desk

    desk(words, prog_name="landopt")


if __name__ == "__main__":
    main()
