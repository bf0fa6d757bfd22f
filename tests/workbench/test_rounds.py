"""A round through the page: scenarios, steps, solves, questions; each file is one the command line reads."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

from cli import desk
from landopt.workbench.home import WRITER as NAME
from landopt.workbench.writer import Writers, own_locks_only
from tests.workbench.making import Page, copied, finished, page

BY = {"by": "officer-2", "reason": "minutes 12"}


@pytest.fixture
def rounds(tmp_path: Path, solved: Path) -> Path:
    """A folder with one solved round of its own."""
    copied(solved, tmp_path / "rounds" / "r1")
    return tmp_path / "rounds"


@pytest.fixture
def client(rounds: Path) -> Any:
    """The page over it."""
    with page(rounds) as found:
        yield found


def make(client: TestClient, name: str, **more: Any) -> Any:
    """Make a scenario."""
    return client.post("/api/do/make/r1", json={"name": name, **more})


def step(client: TestClient, scenario: str, version: int, **given: Any) -> Any:
    """One step of a scenario."""
    return client.post("/api/do/step/r1", json={"scenario": scenario, "version": version, **given})


def test_the_round_tells_what_there_is(client: TestClient) -> None:
    """Plans, scenarios, policy, the command of the solve."""
    room = client.get("/api/room/r1").json()
    assert [plan["key"] for plan in room["plans"]] == ["plan"]
    assert room["scenarios"] == []
    assert room["writer"] is None
    assert room["solve"].startswith("landopt solve ")
    assert {rule["kind"] for rule in room["policy"]} >= {"limit", "preference"}


def test_a_scenario_is_solved_by_the_command_it_shows(client: Page, rounds: Path) -> None:
    """Numbers, a rule switched off, a parcel left out: the page's plan and that of the typed command are the same."""
    assert make(client, "甲-1").json() == {"name": "甲-1"}
    room = client.get("/api/room/r1").json()
    limits = [rule for rule in room["policy"] if rule["kind"] == "limit"]
    counted = next(rule for rule in limits if rule.get("measure") == "count")
    amount = counted["values"][0]["amount"]
    assert step(client, "甲-1", 0, do="set", rule=counted["id"], value=str(max(1, amount - 1))).status_code == 200
    off = next(rule for rule in room["policy"] if rule["kind"] == "preference")
    gone = step(client, "甲-1", 1, do="rule", rule={**off, "until": room["as_of"]}, **BY)
    assert gone.status_code == 200, gone.text
    head = client.post("/api/ask/plan/head/r1", json={"plan": "plan"}).json()
    assert any(rule["id"] == counted["id"] for rule in head["rules"])
    folder = rounds / "r1" / "scenarios" / "甲-1"
    assert [rule["id"] for rule in tomllib.loads((folder / "scenario.toml").read_text("utf-8"))["rule"]] == [off["id"]]
    tab = client.get("/api/room/r1").json()["scenarios"][0]
    job = client.post("/api/do/solve/r1", json={"scenario": "甲-1"}).json()
    assert job["typed"] == tab["solve"]
    ended = finished(client, job["job"])
    assert ended["state"] == "done", ended["answer"]
    mine = json.loads((folder / "plan" / "plan.json").read_text("utf-8"))
    words = shlex.split(tab["solve"])[1:]
    words[words.index("-o") + 1] = str(rounds / "typed")
    client.bench.writers.close()
    done = CliRunner().invoke(desk, [*words, "--json"], prog_name="landopt")
    assert done.exit_code in (0, 4), done.output
    typed = json.loads((rounds / "typed" / "plan.json").read_text("utf-8"))
    assert typed["plan_hash"] == mine["plan_hash"]
    assert typed["case"]["digest"] == mine["case"]["digest"]
    assert off["id"] not in {
        rule["id"] for rule in json.loads((folder / "plan" / "case.json").read_text("utf-8"))["rules"]
    }


def test_a_fix_is_asked_for_with_reason_and_name(client: TestClient) -> None:
    """The choice of the plan fixed: the plan says by whom and why; without a reason it is no step."""
    head = client.post("/api/ask/plan/whynot/r1", json={"plan": "plan", "parcel": first(client)}).json()
    chosen = next(reply for reply in head["replies"] if reply["state"] == "chosen")
    make(client, "fixed")
    fix = {"do": "fix", "site": first(client), "method": chosen["method"], "demand": chosen["demand"] or ""}
    assert step(client, "fixed", 0, **fix).status_code == 422
    assert step(client, "fixed", 0, **fix, **BY).status_code == 200
    job = client.post("/api/do/solve/r1", json={"scenario": "fixed"}).json()
    assert "--reason 'minutes 12' --by officer-2" in job["typed"]
    ended = finished(client, job["job"])
    assert ended["state"] == "done", ended["answer"]
    overrides = client.post("/api/ask/plan/head/r1", json={"plan": "s:fixed"}).json()["overrides"]
    assert [(each["by"], each["reason"]) for each in overrides] == [("officer-2", "minutes 12")]


