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

SCHEMA = "landopt.offers/2"
BLOCK = 1 << 18
"""Offers of a block, at least; its last part is whole."""

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
    lists, sizes = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    columns: list[Ints] = [np.zeros((0, 9 + header["tiers"]), np.int64)]
    part_sizes: list[int] = []
    known = 0
    for line in stream:
        block = json.loads(line)
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
    table = np.concatenate(columns)
    if len(table) != header["count"]:
        raise ValueError(f"{len(table)} offers where line 1 says {header['count']}")
    sites = sorted(seen)
    rank = np.empty(len(seen), np.int64)
    rank[[seen[site] for site in sites]] = np.arange(len(sites))
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
