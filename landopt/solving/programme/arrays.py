"""One tier of a round as an integer programme in arrays: what every solver part reads. Numpy only, integers only.

Rows come in three blocks: parcels (at most one offer each), demands (at most one each), then the rows of the round
(limits, relations, locks) followed by one row for each earlier tier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from constraints.types import Row, shared
from landopt.screening.entries import Entries, spans, sums

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

Ints = NDArray[Any]
Floats = NDArray[np.float64]

SENSES = {"<=": -1, "=": 0, ">=": 1}
LARGEST = 10**12
"""Coefficients and right-hand sides stay below this, so that a double holds every one of them exactly."""


@dataclass(frozen=True)
class Program:
    """Maximise sum(score x) - sum(penalty slack) over 0/1 columns.

    ``entries`` are the offers' coefficients in the ``len(sense)`` rows of the round; the parcel and demand entries
    follow from ``site`` and ``demand``. ``sense``: -1 for ``<=``, 0 for ``=``, 1 for ``>=``.
    ``slack`` is what a unit of slack is worth in a soft row (0: hard), ``most`` more units than any plan needs,
    ``penalty`` the cost of a unit in this tier in millipoints, ``carry`` the earlier-tier row it counts in (-1: none)
    and ``carried`` the cost there. Rows ``together`` are missed by one and the same slack. Rows from ``own`` on are
    those of earlier tiers. Offers are sorted by part: ``part_start``.
    """

    parcels: int
    demands: int
    site_start: Ints
    site_parcels: Ints
    site: Ints
    demand: Ints
    method: Ints
    score: Ints
    entries: Entries
    part_start: Ints
    sense: Ints
    rhs: Ints
    slack: Ints
    most: Ints
    penalty: Ints
    carry: Ints
    carried: Ints
    own: int
    together: tuple[tuple[int, ...], ...] = ()

    @cached_property
    def soft(self) -> dict[int, tuple[int, ...]]:
        """The slacks: the rows that each enters, by the first of them, in order; most enter one row."""
        later = {row for rows in self.together for row in rows[1:]}
        found = {row: (row,) for row in np.flatnonzero(self.slack > 0).tolist() if row not in later}
        return {**found, **{rows[0]: rows for rows in self.together}}

    @cached_property
    def slacks(self) -> Ints:
        """The first row of every slack, in order."""
        return np.array(list(self.soft), dtype=np.int64)

    @property
    def count(self) -> int:
        """Number of offers."""
        return len(self.site)

    def part(self) -> Ints:
        """The part of every offer."""
        return np.repeat(np.arange(len(self.part_start) - 1), np.diff(self.part_start))


ARRAYS: tuple[str, ...] = ("site_start", "site_parcels", "site", "demand", "method")
"""What a programme takes over from :func:`base_arrays` as it is."""


def program(case: Case, offers: Offers, tier: int, reached: Sequence[int] = ()) -> Program:
    """The integer programme of one tier; ``reached`` are the objectives of the earlier tiers (millipoints)."""
    return from_arrays(base_arrays(case, offers), tier, reached)


def base_arrays(case: Case, offers: Offers) -> dict[str, Any]:
    """The arrays of a round before a tier is chosen: ``score`` has one line a tier, ``soft_tier`` that of penalties."""
    return arrays_of(offers, len(case.parcels), len(case.demands))


def arrays_of(offers: Offers, parcels: int, demands: int) -> dict[str, Any]:
    """:func:`base_arrays` of a round with so many parcels and demands."""
    rows = [row for row in offers.rows if row.kind != "tier"]
    if len(rows) != len(offers.rows):
        raise ValueError("rows of earlier tiers are made by the solver")
    score = np.atleast_2d(np.asarray(offers.score, dtype=np.int64))
    last = len(score) - 1
    return {
        "parcels": parcels,
        "demands": demands,
        "site_start": np.asarray(offers.site_start, dtype=np.int64),
        "site_parcels": np.asarray(offers.site_parcels, dtype=np.int32),
        "site": np.asarray(offers.site, dtype=np.int32),
        "demand": np.asarray(offers.demand, dtype=np.int32),
        "method": np.asarray(offers.method, dtype=np.int8),
        "score": score,
        "row_start": np.asarray(offers.row_start, dtype=np.int64),
        "row_index": np.asarray(offers.row_index, dtype=np.int32),
        "row_coef": np.asarray(offers.row_coef),
        "spread": np.asarray(offers.spread),
        "total": np.asarray(offers.total),
        "part_start": np.asarray(offers.part_start, dtype=np.int64),
        "sense": np.array([SENSES[row.sense] for row in rows], dtype=np.int8),
        "rhs": np.array([row.rhs for row in rows], dtype=np.int64),
        "slack": np.array([row.slack for row in rows], dtype=np.int64),
        "soft_cost": np.array([row.penalty for row in rows], dtype=np.int64),
        "missed_with": missed_with(rows),
        "soft_tier": np.array([last if row.tier is None else row.tier for row in rows], dtype=np.int64),
    }


def missed_with(rows: Sequence[Row]) -> Ints:
    """The first row that each row is missed together with; of most rows the row itself."""
    found = np.arange(len(rows), dtype=np.int64)
    for first, members in shared(rows).items():
        found[list(members)] = first
    return found


def from_arrays(base: dict[str, Any], tier: int, reached: Sequence[int] = ()) -> Program:
    """The programme of one tier from :func:`base_arrays`."""
    own = len(base["sense"])
    soft = base["slack"] > 0
    penalty = np.where(soft & (base["soft_tier"] == tier), base["soft_cost"], 0)
    carry = np.where(soft & (base["soft_tier"] < tier), own + base["soft_tier"], -1)
    carried = np.where(carry >= 0, base["soft_cost"], 0)
    slack = base["slack"]
    entries = Entries(
        base["row_start"], base["row_index"], base["row_coef"], own, spread=base["spread"], total=base["total"]
    )
    tiers = [np.flatnonzero(base["score"][earlier]) for earlier in range(tier)]
    reach = np.abs(base["rhs"]) + np.minimum(entries.profile.total, LARGEST)
    most = np.where(soft, np.ceil(reach / np.maximum(slack, 1)) + 1, 0).astype(np.int64)
    first = base["missed_with"]
    together = tuple(tuple(np.flatnonzero(first == row).tolist()) for row in np.unique(first[first < np.arange(own)]))
    for rows in together:
        most[list(rows)] = most[list(rows)].max()
    return Program(
        **{name: base[name] for name in ARRAYS},
        parcels=int(base["parcels"]),
        demands=int(base["demands"]),
        score=np.ascontiguousarray(base["score"][tier]),
        entries=entries.plus([(offers, base["score"][earlier][offers]) for earlier, offers in enumerate(tiers)]),
        part_start=base["part_start"],
        sense=np.concatenate([base["sense"], np.ones(tier, dtype=np.int8)]),
        rhs=np.concatenate([base["rhs"], np.array(list(reached)[:tier], dtype=np.int64)]),
        slack=np.concatenate([slack, np.zeros(tier, dtype=np.int64)]),
        most=np.concatenate([most, np.zeros(tier, dtype=np.int64)]),
        penalty=np.concatenate([penalty, np.zeros(tier, dtype=np.int64)]),
        carry=np.concatenate([carry, np.full(tier, -1)]),
        carried=np.concatenate([carried, np.zeros(tier, dtype=np.int64)]),
        own=own,
        together=together,
    )


ranges = spans
segment_sum = sums


def columns(prog: Program, chosen: Ints) -> tuple[Ints, Ints, Ints]:
    """The matrix columns of some offers, by column: ``(starts, row positions, coefficients)`` over all three blocks."""
    sites = prog.site[chosen]
    site_len = (prog.site_start[sites + 1] - prog.site_start[sites]).astype(np.int64)
    row_start, row, row_coef = prog.entries.of(chosen)
    row_len = np.diff(row_start)
    demand = prog.demand[chosen]
    has = (demand >= 0).astype(np.int64)
    length = site_len + has + row_len
    starts = np.concatenate([[0], np.cumsum(length)])
    index = np.empty(int(starts[-1]), dtype=np.int64)
    coef = np.ones(int(starts[-1]), dtype=np.int64)
    index[ranges(starts[:-1], site_len)] = prog.site_parcels[ranges(prog.site_start[sites], site_len)]
    index[(starts[:-1] + site_len)[has > 0]] = prog.parcels + demand[has > 0]
    place = ranges(starts[:-1] + site_len + has, row_len)
    index[place] = prog.parcels + prog.demands + row
    coef[place] = row_coef
    return starts, index, coef


def activity(prog: Program, chosen: Ints) -> Ints:
    """Left-hand sides of the rows of the round (without slack) for a set of offers, exact."""
    _, row, coef = prog.entries.of(chosen)
    total = np.zeros(len(prog.sense), dtype=np.int64)
    np.add.at(total, row, coef)
    return total


@dataclass(frozen=True)
class Standing:
    """What a set of offers is worth and whether it is a plan: ``broken`` names rows (block positions) it breaks.

    ``slack`` are the units of slack it takes, by row; of rows missed together those of all, at the first.
    """

    objective: int
    broken: tuple[int, ...]
    slack: Ints

    @property
    def lawful(self) -> bool:
        """True where no row is broken."""
        return not self.broken


def standing(prog: Program, chosen: Ints) -> Standing:
    """Check a set of offers against every row in integers and value it in this tier (millipoints)."""
    sites = prog.site[chosen]
    used = np.bincount(
        prog.site_parcels[ranges(prog.site_start[sites], prog.site_start[sites + 1] - prog.site_start[sites])],
        minlength=prog.parcels,
    )
    demand = prog.demand[chosen]
    served = np.bincount(demand[demand >= 0], minlength=prog.demands) if prog.demands else np.zeros(0, dtype=np.int64)
    act = activity(prog, chosen)
    short = np.where(prog.sense < 0, act - prog.rhs, np.where(prog.sense > 0, prog.rhs - act, np.abs(act - prog.rhs)))
    slack = np.where(prog.slack > 0, -(-np.maximum(short, 0) // np.maximum(prog.slack, 1)), 0)
    short[prog.slack > 0] = 0
    for rows in prog.together:
        units = slack[list(rows)].max()
        slack[list(rows)] = 0
        slack[rows[0]] = units
    late = np.flatnonzero(prog.carry >= 0)
    for row in late[slack[late] > 0]:
        tier_row = int(prog.carry[row])
        short[tier_row] += prog.carried[row] * slack[row]
    over = np.flatnonzero(short > 0) + prog.parcels + prog.demands
    broken = [*np.flatnonzero(used > 1), *(np.flatnonzero(served > 1) + prog.parcels), *over]
    objective = int(prog.score[chosen].sum()) - int((prog.penalty * slack).sum())
    return Standing(objective, tuple(int(row) for row in broken), slack)
