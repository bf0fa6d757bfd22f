"""One city of a joint round: its lawful offers, what each uses of the common limits, its programme at given prices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.solving.programme.arrays import SENSES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from constraints.case import Case
    from landopt.screening.offers import Offers

    Ints = NDArray[Any]


@dataclass(frozen=True, eq=False)
class City:
    """A round with the common limits among its rows.

    ``rows`` are their numbers, ``uses`` (limits, offers) what each offer uses of them, in the row's integers.
    """

    id: str
    path: Path
    case: Case
    offers: Offers
    rows: tuple[int, ...]
    uses: Ints

    def value(self, chosen: Ints) -> int:
        """What a choice scores by itself, millipoints (soft limits of the city not counted)."""
        return int(self.offers.score[0][chosen].sum())

    def used(self, chosen: Ints) -> Ints:
        """What a choice uses of the common limits."""
        return np.asarray(self.uses[:, chosen].sum(axis=1), np.int64)


def city(identifier: str, path: Path, case: Case, offers: Offers, rules: tuple[str, ...]) -> City:
    """A city from its screened offers; a limit that no offer touches has a row of its own all the same."""
    number = {row.rule: place for place, row in enumerate(offers.rows)}
    rows = tuple(number[rule] for rule in rules)
    uses = np.zeros((len(rows), len(offers)), np.int64)
    for place, row in enumerate(rows):
        unit = np.zeros(len(offers.rows), np.int64)
        unit[row] = 1
        uses[place] = offers.entries.use(unit)
    return City(identifier, path, case, offers, rows, uses)


def priced(one: City, prices: tuple[int, ...], scale: int) -> Offers:
    """The offers at scores ``scale x score - sum(price x use)``, without the common limits (their rows stay, empty)."""
    offers = one.offers
    score = scale * np.asarray(offers.score[0], np.int64)
    for price, use in zip(prices, one.uses, strict=True):
        score = score - price * use
    keep = ~np.isin(offers.row_index, one.rows)
    start = np.concatenate(([0], np.cumsum(keep)))[offers.row_start]
    spread = offers.spread.copy()
    if spread.size:
        spread[list(one.rows)] = -1
    rows = tuple(
        replace(row, sense="<=", rhs=0, slack=0, penalty=0)
        if place in one.rows
        else replace(row, penalty=row.penalty * scale)
        for place, row in enumerate(offers.rows)
    )
    return replace(
        offers,
        score=score[None],
        row_start=start,
        row_index=offers.row_index[keep],
        row_coef=offers.row_coef[keep],
        rows=rows,
        spread=spread,
        beyond=None,
    )


def capped(one: City, amounts: Ints) -> Offers:
    """The offers with the common limits at these right-hand sides."""
    rhs = dict(zip(one.rows, amounts.tolist(), strict=True))
    rows = tuple(replace(row, rhs=rhs[k]) if k in rhs else row for k, row in enumerate(one.offers.rows))
    return replace(one.offers, rows=rows, beyond=None)


def keeps(sense: str, used: int, amount: int) -> bool:
    """Whether a use keeps a right-hand side."""
    return (used - amount) * SENSES[sense] >= 0
