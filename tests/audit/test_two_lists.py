"""The offers of the optimiser and those of the scalar reading are the same, offer by offer, number by number."""

from __future__ import annotations

import pytest

from constraints.audit.reread import Reader
from constraints.case import Case, from_json, to_json
from constraints.types import Row
from landopt.screening.uncapped_sites import build_offers
from tests.audit.folders import _offers, reached
from tests.builders import random_case

Listed = dict[tuple[object, ...], tuple[object, ...]]


def by_scalars(case: Case) -> tuple[Reader, Listed]:
    """Every lawful offer by the scalar reading."""
    reader = reached(case)
    found: Listed = {}
    for offer in _offers(reader):
        said = (offer.verdict, offer.term, offer.floor, offer.price, offer.score, dict(offer.rows))
        found[offer.identity] = said
    return reader, found


def by_arrays(case: Case) -> tuple[dict[tuple[str, tuple[str, ...]], Row], Listed]:
    """Every lawful offer by the array reading."""
    offers = build_offers(case)
    rows = {(row.rule, row.key): row for row in offers.rows if row.kind != "tier"}
    found: Listed = {}
    for k in range(len(offers)):
        coefficients = {(offers.rows[r].rule, offers.rows[r].key): c for r, c in offers.coefficients(k)}
        demand = None if offers.demand[k] < 0 else int(offers.demand[k])
        floor = None if offers.floor[k] < 0 else int(offers.floor[k])
        score = tuple(int(value) for value in offers.score[:, k])
        said = (int(offers.verdict[k]), int(offers.term[k]), floor, int(offers.price[k]), score, coefficients)
        found[(offers.parcels(k), demand, int(offers.method[k]), int(offers.period[k]))] = said
    return rows, found


@pytest.mark.parametrize("block", range(5))
def test_both_readings_list_the_same_offers(block: int) -> None:
    """Thirty random rounds a block: same offers, verdicts, terms, floors, prices, scores, coefficients and rows."""
    for seed in range(1000 + 30 * block, 1030 + 30 * block):
        case = from_json(to_json(random_case(seed)))
        reader, mine = by_scalars(case)
        rows, theirs = by_arrays(case)
        assert mine.keys() == theirs.keys(), seed
        for key, said in mine.items():
            assert said == theirs[key], (seed, key)
        for key, row in rows.items():
            own = reader.rows.row(*key)
            assert own is not None, (seed, key)
            fields = ["sense", "rhs", "slack", "penalty", "kind", "id"]
            assert [getattr(own, f) for f in fields] == [getattr(row, f) for f in fields], (seed, key)
