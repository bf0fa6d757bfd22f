"""``landopt round``: rounds in the ledger."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

_PATH = click.Path(path_type=Path)
_ledger = click.option("--ledger", type=_PATH, help="The ledger file (default: ROUND/ledger.sqlite).")
_by = click.option("--by", required=True, help="Who does this: the name as given; account and machine go with it.")
_json = click.option("--json", "as_json", is_flag=True, help="Print the entry as JSON.")
_lang = click.option("--lang", type=click.Choice(["en", "zh"]), help="Language (default: from the environment).")


@click.group(epilog="Example:\n\n  landopt round open examples/nansha --by officer-2")
def round_() -> None:
    """Open, adopt, record, close and show rounds: an append-only ledger that shows every change."""


def _say(entry: Any, as_json: bool, lang: str | None) -> None:
    from landopt.keeping.round_steps import KINDS
    from parcels.common.language import language

    if as_json:
        click.echo(json.dumps(entry.as_dict(), ensure_ascii=False, sort_keys=True))
    elif language(lang) == "zh":
        click.echo(f"已记入台账第 {entry.seq} 条：{KINDS[entry.kind]}，{entry.round}。台账首哈希 {entry.hash}")
    else:
        click.echo(f"Entry {entry.seq}: {entry.kind} {entry.round}. Ledger head {entry.hash}")


@round_.command("open", epilog="Example:\n\n  landopt round open examples/nansha --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@_ledger
@_by
@_json
@_lang
def open_(round_path: Path, ledger: Path | None, by: str, as_json: bool, lang: str | None) -> None:
    """Open a round: its input files go into the ledger by digest."""
    from landopt.keeping import round_steps as rounddesk

    _say(rounddesk.open_round(rounddesk.place(round_path, ledger), by), as_json, lang)


@round_.command(
    epilog='Example:\n\n  landopt round adopt ROUND ROUND/plan --document "穗规划资源函〔2026〕12号" --by officer-2'
)
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("plan", metavar="PLAN", type=_PATH)
@click.option("--document", required=True, help="The approving document.")
@click.option("--date", "date", help="Its date (default: today).")
@click.option("--key", type=_PATH, help="Sign the plan with this private key (PEM, ed25519).")
@click.option("--sampled", is_flag=True, help="Screen again only platforms drawn at random (very large rounds).")
@_ledger
@_by
@_json
@_lang
def adopt(
    round_path: Path,
    plan: Path,
    document: str,
    date: str | None,
    key: Path | None,
    ledger: Path | None,
    by: str,
    sampled: bool,
    as_json: bool,
    lang: str | None,
) -> None:
    """Adopt a plan: its inputs are held against those of open, it is audited as a whole, its assignments become locks.

    A scenario (facts not those on file) is never adopted; exit 5, as for a breach.
    """
    from landopt.keeping import round_steps as rounddesk
    from landopt.report.gis.plan_layers import write_plan_gpkg

    found = rounddesk.place(round_path, ledger)
    day = date or rounddesk.today()
    entry = rounddesk.adopt(
        found, plan, document=document, date=day, by=by, key=key, sampled=sampled, rewrite=write_plan_gpkg
    )
    _say(entry, as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round record ROUND results.csv --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path, exists=True))
@_ledger
@_by
@_json
@_lang
def record(round_path: Path, results: Path, ledger: Path | None, by: str, as_json: bool, lang: str | None) -> None:
    """Record results (CSV: parcel_id, outcome, date, price_yuan, document): failed ones return as candidates."""
    from landopt.keeping import round_steps as rounddesk

    _say(rounddesk.record(rounddesk.place(round_path, ledger), results, by), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round close ROUND --by officer-2")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@_ledger
@_by
@_json
@_lang
def close(round_path: Path, ledger: Path | None, by: str, as_json: bool, lang: str | None) -> None:
    """Close a round: nothing more is adopted in it."""
    from landopt.keeping import round_steps as rounddesk

    _say(rounddesk.close(rounddesk.place(round_path, ledger), by), as_json, lang)


@round_.command(epilog="Example:\n\n  landopt round show ROUND --json")
@click.argument("round_path", metavar="ROUND", type=_PATH)
@_ledger
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@_lang
def show(round_path: Path, ledger: Path | None, as_json: bool, lang: str | None) -> None:
    """Show the ledger and re-check its chain: what was opened, adopted, recorded (exit 5: altered)."""
    from landopt.keeping import round_steps as rounddesk
    from parcels.common.language import language

    shown = rounddesk.show(rounddesk.place(round_path, ledger).ledger)
    if as_json:
        click.echo(json.dumps(shown, default=lambda issue: issue.as_dict(), ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(rounddesk.text(shown, language(lang))))
    click.get_current_context().exit(5 if any(issue.level == "error" for issue in shown["problems"]) else 0)
