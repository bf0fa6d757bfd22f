"""The plan folder as the auditor reads it: plan, offers (streamed), hash of the assignments. Standard library only.

Formats: docs/plan.md and docs/proof.md.  Every number is an integer below 2^53 in size, or a decimal string.
"""

from __future__ import annotations

import gc
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

from constraints.canonical import canonical, digest
from parcels.issues import Refused, error

PLAN_SCHEMA = "landopt.plan/1"
OFFERS_SCHEMA = "landopt.offers/1"
PROOF_SCHEMA = "landopt.proof/2"
LARGEST = 2**53 - 1
LINE_CAP = 512 * 2**20
_DEMAND = re.compile(rb'\{"d":(\d+),"o":')
_REACH = re.compile(rb'\],"reach":\[([0-9,]*)\],"sites":')
_HASHED = ("parcel_ids", "demand_id", "method", "period", "term_years")


@dataclass(frozen=True, slots=True)
class Row:
    """A row: ``sum(coefficient x offer) sense rhs``; ``slack`` at most (0: hard), ``penalty`` millipoints a unit."""

    id: str
    rule: str
    key: tuple[str, ...]
    kind: str
    sense: str
    rhs: int
    slack: int
    penalty: int
    tier: int


@dataclass(frozen=True, slots=True)
class Header:
    """Line 1 of the offers: the case they belong to, the rows, how many tiers and offers, how far the list reaches."""

    case: str
    rows: tuple[Row, ...]
    tiers: int
    count: int
    scope: str


@dataclass(frozen=True, slots=True)
class Part:
    """The offers of one demand (``demand`` a row) or of one market parcel (``demand`` None), as listed."""

    demand: int | None
    sites: list[list[int]]
    offers: list[list[Any]]
    reach: list[int] | None = None


