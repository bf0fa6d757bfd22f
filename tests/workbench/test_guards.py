"""FAULTS 83-88: who is let in. Every hostile request is refused before anything looks at it, and nothing is written."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from landopt.workbench import guards
from landopt.workbench.app import static_files
from landopt.workbench.guards import HEADERS, Gate, Guarded
from tests.workbench.making import ORIGIN, PORT, TOKEN, page

GOOD = {"Origin": ORIGIN, "X-Landopt-Token": TOKEN}


@pytest.fixture
def client(tmp_path: Path, solved: Path) -> Any:
    """The page over a folder with one round that is never written to."""
    with page(solved.parent) as found:
        yield found


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8765", "127.0.0.1", "127.0.0.1:80", "127.0.0.1.nip.io:8765", "[::1]:8765"),
        *("127.0.0.1:8765.evil.example", "0.0.0.0:8765", "127.0.0.1:8765@evil.example", "localhost", ""),
    ],
)
def test_fault_83_another_host_is_refused(client: TestClient, host: str) -> None:
    """A name that was made to lead here (DNS rebinding) gets nothing, not even the page."""
    for path in ("/", "/api/state", "/web/main.js"):
        assert client.get(path, headers={**GOOD, "Host": host}).status_code == 421


def test_both_own_names_are_known(client: TestClient) -> None:
    """127.0.0.1 and localhost, with the port."""
    assert client.get("/", headers={"Host": f"localhost:{PORT}"}).status_code in (200, 403)
    assert client.get("/", headers={"Host": f"127.0.0.1:{PORT}"}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["null", "http://evil.example", "https://127.0.0.1:8765", "http://127.0.0.1:8766", f"{ORIGIN}.evil", ""]
)
def test_fault_84_another_origin_is_refused(client: TestClient, origin: str) -> None:
    """A page of another origin, of another port or of a file may neither read nor write."""
    for ask in (client.get, client.post):
        path = "/api/state" if ask is client.get else "/api/do/make/r1"
        assert ask(path, headers={**GOOD, "Origin": origin}).status_code == 403


def test_fault_84_a_write_without_an_origin_is_refused(client: TestClient) -> None:
    """Browsers send one with every POST; what has none is no page of ours."""
    del client.headers["origin"]
    assert client.post("/api/do/make/r1", json={"name": "a"}).status_code == 403
    assert client.get("/api/state").status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "unheard-of"])
def test_fault_84_what_the_browser_calls_foreign_is_refused(client: TestClient, site: str) -> None:
    """Only the first page may be led to from elsewhere: the file that opens the browser does."""
    assert client.get("/api/state", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/web/main.js", headers={"Sec-Fetch-Site": site}).status_code == 403
    assert client.get("/", headers={"Sec-Fetch-Site": site}).status_code == 200


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "t", TOKEN.upper(), "é" * 43])
def test_no_token_no_answer(client: TestClient, token: str) -> None:
    """Every address below /api needs the whole token, in the header."""
    headers = {b"X-Landopt-Token": token.encode("utf-8")}
    assert client.get("/api/state", headers=headers).status_code == 401
    assert client.post("/api/ask/law/ask", headers=headers, json={}).status_code == 401


def test_two_tokens_are_none(client: TestClient) -> None:
    """A header twice is not looked at."""
    pair = [("X-Landopt-Token", TOKEN), ("X-Landopt-Token", TOKEN), ("Origin", ORIGIN)]
    del client.headers["x-landopt-token"]
    assert client.get("/api/state", headers=pair).status_code == 401


@pytest.mark.parametrize("query", [f"?t={TOKEN}", f"?token={TOKEN}", "?", "?a=1"])
def test_a_query_is_never_read(client: TestClient, query: str) -> None:
    """So that no token ever stands in an address."""
    status = client.get("/api/state" + query, headers={"X-Landopt-Token": ""}).status_code
    assert status == (401 if query == "?" else 404)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND"])
def test_other_methods_are_refused(client: TestClient, method: str) -> None:
    """GET and POST alone."""
    assert client.request(method, "/api/state").status_code == 405


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/api/room/..%2f..%2fetc",
            "/api/room/%2e%2e/%2e%2e",
            "/web/..%2fapp.py",
            "/web/%2e%2e/app.py",
            "/web/../app.py",
        ),
        *(
            "/api/room/r1%00",
            "/api/room/..\\r1",
            "/api/room/%5c%5cshare",
            "//etc/passwd",
            "/web//main.js",
            "/.git/config",
        ),
        *(
            "/api/file/r1/plan/..%2fcase.json",
            "/api/file/r1/..%2fplan/plan",
            "/api/file/r1/plan/passwd",
            "/api/room/r2",
        ),
        *(
            "/api/room/C:",
            "/api/room/r1./",
            "/api/room/%F0%9F",
            "/web/app.py",
            "/web/",
            "/favicon.ico",
            "/api",
            "/api/",
        ),
    ],
)
def test_fault_87_no_path_leads_out(client: TestClient, path: str) -> None:
    """What is not in a listing is not there."""
    reply = client.get(path)
    assert reply.status_code == 404
    assert "root:" not in reply.text


def test_a_get_changes_nothing(client: TestClient, solved: Path) -> None:
    """Every address asked with GET: the files are as they were, and what writes does not answer to GET."""
    before = {path: path.stat().st_mtime_ns for path in solved.rglob("*")}
    for name in ("step", "make", "bin", "solve", "adopt", "leave", "take"):
        assert client.get(f"/api/do/{name}/r1").status_code == 404
    for path in ("/api/state", "/api/room/r1", "/api/words/zh", "/api/file/r1/plan/plan"):
        assert client.get(path).status_code == 200
    assert {path: path.stat().st_mtime_ns for path in solved.rglob("*")} == before


def test_fault_85_a_long_body_is_refused_unread(client: TestClient) -> None:
    """By its length, before a byte of it is read; without a length or with a wrong one as well."""
    long = {**GOOD, "Content-Length": str(guards.BODY + 1), "Content-Type": "application/json"}
    assert client.post("/api/ask/law/ask", headers=long, content=b"").status_code == 413
    assert client.post("/api/ask/law/ask", content=iter([b"{}"])).status_code == 411
    for said in ("-1", "+2", "1e3", "9" * 20, ""):
        assert (
            client.post("/api/ask/law/ask", headers={**GOOD, "Content-Length": said}, content=b"{}").status_code == 411
        )
    assert (
        client.post("/api/ask/law/ask", headers={**GOOD, "Content-Length": "2"}, content=b"{" * 9000).status_code == 413
    )


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"a":1}'])
def test_a_body_that_is_no_request_is_refused(client: TestClient, body: bytes) -> None:
    """Torn, nested to the limit, of another kind: told, not a fault."""
    kinds = ({"Content-Type": "text/plain"}, {"Content-Type": "application/json"})
    for kind in kinds:
        assert client.post("/api/ask/law/ask", headers={**GOOD, **kind}, content=body).status_code == 422


def test_fault_86_a_slow_body_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stops coming ends in 408 and holds nothing up."""
    monkeypatch.setattr(guards, "PATIENCE_S", 0.02)

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def receive() -> Any:
        await asyncio.sleep(1)

    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    headers = [
        (b"host", b"127.0.0.1:1"),
        (b"origin", b"http://127.0.0.1:1"),
        (guards.TOKEN, b"t"),
        (b"content-length", b"9"),
    ]
    scope = {"type": "http", "method": "POST", "path": "/api/x", "query_string": b"", "headers": headers}
    asyncio.run(Guarded(inner, Gate(1, "t"))(scope, receive, send))
    assert told[0]["status"] == 408


