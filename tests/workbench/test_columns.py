"""Columns and units chosen in the page: keys of round.toml that the command line reads the same way."""

from __future__ import annotations

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
    _, found = columns({"folder": str(folder)}, print)["tables"]
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
        _, found = columns({"folder": str(folder)}, print)["tables"]
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
