"""Which platforms and market parcels the audit screens again. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Draw:
    """The platforms and market parcels to screen again; ``seed`` repeats the draw (None: all of them).

    ``given``: the seed was given by hand, so that whoever gave it may have known what would come: no draw.
    """

    demands: frozenset[int]
    market: frozenset[int]
    market_total: int
    seed: int | None
    given: bool = False