def first(client: TestClient) -> str:
    """A parcel that the plan supplies alone."""
    plan = client.get("/api/file/r1/plan/plan").json()
    return str(next(entry["parcel_ids"][0] for entry in plan["assignments"] if len(entry["parcel_ids"]) == 1))


def test_what_is_filed_is_never_changed(client: TestClient, rounds: Path) -> None:
    """A step needs a scenario; the inputs stay as they were whatever is done."""
    before = {path.name: path.read_bytes() for path in (rounds / "r1").iterdir() if path.is_file()}
    assert step(client, "", 0, do="set", rule="round.x", value="1").status_code == 422
    make(client, "a")
    step(client, "a", 0, do="set", rule="round.x", value="1")
    after = {path.name: path.read_bytes() for path in (rounds / "r1").iterdir() if path.is_file()}
    after.pop(NAME)
    assert after == before


@pytest.mark.parametrize(
    "name", ["", "..", "a/b", "a\\b", "con", "NUL", "x" * 41, "-o", ".bin", "a b", "a\nb", "ａ/", None, 7]
)
def test_a_name_that_is_no_folder_is_refused(client: TestClient, rounds: Path, name: Any) -> None:
    """Nothing is made."""
    assert make(client, name).status_code == 422
    assert not (rounds / "r1" / "scenarios").exists()


def test_copy_and_bin(client: TestClient, rounds: Path) -> None:
    """A copy has the history; what is deleted lies whole in the bin; a name can then be used again."""
    make(client, "a")
    step(client, "a", 0, do="set", rule="round.x", value="1")
    assert make(client, "A").status_code == 409
    assert make(client, "b", like="a").status_code == 200
    assert make(client, "c", like="nobody").status_code == 404
    tabs = {tab["name"]: tab for tab in client.get("/api/room/r1").json()["scenarios"]}
    assert tabs["b"]["sets"] == {"round.x:amount": "1"}
    kept = client.post("/api/do/bin/r1", json={"name": "a"}).json()["bin"]
    assert (rounds / "r1" / "scenarios" / ".bin" / kept / "edits.jsonl").read_text("utf-8").count("\n") == 1
    assert client.post("/api/do/bin/r1", json={"name": ""}).status_code == 404
    assert client.post("/api/do/bin/r1", json={"name": ".bin"}).status_code == 404
    assert make(client, "a").status_code == 200


def test_questions_are_those_of_the_command_line(client: TestClient, rounds: Path) -> None:
    """whatif, core, sheet, whynot, diff, check, law: what the page gets is what the command prints."""
    plan = rounds / "r1" / "plan"

    def ask(what: str, **body: str) -> httpx2.Response:
        return client.post(f"/api/ask/plan/{what}/r1", json={"plan": "plan", **body})

    def typed(*words: str) -> Any:
        return json.loads(CliRunner().invoke(desk, [*words, "--json"], prog_name="landopt").stdout)

    found = ask("whatif").json()
    assert typed("whatif", str(plan)) == {name: found[name] for name in ("tiers", "holds", "broken", "gone", "unsaid")}
    core = ask("core", within="1%").json()
    assert core["threshold"] == typed("core", str(plan), "--within", "1%")["threshold"]
    parcel = first(client)
    text = (
        CliRunner().invoke(desk, ["explain", str(plan), "--parcel", parcel, "--lang", "zh"], prog_name="landopt").stdout
    )
    assert ask("sheet", parcel=parcel).json()["text"]["zh"].strip() == text.strip()
    assert ask("sheet").json()["kinds"] == ["plan"]
    whys = {reply["method"]: reply["state"] for reply in ask("whynot", parcel=parcel).json()["replies"]}
    assert "chosen" in whys.values()
    assert ask("diff", other="plan").json()["parcels"] == []
    assert ask("picture").json()["map"]
    check = client.post("/api/ask/round/check/r1", json={}).json()
    assert (check["refused"], check["parcels"]) == (False, 24)
    law = client.post(
        "/api/ask/law/ask", json={"facts": {"use": "IND", "intending_users": 2}, "as_of": "2026-11-22"}
    ).json()
    assert {m["method"]: m["verdict"] for m in law["methods"]}["agreement"] == "forbid"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("plan/sheet", {"parcel": "P-999"}),
        ("plan/whatif", {"sets": ["cn.order39.art4:amount=1"]}),
        ("plan/whatif", {"sets": ["nonsense"]}),
        ("plan/core", {"within": "much"}),
        ("round/overlay", {"toml": "[[rule]]\nid = 1"}),
        ("round/overlay", {"toml": '[[rule]]\nid = "round.a"\nwhen = "x.__class__"\n'}),
    ],
)
def test_what_the_library_refuses_is_told_as_it_tells_it(client: TestClient, what: str, body: dict[str, Any]) -> None:
    """Code, sentence in both languages, advice; the reader answers the next question."""
    reply = client.post(f"/api/ask/{what}/r1", json={"plan": "plan", **body})
    assert reply.status_code == 422, reply.text
    issue = reply.json()["issues"][0]
    assert issue["code"]
    assert issue["en"]["what"] != issue["zh"]["what"]
    assert client.post("/api/ask/plan/head/r1", json={"plan": "plan"}).status_code == 200


