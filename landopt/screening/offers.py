"""The lawful offers of a round as arrays, and ``offers.jsonl.gz`` (docs/plan.md).

An offer is one site, one platform or the open market, one method and one period. Offers are sorted by (demand row,
market last; parcel rows of the site; method; period); sites are unique and sorted by their parcel rows.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from constraints.case import Case, case_digest
from landopt.screening.entries import Entries, narrow, spans
from parcels.issues import Refused, error

if TYPE_CHECKING:
    from landopt.screening.beyond import Beyond

SCHEMA = "landopt.offers/1"
PIECE = 8_192
"""Offers whose entries are written together."""

Ints = NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the model apart from the parcel and demand rows, which are implied (docs/model.md §7).

    ``rhs``, ``slack`` (0 = hard, else the largest slack) are in the row's own integers; ``penalty`` is in millipoints a
    unit of slack, charged to tier ``tier``.
    """

    id: str
    rule: str
    key: tuple[str, ...]
    kind: str
    sense: str
    rhs: int
    slack: int = 0
    penalty: int = 0
    tier: int = 0

    def as_dict(self) -> dict[str, object]:
        """The row as plain data, as in line 1 of ``offers.jsonl.gz``."""
        return {
            "id": self.id,
            "rule": self.rule,
            "key": list(self.key),
            "kind": self.kind,
            "sense": self.sense,
            "rhs": self.rhs,
            "slack": self.slack,
            "penalty": self.penalty,
            "tier": self.tier,
        }


@dataclass(frozen=True)
class Offers:
    """Every lawful offer, n of them, as read-only arrays.

    ``site_parcels[site_start[s]:site_start[s + 1]]`` are the parcel rows (ascending) of site s. ``demand`` is -1 for
    the open market, ``period`` -1 where the round has no periods, ``term`` 0 where there is none (years), ``floor`` -1
    where it is not derivable (yuan/m2), ``price`` the expected price (yuan), ``score`` millipoints per tier. Row
    coefficients are CSR by offer, apart from what whole rows take off (``spread``, ``total``): read them by
    :attr:`entries`. ``part_start`` has one entry more than there are parts: every demand, in row order
    (empty ones too), then each parcel that has market offers, in row order. ``scope`` is ``listed`` where a cap cut
    the list of sites short. ``reach``, where a rule asks for other applicants, is the CSR by demand of the parcels of
    its lawful sites before that question is asked. ``beyond``, where a list of sites was cut short, values and adds
    sites past the cut. ``stats`` has the sites listed, the platforms cut short and the seconds of each phase.
    """

    site_start: Ints
    site_parcels: Ints
    site: Ints
    demand: Ints
    method: Ints
    period: Ints
    term: Ints
    verdict: Ints
    floor: Ints
    price: Ints
    score: Ints
    row_start: Ints
    row_index: Ints
    row_coef: Ints
    rows: tuple[Row, ...]
    part_start: Ints
    spread: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    total: Ints = field(default_factory=lambda: np.zeros((0, 0), np.int32))
    scope: str = "all"
    reach: tuple[Ints, Ints] | None = None
    beyond: Beyond | None = field(default=None, compare=False)
    stats: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in _ARRAYS:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return int(self.site.size)

    @property
    def tiers(self) -> int:
        """The number of tiers of the objective."""
        return int(self.score.shape[0])

    def parcels(self, offer: int) -> tuple[int, ...]:
        """The parcel rows of an offer's site."""
        site = int(self.site[offer])
        return tuple(self.site_parcels[int(self.site_start[site]) : int(self.site_start[site + 1])].tolist())

    @cached_property
    def entries(self) -> Entries:
        """The coefficients of all offers."""
        return Entries(self.row_start, self.row_index, self.row_coef, len(self.rows), self.spread, self.total)

    def coefficients(self, offer: int) -> tuple[tuple[int, int], ...]:
        """The (row, coefficient) pairs of an offer."""
        _, rows, coefs = self.entries.of(np.array([offer]))
        return tuple(zip(rows.tolist(), coefs.tolist(), strict=True))

    def parcel_rows(self) -> tuple[Ints, Ints]:
        """CSR of the parcels of every offer: ``start`` int64[n + 1], ``parcel`` int32."""
        sizes = np.diff(self.site_start)[self.site]
        start = np.concatenate(([0], np.cumsum(sizes, dtype=np.int64)))
        return start, self.site_parcels[spans(self.site_start[self.site], sizes)]


