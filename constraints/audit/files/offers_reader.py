"""The list of offers as the auditor reads it, a block at a time (docs/proof.md §2). Standard library only.

What many offers share stands once in a block: sites, ways (method, period, term, verdict) and lists of coefficients.
"""

from __future__ import annotations

import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from pathlib import Path
from typing import Any, NamedTuple, Self

from constraints.audit.files.plan_reader import OFFERS_SCHEMA
from constraints.audit.files.strict_json import OneMember, strict_line
from constraints.types import Row
from parcels.common.catalogue import Told, told
from parcels.common.gate import admit
from parcels.common.issues import Refused, error

LINE_CAP = 1 << 30
Place = tuple[str, int]
"""A part: ("d", demand row) or ("m", row of the market parcel)."""
Offer = tuple[tuple[int, ...], int, int]
"""(site, method, period) of one platform."""
"""What is wrong with a block, in English and Chinese."""


@dataclass(frozen=True, slots=True)
class Header:
    """Line 1 of the offers: the case they belong to, the rows, how many tiers and offers, how far the list reaches.

    ``reach``: of every demand the parcels it could lawfully use; None where no rule asks who else applies.
    """

    case: str
    rows: tuple[Row, ...]
    tiers: int
    count: int
    scope: str
    reach: list[list[int]] | None = None


class Part(NamedTuple):
    """The offers of one demand or of one market parcel: ``begin`` to ``end`` of its block."""

    place: Place
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Block:
    """The offers of some whole parts, in columns; ``site``, ``way`` and ``adds`` number what the tables hold."""

    parts: list[Part]
    sites: list[list[int]]
    ways: list[list[int]]
    lists: list[list[int]]
    site: list[int]
    way: list[int]
    adds: list[int]
    floor: list[int | None]
    price: list[int]
    score: list[list[int]]

    def __len__(self) -> int:
        return len(self.site)

    @property
    def whole(self) -> bool:
        """True where all columns are as long as the parts say."""
        columns: tuple[Sequence[object], ...] = (self.site, self.way, self.adds, self.floor, self.price, *self.score)
        return {len(column) for column in columns} == {self.parts[-1].end if self.parts else 0}

    def flaw(self, parcels: int, rows: int, tiers: int) -> Told | None:
        """What keeps the block from being read: columns cut short, or something named that does not exist."""
        if not self.whole or len(self.score) != tiers or any(part.begin > part.end for part in self.parts):
            return told("breach.columns-block-differ")
        columns: tuple[Sequence[object], ...] = (self.site, self.way, self.adds, self.price, *self.score)
        kinds = set(map(type, chain(*columns, *self.sites, *self.ways, *self.lists)))
        if not kinds <= {int} or not set(map(type, self.floor)) <= {int, type(None)}:
            return told("breach.block-holds-something")
        named = set(chain.from_iterable(self.sites))
        if [] in self.sites or (named and not (min(named) >= 0 and max(named) < parcels)):
            return told("breach.site-names-parcel")
        priced = set(chain.from_iterable([each[::2] for each in self.lists]))
        if any(len(each) % 2 for each in self.lists) or (priced and not (min(priced) >= 0 and max(priced) < rows)):
            return told("breach.list-coefficients-names")
        tables = ((self.site, self.sites), (self.way, self.ways), (self.adds, self.lists))
        if self.site and not all(min(column) >= 0 and max(column) < len(table) for column, table in tables):
            return told("breach.offer-names-site")
        if any(len(way) != 4 or {type(part) for part in way} != {int} for way in self.ways):
            return told("breach.way-method-period")
        for (kind, row), begin, end in self.parts:
            if kind == "m" and (begin == end or any(self.sites[one] != [row] for one in set(self.site[begin:end]))):
                return told("breach.market-part-offers")
        return None

    def offered(self, part: Part) -> set[Offer]:
        """What the part lists: (site, method, period)."""
        here, sites, ways = slice(part.begin, part.end), self.sites, self.ways
        pairs = zip(self.site[here], self.way[here], strict=True)
        return {(tuple(sites[site]), ways[way][0], ways[way][1]) for site, way in pairs}


