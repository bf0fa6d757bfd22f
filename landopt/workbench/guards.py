"""Who may ask what: the gate every request passes before anything else looks at it (FAULTS 83-88).

One address, one origin, one token. The token travels in a header alone: an address with a query is refused, so that
none is ever written down; there is no cookie, because those of 127.0.0.1 are shared by every port.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from parcels.common.issues import Issue, error

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

TOKEN = b"x-landopt-token"
CALLER = "landopt.caller"
"""Where a request that was let in says whose token it carried."""
BODY = 262_144
"""Bytes of a question or an edit."""
UPLOAD = 512_000_000
"""Bytes of a file that is dropped in."""
PATIENCE_S = 20
"""Seconds between two pieces of a body; whoever is slower is let go (FAULTS 86)."""
UPLOADS, QUESTIONS = "/api/upload/", "/api/ask/"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
HEADERS = (
    (b"content-security-policy", POLICY.encode("ascii")),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_BESIDE: dict[int, tuple[tuple[bytes, bytes], ...]] = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"GET, HEAD, POST"),),
    429: ((b"retry-after", b"1"),),
}
"""What HTTP wants said beside a refusal."""
SMALL, HEAR_S = 65_536, 1.0
"""Bytes of a body that is read although its request is refused, and seconds it may take."""
_ODD_PATH = re.compile(rb"%2f|%5c|%00|%2e|\\|//|/\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Gate:
    """What is let in: requests for these hosts that carry the token; nothing that writes where ``read_only``.

    ``programs``: asked by programs, not by the page: any token of ``holders`` (name by SHA-256 of the token) as
    ``Authorization: Bearer``, and no origin needed, since nothing that a browser sends by itself is let in.
    """

    port: int
    token: str
    read_only: bool = False
    names: tuple[str, ...] = ("127.0.0.1", "localhost")
    scheme: str = "http"
    programs: bool = False
    holders: Mapping[str, str] = field(default_factory=dict)

    @property
    def hosts(self) -> frozenset[bytes]:
        """The names this server answers to; without the port where it is the one that goes without saying."""
        known = {f"{name}:{self.port}" for name in self.names}
        if self.port == {"http": 80, "https": 443}[self.scheme]:
            known |= set(self.names)
        return frozenset(name.lower().encode("ascii") for name in known)

    def caller(self, headers: list[tuple[bytes, bytes]]) -> str | None:
        """Whose token a request carries; ``None`` where it carries none that is known."""
        if not self.programs:
            given = _one(headers, TOKEN) or b""
            return "" if hmac.compare_digest(given, self.token.encode("ascii")) else None
        kind, _, given = (_one(headers, b"authorization") or b"").partition(b" ")
        return self.holders.get(digest(given)) if kind.lower() == b"bearer" else None


def digest(token: bytes) -> str:
    """By what a token is known: tokens have 256 bits, so that nothing slower is needed, and time tells nothing."""
    return hashlib.sha256(token).hexdigest()


class Refusal(Exception):
    """A request that is turned away: the status and why."""

    def __init__(self, status: int, issue: Issue) -> None:
        super().__init__(status, issue)
        self.status, self.issue = status, issue
        self.headers = _BESIDE.get(status, ())


def refused(status: int, sentence: str, **values: Any) -> Refusal:
    """A refusal in words; ``sentence`` is one of code ``V001``."""
    return Refusal(status, error(f"V001.{sentence}", **values))


class Guarded:
    """The application behind the gate."""

    def __init__(self, inner: App, gate: Gate) -> None:
        self.inner, self.gate = inner, gate

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self.inner(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            limit = admitted(scope, self.gate)
        except Refusal as refusal:
            await _heard_out(scope, receive)
            await _answer(refusal, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                ours = {name for name, _ in HEADERS}
                own = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in ours]
                message["headers"] = [*own, *HEADERS]
            await send(message)

        try:
            await self.inner(scope, _measured(receive, limit), sealed)
        except Refusal as refusal:  # what came too slowly or was too long, heard while it was read
            if begun:
                raise
            await _answer(refusal, send)


def admitted(scope: MutableMapping[str, Any], gate: Gate) -> int:
    """The bytes a request's body may have.

    Raises
    ------
    Refusal
        421 another host, 405 another method, 404 an odd path or a query, 403 another origin or a write where there is
        none, 401 no token, 411 and 413 a body without a length or too long.
    """
    headers = [(name.lower(), value) for name, value in scope["headers"]]
    method, path = scope["method"], scope["path"]
    host = _one(headers, b"host")
    if host is None or host.lower() not in gate.hosts:
        raise refused(421, "host")
    if method not in ("GET", "HEAD", "POST"):
        raise refused(405, "method")
    if scope.get("query_string") or _ODD_PATH.search(scope.get("raw_path") or path.encode()) or "\x00" in path:
        raise refused(404, "path")
    _same_origin(headers, host, method, path, gate)
    if not path.startswith("/api/"):
        if method == "POST":
            raise refused(405, "method")
        return 0
    caller = gate.caller(headers)
    if caller is None:
        raise refused(401, "bearer" if gate.programs else "token")
    scope[CALLER] = caller
    if method == "POST" and gate.read_only and not path.startswith(QUESTIONS):
        raise refused(403, "read-only")
    return _length(headers, method, UPLOAD if path.startswith(UPLOADS) else BODY)


def _one(headers: list[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """The header of a name; ``None`` where there is none or more than one."""
    found = [value for each, value in headers if each == name]
    return found[0] if len(found) == 1 else None


def _same_origin(headers: list[tuple[bytes, bytes]], host: bytes, method: str, path: str, gate: Gate) -> None:
    """A page of another origin may lead here (the opening page does), and nothing else."""
    named = [name for name, _ in headers]
    origin, site = _one(headers, b"origin"), _one(headers, b"sec-fetch-site")
    if b"origin" in named and origin != gate.scheme.encode() + b"://" + host:
        raise refused(403, "origin")
    if method == "POST" and origin is None and not gate.programs:
        raise refused(403, "origin")
    if b"sec-fetch-site" in named and site not in (b"same-origin", b"none") and path != "/":
        raise refused(403, "origin")


def _length(headers: list[tuple[bytes, bytes]], method: str, most: int) -> int:
    if method != "POST":
        return 0
    said = _one(headers, b"content-length")
    if said is None or not said.isdigit() or len(said) > 15:
        raise refused(411, "length")
    if int(said) > most:
        raise refused(413, "too-long", most=most)
    return int(said)


def _measured(receive: Receive, limit: int) -> Receive:
    """What hears a body, as long as it keeps coming and is not longer than it said."""
    heard, done = 0, False

    async def hear() -> Message:
        nonlocal heard, done
        if done:
            return await receive()
        try:
            message = await asyncio.wait_for(receive(), PATIENCE_S)
        except TimeoutError:
            raise refused(408, "slow") from None
        if message["type"] == "http.request":
            heard += len(message.get("body", b""))
            done = not message.get("more_body", False)
            if heard > limit:
                raise refused(413, "too-long", most=limit)
        return message

    return hear


async def _heard_out(scope: MutableMapping[str, Any], receive: Receive) -> None:
    """Take a small body off the line: a connection closed on unread bytes is reset, and the answer lost with it."""
    said = _one([(name.lower(), value) for name, value in scope["headers"]], b"content-length")
    if said is None or not said.isdigit() or int(said[:9]) > SMALL or len(said) > 9:
        return
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEAR_S):
            while (message := await receive())["type"] == "http.request" and message.get("more_body"):
                pass


def told(issue: Issue) -> bytes:
    """A finding as the body of an answer."""
    return json.dumps({"issues": [both(issue)]}, ensure_ascii=False).encode("utf-8")


async def _answer(refusal: Refusal, send: Send) -> None:
    body = told(refusal.issue)
    headers = [(b"content-type", b"application/json; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    headers += [*HEADERS, (b"connection", b"close"), *refusal.headers]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def both(issue: Issue) -> dict[str, Any]:
    """A finding as the page shows it: what, where and what to do, in every language the page has."""
    from parcels.common.findings_text import advice

    said = {
        lang: {"what": issue.sentence(lang), "where": issue.place.text(lang), "maybe": advice(issue, lang)}
        for lang in ("en", "zh")
    }
    return {"level": issue.level, "code": issue.code, "ids": list(issue.ids), **said}
