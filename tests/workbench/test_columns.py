"""Columns and units chosen in the page: keys of round.toml that the command line reads the same way."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from landopt.intake.assemble import read_round
from landopt.workbench.child.columns import columns
from landopt.workbench.home import WRITER
from tests.workbench.making import page, small_round


def odd(folder: Path) -> Path:
    """A round whose table of platforms has headings nobody knows."""
    small_round(folder, parcels=12, demands=4)
    path = folder / "demands.csv"
    text = path.read_text("utf-8-sig")
    path.write_text(text.replace("area_max_m2", "甲栏", 1).replace("demand_id", "序", 1), encoding="utf-8")
    return folder


def test_a_table_is_understood_by_choosing(tmp_path: Path) -> None:
    """Unknown headings are named for fields, a unit corrected, and all of it taken back; each text stays beside."""
    folder = odd(tmp_path / "rounds" / "r1")
    before = (folder / "round.toml").read_bytes()
    _, found = columns({"folder": str(folder)}, print)["tables"][:2]
    assert found["missing"] == ["demand_id", "area_max_m2"]
    assert next(c for c in found["columns"] if c["name"] == "甲栏")["field"] == ""
    with page(tmp_path / "rounds") as client:

        def choose(**said: object) -> int:
            return int(client.post("/api/do/columns/r1", json=said).status_code)

        assert choose(columns={"demand_id": "序", "area_max_m2": "甲栏"}, units={"area_max_m2": "mu"}) == 200
        said = tomllib.loads((folder / "round.toml").read_text("utf-8"))["inputs"]
        assert said["columns"] == {"demand_id": "序", "area_max_m2": "甲栏"}
        assert said["units"] == {"area_max_m2": "mu"}
        assert read_round(folder).ready().demands.ids[0] == "D-001"
        _, found = columns({"folder": str(folder)}, print)["tables"][:2]
        assert next(c for c in found["columns"] if c["name"] == "甲栏") | {"values": []} == {
            "name": "甲栏", "shown": "甲栏", "values": [], "field": "area_max_m2", "alone": "", "unit": "mu",
        }  # fmt: skip
        assert choose(columns={"want_term": "甲栏"}) == 200
        said = tomllib.loads((folder / "round.toml").read_text("utf-8"))["inputs"]
        assert said["columns"] == {"demand_id": "序", "want_term": "甲栏"}
        assert choose(columns=None, units=None) == 200
        assert tomllib.loads((folder / "round.toml").read_text("utf-8")) == tomllib.loads(before.decode())
    assert (folder / "round-2.toml").read_bytes() == before


@pytest.mark.parametrize(
    "said",
    [
        {"columns": {"no_field": "x"}},
        {"columns": {"use": 3}},
        {"columns": {"use": "a\nb"}},
        {"columns": []},
        {"units": {"area_min_m2": "yuan"}},
        {"units": {"area_min_m2": ""}},
        {"units": {"nothing": "mu"}},
    ],
)
def test_what_is_no_choice_is_refused(tmp_path: Path, said: dict[str, object]) -> None:
    """Nothing is written."""
    folder = small_round(tmp_path / "rounds" / "r1", parcels=12, demands=4)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with page(tmp_path / "rounds") as client:
        assert client.post("/api/do/columns/r1", json=said).status_code == 422
    assert {path: path.read_bytes() for path in folder.iterdir() if path.name != WRITER} == before


@pytest.mark.parametrize("heading", ['a"b', "a'b", "a, b = {c}", "#", "[x]", "反\\斜"])
def test_a_heading_is_text_in_whatever_it_holds(tmp_path: Path, heading: str) -> None:
    """Also where the table has a heading of its own, with keys after it."""
    folder = small_round(tmp_path / "rounds" / "r1", parcels=12, demands=4)
    path = folder / "round.toml"
    own = '[inputs.columns]\nuse = "use"\nfar_max = "x"\n\n[rules]'
    path.write_text(path.read_text("utf-8").replace("[rules]", own), "utf-8")
    before = tomllib.loads(path.read_text("utf-8"))
    with page(tmp_path / "rounds") as client:
        assert client.post("/api/do/columns/r1", json={"columns": {"far_min": heading}}).status_code == 200
    said = tomllib.loads(path.read_text("utf-8"))
    assert said["inputs"]["columns"] == {"use": "use", "far_max": "x", "far_min": heading}
    assert said["rules"] == before["rules"]


def with_sources(folder: Path) -> Path:
    """A round with records in headings nobody knows and in GB 18030, a block layer with its own headings and unit."""
    import geopandas

    small_round(folder, parcels=12, demands=4)
    land = geopandas.read_file(folder / "parcels.gpkg")
    name = str(land["parcel_id"][0])
    (folder / "papers.csv").write_bytes(
        f"依据,地,哪份,哪天\ncn.order39.art4,{name},会议纪要,2026-01-05\n".encode("gb18030")
    )
    shapes = geopandas.GeoDataFrame({"号": ["Q1"], "规模": [900.0]}, geometry=[land.union_all().envelope], crs=land.crs)
    shapes.to_file(folder / "blocks.gpkg", driver="GPKG")
    path = folder / "round.toml"
    text = re.sub(r"(?m)^records = .*\n", "", path.read_text("utf-8"))
    text = text.replace("[inputs]\n", '[inputs]\nrecords = "papers.csv"\n', 1)
    block = '[inputs.layers]\nindustrial_block = { file = "blocks.gpkg", as_of = 2026-01-01 }\n\n['
    path.write_text(re.sub(r"(?ms)^\[inputs\.layers\]\n.*?^\[", block, text), encoding="utf-8")
    return folder


def test_records_and_layers_are_understood_by_choosing(tmp_path: Path) -> None:
    """Columns, encoding, coordinates and units of the other files: chosen, read so by the command, taken back."""
    folder = with_sources(tmp_path / "rounds" / "r1")
    before = tomllib.loads((folder / "round.toml").read_text("utf-8"))
    assert read_round(folder).case is None
    papers, blocks = columns({"folder": str(folder)}, print)["tables"][2:]
    assert (papers["of"], papers["missing"]) == ("records", ["rule", "document", "date"])
    assert (blocks["of"], blocks["missing"]) == ("industrial_block", ["name"])
    with page(tmp_path / "rounds") as client:

        def choose(**said: object) -> int:
            return int(client.post("/api/do/columns/r1", json={"sources": said}).status_code)

        named = {"rule": "依据", "parcel_id": "地", "document": "哪份", "date": "哪天"}
        assert choose(records={"columns": named, "encoding": "GB18030"}) == 200
        block = {"columns": {"name": "号", "area_m2": "规模"}, "units": {"area_m2": "ha"}}
        assert choose(industrial_block=block) == 200
        said = tomllib.loads((folder / "round.toml").read_text("utf-8"))["inputs"]
        assert said["records"] == {"file": "papers.csv", "columns": named, "encoding": "GB18030"}
        assert said["layers"]["industrial_block"]["as_of"].isoformat() == "2026-01-01"
        case = read_round(folder).ready()
        assert case.records[0].document == "会议纪要"
        assert set(case.parcels.column("ind_block")) == {"Q1"}
        assert set(case.parcels.column("ind_block_area_m2")) == {9_000_000}
        papers, blocks = columns({"folder": str(folder)}, print)["tables"][2:]
        assert [c["field"] for c in papers["columns"]] == ["rule", "parcel_id", "document", "date"]
        assert next(c for c in blocks["columns"] if c["name"] == "规模")["unit"] == "ha"
        for wrong in (
            {"records": {"columns": {"use": "地"}}},
            {"records": {"units": {"rule": "ha"}}},
            {"records": {"encoding": "KOI8"}},
            {"industrial_block": {"crs": "EPSG:x"}},
            {"industrial_block": {"units": {"area_m2": "yuan"}}},
            {"zones": {"crs": "EPSG:4490"}},
            {"records": 3},
        ):
            assert choose(**wrong) == 422, wrong
        assert (
            choose(records={"columns": None, "encoding": ""}, industrial_block={"columns": None, "units": None}) == 200
        )
    assert tomllib.loads((folder / "round.toml").read_text("utf-8")) == before


def test_a_column_named_that_is_not_there_is_told(tmp_path: Path) -> None:
    """In the panel and by the loader, with the heading."""
    folder = with_sources(tmp_path / "rounds" / "r1")
    path = folder / "round.toml"
    wrong = 'records = { file = "papers.csv", columns = { rule = "没有" } }'
    path.write_text(path.read_text("utf-8").replace('records = "papers.csv"', wrong), encoding="utf-8")
    assert "F016.no-column" in {issue.key for issue in read_round(folder).issues}
    papers = columns({"folder": str(folder)}, print)["tables"][2]
    assert "没有" in papers["issues"][0]["zh"]["what"]


@pytest.mark.filterwarnings("ignore:.crs. was not provided")
def test_a_layer_without_coordinates_is_given_them(tmp_path: Path) -> None:
    """The coordinates chosen for the layer count where its file says none."""
    folder = with_sources(tmp_path / "rounds" / "r1")
    import geopandas

    land = geopandas.read_file(folder / "parcels.gpkg")
    (folder / "blocks.gpkg").unlink()
    bare = geopandas.GeoDataFrame({"id": ["Q1"]}, geometry=[land.union_all().envelope])
    bare.to_file(folder / "blocks.gpkg", driver="GPKG")
    path = folder / "round.toml"
    text = path.read_text("utf-8").replace('records = "papers.csv"\n', "")
    path.write_text(text, encoding="utf-8")
    assert read_round(folder).case is None
    code = f"EPSG:{land.crs.to_epsg()}"
    path.write_text(text.replace('file = "blocks.gpkg"', f'file = "blocks.gpkg", crs = "{code}"'), encoding="utf-8")
    assert set(read_round(folder).ready().parcels.column("ind_block")) == {"Q1"}
