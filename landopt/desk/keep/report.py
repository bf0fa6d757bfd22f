"""``landopt report``: map, tables, documents."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(epilog="Example:\n\n  landopt report examples/nansha/plan --html --xlsx --lang zh")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--html", is_flag=True, help="The map, one file that works without a network.")
@click.option("--xlsx", is_flag=True, help="The tables.")
@click.option("--docx", is_flag=True, help="The proposal and a review sheet per parcel, for Word.")
@click.option("--pdf", is_flag=True, help="The review sheets as PDF.")
@click.option("--gdb", is_flag=True, help="The parcels and sites as an Esri file geodatabase.")
@click.option("--txt", is_flag=True, help="Boundary points of the supplied parcels.")
@click.option("--notices", is_flag=True, help="Drafts of supply notices and of publications for agreement.")
@click.option("--compare", "other", type=click.Path(path_type=Path), help="The plan this one is compared with.")
@click.option("--with-proof", is_flag=True, help="The map carries the proof and verifies it without further files.")
@click.option("--headings", type=click.Path(path_type=Path), help="Headings of the tables (TOML) instead of our own.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write (default: PLAN/report).")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: from the environment).")
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
