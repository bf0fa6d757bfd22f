"""Disks that fail: every low-level write of a run in this process can be made to fail, the first half of it done."""

from __future__ import annotations

import builtins
import errno
import io
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyogrio
import pyogrio.raw
import pytest
from pyogrio.errors import DataSourceError

from landopt.keeping.hold import NAME as LOCK


class Disk:
    """Counts the writes below ``root``; the one numbered ``at`` fails as ``code``, and so do all later ones."""

    def __init__(self, root: Path) -> None:
        self.root, self.at, self.code, self.calls = str(root), 0, errno.ENOSPC, 0
        self.seen: list[str] = []

    def start(self, at: int, code: int = errno.ENOSPC) -> None:
        """Count anew; ``at`` 0: nothing fails."""
        self.at, self.code, self.calls, self.seen = at, code, 0, []

    def refuses(self, what: str) -> bool:
        """One more write; True where the disk refuses it."""
        self.calls += 1
        self.seen.append(what)
        return 0 < self.at <= self.calls

    def touch(self, what: str) -> None:
        """One more write, which raises where the disk refuses it."""
        if self.refuses(what):
            raise OSError(self.code, os.strerror(self.code))

    def holds(self, path: object) -> bool:
        """Whether a path is on this disk."""
        return isinstance(path, str | os.PathLike) and str(Path(path).absolute()).startswith(self.root)


def _raw(disk: Disk) -> type[io.FileIO]:
    class Raw(io.FileIO):
        def write(self, content: Any, /) -> int:
            if disk.refuses(f"write {Path(str(self.name)).name}"):
                super().write(memoryview(content).cast("B")[: len(content) // 2])
                raise OSError(disk.code, os.strerror(disk.code))
            return super().write(content) or 0

    return Raw


def failing(monkeypatch: pytest.MonkeyPatch, root: Path) -> Disk:
    """A disk under ``root`` whose files, folders, renames, flushes, SQLite stores and GDAL layers can fail."""
    disk = Disk(root)
    raw_class, real_open = _raw(disk), io.open
    real_connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    real_layer, real_columns, real_arrow = pyogrio.write_dataframe, pyogrio.raw.write, pyogrio.write_arrow

    def opened(file: Any, mode: str = "r", *given: Any, **named: Any) -> Any:
        if not disk.holds(file) or not set(mode) & set("wxa+"):
            return real_open(file, mode, *given, **named)
        disk.touch(f"open {Path(file).name}")
        raw = raw_class(str(file), mode.translate({ord("b"): None, ord("t"): None}))
        stream = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        if "b" in mode:
            return stream
        return io.TextIOWrapper(stream, named.get("encoding"), named.get("errors"), named.get("newline"))

    def half_done(path: Any, named: Any) -> None:
        if disk.holds(path) and disk.refuses(f"layer {named.get('layer')}"):
            Path(path).parent.joinpath("half").mkdir(exist_ok=True)
            raise DataSourceError("Failed to commit transaction")

    def layer(frame: Any, path: Any, *given: Any, **named: Any) -> Any:
        half_done(path, named)
        return real_layer(frame, path, *given, **named)

    def columns(path: Any, *given: Any, **named: Any) -> Any:
        half_done(path, named)
        return real_columns(path, *given, **named)

    def arrow(table: Any, path: Any, *given: Any, **named: Any) -> Any:
        half_done(path, named)
        return real_arrow(table, path, *given, **named)

    class Store(sqlite3.Connection):
        def execute(self, sql: str, *given: Any) -> sqlite3.Cursor:
            if not sql.lstrip().startswith("SELECT") and disk.refuses(f"sql {sql.split()[0]}"):
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *given)

    def connect(path: Any, *given: Any, **named: Any) -> sqlite3.Connection:
        return real_connect(path, *given, **({"factory": Store} if disk.holds(path) else {}), **named)

    def watched(name: str) -> None:
        real: Callable[..., Any] = getattr(os, name)

        def call(first: Any, *given: Any, **named: Any) -> Any:
            if name == "fsync" or disk.holds(first):
                disk.touch(name)
            return real(first, *given, **named)

        monkeypatch.setattr(os, name, call)

    for name in ("mkdir", "rename", "replace", "fsync"):
        watched(name)
    monkeypatch.setattr(io, "open", opened)
    monkeypatch.setattr(builtins, "open", opened)
    monkeypatch.setattr(pyogrio, "write_dataframe", layer)
    monkeypatch.setattr(pyogrio.raw, "write", columns)
    monkeypatch.setattr(pyogrio, "write_arrow", arrow)
    monkeypatch.setattr(sqlite3, "connect", connect)
    return disk


def state(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, and every empty folder, with what it holds; the lock of a round is no state."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b"folder"
        for path in sorted(folder.rglob("*"))
        if path.name != LOCK and (path.is_file() or not any(path.iterdir()))
    }
