"""Small random programmes: several periods, law that begins and ends inside them, parcels made ready on the way."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from constraints.case import Case, Period
from constraints.loading.load import in_force_through
from constraints.loading.period_law import days_of
from constraints.types import Rule
from parcels.common.frozen import FactTable
from tests.facts import limit, preference
from tests.spiced import spiced_case

YEARS = tuple(Period(str(year), f"{year}-01-01", f"{year}-12-31") for year in (2026, 2027, 2028))
HALVES = (
    Period("2025-H2", "2025-07-01", "2025-12-31"),
    Period("2026-H1", "2026-01-01", "2026-06-30"),
    Period("2026-H2", "2026-07-01", "2026-12-31"),
    Period("2027-H1", "2027-01-01", "2027-06-30"),
)
DAYS = ("2026-04-01", "2026-12-31", "2027-01-01", "2027-06-30", "2027-07-01", "2028-01-01", "2028-12-31")


def programme_case(seed: int) -> Case:
    """A spiced round as a programme: its law dated, its states of parcels open, its limits by period."""
    draw = Random(f"programme {seed}")
    case = spiced_case(seed)
    count = len(case.parcels)
    land = dict(case.parcels.columns)
    for name in ("converted", "expropriated", "net_land"):
        if draw.random() < 0.7:
            land[name] = tuple(draw.choice([True, True, False, None]) for _ in range(count))
    land["readying_yuan_per_m2"] = tuple(draw.choice([None, 0, 12_345, 30_001]) for _ in range(count))
    land["available_from"] = tuple(draw.choice([None, None, "2026-12-31", "2027-01-01"]) for _ in range(count))
    periods = draw.choice([YEARS, YEARS[:2], HALVES])
    rules = [_dated(draw, rule) for rule in case.rules]
    names = [period.id for period in periods]
    rules += [
        limit("s.z.ready", "", "<=", {(names[1],): 3_000, (): 6_000}, measure="unready_area_m2", per=("period",)),
        limit("s.z.cost", "", "<=", {(): 900_000}, measure="readying_yuan", per=("period", "district")),
        limit("s.z.cap", "unready_area_m2 == 0", ">=", {(names[-1],): 1}, measure="count", per=("period",), penalty=3),
    ][: draw.choice([0, 1, 3])]
    weights = {
        **case.objective.weights,
        "preference": draw.choice(["1", "0.7"]),
        "revenue": draw.choice(["1", "0.003"]),
    }
    later = draw.choice(["0", "0.05", "0.1", "0.333"])
    purpose = draw.choice(["annual_plan", "annual_plan", "supply"])
    round_ = replace(case.round, purpose=purpose, periods=periods, end=periods[-1].end)
    tiers = case.objective.tiers
    if seed % 3 == 0:  # carried on from a plan: the first site and period of some platforms
        tiers = (*tiers, ("kept",))
        rules += [_mark(case, number, names[number % len(names)]) for number in range(min(2, count, len(case.demands)))]
    return replace(
        case,
        round=round_,
        parcels=FactTable(case.parcels.ids, land),
        rules=in_force_through(rules, round_.as_of, days_of(round_)),
        objective=replace(case.objective, weights=weights, tiers=tiers, later=later),
    )


def _mark(case: Case, number: int, period: str) -> Rule:
    when = f"parcel_id in ['{case.parcels.ids[number]}'] and site_parcels == 1"
    when += f" and demand_id == '{case.demands.ids[number]}' and period == '{period}'"
    found = preference(f"keep.{number:05d}", when, points=0, methods=("listing", "lease", "agreement"))
    return replace(found, spec={**found.spec, "part": "kept"}, origin="keep")


def _dated(draw: Random, rule: Rule) -> Rule:
    """Some rules of law begin or end on a day inside the programme."""
    if rule.kind not in ("eligibility", "term", "price_floor", "note") or draw.random() < 0.4:
        return rule
    day = draw.choice(DAYS)
    return replace(rule, start=day) if draw.random() < 0.5 else replace(rule, until=day)
