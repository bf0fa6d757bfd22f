"""``landopt stress``: how a plan bears what may happen, by seeded draws."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.decide.many import where_options
from landopt.desk.decide.solve import gap_text
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.runs.work import Where


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt stress examples/nansha/plan examples/nansha/stress.toml --draws 20")
@click.argument("plan_path", metavar="PLAN", type=click.Path(path_type=Path))
@click.argument("stress_path", metavar="STRESS.toml", type=click.Path(path_type=Path))
@click.option("--draws", type=click.IntRange(1, 10_000), help="How many draws (default: as the file says).")
@click.option("--seed", type=int, help="The same seed gives the same draws (default: as the file says).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Folder for stress.csv and the runs.")
@click.option("--gap", callback=gap_text, help="Stop each draw at this gap (default: the round's).")
@click.option("--time-limit", metavar="S", type=click.IntRange(1), help="Seconds of each draw (default: 120).")
@where_options
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print what the draws say as JSON.")
def stress(
    plan_path: Path,
    stress_path: Path,
    draws: int | None,
    seed: int | None,
    output: Path | None,
    gap: str | None,
    time_limit: int | None,
    where: Where,
    lang: str | None,
    as_json: bool,
) -> None:
    """Vary areas, budgets, prices, quotas, withdrawals and failed sales as a file says, and plan each draw anew.

    How often each choice survives, the mean and the worst score, which platforms are fragile, and which one reserve
    parcel helps most; every sampled number with its error bar.
    """
    from landopt.api import open_plan
    from landopt.desk.progress import heard, said
    from landopt.reasons.many.stress import stress_csv
    from landopt.reasons.texts import render_answer
    from parcels.common.kept import write_kept
    from parcels.common.language import language

    tongue = language(lang)
    borne = open_plan(plan_path).stress(
        stress_path,
        draws=draws,
        seed=seed,
        gap=gap,
        time_limit=time_limit,
        where=where,
        folder=output,
        say=heard(tongue),
    )
    found = borne.as_dict()
    if output is not None:
        said(write_kept(output / "stress.csv", stress_csv(found).encode()), tongue)
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("stress", found, tongue), nl=False)
