"""What every command of many runs has in common: where they run."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.usage import Wrong

if TYPE_CHECKING:
    from landopt.runs.work import Where


def where_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options ``--jobs``, ``--scheduler`` and ``--tls-*``; the command takes ``where``."""
    options = (
        click.option(
            "--jobs",
            "--workers",
            "jobs",
            type=click.IntRange(1, 256),
            help="Processes at a time (default: as many as there are processors).",
        ),
        click.option("--scheduler", metavar="ADDRESS", help="A Dask cluster instead, such as tcp://host:8786."),
        click.option("--tls-ca", type=click.Path(path_type=Path), help="Certificate authority of the cluster."),
        click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate for the cluster."),
        click.option("--tls-key", type=click.Path(path_type=Path), help="Private key for the cluster."),
    )

    @wraps(command)
    def asked(
        *given: Any,
        jobs: int | None,
        scheduler: str | None,
        tls_ca: Path | None,
        tls_cert: Path | None,
        tls_key: Path | None,
        **others: Any,
    ) -> Any:
        return command(*given, where=_where(jobs, scheduler, tls_ca, tls_cert, tls_key), **others)

    found: Callable[..., Any] = asked
    for option in reversed(options):
        found = option(found)
    return found


def _where(
    jobs: int | None, scheduler: str | None, tls_ca: Path | None, tls_cert: Path | None, tls_key: Path | None
) -> Where:
    """Where the runs are made."""
    from landopt.runs.work import Where, cores

    named = {"ca_file": tls_ca, "cert": tls_cert, "key": tls_key}
    tls = {name: path for name, path in named.items() if path is not None}
    if tls and scheduler is None:
        raise Wrong("tls-without-cluster")
    return Where(cores() if jobs is None else jobs, scheduler, tls or None)
