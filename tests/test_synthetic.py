"""The example round and the generator behind it."""

from __future__ import annotations

import csv
import json
import math
import statistics
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from click.testing import CliRunner

from benchmarks.contested import KEPT, NUMBERS, contested_case, numbers_of
from benchmarks.rounds import binding, case_round, contest, relaxed
from constraints.case import case_digest
from constraints.loading.load import load_file
from landopt.desk.prepare.new import new
from landopt.intake.assemble import read_round
from landopt.invent.parcel_facts import calibration
from landopt.invent.round import draft, write_round
from landopt.reasons.two_names import two_names
from landopt.screening.uncapped_sites import build_offers
from parcels.common.issues import Refused
from parcels.common.schema import fields
from parcels.geometry.neighbours import neighbours
from tests.builders import brute_force, random_case, random_medium_case
from tests.counts import WHOLE
from tests.places import EXAMPLE

PLATFORM_USES = {"IND", "IND_M0", "NS_M9", "STOR", "RES", "EDU", "CUL", "HLT", "COM", "BIZ", "UTL", "GOV"}


@pytest.fixture(scope="module")
def land() -> gpd.GeoDataFrame:
    """The parcels of the example."""
    return gpd.read_file(EXAMPLE / "parcels.gpkg")


@pytest.fixture(scope="module")
def wants() -> list[dict[str, str]]:
    """The platforms of the example."""
    with (EXAMPLE / "demands.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def policy() -> dict[str, Any]:
    """The rules of the example's policy by id."""
    return {rule.id: rule for rule in load_file(EXAMPLE / "policy.toml", "policy")}


def corners(shape: Any) -> list[int]:
    """Corners of each part."""
    return [len(part.exterior.coords) - 1 for part in getattr(shape, "geoms", [shape])]


def test_example_is_what_the_generator_writes(tmp_path: Path) -> None:
    """The committed files are the bytes of ``landopt new``, and a second run writes the same."""
    write_round(tmp_path / "a")
    write_round(tmp_path / "b")
    for path in sorted((tmp_path / "a").iterdir()):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
        if path.suffix != ".gpkg":
            assert path.read_bytes() == (EXAMPLE / path.name).read_bytes(), path.name
    now, kept = gpd.read_file(tmp_path / "a" / "parcels.gpkg"), gpd.read_file(EXAMPLE / "parcels.gpkg")
    assert now.equals(kept)


def test_example_is_small_and_large_enough(land: gpd.GeoDataFrame, wants: list[dict[str, str]]) -> None:
    """At least 150 parcels and 50 platforms in less than a megabyte."""
    assert len(land) >= 150
    assert len(wants) >= 50
    assert sum(path.stat().st_size for path in EXAMPLE.iterdir() if path.is_file()) < 1_000_000


def test_parcels_lie_at_nansha_and_are_drawn_as_a_planner_does(land: gpd.GeoDataFrame) -> None:
    """Valid polygons of 4 to 9 corners in EPSG:4526, some L-shaped, some of two parts, none overlapping."""
    assert land.crs.to_epsg() == 4526
    west, south, east, north = land.total_bounds
    assert 38_430_000 < west < east < 38_470_000
    assert 2_490_000 < south < north < 2_540_000
    assert land.geometry.is_valid.all()
    counts = [count for shape in land.geometry for count in corners(shape)]
    assert min(counts) >= 4
    assert max(counts) <= 9
    assert len(set(counts)) >= 4
    parts = [len(corners(shape)) for shape in land.geometry]
    assert sum(count > 1 for count in parts) >= 3
    hollow = [shape.area / shape.convex_hull.area for shape in land.geometry]
    assert sum(share < 0.93 for share in hollow) >= 5
    assert (land.geometry.area - land.area_m2.astype(float)).abs().max() <= 0.5
    left, right = land.sindex.query(land.geometry, predicate="overlaps")
    shared = (
        land.geometry.iloc[left].reset_index(drop=True).intersection(land.geometry.iloc[right].reset_index(drop=True))
    )
    assert shared.area.max() < 0.001 if len(shared) else True


def test_parcels_meet_in_blocks(land: gpd.GeoDataFrame) -> None:
    """Mean adjacency of at least 3, many T-junctions, and no neighbour across a street."""
    found = neighbours(land.geometry.values, 1.0)
    assert 2 * len(found.pairs) / len(land) >= 3
    ends = [{(round(x, 2), round(y, 2)) for x, y in shape.convex_hull.exterior.coords} for shape in land.geometry]
    tees = sum(len(ends[i] & ends[j]) < 2 for i, j in found.pairs)
    assert tees >= 0.2 * len(found.pairs)


def test_areas_and_prices_follow_the_real_medians() -> None:
    """In a large town the medians of area and price lie within 15 % of the calibration figures."""
    found = draft(6_000, 50, 7, geometry=False)
    for use in ("IND", "RES", "STOR", "COM", "BIZ", "EDU"):
        rows = [row for row in found.parcels if row["use"] == use]
        entry = calibration()["use"][use]
        area = statistics.median(int(str(row["area_m2"])) for row in rows)
        price = statistics.median(int(str(row["benchmark_price"])) for row in rows)
        assert math.isclose(area, float(entry["area_ha"]) * 10_000, rel_tol=0.15), use
        assert math.isclose(price, entry["price"], rel_tol=0.08), use


def test_drawn_areas_are_those_planned() -> None:
    """Cutting the blocks keeps the areas asked for (within the slack of fitting a block between streets)."""
    found = draft(400, 20, 3)
    ratio = [
        shape.area / area
        for block, plan in zip(found.town, found.plans, strict=True)
        for shape, area in zip(block.plots, plan.areas, strict=True)
    ]
    assert 0.95 < statistics.median(ratio) < 1.05
    assert sum(0.85 < value < 1.18 for value in ratio) > 0.9 * len(ratio)


def test_example_has_every_state_of_parcel(land: gpd.GeoDataFrame) -> None:
    """New and stock land, not ready ones, known and unknown applicants, every use platforms want, every status."""
    assert set(land.use) >= PLATFORM_USES
    assert set(land.land_source) == {"new", "stock"}
    assert len(set(land.district)) >= 5
    for name in ("net_land", "converted", "expropriated", "in_annual_plan"):
        assert 1 <= (~land[name]).sum() <= 0.15 * len(land), name
    known = land.intending_users.notna() & land.publication_closed.notna()
    assert known.sum() >= 40
    assert (~known).sum() >= 30
    assert {0, 1, 2} <= set(land.intending_users.dropna().astype(int))
    assert set(land.status) >= {"candidate", "failed", "announced", "contracted", "reserve", "withdrawn"}
    assert (land.existing_right == "alloc").sum() == 1
    assert land.publication_closed.dropna().max() <= "2026-03-31"
    assert land.new_area_m2.notna().sum() >= 1
    assert land.zone.str.contains("nansha_ftz").any()


def test_layers_touch_some_parcels(land: gpd.GeoDataFrame) -> None:
    """Farmland, red line and its core touch parcels; some lie outside the boundary or outside industrial blocks."""
    path = EXAMPLE / "layers.gpkg"

    def touched(layer: str) -> int:
        shapes = gpd.read_file(path, layer=layer)
        assert shapes.geometry.is_valid.all()
        return int((land.geometry.intersection(shapes.geometry.union_all()).area >= 1).sum())

    assert 3 <= touched("permanent_basic_farmland") <= 12
    assert 3 <= touched("ecological_red_line") <= 10
    assert touched("ecological_red_line_core") >= 1
    boundary = gpd.read_file(path, layer="urban_boundary").geometry.union_all()
    assert 1 <= int((~land.geometry.within(boundary)).sum()) <= 10
    blocks = gpd.read_file(path, layer="industrial_block")
    inside = land.geometry.within(blocks.geometry.union_all())
    assert (land.use.eq("IND") & inside).sum() >= 40
    assert (land.use.eq("IND") & ~inside).sum() >= 1
    assert {"ind_block", "level", "area_m2", "ind_m2", "m0_m2"} <= set(blocks.columns)
    assert set(gpd.read_file(path, layer="zones").zone) == {"nansha", "nansha_ftz"}
    assert set(gpd.read_file(path, layer="points").point_id) == {"M-1", "M-2"}


def test_example_asks_for_everything(wants: list[dict[str, str]], land: gpd.GeoDataFrame) -> None:
    """Every platform kind and operator of platforms, several parcels, strategic industries, Hong Kong-Macao, a user.

    A village collective asks for its own retained land, not for a platform: the one operator that is not asked for.
    """
    assert {row["platform_kind"] for row in wants} == set(fields()["platform_kind"].values)
    assert {row["operator"] for row in wants} == set(fields()["operator"].values) - {"village_collective"}
    assert sum(2 <= int(row["max_parcels"]) <= 4 for row in wants) >= 8
    assert sum(row["strategic_industry"] == "true" for row in wants) >= 8
    assert sum(row["operator"] == "hkmo" and row["hkmo"] == "true" for row in wants) >= 2
    holders = [row for row in wants if row["holds"]]
    assert len(holders) == 1
    assert holders[0]["holds"] in set(land.parcel_id)
    assert sum(bool(row["applied_for"]) for row in wants) >= 3
    assert sum(bool(row["near"]) for row in wants) >= 1
    assert any(row["public_welfare"] == "" for row in wants)
    names = [row["name"] for row in wants]
    assert len(two_names(names)) == len(names)
    assert all(int(row["area_min_m2"]) < int(row["area_max_m2"]) for row in wants)


def test_some_wishes_cannot_be_met(wants: list[dict[str, str]], land: gpd.GeoDataFrame) -> None:
    """One campus is larger than any parcel, one platform names a zone no parcel lies in."""
    largest = int(land.area_m2.max())
    assert any(int(row["area_min_m2"]) > largest * int(row["max_parcels"]) for row in wants)
    assert any(row["zones"] == "knowledge_city" for row in wants)
    assert any(row["want_right"] == "contrib" for row in wants)


def test_policy_holds_every_rule_asked_for(policy: dict[str, Any], land: gpd.GeoDataFrame) -> None:
    """Quota, competitive share, caps, strategic floor, district share, lock, conflict, preferences with their note."""
    quota = policy["round.quota.new-land"].spec
    assert quota["per"] == ["district"]
    assert {value["key"][0] for value in quota["values"]} == set(land.district)
    assert policy["round.share.competitive"].spec["sense"] == ">="
    assert policy["round.cap.listings"].spec["measure"] == "count"
    assert policy["round.floor.strategic"].spec["values"][0]["amount"] > 0
    assert policy["round.share.district"].spec["share"] is not None
    lock = policy["round.lock.earlier-decision"].spec
    assert lock["document"]
    assert set(lock["parcels"]) <= set(land.parcel_id)
    assert len(policy["round.conflict.shared-access"].spec["parcels"]) == 2
    assert policy["round.prefer.new-land"].spec["points_per_ha"] > 0
    assert policy["round.note.new-land"].spec["flag"] == "tension"
    kinds = {rule.when.split("'")[1] for name, rule in policy.items() if name.startswith("round.usual.")}
    assert kinds >= set(fields()["platform_kind"].values) - {"other"}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_other_seeds_hold_too(tmp_path: Path, seed: int) -> None:
    """Another seed gives other parcels, valid polygons and a policy that loads."""
    write_round(tmp_path, parcels=60, demands=30, seed=seed)
    land = gpd.read_file(tmp_path / "parcels.gpkg")
    assert len(land) == 60
    assert land.geometry.is_valid.all()
    assert all(4 <= count <= 9 for shape in land.geometry for count in corners(shape))
    assert load_file(tmp_path / "policy.toml", "policy")


def test_too_small_a_round_is_refused() -> None:
    """Fewer than 12 parcels make no town."""
    with pytest.raises(ValueError, match="at least 12"):
        draft(11, 1, 1)


def test_new_writes_once_and_refuses_a_folder_in_use(tmp_path: Path) -> None:
    """``landopt new`` fills a new or empty folder and leaves any other alone."""
    target = tmp_path / "round"
    target.mkdir()
    done = CliRunner().invoke(new, [str(target), "--parcels", "30", "--demands", "8", "--lang", "en"])
    assert done.exit_code == 0, done.output
    assert "30 parcels, 8 platforms, all invented" in done.output
    before = {path.name: path.read_bytes() for path in target.iterdir()}
    again = CliRunner().invoke(new, [str(target)])
    assert isinstance(again.exception, Refused)
    assert before == {path.name: path.read_bytes() for path in target.iterdir()}


def test_benchmark_rounds_repeat_and_are_contested() -> None:
    """The same seed gives the same case; blocks of 6 to 30 parcels, adjacency of 3, many sites of several parcels."""
    first, again = (case_round(600, 60, 5, packs=()) for _ in range(2))
    assert case_digest(first) == case_digest(again)
    assert 2 * len(first.neighbours.pairs) / len(first.parcels) >= 3
    several = sum(2 <= int(str(n)) <= 6 for n in first.demands.column("max_parcels"))
    assert several >= 0.2 * len(first.demands)
    sizes = [len(plan.uses) for plan in draft(600, 60, 5, contested=True, geometry=False).plans]
    assert sum(6 <= size <= 30 for size in sizes) >= len(sizes) - 1


@pytest.mark.parametrize("seed", [11, 12])
def test_contested_rounds_are_contested(seed: int) -> None:
    """Under the shipped law platforms ask for 1.3 times the suitable land, and 8 limits bind, 2 of them from below."""
    case = contested_case(1_000, 100, seed)
    offers = build_offers(case)
    found = contest(case, offers)
    assert found["adjacency"] >= 3
    assert found["ratio"] >= 1.3
    assert found["several"] >= 0.2
    tight = binding(offers, relaxed(case, offers)[1])
    assert tight["binding"] >= 8
    assert tight["binding_at_least"] >= 2


@pytest.mark.slow
@pytest.mark.parametrize("size", KEPT if WHOLE else [each for each in KEPT if each[0] < 1_000][:2])
def test_kept_numbers_of_contested_rounds_are_those_measured(size: tuple[int, int, int]) -> None:
    """What is kept to spare the measuring is what measuring gives today (``make long``: of the large ones too)."""
    kept = json.loads(NUMBERS.read_text("utf-8"))
    assert kept[" ".join(map(str, size))] == numbers_of(*size)


def test_example_is_read_without_trouble() -> None:
    """No error and no warning: a newcomer's first run starts clean; some platforms have no lawful offer, most do."""
    loaded = read_round(EXAMPLE)
    assert [issue for issue in loaded.issues if issue.level != "note"] == []
    case = loaded.case
    assert case is not None
    offers = build_offers(case)
    assert offers.scope == "all"
    without = len(case.demands) - len({int(row) for row in offers.demand if row >= 0})
    assert 2 <= without <= 12
    several = {int(offers.demand[k]) for k in range(len(offers)) if len(offers.parcels(k)) > 1}
    assert len(several) >= 5


def test_random_rounds_repeat() -> None:
    """The builders' random rounds depend on the seed alone."""
    assert case_digest(random_case(4)) == case_digest(random_case(4)) != case_digest(random_case(5))
    assert case_digest(random_medium_case(4)) == case_digest(random_medium_case(4))
    assert 30 <= len(random_medium_case(9).parcels) <= 80


def test_brute_force_sees_conflicts_rows_and_slack() -> None:
    """Overlapping sites exclude each other; a missed floor costs its penalty; a hard one leaves no plan."""
    sites, demands, scores = [[0], [1], [0, 1]], [0, 0, 1], [[3, 0], [4, 1], [6, 0]]
    assert brute_force(sites, demands, scores, []) == (6, 0)
    row: dict[str, Any] = {"sense": ">=", "rhs": 2, "slack": 1, "penalty": 4, "tier": 0, "coef": {1: 1}}
    assert brute_force(sites, demands, scores, [row]) == (0, 1)
    assert brute_force(sites, demands, scores, [{**row, "slack": 0}]) is None
