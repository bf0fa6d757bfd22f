"""Progress on stderr, in the language asked for."""

from __future__ import annotations

from collections.abc import Callable

import click


def heard(lang: str) -> Callable[[str], None]:
    """What prints a line of progress; the lines themselves are English (``parcels.common.chinese`` has the Chinese)."""
    if lang != "zh":
        return lambda line: click.echo(line, err=True)

    def tell(line: str) -> None:
        from parcels.common.chinese import progress

        click.echo(progress(line), err=True)

    return tell
