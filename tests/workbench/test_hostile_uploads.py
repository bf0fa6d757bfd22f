"""Every hostile file of the tests sent through the page, and disks that fail at a step: refused, nothing lost."""

from __future__ import annotations

import contextlib
import errno
import hashlib
from pathlib import Path

import pytest

from landopt.workbench.child.answers import check
from landopt.workbench.child.columns import columns
from landopt.workbench.home import WRITER
from landopt.workbench.received import KINDS
from parcels.common.issues import LandoptError
from tests import hostile
from tests.workbench.making import copied, page


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a round by name, but for the lock."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if not name.endswith(WRITER)}


@pytest.mark.slow
def test_a_hostile_upload_is_refused_in_words(tmp_path: Path, solved: Path) -> None:
    """Kept under its digest or turned away; as the parcels of a round it is a finding, and the round is as before."""
    folder = copied(solved, tmp_path / "r1")
    before = files_of(folder)
    with page(tmp_path) as client:
        for each in hostile.FILES:
            headers = {"X-File-Name": each.name, "Content-Type": "application/octet-stream"}
            kept = client.post("/api/upload/file", content=each.content, headers=headers)
            assert kept.status_code == (200 if Path(each.name).suffix in KINDS else 415), each.label
            if kept.status_code != 200:
                continue
            assert kept.json()["digest"] == hashlib.sha256(each.content).hexdigest()
            put = client.post("/api/do/file/r1", json={"role": "parcels", "layer": "", "file": kept.json()})
            assert put.status_code in (200, 422), (each.label, put.text)
            if put.status_code == 422:
                assert put.json()["issues"][0]["code"][0] in "FP", each.label
                assert files_of(folder) == before, each.label
                continue
            for ask in (check, columns):
                with contextlib.suppress(LandoptError):  # nothing else
                    found = ask({"folder": str(folder)}, print)
                    assert found.get("refused", True), each.label
            for name, content in files_of(folder).items():
                if name not in before:
                    (folder / name).unlink()
                elif content != before[name]:
                    (folder / name).write_bytes(before[name])
    assert files_of(folder) == before


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_disk_that_fails_at_a_step_loses_nothing(
    tmp_path: Path, solved: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """It is told as the command line tells it; the steps before stand, and the next one goes through."""
    copied(solved, tmp_path / "r1")
    steps = tmp_path / "r1" / "scenarios" / "a" / "edits.jsonl"

    def fails(_handle: int) -> None:
        raise OSError(code, "no space left")

    def step(version: int) -> int:
        said = {"do": "set", "rule": "round.x", "value": "3", "scenario": "a", "version": version}
        reply = client.post("/api/do/step/r1", json=said)
        assert reply.status_code in (200, 507), reply.text
        assert reply.status_code == 200 or reply.json()["issues"][0]["code"] in ("E001", "E075")
        return int(reply.status_code)

    with page(tmp_path) as client:
        assert client.post("/api/do/make/r1", json={"name": "a"}).status_code == 200
        assert step(0) == 200
        first = steps.read_bytes()
        with monkeypatch.context() as broken:
            broken.setattr("landopt.workbench.edits.os.fsync", fails)
            assert step(1) == 507
        assert steps.read_bytes().startswith(first)
        version = client.get("/api/room/r1").json()["scenarios"][0]["version"]
        assert version in (1, 2)
        assert step(version) == 200
        for path in ("columns", "handle", "make"):
            with monkeypatch.context() as broken:
                broken.setattr("os.fsync", fails)
                said = {"columns": {"use": "x"}, "name": "b", "what": "submit", "by": "x"}
                wanted = {"columns": ("columns",), "handle": ("what", "by"), "make": ("name",)}[path]
                reply = client.post(f"/api/do/{path}/r1", json={name: said[name] for name in wanted})
                assert reply.status_code == 507, (path, reply.text)
        assert not (tmp_path / "r1" / "scenarios" / "b").exists()
