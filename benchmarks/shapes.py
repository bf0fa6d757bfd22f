"""Rounds of many shapes, each the same for the same seed: what the decision is timed on beside ``contested``.

A shape is a name, what it is like, and a function of a seed that gives the case with its lawful offers. Land is laid in
street blocks; facts are drawn, rules the shape's alone. The assignment instances of ``gap`` have offers, no facts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from benchmarks.facts_drawn import USES, Facts, Pairs, land_of, parcel, wants_of
from constraints.case import Case, Market, Objective, Period, Round, Settings
from constraints.loading.load import methods
from constraints.types import Cite, Row, Rule
from parcels.common.catalogue import Bilingual
from parcels.common.frozen import Neighbours, table

if TYPE_CHECKING:
    from landopt.screening.offers import Offers

GAP = Path(__file__).parent / "gap"
YEARS = tuple(Period(f"{year}", f"{year}-01-01", f"{year}-12-31") for year in (2026, 2027, 2028))
WEIGHTS = {"served": "100", "preference": "1", "revenue": "1", "warn": "500", "condition": "50"}


@dataclass(frozen=True)
class Shape:
    """What a shape is called, what it is like, how it is made, and the gap it is timed to."""

    name: str
    like: str
    made: Callable[[int], tuple[Case, Offers]]
    gap: str = "0.001"
    seeded: bool = True


def ban(*names: str) -> Rule:
    """The methods named are not used."""
    return _rule("shape.ban", "eligibility", {"verdict": dict.fromkeys(names, "forbid")})


def limit(name: str, amount: int, *, where: str = "", measure: str = "area_m2", per: Sequence[str] = (),
          sense: str = "<=", share: tuple[int, int] | None = None) -> Rule:  # fmt: skip
    """A limit of an amount for every key, or of a share of all."""
    spec: dict[str, Any] = {
        "measure": measure, "per": list(per), "sense": sense, "share": share, "of": None, "used": [],
        "values": [] if share else [{"key": (), "amount": amount}], "credit": None, "hard": True, "penalty": None,
        "tier": None,
    }  # fmt: skip
    return _rule(f"shape.{name}", "limit", spec, where)


def _rule(name: str, kind: str, spec: Mapping[str, Any], when: str = "") -> Rule:
    cite = Cite("Supply policy of an invented round", "1", "", 0, "V1", "")
    return Rule(
        id=name, kind=kind, title=Bilingual(name, name), cite=cite, start="2026-01-01", until=None, when=when, spec=spec
    )


def round_of(name: str, land: Sequence[Facts], pairs: Pairs, wants: Sequence[Facts], rules: Sequence[Rule],
             periods: Sequence[Period] = (), market: Sequence[str] = ()) -> tuple[Case, Offers]:  # fmt: skip
    """The case of some facts and rules, and its lawful offers."""
    from landopt.screening.uncapped_sites import build_offers
    from landopt.solving.site_models import adds_up
    from landopt.solving.site_search import KEEP

    head = Round(
        name,
        Bilingual(name, name),
        "bureau",
        "0.05",
        "supply",
        "2026-03-31",
        "2026-01-01",
        "2028-12-31",
        tuple(periods),
    )
    case = Case(
        round=head,
        parcels=_table(land, "parcel_id"),
        demands=_table(wants, "demand_id"),
        neighbours=Neighbours(tuple(sorted(pairs)), (100,) * len(pairs)),
        rules=tuple(sorted(rules, key=lambda rule: rule.id)),
        methods=tuple(method for method in methods() if method.id != "contribution"),
        objective=Objective(WEIGHTS, (("served", "preference", "revenue"),)),
        settings=Settings(),
        market=Market(tuple(market), ("listing",)) if market else None,
        crs="EPSG:4526",
    )
    return case, build_offers(case, keep=KEEP if adds_up(case) else None)


def _table(rows: Sequence[Facts], key: str) -> Any:
    return table([str(row[key]) for row in rows], {name: [row[name] for row in rows] for name in sorted(rows[0])})


LISTED = ban("bid", "auction", "lease_then_grant")
ONE = ban("bid", "auction", "lease", "lease_then_grant")


def local(seed: int, parcels: int = 2_000, demands: int = 200, districts: int = 300) -> tuple[Case, Offers]:
    """An area and a count limit in each of many districts, smaller than many sites."""
    draw = Random(f"local {seed}")
    land, pairs = land_of(draw, parcels, (6, 4), (30, 70), (30, 60), districts)
    wants = wants_of(draw, demands, (1_500, 4_000), (4_000, 6_500), 2)
    rules = [
        LISTED,
        limit("area", 3_000, per=("district",)),
        limit("count", 1, where="method == 'listing'", measure="count", per=("district",)),
    ]
    return round_of(f"local-{seed}", land, pairs, wants, rules)


def eight(seed: int, parcels: int = 600, demands: int = 60) -> tuple[Case, Offers]:
    """Sites of up to eight small parcels."""
    draw = Random(f"eight {seed}")
    land, pairs = land_of(draw, parcels, (10, 6), (20, 50), (20, 50), 4)
    wants = wants_of(draw, demands, (6_000, 9_000), (9_500, 14_000), 8, ("COM", "IND", "RES"))
    rules = [
        LISTED,
        limit("new", 40_000, where="land_source == 'new'", per=("district",)),
        limit("listings", 60, where="method == 'listing'", measure="count"),
    ]
    return round_of(f"eight-{seed}", land, pairs, wants, rules)


def wide(seed: int) -> tuple[Case, Offers]:
    """Many parcels, few platforms."""
    draw = Random(f"wide {seed}")
    land, pairs = land_of(draw, 30_000, (6, 4), (30, 70), (30, 60), 20)
    wants = wants_of(draw, 50, (1_500, 4_000), (4_000, 6_500), 2)
    rules = [ONE, limit("new", 4_000, where="land_source == 'new'", per=("district",))]
    return round_of(f"wide-{seed}", land, pairs, wants, rules)


def many(seed: int) -> tuple[Case, Offers]:
    """Many platforms, few parcels."""
    draw = Random(f"many {seed}")
    land, pairs = land_of(draw, 500, (6, 4), (30, 70), (30, 60), 10)
    wants = wants_of(draw, 3_000, (1_000, 4_000), (4_000, 6_500), 2)
    rules = [
        ONE,
        limit("new", 30_000, where="land_source == 'new'", per=("district",)),
        limit("listings", 150, where="method == 'listing'", measure="count"),
        limit("strategic", 300_000, where="strategic_industry", sense=">="),
    ]
    return round_of(f"many-{seed}", land, pairs, wants, rules)


def one(seed: int) -> tuple[Case, Offers]:
    """One district."""
    draw = Random(f"one {seed}")
    land, pairs = land_of(draw, 1_500, (6, 4), (30, 70), (30, 60), 1)
    wants = wants_of(draw, 300, (1_500, 4_000), (4_000, 6_500), 2)
    rules = [ONE, limit("new", 300_000, where="land_source == 'new'"), limit("all", 600_000)]
    return round_of(f"one-{seed}", land, pairs, wants, rules)


def alike(seed: int) -> tuple[Case, Offers]:
    """Parcels all alike, platforms all alike."""
    draw = Random(f"alike {seed}")
    land, pairs = land_of(draw, 240, (6, 4), (50, 50), (50, 50), 4, ("IND",))
    wants = wants_of(draw, 300, (2_000, 2_000), (8_000, 8_000), 3, ("IND",))
    same: Facts = {"platform_kind": "technology", "priority": 30, "strategic_industry": False}
    rules = [
        LISTED,
        limit("area", 333_333),
        limit("leases", 37, where="method == 'lease'", measure="count"),
    ]
    land = [{**row, "appraised_price": 60_000, "land_source": "stock"} for row in land]
    return round_of(f"alike-{seed}", land, pairs, [{**row, **same} for row in wants], rules)


def years(seed: int, parcels: int = 120, demands: int = 30) -> tuple[Case, Offers]:
    """Three years as three periods, limits of each year."""
    draw = Random(f"years {seed}")
    land, pairs = land_of(draw, parcels, (6, 4), (30, 70), (30, 60), 4)
    wants = wants_of(draw, demands, (1_500, 4_000), (4_000, 6_500), 2)
    rules = [
        ONE,
        limit("new", 8_000, where="land_source == 'new'", per=("district", "period")),
        limit("area", 24_000, per=("period",)),
    ]
    return round_of(f"years-{seed}", land, pairs, wants, rules, periods=YEARS)


def tight(seed: int, parcels: int = 800, demands: int = 150) -> tuple[Case, Offers]:
    """Floors and shares that leave little room."""
    draw = Random(f"tight {seed}")
    land, pairs = land_of(draw, parcels, (6, 4), (30, 70), (30, 60), 8)
    wants = wants_of(draw, demands, (1_500, 4_000), (4_000, 6_500), 2)
    rules = [
        LISTED,
        limit("new", 45_000, where="land_source == 'new'", per=("district",)),
        limit("strategic", 0, where="strategic_industry", sense=">=", share=(45, 100)),
        limit("stock", 0, where="land_source == 'stock'", sense=">=", share=(35, 100)),
        limit("leases", 0, where="method == 'lease'", sense="<=", share=(20, 100)),
        limit("residential", 90_000, where="use == 'RES'", sense=">="),
        limit("district", 0, per=("district",), sense="<=", share=(16, 100)),
    ]
    return round_of(f"tight-{seed}", land, pairs, wants, rules, market=("IND",))


def streets(seed: int) -> tuple[Case, Offers]:
    """Blocks and plots as streets leave them: of every size, cut into plots of a front and a depth.

    Proportions as measured of grown towns: block lengths log-normal around 110 m and 70 m (a tenth above 250 m), plots
    16 to 60 m of front in two rows back to back, one row where a block is shallow, corner plots deeper.
    """
    draw = Random(f"streets {seed}")
    land: list[Facts] = []
    pairs: Pairs = []
    block = 0
    while len(land) < 1_500:
        long, short = (min(400.0, max(35.0, draw.lognormvariate(mean, 0.45))) for mean in (4.7, 4.25))
        rows = 1 if short < 55 else 2
        before: list[tuple[float, float, int]] = []
        for _ in range(rows):
            at = 0.0
            here: list[tuple[float, float, int]] = []
            while at < long - 12:
                front = min(draw.uniform(16, 60), long - at)
                number = len(land)
                land.append(
                    parcel(
                        f"P{number:05d}", district=f"D{block // 9:03d}", use=draw.choice(USES),
                        area_m2=max(120, int(front * short / rows)), appraised_price=draw.randint(300, 1_500) * 100,
                        land_source=draw.choice(["new", "new", "stock"]),
                    )
                )  # fmt: skip
                pairs += [(here[-1][2], number)] if here else []
                pairs += [(other, number) for low, high, other in before if low < at + front and high > at]
                here.append((at, at + front, number))
                at += front
            before = here
        block += 1
    wants = wants_of(draw, 150, (1_000, 3_500), (3_600, 6_500), 4)
    rules = [
        ONE,
        limit("new", 12_000, where="land_source == 'new'", per=("district",)),
        limit("listings", 120, where="method == 'listing'", measure="count"),
    ]
    return round_of(f"streets-{seed}", land, pairs, wants, rules)


def contest(seed: int, parcels: int = 1_000, demands: int = 100) -> tuple[Case, Offers]:
    """A contested round of ``benchmarks.contested``."""
    from benchmarks.contested import contested_case
    from landopt.screening.uncapped_sites import build_offers

    case = contested_case(parcels, demands, seed)
    return case, build_offers(case)


def small(seed: int) -> tuple[Case, Offers]:
    """A small contested round: 160 parcels, 56 platforms."""
    return contest(seed, 160, 56)


def assignment(name: str) -> tuple[Case, Offers]:
    """A generalised assignment instance: every job a platform that is served, every agent a district with a limit.

    An offer is worth what its cost is below :data:`SERVED`, so that serving one more always counts more. The gap asked
    for is a thousandth of the cost, not of that.
    """
    import numpy as np

    from landopt.screening.offers import Offers

    agents, jobs, *numbers = (int(text) for text in (GAP / f"{name}.txt").read_text("ascii").split())
    size = agents * jobs
    cost = np.array(numbers[:size]).reshape(agents, jobs)
    used = np.array(numbers[size : 2 * size]).reshape(agents, jobs)
    room = numbers[2 * size : 2 * size + agents]
    wants: list[Facts] = [{"demand_id": f"J{job:04d}"} for job in range(jobs)]
    land: list[Facts] = [{"parcel_id": f"S{job:04d}-{agent:02d}"} for job in range(jobs) for agent in range(agents)]
    rows = tuple(Row(f"room[{at:02d}]", "room", (f"{at:02d}",), "limit", "<=", much) for at, much in enumerate(room))
    none = np.zeros(size, dtype=np.int8)
    offers = Offers(
        site_start=np.arange(size + 1, dtype=np.int64),
        site_parcels=np.arange(size, dtype=np.int32),
        site=np.arange(size, dtype=np.int32),
        demand=np.repeat(np.arange(jobs, dtype=np.int32), agents),
        method=none,
        period=none.astype(np.int16) - 1,
        term=none.astype(np.int16),
        verdict=none,
        floor=none.astype(np.int64) - 1,
        price=none.astype(np.int64),
        score=(SERVED - cost.T.reshape(1, -1)).astype(np.int64),
        row_start=np.arange(size + 1, dtype=np.int64),
        row_index=np.tile(np.arange(agents, dtype=np.int32), jobs),
        row_coef=used.T.reshape(-1).astype(np.int64),
        rows=rows,
        part_start=np.arange(jobs + 1, dtype=np.int64) * agents,
    )
    head = Round(name, Bilingual(name, name), "bureau", "0.05", "supply", "2026-03-31")
    case = Case(
        round=head,
        parcels=_table(land, "parcel_id"),
        demands=_table(wants, "demand_id"),
        neighbours=Neighbours((), ()),
        rules=(),
        methods=methods(),
        objective=Objective(WEIGHTS, (("served",),)),
        settings=Settings(),
        market=None,
        crs="EPSG:4526",
    )
    return case, offers


SERVED = 10_000
"""What serving a job counts, beyond any cost of the instances."""


BEST = {"c10400": 5_597, "d05100": 6_353, "d10400": 24_961, "e10400": 45_746, "d201600": 97_824, "e201600": 180_645}
"""The least costs known, or what they are at least."""


def _gap(name: str) -> Shape:
    worth = int(name[3:]) * SERVED - BEST[name]
    return Shape(
        name, f"Yagiura's {name}", lambda _seed: assignment(name), f"{BEST[name] // 1_000}/{worth}", seeded=False
    )


SHAPES = {
    shape.name: shape
    for shape in (
        Shape("small", "160 x 56, contested", small, "0"),
        Shape("contested", "1,000 x 100, contested", contest),
        Shape("local", "2,000 x 200, area and count limits in 300 districts", local),
        Shape("eight", "600 x 60, sites of up to eight parcels", eight, "0.005"),
        Shape("wide", "30,000 x 50", wide),
        Shape("many", "500 x 3,000", many),
        Shape("one", "1,500 x 300, one district", one),
        Shape("alike", "240 x 300, all alike", alike),
        Shape("years", "120 x 30, three years as periods", years, "0"),
        Shape("tight", "800 x 150, tight floors and shares", tight),
        Shape("streets", "1,500 x 150, blocks and plots of a grown town", streets),
        *map(_gap, BEST),
    )
}
"""Shapes by name."""
