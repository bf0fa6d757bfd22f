"""How compact a site is: as measured from its outline, alike in both readings, and held by preferences and limits."""

from __future__ import annotations

import itertools
from dataclasses import replace
from random import Random

import geopandas
import numpy as np
import pytest
import shapely

from constraints.case import Case, from_json, to_json
from constraints.reading.case_facts import CaseFacts
from landopt.intake.perimeters import perimeters, reads_compactness
from landopt.report.odd_blocks import odd_blocks
from landopt.screening.compactness import compactness
from parcels.geometry.neighbours import neighbours
from parcels.geometry.sites import Sites
from tests.builders import case, demand, eligibility, limit, parcel, preference
from tests.test_two_readings import agree


def _grid(seed: int, wide: int = 3, high: int = 2) -> Case:
    """Rectangles side by side, with rules around what their blocks measure; some rounds measured, some not."""
    draw = Random(seed)
    across, up = [0], [0]
    for _ in range(wide):
        across.append(across[-1] + draw.choice([20, 50, 100, 210]))
    for _ in range(high):
        up.append(up[-1] + draw.choice([30, 100, 160]))
    boxes = [shapely.box(a, c, b, d) for c, d in itertools.pairwise(up) for a, b in itertools.pairwise(across)]
    land = [parcel(area_m2=int(box.area)) for box in boxes]
    edge = draw.choice([25, 40, 64, 79, 88, 99, 100])
    rules = [
        eligibility("t.e.long", f"site_compact < {edge // 2}", auction="forbid", listing="condition"),
        preference("t.p.compact", f"site_compact >= {edge}", points=7),
        limit("t.l.long", f"site_compact < {edge}", "<=", 20_000),
        limit("t.l.sum", "site_compact > 10", "<=", draw.choice([150, 400]), measure="site_compact", per=["district"]),
        limit("t.l.key", "", "<=", 30_000, per=["site_compact"]),
    ]
    wants = [demand(area_min_m2=1_000, area_max_m2=90_000, max_parcels=3) for _ in range(2)]
    made = case(land, wants, rules)
    found = neighbours(np.array(boxes))
    frame = geopandas.GeoDataFrame(geometry=boxes, index=list(made.parcels.ids), crs="EPSG:4526")
    made = replace(made, neighbours=found, perimeters=perimeters(frame) if seed % 4 else ())
    assert reads_compactness(made.rules)
    return made


def test_it_is_that_of_the_outline_of_the_whole_site() -> None:
    """A square has 100, two squares in a row 88, an L of three 75; a street through it is an edge."""
    boxes = [shapely.box(100 * x, 100 * y, 100 * x + 100, 100 * y + 100) for x, y in ((0, 0), (1, 0), (0, 1), (3, 3))]
    made = case([parcel(area_m2=10_000) for _ in boxes], [demand()], [])
    frame = geopandas.GeoDataFrame(geometry=boxes, crs="EPSG:4526")
    facts = CaseFacts(replace(made, neighbours=neighbours(np.array(boxes)), perimeters=perimeters(frame)))
    sites = ((0,), (0, 1), (0, 1, 2), (2, 3))
    for site in sites:
        whole = shapely.union_all([boxes[row] for row in site])
        assert facts.compact(site) == int(1600 * whole.area / shapely.length(whole.boundary) ** 2 + 1e-9)
    assert [facts.compact(site) for site in sites] == [100, 88, 75, 50]
    assert CaseFacts(made).compact((0,)) is None
    found = compactness(
        facts.case,
        Sites(np.array([0, 1, 3, 6, 8]), np.array([0, 0, 1, 2, 0, 1, 2, 3]), np.array([1, 2, 3, 2]) * 10_000, False),
    )
    assert found.tolist() == [100, 88, 75, 50]


def test_both_readings_and_the_file_of_the_case_agree() -> None:
    """Offers, points and rows of every block; measured or not."""
    found = 0
    for seed in range(24):
        made = _grid(seed)
        assert from_json(to_json(made)) == made
        found += agree(made)
    assert found > 200


@pytest.mark.parametrize("ask", ["when", "measure", "per"])
def test_perimeters_are_measured_where_a_rule_asks(ask: str) -> None:
    """By a condition, a measure or a key; by no other rule."""
    rules = {
        "when": eligibility("t.e", "site_compact < 30", auction="forbid"),
        "measure": limit("t.l", "", "<=", 1, measure="site_compact"),
        "per": limit("t.l", "", "<=", 1, per=["site_compact"]),
    }
    assert reads_compactness([rules[ask]])
    assert not reads_compactness([eligibility("t.e", "site_area_m2 < 30", auction="forbid")])


def test_odd_blocks_are_told() -> None:
    """By a corner, and like a corridor; a compact block, a single parcel and a plan without outlines are not."""
    boxes = [
        shapely.box(0, 0, 100, 100),
        shapely.box(98, 100, 198, 200),  # shares two metres with the first
        shapely.box(0, 100, 98, 200),
        shapely.box(300, 0, 310, 100),
        shapely.box(300, 100, 310, 200),
    ]
    made = case([parcel(area_m2=int(box.area)) for box in boxes], [demand()], [])
    made = replace(made, neighbours=neighbours(np.array(boxes)))
    ids = list(made.parcels.ids)
    frame = geopandas.GeoDataFrame(geometry=boxes, index=ids, crs="EPSG:4526")

    def told(*rows: int) -> list[str]:
        plan = {"assignments": [{"parcel_ids": [ids[row] for row in rows]}]}
        return [issue.key for issue in odd_blocks(plan, made, frame)]

    assert told(0, 1) == ["S021.corner"]
    assert told(3, 4) == ["S021.corridor"]
    assert told(0, 2) == told(0, 1, 2) == told(3) == []
    assert list(odd_blocks({"assignments": [{"parcel_ids": ids[:2]}]}, made, None)) == []
