"""``landopt core``: which choices stand in every plan within a loss (proved), which in none, which are open."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.progress import heard
from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt core examples/nansha/plan --within 0.5%")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--within", metavar="LOSS", help="Per cent of the score, or points (default: the plan's own gap).")
@click.option("--set", "sets", multiple=True, metavar="RULE[:KEY]:amount=N", help="Under another number of a limit.")
@click.option("--exact", is_flag=True, help="Solve again for what the prices leave open.")
@click.option("--time-limit", callback=seconds, help="Stop --exact after this long: 90, 5m (default: 2m).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the states as JSON.")
def core(  # one parameter an option
    plan: Path,
    within: str | None,
    sets: tuple[str, ...],
    exact: bool,
    time_limit: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Which parcels, platforms and methods stand in every plan that loses no more than LOSS, and which in none.

    Proved from the prices in the plan folder, without a solver; what neither can be proved of is open. With --exact
    what is open is solved for: then there are plans within the loss with it and without it. With --set it is said of
    the plans under those numbers, against the score this plan has under them (where it holds no more: the one it has).
    """
    from landopt.api import open_plan
    from landopt.reasons.texts import render_answer
    from parcels.common.catalogue import phrase
    from parcels.common.issues import Refused, error
    from parcels.common.language import language

    tongue = language(lang)
    if sets:
        if exact:
            raise Refused(error("X030.exact-moved", at="--exact"))
        moved = open_plan(plan).moved_core(*sets, within=within)
        if moved.core is None:
            raise Refused(error("X030.unsaid", at="--set"))
        if as_json:
            said = {**moved.core.as_dict(), "holds": moved.holds, "bound": moved.bound, "empty": moved.empty}
            click.echo(json.dumps(said, ensure_ascii=False, sort_keys=True))
            return
        if moved.empty:
            click.echo(phrase("core.empty", tongue))
            return
        click.echo(phrase("core.holds" if moved.holds else "core.holds-not", tongue))
        click.echo(render_answer("core", moved.core.as_dict(), tongue), nl=False)
        return
    found = open_plan(plan).core(within=within, exact=exact, time_limit=time_limit, say=heard(tongue))
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("core", found.as_dict(), tongue), nl=False)
