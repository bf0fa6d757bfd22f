"""Starting the workbench: a loopback socket, a token, a page that opens the browser, and an end that leaves nothing.

The token is never an argument, a query or a line of a log: it stands in a file only its owner can read, which leads the
browser to the address with the token behind ``#``, a part of an address that no browser sends.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import tempfile
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from landopt.workbench.guards import Gate, Guarded
from landopt.workbench.home import Home
from parcels.common.catalogue import Say, told
from parcels.common.issues import Environment, error

if TYPE_CHECKING:
    import uvicorn

    from landopt.workbench.bench import Bench

LOOPBACK = "127.0.0.1"
_OPENER = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>landopt</title>
<meta http-equiv="refresh" content="0; url={address}"></head>
<body><p><a href="{address}">landopt</a></p></body></html>
"""


def listening(port: int, host: str = LOOPBACK) -> socket.socket:
    """A socket on the loopback address and on no other, unless ``host`` is told.

    Raises
    ------
    Environment
        The port is taken or not allowed (exit 6).
    """
    found = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name != "nt":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
    except OSError as trouble:
        found.close()
        raise Environment(error("E007.port", port=port, strerror=trouble.strerror or str(trouble))) from trouble
    return found


@contextlib.contextmanager
def secret_file(name: str, text: str) -> Iterator[Path]:
    """A file readable by its owner alone, in a folder of mode 700; gone with the server."""
    place = Path(tempfile.mkdtemp(prefix="landopt-open-"))
    try:
        path = place / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(text)
        yield path
    finally:
        shutil.rmtree(place, ignore_errors=True)


def serve(
    folder: Path, *, port: int = 0, read_only: bool = False, browser: bool = True, say: Say = lambda _line: None,
    ready: Callable[[uvicorn.Server, Path], None] | None = None,
) -> None:  # fmt: skip
    """Serve the page over a folder until Ctrl-C.

    Parameters
    ----------
    folder
        The folder of rounds, one round, or plans.
    port
        0: any that is free.
    browser
        Open the browser; else only say where the file that opens it lies.
    ready
        Hears of the server and the opening file before it starts.

    Raises
    ------
    Environment
        The folder is not there, the port is taken (exit 6).
    """
    from landopt.workbench.app import application
    from landopt.workbench.bench import Bench

    if not folder.is_dir():
        raise Environment(error("E007.no-folder", at=str(folder)))
    with contextlib.closing(listening(port)) as sock:
        number = sock.getsockname()[1]
        token = secrets.token_urlsafe(32)
        bench = Bench(Home(folder.resolve()), Gate(number, token, read_only))
        server = server_of(application(bench))
        with secret_file("landopt.html", _OPENER.format(address=f"http://{LOOPBACK}:{number}/#{token}")) as path:
            say(told("progress.serving", folder=folder, address=f"http://{LOOPBACK}:{number}/"))
            say(told("progress.serving-file", path=path))
            if browser and not webbrowser.open(path.as_uri()):
                say(told("progress.serving-no-browser"))
            if ready is not None:
                ready(server, path)
            with contextlib.suppress(KeyboardInterrupt):  # how it is meant to end
                ending(server, bench).run(sockets=[sock])


def ending(server: uvicorn.Server, bench: Bench) -> uvicorn.Server:
    """A server that ends its children and streams first, so that no request waits for an answer that will not come."""
    stop = server.shutdown

    async def shutdown(sockets: list[socket.socket] | None = None) -> None:
        bench.hub.close()
        await bench.close()
        await stop(sockets)

    server.shutdown = shutdown  # type: ignore[method-assign]
    return server


def server_of(app: Guarded, **more: Any) -> uvicorn.Server:
    """A server for an application; ``more`` are options of its own (TLS)."""
    import uvicorn

    config = uvicorn.Config(
        app,
        log_config=None,  # a windowless Python has no standard output for it to ask about
        log_level="error",
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        ws="none",
        timeout_keep_alive=30,
        timeout_graceful_shutdown=2,
        limit_concurrency=200,
        **more,
    )
    return uvicorn.Server(config)
