"""Random rounds with the rarer words of law and policy: mixed uses, reserve prices, records, nested exceptions, ..."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from constraints.case import Case, Period, Record
from constraints.types import Rule
from parcels.common.frozen import FactTable
from parcels.common.schema import Value
from tests.builders import random_case
from tests.facts import ALL_METHODS, eligibility, limit, preference, price_floor, relation, term

GRANTS = ("agreement", "bid", "auction", "listing")
_HALF_KNOWN = (
    "336 + cost_floor",
    "max(benchmark_price, invest_per_m2) * year_factor",
    "1.1 * (benchmark_price + invest_per_m2)",
    "min(cost_floor, max(336, benchmark_price))",
    "max(cost_floor - invest_per_m2, 200)",
)
"""Floors of which something is known where a fact is not."""


def spiced_case(seed: int) -> Case:
    """A small random round, with some of the rarer facts and rules added."""
    draw = Random(f"spice {seed}")
    case = random_case(seed)
    land, wants = dict(case.parcels.columns), dict(case.demands.columns)
    count, many = len(case.parcels), len(case.demands)

    def cells(values: Sequence[Value], number: int, chance: float) -> tuple[Value, ...]:
        return tuple(draw.choice(list(values)) if draw.random() < chance else None for _ in range(number))

    land["use_mix"] = cells(["IND:70;COM:30", "RES:50;IND:50", "COM:60;RES:20;IND:20"], count, 0.3)
    if draw.random() < 0.5:
        land["reserve_price"] = cells([33_599, 33_600, 33_601, 20_000, 60_000], count, 0.6)
    if draw.random() < 0.5:
        wants["invest_per_m2"] = cells([30_000, 33_600, 90_000], many, 0.7)
    if draw.random() < 0.5:
        wants["partners"] = cells([("univ",), ("private", "hkmo")], many, 0.6)
    if draw.random() < 0.3:
        wants["priority_industry"] = cells([True, False], many, 0.6)
    year = draw.random() < 0.3
    if year:
        land["converted"] = cells([True, False], count, 0.9)
        land["in_annual_plan"] = cells([True, False], count, 1)
    rules = [*case.rules, *(rule for rule in _law(draw) if draw.random() < 0.35), *_policy(draw, case)]
    periods = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))
    return replace(
        case,
        round=replace(
            case.round,
            purpose="annual_plan" if year else "supply",
            periods=periods if draw.random() < 0.3 else case.round.periods,
        ),
        parcels=FactTable(case.parcels.ids, land),
        demands=FactTable(case.demands.ids, wants),
        rules=tuple(sorted({rule.id: rule for rule in rules}.values(), key=lambda rule: rule.id)),
        records=(*case.records, *_records(draw, case, rules)),
    )


def _law(draw: Random) -> list[Rule]:
    adopted = eligibility("s.e.adopted", "operator == 'private'", agreement="condition", allocation="condition", rank=1)
    return [
        term("s.t.partner", "operator == 'univ'", ["listing", "bid"], max_years=30),
        term("s.t.unknown", "priority_industry", ["auction", "lease"], min_years=10, max_years=20),
        term("s.t.long", "site_parcels >= 2", ["listing"], min_years=25),
        eligibility("s.e.long", "term_years > 40", listing="condition", auction="forbid"),
        eligibility("s.e.window", "site_area_m2 <= area_min_m2", bid="condition", lease="forbid"),
        eligibility("s.e.fields", "appraised_price < benchmark_price", auction="warn", lease="condition"),
        eligibility("s.e.period", "period == '2026-H2'", bid="forbid", lease="condition"),
        eligibility("s.e.conv", "not converted", **dict.fromkeys(ALL_METHODS, "forbid")),
        eligibility("s.e.plan", "not in_annual_plan", **dict.fromkeys(ALL_METHODS, "forbid")),
        eligibility("s.e.zone", "zone == 'nansha' and priority_industry", allocation="permit"),
        eligibility("s.x.size", "site_area_m2 >= 3000", listing="warn", exception_to=("t.e.open", "s.e.long")),
        eligibility("s.x.x", "district == 'B' and not strategic_industry", bid="condition", exception_to=("s.x.size",)),
        eligibility("s.e.policy", "use == 'IND'", agreement="permit", rank=1),
        replace(adopted, spec={**adopted.spec, "adopted": {"below": "t.e.open"}}),
        price_floor("s.p.term", "term_years >= 30", ["listing"], "0.75 * benchmark_price + 12.5"),
        price_floor("s.p.demand", "use == 'IND'", ["bid", "agreement"], "min(invest_per_m2, 1.1 * cost_floor)"),
        price_floor("s.p.open", "priority_industry", ["auction", "lease"], "0.7 * 336"),
        price_floor("s.p.year", "", [draw.choice(GRANTS)], "benchmark_price * year_factor - 3"),
        price_floor("s.p.users", "intending_users >= 2", ["listing"], "cost_floor * 1.37"),
        price_floor("s.p.some", "", [*GRANTS, "lease"], draw.choice(_HALF_KNOWN)),
    ]


def _policy(draw: Random, case: Case) -> list[Rule]:
    ids = list(case.parcels.ids)
    pool = [
        limit("s.l.kind", "method == 'listing'", "<=", {("private",): 4_000, ("univ",): 1}, per=("operator",)),
        limit("s.l.any", "", "<=", {(): 5_000, ("A", "new"): 1_500}, per=("district", "land_source")),
        limit("s.l.share", "land_source == 'new'", "<=", share=(1, 3), of="use == 'IND'", per=("district",), penalty=2),
        limit("s.l.zone", "use != 'COM'", ">=", {(): 2_000}, per=("zone",), penalty=1),
        limit("s.l.term", "term_years >= 20", "<=", 3, measure="count"),
        limit("s.l.price", "competitive", "<=", {(): 2_000_000}, measure="expected_price_yuan", per=("district",)),
        limit("s.l.far", "site_parcels == 1", "<=", 900, measure="far_max"),
        limit("s.l.wide", "", "<=", share=(1, 2), per=("district", "land_source")),
        limit("s.l.period", "", "<=", {("2026-H1",): 4_000, ("",): 9_000}, per=("period",)),
        limit("s.l.invest", "operator != 'existing_user'", "<=", 90_000, measure="invest_per_m2"),
        preference("s.n.others", "other_applicants == 0", points=7, methods=("listing", "lease")),
        preference("s.n.site", "site_area_m2 > area_min_m2", points=3, points_per_ha=5),
        preference("s.n.users", "intending_users <= 1 or operator == 'existing_user'", points=-4),
    ]
    found = [rule for rule in pool if draw.random() < 0.2]
    if len(ids) >= 3 and draw.random() < 0.3:
        found.append(relation("s.r", draw.choice(["conflict", "together", "requires"]), parcels=draw.sample(ids, 3)))
    return found


def _records(draw: Random, case: Case, rules: Sequence[Rule]) -> list[Record]:
    names = [rule.id for rule in rules if rule.kind in ("eligibility", "term", "price_floor")]
    found = []
    for _ in range(draw.choice([0, 0, 2, 4])):
        parcel = draw.choice(["", *case.parcels.ids])
        demand = draw.choice(["", "", *case.demands.ids])
        day = draw.choice(["2026-02-01", case.round.as_of, "2026-04-01"])
        found.append(Record(draw.choice(names), parcel, demand, "Note 7", day, "bureau"))
    return found