_ARRAYS = (
    *("site_start", "site_parcels", "site", "demand", "method", "period", "term", "verdict", "floor", "price"),
    *("score", "row_start", "row_index", "row_coef", "part_start", "spread", "total"),
)


def offer_lines(case: Case, offers: Offers, digest: str | None = None) -> Iterator[bytes]:
    """The lines of ``offers.jsonl.gz``, each ending in a newline; one line a part, so memory stays small."""
    header = {
        "schema": SCHEMA,
        "case": digest or case_digest(case),
        "rows": [row.as_dict() for row in offers.rows],
        "tiers": offers.tiers,
        "scope": offers.scope,
        "count": len(offers),
    }
    yield _line(header)
    starts = offers.part_start.tolist()
    counts: Iterator[list[int]] = iter(())
    known = 0
    for part, (begin, end) in enumerate(itertools.pairwise(starts)):
        demand = part if part < len(case.demands) else None
        if end > known:  # the entries of many parts at once: short ones are most of them
            known = next(cut for cut in starts[part + 1 :] if cut - begin >= PIECE or cut == starts[-1])
            counts = iter(_counts(offers, begin, known))
        line = _part(offers, begin, end, demand, list(itertools.islice(counts, end - begin)))
        if demand is not None and offers.reach is not None:
            start, parcels = offers.reach
            line["reach"] = parcels[int(start[demand]) : int(start[demand + 1])].tolist()
        yield _line(line)


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode("utf-8") + b"\n"


def _counts(offers: Offers, begin: int, end: int) -> list[list[int]]:
    """Of each offer its rows and coefficients, one after the other."""
    cuts, rows, coefs = offers.entries.of(np.arange(begin, end))
    flat = np.column_stack((rows, coefs)).reshape(-1).tolist()
    return [flat[a:b] for a, b in itertools.pairwise((2 * cuts).tolist())]


def _part(offers: Offers, begin: int, end: int, demand: int | None, counts: list[list[int]]) -> dict[str, Any]:
    here = slice(begin, end)
    sites, local = np.unique(offers.site[here], return_inverse=True)
    first = offers.site_start[sites]
    sizes = offers.site_start[sites + 1] - first
    members = offers.site_parcels[spans(first, sizes)].tolist()
    at, site_lists = 0, []
    for size in sizes.tolist():
        site_lists.append(members[at : at + size])
        at += size
    columns = zip(
        local.tolist(),
        offers.method[here].tolist(),
        offers.period[here].tolist(),
        offers.term[here].tolist(),
        offers.verdict[here].tolist(),
        [None if value < 0 else value for value in offers.floor[here].tolist()],
        offers.price[here].tolist(),
        offers.score[:, here].T.tolist(),
        counts,
        strict=True,
    )
    return {"d": demand, "o": list(columns), "sites": site_lists}


def write_offers(path: Path, case: Case, offers: Offers) -> str:
    """Write ``offers.jsonl.gz`` (same offers, same bytes) and return the SHA-256 of the uncompressed lines."""
    seen = hashlib.sha256()
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=1, mtime=0) as stream,
    ):
        for line in offer_lines(case, offers):
            seen.update(line)
            stream.write(line)
    return seen.hexdigest()


