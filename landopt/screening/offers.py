"""The lawful offers of a round as arrays.

An offer is one site, one platform or the open market, one method and one period. Offers are sorted by (demand row,
market last; parcel rows of the site; method; period); sites are unique and sorted by their parcel rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from constraints.types import Row
from landopt.screening.blocks import Blocks, Bools, Floats, Ints, Rates, Singles
from landopt.screening.entries import Entries, spans
from parcels.geometry.sites import Sites


class PastCap(Protocol):
    """What lies past the cut of the lists of sites (:class:`landopt.screening.uncapped_sites.Beyond`)."""

    @property
    def demands(self) -> tuple[int, ...]:
        """The rows of the platforms whose lists were cut short."""

    area: Ints
    area_min: Ints
    area_max: Ints
    most: Ints
    start: Ints
    adj: Ints
    valued: int

    def besides(self, demands: Iterable[int]) -> PastCap:
        """The same with platforms besides whose lists are whole."""

    def counted(self, most: int) -> tuple[Blocks, set[int]]:
        """The blocks of the platforms below the cap, and which those are."""

    def served(self, tiers: Floats) -> Floats:
        """What serving each platform is worth by itself."""

    def open_to(self) -> Bools:
        """(demands, parcels) which parcels a site of each platform may hold."""

    def worth(self, blocks: Blocks, rates: Rates) -> Floats:
        """The best any lawful offer on each block is worth beyond the rates."""

    def singles(self, rows: Sequence[Row]) -> Singles:
        """What each parcel by itself would bring each platform, and what it counts in the rows given."""

    def lists(self) -> list[Ints]:
        """For each platform the numbers of all its sites, by area; none where not every site is listed."""

    @property
    def sites(self) -> Sites:
        """All sites listed for the map."""

    def unlisted(self, blocks: Blocks) -> Bools:
        """Which blocks are not on the list of their platform."""

    def added(self, blocks: Blocks, whole: set[int] | None = None) -> Offers:
        """All lawful offers once more, with those on the blocks."""


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
    sites past the cut; ``start`` are offers of a lawful plan to begin with, where one is known. ``stats`` has the sites
    listed, the platforms cut short and the seconds of each phase.
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
    beyond: PastCap | None = field(default=None, compare=False)
    start: Ints | None = field(default=None, compare=False)
    stats: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ARRAYS:
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


ARRAYS = (
    *("site_start", "site_parcels", "site", "demand", "method", "period", "term", "verdict", "floor", "price"),
    *("score", "row_start", "row_index", "row_coef", "part_start", "spread", "total"),
)
"""The arrays of :class:`Offers`."""
