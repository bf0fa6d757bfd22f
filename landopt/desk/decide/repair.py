"""``landopt repair``: the nearest lawful plan to one made by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.progress import said
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers

_PATH = click.Path(path_type=Path)


@click.command(epilog="Example:\n\n  landopt repair plan.xlsx examples/nansha")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path, exists=True))
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.option("--time-limit", callback=seconds, default="60", show_default=True, help="Stop after this long: 90, 5m.")
@click.option("-o", "--output", type=_PATH, help="Write the repaired plan as CSV, in the columns that were read.")
@click.option("--lang", type=LANG, help="Language of the report (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the changes as JSON.")
def repair(plan: Path, round_path: Path, time_limit: int, output: Path | None, lang: str | None, as_json: bool) -> None:
    """Propose the nearest lawful plan to a spreadsheet: fewest changes, each with the rule that makes it necessary.

    PLAN is a CSV or XLSX with parcel, method, platform, term, price; ROUND the round (or one of its plan folders).
    """
    from landopt.keeping import handmade
    from landopt.keeping.repair import repair as nearest
    from landopt.keeping.repair import text
    from parcels.common.language import language

    case, offers = _case_and_offers(round_path)
    done = nearest(case, offers, handmade.read_handmade(plan, case), time_limit_s=time_limit)
    if output is not None:
        said(handmade.write_csv(output, done.assignments), language(lang))
    if as_json:
        click.echo(json.dumps(done.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(text(done, language(lang))))


def _case_and_offers(given: Path) -> tuple[Case, Offers]:
    """The case of a round and its lawful offers: from the round's files, else from one of its plan folders."""
    from landopt.job import Job
    from landopt.keeping.handmade import places
    from landopt.keeping.plan_folder import open_plan
    from landopt.pipeline import read_case

    if (given / "round.toml").is_file() or given.name == "round.toml":
        _, case, offers = read_case(Job(given, booked=False))
        return case, offers
    opened = open_plan(places(given))
    return opened.case, opened.offers
