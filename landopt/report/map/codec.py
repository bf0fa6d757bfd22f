"""How the map page carries its data: columns of zigzag varints, dictionaries, texts as line templates with slots.

A container is a length (4 bytes, little-endian), a JSON head and the columns one after the other; the whole is gzipped
and written in base85, a sixteenth shorter than base64.  ``web/decode.js`` reads it back (`tests/report`).
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

OWN, SLOT = "\x01", "\x02"
"""In a line template: ``\\x01`` and a letter stands for a text of the parcel's own, ``\\x02`` for the next slot."""

_VARIABLE = r"[A-Za-z]{1,4}-\d[\dA-Za-z-]*|\d[\d,]*(?:\.\d+)?(?:-\d\d-\d\d|年\d+月\d+日)?"


def varints(numbers: Iterable[int] | np.ndarray[Any, Any]) -> bytes:
    """Zigzag varints, least significant group first; numbers below 2^62 in size."""
    values = np.asarray(numbers if isinstance(numbers, np.ndarray) else list(numbers), dtype=np.int64)
    if not len(values):
        return b""
    folded = ((values << 1) ^ (values >> 63)).astype(np.uint64)
    lengths = np.ones(len(folded), dtype=np.int64)
    rest = folded >> np.uint64(7)
    while rest.any():
        lengths += rest > 0
        rest >>= np.uint64(7)
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    out = np.zeros(int(lengths.sum()), dtype=np.uint8)
    for place in range(int(lengths.max())):
        here = lengths > place
        group = (folded[here] >> np.uint64(7 * place)) & np.uint64(127)
        more = np.where(lengths[here] > place + 1, 128, 0).astype(np.uint64)
        out[starts[here] + place] = (group | more).astype(np.uint8)
    return out.tobytes()


_MARKUP = bytes.maketrans(b"<>&", b",.:")
"""Signs of base85 that markup could read, and signs it has no use for in their place."""


def base85(content: bytes) -> str:
    """Base85 in the alphabet of RFC 1924, with ``,.:`` for ``<>&``: safe as it stands inside a page.

    >>> base85(b"facts")
    'W?^G=a{'
    """
    return base64.b85encode(content).translate(_MARKUP).decode("ascii")


@dataclass(slots=True)
class Codes:
    """A dictionary of values in order of first use."""

    values: list[Any] = field(default_factory=list)
    places: dict[Any, int] = field(default_factory=dict)

    def code(self, value: Any) -> int:
        """The place of a value, which is added where it is new."""
        place = self.places.get(value)
        if place is None:
            place = self.places[value] = len(self.values)
            self.values.append(value)
        return place


@dataclass(slots=True)
class Container:
    """Columns and a JSON head, put together by :meth:`pack`."""

    head: dict[str, Any]
    columns: dict[str, tuple[int, bytes]] = field(default_factory=dict)

    def add(self, name: str, numbers: Sequence[int] | np.ndarray[Any, Any]) -> None:
        """Add a column of integers."""
        self.columns[name] = (len(numbers), varints(numbers))

    def pack(self) -> str:
        """The container as base85 of gzip (:func:`base85`); the same content gives the same text."""
        layout = [[name, count, len(body)] for name, (count, body) in self.columns.items()]
        head = json.dumps({**self.head, "columns": layout}, ensure_ascii=False, separators=(",", ":")).encode()
        body = b"".join(part for _, part in self.columns.values())
        raw = struct.pack("<I", len(head)) + head + body
        return base85(gzip.compress(raw, 9, mtime=0))


def packed_file(content: bytes, *, already: bool = False) -> str:
    """A file for embedding: base85 of gzip (``already``: the bytes are gzip as they stand)."""
    return base85(content if already else gzip.compress(content, 9, mtime=0))


def split_line(line: str, own: Mapping[str, str]) -> tuple[str, list[str]]:
    r"""A line as a template and its slot values; ``own`` maps a letter to a text that stands for the record's own.

    >>> split_line("NS-0001: 3 of 5 parcels", {"i": "NS-0001"})
    ('\x01i: \x02 of \x02 parcels', ['3', '5'])
    """
    return _split(line, *_own_pattern(own))


def _own_pattern(own: Mapping[str, str]) -> tuple[re.Pattern[str], dict[str, str]]:
    letters = {text: letter for letter, text in own.items() if text}
    longest = sorted(letters, key=len, reverse=True)
    pattern = "|".join([*map(re.escape, longest), _VARIABLE])
    return re.compile(pattern), letters


def _split(line: str, pattern: re.Pattern[str], letters: Mapping[str, str]) -> tuple[str, list[str]]:
    values: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        letter = letters.get(match[0])
        if letter is not None:
            return OWN + letter
        values.append(match[0])
        return SLOT

    return pattern.sub(replaced, line.replace(OWN, " ").replace(SLOT, " ")), values


def add_texts(container: Container, texts: Mapping[str, Sequence[str]], own: Sequence[Mapping[str, str]]) -> None:
    """Put the texts of all records, in every language, into a container.

    Columns: ``lines.<lang>`` the number of lines a record, ``line.<lang>`` the template of each line in order,
    ``slots`` all slot columns one after the other.  The head gets ``templates``, ``slot_values`` and ``slot_layout``
    (for each template the places of its slot columns; equal columns are stored once).
    """
    templates, values = Codes(), Codes()
    streams: dict[str, list[int]] = {}
    counts: dict[str, list[int]] = {}
    filled: dict[int, list[list[str]]] = {}
    for lang, several in texts.items():
        streams[lang], counts[lang] = [], []
        for text, mine in zip(several, own, strict=True):
            lines = text.rstrip("\n").split("\n")
            counts[lang].append(len(lines))
            pattern, letters = _own_pattern(mine)
            for line in lines:
                template, slots = _split(line, pattern, letters)
                number = templates.code((lang, template))
                streams[lang].append(number)
                columns = filled.setdefault(number, [[] for _ in slots])
                for column, slot in zip(columns, slots, strict=True):
                    column.append(slot)
    order = [number for number, _ in Counter(n for s in streams.values() for n in s).most_common()]
    rank = {number: place for place, number in enumerate(order)}
    known = Codes()
    layout: list[list[int]] = []
    for number in order:
        layout.append([known.code(tuple(map(values.code, column))) for column in filled[number]])
    container.head["templates"] = [templates.values[number][1] for number in order]
    container.head["slot_values"] = values.values
    container.head["slot_layout"] = layout
    container.add("slot_lengths", [len(column) for column in known.values])
    container.add("slots", [code for column in known.values for code in column])
    for lang, stream in streams.items():
        container.add(f"lines.{lang}", counts[lang])
        container.add(f"line.{lang}", [rank[number] for number in stream])
