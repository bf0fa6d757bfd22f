"""Work that goes on beside the page: told as it goes, stopped within a second with no child left, lost by nobody."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from landopt.workbench import children
from landopt.workbench.events import Hub
from tests.workbench.making import copied, finished, page, reviewed, small_round

linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at /proc")


def below(pid: int) -> set[int]:
    """The processes that a process started, and theirs."""
    parents: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if parts[0] != "Z":
            parents.setdefault(int(parts[1]), []).append(int(path.parent.name))
    found: set[int] = set()
    new = [pid]
    while new:
        new = [child for each in new for child in parents.get(each, ()) if child not in found]
        found |= set(new)
    return found


def until(what: Callable[[], Any], seconds: float = 60) -> Any:
    """What comes to be true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.02)
    raise AssertionError("it does not come")


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A round that is not solved in a moment: contested, to a gap of nothing."""
    from landopt.invent.round import write_round

    folder = tmp_path_factory.mktemp("long") / "rounds" / "big"
    folder.mkdir(parents=True)
    write_round(folder, parcels=1200, demands=400, seed=3, contested=True)
    return folder


@pytest.fixture
def client(long: Path) -> Iterator[TestClient]:
    """The page over it."""
    with page(long.parent) as found:
        yield found


def searching(client: httpx2.Client, number: int) -> bool:
    """Whether a solve is past reading: its solver runs."""
    job = next(job for job in client.get("/api/state").json()["jobs"] if job["job"] == number)
    assert job["state"] == "running", job["answer"]
    return any(line["values"].get("phase") or "progress.step" in line["key"] for line in job["lines"])


@linux
def test_a_stop_leaves_no_child_and_no_file(client: TestClient, long: Path) -> None:
    """In the middle of the search: all is gone, the solver's own process too; no plan, no scratch."""
    others = below(os.getpid())  # of tests before, which may live on
    job = client.post("/api/do/solve/big", json={"scenario": ""}).json()["job"]
    until(lambda: searching(client, job))
    mine = below(os.getpid()) - others
    assert len(mine) >= 2
    assert client.post("/api/ask/stop", json={"job": job}).json() == {"job": job}
    assert finished(client, job)["state"] == "stopped"
    assert until(lambda: not mine & below(os.getpid()), 30)
    assert until(lambda: not mine & _orphaned_solvers(), 30)
    assert not (long / "plan").exists()
    assert [path.name for path in long.iterdir() if "new" in path.name] == []


