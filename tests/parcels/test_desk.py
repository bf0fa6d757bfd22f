"""`landopt check` and `landopt convert` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from landopt.desk.prepare.check import check
from tests.parcels.making import box, gpkg, poly, round_folder

BOW = poly((0, 0), (100, 100), (100, 0), (0, 100))


def run(folder: Path, *options: str) -> tuple[int, str, dict[str, Any]]:
    """Exit code, text and JSON of a check."""
    result = CliRunner().invoke(check, [str(folder), *options])
    said = json.loads(result.stdout) if "--json" in options and result.stdout.startswith("{") else {}
    assert "Traceback" not in result.output
    return result.exit_code, result.output, said


def test_a_sound_round(tmp_path: Path) -> None:
    """Counts, hectares, exit 0; the CRS is printed."""
    gpkg(tmp_path, [box(0, 0), box(1, 0)])
    code, text, _ = run(round_folder(tmp_path), "--lang", "en")
    assert code == 0, text
    assert "2 parcels, 1.6000 ha, 1 platform; no errors" in text
    assert "zone 38 (EPSG:4526)" in text
    code, text, said = run(tmp_path, "--json")
    assert (code, said["refused"], said["parcels"], said["area_m2"]) == (0, False, 2, 16000)


def test_errors_stop_and_carry_their_codes(tmp_path: Path) -> None:
    """Exit 1, code, place and advice, in both languages."""
    gpkg(tmp_path, [box(0, 0), BOW])
    code, text, _ = run(round_folder(tmp_path), "--lang", "en")
    assert code == 1
    assert "P001" in text
    assert "row 2, id P2" in text
    assert "Maybe: " in text
    code, text, _ = run(tmp_path, "--lang", "zh")
    assert code == 1
    assert "图形自相交" in text


def test_drop_is_kept_on_the_record(tmp_path: Path) -> None:
    """A dropped parcel no longer stops the round; it needs a reason and is named with it."""
    gpkg(tmp_path, [box(0, 0), BOW])
    round_folder(tmp_path)
    code, _, said = run(tmp_path, "--drop", "P2", "--reason", "权属未清 见会议纪要12号", "--json")
    assert code == 0
    assert said["dropped"] == [{"parcel_id": "P2", "reason": "权属未清 见会议纪要12号"}]
    assert said["parcels"] == 1
    assert run(tmp_path, "--drop", "P2")[0] == 2
    assert run(tmp_path, "--drop", "P7", "--reason", "x")[0] == 1


def test_repair_writes_beside_and_never_in_place(tmp_path: Path) -> None:
    """A repaired copy and the list of changes; the check itself still refuses the file."""
    path = gpkg(tmp_path, [box(3, 3), BOW])
    before = path.read_bytes()
    code, _, said = run(round_folder(tmp_path), "--repair", "--json")
    assert code == 1
    assert path.read_bytes() == before
    assert said["repaired"]["count"] == 1
    assert (tmp_path / "parcels.repaired.gpkg").exists()
    assert "P2" in (tmp_path / "parcels.repaired.csv").read_text("utf-8-sig")
