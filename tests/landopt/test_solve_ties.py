"""Ties: unique or tied as enumeration says, and the plan the ladder and the public lot pick."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from constraints.case import Case
from landopt.screening.offers import Offers
from landopt.solving.programme.arrays import base_arrays, from_arrays, standing
from landopt.solving.search.tier_search import search
from landopt.solving.search.ties import examine, ladder, lot, offer_id
from landopt.solving.search_state import Options
from parcels.common.frozen import table
from parcels.common.issues import Refused
from parcels.common.schema import fields
from tests.landopt.solve_rounds import bare_round

EXACT = Options(Fraction(0), None, None, 0, 1, "highs")


def _best_plans(offers: Offers, case: Case) -> list[tuple[int, ...]]:
    """All plans of the best value, by enumeration part by part."""
    prog = from_arrays(base_arrays(case, offers), 0)
    plans: list[tuple[int, ...]] = [()]
    for part in range(len(offers.part_start) - 1):
        here = range(int(offers.part_start[part]), int(offers.part_start[part + 1]))
        grown = [(*plan, o) for plan in plans for o in here if _free(offers, plan, o)]
        plans += grown
    worth: dict[tuple[int, ...], int] = {}
    for plan in plans:
        state = standing(prog, np.array(plan, dtype=np.int64))
        if state.lawful:
            worth[plan] = state.objective
    top = max(worth.values(), default=0)
    return [plan for plan, value in worth.items() if value == top]


def _free(offers: Offers, plan: tuple[int, ...], offer: int) -> bool:
    land = set(offers.parcels(offer))
    return all(land.isdisjoint(offers.parcels(other)) for other in plan)


def _apart(offers: Offers, mine: tuple[int, ...], other: tuple[int, ...]) -> int:
    """The parcels whose offer is another one in another plan."""
    ours, theirs = ({p: o for o in plan for p in offers.parcels(o)} for plan in (mine, other))
    return sum(ours.get(parcel) != theirs.get(parcel) for parcel in ours.keys() | theirs.keys())


def _expected(case: Case, offers: Offers, plans: list[tuple[int, ...]]) -> tuple[int, ...]:
    area = [int(str(a)) for a in case.parcels.column("area_m2")]
    if "-area_m2" in case.objective.ties:
        sums = [sum(area[p] for o in plan for p in offers.parcels(o)) for plan in plans]
        plans = [plan for plan, total in zip(plans, sums, strict=True) if total == max(sums)]
    if "demand_id" in case.objective.ties:
        served = [[d in {int(offers.demand[o]) for o in plan} for d in range(len(case.demands))] for plan in plans]
        plans = [plan for plan, key in zip(plans, served, strict=True) if key == max(served)]
    hashes = {}
    for o in range(len(offers)):
        names = [case.parcels.ids[p] for p in offers.parcels(o)]
        demand = int(offers.demand[o])
        text = offer_id(
            names, case.demands.ids[demand] if demand >= 0 else "", case.methods[int(offers.method[o])].id, ""
        )
        hashes[o] = lot(case.round.id, text)
    drawn = sorted(range(len(offers)), key=hashes.__getitem__)
    return max(plans, key=lambda plan: [o in plan for o in drawn])


@pytest.mark.parametrize("seed", range(24))
def test_ladder_and_lot_pick_the_plan_of_enumeration(seed: int) -> None:
    """Unique is said exactly where one plan is best; else the ladder and the lot pick one plan, always the same."""
    ties = ((), ("-area_m2",), ("-area_m2", "demand_id"))[seed % 3]
    case, offers = bare_round(seed, parcels=5, demands=3, hard=False, ties=ties)
    base = base_arrays(case, offers)
    answer = search(from_arrays(base, 0), EXACT, lambda *_: None)
    assert answer.chosen is not None
    plans = _best_plans(offers, case)
    chosen, found = examine(base, [answer.objective], answer.chosen, ladder(case, offers), EXACT)
    assert found["status"] == ("unique" if len(plans) == 1 else "tied")
    assert tuple(chosen.tolist()) == _expected(case, offers, plans)
    if found["status"] == "tied":
        assert found["parcels"] == max(_apart(offers, tuple(chosen.tolist()), plan) for plan in plans)


def test_ladder_refuses_a_field_it_cannot_count() -> None:
    """A step of the ladder must be an id or an integer field."""
    case, offers = bare_round(1, ties=("-district",))
    with pytest.raises(Refused, match="district"):
        ladder(case, offers)


@pytest.mark.parametrize("name", ["district", "no_such_field", "notice_days", "site_area_m2", "holds"])
def test_ladder_refuses_what_no_row_could_have(name: str) -> None:
    """Neither a field that is no number, nor one of no table, nor one of the case or of offers."""
    case, offers = bare_round(1, ties=(f"-{name}",))
    with pytest.raises(Refused, match=name):
        ladder(case, offers)


def test_a_declared_field_that_no_row_was_given_decides_nothing() -> None:
    """Every whole number of the schema may be named: what no row has leaves the choice to the next step."""
    declared = {name: field.of for name, field in fields().items() if field.type == "int"}
    able = [name for name, of in declared.items() if of in ("parcel", "demand")]
    assert {"area_m2", "priority"} < set(able)
    given, offers = bare_round(1, ties=tuple(able))
    empty = replace(given, demands=table([], {}), parcels=table(given.parcels.ids, {}))
    for name, step in zip(able, ladder(empty, offers)["steps"], strict=True):
        rows = empty.parcels if declared[name] == "parcel" else empty.demands
        assert step == {"name": name, declared[name]: [0] * len(rows), "sign": -1}
