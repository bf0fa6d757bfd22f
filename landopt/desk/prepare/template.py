"""``landopt template``: workbooks to fill in."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG
from parcels.common.catalogue import phrase


@click.command(
    epilog="Example:\n\n  landopt template parcels -o parcels.xlsx\n\n  landopt template policy --from examples/nansha"
)
@click.argument("kind", metavar="KIND", type=click.Choice(["parcels", "demands", "records", "results", "policy"]))
@click.option("-o", "--output", metavar="FILE.xlsx", type=click.Path(path_type=Path), help="Default: KIND.xlsx here.")
@click.option("--from", "source", metavar="ROUND", type=click.Path(path_type=Path), help="Fill it with this round's.")
@click.option("--lang", type=LANG, help="Language of headings and prompts.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def template(kind: str, output: Path | None, source: Path | None, lang: str | None, as_json: bool) -> None:
    """Write a workbook to fill in: KIND is parcels, demands, records, results or policy.

    Lists to choose from, prompts, units in the headings and a sheet of notes; landopt reads it back as it is. A policy
    becomes TOML by `landopt convert policy.xlsx policy.toml`, and a sheet again the other way round.
    """
    from landopt.forms.fill import write_template
    from parcels.common.language import language

    tongue = language(lang)
    target = output or Path(f"{kind}.xlsx")
    kept, rows = write_template(target, kind, tongue, source)
    if as_json:
        done = {"file": str(target), "kind": kind, "rows": rows, "kept": str(kept) if kept else None}
        click.echo(json.dumps(done, ensure_ascii=False))
        return
    if kept:
        click.echo(phrase("done.form-kept", tongue, file=target, rows=rows, kept=kept.name))
    else:
        click.echo(phrase("done.form", tongue, file=target, rows=rows))