def _orphaned_solvers() -> set[int]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            parent = int((path.parent / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"landopt.solving.process.child" in words and parent == 1:
            found.add(int(path.parent.name))
    return found


@pytest.mark.slow
def test_the_best_so_far_can_be_kept(client: TestClient, long: Path) -> None:
    """The search ends, and the plan it had is written, audited and told: stopped by a person."""
    job = client.post("/api/do/solve/big", json={"scenario": ""}).json()["job"]

    def has_a_plan() -> bool:
        found = next(each for each in client.get("/api/state").json()["jobs"] if each["job"] == job)
        assert found["state"] == "running", "the round was solved too soon"
        return any("best" in line["values"] for line in found["lines"])

    until(has_a_plan)
    client.post("/api/ask/stop", json={"job": job, "keep": True})
    ended = finished(client, job, 180)
    assert ended["state"] == "done", ended["answer"]
    assert ended["answer"]["stopped"] == "user"
    assert ended["answer"]["checked"] > 1000
    assert (long / "plan" / "plan.json").is_file()


def test_too_much_at_once_is_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same twice, and more than may run."""
    job = client.post("/api/do/solve/big", json={"scenario": ""}).json()["job"]
    assert client.post("/api/do/solve/big", json={"scenario": ""}).status_code == 409
    monkeypatch.setattr(children, "AT_ONCE", 1)
    client.post("/api/do/make/big", json={"name": "a"})
    assert client.post("/api/do/solve/big", json={"scenario": "a"}).status_code == 429
    assert client.post("/api/do/leave/big", json={}).status_code == 409
    client.post("/api/ask/stop", json={"job": job})
    assert finished(client, job)["state"] == "stopped"


def test_a_round_with_errors_is_told_as_the_command_tells_it(tmp_path: Path) -> None:
    """Exit code and every finding."""
    folder = small_round(tmp_path / "rounds" / "r1")
    text = (folder / "round.toml").read_text("utf-8")
    (folder / "round.toml").write_text(text.replace('demands = "', 'demands = "not-'), "utf-8")
    with page(tmp_path / "rounds") as client:
        job = client.post("/api/do/solve/r1", json={"scenario": ""}).json()["job"]
        ended = finished(client, job)
        assert (ended["state"], ended["answer"]["exit"]) == ("refused", 1)
        assert "not-" in json.dumps(ended["answer"]["issues"])
        reply = client.post("/api/ask/round/check/r1", json={})
        assert reply.json()["refused"] is True
        assert client.post("/api/ask/round/outline/r1", json={}).status_code == 422


def test_a_place_is_asked_for_a_platform_and_no_file(solved: Path) -> None:
    """What could be a path is no platform; a platform without a site is ranked as the command ranks it."""
    with page(solved.parent, read_only=True) as client:
        plan = client.get("/api/file/r1/plan/plan").json()
        for name in (str(solved / "demands.csv"), "/etc/passwd", "D-999"):
            job = client.post("/api/ask/start/place/r1", json={"plan": "plan", "demand": name}).json()["job"]
            ended = finished(client, job)
            assert (ended["state"], ended["answer"]["issues"][0]["code"]) == ("refused", "X003")
        assert client.post("/api/ask/start/place/r1", json={"plan": "plan", "demand": "--exact"}).status_code == 422
        for demand in [each["demand_id"] for each in plan["unserved"][:1]]:
            job = client.post("/api/ask/start/place/r1", json={"plan": "plan", "demand": demand}).json()
            assert job["typed"].startswith("landopt place ")
            ended = finished(client, job["job"])
            assert ended["state"] == "done", ended["answer"]
            assert demand in ended["answer"]["text"]["zh"]


def test_audit_and_adoption_through_the_page(tmp_path: Path, solved: Path) -> None:
    """Audited, adopted under a document and a name, shown as adopted; a second adoption asks why."""
    copied(solved, tmp_path / "rounds" / "r1")
    with page(tmp_path / "rounds") as client:
        unread = client.post("/api/do/adopt/r1", json={"plan": "plan", "document": "d", "by": "x"})
        assert unread.json()["issues"][0]["en"]["what"] == "the plan was not reviewed"
        reviewed(client, "r1")
        assert client.post("/api/do/adopt/r1", json={"plan": "plan", "by": "x"}).status_code == 422
        asked = {"plan": "plan", "document": "穗规划〔2026〕12号", "by": "officer-2", "open": True}
        ended = finished(client, client.post("/api/do/adopt/r1", json=asked).json()["job"])
        assert ended["state"] == "done", ended["answer"]
        line = client.get("/api/room/r1").json()["plans"][0]
        assert [(each["document"], each["by"]) for each in line["adopted"]] == [("穗规划〔2026〕12号", "officer-2")]
        again = finished(client, client.post("/api/do/adopt/r1", json={**asked, "open": False}).json()["job"])
        assert again["state"] == "refused"
        assert client.post("/api/ask/round/ledger/r1", json={}).json()["open"] is True


def test_a_locked_key_signs_with_its_passphrase_each_time(tmp_path: Path, solved: Path) -> None:
    """Wrong or missing: refused; right: sealed and signed. The passphrase is in no command, no state, no file."""
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    word = "口令 " + "x7"
    lock = serialization.BestAvailableEncryption(word.encode("utf-8"))
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    (tmp_path / "key.pem").write_bytes(Ed25519PrivateKey.generate().private_bytes(*form))
    copied(solved, tmp_path / "rounds" / "r1")
    with page(tmp_path / "rounds") as client:
        asked = {"plan": "plan", "document": "d1", "by": "x", "open": True, "key": str(tmp_path / "key.pem")}
        reviewed(client, "r1")
        for key in ("key.pem", str(tmp_path / "key.txt")):
            assert client.post("/api/do/adopt/r1", json={**asked, "key": key}).status_code == 422
        for given in ("", "wrong"):
            reply = client.post("/api/do/adopt/r1", json={**asked, "passphrase": given})
            ended = finished(client, reply.json()["job"])
            assert ended["answer"]["issues"][0]["code"] == "A083", ended
            asked["open"] = False
        ended = finished(client, client.post("/api/do/adopt/r1", json={**asked, "passphrase": word}).json()["job"])
        assert ended["state"] == "done", ended["answer"]
        assert client.post("/api/do/sign/r1", json={"by": "y"}).status_code == 422
        assert word not in client.get("/api/state").text
    for path in (tmp_path / "rounds").rglob("*"):
        assert not path.is_file() or word.encode("utf-8") not in path.read_bytes()
    assert list((tmp_path / "rounds" / "r1" / "plan" / "seal").glob("*"))


def test_a_page_that_comes_back_hears_what_it_missed() -> None:
    """News have numbers; a stream begins after the last one heard, and eight streams hear the same."""
    import asyncio

    async def heard(hub: Hub, after: int, count: int) -> list[str]:
        found = []
        async for event in hub.listen(after):
            found.append(event.decode())
            if len(found) == count:
                break
        return found

    async def story() -> None:
        hub = Hub()
        for number in range(5):
            hub.tell("line", text=str(number))
        missed = await heard(hub, 3, 3)
        assert [event.split("\n")[0] for event in missed[1:]] == ["id: 4", "id: 5"]
        streams = [asyncio.create_task(heard(hub, -1, 2)) for _ in range(8)]
        await asyncio.sleep(0)
        while len(hub.streams) < 8:
            await asyncio.sleep(0)
        hub.tell("room", room="r1")
        assert len({each[1] for each in await asyncio.gather(*streams)}) == 1

    asyncio.run(story())


def _serving(folder: Path, *words: str) -> tuple[subprocess.Popen[str], str, Path]:
    root = Path(__file__).parent.parent.parent
    command = [sys.executable, "-m", "landopt", "serve", str(folder), "--no-open", "--lang", "en", *words]
    server = subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stderr is not None
    first, second = server.stderr.readline(), server.stderr.readline()
    return server, first + second, Path(second.rstrip().rpartition(" ")[2])


@linux
def test_the_command_keeps_its_token_to_its_owner(tmp_path: Path, solved: Path) -> None:
    """It listens on loopback alone; the token is in one file of its owner, in no line, no argument, no environment."""
    copied(solved, tmp_path / "rounds" / "r1")
    server, said, opener = _serving(tmp_path / "rounds")
    try:
        text = opener.read_text("ascii")
        token = text.partition("#")[2].partition('"')[0]
        assert len(token) >= 43
        assert (opener.stat().st_mode & 0o777, opener.parent.stat().st_mode & 0o777) == (0o600, 0o700)
        assert token not in said
        assert token.encode() not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
        assert token.encode() not in Path(f"/proc/{server.pid}/environ").read_bytes()
        port = int(said.partition("127.0.0.1:")[2].partition("/")[0])
        until(lambda: _answers(port), 20)
        assert _listening(port) == {"0100007F"}
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", headers={"X-Landopt-Token": token}) as asked:
            assert asked.get("/api/state").json()["rounds"][0]["name"] == "r1"
            origin = {"Origin": f"http://127.0.0.1:{port}"}
            assert asked.post("/api/ask/plan/head/r1", json={"plan": "plan"}, headers=origin).status_code == 200
        memory = Path(f"/proc/{server.pid}/status").read_text().partition("VmRSS:")[2].split()[0]
        assert int(memory) < 48_000, "the server holds tables"
        left = below(server.pid)
        assert left
    finally:
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    assert "Traceback" not in err
    assert token not in out + err
    assert not opener.parent.exists()
    until(lambda: not [pid for pid in left if Path(f"/proc/{pid}").exists()], 10)


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def _listening(port: int) -> set[str]:
    found = set()
    for name in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            local, state = line.split()[1], line.split()[3]
            if state == "0A" and int(local.rpartition(":")[2], 16) == port:
                found.add(local.partition(":")[0])
    return found


@linux
def test_a_server_that_is_killed_takes_its_children_along(tmp_path: Path, long: Path) -> None:
    """kill -9 in the middle of a solve: child and solver end by themselves; the round can be written again."""
    copied(long, tmp_path / "rounds" / "big")
    server, said, opener = _serving(tmp_path / "rounds")
    token = opener.read_text("ascii").partition("#")[2].partition('"')[0]
    port = int(said.partition("127.0.0.1:")[2].partition("/")[0])
    origin = f"http://127.0.0.1:{port}"
    until(lambda: _answers(port), 20)
    with httpx2.Client(base_url=origin, headers={"X-Landopt-Token": token, "Origin": origin}) as asked:
        job = asked.post("/api/do/solve/big", json={"scenario": ""}).json()["job"]
        until(lambda: searching(asked, job))
    children_ = below(server.pid)
    server.kill()
    server.communicate(timeout=20)
    until(lambda: not [pid for pid in children_ if Path(f"/proc/{pid}").exists()], 20)
    with page(tmp_path / "rounds") as client:
        assert client.post("/api/do/take/big", json={}).status_code == 200


@pytest.mark.parametrize("words", [["--port", "70000"], ["nowhere"]])
def test_a_wrong_start_is_told(tmp_path: Path, words: list[str]) -> None:
    """A port that is none, a folder that is not there, a port that is taken."""
    from click.testing import CliRunner

    from cli import desk

    given = [str(tmp_path / word) if word == "nowhere" else word for word in words]
    done = CliRunner().invoke(desk, ["serve", "--no-open", *given], prog_name="landopt")
    assert done.exit_code in (2, 6)


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    """E007, exit 6."""
    import socket

    from click.testing import CliRunner

    from cli import desk

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(desk, ["serve", str(tmp_path), "--no-open", "--port", port], prog_name="landopt")
    assert (done.exit_code, "E007" in done.stderr) == (6, True)
