"""``offers.jsonl.gz``: the lawful offers of a round on disk (docs/plan.md), the same offers the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import itertools
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from constraints.audit.files.strict_json import OneMember, strict_line
from constraints.case import Case, case_digest
from constraints.types import Row
from landopt.screening.blocks import Ints
from landopt.screening.entries import Entries, narrow, spans
from landopt.screening.offers import Offers
from parcels.common.gate import LINE, admit
from parcels.common.issues import Refused, error

SCHEMA = "landopt.offers/2"
BLOCK = 1 << 18
"""Offers of a block, at least; its last part is whole."""


def offer_lines(case: Case, offers: Offers, digest: str | None = None) -> Iterator[bytes]:
    """The lines of ``offers.jsonl.gz``, each ending in a newline; one line a block of whole parts."""
    header = {
        "schema": SCHEMA,
        "case": digest or case_digest(case),
        "rows": [row.as_dict() for row in offers.rows],
        "tiers": offers.tiers,
        "scope": offers.scope,
        "count": len(offers),
        "reach": None,
    }
    if offers.reach is not None:
        header["reach"] = _sliced(offers.reach[1], np.diff(offers.reach[0]))
    yield _line(header)
    starts, first = offers.part_start, 0
    while first < len(starts) - 1:
        last = min(int(np.searchsorted(starts, starts[first] + BLOCK)), len(starts) - 1)
        yield _line(_block(offers, first, last, len(case.demands)))
        first = last


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8") + b"\n"


def _block(offers: Offers, first: int, last: int, demands: int) -> dict[str, Any]:
    """The parts ``first`` to ``last`` in columns; sites, ways and lists of coefficients once each."""
    starts = offers.part_start[first : last + 1]
    begin, end = int(starts[0]), int(starts[-1])
    here, sizes = slice(begin, end), np.diff(starts)
    market = max(0, demands - first)
    whose = offers.site_parcels[offers.site_start[offers.site[starts[market:-1]]]]
    sites, site = np.unique(offers.site[here], return_inverse=True)
    length = offers.site_start[sites + 1] - offers.site_start[sites]
    ways, way = _ways(offers, here)
    lists, number = _lists(offers, begin, end)
    return {
        "demands": [[first + at, size] for at, size in enumerate(sizes[:market].tolist())],
        "market": [list(pair) for pair in zip(whose.tolist(), sizes[market:].tolist(), strict=True)],
        "sites": _sliced(offers.site_parcels[spans(offers.site_start[sites], length)], length),
        "ways": ways,
        "lists": lists,
        "site": site.tolist(),
        "way": way.tolist(),
        "list": number.tolist(),
        "floor": [None if value < 0 else value for value in offers.floor[here].tolist()],
        "price": offers.price[here].tolist(),
        "score": offers.score[:, here].tolist(),
    }


def _sliced(values: Ints, sizes: Ints) -> list[list[int]]:
    """The values in lists of those sizes."""
    flat, cuts = values.tolist(), [0, *np.cumsum(sizes).tolist()]
    return [flat[low:high] for low, high in itertools.pairwise(cuts)]


def _ways(offers: Offers, here: slice) -> tuple[list[list[int]], Ints]:
    """The [method, period, term, verdict] that occur, ascending, and of each offer its number."""
    columns = [column[here].astype(np.int64) for column in (offers.method, offers.period, offers.term, offers.verdict)]
    code = np.zeros(len(columns[0]), np.int64)
    for column in columns:  # of 8, 16, 16 and 8 bits: 2^48 codes at most
        code = (code << 16) + column + 1
    _, at, number = np.unique(code, return_index=True, return_inverse=True)
    return np.column_stack([column[at] for column in columns]).tolist(), number


def _lists(offers: Offers, begin: int, end: int) -> tuple[list[list[int]], Ints]:
    """The lists [row, coefficient, ...] that occur, in the order in which they do, and of each offer its number."""
    entries = offers.entries
    number, some = entries.alike(begin, end)
    found = Entries(*entries.of(some), entries.rows)
    again, some = found.alike(0, len(found))  # what was held in two ways may be one list
    start, rows, coefs = found.of(some)
    return _sliced(np.column_stack((rows, coefs)).reshape(-1), 2 * np.diff(start)), again[number]


def write_offers(path: Path, case: Case, offers: Offers, digest: str | None = None) -> str:
    """Write ``offers.jsonl.gz`` (same offers, same bytes) and return the SHA-256 of the uncompressed lines.

    ``digest`` is that of the case, where it is known already.
    """
    seen = hashlib.sha256()
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as stream,
    ):
        for line in offer_lines(case, offers, digest):
            seen.update(line)
            stream.write(line)
    return seen.hexdigest()


def read_offers(path: Path) -> Offers:
    """The offers of a plan folder, equal to those written (``stats`` apart), by the grammar of docs/proof.md §1.

    Raises
    ------
    Refused
        If the file is not a complete list of offers of this version.
    """
    try:
        with OneMember(admit(path)) as packed, io.BufferedReader(packed, 1 << 20) as stream:
            header = strict_line(stream.readline(LINE))
            if header.get("schema") != SCHEMA:
                raise ValueError(f"schema {header.get('schema')!r} is not {SCHEMA}")
            return _read(header, stream)
    except (OSError, zlib.error, ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise Refused(error("F040.list-offers-cannot", at=str(path), problem=problem)) from problem


def _read(header: dict[str, Any], stream: Any) -> Offers:
    seen: dict[tuple[int, ...], int] = {}
    lists, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    columns: list[Ints] = [np.zeros((0, 9 + header["tiers"]), np.int64)]
    part_sizes: list[int] = []
    known = 0
    while line := stream.readline(LINE):
        block = strict_line(line)
        parts = [(row, size) for row, size in block["demands"]] + [(-1, size) for _, size in block["market"]]
        part_sizes += [size for _, size in parts]
        demand = np.repeat(np.array([row for row, _ in parts], np.int64), [size for _, size in parts])
        ids = np.array([seen.setdefault(tuple(site), len(seen)) for site in block["sites"]], np.int64)
        ways = np.array(block["ways"], np.int64).reshape(-1, 4)[np.array(block["way"], np.int64)]
        floor = [-1 if value is None else value for value in block["floor"]]
        number = known + np.array(block["list"], np.int64)
        site = ids[np.array(block["site"], np.int64)]
        columns.append(np.column_stack((site, ways, floor, block["price"], demand, number, *block["score"])))
        lists.append(np.array([value for each in block["lists"] for value in each], np.int64))
        sizes.append(np.array([len(each) // 2 for each in block["lists"]], np.int64))
        known += len(block["lists"])
    table = np.concatenate([column for column in columns if len(column)] or columns[:1])  # none is of no type
    if len(table) != header["count"]:
        raise ValueError(f"{len(table)} offers where line 1 says {header['count']}")
    sites = sorted(seen)
    rank = np.empty(len(seen), np.int64)
    rank[np.array([seen[site] for site in sites], np.int64)] = np.arange(len(sites))
    length = np.array([len(site) for site in sites], np.int64)
    pairs, size = np.concatenate(lists).reshape(-1, 2), np.concatenate(sizes)
    start, own = np.concatenate(([0], np.cumsum(size))), size[table[:, 8]]
    entries = pairs[spans(start[:-1][table[:, 8]], own)]
    reach = header["reach"]
    return Offers(
        site_start=np.concatenate(([0], np.cumsum(length, dtype=np.int64))),
        site_parcels=np.array([p for site in sites for p in site], np.int32),
        site=rank[table[:, 0]].astype(np.int32),
        demand=table[:, 7].astype(np.int32),
        method=table[:, 1].astype(np.int8),
        period=table[:, 2].astype(np.int16),
        term=table[:, 3].astype(np.int16),
        verdict=table[:, 4].astype(np.int8),
        floor=table[:, 5].copy(),
        price=table[:, 6].copy(),
        score=np.ascontiguousarray(table[:, 9:].T),
        row_start=np.concatenate(([0], np.cumsum(own))),
        row_index=entries[:, 0].astype(np.int32),
        row_coef=narrow(entries[:, 1]),
        rows=tuple(Row(**{**row, "key": tuple(row["key"])}) for row in header["rows"]),
        part_start=np.concatenate(([0], np.cumsum(part_sizes, dtype=np.int64))),
        scope=header["scope"],
        reach=None if reach is None else _reach(reach),
    )


def _reach(found: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.concatenate(([0], np.cumsum([len(each) for each in found], dtype=np.int64)))
    return start, np.array([value for each in found for value in each], np.int32)
