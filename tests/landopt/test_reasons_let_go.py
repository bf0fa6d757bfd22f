"""What reasons remember lives as long as the plan they explain: a process that explains many plans keeps none."""

from __future__ import annotations

import gc
import weakref

from landopt.reasons.explain.closing import Closings
from landopt.reasons.explain.context import Context
from landopt.reasons.explain.law import Law
from landopt.screening.uncapped_sites import build_offers
from tests.builders import random_medium_case


def test_closings_go_with_their_plan() -> None:
    drawn = (random_medium_case(seed, 8) for seed in range(50))
    case = next(each for each in drawn if not each.round.periods and each.round.purpose != "annual_plan")
    context = Context(case, build_offers(case), (), {"tiers": []})
    closings = Closings(Law(context))
    for demand in (None, *range(len(case.demands))):
        for parcel in range(len(case.parcels)):
            closings.of((parcel,), demand)
    kept = weakref.ref(closings)
    del closings, context
    gc.collect()
    assert kept() is None