def test_a_rule_goes_to_toml_and_back(client: TestClient) -> None:
    """The form's table as a policy file, read by the loader of policies, is the same table."""
    for rule in client.get("/api/room/r1").json()["policy"]:
        toml = client.post("/api/ask/toml", json={"rule": rule}).json()["toml"]
        back = client.post("/api/ask/round/overlay/r1", json={"toml": toml})
        assert back.status_code == 200, back.text
        assert back.json()["rules"] == [rule]


_HOLDER = """
import sys, time
from pathlib import Path
from landopt.workbench.writer import Writers
writers = Writers()
writers.take(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_one_writer_a_round(client: TestClient, rounds: Path) -> None:
    """While another server writes, this one reads and says who; when that one is killed, it writes."""
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(rounds / "r1")], cwd=root, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == b"held"
        reply = make(client, "a")
        assert reply.status_code == 423
        holder = json.loads((rounds / "r1" / NAME).read_text("utf-8"))
        assert holder["account"] in reply.json()["issues"][0]["en"]["what"]
        assert holder["machine"] in reply.json()["issues"][0]["zh"]["what"]
        assert client.get("/api/room/r1").json()["writer"]["here"] is False
        assert client.post("/api/ask/plan/head/r1", json={"plan": "plan"}).status_code == 200
        other.kill()
    assert make(client, "a").status_code == 200
    assert client.get("/api/room/r1").json()["writer"]["here"] is True
    client.post("/api/do/leave/r1", json={})
    assert client.get("/api/room/r1").json()["writer"] is None


def test_a_disk_that_keeps_no_locks_is_not_written(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """FAULTS 79: a second handle that gets the lock as well shows that the share does not lock."""
    monkeypatch.setattr("landopt.workbench.writer._take", lambda _handle, **_look: None)
    reply = make(client, "a")
    assert (reply.status_code, "lock" in reply.json()["issues"][0]["en"]["what"]) == (503, True)


@pytest.mark.skipif(sys.platform == "win32", reason="msvcrt locks need a handle that may write")
def test_who_only_reads_opens_nothing_for_writing(rounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a disk that is not his to write a reader is told who writes, and that nobody does where nobody does."""
    folder, looker, writer = rounds / "r1", Writers(), Writers()
    writer.take(folder)
    plain = Path.open

    def opened(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
        assert mode in ("r", "rb"), mode
        return plain(path, mode, *more, **named)

    with monkeypatch.context() as reading:
        reading.setattr(Path, "open", opened)
        found = looker.who(folder)
    assert found is not None
    assert (found["here"], found["process"]) == (False, os.getpid())
    writer.close()
    assert looker.who(folder) is None


@pytest.mark.skipif(sys.platform == "win32", reason="msvcrt has no shared lock")
def test_looking_who_writes_keeps_nobody_out(rounds: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader that looks at the lock is not taken for a writer, nor does it keep one from writing."""
    import fcntl

    folder, looker, writer = rounds / "r1", Writers(), Writers()
    with (folder / NAME).open("w+b") as other:
        fcntl.flock(other.fileno(), fcntl.LOCK_SH)
        assert looker.who(folder) is None
        monkeypatch.setattr(
            "landopt.workbench.writer.time.sleep", lambda _s: fcntl.flock(other.fileno(), fcntl.LOCK_UN)
        )
        writer.take(folder)
    found = looker.who(folder)
    assert found is not None
    assert (found["here"], found["process"]) == (False, os.getpid())
    writer.close()


@pytest.mark.parametrize(
    ("line", "own"),
    [
        ("srv:/land /mnt/land nfs4 rw,vers=4.2,hard,local_lock=none 0 0", False),
        ("srv:/land /mnt/land nfs rw,vers=3,nolock,local_lock=all 0 0", True),
        ("srv:/land /mnt/land nfs rw,vers=3,local_lock=posix 0 0", False),
        ("//srv/land /mnt/land cifs rw,vers=3.1.1,uid=0 0 0", False),
        ("//srv/land /mnt/land cifs rw,vers=3.1.1,nobrl 0 0", True),
        ("me@srv:/land /mnt/land fuse.sshfs rw,nosuid 0 0", True),
        ("host /mnt/land 9p rw,trans=virtio 0 0", True),
        ("srv:/land /other nfs rw,nolock 0 0", False),
        ("srv:/land /mnt/land\\0401 nfs rw,nolock 0 0", False),
    ],
)
def test_a_share_whose_locks_stay_on_this_machine_is_known(tmp_path: Path, line: str, own: bool) -> None:
    """By how it is mounted: two handles here keep each other out there as well, two machines do not."""
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda1 / ext4 rw 0 0\n{line}\n", encoding="utf-8")
    assert own_locks_only(Path("/mnt/land/rounds/r1"), mounts) is own


def test_such_a_share_is_not_written(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused, as a disk that keeps no locks."""
    monkeypatch.setattr("landopt.workbench.writer.own_locks_only", lambda _folder: True)
    assert make(client, "a").status_code == 503


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """A round on a read-only disk is read."""
    with pytest.raises(Exception, match="V001"):
        Writers().take(tmp_path / "nowhere")
