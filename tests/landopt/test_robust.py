"""One plan for many draws against enumeration: every plan of today, in every draw every plan that holds what stands."""

from __future__ import annotations

from fractions import Fraction

import pytest

from landopt.reasons.alternatives import value
from landopt.reasons.many.draws import Stress, Vary
from landopt.reasons.many.robust import AGAIN, drawn, robust
from landopt.reasons.many.scenario import Effort
from landopt.screening.uncapped_sites import build_offers
from tests.builders import random_case
from tests.landopt.decided import planned, plans

VARY = (
    Vary("area", "", 200, Fraction(1, 5)),
    Vary("drop_out", "", 250, Fraction(1, 4)),
    Vary("failed_sale", "", 300, Fraction(3, 10)),
)


@pytest.mark.parametrize("seed", planned(6, tiers=1))
def test_the_best_mean_is_that_of_enumeration(seed: int) -> None:
    """What stands is worth what the draw makes of it, what fails nothing, what is supplied again a part."""
    case = random_case(seed)
    offers = build_offers(case)
    stress = Stress(3, seed, VARY, ())
    draws = [drawn(case, offers, stress, number) for number in (1, 2, 3)]
    options = []
    for draw in draws:
        able = set(draw.able.nonzero()[0].tolist())
        options.append([chosen for _, chosen in plans(draw.offers) if able.issuperset(chosen)])

    def worth(draw: int, chosen: tuple[int, ...], stands: set[int]) -> int:
        offers_ = draws[draw].offers
        again = [int(offers_.score[0][o]) for o in chosen if o not in stands]
        lost = sum(p - p * AGAIN.numerator // AGAIN.denominator for p in again if p > 0)
        return value(offers_, chosen)[0] - lost

    best = None
    for _, today in plans(offers):
        total = 0
        for number, draw in enumerate(draws):
            stands = {int(draw.match[offer]) for offer in today} - {-1}
            kept = [worth(number, chosen, stands) for chosen in options[number] if stands <= set(chosen)]
            if not kept:
                break
            total += max(kept)
        else:
            best = total if best is None else max(best, total)
    found = robust(case, offers, stress, Effort("0", 60).of(case), here=True)
    if best is None:  # whatever is decided today, some draw has no plan
        assert found is None
        return
    assert found is not None
    assert found.objective == best // 3
    assert found.bound >= found.objective
    assert sum(found.values) == best
    assert found.gap == 0 or found.bound > found.objective
