"""Invented towns: blocks and parcels that do not overlap, whatever their size."""

from __future__ import annotations

from random import Random

import pytest
import shapely

from landopt.invent.town import town


@pytest.mark.parametrize("seed", range(3))
def test_wide_blocks_stay_on_their_side_of_a_bent_street(seed: int) -> None:
    """A block of many large parcels is as wide as a street bends: no parcel overlaps one across it."""
    draw = Random(seed)
    blocks = town([[draw.uniform(15_000, 45_000)] * draw.choice([6, 12, 28]) for _ in range(40)], draw)
    plots = [plot for block in blocks for plot in block.plots]
    one, two = shapely.STRtree(plots).query(plots, predicate="overlaps")
    assert not [pair for pair in zip(one, two, strict=True) if plots[pair[0]].intersection(plots[pair[1]]).area > 1]
