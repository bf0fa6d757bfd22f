"""``landopt explain``: why a parcel or a platform got what it got."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG, Wrong


@click.command(epilog="Example:\n\n  landopt explain examples/nansha/plan --parcel NS-0001 --lang zh")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--parcel", metavar="ID", help="One parcel, or a block as P1+P2.")
@click.option("--demand", metavar="ID", help="One platform.")
@click.option("--all", "everything", is_flag=True, help="Every record of the plan.")
@click.option("--limits", is_flag=True, help="What one step more or less of each binding limit would do, re-solved.")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the records (docs/justification.schema.json).")
def explain(
    plan: Path, parcel: str | None, demand: str | None, everything: bool, limits: bool, lang: str | None, as_json: bool
) -> None:
    """Print the justification of one parcel, one platform, or the plan as a whole."""
    from landopt.api import open_plan
    from parcels.common.language import language

    if parcel is not None and demand is not None:
        raise Wrong("one-at-a-time")
    opened = open_plan(plan)
    if limits:
        from landopt.reasons.texts import render_answer

        steps = opened.limit_steps()
        if as_json:
            click.echo(json.dumps(steps, ensure_ascii=False, sort_keys=True))
        else:
            click.echo(render_answer("limits", {"steps": steps}, language(lang)), nl=False)
        return
    found = opened.explain(parcel, demand=demand, every=everything)
    if as_json:
        click.echo(json.dumps(found.records, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(found.text(language(lang)), nl=False)
