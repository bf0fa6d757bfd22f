"""``landopt plans``: every plan that was made of a round."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.path_argument import LEDGER
from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.keeping.ledger.stores.places import LedgerPlace


@click.command(epilog="Example:\n\n  landopt plans examples/nansha --json")
@click.argument("round_path", metavar="ROUND", type=click.Path(path_type=Path))
@click.option("--ledger", type=LEDGER, help="A file, or postgis://SERVICE/schema (default: ROUND/ledger.sqlite).")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
def plans(round_path: Path, ledger: LedgerPlace | None, as_json: bool, lang: str | None) -> None:
    """List the plans of a round, oldest first: id, date, score, adopted or not, and where each lies.

    `solve` never overwrites a plan: the one at its place moves to ROUND/plans with everything that was put beside it.
    """
    from landopt.keeping import shelf
    from landopt.keeping.ledger.round_steps import place
    from landopt.keeping.ledger.stores.places import is_there
    from parcels.common.issues import Refused, error
    from parcels.common.language import language

    if ledger is not None and not is_there(ledger):
        raise Refused(error("B001.there-no-ledger", at=str(ledger), file=ledger.name))
    found = shelf.plans(place(round_path).folder, ledger)
    if as_json:
        click.echo(json.dumps({"plans": [each.as_dict() for each in found]}, ensure_ascii=False, sort_keys=True))
    else:
        click.echo("\n".join(shelf.lines(found, language(lang))))
