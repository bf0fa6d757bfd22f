"""``landopt diagnose``: why no plan satisfies the rules, or why a platform cannot be served."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.path_argument import LEDGER
from landopt.desk.progress import heard
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from constraints.types import Rule
    from landopt.job import Job
    from landopt.keeping.ledger.stores.places import LedgerPlace
    from landopt.reasons.impossible.serving import Served


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt diagnose examples/nansha --serve D-008")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--demand", metavar="ID", help="Why this platform cannot be served, instead of why there is no plan.")
@click.option("--serve", metavar="ID", help="What it takes to serve this platform: its price, or the least change.")
@click.option("--time-limit", callback=seconds, help="Stop after this long: 90, 5m (default: 2m).")
@click.option("--rows-only", is_flag=True, help="Only limits, relations and locks, not the rules that close offers.")
@click.option("--no-relax", is_flag=True, help="Do not look for relaxations.")
@click.option(
    "--platforms", type=click.IntRange(0), default=40, show_default=True, help="Most platforms without an offer named."
)
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="A scenario of rules and facts.")
@click.option("--set", "sets", multiple=True, metavar="RULE:amount=N", help="Change a number of a limit.")
@click.option(
    "--fix", "fixes", multiple=True, metavar="PARCEL=METHOD[:DEMAND]", help="Fix an assignment; P1+P2 is a site."
)
@click.option("--drop", metavar="ID,..", default="", help="Leave parcels out, on the record.")
@click.option("--reason", default="", help="The reason of --drop or --fix.")
@click.option("--by", default="", help="Who fixes an assignment.")
@click.option("--ledger", type=LEDGER, help="The ledger the round stands under (default: its own).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
def diagnose(
    round_path: Path,
    demand: str | None,
    serve: str | None,
    time_limit: int | None,
    rows_only: bool,
    no_relax: bool,
    platforms: int,
    overlay: tuple[Path, ...],
    sets: tuple[str, ...],
    fixes: tuple[str, ...],
    drop: str,
    reason: str,
    by: str,
    ledger: LedgerPlace | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Name a minimal set of rules and keys in conflict, and the cheapest relaxations of policy with their plans.

    Takes the options of solve that make the case. Platforms without any lawful offer are explained too, also where a
    plan exists: the rules and requirements that close every site, and what would open one.

    With --serve: what it costs to serve a platform and who loses, and the least changes of policy numbers, facts or
    sites that serve it while everyone served stays served (pairs only where no single change does). ROUND may be a
    plan.
    """
    from landopt.job import Job
    from landopt.pipeline import read_case
    from landopt.reasons.clock import Clock
    from landopt.reasons.impossible.diagnose import diagnose as look
    from landopt.reasons.texts import render_answer
    from landopt.reasons.whynot import demand_row
    from landopt.screening.uncapped_sites import build_offers
    from parcels.common.language import language

    dropped = tuple(part.strip() for part in re.split(r"[;,、]", drop) if part.strip())
    options = Job(
        round_path, overlays=overlay, sets=sets, drop=dropped, reason=reason, fixes=fixes, by=by, ledger=ledger
    )
    if serve is not None:
        answer, rules = _serve(options, serve, time_limit, language(lang))
        served = answer.as_dict()
        if as_json:
            click.echo(json.dumps(served, ensure_ascii=False, sort_keys=True))
        else:
            click.echo(render_answer("serve", served, language(lang), rules), nl=False)
        return
    _, case, offers = read_case(options)
    row = None if demand is None else demand_row(case, demand)
    build = None if rows_only else build_offers
    with Clock(time_limit, heard(language(lang))) as clock:
        asked = look(case, offers, build=build, demand=row, relax=not no_relax, platforms=platforms, clock=clock)
    found = asked.as_dict()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("diagnose", found, language(lang), case.rules), nl=False)


def _serve(options: Job, name: str, time_limit: int | None, lang: str) -> tuple[Served, tuple[Rule, ...]]:
    """What it takes to serve a platform: in a plan that was given, else in the round's own plan or the best one.

    With the rules of the case.
    """
    from landopt.api import open_plan
    from landopt.keeping.plan_folder import plan_of_round
    from landopt.pipeline import read_case
    from landopt.reasons.clock import Clock
    from landopt.reasons.impossible.serving import serving
    from landopt.reasons.whynot import demand_row

    place = options.round_path
    if place.name == "plan.json" or (place / "plan.json").is_file():
        plan = open_plan(place)
        return plan.serve(name, time_limit=time_limit, say=heard(lang)), plan.case.rules
    loaded, case, offers = read_case(options)
    row = demand_row(case, name)
    with Clock(time_limit, heard(lang)) as clock:
        answer = serving(case, offers, row, clock, plan_of_round(loaded.file.path.parent, case, offers))
    return answer, case.rules
