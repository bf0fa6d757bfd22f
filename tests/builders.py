"""What tests build with: facts and rules (``tests.facts``), random rounds, brute force (``tests.brute``)."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from random import Random

from constraints.case import Case, Market, Period, Record, Settings
from constraints.types import Rule
from parcels.common.schema import Value
from tests.brute import brute_force, brute_force_offers
from tests.facts import (
    ALL_METHODS,
    AS_OF,
    COMPETITIVE,
    WEIGHTS,
    case,
    cite,
    demand,
    eligibility,
    limit,
    lock,
    methods,
    parcel,
    preference,
    price_floor,
    relation,
    rule,
    term,
)

__all__ = [
    "ALL_METHODS",
    "AS_OF",
    "COMPETITIVE",
    "WEIGHTS",
    "brute_force",
    "brute_force_offers",
    "case",
    "cite",
    "demand",
    "eligibility",
    "limit",
    "lock",
    "methods",
    "parcel",
    "preference",
    "price_floor",
    "random_case",
    "random_medium_case",
    "relation",
    "rule",
    "term",
]


def random_case(seed: int, parcels: int = 5, demands: int = 3) -> Case:
    """A small round whose areas, windows and limits are drawn around one another (exact, one more, one less).

    Holds random adjacency, sites of several parcels, unknown facts, every kind of rule, soft and hard limits of both
    senses, shares, credits, relations, locks, market offers, periods, two tiers. It may well be infeasible.
    """
    draw = Random(seed)
    land = [_random_parcel(draw, number) for number in range(1, parcels + 1)]
    ids = [str(row["parcel_id"]) for row in land]
    wants = [_random_demand(draw, number, land) for number in range(1, demands + 1)]
    if seed % 5 < 3:
        _open(Random(f"open {seed}"), land, wants)
    pairs = [pair for pair in itertools.combinations(ids, 2) if draw.random() < 0.5]
    rules = [*_law(draw), *_policy(draw, land, [str(row["demand_id"]) for row in wants])]
    periods = (Period("2026-H1", "2026-01-01", "2026-06-30"), Period("2026-H2", "2026-07-01", "2026-12-31"))
    return case(
        land,
        wants,
        rules,
        pairs,
        periods=periods if draw.random() < 0.15 else (),
        weights={"served": draw.choice(["100", "1", "0.5"]), "revenue": draw.choice(["0", "1", "2.5"])},
        tiers=draw.choice(
            [[["served", "preference", "revenue"]], [["served"], ["preference", "revenue"]]]
            if draw.random() < 0.5
            else [[["served", "preference", "revenue"]]]
        ),
        ties=("-area_m2", "demand_id") if draw.random() < 0.3 else (),
        market=Market(("IND", "COM"), ("listing", "auction")) if draw.random() < 0.4 else None,
        settings=Settings(
            gap="0", verdicts=("permit", "condition", "warn") if draw.random() < 0.2 else ("permit", "condition")
        ),
        records=(Record("t.e.rd", "", "", "Note 12", "2026-02-01", "bureau"),) if draw.random() < 0.3 else (),
        distances={"metro": tuple(draw.choice([499, 500, 501]) for _ in land)},
        round_id=f"random-{seed}",
    )


def random_medium_case(seed: int, n: int | None = None) -> Case:
    """A round of ``n`` parcels (default: 30 to 80) in street blocks, half as many demands; the empty plan is lawful."""
    draw = Random(seed)
    count = draw.randint(30, 80) if n is None else n
    land = [_random_parcel(draw, number) for number in range(1, count + 1)]
    for row in land:
        row["status"] = "candidate"
    ids = [str(row["parcel_id"]) for row in land]
    width = draw.randint(4, 7)
    pairs = [
        (ids[i], ids[j])
        for i in range(count)
        for j in (i + 1, i + width, i + width + 1)
        if j < count and i // (width * 3) == j // (width * 3) and (j != i + 1 or j % width) and draw.random() < 0.85
    ]
    wants = [_random_demand(draw, number, land[:9]) for number in range(1, count // 2 + 1)]
    rules = [*_law(draw), *_policy(draw, land, [str(row["demand_id"]) for row in wants], hard_floor=False)]
    return case(
        land,
        wants,
        rules,
        pairs,
        market=Market(("IND",), ("listing",)) if draw.random() < 0.3 else None,
        settings=Settings(gap="0"),
        distances={"metro": tuple(draw.choice([499, 500, 501]) for _ in land)},
        round_id=f"medium-{seed}",
    )


def _maybe(draw: Random, value: Value, chance: float = 0.85) -> Value:
    return value if draw.random() < chance else None


def _random_parcel(draw: Random, number: int) -> dict[str, Value]:
    return parcel(
        parcel_id=f"P{number:02d}",
        use=draw.choice(["IND", "IND", "IND", "RES", "RES", "COM"]),
        district=draw.choice(["A", "B"]),
        land_source=draw.choice(["new", "stock"]),
        new_area_m2=draw.choice([None, None, None, 499, 500, 501]),
        area_m2=draw.choice([1_000, 1_500, 2_000, 3_000]) + draw.choice([-1, 0, 0, 1]),
        zone=_maybe(draw, draw.choice([("nansha",), ("nansha", "nansha_ftz"), ("knowledge_city",)])),
        benchmark_price=_maybe(draw, draw.choice([33_599, 33_600, 60_001])),
        appraised_price=draw.choice([None, 33_600, 70_050]),
        cost_floor=_maybe(draw, draw.choice([20_000, 40_000])),
        net_land=draw.random() < 0.9,
        intending_users=draw.choice([None, 0, 1, 1, 2]),
        publication_closed=draw.choice([None, "2026-03-30", AS_OF, "2026-04-01"]),
        status=draw.choice(["candidate"] * 8 + ["failed", "reserve", "contracted"]),
        available_from=draw.choice([None, None, "2026-05-01", "2026-12-31", "2027-01-01"]),
    )


def _random_demand(draw: Random, number: int, land: Sequence[Mapping[str, Value]]) -> dict[str, Value]:
    several = draw.choice([1, 1, 2, 3])
    some = draw.sample(list(land), min(len(land), several))
    total = sum(int(str(row["area_m2"])) for row in some)
    small = draw.choice([1, total - 1, total, total + 1, total // 2])
    wanted_right: Value = draw.choice([None, None, None, ("grant",), ("alloc", "grant"), ("lease", "lease_then_grant")])
    return demand(
        demand_id=f"D{number:02d}",
        operator=draw.choice(["private", "pubinst", "npo_rd", "hkmo"]),
        partners=draw.choice([None, None, None, ("univ",), ("private",)]),
        public_welfare=draw.choice([True, False, None]),
        uses=draw.choice([("IND",), ("RES",), ("IND", "RES"), ("COM", "IND")]),
        area_min_m2=max(1, small),
        area_max_m2=max(1, small, total + draw.choice([-1, 0, 1])),
        max_parcels=several,
        districts=draw.choice([None, None, ("A",), ("A", "B")]),
        zones=draw.choice([None, None, None, ("nansha",)]),
        priority=draw.choice([1, 50, 51, 100]),
        budget_yuan=draw.choice([None, None, None, total * 336, total * 336 - 1, total * 700]),
        want_right=wanted_right,
        want_term=draw.choice([None, None, 19, 20, 21, 50]),
        lease_years=draw.choice([None, None, 4, 5, 6]),
        needed_by=draw.choice([None, None, "2026-05-15", "2026-12-01"]),
        strategic_industry=draw.choice([True, False, None]),
        near=draw.choice([None, None, None, "metro:500"]),
        applied_for=draw.choice([None, None, (str(some[0]["parcel_id"]),)]),
        holds=draw.choice([None, None, None, None, (str(some[-1]["parcel_id"]),)]),
    )


def _open(draw: Random, land: Sequence[dict[str, Value]], wants: Sequence[dict[str, Value]]) -> None:
    """Take most wishes back and widen the windows, so that many sites and methods are lawful."""
    for row in land:
        if draw.random() < 0.8:
            row.update(net_land=True, available_from=None)
    for row in wants:
        for name in ("zones", "want_right", "budget_yuan", "want_term", "near", "districts"):
            if draw.random() < 0.75:
                row[name] = None
        if draw.random() < 0.7:
            row["uses"] = draw.choice([("IND", "RES"), ("COM", "IND", "RES")])
        if draw.random() < 0.7:
            row["area_min_m2"] = max(1, int(str(row["area_max_m2"])) // draw.choice([2, 3]))
            row["max_parcels"] = draw.choice([1, 2, 3])


def _law(draw: Random) -> list[Rule]:
    grants = ("agreement", "bid", "auction", "listing")
    base = [
        eligibility("t.e.net", "not net_land", **dict.fromkeys(ALL_METHODS, "forbid")),
        eligibility(
            "t.e.alloc", "use == 'RES' and operator in ['pubinst', 'univ'] and public_welfare", allocation="permit"
        ),
        eligibility("t.e.agree", "use == 'RES' and intending_users <= 1", agreement="permit"),
        eligibility("t.e.open", "use in ['IND', 'COM'] or intending_users >= 2", agreement="forbid", rank=5),
        eligibility("t.e.bid", "intending_users < 3", bid="warn", auction="warn"),
        eligibility("t.e.lease", "use != 'IND'", lease="condition", lease_then_grant="forbid"),
        term("t.t.use", "use == 'COM'", [*grants, "lease"], max_years=40),
        term("t.t.other", "use != 'COM'", grants, max_years=50),
        term("t.t.lease", "use == 'IND'", ["lease"], min_years=5, max_years=20),
        term("t.t.ltg", "", ["lease_then_grant"], max_years=50),
        term("t.t.any", "use != 'IND'", ["lease"], max_years=50),
        price_floor("t.p.ind", "use == 'IND'", [*grants, "lease_then_grant"], "max(336 * year_factor, cost_floor)"),
    ]
    extra = [
        eligibility("t.e.rd", "operator == 'npo_rd' and use == 'RES'", allocation="condition", listing="condition"),
        eligibility("t.e.holder", "operator == 'existing_user'", agreement="permit", exception_to=("t.e.open",)),
        eligibility("t.e.others", "other_applicants >= 1", agreement="condition"),
        eligibility("t.e.size", "site_area_m2 > 4000 and site_parcels >= 2", auction="forbid", allocation="forbid"),
        eligibility("t.e.zone", "'knowledge_city' in zone and strategic_industry", listing="condition"),
        eligibility("t.e.mixed", "land_source == 'new' and not (district == 'A' or use == 'RES')", lease="forbid"),
        term("t.t.short", "strategic_industry", ["listing"], min_years=20, max_years=30),
        price_floor("t.p.agree", "use == 'RES'", ["agreement"], "max(0.7 * benchmark_price, cost_floor)"),
        preference("t.n.new", "land_source == 'new'", points_per_ha=draw.choice([7, 10, -3])),
        preference("t.n.usual", "use == 'IND'", points=draw.choice([5, -5]), methods=("listing", "lease_then_grant")),
        preference("t.n.private", "operator == 'private' and district == 'B'", points=draw.choice([1, 20])),
    ]
    return base + [entry for entry in extra if draw.random() < 0.5]


def _policy(
    draw: Random, land: Sequence[Mapping[str, Value]], wants: Sequence[str], hard_floor: bool = True
) -> list[Rule]:
    areas = [int(str(row["area_m2"])) for row in land]
    ids = [str(row["parcel_id"]) for row in land]

    def near(part: float) -> int:
        picked = draw.sample(areas, max(1, round(len(areas) * part)))
        return max(1, sum(picked) + draw.choice([-1, 0, 1]))

    def soft() -> int | None:
        return draw.choice([None, 1, 3])

    floor_penalty = soft() if hard_floor else draw.choice([1, 2, 5])
    pool = [
        limit(
            "p.new",
            "land_source == 'new'",
            "<=",
            {("A",): near(0.3), ("B",): near(0.4)},
            measure="new_area_m2",
            per=("district",),
        ),
        limit(
            "p.credit",
            "land_source == 'new'",
            "<=",
            near(0.3),
            credit=("land_source == 'stock'", 1, draw.choice([2, 3])),
        ),
        limit("p.cap", "method == 'listing'", "<=", max(1, len(land) // draw.choice([2, 3])), measure="count"),
        limit(
            "p.district", "", "<=", share=(draw.choice([3, 1]), draw.choice([4, 5])), per=("district",), penalty=soft()
        ),
        limit("p.area", "use == 'IND'", "<=", near(0.6), used={(): draw.choice([0, 1, 500])}),
        limit("p.open", "competitive", ">=", share=(2, 5), penalty=floor_penalty),
        limit("p.strategic", "strategic_industry", ">=", near(0.2), penalty=floor_penalty),
        limit(
            "p.money",
            "method != 'allocation'",
            ">=",
            draw.choice([400_000, 672_000]),
            measure="expected_price_yuan",
            penalty=1,
        ),
        limit(
            "p.method",
            "method in ['allocation', 'agreement']",
            "<=",
            {("allocation",): near(0.4), ("agreement",): near(0.2)},
            per=("method",),
        ),
    ]
    found = [entry for entry in pool if draw.random() < 0.3]
    if len(ids) >= 2 and draw.random() < 0.3:
        kind = draw.choice(["conflict", "together", "requires"])
        found.append(relation("p.rel", kind, parcels=draw.sample(ids, 2)))
    if len(wants) >= 2 and draw.random() < 0.2:
        kind = draw.choice(["conflict", "together", "requires"])
        found.append(relation("p.reld", kind, demands=draw.sample(list(wants), 2)))
    if hard_floor and draw.random() < 0.15:
        found.append(
            lock("p.lock", [draw.choice(ids)], draw.choice(["listing", "agreement"]), draw.choice([None, wants[0]]))
        )
    return found
