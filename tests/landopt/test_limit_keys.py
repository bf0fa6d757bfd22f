"""Limits keyed by any field and measuring any number: both readings give the same rows, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from constraints.case import Case
from constraints.types import Rule
from landopt.reasons.explain.changed.feasible import search
from landopt.screening.uncapped_sites import build_offers
from landopt.solving.solver import solve
from parcels.common.schema import fields, fields_of
from tests.builders import case, demand, eligibility, limit, parcel
from tests.facts import ALL_METHODS
from tests.spiced import spiced_case
from tests.test_two_readings import agree

EVERY = tuple(fields())
NUMBERS = ("count", "expected_price_yuan", *(name for name, each in fields().items() if each.type == "int"))
OWN = sorted(fields_of("parcel"))


def any_limit(draw: Random, number: int) -> Rule:
    """A limit whose key, measure, amount and form are drawn from everything there is."""
    per = tuple(draw.sample(EVERY, draw.choice([1, 1, 2])))
    measure = draw.choice([*NUMBERS, "count", "area_m2"])
    where = draw.choice(["", "use == 'IND'", "use == 'EDU'", "site_parcels >= 2", "intending_users >= 1"])
    penalty = draw.choice([None, None, 1, "0.001"])
    sense = draw.choice(["<=", ">="])
    form = draw.choice(["amount", "amount", "share", "all", "credit", "used"])
    if form == "share":
        of = draw.choice(["use == 'IND'", "land_source == 'new'"])
        return limit(f"z.{number}", where, sense, measure=measure, per=per, share=(draw.randint(1, 3), 4), of=of)
    if form == "all":
        own = [name for name in per if name in OWN and name != "intending_users"]
        return limit(f"z.{number}", where, sense, measure=measure, per=own, share=(1, 3), penalty=penalty)
    amount: dict[tuple[str, ...], int] = {(): draw.choice([0, 1, 3_000])}
    credit = ("land_source == 'stock'", 1, draw.choice([2, 3])) if form == "credit" else None
    used = {("A",) * len(per): draw.choice([1, 5_000])} if form == "used" else None
    return limit(
        f"z.{number}", where, sense, amount, measure=measure, per=per, credit=credit, used=used, penalty=penalty
    )


def with_limits(made: Case, rules: list[Rule]) -> Case:
    """A case with more rules."""
    return replace(made, rules=tuple(sorted((*made.rules, *rules), key=lambda rule: rule.id)))


@pytest.mark.parametrize("block", range(4))
def test_both_readings_agree_on_limits_keyed_by_any_field(block: int) -> None:
    """Six limits drawn from all fields in each of some random rounds: the same coefficients, rows and amounts."""
    for seed in range(12 * block, 12 * block + 12):
        draw = Random(f"keys {seed}")
        agree(with_limits(spiced_case(seed), [any_limit(draw, number) for number in range(6)]))


@pytest.mark.parametrize("name", EVERY)
def test_a_minimum_that_nothing_can_meet_stands_whatever_its_key(name: str) -> None:
    """Per any one field: there is a row of the rule, and it fails."""
    land, wants = [parcel(use="IND", area_m2=2_000)], [demand(uses=("IND",), area_min_m2=1_000, area_max_m2=3_000)]
    unmet = limit("p.least", "use == 'EDU'", ">=", {(): 500}, per=(name,))
    made = case(land, wants, [unmet])
    offers = build_offers(made)
    rows = [row for row, each in enumerate(offers.rows) if each.rule == "p.least"]
    assert rows
    assert search(made, offers, rows).answer == "no"
    assert agree(made) > 0


@pytest.mark.parametrize("per", [(), ("district",), ("operator",), ("method",), ("operator", "district")])
def test_a_minimum_stands_where_there_is_no_offer_at_all(per: tuple[str, ...]) -> None:
    """A row without offers is a row that fails."""
    shut = eligibility("t.shut", "", **dict.fromkeys(ALL_METHODS, "forbid"), rank=5)
    made = case([parcel()], [demand()], [shut, limit("p.least", "", ">=", {(): 500}, per=per)])
    offers = build_offers(made)
    assert len(offers) == 0
    assert [row.rule for row in offers.rows] == ["p.least"]
    assert agree(made) == 0
    assert solve(made, offers, gap="0", time_limit_s=30).stopped == "infeasible"
