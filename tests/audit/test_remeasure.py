"""Facts of a plan against the files they came from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constraints.canonical import canonical
from constraints.case import to_json
from landopt.intake.assemble import read_round
from landopt.keeping.remeasure import remeasure

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The example round, and a folder with the case read from it."""
    place = tmp_path_factory.mktemp("remeasure")
    shutil.copytree(ROOT / "examples" / "nansha", place / "round", ignore=shutil.ignore_patterns("plan*", "*.sqlite*"))
    (place / "plan").mkdir()
    case = to_json(read_round(place / "round").ready())
    (place / "plan" / "case.json").write_bytes(canonical(case))
    return place / "plan", place / "round"


def test_unchanged_facts_are_the_same(example: tuple[Path, Path]) -> None:
    """Read and measured again: one note, no error."""
    found = remeasure(*example)
    assert [issue.level for issue in found] == ["note"]
    assert "the same" in found[0].what


def test_every_changed_fact_is_named(example: tuple[Path, Path], tmp_path: Path) -> None:
    """An area, a neighbour, a distance, a platform's wish and an input's digest that are not as in the files."""
    case = json.loads((example[0] / "case.json").read_bytes())
    columns = case["parcels"]["columns"]
    columns["area_m2"][3] += 1
    columns["status"][4] = "withdrawn" if columns["status"][4] != "withdrawn" else "candidate"
    case["demands"]["columns"]["priority"][2] += 1
    case["neighbours"]["pairs"].pop(0)
    case["neighbours"]["shared_dm"].pop(0)
    case["inputs"][0]["sha256"] = "0" * 64
    case["inputs"][-1]["rows"] += 1
    (tmp_path / "case.json").write_bytes(canonical(case))
    found = remeasure(tmp_path, example[1])
    said = [issue.what for issue in found]
    assert any(case["parcels"]["ids"][3] in what and "area_m2" in what for what in said)
    assert any(case["demands"]["ids"][2] in what and "priority" in what for what in said)
    assert any("are neighbours only in the files" in what for what in said)
    assert any("is not the file the plan was made from" in what for what in said)
    assert any("count of rows of layers.gpkg" in what for what in said)
    assert [issue.level for issue in found if "status" in issue.what] == ["note"]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("round", lambda case: case["round"].update(authority="x")),
        ("methods", lambda case: case["methods"][0].update(statutory_days=99)),
        ("objective", lambda case: case["objective"]["weights"].update(served="1")),
        ("market", lambda case: case["market"]["methods"].pop()),
        ("packs", lambda case: case["packs"].pop()),
        ("calendar", lambda case: case["calendar"].pop()),
        ("crs", lambda case: case.update(crs="EPSG:1")),
        ("outlines", lambda case: case.update(outlines="")),
        ("notes", lambda case: case["notes"].append("x")),
        ("settings.site_cap", lambda case: case["settings"].update(site_cap=0)),
        ("cn.lal.art44", lambda case: next(r for r in case["rules"] if r["id"] == "cn.lal.art44").update(when="")),
        ("shared boundaries", lambda case: case["neighbours"]["shared_dm"].__setitem__(0, 1)),
        ("documents", lambda case: case["records"].pop()),
    ],
)
def test_every_part_of_the_case_is_compared(
    example: tuple[Path, Path], tmp_path: Path, part: str, change: Callable[[dict[str, Any]], object]
) -> None:
    """Not the facts alone: law, methods, objective, market, settings, calendar, outlines."""
    case = json.loads((example[0] / "case.json").read_bytes())
    change(case)
    (tmp_path / "case.json").write_bytes(canonical(case))
    found = [issue for issue in remeasure(tmp_path, example[1]) if issue.level == "error"]
    assert len(found) == 1
    assert part in found[0].what
