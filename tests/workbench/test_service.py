"""``landopt serve --api``: the same gate for programs, names instead of paths, limits, and answers as described."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

import landopt as lo
from cli import desk
from landopt.workbench.guards import BODY, Gate, Refusal, digest
from landopt.workbench.home import Home
from landopt.workbench.service.app import Service, application
from landopt.workbench.service.description import description
from landopt.workbench.service.limits import ALL, EACH, Limits
from landopt.workbench.service.operations import operations
from landopt.workbench.service.run import is_address
from landopt.workbench.service.tokens import add_token, read_tokens
from parcels.common.issues import Environment

PORT, TOKEN = 8766, "s" * 43
CASE: dict[str, Any] = {"use": "RES", "operator": "pubinst", "intending_users": 1}


@contextmanager
def service(folder: Path, rate: int = 100_000) -> Iterator[TestClient]:
    """A client of a running service over a folder."""
    gate = Gate(PORT, "", programs=True, holders={digest(TOKEN.encode()): "tester"})
    app = application(Service(Home(folder.resolve()), gate, rate))
    with TestClient(app, base_url=f"http://127.0.0.1:{PORT}", headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture(scope="module")
def asked(solved: Path) -> Iterator[TestClient]:
    """Over a folder with one solved round."""
    with service(solved.parent) as client:
        yield client


def shape_of(address: str) -> dict[str, Any]:
    """The schema of an answer, as the description has it, with the parts it refers to."""
    whole = description(100_000)
    shape = whole["paths"][address]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    return {**shape, "components": whole["components"]}


def hold(address: str, found: Any) -> None:
    """An answer is as described."""
    jsonschema.Draft202012Validator(shape_of(address)).validate(found)


def test_every_operation_answers_as_described(asked: TestClient, solved: Path) -> None:
    """Each address, with the answers of the front door and what gave them beside it."""
    listed = asked.get("/api/v1/rounds").json()["rounds"]
    assert [room["name"] for room in listed] == [solved.name]
    named = {"round": solved.name, "plan": "plan"}
    requests: dict[str, dict[str, Any]] = {
        "/api/v1/rules/ask": {"facts": CASE, "as_of": "2026-11-22"},
        "/api/v1/rules/ask-batch": {
            "as_of": "2026-11-22",
            "cases": [
                {"facts": CASE},
                {"facts": {"use": "科研用地"}, "as_of": "2020-05-01", "case": "b"},
                {"facts": {"use": "?!"}},
            ],
        },
        "/api/v1/check": {"round": solved.name},
        "/api/v1/audit": {**named, "sample": 1},
        "/api/v1/whatif": named,
    }
    assert set(requests) == {each.address for each in operations()}
    answers = {}
    for address, body in requests.items():
        reply = asked.post(address, json=body)
        assert reply.status_code == 200, (address, reply.text)
        found = reply.json()
        hold(address, found)
        assert found["schema"] == "landopt.api/1"
        assert {len(pack["sha256"]) for pack in found["packs"]} == {64}
        answers[address] = found
    direct = lo.ask("2026-11-22", **CASE)
    assert answers["/api/v1/rules/ask"]["answer"]["agreement"] == json.loads(json.dumps(dict(direct["agreement"].data)))
    batch = answers["/api/v1/rules/ask-batch"]["answers"]
    assert [each["case"] for each in batch] == ["1", "b", "3"]
    assert batch[0]["answer"] == answers["/api/v1/rules/ask"]["answer"]
    assert batch[1]["as_of"] == "2020-05-01"
    assert batch[2]["refused"]["issues"][0]["code"] == "R011"
    assert answers["/api/v1/audit"]["answer"]["stands"] is True
    assert answers["/api/v1/whatif"]["answer"]["holds"] is True
    assert answers["/api/v1/check"]["answer"]["parcels"] == 24


def test_a_call_says_who_asks(asked: TestClient) -> None:
    """No token, another one, another scheme, two of them: 401; with a bearer token no origin is needed."""
    ask: dict[str, Any] = {"url": "/api/v1/rules/ask", "json": {"facts": CASE}}
    for given in ("", "Bearer", f"Bearer {TOKEN[:-1]}", f"Basic {TOKEN}", f"Bearer  {TOKEN}", f"Bearer {TOKEN} x"):
        reply = asked.post(**ask, headers={"Authorization": given})
        assert reply.status_code == 401, given
        assert reply.headers["www-authenticate"] == "Bearer"
    assert asked.post(**ask, headers={"Origin": "http://evil.example"}).status_code == 403
    assert asked.post(**ask, headers={"Host": "evil.example"}).status_code == 421
    assert asked.get("/").status_code == 404
    assert asked.get("/api/state").status_code == 404
    reply = asked.get("/api/v1/check")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")


NAMES = ("..", ".", "/", "", "../r1", "r1/..", "r1/plan", "/etc", "C:\\", "\\\\host\\share", "r1\0", "link", "~")


def test_no_name_leads_out(tmp_path: Path, solved: Path) -> None:
    """A round or a plan is one of the listing; a link that leads out of the folder is none."""
    shutil.copytree(solved, tmp_path / "served" / "r1")
    shutil.copytree(solved, tmp_path / "outside")
    (tmp_path / "served" / "link").symlink_to(tmp_path / "outside")
    (tmp_path / "served" / "r1" / "away").symlink_to(tmp_path / "outside" / "plan")
    with service(tmp_path / "served") as client:
        assert [each["key"] for each in client.get("/api/v1/rounds").json()["rounds"][0]["plans"]] == ["plan"]
        for name in NAMES:
            assert client.post("/api/v1/check", json={"round": name}).status_code in (404, 422)
            for plan in (name, "o:away", "o:../../outside", "k:..:..", "s:.."):
                asked = {"round": "r1", "plan": plan}
                assert client.post("/api/v1/whatif", json=asked).status_code in (404, 422), plan
    with service(solved) as client:  # one round: neither its parent nor another beside it
        assert client.post("/api/v1/check", json={"round": solved.parent.name}).status_code == 404


STRANGE: tuple[dict[str, Any], ...] = (
    {},
    {"fact": {}},
    {"facts": None},
    {"facts": [1]},
    {"facts": {}, "packs": ["../../etc"]},
    {"facts": {}, "packs": ["/tmp"]},
    {"facts": {}, "policy": ["/etc/passwd"]},
    {"facts": {"as_of": "x"}},
    {"facts": {"rate": "1"}},
    {"facts": {"packs": "x"}},
    {"facts": {"use": {"a": 1}}},
    {"facts": {"area_m2": 1.5}},
    {"facts": {"use": "R" * 501}},
    {"facts": {"use": "\ud800"}},
    {"facts": {}, "rate": "abc"},
    {"facts": {}, "rate": "-1"},
    {"facts": {}, "rate": 5},
    {"facts": {}, "enable": ["x"]},
    {"facts": {}, "as_of": "2026-02-30"},
    {"facts": {}, "as_of": "today"},
)


def test_what_is_not_as_described_is_refused(asked: TestClient) -> None:
    """By its type, before anything looks at it; no file of this machine is ever read for it."""
    for body in STRANGE:
        reply = asked.post("/api/v1/rules/ask", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert reply.status_code == 422, body
        issue = reply.json()["issues"][0]
        assert issue["en"]["what"] != issue["zh"]["what"]


def test_sizes_and_kinds(asked: TestClient) -> None:
    """Too long, another kind, torn, nested without end, a batch too great."""
    url = "/api/v1/rules/ask-batch"
    assert asked.post(url, content=b" " * (BODY + 1)).status_code == 413
    assert asked.post(url, content=b"{}", headers={"Content-Type": "text/plain"}).status_code == 415
    for torn in (b"", b"{", b"\xff\xfe", b"[" * 100_000, b"NaN", b'"x"'):
        assert asked.post(url, content=torn, headers={"Content-Type": "application/json"}).status_code == 422
    assert asked.post(url, json={"cases": [{"facts": {}}] * 1001}).status_code == 422
    assert asked.post(url, json={"cases": []}).status_code == 422


def test_who_asks_too_much_waits() -> None:
    """A rate by caller; a batch counts its cases and is worked off; another caller is not held up."""
    clock = [0.0]
    limits = Limits(10, lambda: clock[0])
    limits.count("a", 25)
    with pytest.raises(Refusal):
        limits.count("a", 1)
    limits.count("b", 1)
    clock[0] = 1.4
    with pytest.raises(Refusal):
        limits.count("a", 1)
    clock[0] = 1.7
    limits.count("a", 1)
    clock[0] = 1_000.0
    for _ in range(10):
        limits.count("a", 1)
    with pytest.raises(Refusal):
        limits.count("a", 1)


def test_few_heavy_questions_at_a_time() -> None:
    """So many of one caller, so many of all; what ends makes room, however it ends."""
    limits = Limits(10)
    held = [limits.heavy("a") for _ in range(EACH)]
    for each in held:
        each.__enter__()
    with pytest.raises(Refusal), limits.heavy("a"):
        pass
    others = [limits.heavy(f"b{number}") for number in range(ALL - EACH)]
    for each in others:
        each.__enter__()
    with pytest.raises(Refusal), limits.heavy("c"):
        pass
    held[0].__exit__(None, None, None)
    with limits.heavy("c"):
        pass


def test_a_caller_in_debt_is_told_when_to_ask_again(solved: Path) -> None:
    """429 with Retry-After."""
    with service(solved.parent, rate=1) as client:
        batch = {"cases": [{"facts": CASE}] * 300, "as_of": "2026-11-22"}
        assert (
            client.post("/api/v1/rules/ask-batch", json=batch).status_code == 429
        )  # rate 1: the request and its cases
        reply = client.post("/api/v1/rules/ask", json={"facts": CASE})
        assert (reply.status_code, reply.headers["retry-after"]) == (429, "1")


def test_tokens_are_kept_as_digests(tmp_path: Path) -> None:
    """A token is shown once; the file says names and digests, is for its owner alone, and each line is understood."""
    path = tmp_path / "tokens.txt"
    first, second = add_token(path, "planning"), add_token(path, "规划处")
    assert read_tokens(path) == {digest(first.encode()): "planning", digest(second.encode()): "规划处"}
    assert first not in path.read_text("utf-8")
    for name in ("planning", "", "a b", "../x", "x" * 61):
        with pytest.raises(Environment):
            add_token(path, name)
    good = path.read_text("utf-8")
    for bad in ("planning2", "a zz", f"b {digest(first.encode())}", f"planning {'0' * 64}"):
        path.write_text(f"{good}{bad}\n", "utf-8")
        with pytest.raises(Environment) as refused:
            read_tokens(path)
        assert "3" in str(refused.value.issues[0].where)
    if os.name == "posix":
        path.write_text(good, "utf-8")
        path.chmod(0o640)
        with pytest.raises(Environment):
            read_tokens(path)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        *(("10.1.2.3:8443", ("10.1.2.3", 8443)), ("[::]:8443", ("::", 8443)), ("0.0.0.0:1", ("0.0.0.0", 1))),
        *((wrong, None) for wrong in ("8443", "host:8443", "1.2.3.4", "1.2.3.4:0", "1.2.3.4:70000", "1.2.3.4:x", "")),
    ],
)
def test_addresses(text: str, found: tuple[str, int] | None) -> None:
    """An address of a machine with a port, and nothing else."""
    assert is_address(text) == found


@pytest.mark.parametrize(
    "options",
    [
        *(["--listen", "0.0.0.0:9"], ["--tokens", "x"], ["--api", "--name", "a"], ["--api", "--listen", "0.0.0.0:9"]),
        *(
            ["--api", "--listen", "0.0.0.0:9", "--name", "a", "--tokens", "x"],
            ["--add-token", "a"],
            ["--api", "--listen", "x"],
        ),
    ],
)
def test_nobody_is_let_in_from_elsewhere_without_tls_and_tokens(options: list[str], tmp_path: Path) -> None:
    """A usage error (exit 2) before anything listens."""
    found = CliRunner().invoke(desk, ["serve", str(tmp_path), *options])
    assert found.exit_code == 2, found.output


def test_the_description_is_the_doors_own() -> None:
    """Each parameter of the door is offered or left out by name; its words are the docstring's."""
    import inspect

    whole = description(500)
    for each in operations():
        offered = set(each.request.__struct_fields__)
        for name in inspect.signature(each.door).parameters:
            assert (name in offered) or name in (*each.left_out, "self", "facts"), (each.address, name)
        assert whole["paths"][each.address]["post"]["summary"] == each.summary
        assert each.summary
    asked = whole["components"]["schemas"]["Ask"]["properties"]["as_of"]
    assert "Date of the plan or notice decision" in json.dumps(asked)
