"""Files that are dropped in, rounds made of them, settings and corrections: nothing sent or filed is ever changed."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from cli import desk
from landopt.workbench.guards import Refusal
from landopt.workbench.received import UPLOADS, with_key, with_layer
from tests.workbench.making import copied, finished, page

ROUND = """[round]
id = "r"
[inputs]   # files
parcels = "a.gpkg"
crs = "EPSG:4490"
demands = "d.csv"

[inputs.layers]
zones = { file = "z.gpkg|a,b", coverage = ["x", "y"] }
[rules]
packs = ["cn"]
crs = "not this one"
"""


def sent(client: TestClient, path: Path, name: str | None = None) -> dict[str, Any]:
    """A file as the page sends it."""
    headers = {"X-File-Name": name or path.name, "Content-Type": "application/octet-stream"}
    reply = client.post("/api/upload/file", content=path.read_bytes(), headers=headers)
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_a_key_is_set_where_it_belongs() -> None:
    """In [inputs] alone, once, whatever stands there; taken away again it leaves no trace."""
    set_ = with_key(ROUND, "crs", '"EPSG:4526"')
    assert tomllib.loads(set_)["inputs"]["crs"] == "EPSG:4526"
    assert tomllib.loads(set_)["rules"]["crs"] == "not this one"
    assert "crs" not in tomllib.loads(with_key(set_, "crs", ""))["inputs"]
    assert tomllib.loads(with_key(ROUND, "encoding", '"GBK"'))["inputs"]["encoding"] == "GBK"
    assert tomllib.loads(with_layer(ROUND, "zones", '"n.gpkg"'))["inputs"]["layers"] == {"zones": "n.gpkg"}
    assert tomllib.loads(with_layer(ROUND, "points", '"p.gpkg"'))["inputs"]["layers"]["zones"]["coverage"] == [
        "x",
        "y",
    ]
    inline = '[inputs]\nlayers = { zones = { file = "z|a, b", coverage = ["x", "y"] }, points = "p" }\n'
    found = tomllib.loads(with_layer(inline, "points", '"q"'))["inputs"]["layers"]
    assert (found["points"], found["zones"]["coverage"]) == ("q", ["x", "y"])
    with pytest.raises(Refusal):
        with_key("[round]\n", "crs", '"x"')


@pytest.mark.parametrize("name", ["a.exe", "a", "..%2f..%2fa.toml", "a.py", ".gpkg.sh", "a.html", ""])
def test_an_ending_that_is_no_format_is_refused(tmp_path: Path, name: str) -> None:
    """And nothing is kept."""
    with page(tmp_path) as client:
        reply = client.post("/api/upload/file", content=b"x", headers={"X-File-Name": name})
    assert reply.status_code == 415
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x.csv", "C:\\Windows\\x.csv", "%2e%2e%2fx.csv", "\u202evsc.exe.csv", "x" * 5000 + ".csv"]
)
def test_a_file_is_kept_under_its_digest(tmp_path: Path, name: str) -> None:
    """Whatever it is called; twice the same is one."""
    from urllib.parse import quote

    with page(tmp_path) as client:
        for _ in range(2):
            reply = client.post("/api/upload/file", content=b"a,b\n", headers={"X-File-Name": quote(name)})
            assert reply.json()["digest"] == hashlib.sha256(b"a,b\n").hexdigest()
    kept = [path.name for path in (tmp_path / UPLOADS).iterdir()]
    assert kept == [hashlib.sha256(b"a,b\n").hexdigest() + ".csv"]
    assert [path.name for path in tmp_path.iterdir()] == [UPLOADS]


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAULTS 75: told in both languages, the torn file is gone."""

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("landopt.workbench.received.os.fsync", full)
    with page(tmp_path) as client:
        reply = client.post("/api/upload/file", content=b"x", headers={"X-File-Name": "a.csv"})
    assert (reply.status_code, "磁盘空间不足" in reply.json()["issues"][0]["zh"]["what"]) == (507, True)
    assert list((tmp_path / UPLOADS).iterdir()) == []


