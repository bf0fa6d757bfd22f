"""``landopt place``: where a late applicant could go, the rest held, one other moved, or freely."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.progress import heard
from landopt.desk.usage import LANG


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt place examples/nansha/plan --demand D-008")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--demand", "given", metavar="FILE|ID", required=True, help="A file of one row, or a platform.")
@click.option("--with", "facts", multiple=True, metavar="COLUMN=VALUE", help="A fact of a new platform.")
@click.option("--exact", is_flag=True, help="Solve the free placements again, small rounds to the end.")
@click.option("--time-limit", callback=seconds, help="Stop after this long: 90, 5m (default: 2m).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the choices as JSON.")
def place(
    plan: Path,
    given: str,
    facts: tuple[str, ...],
    exact: bool,
    time_limit: int | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Rank the sites and methods a late applicant could have, after the assignments it turns unlawful.

    The newcomer is a row in a file like the round's demands, a platform of the round that has no site, or facts one by
    one (--demand NEW --with uses=IND --with area_min_m2=8000). Held: the rest of the plan stays. One moved: one other
    gives way. Free: all may move; an interval from the plan's proof, or solved with --exact.
    """
    from landopt.api import open_plan
    from landopt.reasons.texts import render_answer
    from parcels.common.language import language

    tongue = language(lang)
    found = open_plan(plan).place(given, facts=facts, exact=exact, time_limit=time_limit, say=heard(tongue))
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("place", found.as_dict(), tongue), nl=False)
