"""Sites beyond the cap: what a block is worth, what the search finds, and that the list it makes is lawful."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from benchmarks.rounds import case_round
from constraints.audit.run import audit_plan
from constraints.case import Case, Settings
from landopt.job import Job, Stopped
from landopt.pipeline import _require_plan
from landopt.screening.blocks import Blocks, Rates, joined
from landopt.screening.offers import Offers
from landopt.screening.offers_file import offer_lines
from landopt.screening.uncapped_sites import build_offers
from landopt.solving import site_search
from landopt.solving.process import site_prices
from landopt.solving.process.site_prices import ask
from landopt.solving.programme.arrays import program
from landopt.solving.relaxation.prices import relax
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.site_search import offers_of, search_sites
from landopt.solving.solver import Outcome, solve
from parcels.geometry import sites
from parcels.geometry.site_walk import universes
from tests.builders import case, demand, limit, parcel, random_case, random_medium_case
from tests.landopt import decided
from tests.test_two_readings import by_arrays


@pytest.fixture(autouse=True)
def _near(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prices are found in this process, but where the test is about the process."""
    if request.node.name != "test_prices_of_what_is_missing_find_the_only_plan":
        monkeypatch.setattr(site_prices, "_run", lambda folder, _: site_prices.main(folder))


def _capped(whole: Case, cap: int) -> Case:
    return replace(whole, settings=replace(whole.settings, site_cap=cap))


def _value(round_: Case, offers: Offers) -> int:
    """The best plan of one tier at gap 0, or a value below all plans where there is none."""
    answer = search(program(round_, offers, 0), Options(Fraction(0), None, 500, 0, 1, "highs"), lambda *_: None)
    return answer.objective if answer.chosen is not None else -(10**18)


def _blocks(found: list[tuple[int, tuple[int, ...]]]) -> Blocks:
    sizes = [len(site) for _, site in found]
    parcels = np.array([row for _, site in found for row in site], np.int32)
    return Blocks(np.array([who for who, _ in found]), np.concatenate(([0], np.cumsum(sizes))), parcels)


@pytest.mark.parametrize("seed", range(25))
def test_worth_of_a_block_is_that_of_its_best_offer(seed: int) -> None:
    """At any prices a block is worth what the best of its listed offers would be; -inf where it has none."""
    whole = random_case(seed, parcels=6, demands=4)
    full, cut = build_offers(whole), build_offers(_capped(whole, 1))
    if cut.beyond is None or full.reach is not None:
        return
    draw = np.random.default_rng(seed)
    prices = {(row.rule, row.key): float(draw.integers(-5, 6)) for row in full.rows}
    rates = Rates(draw.random(6) * 1000, prices, draw.random(full.tiers))
    expected: dict[tuple[int, tuple[int, ...]], float] = {}
    for at in range(len(full)):
        rows = sum(prices[full.rows[row].rule, full.rows[row].key] * value for row, value in full.coefficients(at))
        land = sum(rates.parcels[row] for row in full.parcels(at))
        value = float(rates.tiers @ full.score[:, at]) - rows - float(land)
        key = int(full.demand[at]), full.parcels(at)
        expected[key] = max(expected.get(key, -np.inf), value)
    pairs = sorted(key for key in expected if key[0] in cut.beyond.demands)
    found = cut.beyond.worth(_blocks(pairs), rates)
    assert found == pytest.approx([expected[pair] for pair in pairs])


@pytest.mark.parametrize("seed", range(5))
def test_search_recovers_what_a_cap_loses(seed: int) -> None:
    """With few sites listed a platform the plan is never worse than without the search; here it is the best of all."""
    whole = random_medium_case(seed, 30)
    if len(whole.objective.tiers) > 1:
        whole = replace(whole, objective=replace(whole.objective, tiers=(tuple(sum(whole.objective.tiers, ())),)))
    full, narrow = build_offers(whole), _capped(whole, 3)
    cut = build_offers(narrow)
    if cut.beyond is None:
        return
    found, added = search_sites(narrow, cut)
    assert found.scope == "listed"
    assert added == found.stats["added"]
    own, all_of = by_arrays(found), by_arrays(full)
    if full.reach is None:
        assert own.keys() >= by_arrays(cut).keys()
        assert all(all_of[identity] == facts for identity, facts in own.items())
        assert _value(whole, full) >= _value(narrow, found) >= _value(narrow, cut)


def test_relaxation_reaches_that_of_the_whole_list() -> None:
    """On a contested round whose lists are cut to five sites the relaxation with the search is that of all sites."""
    whole = case_round(300, 40, 5)
    narrow = _capped(whole, 5)
    cut = build_offers(narrow)
    best = relax(program(whole, build_offers(whole), 0))[0].value
    assert relax(program(narrow, cut, 0))[0].value < 0.96 * best
    found, added = search_sites(narrow, cut)
    assert added > 0
    assert relax(program(narrow, found, 0))[0].value == pytest.approx(best, rel=1e-6)


