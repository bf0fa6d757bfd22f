"""``landopt sweep``: many scenarios of one round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.decide.many import where_options
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.report.pictures.small_maps import Outlines
    from landopt.runs.work import Where


@click.command(epilog="Example:\n\n  landopt sweep examples/nansha examples/nansha/sweep.toml -o sweep --jobs 2")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.argument("sweep_path", metavar="SWEEP.toml", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder of the results (default: beside SWEEP).")
@where_options
@click.option("--lang", type=LANG, help="Language of the table (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print every run as JSON.")
def sweep(
    round_path: Path,
    sweep_path: Path,
    output: Path | None,
    where: Where,
    lang: str | None,
    as_json: bool,
) -> None:
    """Solve every combination of the values and rules a sweep file names, and print one table.

    The round as it stands is solved first; every run starts from its plan. Finished runs are kept in the output folder;
    an interrupted sweep goes on where it stopped. The folder also gets a picture, a page with a small map of each plan,
    and the numbers of both as CSV.
    """
    from landopt.api import read
    from landopt.desk.progress import heard
    from landopt.reasons.many.sweep import read_sweep, shown
    from landopt.reasons.texts import render_answer
    from landopt.report.pictures.small_maps import Outlines
    from parcels.common.language import language
    from parcels.common.visible import visible_values

    read_sweep(sweep_path)  # its faults are told before the round is read
    folder = output if output is not None else sweep_path.with_suffix("")
    opened = read(round_path)
    swept = opened.sweep(sweep_path, folder, where=where, say=heard(language(lang)))
    if any(row["result"]["objective"] for row in swept.rows):
        _pictures(folder, visible_values(swept.as_dict()), Outlines(opened.parcels), language(lang))
    if as_json:
        click.echo(json.dumps(swept.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("sweep", shown(swept, language(lang)), language(lang)), nl=False)


def _pictures(folder: Path, swept: dict[str, Any], outlines: Outlines, lang: str) -> None:
    from landopt.desk.progress import said
    from landopt.report.pictures.page import pictures_page
    from landopt.report.pictures.small_maps import maps_csv
    from landopt.report.pictures.sweeps import sweep_csv, sweep_plans, sweep_svg, sweep_table
    from parcels.common.catalogue import told
    from parcels.common.kept import write_kept

    plans, drawn = sweep_plans(swept, lang), sweep_svg(swept, lang)
    title, table = told("pictures.sweep").text(lang), sweep_table(swept, lang)
    chosen = {f"{number} {each.name}": each.chosen for number, each in enumerate(plans)}
    maps = maps_csv(sorted({name for plan in chosen.values() for name in plan}), chosen)
    page = pictures_page(title, (), [drawn], table, plans, outlines, lang)
    made = {"sweep.csv": sweep_csv(swept).encode(), "sweep.svg": drawn.encode(), "sweep.html": page}
    for name, content in {**made, "sweep-maps.csv": maps.encode()}.items():
        said(write_kept(folder / name, content), lang)