def read_offers(path: Path) -> Offers:
    """The offers of a plan folder, equal to those written (``stats`` apart).

    Raises
    ------
    Refused
        If the file is not a complete list of offers of this version.
    """
    try:
        with gzip.open(path, "rb") as stream:
            header = json.loads(stream.readline())
            if header.get("schema") != SCHEMA:
                raise ValueError(f"schema {header.get('schema')!r} is not {SCHEMA}")
            return _read(header, stream)
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError) as problem:
        raise Refused(
            error("F040", f"the list of offers cannot be read: {problem}", str(path), "Maybe solve the round again.")
        ) from problem


def _read(header: dict[str, Any], stream: Any) -> Offers:
    seen: dict[tuple[int, ...], int] = {}
    small: list[Ints] = []
    scores: list[Ints] = []
    row_sizes: list[Ints] = []
    pairs: list[Ints] = []
    part_sizes: list[int] = []
    reach: list[list[int]] = []
    for line in stream:
        part = json.loads(line)
        if part["d"] is not None and "reach" in part:
            reach.append(part["reach"])
        found = part["o"]
        part_sizes.append(len(found))
        if not found:
            continue
        ids = np.array([seen.setdefault(tuple(site), len(seen)) for site in part["sites"]], np.int64)
        demand = -1 if part["d"] is None else part["d"]
        block = np.array([[-1 if v is None else v for v in offer[:7]] for offer in found], np.int64)
        block[:, 0] = ids[block[:, 0]]
        small.append(np.column_stack((block, np.full(len(found), demand, np.int64))))
        scores.append(np.array([offer[7] for offer in found], np.int64))
        row_sizes.append(np.array([len(offer[8]) for offer in found], np.int64) // 2)
        pairs.append(np.array([v for offer in found for v in offer[8]], np.int64))
    count = sum(part_sizes)
    if count != header["count"]:
        raise ValueError(f"{count} offers where line 1 says {header['count']}")
    tiers = int(header["tiers"])
    table = np.concatenate(small) if small else np.zeros((0, 8), np.int64)
    flat = np.concatenate(pairs) if pairs else np.zeros(0, np.int64)
    sites = sorted(seen)
    rank = np.empty(len(seen), np.int64)
    for place, site in enumerate(sites):
        rank[seen[site]] = place
    sizes = np.array([len(site) for site in sites], np.int64)
    return Offers(
        site_start=np.concatenate(([0], np.cumsum(sizes, dtype=np.int64))),
        site_parcels=np.array([p for site in sites for p in site], np.int32),
        site=rank[table[:, 0]].astype(np.int32) if sites else np.zeros(0, np.int32),
        demand=table[:, 7].astype(np.int32),
        method=table[:, 1].astype(np.int8),
        period=table[:, 2].astype(np.int16),
        term=table[:, 3].astype(np.int16),
        verdict=table[:, 4].astype(np.int8),
        floor=table[:, 5].copy(),
        price=table[:, 6].copy(),
        score=np.ascontiguousarray(np.concatenate(scores).T) if scores else np.zeros((tiers, 0), np.int64),
        row_start=np.concatenate(([0], np.cumsum(np.concatenate(row_sizes or [np.zeros(0, np.int64)])))),
        row_index=flat[0::2].astype(np.int32),
        row_coef=narrow(flat[1::2]),
        rows=tuple(Row(**{**row, "key": tuple(row["key"])}) for row in header["rows"]),
        part_start=np.concatenate(([0], np.cumsum(part_sizes, dtype=np.int64))),
        scope=header["scope"],
        reach=None if not reach else _lists(reach),
    )


def _lists(found: list[list[int]]) -> tuple[Ints, Ints]:
    start = np.concatenate(([0], np.cumsum([len(each) for each in found], dtype=np.int64)))
    return start, np.array([value for each in found for value in each], np.int32)


def build_offers(case: Case, *, progress: Callable[[str, int, int], None] | None = None) -> Offers:
    """All lawful offers of a case, in order; the same case gives the same arrays.

    Parameters
    ----------
    case
        Facts, rules and settings.
    progress
        Called with ("offers", demands done, demands).

    Raises
    ------
    Refused
        If a coefficient would not be below 10^12.
    """
    from landopt.screening.build import build

    return build(case, progress)
