"""Progress on stderr, in the language asked for."""

from __future__ import annotations

from collections.abc import Callable

import click

from parcels.common.kept import Written


def heard(lang: str) -> Callable[[str], None]:
    """What prints a line of progress; the lines themselves are English (``parcels.common.chinese`` has the Chinese)."""
    if lang != "zh":
        return lambda line: click.echo(line, err=True)

    def tell(line: str) -> None:
        from parcels.common.chinese import progress

        click.echo(progress(line), err=True)

    return tell


def said(done: Written, lang: str) -> None:
    """Tell on stderr where a file was written, and what was kept in its place."""
    tell = heard(lang)
    if done.kept is not None:
        tell(f"{done.kept} was there before and is kept; the new one is {done.path}")
    else:
        tell(f"wrote {done.path}")
