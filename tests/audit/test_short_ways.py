"""The short ways of the audit give what the long ways give."""

from __future__ import annotations

import pytest

from constraints.case import Case
from constraints.judge import answer, judge
from constraints.rescreen import connected_sites, lawful
from tests.audit.folders import reached
from tests.builders import random_case


def _facts(case: Case, parcel: int, demand: int | None) -> dict[str, object]:
    wish = {} if demand is None else case.demands.row(demand)
    return {**wish, **case.parcels.row(parcel), "site_parcels": 1, "other_applicants": 1}


@pytest.mark.parametrize("seed", range(12))
def test_the_short_answer_is_that_of_the_full_judgement(seed: int) -> None:
    """Verdict, term, floor and price do not depend on whether rulings and texts are asked for."""
    reader = reached(random_case(seed))
    case, asked = reader.case, 0
    for parcel in range(len(case.parcels)):
        for demand in (None, *range(len(case.demands))):
            facts = _facts(case, parcel, demand)
            for method in case.methods:
                for term in (None, 20):
                    how = {"records": case.records, "market": demand is None, "term": term}
                    full = judge(reader.book, facts, method, **how)
                    short = answer(reader.book, facts, method, **how)
                    assert short == (full.verdict, full.term, full.floor, full.unit_price)
                    asked += 1
    assert asked


@pytest.mark.parametrize("seed", range(12))
def test_methods_that_overlook_other_applicants_answer_alike_in_both_passes(seed: int) -> None:
    """What was lawful before other applicants are counted stays so by every method whose law does not read them."""
    reader = reached(random_case(seed))
    quiet = {method for method in range(len(reader.case.methods)) if not reader.crowded(method)}
    for demand in range(len(reader.case.demands)):
        sites = list(connected_sites(reader, demand))
        first, last = lawful(reader.first_pass(), demand, sites), lawful(reader, demand, sites)
        assert {one for one in first if one[1] in quiet} == {one for one in last if one[1] in quiet}
