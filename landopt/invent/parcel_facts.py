"""Invented parcels: uses, areas, prices and states drawn around real figures (``calibration.toml``).

Values are in the units of a file (yuan/m², floor area ratio as a decimal text); nothing here is a real parcel.
"""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

Cell = str | int | bool | None
AS_OF = datetime.date(2026, 3, 31)

DISTRICTS = (
    "南沙街道", "珠江街道", "龙穴街道", "黄阁镇", "横沥镇", "万顷沙镇", "大岗镇", "榄核镇", "东涌镇",
)  # fmt: skip
"""The street offices and towns of Nansha."""

BLOCK_MIX: dict[str, dict[str, int]] = {
    "industry": {"IND": 70, "IND_M0": 14, "STOR": 12, "UTL": 4},
    "science": {"RES": 66, "EDU": 16, "CUL": 7, "HLT": 6, "BIZ": 5},
    "centre": {"BIZ": 42, "COM": 36, "HOU_AFF": 6, "GOV": 5, "ENT": 3, "WEL": 3, "WHITE": 5},
    "valley": {"NS_M9": 68, "IND_M0": 20, "RES": 12},
    "housing": {"HOU": 62, "COM": 18, "EDU": 8, "WEL": 5, "SPO": 4, "GOV": 3},
}
"""Uses in a hundred parcels of a block of each kind."""
TOWN_MIX = {"industry": 45, "science": 30, "centre": 13, "valley": 12}


@dataclass(frozen=True, slots=True)
class BlockPlan:
    """One block before it is drawn: kind, district, ready for supply or not, and for each parcel use and area (m²)."""

    kind: str
    district: str
    ready: bool
    uses: tuple[str, ...]
    areas: tuple[float, ...]


@cache
def calibration() -> dict[str, Any]:
    """``calibration.toml``: the real figures that examples are drawn around."""
    return tomllib.loads((Path(__file__).parent / "calibration.toml").read_text(encoding="utf-8"))


def districts_of(count: int) -> tuple[str, ...]:
    """That many districts: the nine towns, then numbered planning areas."""
    return DISTRICTS[:count] + tuple(f"规划片区{number:03d}" for number in range(10, count + 1))


def draw_area(use: str, draw: Random) -> float:
    """An area in m²: log-normal around the real median of the use, cut at 0.12 and 9 ha (0.08 and 2 ha in centres)."""
    entry = calibration()["use"][use]
    median, sigma = float(entry["area_ha"]) * 10_000, float(entry["sigma"])
    low, high = (800, 20_000) if median < 8_000 else (1_200, 90_000)
    while True:
        area = draw.lognormvariate(math.log(median), sigma)
        if low <= area <= high:
            return area


