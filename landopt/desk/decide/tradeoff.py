"""``landopt tradeoff``: the front of best compromises between two or three parts of a plan."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.decide.many import where_options
from landopt.desk.decide.solve import gap_text
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.reasons.many.tradeoff import Front
    from landopt.runs.work import Where


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt tradeoff examples/nansha --between served,revenue -n 5 -o front")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option(
    "--between",
    metavar="PART,PART[,PART]",
    required=True,
    help="served, revenue, a preference by its id, area[:CODE], fairness:platform_kind, fairness:district, kept.",
)
@click.option("-n", "count", type=click.IntRange(2, 200), default=9, show_default=True, help="About how many points.")
@click.option(
    "--plan",
    "plan_path",
    metavar="PLAN",
    type=click.Path(path_type=Path),
    help="The plan as it stands (default: the round's own, else it is solved first).",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for pictures, numbers and runs.")
@click.option("--gap", callback=gap_text, help="Stop each point at this gap (default: the round's).")
@click.option(
    "--time-limit", metavar="S", type=click.IntRange(1), help="Seconds of each point (default: the round's, else 120)."
)
@where_options
@click.option("--lang", type=LANG, help="Language of the table (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the front as JSON.")
def tradeoff(
    round_path: Path,
    between: str,
    count: int,
    plan_path: Path | None,
    output: Path | None,
    gap: str | None,
    time_limit: int | None,
    where: Where,
    lang: str | None,
    as_json: bool,
) -> None:
    """What giving up some of one part brings in another: points none of which is beaten in every part.

    Each point is a lawful plan with its proven gap. With -o the runs are kept, and the same command goes on from there.
    ROUND may be a plan folder: the front is then of its case, with all that its scenario changed.
    """
    from landopt.api import open_plan, read
    from landopt.desk.progress import heard, said
    from landopt.reasons.texts import render_answer
    from landopt.report.pictures.fronts import front_csv, front_maps_csv, front_page, front_svg, front_table
    from landopt.report.pictures.small_maps import Outlines
    from parcels.common.kept import write_kept
    from parcels.common.language import language
    from parcels.common.visible import visible_values

    tongue = language(lang)
    parts = [part.strip() for part in between.split(",")]
    effort: dict[str, Any] = {
        "gap": gap,
        "time_limit": time_limit,
        "where": where,
        "folder": output,
        "say": heard(tongue),
    }
    front: Front
    if plan_path is None and (round_path / "plan.json").is_file() and not (round_path / "round.toml").is_file():
        plan = open_plan(round_path)
        front, parcels = plan.tradeoff(parts, count, **effort), plan.outlines
    else:
        opened = read(round_path)
        front, parcels = opened.tradeoff(parts, count, plan=plan_path, **effort), opened.parcels
    if output is not None:
        found = visible_values(front.as_dict())
        page = front_page(found, Outlines(parcels), tongue)
        made = {"front.csv": front_csv(found).encode(), "front.svg": front_svg(found, tongue).encode()}
        made |= {"front.html": page, "front-maps.csv": front_maps_csv(found).encode()}
        for name, content in made.items():
            said(write_kept(output / name, content), tongue)
    if as_json:
        click.echo(json.dumps(front.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("tradeoff", front_table(front.as_dict(), tongue), tongue), nl=False)
