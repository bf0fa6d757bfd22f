"""``landopt whynot``: why another choice was not made, and what it would cost."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.decide.solve import gap_text
from landopt.desk.usage import LANG, Wrong


# One parameter an option of the command.
@click.command(
    epilog="Example:\n\n  landopt whynot examples/nansha/plan --parcel NS-0001 --demand D07 --method auction"
)
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--parcel", metavar="ID", help="The parcel, or a block as P1+P2.")
@click.option("--demand", metavar="ID", help="The platform (default: whom the plan gives the parcel; else the market).")
@click.option("--method", metavar="METHOD", help="The method (default: every method).")
@click.option("--market", is_flag=True, help="Ask about the open market.")
@click.option("--exact", is_flag=True, help="Force it and solve again: the loss as an interval, what moves, who loses.")
@click.option("--full", is_flag=True, help="With --exact: solve a large round again as a whole.")
@click.option("--gap", callback=gap_text, help="Gap of the exact run (default: the round's).")
@click.option("--time-limit", metavar="S", type=click.IntRange(1), help="Seconds of the exact run (default: 120).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
def whynot(
    plan: Path,
    parcel: str | None,
    demand: str | None,
    method: str | None,
    market: bool,
    exact: bool,
    full: bool,
    gap: str | None,
    time_limit: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Why a parcel does not go to a platform by a method.

    Forbidden: the rules that decide, and the nearest fact that would change the verdict. Lawful: whether any lawful
    plan holds it, and the proven least loss, from the prices of the plan's proof; 0 means not distinguishable at this
    gap.
    """
    from landopt.api import Reply, open_plan
    from landopt.desk.progress import heard
    from parcels.common.language import language

    if parcel is None:
        raise Wrong("which-parcel")
    replies = open_plan(plan).whynot(
        parcel,
        demand=demand,
        market=market,
        method=method,
        exact=exact,
        gap=gap,
        time_limit_s=time_limit,
        full=full,
        say=heard(language(lang)),
    )
    answers = [replies] if isinstance(replies, Reply) else list(replies.values())
    if as_json:
        found = [answer.as_dict() for answer in answers]
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
        return
    for answer in answers:
        click.echo(answer.text(language(lang)), nl=False)