def _street(count: int, **settings: Any) -> tuple[Case, Case]:
    """A street of parcels and one platform that needs four of them, once with few sites listed."""
    land = [parcel(area_m2=1_000, use="IND") for _ in range(count)]
    ids = [f"P{number:02d}" for number in range(1, count + 1)]
    wish = demand(area_min_m2=1_000, area_max_m2=4_000, max_parcels=4)
    rule = limit("p.four", f"parcel_id in {ids[-4:]!r}", ">=", 4_000, measure="area_m2")
    whole = case(land, [wish], [rule], list(itertools.pairwise(ids)))
    return whole, replace(whole, settings=Settings(site_cap=count, **settings))


def test_prices_of_what_is_missing_find_the_only_plan() -> None:
    """Where the listed sites make no plan at all, the search finds the block that does."""
    whole, narrow = _street(9)
    cut = build_offers(narrow)
    assert cut.scope == "listed"
    assert not ask(narrow, cut)[0].feasible
    assert not relax(program(narrow, cut, 0))[0].feasible
    found = offers_of(narrow)
    assert _value(narrow, found) == _value(whole, build_offers(whole)) > -(10**18)


def test_no_plan_of_a_cut_list_is_no_proof_that_none_exists() -> None:
    """Exit 7 and a hint to the cap, not exit 3."""
    ended = Outcome("infeasible", None, (), None, {"status": "not examined"}, 0.0, {})
    with pytest.raises(Stopped, match="listed offers") as told:
        _require_plan(ended, Job(Path("round.toml")), "listed")
    assert told.value.exit_code == 7
    assert told.value.issues[0].code == "S016"


def test_told_what_was_cut_and_added() -> None:
    """The caller hears the platforms cut short and the sites added; a list that is whole says nothing."""
    whole, narrow = _street(9)
    heard: list[tuple[int, int]] = []
    assert offers_of(whole, told=lambda *news: heard.append(news)).scope == "all"
    assert heard == []
    found = offers_of(narrow, told=lambda *news: heard.append(news))
    assert heard == [(1, found.stats["added"])]
    assert found.stats["added"] > 0
    assert found.beyond is None


def test_failing_price_process_leaves_the_list_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without prices nothing is added and nothing breaks; so with no time at all."""
    _, narrow = _street(9)
    cut = build_offers(narrow)
    same, added = search_sites(narrow, cut, limit_s=0.0)
    assert added == 0
    assert len(same) == len(cut)
    monkeypatch.setattr(site_search, "ask", lambda *_, **__: ())
    assert search_sites(narrow, cut)[1] == 0


def test_order_of_the_input_decides_nothing() -> None:
    """The file of offers after a search is the same for any order of neighbours and runs; 20 orders, one digest."""
    whole = _capped(random_medium_case(1, 20), 3)
    assert offers_of(whole).stats["added"] > 0
    digests = set()
    for seed in range(20):
        pairs = list(whole.neighbours.pairs)
        Random(seed).shuffle(pairs)
        mixed = replace(whole, neighbours=replace(whole.neighbours, pairs=tuple(pairs)))
        digests.add(hashlib.sha256(b"".join(offer_lines(whole, offers_of(mixed)))).hexdigest())
    assert len(digests) == 1


def test_audit_of_a_searched_list_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every added offer is re-derived; the platforms cut short count as unchecked, not as a breach."""
    monkeypatch.setattr(decided, "build_offers", offers_of)
    audited = 0
    for seed in range(12):
        narrow = _capped(random_case(seed, parcels=7, demands=4), 2)
        offers = offers_of(narrow)
        if not offers.stats.get("added"):
            continue
        if solve(narrow, offers, gap="0").chosen is None:
            continue
        report = audit_plan(decided.write_plan(tmp_path / str(seed), narrow), complete=True)
        assert report.stands, report.breaches
        assert report.completeness is not None
        audited += report.completeness.checked < report.completeness.total
        if audited == 2:
            return
    raise AssertionError("too few rounds were cut short")


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_map_cut_short_is_made_whole_platform_by_platform(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sets of the whole map pass the budget, platforms below their cap are listed whole all the same."""
    whole = random_medium_case(seed, 30)
    full = build_offers(whole)

    def few(*given: Any) -> Any:
        return (replace(each, share=np.full_like(each.share, 6)) for each in universes(*given))

    monkeypatch.setattr(sites, "universes", few)
    assert build_offers(whole).scope == "listed"
    found = offers_of(whole)
    assert found.scope == "all"
    assert by_arrays(found) == by_arrays(full)
    assert b"".join(offer_lines(whole, found)) == b"".join(offer_lines(whole, full))


def test_blocks_join_and_part() -> None:
    """Blocks one after the other, and some of them again."""
    first, second = _blocks([(0, (1, 2)), (3, (4,))]), _blocks([(1, (0, 2, 5))])
    whole = joined([first, second, _blocks([])])
    assert whole.demand.tolist() == [0, 3, 1]
    assert whole.start.tolist() == [0, 2, 3, 6]
    assert whole.at(np.array([2, 0])).parcels.tolist() == [0, 2, 5, 1, 2]
