"""Invented innovation platforms that ask for sites: every platform kind and operator of platforms, made-up names.

A village collective is none of them: its rules are about retained land (留用地) and the renewal of its village, and no
invented parcel is such land.
"""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from landopt.invent.parcel_facts import AS_OF, Cell, calibration

DEMAND_COLUMNS = (
    "demand_id", "name", "platform_kind", "level", "operator", "partners", "holds", "applied_for", "nonprofit",
    "public_welfare", "uses", "area_min_m2", "area_max_m2", "max_parcels", "districts", "zones", "needed_by",
    "want_right", "want_term", "lease_years", "priority", "priority_basis", "budget_yuan", "invest_per_m2",
    "output_per_m2", "tax_per_m2", "strategic_industry", "hkmo", "priority_industry", "intensive", "rent_only",
    "for_sale", "building_suffices", "near",
)  # fmt: skip
"""The columns of ``demands.csv``, in order."""


@cache
def words() -> dict[str, Any]:
    """``synthetic.toml``: places, themes and the kinds of platforms."""
    return tomllib.loads((Path(__file__).parent / "names.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True)
class Reach:
    """How much land would do for an invented platform: more platforms or more reach, more lawful offers.

    ``several``: weights of asking for at most 1, 2, 3 ... parcels; ``above``: how far an area window reaches above its
    middle, as a multiple of how far it reaches below; ``anywhere``: the share of platforms that take any district.
    """

    several: tuple[int, ...]
    above: float
    anywhere: float


def reach_of(count: int, contested: bool) -> Reach:
    """The reach of the platforms of a round with ``count`` of them."""
    if not contested:
        return Reach((72, 12, 10, 6), 1.0, 0.45)
    if count <= 200:
        return Reach((66, 5, 5, 6, 8, 10), 1.0, 0.95)
    if count <= 700:
        return Reach((66, 5, 5, 6, 8, 10), 2.5, 0.7)
    if count <= 2_000:
        return Reach((58, 6, 6, 8, 10, 12), 3.2, 1.0)
    return Reach((66, 5, 5, 6, 8, 10), 2.5, 0.55)


def demand_facts(
    number: int,
    draw: Random,
    sites: Mapping[str, Sequence[float]],
    districts: Sequence[str],
    contested: bool,
    reach: Reach,
) -> dict[str, Cell]:
    """The cells of one invented platform (without ids of parcels).

    Parameters
    ----------
    number
        From 0; the first rounds walk through all kinds once, later ones are drawn by share.
    sites
        For each use the areas (m²) of parcels, to ask for what exists.
    districts
        Districts it may name.
    contested
        More platforms ask for several parcels, with narrower windows of area.
    reach
        How much land would do (:func:`reach_of`).
    """
    kinds = words()["platform"]
    chosen = kinds[number] if number < len(kinds) else draw.choices(kinds, [entry["share"] for entry in kinds])[0]
    if not any(sites.get(use) for use in chosen["uses"]):
        able = [entry for entry in kinds if any(sites.get(use) for use in entry["uses"])] or kinds
        chosen = draw.choices(able, [entry["share"] for entry in able])[0]
    kind, operator, level, noun, uses = (chosen[key] for key in ("kind", "operator", "level", "noun", "uses"))
    place, theme = draw.choice(words()["places"]), draw.choice(words()["themes"])
    busy = ("transformation", "technology", "incubator", "multi_district", "headquarters")
    strategic = theme["strategic"] and kind in busy
    known = [use for use in uses if sites.get(use)]
    several = _several(draw, kind, reach)
    area_min, area_max = _window(draw, [a for use in known for a in sites[use]], several, contested, reach)
    cells: dict[str, Cell] = {
        "name": "".join(word["zh"] for word in (place, theme, noun))
        + "｜"
        + " ".join(word["en"] for word in (place, theme, noun)),
        "platform_kind": kind,
        "level": level,
        "operator": operator,
        "partners": "univ" if kind == "multi_district" and operator == "hkmo" else None,
        "uses": ";".join(uses),
        "area_min_m2": area_min,
        "area_max_m2": area_max,
        "max_parcels": several,
        "districts": _districts(draw, districts, contested, reach.anywhere),
        "needed_by": str(AS_OF + datetime.timedelta(days=draw.randint(110, 520))) if draw.random() < 0.35 else None,
        "want_right": None,
        "priority": _priority(draw, kind, level),
        "priority_basis": f"平台清单2026（示例）第{number + 1}号｜Platform list 2026 (example) no. {number + 1}",
        "strategic_industry": strategic,
        "hkmo": False,
        "priority_industry": kind == "transformation" and draw.random() < 0.4,
        "intensive": kind == "transformation" and draw.random() < 0.3,
        "rent_only": False,
        "for_sale": False,
        "building_suffices": area_max < 6_000 and draw.random() < 0.5,
    }
    cells.update(chosen["cells"])
    _wishes(cells, draw)
    if draw.random() < 0.2:
        cells["budget_yuan"] = round((area_min + area_max) / 2 * draw.uniform(500, 1_300)) // 10_000 * 10_000
    return cells


def _several(draw: Random, kind: str, reach: Reach) -> int:
    if kind in ("headquarters", "science_popularisation"):
        return 1
    return draw.choices(range(1, len(reach.several) + 1), reach.several)[0]


def _window(draw: Random, areas: Sequence[float], several: int, contested: bool, reach: Reach) -> tuple[int, int]:
    """An area window around the sum of ``several`` parcels such as exist; the real quartiles where none is known."""
    low, median, high = (float(text) * 10_000 for text in calibration()["platform"]["area_ha"])
    pool = areas or (low, median, high)
    aim = sum(draw.choice(pool) for _ in range(several)) * (0.97 if several > 1 else 1.0)
    width = draw.uniform(0.25, 0.45) if contested else draw.uniform(0.15, 0.4)
    most = aim * (1 + reach.above * width)
    return max(500, int(round(aim * (1 - width), -2))), int(round(most, -2)) + 100


def _districts(draw: Random, districts: Sequence[str], contested: bool, anywhere: float) -> str | None:
    if draw.random() < anywhere:
        return None
    first = draw.randrange(len(districts))
    if contested:
        wanted = draw.randint(2, 5) if len(districts) <= 12 else draw.randint(5, 10)
    else:
        wanted = draw.choice([2, 3, 3, 4])
    count = min(len(districts), wanted)
    return ";".join(sorted({districts[(first + step) % len(districts)] for step in range(count)}))


def _priority(draw: Random, kind: str, level: str) -> int:
    base = {"national": 82, "provincial": 68, "municipal": 52, "district": 40}[level]
    return max(1, min(100, base + draw.randint(-12, 14) + (4 if kind == "transformation" else 0)))


def _wishes(cells: dict[str, Cell], draw: Random) -> None:
    """Rights and terms that platforms of the kind ask for."""
    if cells["platform_kind"] == "transformation" and draw.random() < 0.5:
        wish = draw.choice(["grant", "lease_then_grant", "lease;lease_then_grant", "grant;lease_then_grant"])
        cells["want_right"] = wish
        if wish == "grant":
            cells["want_term"] = draw.choice([20, 20, 30, 50])
        elif wish == "lease_then_grant":
            cells["lease_years"] = draw.choice([3, 5])
    elif cells["operator"] == "private" and cells["platform_kind"] == "headquarters":
        cells["want_right"] = "grant"
