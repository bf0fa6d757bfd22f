"""``landopt serve``: the workbench, one local page for the whole round; ``--api``: its questions for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.usage import LANG, Wrong

if TYPE_CHECKING:
    from landopt.workbench.service.run import Door

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXAMPLE = """Example:

  landopt serve examples

  landopt serve handed-over --read-only --no-open

  landopt serve rounds --api --listen 10.1.2.3:8443 --name land --tls-cert c.pem --tls-key k.pem --tokens t.txt"""


# One parameter an option of the command.
@click.command(epilog=_EXAMPLE)
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: any that is free).")
@click.option("--no-open", is_flag=True, help="Do not open the browser; print the file that opens the page.")
@click.option("--read-only", is_flag=True, help="Show and audit only: nothing is written at all.")
@click.option("--api", is_flag=True, help="No page: answer other programs, as JSON over HTTP (docs/service.md).")
@click.option("--listen", metavar="HOST:PORT", help="With --api: another address than this machine's own.")
@click.option("--name", "names", multiple=True, metavar="HOST", help="A name the service is asked under (--listen).")
@click.option("--tls-cert", type=_FILE, help="Certificate of the service, PEM (--listen).")
@click.option("--tls-key", type=_FILE, help="Its key, PEM, readable by its owner alone (--listen).")
@click.option("--tokens", type=_FILE, help="Who may ask: names with the SHA-256 of their tokens (--api).")
@click.option("--add-token", metavar="NAME", help="Make a token for NAME in --tokens, print it once, and end.")
@click.option("--rate", type=click.IntRange(1, 100_000), default=500, show_default=True,
              help="Cases a caller may ask a second (--api).")  # fmt: skip
@click.option("--lang", type=LANG, help="Language of the messages (default: from the environment).")
def serve(
    folder: Path | None,
    port: int,
    no_open: bool,
    read_only: bool,
    api: bool,
    listen: str | None,
    names: tuple[str, ...],
    tls_cert: Path | None,
    tls_key: Path | None,
    tokens: Path | None,
    add_token: str | None,
    rate: int,
    lang: str | None,
) -> None:
    """Open the workbench over DIR: a folder of rounds, one round, or plans to audit (default: this folder).

    It listens on this machine alone and ends with Ctrl-C. Everything it stores is a file that the commands read.
    """
    from landopt.desk.progress import heard
    from parcels.common.language import language

    if add_token is not None:
        if tokens is None:
            raise Wrong("token-file")
        from landopt.workbench.service.tokens import add_token as added

        click.echo(added(tokens, add_token))
        return
    where = folder if folder is not None else Path.cwd()
    if not api:
        if listen or names or tls_cert or tls_key or tokens:
            raise Wrong("of-the-api")
        from landopt.workbench.launch import serve as run

        run(where, port=port, read_only=read_only, browser=not no_open, say=heard(language(lang)))
        return
    from landopt.workbench.service.run import serve_api

    door = _door(listen, names, tls_cert, tls_key, tokens)
    serve_api(where, port=port, tokens=tokens, door=door, rate=rate, say=heard(language(lang)))


def _door(
    listen: str | None, names: tuple[str, ...], cert: Path | None, key: Path | None, tokens: Path | None
) -> Door | None:
    """Where others are let in; ``None`` for this machine alone."""
    from landopt.workbench.service.run import Door, is_address

    if listen is None:
        if names or cert or key:
            raise Wrong("of-listen")
        return None
    at = is_address(listen)
    if at is None:
        raise Wrong("not-an-address", hint="'--listen'", text=listen)
    if not names or cert is None or key is None or tokens is None:
        raise Wrong("listen-needs")
    return Door(*at, names, cert, key)
