"""``landopt alternatives``: next-best and clearly different plans."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import click

from landopt.desk.usage import LANG, Wrong


def percent(_ctx: click.Context, _param: click.Parameter, value: str) -> Fraction:
    """A part such as 10% or 0.1."""
    text = value.strip()
    try:
        found = Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
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
@click.option("--gap", help="Stop each search at this gap (default: 0, a proven order).")
@click.option("--time-limit", metavar="S", type=click.IntRange(1), help="Seconds of each search.")
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
    """Other lawful plans, best first, each with its loss, and how often each choice recurs."""
    from landopt.keeping.plan_folder import open_plan
    from landopt.reasons.alternatives import alternatives as look
    from landopt.reasons.alternatives import recurrence
    from landopt.reasons.texts import render_answer
    from parcels.common.language import language

    opened = open_plan(plan)
    case, context = opened.case, opened.context
    found, ended = look(
        case,
        context.offers,
        context.chosen,
        count,
        min_different=min_different,
        gap=gap or "0",
        time_limit_s=time_limit,
        seed=case.settings.seed,
    )
    answer = {
        "plans": [entry.as_dict(case, context.offers) for entry in found],
        "no_more": ended,
        "recurrence": recurrence(case, context.offers, found),
    }
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("alternatives", answer, language(lang)), nl=False)
