"""Finished runs on disk: one line each in a log of its folder, whole or not at all, found again by their keys."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from parcels.common.catalogue import told
from parcels.common.gate import read_bytes
from parcels.common.issues import Environment, error

LOG = "results.jsonl"
UNFINISHED = ("failed", "user", "lost")
"""A run that ended so is told but not kept: it runs again the next time."""


@contextlib.contextmanager
def made(folder: Path) -> Iterator[None]:
    """The folder of the results; what was made of it goes where it ends without any finished run."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        with _disk(folder, folder / LOG):
            folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in missing:
            with contextlib.suppress(OSError):
                place.rmdir()
        raise


def read(folder: Path) -> dict[str, dict[str, Any]]:
    """The finished runs by key; a torn line (an interrupted write) is left out."""
    found: dict[str, dict[str, Any]] = {}
    log = folder / LOG
    if log.is_file():
        for line in read_bytes(log).split(b"\n"):
            try:
                entry = json.loads(line)
                found[entry["key"]] = entry["result"]
            except (ValueError, KeyError, TypeError):
                continue
    return found


def keep(folder: Path, key: str, result: dict[str, Any]) -> None:
    """Add a finished run, whole or not at all; a torn line of a run that died before is closed first.

    Raises
    ------
    Environment
        E075: the disk refuses (exit 6). What the log holds is whole lines of finished runs.
    """
    log = folder / LOG
    line = json.dumps({"key": key, "result": result}, ensure_ascii=False, sort_keys=True)
    with _disk(log, log):
        before = log.stat().st_size if log.exists() else None
        try:
            with log.open("ab") as out:
                out.write((b"\n" if _torn(log) else b"") + line.encode() + b"\n")
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            with contextlib.suppress(OSError):
                if before is None:
                    log.unlink(missing_ok=True)
                else:
                    os.truncate(log, before)
            raise


def _torn(log: Path) -> bool:
    """Whether the last line has no end."""
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 1))
        return file.read(1) not in (b"", b"\n")


@contextlib.contextmanager
def _disk(place: Path, log: Path) -> Iterator[None]:
    """Disk trouble in words (exit 6)."""
    try:
        yield
    except OSError as trouble:
        advice = told("near.finished-kept") if log.exists() else None
        why = trouble.strerror or trouble
        raise Environment(
            error("E075.could-not-written", at=str(place), maybe=advice, file=place.name, value=why)
        ) from trouble