def _row(given: Any) -> Row:
    """A row as line 1 states it; KeyError or TypeError where it is none."""
    found = Row(**{**given, "key": tuple(given["key"])})
    if "once" in given and found.once is not True:
        raise TypeError("once: true")
    return found


def block_of(line: Any) -> Block:
    """A block from a line as JSON; KeyError, TypeError, ValueError where it is none."""
    parts, begin = [], 0
    for kind, name in (("d", "demands"), ("m", "market")):
        for row, count in line[name]:
            parts.append(Part((kind, row), begin, begin + count))
            begin += count
    tables = (line["sites"], line["ways"], line["lists"])
    return Block(parts, *tables, line["site"], line["way"], line["list"], line["floor"], line["price"], line["score"])


class _Hashed(io.RawIOBase):
    """Bytes read through, hashed on the way."""

    def __init__(self, inner: io.RawIOBase) -> None:
        self.inner = inner
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = self.inner.read(len(buffer)) or b""
        buffer[: len(got)] = got
        self.hash.update(got)
        return len(got)


class OffersFile:
    """The offers, one block at a time: ``with OffersFile(path) as offers: for block in offers.blocks(): ...``.

    ``sha256()`` is the digest of the uncompressed bytes once all blocks were read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = 0

    def __enter__(self) -> Self:
        try:
            self._gzip = OneMember(admit(self.path))
        except OSError as missing:
            raise Refused(error("A001.missing", at=str(self.path), file=self.path.name)) from missing
        self._hashed = _Hashed(self._gzip)
        self._lines = io.BufferedReader(self._hashed, 1 << 20)
        self.header = self._header()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._gzip.close()

    def _raw(self) -> bytes:
        try:
            return self._lines.readline(LINE_CAP)
        except (OSError, EOFError, ValueError, zlib.error) as torn:
            raise Refused(error("A002.cannot-read", at=str(self.path), file=self.path.name, torn=torn)) from torn

    def _decoded(self, line: bytes) -> Any:
        try:
            return strict_line(line)
        except ValueError as torn:
            raise Refused(error("A002.cannot-read", at=str(self.path), file=self.path.name, torn=torn)) from torn

    def _header(self) -> Header:
        line = self._decoded(self._raw() or b"null\n")
        stated = line.get("schema") if isinstance(line, dict) else None
        if stated != OFFERS_SCHEMA:
            raise Refused(
                error(
                    "A003.other-schema-offers",
                    at=str(self.path),
                    file=self.path.name,
                    stated=stated,
                    schema=OFFERS_SCHEMA,
                )
            )
        try:
            rows = tuple(map(_row, line["rows"]))
            header = Header(line["case"], rows, line["tiers"], line["count"], line["scope"], line["reach"])
        except (KeyError, TypeError) as wrong:
            raise Refused(
                error("A002.first-line-lacks", at=str(self.path), file=self.path.name, wrong=wrong)
            ) from wrong
        return header

    def blocks(self) -> Iterator[Block]:
        """The blocks in file order."""
        while line := self._raw():
            try:
                block = block_of(self._decoded(line))
            except (KeyError, TypeError, ValueError, AttributeError) as wrong:
                raise Refused(error("A002.block-lacks", at=str(self.path), file=self.path.name, wrong=wrong)) from wrong
            self.seen += len(block)
            yield block

    def sha256(self) -> str:
        """Digest of everything read so far (all of it, after the last block)."""
        return self._hashed.hash.hexdigest()


def scores(columns: Sequence[Sequence[int]], here: slice) -> Iterator[Sequence[int]]:
    """The scores of some offers, each a score per tier."""
    return map(list, zip(*[column[here] for column in columns], strict=True)) if columns else repeat([])
