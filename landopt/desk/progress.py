"""Progress on stderr, in the language asked for."""

from __future__ import annotations

import click

from parcels.common.catalogue import Say, Told, told
from parcels.common.kept import Written


def heard(lang: str) -> Say:
    """What prints a line of progress."""

    def tell(line: Told) -> None:
        click.echo(line.text(lang), err=True)

    return tell


def said(done: Written, lang: str) -> None:
    """Tell on stderr where a file was written, and what was kept in its place."""
    tell = heard(lang)
    if done.kept is not None:
        tell(told("progress.kept-beside", kept=done.kept, path=done.path))
    else:
        tell(told("progress.wrote", path=done.path))
