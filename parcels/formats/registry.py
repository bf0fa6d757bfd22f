"""The registry of file formats: what opens, packs, writes and reads them is found here and nowhere else.

A format is one module in ``parcels/formats/kinds``. It registers what it can do::

    @reads("GeoJSON", ".geojson", ".json")
    def read_geojson(ask: Ask) -> RawTable: ...

    @writes("GeoJSON", ".geojson", ".json")
    def write_geojson(out: Outgoing, path: Path) -> Iterable[Issue]: ...

Nothing else needs to be touched: the modules of the folder are found by themselves.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from parcels.common.catalogue import Told, told
from parcels.common.issues import Issue, Refused, error
from parcels.formats.sources import RawTable

Kind = Literal["layer", "drawing", "table", "archive"]
"""``layer``: outlines with attributes. ``drawing``: outlines and little else; a table of the same name beside it brings
the facts. ``table``: rows, with outlines by WKT or by reference. ``archive``: holds a file of another format."""


Prefix = Literal["P", "D", "K", "L"]
"""First letters of the codes of findings in tables and layers: they share numbers and texts; others have none."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked of a reader: the file, and what the user says of it (``None`` where nothing is said).

    ``points`` asks for a layer of points; ``prefix`` is the first letter of the codes of its findings.
    """

    path: Path
    layer: str | None = None
    encoding: str | None = None
    crs: str | None = None
    points: bool = False
    prefix: Prefix = "P"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a writer is handed: arrays of one type each by column, masks of blanks, outlines, the EPSG code.

    ``raw`` is the table they come from, for formats that carry less than columns.
    """

    columns: Mapping[str, np.ndarray[Any, Any]]
    masks: Mapping[str, np.ndarray[Any, Any]]
    geometry: np.ndarray[Any, Any]
    epsg: int
    raw: RawTable


Reader = Callable[[Ask], RawTable]
Writer = Callable[[Outgoing, Path], Iterable[Issue]]
"""Writes the file; returns what it has to tell."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a format can hold in columns.

    ``letters_only``: names of letters, digits and ``_``; ``taken``: names the format uses itself; ``caseless``: names
    that differ in letter case alone are one; ``length``: longest name in characters (0: any); ``whole``: whole numbers
    below this in size are kept whole; ``booleans``: it knows true and false; ``columns``: it carries columns at all;
    ``projected``: outlines must be in metres; ``grain``: metres to which coordinates are rounded (0: not at all).
    """

    letters_only: bool = False
    taken: frozenset[str] = frozenset()
    caseless: bool = False
    length: int = 0
    whole: int = 2**53
    booleans: bool = True
    columns: bool = True
    projected: bool = False
    grain: str = ""


@dataclass(slots=True)
class Format:
    """A format by name: its endings, what it is, and its reader and writer as far as there are any."""

    name: str
    kind: Kind = "layer"
    endings: tuple[str, ...] = ()
    folder: bool = False
    read: Reader | None = None
    written: tuple[str, ...] = ()
    write: Writer | None = None
    rules: Rules = Rules()


_FORMATS: dict[str, Format] = {}


def reads(name: str, *endings: str, kind: Kind = "layer", folder: bool = False) -> Callable[[Reader], Reader]:
    """Register the reader of a format for file endings; ``folder``: a file of it is a folder."""

    def keep(reader: Reader) -> Reader:
        entry = _FORMATS.setdefault(name, Format(name))
        entry.kind, entry.endings, entry.folder, entry.read = kind, endings, folder, reader
        return reader

    return keep


def writes(name: str, *endings: str, rules: Rules | None = None) -> Callable[[Writer], Writer]:
    """Register the writer of a format for file endings, and what the format can hold."""

    def keep(writer: Writer) -> Writer:
        entry = _FORMATS.setdefault(name, Format(name))
        entry.written, entry.write, entry.rules = endings, writer, rules or Rules()
        return writer

    return keep


@cache
def formats() -> Mapping[str, Format]:
    """All formats by name; the modules of ``parcels.formats.kinds`` are imported once."""
    folder = importlib.import_module("parcels.formats.kinds")
    for module in pkgutil.iter_modules(folder.__path__):
        importlib.import_module(f"parcels.formats.kinds.{module.name}")
    return dict(sorted(_FORMATS.items()))


def endings(kind: Kind | None = None) -> dict[str, Format]:
    """The formats that are read, by file ending."""
    return {
        ending: entry
        for entry in formats().values()
        for ending in entry.endings
        if entry.read is not None and kind in (None, entry.kind)
    }


def written() -> dict[str, Format]:
    """The formats that are written, by file ending."""
    return {ending: entry for entry in formats().values() for ending in entry.written}


INSTEAD = {".dwg": ".dxf", ".mdb": ".gdb", ".rar": ".zip", ".7z": ".zip"}
"""What to save a file as that is not read."""


def format_of(path: Path) -> Format:
    """The format by the file's ending.

    Raises
    ------
    Refused
        ``F001`` if there is no such file, ``F002`` if its ending names no format that is read, ``F004`` for a folder.
    """
    if not path.exists():
        raise Refused(error("F001.there-no-file-bare", at=str(path), maybe=_similar(path), file=path.name))
    suffix = path.suffix.lower()
    found = endings().get(suffix)
    if path.is_dir() and not (found is not None and found.folder):
        raise Refused(error("F004.folder-not-file", at=str(path), file=path.name))
    if found is None and suffix in INSTEAD:
        instead = INSTEAD[suffix]
        raise Refused(error("F002.files-not-read", at=str(path), file=path.name, suffix=path.suffix, instead=instead))
    if found is None:
        raise Refused(error("F002.format-not-known", at=str(path), file=path.name, endings=endings()))
    return found


def _similar(path: Path) -> Told:
    folder = path.parent
    names = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
    near = difflib.get_close_matches(path.name, names, 1, 0.5)
    return told("near.one", name=near[0]) if near else told("near.folder", folder=folder)
