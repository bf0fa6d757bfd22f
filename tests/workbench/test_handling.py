"""States of an adoption: drafted, reviewed by another, signed by as many as the round asks for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from landopt.keeping.handled import FILE
from landopt.workbench.guards import Refusal
from landopt.workbench.home import Room
from landopt.workbench.round import handling
from tests.workbench.making import copied, finished, page, reviewed


def room_with_plan(folder: Path) -> tuple[Room, Path]:
    """A round with something that lies where a plan lies."""
    (folder / "plan").mkdir(parents=True)
    (folder / "plan" / "plan.json").write_text("{}", encoding="utf-8")
    return Room("r1", folder), folder / "plan"


def test_a_plan_is_drafted_then_reviewed_by_another(tmp_path: Path) -> None:
    """In this order, under names, audited before it passes; sent back with a reason; every step is kept."""
    room, plan = room_with_plan(tmp_path / "r1")

    def step(what: str, by: str = "甲", note: str = "", audited: bool = False) -> int:
        try:
            handling.add(room, plan, {"what": what, "by": by, "note": note}, audited)
        except Refusal as refusal:
            return refusal.status
        return 200

    assert [step("pass", audited=True), step("return", note="x"), step("submit", by=" ")] == [409, 409, 422]
    assert [step("submit"), step("submit")] == [200, 409]
    assert [step("pass", "甲", audited=True), step("pass", "乙"), step("return", "乙")] == [422, 409, 422]
    assert [step("return", "乙", "面积不符"), step("submit"), step("pass", "乙", audited=True)] == [200, 200, 200]
    assert handling.reviewed(room, plan)
    assert [each["do"] for each in handling.read(room)] == ["submit", "return", "submit", "pass"]
    (plan / "plan.json").write_text("{} ", encoding="utf-8")
    assert not handling.reviewed(room, plan), "a plan that changed is another plan"
    assert step("submit") == 200


def test_a_line_cut_off_loses_nothing_else(tmp_path: Path) -> None:
    """A crash in the middle of a line: the next step begins a line of its own."""
    room, plan = room_with_plan(tmp_path / "r1")
    handling.add(room, plan, {"what": "submit", "by": "甲"}, False)
    path = room.folder / FILE
    with path.open("ab") as out:
        out.write(b'{"seq": 2, "do": "pa')
    assert not handling.reviewed(room, plan)
    handling.add(room, plan, {"what": "pass", "by": "乙"}, True)
    assert handling.reviewed(room, plan)
    with pytest.raises(Refusal):
        handling.add(room, plan, {"what": "adopt", "by": "乙"}, True)


@pytest.mark.slow
def test_an_adoption_is_pending_until_enough_have_signed(tmp_path: Path, solved: Path) -> None:
    """Two of two must sign, each with his own passphrase, each time asked for; nothing of it is kept."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    word = os.urandom(9).hex()
    raw = serialization.PublicFormat.SubjectPublicKeyInfo
    for name in ("科长", "局长"):
        key, lock = Ed25519PrivateKey.generate(), serialization.BestAvailableEncryption(word.encode())
        pem = serialization.Encoding.PEM
        (tmp_path / f"{name}.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, lock))
        (tmp_path / f"{name}.pub.pem").write_bytes(key.public_key().public_bytes(pem, raw))
    folder = copied(solved, tmp_path / "rounds" / "r1")
    with page(tmp_path / "rounds") as client:
        reviewed(client, "r1")
        signers = "; ".join(str(tmp_path / f"{name}.pub.pem") for name in ("科长", "局长"))
        asked = {"document": "d1", "by": "科长", "open": True, "key": str(tmp_path / "科长.key"), "passphrase": word}
        assert client.post("/api/do/adopt/r1", json={**asked, "signers": signers, "need": "3"}).status_code == 422
        begun = client.post("/api/do/adopt/r1", json={**asked, "signers": signers, "need": "2"})
        assert finished(client, begun.json()["job"])["state"] == "done"
        paper = client.get("/api/room/r1").json()["plans"][0]["adopted"][-1]
        assert (paper["have"], paper["need"], paper["waiting"]) == (1, 2, ["局长"])
        second = {"by": "局长", "key": str(tmp_path / "局长.key"), "passphrase": word}
        assert finished(client, client.post("/api/do/sign/r1", json=second).json()["job"])["state"] == "done"
        paper = client.get("/api/room/r1").json()["plans"][0]["adopted"][-1]
        assert (paper["have"], paper["need"], paper["waiting"]) == (2, 2, [])
        said = json.dumps([client.get("/api/state").json(), client.get("/api/room/r1").json()])
        assert word not in said
    assert all(word.encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_the_command_line_signs_what_was_passed_and_nothing_else(tmp_path: Path, solved: Path) -> None:
    """Submitted, sent back, another plan: refused with what is missing; passed: adopted; without handling as ever."""
    from click.testing import CliRunner

    from cli import desk
    from landopt.workbench.home import Room

    def adopt(folder: Path) -> tuple[int, str]:
        words = ["round", "adopt", str(folder), str(folder / "plan"), "--document", "d1", "--by", "局长"]
        done = CliRunner().invoke(desk, words, prog_name="landopt")
        return done.exit_code, done.output

    for name in ("r1", "r2"):
        copied(solved, tmp_path / name)
        words = ["round", "open", str(tmp_path / name), "--by", "科长"]
        assert CliRunner().invoke(desk, words, prog_name="landopt").exit_code == 0
    room = Room("r1", tmp_path / "r1")
    handling.add(room, room.folder / "plan", {"what": "submit", "by": "甲"}, False)
    code, said = adopt(room.folder)
    assert (code, "B019" in said, "甲" in said) == (1, True, True)
    handling.add(room, room.folder / "plan", {"what": "return", "by": "乙", "note": "重做"}, False)
    assert "重做" in adopt(room.folder)[1]
    handling.add(room, room.folder / "plan", {"what": "submit", "by": "甲"}, False)
    handling.add(room, room.folder / "plan", {"what": "pass", "by": "乙"}, True)
    kept = (room.folder / FILE).read_text("utf-8")
    (room.folder / FILE).write_text(kept.replace(json.loads(kept.splitlines()[0])["plan"], "0" * 64))
    assert "B019" in adopt(room.folder)[1], "another plan was passed"
    (room.folder / FILE).write_text(kept)
    assert adopt(room.folder)[0] == 0
    assert adopt(tmp_path / "r2")[0] == 0
