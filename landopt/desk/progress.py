"""Progress on stderr, in the language asked for."""

from __future__ import annotations

from pathlib import Path

import click

from parcels.common.catalogue import Say, Told, told
from parcels.common.kept import Written

ENDED = ("progress.question-limit", "progress.question-user", "progress.interrupted-runs")
"""The lines that tell that the limit or Ctrl-C ended a command: what is printed is not all that was asked for."""


def heard(lang: str) -> Say:
    """What prints a line of progress; one of ``ENDED`` makes the desk leave with exit code 4."""
    context = click.get_current_context(silent=True)

    def tell(line: Told) -> None:
        click.echo(line.text(lang), err=True)
        if context is not None and line.key in ENDED:
            context.meta["landopt.early"] = True

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
