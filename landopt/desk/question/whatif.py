"""``landopt whatif``: the exact bound of any plan under other numbers, without a solver."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt whatif examples/nansha/plan --set round.cap.listings:amount=25")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--set", "sets", multiple=True, metavar="RULE[:KEY]:amount=N", help="Another number of a limit.")
@click.option("--without-parcel", "parcels", multiple=True, metavar="ID", help="A parcel that is not supplied.")
@click.option("--without-demand", "demands", multiple=True, metavar="ID", help="A platform that is gone.")
@click.option("--without-method", "methods", multiple=True, metavar="METHOD", help="A method that is forbidden.")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
def whatif(
    plan: Path,
    sets: tuple[str, ...],
    parcels: tuple[str, ...],
    demands: tuple[str, ...],
    methods: tuple[str, ...],
    lang: str | None,
    as_json: bool,
) -> None:
    """The most any plan could score under other numbers, and whether this plan still holds.

    At once, from the proof in the plan folder, without a solver. The bound is valid, not tight; it never proves that a
    plan exists. Where the proof says nothing, the answer says so.
    """
    from landopt.api import open_plan
    from landopt.reasons.texts import render_answer
    from parcels.common.language import language

    opened = open_plan(plan)
    answer = opened.whatif(*sets, without_parcels=parcels, without_demands=demands, without_methods=methods)
    if as_json:
        click.echo(json.dumps(answer.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        said = {**answer.as_dict(), "now": opened.reached_now}
        click.echo(render_answer("whatif", said, language(lang), opened.case.rules), nl=False)
