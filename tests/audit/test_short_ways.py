"""The short ways of the audit give what the long ways give."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constraints.audit.cells import PartReader
from constraints.audit.reread import Reader
from constraints.audit.rescreen import Capped, connected_sites, lawful
from constraints.case import Case
from constraints.reading.core import shut
from constraints.reading.judge import answer, judge
from parcels.common.catalogue import told
from parcels.common.schema import Value
from tests import builders
from tests.audit.folders import reached


def _facts(case: Case, parcel: int, demand: int | None) -> dict[str, Value]:
    wish = {} if demand is None else case.demands.row(demand)
    return {**wish, **case.parcels.row(parcel), "site_parcels": 1, "other_applicants": 1}


@pytest.mark.parametrize("seed", range(12))
def test_the_short_answer_is_that_of_the_full_judgement(seed: int) -> None:
    """Verdict, term, floor and price do not depend on whether rulings and texts are asked for."""
    reader = reached(builders.random_case(seed))
    case, asked = reader.case, 0
    for parcel in range(len(case.parcels)):
        for demand in (None, *range(len(case.demands))):
            facts = _facts(case, parcel, demand)
            for method in case.methods:
                for term in (None, 20):
                    market, records = demand is None, case.records
                    full = judge(reader.book, facts, method, records=records, market=market, term=term)
                    short = answer(reader.book, facts, method, records=records, market=market, term=term)
                    assert short == (full.verdict, full.term, full.floor, full.unit_price)
                    asked += 1
    assert asked


@pytest.mark.parametrize("purpose", ["supply", "annual_plan"])
def test_what_is_shut_at_once_is_forbidden_by_the_full_judgement(purpose: str) -> None:
    """A ban found without asking further is one; in a supply round nearly all bans are found so, in a plan none."""
    found = forbidden = 0
    for seed in range(12):
        case = builders.random_case(seed)
        reader = reached(replace(case, round=replace(case.round, purpose=purpose)))
        firm = [method for row, method in enumerate(case.methods) if reader.firm[row]]
        for parcel in range(len(case.parcels)):
            if reader.open_price(parcel):
                continue
            for demand in (None, *range(len(case.demands))):
                facts = _facts(case, parcel, demand)
                for method in firm:
                    quick = shut(reader.book, facts, method, demand is None)
                    full = judge(reader.book, facts, method, records=case.records, market=demand is None)
                    assert not quick or full.verdict == "forbid"
                    found += quick
                    forbidden += full.verdict == "forbid"
    assert forbidden > 100
    assert found > 0.9 * forbidden if purpose == "supply" else found == 0


@pytest.mark.parametrize("seed", range(12))
def test_methods_that_overlook_other_applicants_answer_alike_in_both_passes(seed: int) -> None:
    """What was lawful before other applicants are counted stays so by every method whose law does not read them."""
    reader = reached(builders.random_case(seed))
    quiet = {method for method in range(len(reader.case.methods)) if not reader.crowded(method)}
    for demand in range(len(reader.case.demands)):
        sites = list(connected_sites(reader, demand))
        first, last = lawful(reader.first_pass(), demand, sites), lawful(reader, demand, sites)
        assert {one for one in first if one[1] in quiet} == {one for one in last if one[1] in quiet}


def test_a_parcel_known_to_be_shut_refuses_as_the_whole_reading_does() -> None:
    """Lawfulness by what is known of single parcels is that of every offer read afresh, whatever was asked before."""
    asked = shut = 0
    for seed in range(12):
        reader = reached(builders.random_case(seed))
        for demand in range(len(reader.case.demands)):
            known = PartReader(reader, demand)
            for parcels in connected_sites(reader, demand):
                for method in range(len(reader.case.methods)):
                    for period in reader.periods:
                        short = known.lawful(known.site(parcels), method, period)
                        fresh = PartReader(Reader(reader.case), demand)
                        fresh.reader.reach, fresh.reader._counts = reader.reach, reader._counts
                        assert short == (fresh.read(parcels, method, period).refused is None)
                        asked += 1
            shut += sum(map(len, known.shut.values()))
    assert asked > 400
    assert shut > 20


def test_two_platforms_of_one_class_share_what_they_read() -> None:
    """What the cells of a site are together is found once, and is the same for whoever asks."""
    reader = reached(builders.random_case(3))
    first: dict[tuple[int, tuple[int, ...], int], object] = {}
    for _ in range(2):
        for demand in range(len(reader.case.demands)):
            part = PartReader(reader, demand)
            for parcels in connected_sites(reader, demand):
                for method in range(len(reader.case.methods)):
                    found = part.derive(part.site(parcels), method, reader.periods[0])
                    assert first.setdefault((demand, parcels, method), found) == found
    assert reader.together


def test_the_cap_of_sites_is_the_last_number_that_is_listed() -> None:
    """Four parcels in a row have ten connected sites: a cap of ten lists them, one of nine gives up."""
    land = [builders.parcel(area_m2=1_000) for _ in range(4)]
    want = builders.demand(area_min_m2=1_000, area_max_m2=4_000, max_parcels=4)
    reader = Reader(builders.case(land, [want], [], [("P01", "P02"), ("P02", "P03"), ("P03", "P04")]))
    every = [tuple(range(first, last + 1)) for first in range(4) for last in range(first, 4)]
    assert sorted(connected_sites(reader, 0, 10)) == sorted(every)
    with pytest.raises(Capped):
        list(connected_sites(reader, 0, 9))


def test_a_site_of_parcels_or_demands_that_are_not_there_is_none() -> None:
    """Rows count from 0 to one below the number there is, upwards and each once; so do demands, or none is named."""
    reader = reached(builders.random_case(3))
    parcels, demands = len(reader.case.parcels), len(reader.case.demands)
    rows = {code: told(f"site.{code}") for code in ("rows", "demand")}
    assert parcels > 1
    assert demands
    for site in ([], [-1], [parcels], [0, parcels], [0, 0], [1, 0], [-1, 0]):
        assert reader.site_problem(site, None) == rows["rows"], site
    for demand in (-1, demands, demands + 1):
        assert reader.site_problem([0], demand) == rows["demand"], demand
    for site in ([0], [parcels - 1]):
        assert reader.site_problem(site, None) not in rows.values()
    for demand in (0, demands - 1):
        assert reader.site_problem([0], demand) not in rows.values()
