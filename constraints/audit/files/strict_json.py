"""The one grammar of the files of a plan folder (docs/proof.md §1): strict JSON. Standard library only.

``landopt/report/map/verify.js`` reads the same language; ``docs/json-vectors.json`` holds texts that both must refuse
and texts that both must accept.
"""

from __future__ import annotations

import io
import json
import re
import zlib
from pathlib import Path
from typing import Any

from parcels.common.gate import FREE, RATIO, deeper

LARGEST = 2**53 - 1
NESTED = 64
"""Arrays and objects that may stand in one another."""
_SUSPECT = re.compile(rb"-0(?![0-9])|[0-9]{16}|\\u[dD][89a-fA-F]")
"""What a text holds where a number may be -0 or too large, or half of a pair of surrogates may stand alone."""


def strict_json(raw: bytes) -> Any:
    """The value of a text of the grammar.

    Raises
    ------
    ValueError
        If it is not UTF-8 without a mark, not JSON, is nested deeper than :data:`NESTED`, or holds a number that is no
        plain integer below 2^53 in size, ``-0``, a key twice or one that is not ASCII, or half a surrogate.
    """
    text = raw.decode("utf-8")
    suspect = _SUSPECT.search(raw) is not None
    options: dict[str, Any] = {"parse_int": _plain} if suspect else {}
    try:
        found = json.loads(text, parse_float=no_float, parse_constant=no_float, object_pairs_hook=_once, **options)
    except RecursionError:
        raise ValueError(f"nested deeper than {NESTED} levels") from None
    if deeper(found, NESTED - 1):
        raise ValueError(f"nested deeper than {NESTED} levels")
    if suspect:
        json.dumps(found, ensure_ascii=False).encode("utf-8")
    return found


def strict_line(line: bytes) -> Any:
    """The value of a line of a list: a text of the grammar and its line feed. Raises ValueError if it is none."""
    if not line.endswith(b"\n"):
        raise ValueError("a line has no end")
    return strict_json(line)


def no_float(text: str) -> Any:
    """For numbers that are not integers: refused."""
    raise ValueError(f"number {text} is not an integer")


def _plain(text: str) -> int:
    if text == "-0" or len(text) > 17 or abs(int(text)) > LARGEST:
        raise ValueError(f"number {text[:20]} is not an integer below 2^53 in size")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    for key in found:
        if not key.isascii():
            raise ValueError("a key is not ASCII")
    return found


class OneMember(io.RawIOBase):
    """The bytes of a gzip file of exactly one member, read through; ValueError for more, for a cut, for a bomb."""

    HEAD = b"\x1f\x8b\x08\x00"
    """Deflated, without name, comment or extra fields."""

    def __init__(self, path: Path) -> None:
        self._left = max(FREE, RATIO * path.stat().st_size)
        self._file = path.open("rb")
        self._plain = self._file.read(4) == self.HEAD
        self._file.seek(0)
        self._inner = zlib.decompressobj(31)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer."""
        found = b""
        if not self._plain:
            raise ValueError("the file is not gzip as landopt writes it")
        while not found and not self._inner.eof:
            packed = self._inner.unconsumed_tail or self._file.read(1 << 16)
            if not packed:
                raise ValueError("the compressed data is cut")
            found = self._inner.decompress(packed, len(buffer))
        if not found and (self._inner.unused_data or self._file.read(1)):
            raise ValueError("something follows the compressed data")
        self._left -= len(found)
        if self._left < 0:
            raise ValueError("the compressed data unpacks to more than is allowed")
        buffer[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the file, if it could be opened."""
        if hasattr(self, "_file"):
            self._file.close()
        super().close()
