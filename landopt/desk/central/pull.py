"""``landopt pull``: a snapshot of the parcels out of the central database."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt pull my-round")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print what was pulled as JSON.")
def pull(round_path: Path, lang: str | None, as_json: bool) -> None:
    """Take the parcels that round.toml names in the central database into the round, as of one moment.

    Solves, checks and audits read this snapshot only. The one before is kept beside it.
    """
    from landopt.keeping.central.pull import pull as take
    from parcels.common.catalogue import told
    from parcels.common.findings_text import lines
    from parcels.common.language import language

    done = take(round_path)
    count = len(done.paper.versions)
    if as_json:
        said = {"file": str(done.file), "from": str(done.paper.address), "pulled_at": done.paper.moment, "rows": count}
        kept = None if done.kept is None else str(done.kept)
        click.echo(json.dumps({**said, "sha256": done.paper.sha256, "kept": kept}, ensure_ascii=False, sort_keys=True))
        return
    tongue = language(lang)
    for line in lines(done.issues, tongue):
        click.echo(line, err=True)
    values = {"count": count, "place": str(done.paper.address), "moment": done.paper.moment, "file": str(done.file)}
    click.echo(told("central.pulled", **values).text(tongue))
    if done.kept is not None:
        click.echo(told("central.kept", kept=str(done.kept)).text(tongue))
