"""A layer never says zero where it does not reach: coverage by districts or outline, the default, extents apart."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
import shapely

from landopt.intake.roundfile import read_round_file
from parcels.common.issues import Refused
from parcels.layers import Layer, Overlaid, overlay_layers
from tests.parcels.making import X0, Y0, box, good, gpkg, layer

ROLE = "permanent_basic_farmland"


def overlaid(folder: Path, shapes: list[Any], **stated: Any) -> Overlaid:
    """Two parcels in two districts under a farmland layer."""
    land = good(gpkg(folder, [box(0, 0), box(3, 0)], district=["南沙区", "黄埔区"]))
    return overlay_layers(land, [Layer(ROLE, layer(folder, "pbf", shapes), **stated)])


def keys(found: Overlaid) -> list[str]:
    """The sentences told."""
    return [issue.key for issue in found.issues]


def test_beyond_the_districts_it_covers_nothing_is_known(tmp_path: Path) -> None:
    """Zero inside, unknown outside, both told; what it does show counts everywhere."""
    found = overlaid(tmp_path, [box(9, 9)], coverage=("南沙区",), as_of="2026-01-01")
    assert found.table.column("in_pbf") == (0, None)
    beyond = next(issue for issue in found.issues if issue.key == "L082.beyond")
    assert beyond.ids == ("P2",)
    assert "L082.stated" in keys(found)
    touched = overlaid(tmp_path, [box(3, 0, 50, 80)], coverage=("南沙区",), as_of="2026-01-01")
    assert touched.table.column("in_pbf") == (0, 4000)


def test_an_outline_as_coverage_holds_whole_parcels_only(tmp_path: Path) -> None:
    """A parcel across its edge is not reached."""
    outline = layer(tmp_path, "covered", [shapely.box(X0 - 10, Y0 - 10, X0 + 350, Y0 + 90)])
    found = overlaid(tmp_path, [box(0, 0, 10, 10)], coverage=outline, as_of="2026-01-01")
    assert found.table.column("in_pbf") == (100, None)
    assert {"name": "covered.gpkg"}.items() <= found.inputs[1].items()


def test_without_a_statement_it_is_asked_for_one(tmp_path: Path) -> None:
    """Within 5 km of its features a zero stands; beyond it nothing is known."""
    found = overlaid(tmp_path, [box(9, 9)])
    assert found.table.column("in_pbf") == (0, 0)
    assert "L082.coverage-and-date" in keys(found)
    far = overlaid(tmp_path, [box(90, 0)])
    assert far.table.column("in_pbf") == (None, None)
    assert "L082.date" in keys(overlaid(tmp_path, [box(9, 9)], coverage=("南沙区", "黄埔区")))


@pytest.mark.parametrize(("columns", "level"), [(50, "warning"), (2_600, "error")])
def test_extents_that_do_not_meet_are_told(tmp_path: Path, columns: int, level: str) -> None:
    """A few kilometres may be right; another part of the country is not."""
    found = overlaid(tmp_path, [box(columns, 0)], coverage=("南沙区", "黄埔区"), as_of="2026-01-01")
    assert next(issue for issue in found.issues if issue.key == "L088.apart").level == level


def test_the_round_file_states_coverage_and_date(tmp_path: Path) -> None:
    """As a list of districts or a file; anything else is refused."""
    gpkg(tmp_path, [box(0, 0)])
    layer(tmp_path, "pbf", [box(9, 9)])
    (tmp_path / "demands.csv").write_text("demand_id\n", "utf-8")
    head = '[round]\nid = "r"\nas_of = 2026-03-31\n[inputs]\nparcels = "parcels.gpkg"\ndemands = "demands.csv"\n'
    head += "[inputs.layers]\n"

    def read(entry: str) -> Any:
        (tmp_path / "round.toml").write_text(f"{head}{ROLE} = {entry}\n", "utf-8")
        return read_round_file(tmp_path).layers[0]

    said = read('{ file = "pbf.gpkg", coverage = ["南沙区"], as_of = 2026-01-01 }')
    assert (said.coverage, said.as_of) == (("南沙区",), datetime.date(2026, 1, 1).isoformat())
    assert read('{ file = "pbf.gpkg|pbf", coverage = "pbf.gpkg|pbf" }').coverage_layer == "pbf"
    for wrong in ('{ file = "pbf.gpkg", covers = ["南沙区"] }', '{ file = "pbf.gpkg", as_of = "soon" }'):
        with pytest.raises(Refused):
            read(wrong)
