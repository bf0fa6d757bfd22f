"""``rules ask`` and a round give the same answer for the same facts: 1,000 random cases through both."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from constraints.case import Settings
from constraints.loading.load import in_force, load_pack, pack_names
from constraints.reading.asking.ask import ask
from constraints.reading.asking.assumed import PRICES, complete
from constraints.reading.asking.told_facts import shown
from landopt.screening.uncapped_sites import build_offers
from parcels.common.schema import Value, fields
from tests.facts import case

PACKS = pack_names()
DATES = ("1996-06-01", "2002-07-01", "2005-03-01", "2007-11-01", "2010-06-26", "2015-01-01", "2019-03-30", "2021-09-01",
         "2022-12-22", "2024-05-13", "2026-11-22")  # fmt: skip
A_CASE = 50
"""Pairs of a parcel and a platform in a round; each has a district of its own."""
PRICED = {"grade": 3, "benchmark_price": 100_000, "cost_floor": 50_000, "office_price": 900_000}
LEFT_OUT = frozenset(
    ("parcel_id", "district", "use_mix", "new_area_m2", "appraised_price", "appraised_on", "intending_users", "status",
     "publication_closed", "failed_times", "available_from", "parcel_name", "ind_block", "ind_block_level",
     "ind_block_area_m2", "ind_block_ind_m2", "ind_block_m0_m2", "reserve_price", *PRICED)
)  # fmt: skip
"""Facts that are not drawn: ids, what the round derives, and prices, which are told to both."""


def drawn(draw: Random) -> dict[str, Value]:
    """Facts of parcel, platform and supply around the law's own words; a fact may be told to be unknown."""
    told: dict[str, Value] = {
        "use": draw.choice([use for use in fields()["use"].values if use != "WHITE" or draw.random() < 0.1]),
        "operator": draw.choice(fields()["operator"].values),
        "intending_users": draw.choice([0, 1, 1, 1, 2, 3]),
        "area_m2": draw.choice([10_000, 200_000, 200_001]),
        "nonprofit": draw.choice([True, False, None]),
        "public_welfare": draw.choice([True, False, None]),
        "building_suffices": draw.choice([True, False, None]),
        "diploma_education": draw.choice([True, False, None]),
        "present_use": draw.choice([None, "IND", "COM", "RES"]),
    }
    for name, field in fields().items():
        if name in LEFT_OUT or name in told or field.of not in ("parcel", "case") or draw.random() > 0.12:
            continue
        if field.type == "bool":
            told[name] = draw.random() < 0.5
        elif field.type == "code":
            told[name] = draw.choice(field.values)
        elif field.type == "codes":
            told[name] = tuple(sorted(draw.sample(field.values, draw.randint(0, 1))))
        elif field.type == "int":
            told[name] = draw.choice([0, 1, 9, 10, 12, 20, 1000, 1500, 1501, 3001, 5001])
    for name in ("rent_only", "for_sale", "priority_industry", "intensive"):
        told[name] = draw.random() < 0.3
    return {**told, **PRICED}


def rows(told: dict[str, Value], number: int, as_of: str) -> tuple[dict[str, Value], dict[str, Value]]:
    """The same facts as a parcel and a platform of a round."""
    facts, _ = complete({**told, "publication_closed": as_of}, as_of)
    land: dict[str, Value] = {"parcel_id": f"P{number:03d}", "district": f"D{number}", "publication_closed": as_of}
    want: dict[str, Value] = {"demand_id": f"W{number:03d}", "platform_kind": "other", "priority": 50}
    for name, value in facts.items():
        of = fields()[name].of
        if of in ("parcel", "case") and name not in land:
            land[name] = value
        elif of == "demand":
            want[name] = value
    want |= {"uses": (str(facts["use"]),), "districts": (f"D{number}",), "max_parcels": 1}
    want |= {"area_min_m2": 1, "area_max_m2": 10**9}
    return land, want


@pytest.mark.parametrize("seed", range(20))
def test_ask_and_a_round_answer_alike(seed: int) -> None:
    """Every method of fifty random cases: permitted, conditional, expected to fail or barred in both."""
    draw = Random(f"ask {seed}")
    as_of = draw.choice(DATES)
    told = [drawn(draw) for _ in range(A_CASE)]
    land, wants = zip(*(rows(each, number, as_of) for number, each in enumerate(told, 1)), strict=True)
    rules = in_force([rule for name in PACKS for rule in load_pack(name)], as_of)
    settings = Settings(verdicts=("permit", "warn", "condition"))
    made = case(land, wants, rules, as_of=as_of, start=None, end=None, settings=settings)
    open_ = tuple(method for method in made.methods if method.id != "contribution")
    round_ = replace(made, packs=PACKS, methods=open_)
    offers = build_offers(round_)
    found = {
        (int(offers.demand[at]), round_.methods[int(offers.method[at])].id): int(offers.verdict[at])
        for at in range(len(offers))
    }
    order = {"permit": 0, "warn": 1, "condition": 2, "undetermined": 2}
    for number, each in enumerate(told):
        words = {name: _text(name, value) for name, value in each.items()}
        answer = ask({**words, "publication_closed": "true"}, as_of, PACKS)
        for method in round_.methods:
            said = answer[method.id]["verdict"]
            assert found.get((number, method.id)) == order.get(said), (as_of, method.id, said, words)


def _text(name: str, value: Value) -> str:
    """A stored value as a question tells it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return ";".join(value) or "none"
    return str(shown(fields()[name], value))


def test_the_prices_are_told_to_both() -> None:
    """What a question would take as lawful where untold is told here, but for the appraisal and the reserve."""
    assert set(PRICES) - set(PRICED) == {"appraised_price", "reserve_price", "area_m2"}
