"""``landopt report``: map, tables, documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click

from landopt.desk.help_text import add
from landopt.desk.usage import LANG
from landopt.report.output import outputs


def _kinds[F: Callable[..., None]](command: F) -> F:
    """An option for each output there is."""
    for output in reversed(outputs()):
        add(*output.help)
        command = click.option(f"--{output.kind}", is_flag=True, help=output.help[0])(command)
    return command


@click.command(epilog="Example:\n\n  landopt report examples/nansha/plan --html --xlsx --lang zh")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@_kinds
@click.option("--compare", "other", type=click.Path(path_type=Path), help="The plan this one is compared with.")
@click.option("--with-proof", is_flag=True, help="The map carries the proof and verifies it without further files.")
@click.option("--headings", type=click.Path(path_type=Path), help="Headings of the tables (TOML) instead of our own.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write (default: PLAN/report).")
@click.option("--lang", type=LANG, help="Language (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the files written as JSON.")
def report(
    plan: Path,
    other: Path | None,
    with_proof: bool,
    headings: Path | None,
    output: Path | None,
    lang: str | None,
    as_json: bool,
    **kinds: bool,
) -> None:
    """Write what people look at, from the plan folder alone: nothing is decided or computed anew.

    Without a kind, all kinds are written whose library is installed; a kind that is asked for and whose library is
    missing is refused with the command that installs it.
    """
    from landopt.desk.progress import heard
    from landopt.report.write import Wish, write_reports
    from parcels.common.language import language

    wish = Wish(
        plan=plan,
        kinds=tuple(kind for kind, asked in kinds.items() if asked),
        lang=language(lang),
        output=output,
        compare=other,
        with_proof=with_proof,
        headings=headings,
    )
    done = write_reports(wish, heard(wish.lang))
    if as_json:
        click.echo(json.dumps(done.as_dict(), ensure_ascii=False))
    else:
        click.echo("\n".join(done.lines(wish.lang)))