def plan_hash(assignments: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of the canonical assignments: who gets which parcels how, when and for how long; nothing else."""
    rows = [{name: entry.get(name) for name in _HASHED} for entry in assignments]
    return digest(sorted(rows, key=canonical))


def load_json(path: Path, schema: str) -> Any:
    """A JSON object of the folder; refused when torn, of another schema, with floats or with a key given twice."""
    try:
        found = json.loads(path.read_bytes(), parse_float=_no_float, parse_constant=_no_float, object_pairs_hook=_once)
    except FileNotFoundError as missing:
        raise Refused(
            error("A001", f"{path.name} is missing", str(path), "Maybe this is not a plan folder.")
        ) from missing
    except (ValueError, UnicodeDecodeError, RecursionError) as torn:
        raise Refused(
            error("A002", f"{path.name} cannot be read: {torn}", str(path), "Maybe the file was cut or edited.")
        ) from torn
    if not isinstance(found, dict) or found.get("schema") != schema:
        stated = found.get("schema") if isinstance(found, dict) else None
        raise Refused(
            error(
                "A003", f"{path.name} has schema {stated!r}, not {schema}", str(path), "Maybe another version wrote it."
            )
        )
    return found


def _no_float(text: str) -> Any:
    raise ValueError(f"number {text} is not an integer")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is given twice")
    return found


def read_plan(folder: Path) -> dict[str, Any]:
    """``plan.json`` of a plan folder (or the file itself) as plain JSON."""
    path = folder if folder.is_file() else folder / "plan.json"
    found = load_json(path, PLAN_SCHEMA)
    return dict(found)


@contextmanager
def uncollected() -> Iterator[None]:
    """Millions of short lists without cycles: to look for cycles among them would take a fifth of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


class _Hashed(io.RawIOBase):
    """Bytes read through, hashed on the way."""

    def __init__(self, inner: BinaryIO) -> None:
        self.inner = inner
        self.hash = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        got = self.inner.read(len(buffer))
        buffer[: len(got)] = got
        self.hash.update(got)
        return len(got)


class OffersFile:
    """The offers, one part at a time: ``with OffersFile(path) as offers: for part in offers.parts(): ...``.

    ``sha256()`` is the digest of the uncompressed bytes once all parts were read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen = 0

    def __enter__(self) -> Self:
        try:
            self._gzip = gzip.open(self.path, "rb")
        except OSError as missing:
            raise Refused(error("A001", f"{self.path.name} is missing", str(self.path), "")) from missing
        self._hashed = _Hashed(self._gzip)  # type: ignore[arg-type]
        self._lines = io.BufferedReader(self._hashed, 1 << 20)
        self.header = self._header()
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._gzip.close()

    def _raw(self) -> bytes:
        try:
            return self._lines.readline(LINE_CAP)
        except (OSError, EOFError, zlib.error) as torn:
            raise Refused(error("A002", f"{self.path.name} cannot be read: {torn}", str(self.path), "")) from torn

    def _decoded(self, line: bytes) -> Any:
        try:
            return json.loads(line, parse_float=_no_float, parse_constant=_no_float)
        except (ValueError, RecursionError) as torn:
            raise Refused(error("A002", f"{self.path.name} cannot be read: {torn}", str(self.path), "")) from torn

    def _part(self, line: Any) -> Part:
        try:
            return Part(line["d"], line["sites"], line["o"], line.get("reach"))
        except (KeyError, TypeError, AttributeError) as wrong:
            raise Refused(error("A002", f"{self.path.name}: a part lacks {wrong}", str(self.path), "")) from wrong

    def _header(self) -> Header:
        line = self._decoded(self._raw() or b"null")
        if not isinstance(line, dict) or line.get("schema") != OFFERS_SCHEMA:
            raise Refused(error("A003", f"{self.path.name} is not of schema {OFFERS_SCHEMA}", str(self.path), ""))
        try:
            rows = tuple(Row(**{**row, "key": tuple(row["key"])}) for row in line["rows"])
            header = Header(line["case"], rows, line["tiers"], line["count"], line["scope"])
        except (KeyError, TypeError) as wrong:
            raise Refused(
                error("A002", f"{self.path.name}: the first line lacks {wrong}", str(self.path), "")
            ) from wrong
        return header

    def parts(self) -> Iterator[Part]:
        """The parts in file order."""
        while line := self._raw():
            part = self._part(self._decoded(line))
            self.seen += len(part.offers)
            yield part

    def reaches(self) -> Iterator[tuple[int, tuple[int, ...]]]:
        """(demand row, parcels it could lawfully use) of every demand's part, without decoding the offers."""
        while line := self._raw():
            found = _REACH.search(line)
            head = _DEMAND.match(line)
            if found is not None and head is not None:
                inside = found.group(1)
                yield int(head.group(1)), tuple(map(int, inside.split(b","))) if inside else ()
                continue
            part = self._part(self._decoded(line))
            if part.demand is not None:
                listed = part.reach if part.reach is not None else {row for site in part.sites for row in site}
                yield part.demand, tuple(listed)

    def sha256(self) -> str:
        """Digest of everything read so far (all of it, after the last part)."""
        return self._hashed.hash.hexdigest()


def header_line(case: str, rows: Sequence[Row], tiers: int, count: int, scope: str = "all") -> bytes:
    """Line 1 of an offers file."""
    entries = [{**{name: getattr(row, name) for name in Row.__slots__}, "key": list(row.key)} for row in rows]
    line = {"schema": OFFERS_SCHEMA, "case": case, "rows": entries, "scope": scope, "tiers": tiers, "count": count}
    return canonical(line) + b"\n"


def part_line(part: Part) -> bytes:
    """The line of one part."""
    line: dict[str, Any] = {"d": part.demand, "sites": part.sites, "o": part.offers}
    if part.reach is not None:
        line["reach"] = part.reach
    return canonical(line) + b"\n"


def write_offers(path: Path, header: bytes, parts: Iterable[bytes]) -> str:
    """Write an offers file (the same bytes for the same offers) and return the SHA-256 of its uncompressed bytes."""
    sha = hashlib.sha256()
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as out:
        for line in (header, *parts) if isinstance(parts, tuple | list) else _chain(header, parts):
            sha.update(line)
            out.write(line)
    return sha.hexdigest()


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest
