"""Lists of offers made without the optimiser: parts offer by offer, and the blocks they become in the file."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from constraints.audit.files.offers_reader import Block, Place, block_of
from constraints.audit.files.plan_reader import OFFERS_SCHEMA
from constraints.canonical import canonical
from constraints.types import Row

BLOCK = 9
"""Offers of a block, at least: few, so that small rounds have several."""


@dataclass
class Part:
    """The offers of one demand (``demand`` a row) or of one market parcel (``demand`` None).

    An offer is ``[site, method, period, term, verdict, floor, price, [score per tier], [row, coefficient, ...]]``.
    """

    demand: int | None
    sites: list[list[int]]
    offers: list[list[Any]]

    @property
    def place(self) -> Place:
        """The part's name."""
        return ("m", self.sites[0][0]) if self.demand is None else ("d", self.demand)


def block_line(parts: Sequence[Part]) -> dict[str, Any]:
    """A line of the file: parts in columns, what they share once."""
    tables: dict[str, list[Any]] = {"sites": [], "ways": [], "lists": []}
    columns: dict[str, list[Any]] = {name: [] for name in ("site", "way", "list", "floor", "price")}
    score: list[list[int]] = []

    def number(table: str, entry: list[Any]) -> int:
        if entry not in tables[table]:
            tables[table].append(entry)
        return tables[table].index(entry)

    for part in parts:
        for site, method, period, term, verdict, floor, price, points, pairs in part.offers:
            columns["site"].append(number("sites", part.sites[site]))
            columns["way"].append(number("ways", [method, period, term, verdict]))
            columns["list"].append(number("lists", pairs))
            columns["floor"].append(floor)
            columns["price"].append(price)
            score.append(points)
    sizes = [(*part.place, len(part.offers)) for part in parts]
    return {
        "demands": [[row, size] for kind, row, size in sizes if kind == "d"],
        "market": [[row, size] for kind, row, size in sizes if kind == "m"],
        **tables,
        **columns,
        "score": [list(column) for column in zip(*score, strict=True)],
    }


def block_lines(parts: Sequence[Part], tiers: int) -> list[dict[str, Any]]:
    """The lines of all parts, some blocks."""
    found, open_parts = [], list[Part]()
    for part in (*parts, None):
        if part is not None:
            open_parts.append(part)
        if open_parts and (part is None or sum(len(each.offers) for each in open_parts) >= BLOCK):
            line = block_line(open_parts)
            found.append({**line, "score": line["score"] or [[] for _ in range(tiers)]})
            open_parts = []
    return found


def blocks(parts: Sequence[Part], tiers: int | None = None) -> list[Block]:
    """The blocks of all parts, as the auditor reads them."""
    known = next((len(offer[7]) for part in parts for offer in part.offers), 1)
    return [block_of(line) for line in block_lines(parts, tiers or known)]


def parts_of(lines: Sequence[dict[str, Any]]) -> Iterator[Part]:
    """The parts of some lines, offer by offer."""
    for line in lines:
        begin = 0
        names = [(row, count) for row, count in line["demands"]] + [(None, count) for _, count in line["market"]]
        for demand, count in names:
            at = range(begin, begin + count)
            begin += count
            offers = [
                [
                    line["site"][k],
                    *line["ways"][line["way"][k]],
                    line["floor"][k],
                    line["price"][k],
                    [column[k] for column in line["score"]],
                    line["lists"][line["list"][k]],
                ]
                for k in at
            ]
            used = sorted({offer[0] for offer in offers})
            yield Part(demand, [line["sites"][k] for k in used], [[used.index(o[0]), *o[1:]] for o in offers])


def header_line(
    case: str, rows: Sequence[Row], tiers: int, count: int, reach: Sequence[Sequence[int]] | None = None
) -> bytes:
    """Line 1 of an offers file that lists everything."""
    entries = [row.as_dict() for row in rows]
    line = {"schema": OFFERS_SCHEMA, "case": case, "rows": entries, "scope": "all", "tiers": tiers, "count": count}
    return canonical({**line, "reach": reach}) + b"\n"


def write_lines(path: Path, lines: Sequence[bytes]) -> str:
    """Write an offers file and return the SHA-256 of its uncompressed bytes."""
    sha = hashlib.sha256()
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, 0) as out:
        for line in lines:
            sha.update(line)
            out.write(line)
    return sha.hexdigest()
