"""A round with other numbers: the same offers without screening again, and a search that goes on from the last one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from benchmarks.contested import contested_case
from constraints.case import Case
from landopt.intake.overlay import apply_sets
from landopt.screening.changed_amounts import again, alike
from landopt.screening.offers import Offers
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.programme.arrays import program, standing
from landopt.solving.search.tier_search import search
from landopt.solving.search_state import Options
from landopt.solving.solver import proof_bound
from landopt.solving.tuning import Tuning

GAP = Options(Fraction("0.002"), None, 200, 0, 1, "highs", Tuning(small=0))


@pytest.fixture(scope="module")
def round_() -> tuple[Case, Offers]:
    """A contested round of 300 parcels and its offers."""
    case = contested_case(300, 40, 3)
    return case, build_offers(case)


def _same(one: Offers, other: Offers) -> bool:
    names = (
        "score",
        "row_start",
        "row_index",
        "row_coef",
        "total",
        "spread",
        "floor",
        "price",
        "verdict",
        "part_start",
    )
    return alike(one, other) and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in names)


@pytest.mark.parametrize(
    "change",
    [
        "round.cap.listings:amount=7",
        "round.cap.leases:amount=0",
        "round.floor.strategic:amount=1000",
        "round.quota.new-land[{key}]:amount=20000",
    ],
)
def test_changed_amounts_need_no_screening(round_: tuple[Case, Offers], change: str) -> None:
    """Offers and rows are those of a new screening, right-hand sides included."""
    case, offers = round_
    key = next(row.key[0] for row in offers.rows if row.rule == "round.quota.new-land")
    changed = apply_sets(case, [change.format(key=key)])
    found = again(case, offers, changed)
    assert found is not None
    fresh = build_offers(changed)
    assert _same(found, fresh)
    assert found.rows == fresh.rows
    assert found.rows != offers.rows


def test_amounts_of_a_soft_limit_are_taken_over(round_: tuple[Case, Offers]) -> None:
    """A soft limit is soft at every distance: its amount is all that changes."""
    case, _ = round_
    spec = {"hard": False, "penalty": 3, "tier": None}
    rules = tuple(
        replace(rule, spec={**rule.spec, **spec}) if rule.id == "round.cap.listings" else rule for rule in case.rules
    )
    soft = replace(case, rules=rules)
    changed = apply_sets(soft, ["round.cap.listings:amount=9"])
    found = again(soft, build_offers(soft), changed)
    assert found is not None
    assert found.rows == build_offers(changed).rows


def test_a_share_is_screened_again(round_: tuple[Case, Offers]) -> None:
    """What changes coefficients is not taken over; the offers are the same: a search may start from the last one."""
    case, offers = round_
    changed = apply_sets(case, ["round.share.competitive:share=0.2"])
    assert again(case, offers, changed) is None
    assert alike(offers, build_offers(changed))


def test_other_facts_are_screened_again(round_: tuple[Case, Offers]) -> None:
    """A case with a table of its own is another round, equal or not."""
    case, offers = round_
    assert again(case, offers, replace(case, demands=replace(case.demands))) is None


@pytest.mark.parametrize("row", ["round.cap.listings", "round.floor.strategic", "round.share.competitive"])
def test_search_from_where_the_last_one_ended_is_as_good(round_: tuple[Case, Offers], row: str) -> None:
    """With one number changed a warm search ends lawful, within the gap and proved over all offers, as a cold one."""
    case, offers = round_
    prog = program(case, offers, 0)
    first = search(prog, GAP, lambda *_: None)
    assert first.warm is not None
    at = next(number for number, each in enumerate(offers.rows) if each.id == row)
    rhs = prog.rhs.copy()
    rhs[at] = rhs[at] * 9 // 10
    other = replace(prog, rhs=rhs)
    cold = search(other, GAP, lambda *_: None)
    warm = search(other, GAP, lambda *_: None, first.chosen, None, first.warm)
    assert cold.chosen is not None
    assert warm.chosen is not None
    assert standing(other, warm.chosen).lawful
    assert warm.tree_json is not None
    assert proof_bound(other, warm.tree_json, warm.scale) == warm.bound >= cold.objective
    assert cold.bound >= warm.objective
