"""``landopt convert``: parcels between formats."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG
from parcels.common.catalogue import phrase


@click.command(
    epilog="Example:\n\n  landopt convert boundary.txt parcels.gpkg\n\n  landopt convert old.shp new.gdb --encoding GBK"
)
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@click.option("--layer", help="Layer or sheet to read, where there are several.")
@click.option("--encoding", help="Encoding of IN (default: found from its bytes).")
@click.option("--crs", help="The system of IN if it names none, or the zone to project to, such as EPSG:4526.")
@click.option("--force", is_flag=True, help="Replace OUT.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
def convert(
    source: Path,
    target: Path,
    layer: str | None,
    encoding: str | None,
    crs: str | None,
    force: bool,
    lang: str | None,
    as_json: bool,
) -> None:
    """Convert parcels: reads all formats of rounds, writes .gpkg, .gdb, .geojson, .parquet and boundary-point .txt.

    Columns and values are kept as they are. Shapefiles are not written: their column names have ten bytes, which cuts
    Chinese names in mid-character.
    """
    from parcels.common.findings_text import lines
    from parcels.common.language import language
    from parcels.formats.opening import open_parcels
    from parcels.formats.writer import doubtful, write_parcels

    tongue = language(lang)
    if ".toml" in (source.suffix.lower(), target.suffix.lower()):
        from landopt.desk.progress import told_kept
        from landopt.forms.policy_files import convert_policy

        count, kept = convert_policy(source, target, tongue, force)
        told_kept(kept, target, tongue)
        if as_json:
            click.echo(json.dumps({"in": str(source), "out": str(target), "rules": count}, ensure_ascii=False))
        else:
            click.echo(phrase("done.rules", tongue, file=target, count=count))
        return
    raw = open_parcels(source, layer=layer, encoding=encoding, crs=crs)
    wrote = write_parcels(raw, target, crs=crs, force=force)
    issues = (*raw.issues, *wrote.issues, *doubtful(raw))
    if as_json:
        done = {"in": str(source), "out": str(target), "parcels": len(raw.rows), "columns": list(wrote.columns)}
        changes = {
            "renamed": dict(wrote.renamed),
            "dropped": list(wrote.dropped),
            "retyped": list(wrote.retyped),
            "notes": [str(note) for note in raw.notes],
        }
        click.echo(json.dumps({**done, **changes, "issues": [issue.as_dict() for issue in issues]}, ensure_ascii=False))
        return
    for note in raw.notes:
        click.echo(note.text(tongue), err=True)
    for line in lines(issues, tongue):
        click.echo(line, err=True)
    click.echo(phrase("done.parcels", tongue, file=target, count=len(raw.rows), columns=len(wrote.columns)))
