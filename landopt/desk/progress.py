"""Progress on stderr, in the language asked for."""

from __future__ import annotations

from pathlib import Path

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


def told_kept(kept: Path | None, path: Path, lang: str) -> None:
    """Tell on stderr where that is kept which stood in the place of a new file, if anything did."""
    if kept is not None:
        heard(lang)(told("progress.kept-aside", kept=kept, path=path))
