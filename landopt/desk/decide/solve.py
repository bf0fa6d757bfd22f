"""``landopt solve``: the main job."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.path_argument import LEDGER
from landopt.desk.usage import LANG, Wrong

if TYPE_CHECKING:
    from landopt.job import Result
    from landopt.keeping.ledger.stores.places import LedgerPlace
    from landopt.reasons.texts import Compared


def seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """A time such as 90, 90s, 5m or 1h in seconds."""
    if value is None:
        return None
    from landopt import job

    try:
        return job.seconds(value)
    except ValueError:
        raise Wrong("not-a-time", value=value) from None


def gap_text(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """A proven gap from 0 to 1, as a plain decimal."""
    if value is None:
        return None
    from landopt import job

    try:
        return job.gap_of(value)
    except ValueError:
        raise Wrong("not-a-gap", value=value[:60]) from None


def size(_ctx: click.Context, _param: click.Parameter, value: str | None) -> int | None:
    """A size such as 800M or 2G in bytes (10^6, 10^9)."""
    if value is None:
        return None
    match = re.fullmatch(r"(\d{1,6})\s*([MG])B?", value.strip(), re.IGNORECASE | re.ASCII)
    if match is None or not int(match.group(1)):
        raise Wrong("not-a-size", value=value)
    return int(match.group(1)) * {"M": 10**6, "G": 10**9}[match.group(2).upper()]


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt solve examples/nansha --gap 0.001 --time-limit 5m")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The plan folder (default: ROUND/plan).")
@click.option("--gap", help="Stop at this proven gap, such as 0.001 (default: the round's).")
@click.option(
    "--time-limit", callback=seconds, help="Stop after this long: 90, 5m, 1h (default: the round's, else 10m)."
)
@click.option("--nodes", type=click.IntRange(1), help="Reproducible mode: one thread, this node limit, no clock.")
@click.option("--seed", type=click.IntRange(0), help="Seed of the solver.")
@click.option("--threads", type=click.IntRange(1), help="Threads of the solver.")
@click.option(
    "--memory", metavar="SIZE", callback=size, help="Memory the solver may take: 800M, 2G (default: no limit)."
)
@click.option("--solver", default="highs", show_default=True, help="highs, or another solver PuLP knows (cbc, scip).")
@click.option("--overlay", multiple=True, type=click.Path(path_type=Path), help="A scenario of rules and facts.")
@click.option("--set", "sets", multiple=True, metavar="RULE:amount=N", help="Change a number of a limit.")
@click.option(
    "--fix", "fixes", multiple=True, metavar="PARCEL=METHOD[:DEMAND]", help="Fix an assignment; P1+P2 is a site."
)
@click.option("--drop", metavar="ID,..", default="", help="Leave parcels out, on the record.")
@click.option("--reason", default="", help="The reason of --drop or --fix.")
@click.option("--by", default="", help="Who fixes an assignment.")
@click.option("--keep", type=click.Path(path_type=Path), help="Replan with least change from this plan.")
@click.option(
    "--change-cost", type=click.IntRange(0), default=0, help="Points a changed assignment costs (with --keep)."
)
@click.option(
    "--continue",
    "continues",
    type=click.Path(path_type=Path),
    help="Carry on this plan of a programme: what is decided stands, the rest is kept where it costs nothing.",
)
@click.option("--robust", metavar="N", type=click.IntRange(1, 1000), help="The best mean over N draws (--stress).")
@click.option("--stress", type=click.Path(path_type=Path), help="What may happen in them (default: ROUND/stress.toml).")
@click.option("--as-of", metavar="DATE", help="The law of another day, a scenario: later facts are set aside.")
@click.option("--ledger", type=LEDGER, help="The ledger whose head is printed on the plan.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print plan.json.")
def solve(
    round_path: Path,
    output: Path | None,
    gap: str | None,
    time_limit: int | None,
    nodes: int | None,
    seed: int | None,
    threads: int | None,
    memory: int | None,
    solver: str,
    overlay: tuple[Path, ...],
    sets: tuple[str, ...],
    fixes: tuple[str, ...],
    drop: str,
    reason: str,
    by: str,
    keep: Path | None,
    change_cost: int,
    continues: Path | None,
    robust: int | None,
    stress: Path | None,
    as_of: str | None,
    ledger: LedgerPlace | None,
    lang: str | None,
    as_json: bool,
) -> None:
    """Decide a round: print the plan and its justification, write the plan folder.

    The plan is re-checked by the auditor before anything is shown. Exit 0: done; 3: no plan satisfies the rules;
    4: stopped with a plan whose proven gap is above the one asked for; 5: the audit found a breach; 7: stopped before
    any plan was found.
    """
    from landopt.desk.progress import heard
    from landopt.job import Job
    from landopt.pipeline import run
    from parcels.common.language import language

    chosen = language(lang)
    options = Job(
        round_path=round_path,
        output=output,
        gap=gap,
        time_limit_s=time_limit,
        nodes=nodes,
        seed=seed,
        threads=threads,
        memory=memory,
        solver=solver,
        overlays=overlay,
        sets=sets,
        fixes=fixes,
        drop=tuple(part.strip() for part in re.split(r"[;,、]", drop) if part.strip()),
        reason=reason,
        by=by,
        keep=keep,
        change_cost=change_cost,
        continues=continues,
        robust=robust or 0,
        stress=stress,
        as_of=as_of,
        ledger=ledger,
    )
    result = run(options, heard(chosen))
    if as_json:
        from landopt.keeping.plan_file import packed

        over = {} if result.robust is None else {"robust": result.robust}
        click.echo(json.dumps({**packed(result.plan), **over}, ensure_ascii=False, sort_keys=True))
    else:
        from landopt.reasons.period_tables import render_periods
        from landopt.reasons.texts import render_plan
        from landopt.reasons.two_names import names_in_file, said_in

        told = render_plan(result.plan, chosen, result.case, lambda: _compared(result))
        periods = render_periods(result.plan, result.case, chosen)
        over_draws = None
        if result.robust is not None:
            from landopt.reasons.many.robust import robust_line

            over_draws = robust_line(result.robust, chosen)
        told = "\n".join(filter(None, (told, periods, over_draws)))
        click.echo(said_in(told, names_in_file(result.folder / "case.json"), chosen))
        click.echo(result.footer(chosen))
    click.get_current_context().exit(result.exit_code)


def _compared(result: Result) -> Compared:
    """What only the records of a short round are told with: the questions of a plan folder are not imported before."""
    from landopt.keeping.plan_folder import PlanFolder

    return PlanFolder(result.folder, result.plan).compared
