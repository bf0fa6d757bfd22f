"""``landopt diagnose``: why no plan satisfies the rules, or why a platform cannot be served."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.command(epilog="Example:\n\n  landopt diagnose examples/nansha --demand D22")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--demand", metavar="ID", help="Why this platform cannot be served, instead of why there is no plan.")
@click.option("--rows-only", is_flag=True, help="Only limits, relations and locks, not the rules that close offers.")
@click.option("--no-relax", is_flag=True, help="Do not look for relaxations.")
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="A scenario of rules and facts.")
@click.option("--set", "sets", multiple=True, metavar="RULE:amount=N", help="Change a number of a limit.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the diagnosis as JSON.")
def diagnose(
    round_path: Path,
    demand: str | None,
    rows_only: bool,
    no_relax: bool,
    overlay: tuple[Path, ...],
    sets: tuple[str, ...],
    lang: str | None,
    as_json: bool,
) -> None:
    """Name a minimal set of rules and keys in conflict, and the cheapest relaxations of policy with their plans."""
    from landopt.language import language
    from landopt.pipeline import read_case
    from landopt.reasons.diagnose import diagnose as look
    from landopt.reasons.texts import render_answer
    from landopt.reasons.whynot import demand_row
    from landopt.screening.offers import build_offers

    _, case, offers = read_case(round_path, overlays=overlay, sets=sets)
    row = None if demand is None else demand_row(case, demand)
    found = look(case, offers, build=None if rows_only else build_offers, demand=row, relax=not no_relax).as_dict()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("diagnose", found, language(lang)), nl=False)
