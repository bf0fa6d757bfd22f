"""``landopt alternatives``: next-best and clearly different plans."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import click

from landopt.desk.decide.solve import gap_text, seconds
from landopt.desk.usage import LANG, Wrong


def percent(_ctx: click.Context, _param: click.Parameter, value: str) -> Fraction:
    """A part such as 10% or 0.1."""
    from parcels.common.units import exact

    text = value.strip()
    try:
        found = exact(text[:-1]) / 100 if text.endswith("%") else exact(text)
    except ValueError:
        found = Fraction(-1)
    if not 0 <= found <= 1:
        raise Wrong("not-a-part", value=value)
    return found


@click.command(epilog="Example:\n\n  landopt alternatives examples/nansha/plan -k 5 --min-different 10%")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("-k", "count", type=click.IntRange(1, 100), default=5, show_default=True, help="How many other plans.")
@click.option(
    "--min-different",
    callback=percent,
    default="0",
    help="The part of the assignments each must leave behind (default: any other plan).",
)
@click.option("--gap", callback=gap_text, help="Stop each search at this gap (default: 0, a proven order).")
@click.option("--time-limit", callback=seconds, help="Stop after this long: 90, 5m (default: 2m).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the plans as JSON.")
def alternatives(
    plan: Path,
    count: int,
    min_different: Fraction,
    gap: str | None,
    time_limit: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Other lawful plans, best first, each with its loss, and how often each choice recurs.

    Where time or Ctrl-C ends the searches, what was found is printed, and that there may be more.
    """
    from landopt.api import open_plan
    from landopt.desk.progress import heard
    from landopt.reasons.texts import render_answer
    from parcels.common.language import language

    tongue = language(lang)
    answer = open_plan(plan).alternatives(
        count, min_different=min_different, gap=gap, time_limit=time_limit, say=heard(tongue)
    )
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("alternatives", answer, tongue), nl=False)
