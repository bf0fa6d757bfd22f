"""Sites that are priced and not listed: what a column is worth, the bound over all sites, the plan to begin with."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.shapes import eight
from constraints.case import Case
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving import site_search
from landopt.solving.process import site_prices
from landopt.solving.process.site_columns import Prices, best_sites
from landopt.solving.process.site_packing import Packer
from landopt.solving.process.site_plans import Plan, _model, placed
from landopt.solving.programme.arrays import program, standing
from landopt.solving.relaxation.prices import relax
from landopt.solving.site_models import model_of
from landopt.solving.site_search import search_sites
from tests.builders import case, demand, limit, parcel

CAP = 3


@pytest.fixture(autouse=True)
def _near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Columns are found in this process."""
    monkeypatch.setattr(site_prices, "_run", lambda folder, _: site_prices.main(folder))


def _rounds(seed: int) -> tuple[Case, Offers, Case, Offers]:
    """A small round with sites of up to eight parcels, whole and cut short."""
    whole, full = eight(seed, parcels=20, demands=3)
    narrow = replace(whole, settings=replace(whole.settings, site_cap=CAP, nodes=10))
    return whole, full, narrow, build_offers(narrow, keep=2)


def _modelled(narrow: Case, cut: Offers) -> dict[str, Any]:
    assert cut.beyond is not None
    made = model_of(narrow, cut, cut.beyond, 0.0, float("inf"))
    assert made is not None
    return made


@pytest.mark.parametrize("seed", [1])
def test_columns_are_the_offers_of_the_whole_list(seed: int) -> None:
    """A column counts in rows what its offer does, and is worth its score but for what is rounded off."""
    _, full, narrow, cut = _rounds(seed)
    made = _modelled(narrow, cut)
    model = _model(made)
    draw = np.random.default_rng(seed)
    prices = Prices(draw.random(model.count) * 1e5, draw.random(len(model.rhs)) * 10, np.zeros(model.parts))
    found, _ = best_sites(model, prices, whole=True, platforms=np.arange(len(model.lists)))
    known = {(int(full.demand[at]), full.parcels(at), int(full.method[at])): at for at in range(len(full))}
    own = [row.id for row in cut.rows]
    assert len(found)
    for at in range(len(found)):
        site = tuple(each for each in found.members[at].tolist() if each < model.count)
        offer = known[int(found.part[at]), site, int(made["method"][found.way[at]])]
        assert abs(full.score[0, offer] - found.value[at]) <= len(site)
        counts = {full.rows[row].id: amount for row, amount in full.coefficients(offer)}
        assert found.coef[at].tolist() == [counts.get(name, 0) for name in own]


@pytest.mark.parametrize("seed", [1, 2])
def test_bound_of_priced_sites_holds_for_the_whole_list(seed: int) -> None:
    """The sites found carry the relaxation of all; its bound is none below it; the plan to begin with is lawful."""
    whole, full, narrow, cut = _rounds(seed)
    assert cut.beyond is not None
    best = relax(program(whole, full, 0))[0].value
    found, added = search_sites(narrow, cut)
    assert found.scope == "listed"
    assert added == found.stats["added"] > 0
    assert relax(program(narrow, found, 0))[0].value == pytest.approx(best, rel=2e-3)
    assert best <= found.stats["over_all"] + 10
    assert found.start is not None
    begun = standing(program(narrow, found, 0), found.start)
    assert begun.lawful
    assert begun.objective == pytest.approx(found.stats["value"], abs=50)
    assert begun.objective <= best + 1


def test_a_plan_is_held_before_sites_are_priced(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is lawful and told before any price is asked for, and begins the search where pricing finds no better one."""
    _, _, narrow, cut = _rounds(1)
    heard: list[int] = []
    ask = site_prices.ask_columns

    def without_plan(*asked: Any) -> dict[str, Any] | None:
        assert len(heard) == 1
        found = ask(*asked)
        assert found is not None
        return {
            **found,
            "value": 0.0,
            **{f"plan_{name}": found[f"plan_{name}"][:0] for name in ("part", "members", "way")},
        }

    monkeypatch.setattr(site_search, "ask_columns", without_plan)
    found, _ = search_sites(narrow, cut, first=heard.append)
    assert found.start is not None
    held = standing(program(narrow, found, 0), found.start)
    assert held.lawful
    assert held.objective == heard[0] == found.stats["value"] > 0


def test_land_that_costs_nothing_is_placed_too() -> None:
    """A packing at prices of nothing at all takes lawful sites and leaves none that fits."""
    _, _, narrow, cut = _rounds(1)
    model = _model(_modelled(narrow, cut))
    free = Prices(np.zeros(model.count), np.zeros(len(model.rhs)), np.zeros(model.parts))
    plan = placed(Packer.of(model, free), Plan(model, model.listed.at(slice(0, 0))))
    assert len(plan.taken)
    land = plan.taken.members[plan.taken.members < model.count]
    assert len(np.unique(land)) == len(land)
    assert len(np.unique(plan.taken.part)) == len(plan.taken)
    assert (plan.room() >= -1e-6).all()
    left = placed(Packer.of(model, free), plan)
    assert left.value == pytest.approx(plan.value)


def test_the_same_round_gives_the_same_sites() -> None:
    """With a node limit no clock is read: twice the same."""
    _, _, narrow, cut = _rounds(1)
    one, two = search_sites(narrow, cut)[0], search_sites(narrow, cut)[0]
    assert one.start is not None
    assert two.start is not None
    assert one.start.tolist() == two.start.tolist()
    assert one.site_parcels.tolist() == two.site_parcels.tolist()


@pytest.mark.parametrize("sense", ["<=", ">="])
def test_only_limits_from_above_are_priced_so(sense: str) -> None:
    """A minimum, whose rows may have to be met first, is left to the search by blocks."""
    land = [parcel(area_m2=1_000, use="IND") for _ in range(6)]
    ids = [f"P{number:02d}" for number in range(1, 7)]
    wish = demand(area_min_m2=1_000, area_max_m2=4_000, max_parcels=4)
    rule = limit("p.all", "true", sense, 4_000, measure="area_m2")
    made = case(land, [wish], [rule], list(itertools.pairwise(ids)))
    cut = build_offers(replace(made, settings=replace(made.settings, site_cap=4)))
    assert cut.beyond is not None
    assert (model_of(made, cut, cut.beyond, 0.0, 1.0) is None) == (sense == ">=")


def test_a_platform_listed_whole_is_priced_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where its list is long it is no list of columns; what is found for it is on its list already."""
    whole, _ = eight(1, parcels=20, demands=3)
    counts = sorted(np.bincount(build_offers(whole).demand).tolist())
    narrow = replace(whole, settings=replace(whole.settings, site_cap=counts[-1] // 2 - 1, nodes=10))
    cut = build_offers(narrow)
    assert cut.beyond is not None
    assert len(cut.beyond.demands) < 3
    monkeypatch.setattr(site_search, "MANY", 1)
    found, _ = search_sites(narrow, cut)
    assert found.start is not None
    assert standing(program(narrow, found, 0), found.start).lawful
    assert len(found) <= len(build_offers(whole))
