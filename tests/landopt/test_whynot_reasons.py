"""Every requirement of a platform and of the open market by itself, around its own number, and the holder of a site."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from constraints.case import Market, Period
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.reasons.whynot import find, holder, own_reason, whynot
from landopt.solving.solver import solve
from tests.builders import case, demand, parcel
from tests.landopt.decided import context_of, offers_of

PERIODS = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))


@cache
def _round(
    least: int = 1_000, most: int = 90_000, several: int = 4, market: Market | None = None, *, periods: bool = False
) -> tuple[Context, Law]:
    """Four parcels in a row of which the first three touch; the last is on its own and commercial."""
    land = [*(parcel(area_m2=3_000) for _ in range(3)), parcel(area_m2=3_000, use="COM")]
    want = demand(area_min_m2=least, area_max_m2=most, max_parcels=several, uses=("IND", "COM"))
    made = case(land, [want], [], [("P01", "P02"), ("P02", "P03")], market=market, periods=PERIODS if periods else ())
    offers = offers_of(made)
    return context_of(made, offers, solve(made, offers, gap="0"))


@pytest.mark.parametrize(
    ("site", "reason"),
    [
        ([0, 1, 2], ""),
        ([0, 1], ""),
        ([0, 2], "not_adjacent"),
        ([0, 3], "not_adjacent"),
        ([0, 1, 2, 3], "not_adjacent"),
    ],
)
def test_a_site_hangs_together_whatever_the_order(site: list[int], reason: str) -> None:
    """Parcels that touch through a third one of the site are one site; without it they are two."""
    context, law = _round()
    assert own_reason(context, law, site, 0) == reason
    assert own_reason(context, law, site[::-1], 0) == reason


@pytest.mark.parametrize(
    ("least", "most", "several", "reason"),
    [
        (6_000, 6_000, 2, ""),
        (6_001, 9_000, 2, "area_small"),
        (1_000, 5_999, 2, "area_large"),
        (6_000, 6_000, 1, "max_parcels"),
    ],
)
def test_two_parcels_of_6000_m2_at_the_edge_of_what_is_wanted(least: int, most: int, several: int, reason: str) -> None:
    """The least and the most area wanted are themselves wanted; so is the largest number of parcels."""
    context, law = _round(least, most, several)
    assert own_reason(context, law, [0, 1], 0) == reason
    answer = whynot(context, law, [0, 1], 0, "listing")
    assert (answer.reason, answer.state in ("filtered", "forbidden")) == (reason, bool(reason))


def test_the_open_market_takes_single_parcels_of_its_uses() -> None:
    """No market, two parcels, a use it has not: each is said; what is left is offered."""
    context, law = _round()
    assert own_reason(context, law, [0], None) == "no_market"
    context, law = _round(market=Market(("COM",), ("listing",)))
    assert own_reason(context, law, [0, 1], None) == "no_market"
    assert own_reason(context, law, [0], None) == "market_use"
    assert own_reason(context, law, [3], None) == ""
    assert whynot(context, law, [3], None, "listing").state in ("chosen", "lawful")
    assert find(context, (3,), None, "listing").size == 1
    assert find(context, (3,), None, "auction").size == 0


def test_the_holder_of_a_site_is_the_platform_of_its_first_parcel_that_has_one() -> None:
    """Free parcels and those of the market have none."""
    context, _ = _round(2_000, 3_000, 1, Market(("COM",), ("listing",)))
    (offer,) = (at for at in context.chosen if context.offers.demand[at] >= 0)
    (held,) = context.offers.parcels(offer)
    free = [row for row in range(4) if row not in context.taken]
    sold = [row for row, at in context.taken.items() if context.offers.demand[at] < 0]
    assert holder(context, [held]) == 0
    assert holder(context, [*free, *sold, held]) == 0
    assert holder(context, free) is None
    assert holder(context, sold) is None


def test_a_period_asked_for_is_the_only_one_answered_for() -> None:
    """Of the offers of a site each period has its own; without one all are looked through."""
    context, law = _round(periods=True)
    each = [find(context, (0,), 0, "listing", period.id) for period in PERIODS]
    assert [sorted(set(context.offers.period[found].tolist())) for found in each] == [[0], [1]]
    every = find(context, (0,), 0, "listing")
    assert np.array_equal(np.sort(np.concatenate(each)), np.sort(every))
    for number, period in enumerate(PERIODS):
        answer = whynot(context, law, [0], 0, "listing", period.id)
        assert answer.offer is not None
        assert context.offers.period[answer.offer] == number
