"""``landopt replan``: the next plan after a failed sale, with least change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.path_argument import LEDGER
from landopt.desk.progress import heard
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.keeping.ledger.stores.places import LedgerPlace


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt replan my-round --time-limit 5m")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--plan", "kept", type=click.Path(path_type=Path), help="The plan carried out (default: its own).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Where the next plan goes (default: ROUND/next).")
@click.option(
    "--change-cost", type=click.IntRange(1), help="Points a changed assignment costs (default: more than any platform)."
)
@click.option("--time-limit", callback=seconds, default="2m", show_default=True, help="Stop after this long: 90, 5m.")
@click.option("--ledger", type=LEDGER, help="The ledger the round stands under (default: its own).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print what the failures change as JSON.")
def replan(
    round_path: Path,
    kept: Path | None,
    output: Path | None,
    change_cost: int | None,
    time_limit: int,
    ledger: LedgerPlace | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """The next plan after sales the ledger records as failed: least change, and what each failure changes.

    For each failed parcel: another method, another price level, another platform or site, supplied again as it was, or
    held back and why. What was adopted and not failed stays locked. Record failures with landopt round record.
    """
    from landopt.door.replanning import replan as decide
    from landopt.job import Job
    from landopt.reasons.texts import render_answer
    from parcels.common.language import language

    tongue = language(lang)
    job = Job(
        round_path, output=output, keep=kept, change_cost=change_cost or 0, time_limit_s=time_limit, ledger=ledger
    )
    done = decide(job, heard(tongue))
    if as_json:
        click.echo(json.dumps(done.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo(render_answer("replan", done.as_dict(), tongue), nl=False)
        click.echo(done.result.footer(tongue))
    click.get_current_context().exit(done.result.exit_code)
