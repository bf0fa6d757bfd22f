"""``landopt explain``: why a parcel or a platform got what it got."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.usage import LANG, Wrong


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt explain examples/nansha/plan --parcel NS-0001 --lang zh")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--parcel", metavar="ID", help="One parcel, or a block as P1+P2.")
@click.option("--demand", metavar="ID", help="One platform.")
@click.option("--all", "everything", is_flag=True, help="Every record of the plan.")
@click.option("--limits", is_flag=True, help="What each limit is worth: lifted, and by one step, re-solved.")
@click.option("--time-limit", callback=seconds, help="Stop --limits after this long: 90, 5m (default: 2m).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the records (docs/justification.schema.json).")
def explain(
    plan: Path,
    parcel: str | None,
    demand: str | None,
    everything: bool,
    limits: bool,
    time_limit: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Print the justification of one parcel, one platform, or the plan as a whole."""
    from landopt.api import open_plan
    from parcels.common.language import language

    if parcel is not None and demand is not None:
        raise Wrong("one-at-a-time")
    opened = open_plan(plan)
    if limits:
        from landopt.desk.progress import heard
        from landopt.reasons.texts import render_answer

        worth = opened.limits_by_worth(time_limit=time_limit, say=heard(language(lang)))
        if as_json:
            click.echo(json.dumps(worth, ensure_ascii=False, sort_keys=True))
        else:
            click.echo(render_answer("limits", {"limits": worth}, language(lang), opened.case.rules), nl=False)
        return
    found = opened.explain(parcel, demand=demand, every=everything)
    if as_json:
        click.echo(json.dumps(found.records, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(found.text(language(lang)), nl=False)
