"""``landopt serve``: the workbench, one local page for the whole round."""

from __future__ import annotations

from pathlib import Path

import click

from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt serve examples\n\n  landopt serve handed-over --read-only --no-open")
@click.argument("folder", metavar="[DIR]", required=False, type=click.Path(path_type=Path, file_okay=False))
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port (default: any that is free).")
@click.option("--no-open", is_flag=True, help="Do not open the browser; print the file that opens the page.")
@click.option("--read-only", is_flag=True, help="Show and audit only: nothing is written at all.")
@click.option("--lang", type=LANG, help="Language of the messages (default: from the environment).")
def serve(folder: Path | None, port: int, no_open: bool, read_only: bool, lang: str | None) -> None:
    """Open the workbench over DIR: a folder of rounds, one round, or plans to audit (default: this folder).

    It listens on this machine alone and ends with Ctrl-C. Everything it stores is a file that the commands read.
    """
    from landopt.desk.progress import heard
    from landopt.workbench.launch import serve as run
    from parcels.common.language import language

    where = folder if folder is not None else Path.cwd()
    run(where, port=port, read_only=read_only, browser=not no_open, say=heard(language(lang)))