def plan_blocks(count: int, draw: Random, districts: Sequence[str], suitable: int | None = None) -> list[BlockPlan]:
    """Blocks of 6 to 30 parcels, ``count`` parcels in all.

    With ``suitable`` only about that many parcels lie in blocks that platforms can use; the other blocks are
    housing for the market, or land that is not ready.
    """
    sizes: list[int] = []
    while (left := count - sum(sizes)) > 0:
        size = draw.randint(*((7, 16) if suitable is None else (14, 30)))
        sizes.append(left if left <= 18 else min(size, left - 6))
    kinds = _spread(TOWN_MIX, len(sizes), draw)
    open_left = count if suitable is None else suitable
    order = list(range(len(sizes)))
    draw.shuffle(order)
    ready = [False] * len(sizes)
    for index in order:
        if open_left > 0:
            ready[index] = True
            open_left -= sizes[index]
    blocks = []
    queues: dict[str, list[str]] = {}
    for index, size in enumerate(sizes):
        kind = kinds[index] if ready[index] else draw.choice(["housing", "housing", kinds[index]])
        queue = queues.setdefault(kind, [])
        while len(queue) < size:
            queue += _spread(BLOCK_MIX[kind], 25, draw)
        uses = sorted(queue[:size], key=lambda use: (-BLOCK_MIX[kind][use], use))
        del queue[:size]
        district = districts[index * len(districts) // len(sizes)]
        areas = {use: sorted(draw_area(use, draw) for _ in range(uses.count(use))) for use in sorted(set(uses))}
        open_now = ready[index] or (suitable is not None and kind == "housing")
        blocks.append(BlockPlan(kind, district, open_now, tuple(uses), tuple(areas[use].pop(0) for use in uses)))
    return blocks


def _spread(mix: Mapping[str, int], count: int, draw: Random) -> list[str]:
    """``count`` names in the given shares (largest remainders), shuffled."""
    total = sum(mix.values())
    exact = {name: count * share / total for name, share in mix.items()}
    found = [name for name, value in exact.items() for _ in range(int(value))]
    rest = sorted(mix, key=lambda name: (int(exact[name]) - exact[name], name))
    found += rest[: count - len(found)]
    draw.shuffle(found)
    return found


def zones_of(district: str, kind: str) -> str:
    """Policy zones of a block: all of Nansha; the free-trade area in the middle and on the island."""
    ftz = district in ("横沥镇", "龙穴街道", "珠江街道") or (kind == "centre" and district == "南沙街道")
    return "nansha;nansha_ftz" if ftz else "nansha"


def parcel_facts(use: str, area_m2: int, block: BlockPlan, draw: Random) -> dict[str, Cell]:
    """The cells of one invented parcel (without id, geometry and what layers tell), keyed by field name."""
    entry = calibration()["use"][use]
    price = max(60, round(entry["price"] * draw.lognormvariate(0, 0.16)))
    new = draw.random() < (0.55 if block.kind in ("industry", "valley") else 0.4)
    part_new = new and draw.random() < 0.12
    low, high = entry["far"]
    published = draw.random() < 0.62
    closed = AS_OF - datetime.timedelta(days=draw.randint(1, 120)) if published else None
    if published and draw.random() < 0.1:
        closed = None  # still open: the count is not final
    ready = block.ready and (block.kind != "housing" or use in ("HOU", "COM"))
    appraised = draw.random() < 0.55
    return {
        "use": use,
        "use_mix": "NS_M9:70;BIZ:30" if use == "NS_M9" and draw.random() < 0.3 else None,
        "district": block.district,
        "land_source": "new" if new else "stock",
        "new_area_m2": round(area_m2 * draw.uniform(0.4, 0.9)) if part_new else None,
        "area_m2": area_m2,
        "far_min": _ratio(low // 2) if low and use.startswith(("IND", "NS")) else None,
        "far_max": _ratio(draw.randrange(low, high + 1, 10)) if high else None,
        "grade": draw.choices([3, 4, 5], [2, 5, 3])[0],
        "benchmark_price": price,
        "cost_floor": round(price * draw.uniform(0.42, 0.78)),
        "appraised_price": round(price * draw.uniform(0.97, 1.28)) if appraised else None,
        "appraised_on": str(AS_OF - datetime.timedelta(days=draw.randint(10, 200))) if appraised else None,
        "net_land": ready and draw.random() < 0.95,
        "converted": (ready or not new) and (not new or draw.random() < 0.94),
        "expropriated": (ready or draw.random() < 0.5) and draw.random() < 0.97,
        "ownership": "state",
        "in_annual_plan": ready and draw.random() < 0.96,
        "office_price": round(price * draw.uniform(4.6, 6.2)) if use == "IND_M0" else None,
        "intending_users": draw.choices([0, 1, 2, 3, 4], [30, 42, 16, 8, 4])[0] if published else None,
        "publication_closed": str(closed) if closed else None,
        "existing_right": "none",
        "status": "candidate",
        "failed_times": None,
        "available_from": str(AS_OF + datetime.timedelta(days=draw.randint(20, 240))) if draw.random() < 0.15 else None,
    }


def _ratio(hundredths: int) -> str:
    return f"{hundredths // 100}.{hundredths % 100:02d}"
