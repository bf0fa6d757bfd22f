"""Starting the service: on the loopback address with a token of this start, or on another with TLS and tokens."""

from __future__ import annotations

import contextlib
import ipaddress
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from landopt.workbench.guards import Gate, digest
from landopt.workbench.home import Home
from landopt.workbench.launch import LOOPBACK, listening, secret_file, server_of
from landopt.workbench.service.tokens import private, read_tokens
from parcels.common.catalogue import Say, told
from parcels.common.issues import Environment, error

if TYPE_CHECKING:
    import uvicorn

RATE = 500
"""Cases a caller may ask a second, unless told."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where others are let in: address, names it is asked under, certificate and key (PEM)."""

    host: str
    port: int
    names: tuple[str, ...]
    cert: Path
    key: Path


def serve_api(
    folder: Path, *, port: int = 0, tokens: Path | None = None, door: Door | None = None, rate: int = RATE,
    say: Say = lambda _line: None, ready: Callable[[uvicorn.Server, Path | None], None] | None = None,
) -> None:  # fmt: skip
    """Serve the questions of a folder until Ctrl-C.

    Parameters
    ----------
    folder
        The folder of rounds, one round, or plans; nothing outside it can be named.
    port
        On the loopback address; 0: any that is free.
    tokens
        Who may ask; without it one token of this start, in a file only its owner can read.
    door
        Another address than the loopback's; needs ``tokens``.
    rate
        Cases a caller may ask a second.
    ready
        Hears of the server and the token file before it starts.

    Raises
    ------
    Environment
        The folder is not there, the port is taken, tokens or TLS files cannot be used (exit 6).
    """
    from landopt.workbench.service.app import Service, application

    if not folder.is_dir():
        raise Environment(error("E007.no-folder", at=str(folder)))
    host, wanted = (LOOPBACK, port) if door is None else (door.host, door.port)
    holders = dict(read_tokens(tokens)) if tokens is not None else {}
    if door is not None:
        if not holders:
            raise Environment(error("E007.no-token", at="--tokens", file="--tokens"))
        _usable(door)
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(contextlib.closing(listening(wanted, host)))
        sock.listen(200)  # who asks as soon as the address is told waits, and is not turned away
        number = sock.getsockname()[1]
        path = None
        if not holders:
            token = secrets.token_urlsafe(32)
            holders, path = {digest(token.encode("ascii")): ""}, stack.enter_context(secret_file("token", token))
        gate = Gate(number, "", programs=True, holders=holders)
        more: dict[str, str] = {}
        if door is not None:
            gate = Gate(number, "", False, door.names, "https", programs=True, holders=holders)
            more = {"ssl_certfile": str(door.cert), "ssl_keyfile": str(door.key)}
        server = server_of(application(Service(Home(folder.resolve()), gate, rate)), **more)
        address = f"{gate.scheme}://{gate.names[0]}:{number}/api/v1/"
        say(told("progress.serving-api", folder=folder, address=address))
        if path is not None:
            say(told("progress.serving-token", path=path))
        if ready is not None:
            ready(server, path)
        with contextlib.suppress(KeyboardInterrupt):  # how it is meant to end
            server.run(sockets=[sock])


def is_address(text: str) -> tuple[str, int] | None:
    """``HOST:PORT`` or ``[HOST]:PORT`` of this machine as host and port; ``None`` for anything else."""
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return (host, int(port)) if port.isascii() and port.isdigit() and 0 < int(port) < 65536 else None


def _usable(door: Door) -> None:
    """Refuse a certificate or key that cannot be used, before anything listens."""
    private(door.key)
    if not door.cert.is_file():
        raise Environment(error("E007.no-file", at=str(door.cert)))
    try:
        # a key behind a passphrase would be asked for at the terminal, where nobody may be
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(door.cert, door.key, password=lambda: b"")
    except (OSError, ValueError) as trouble:
        raise Environment(error("E007.tls", at=str(door.cert), trouble=str(trouble))) from trouble
