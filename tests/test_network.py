"""No internet socket is opened: whole commands under a guard in Python and one in the system (issue 16, line 7)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile import ELSEWHERE
from tests.network_guard import OPENED
from tests.parcels.making import box, gpkg, round_folder

ROOT = Path(__file__).parent.parent
LINUX = sys.platform == "linux"


def guarded(*words: object, need: bool = False) -> subprocess.CompletedProcess[str]:
    """A command in a process that may open no internet socket."""
    command = [sys.executable, "-m", "tests.network_guard", *(["--need"] if need else []), *map(str, words)]
    place = {**os.environ, "PYTHONPATH": str(ROOT), "LANDOPT_LANG": "en"}
    return subprocess.run(command, cwd=ROOT, env=place, capture_output=True, text=True, check=False)


def test_the_guards_guard() -> None:
    """A socket in Python ends as such; one below Python is killed; a pair of local ones is let be.

    In CI the guard of the system must be there: a missing one is a failure, not a skip.
    """
    assert guarded("--local").returncode == 0
    assert guarded("--probe").returncode in (OPENED, -31)
    native = guarded("--native", need=bool(os.environ.get("CI")))
    assert native.returncode != 98, "this system has no seccomp filter, and CI needs one"
    if LINUX:
        assert native.returncode == -31
    else:
        pytest.skip("no filter of system calls here; the audit hook of Python stands alone")


def test_a_round_from_check_to_report_opens_none(tmp_path: Path) -> None:
    """Check, solve, audit, explain, report, the ledger, the law."""
    gpkg(tmp_path, [box(0, 0), box(200, 0)])
    round_folder(tmp_path)
    plan = tmp_path / "plan"
    ledger = ["--by", "officer-1"]
    for words in (
        ["check", tmp_path],
        ["solve", tmp_path],
        ["audit", plan],
        ["report", plan, "--html", "--xlsx"],
        ["plans", tmp_path],
        ["round", "open", tmp_path, *ledger],
        ["rules", "ask", "use=RES", "operator=pubinst", "intending_users=1"],
        ["convert", tmp_path / "parcels.gpkg", tmp_path / "out.geojson"],
    ):
        done = guarded(*words)
        assert done.returncode not in (OPENED, -31), (words, done.stderr)
        assert "internet socket" not in done.stderr
        assert "looked up" not in done.stderr
    assert (plan / "report" / "map.html").exists()
    assert (tmp_path / "out.geojson").exists()


@pytest.mark.parametrize("label", ["http", "vsicurl", "wms", "wfs", "address", "connection"])
@pytest.mark.parametrize("suffix", [".gpkg", ".kml"])
def test_a_file_that_names_an_address_opens_none(tmp_path: Path, label: str, suffix: str) -> None:
    """Whatever its ending; also as the parcels of a round."""
    path = tmp_path / f"a{suffix}"
    path.write_bytes(ELSEWHERE[label])
    done = guarded("convert", path, tmp_path / "out.gpkg")
    assert done.returncode == 1, done.stderr


def test_only_the_drivers_in_use_are_loaded() -> None:
    """What GDAL has besides is not there: nothing that names addresses, databases, programs or other files."""
    code = "import parcels, pyogrio; print(' '.join(sorted(pyogrio.list_drivers())))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    allowed = {"DXF", "FlatGeobuf", "GPKG", "GeoJSON", "GeoJSONSeq", "KML", "LIBKML", "MEM", "OpenFileGDB"}
    assert set(done.stdout.replace("ESRI Shapefile", "").split()) <= allowed
    assert done.stderr == ""