@pytest.mark.parametrize(
    ("size", "heard"), [(b"3", 3), (b"65536", 3), (b"70000", 0), (b"1" * 12, 0), (b"-1", 0), (b"x", 0)]
)
def test_a_small_body_is_heard_out_before_the_refusal(size: bytes, heard: int) -> None:
    """Left on the line it resets the connection, and the refusal with it; a large one is never waited for."""
    pieces = [{"type": "http.request", "body": b"x", "more_body": more} for more in (True, True, False)]
    said: list[Any] = []

    async def receive() -> Any:
        return pieces.pop(0)

    async def send(message: Any) -> None:
        said.append((3 - len(pieces), message.get("status")))

    async def unreached(*_: Any) -> None:
        raise AssertionError("the gate let it in")

    async def story() -> None:
        headers = [(b"host", b"evil"), (b"content-length", size)]
        scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/api/new", "headers": headers}
        await Guarded(unreached, Gate(PORT, TOKEN, False))(scope, receive, send)

    asyncio.run(story())
    assert said[0] == (heard, 421)


def test_every_answer_carries_the_policy(client: TestClient) -> None:
    """The page, its scripts, data, refusals: no source but ourselves, no inline script, not framed, not kept."""
    for path, headers in (
        ("/", {}),
        ("/web/main.js", {}),
        ("/api/state", {}),
        ("/nowhere", {}),
        ("/", {"Host": "evil"}),
    ):
        reply = client.get(path, headers=headers)
        for name, value in HEADERS:
            assert reply.headers[name.decode()] == value.decode(), path
        assert "set-cookie" not in reply.headers
    policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy


def test_the_page_names_no_other_address() -> None:
    """Nothing the server hands out loads from elsewhere; no inline script, no inline style, no markup from text."""
    for path in static_files().values():
        text = path.read_text("utf-8")
        if path.parent.name == "web" and path.parent.parent.name == "workbench":
            assert "http://" not in text.replace("http://www.w3.org", "")
            assert "https://" not in text
            for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "document.cookie"):
                assert word not in text, (path.name, word)
        if path.name == "index.html":
            assert "style=" not in text
            assert "onclick" not in text
            assert "<script>" not in text


def test_a_read_only_workbench_writes_nothing(solved: Path) -> None:
    """Steps are refused, questions answered, and every file is as it was."""
    before = {path: path.read_bytes() for path in solved.rglob("*") if path.is_file()}
    with page(solved.parent, read_only=True) as client:
        for name in ("step", "make", "bin", "solve", "adopt", "leave", "take"):
            reply = client.post(f"/api/do/{name}/r1", json={"name": "x", "scenario": "", "version": 0})
            assert (reply.status_code, reply.json()["issues"][0]["code"]) == (403, "V001")
        assert client.post("/api/ask/plan/head/r1", json={"plan": "plan"}).status_code == 200
        assert client.get("/api/state").json()["read_only"] is True
    assert {path: path.read_bytes() for path in solved.rglob("*") if path.is_file()} == before


def test_a_refusal_speaks_both_languages(client: TestClient) -> None:
    """What, where, maybe: as the command line tells it."""
    said = client.get("/api/state", headers={"X-Landopt-Token": ""}).json()["issues"][0]
    assert "token" in said["en"]["what"]
    assert "令牌" in said["zh"]["what"]
    assert said["en"]["maybe"]