def test_a_round_from_files_is_one_of_the_command_line(tmp_path: Path, solved: Path) -> None:
    """Made of what was dropped, checked by the command; a layer put in later, a setting, a correction with document."""
    with page(tmp_path) as client:
        files = {"parcels": sent(client, solved / "parcels.gpkg"), "demands": sent(client, solved / "demands.csv")}
        asked = {"name": "新轮次", "as_of": "2026-03-31", "use_codes": "landopt", "lang": "zh", "files": files}
        for wrong in (
            {"name": "a/b"},
            {"as_of": "soon"},
            {"use_codes": "x"},
            {"files": {"parcels": {"digest": "../x"}}},
        ):
            assert client.post("/api/new", json={**asked, **wrong}).status_code == 422
        ended = finished(client, client.post("/api/new", json=asked).json()["job"])
        assert ended["state"] == "done", ended["answer"]
        assert client.post("/api/new", json=asked).status_code == 409
        folder = tmp_path / "新轮次"
        assert (folder / "parcels.gpkg").read_bytes() == (solved / "parcels.gpkg").read_bytes()
        layers = sent(client, solved / "layers.gpkg")
        put = {"role": "points", "layer": "points", "file": layers}
        assert client.post("/api/do/file/新轮次", json=put).json() == {"name": "points.gpkg"}
        assert client.post("/api/do/file/新轮次", json={**put, "layer": '"x'}).status_code == 422
        found = client.post("/api/ask/round/check/新轮次", json={}).json()
        assert found["refused"] is False, found["issues"]
        assert any("4526" in note["en"] for note in found["notes"])
        first = client.post("/api/ask/round/facts/新轮次", json={"of": "parcel", "id": "NS-0001"}).json()
        facts = {fact["field"]: fact for fact in first["facts"]}
        new = not facts["net_land"]["value"]
        fix = {"of": "parcel", "id": "NS-0001", "field": "net_land", "old": facts["net_land"]["value"], "new": new}
        fix |= {"document": "粤府土审〔2026〕9号", "date": "2026-03-20"}
        assert client.post("/api/do/correct/新轮次", json=fix).status_code == 422
        assert client.post("/api/do/correct/新轮次", json={**fix, "person": "陈某"}).status_code == 200
        again = client.post("/api/ask/round/facts/新轮次", json={"of": "parcel", "id": "NS-0001"}).json()
        assert {fact["field"]: fact["value"] for fact in again["facts"]}["net_land"] is new
        for name, value, status in (
            ("encoding", "GBK", 200),
            ("encoding", "", 200),
            ("crs", "x", 422),
            ("packs", "cn", 422),
        ):
            assert client.post("/api/do/columns/新轮次", json={name: value}).status_code == status
    done = CliRunner().invoke(desk, ["check", str(folder), "--json"], prog_name="landopt")
    assert done.exit_code == 0, done.output
    assert (folder / "parcels.gpkg").read_bytes() == (solved / "parcels.gpkg").read_bytes()
    assert len(list(folder.glob("round-*.toml"))) >= 2


def test_an_opened_round_is_not_set_otherwise(tmp_path: Path, solved: Path) -> None:
    """Its files are in the ledger by digest."""
    copied(solved, tmp_path / "r1")
    done = CliRunner().invoke(desk, ["round", "open", str(tmp_path / "r1"), "--by", "x"], prog_name="landopt")
    assert done.exit_code == 0, done.output
    with page(tmp_path) as client:
        assert client.post("/api/do/columns/r1", json={"encoding": "GBK"}).status_code == 409
        fix = {"of": "parcel", "id": "NS-0001", "field": "net_land", "old": True, "new": False, "person": "x"}
        assert client.post("/api/do/correct/r1", json={**fix, "date": "2026-03-20"}).status_code == 409
    assert not (tmp_path / "r1" / "corrections.toml").exists()


def test_the_blank_workbook_is_read_back(tmp_path: Path) -> None:
    """What is downloaded is a workbook."""
    import base64

    with page(tmp_path) as client:
        found = client.post("/api/ask/template", json={"lang": "en"}).json()
    assert base64.b64decode(found["base64"]).startswith(b"PK")
    assert found["name"].endswith(".xlsx")


def test_the_desktop_file_starts_the_workbench() -> None:
    """A double click on a Linux desktop: both languages, the command, the folder that was dropped on it."""
    import configparser

    parser = configparser.ConfigParser(interpolation=None)
    parser.read(Path(__file__).parents[2] / "installer" / "linux" / "landopt-workbench.desktop", "utf-8")
    entry = parser["Desktop Entry"]
    assert (entry["Type"], entry["Exec"]) == ("Application", "landopt serve %f")
    assert "name[zh_cn]" in entry
