"""``landopt new``: a filled example round to start from."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG
from parcels.common.catalogue import phrase


@click.command(
    epilog="Example:\n\n  landopt new my-round --parcels 160 --demands 56 --seed 2026\n\n  landopt new 2026-1 --blank"
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--parcels", default=160, show_default=True, type=click.IntRange(12, 200_000), help="Parcels to invent.")
@click.option("--demands", default=56, show_default=True, type=click.IntRange(1, 20_000), help="Platforms to invent.")
@click.option("--seed", default=2026, show_default=True, help="The same seed gives the same round.")
@click.option("--contested", is_flag=True, help="More land asked for than there is; half ask for several parcels.")
@click.option("--blank", is_flag=True, help="An empty round to fill in instead: workbook, policy, round.toml.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@click.option("--lang", type=LANG, default=None, help="Language of the messages.")
def new(
    folder: Path,
    parcels: int,
    demands: int,
    seed: int,
    contested: bool,
    blank: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Make a filled example round in the folder DIR: parcels, layers, platforms, policy and round.toml.

    Everything in it is invented, drawn around public aggregate figures. DIR must be new or empty. Change the files, or
    put your own beside them, and run `landopt check DIR`, then `landopt solve DIR`.
    """
    from landopt.invent.round import write_round
    from parcels.common.atomic import write_folder
    from parcels.common.issues import Refused, error
    from parcels.common.kept import numbered
    from parcels.common.language import language

    if folder.exists() and any(folder.iterdir()):
        raise Refused(error("E003.not-empty", at=str(folder), folder=folder))
    counts: dict[str, int] = {}

    def fill(fresh: Path) -> None:
        if blank:
            from landopt.forms.blank import write_blank

            write_blank(fresh, language(lang), name=folder.name)
            return
        counts.update(write_round(fresh, parcels=parcels, demands=demands, seed=seed, contested=contested))

    # empty when it was looked at: whatever somebody puts into it meanwhile is kept beside it
    write_folder(folder, fill, keep=lambda old: numbered(folder.absolute(), 2) if any(old.iterdir()) else None)
    if as_json:
        files = sorted(path.name for path in folder.iterdir())
        click.echo(json.dumps({"folder": str(folder), **counts, "files": files}, ensure_ascii=False))
        return
    if blank:
        _say_blank(folder, language(lang))
        return
    click.echo(phrase("done.round", language(lang), folder=folder, **counts))
    click.echo(phrase("summary.next", language(lang), folder=folder))


def _say_blank(folder: Path, lang: str) -> None:
    names = ", ".join(sorted(path.name for path in folder.iterdir()))
    click.echo(phrase("summary.blank", lang, folder=folder, names=names))
    click.echo(phrase("summary.fill-in", lang, folder=folder))
