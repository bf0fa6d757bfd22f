"""``landopt push``: a plan into the tables of the central database."""

from __future__ import annotations

import json
from pathlib import Path

import click

from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt push examples/nansha/plan --to postgis://land/landopt")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path))
@click.option("--to", "address", required=True, metavar="ADDRESS", help="The schema: postgis://SERVICE/schema.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def push(plan: Path, address: str, lang: str | None, as_json: bool) -> None:
    """Write a plan into the central database: all tables or none, never over a plan that is there.

    The plan is audited first; one that does not stand is refused (exit 5).
    """
    from landopt.central.address import parse_address
    from landopt.keeping.ledger.adoption import NotStanding
    from landopt.keeping.whole_audit import whole_audit
    from landopt.report.database.push import push as write
    from landopt.report.gis.plan_layers import write_plan_gpkg
    from parcels.common.catalogue import told
    from parcels.common.issues import error
    from parcels.common.language import language

    place = parse_address(address, "--to")
    report = whole_audit(plan, rewrite=write_plan_gpkg)
    if report.breaches:
        raise NotStanding(error("B114.breach", at=str(plan), breach=breach.said) for breach in report.breaches)
    done = write(plan, place)
    if as_json:
        said = {"plan_id": done.plan_id, "to": done.place, "rows": dict(done.rows)}
        click.echo(json.dumps(said, ensure_ascii=False, sort_keys=True))
        return
    rows = ", ".join(f"{table} {count}" for table, count in done.rows.items())
    key = "central.pushed" if done.rows else "central.there"
    click.echo(told(key, plan=done.plan_id, place=done.place, rows=rows).text(language(lang)))
