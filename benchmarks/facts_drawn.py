"""Facts of invented parcels and platforms: land in street blocks, what is wanted, drawn the same for the same seed."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from random import Random

from parcels.common.schema import Value

Facts = dict[str, Value]
Pairs = list[tuple[int, int]]
USES = ("IND", "IND", "RES", "COM")


def land_of(draw: Random, count: int, block: tuple[int, int], wide: tuple[int, int], deep: tuple[int, int],
            districts: int, uses: Sequence[str] = USES) -> tuple[list[Facts], Pairs]:  # fmt: skip
    """Parcels in blocks of so many by so many, metres wide and deep, and who touches whom; districts in their order."""
    columns, lines = block
    size = columns * lines
    rows: list[Facts] = []
    pairs: Pairs = []
    for number in range(count):
        place = number % size
        district = number // size * districts // ceil(count / size) if count // size >= districts else -1
        rows.append(
            parcel(
                f"P{number:05d}",
                district=f"D{district if district >= 0 else number * districts // count:03d}",
                use=draw.choice(uses),
                area_m2=draw.randint(*wide) * draw.randint(*deep),
                appraised_price=draw.randint(300, 1_500) * 100,
                land_source=draw.choice(["new", "new", "stock"]),
            )
        )
        if place % columns + 1 < columns and number + 1 < count:
            pairs.append((number, number + 1))
        if place + columns < size and number + columns < count:
            pairs.append((number, number + columns))
    return rows, pairs


def parcel(name: str, **facts: Value) -> Facts:
    """A parcel that is ready for supply, with the facts given."""
    ready: Facts = {
        "parcel_id": name, "net_land": True, "converted": True, "expropriated": True, "ownership": "state",
        "in_annual_plan": True, "status": "candidate", "existing_right": "none",
    }  # fmt: skip
    return {**ready, **facts}


def wants_of(draw: Random, count: int, least: tuple[int, int], most: tuple[int, int], parcels: int,
             uses: Sequence[str] | None = None) -> list[Facts]:  # fmt: skip
    """Platforms that ask for so many m2, of the uses given or of one to three drawn ones, on up to so many parcels."""
    return [
        {
            "demand_id": f"W{number:05d}",
            "platform_kind": draw.choice(["technology", "incubator", "headquarters"]),
            "operator": "private",
            "nonprofit": False,
            "public_welfare": False,
            "hkmo": False,
            "for_sale": False,
            "uses": tuple(uses or sorted(draw.sample(["COM", "IND", "RES"], draw.randint(1, 3)))),
            "area_min_m2": draw.randint(*least),
            "area_max_m2": draw.randint(*most),
            "max_parcels": parcels,
            "priority": draw.randint(10, 60),
            "strategic_industry": draw.random() < 0.4,
        }
        for number in range(count)
    ]
