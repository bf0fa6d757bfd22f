"""``landopt database``: the tables and roles of the central database."""

from __future__ import annotations

import json

import click

from landopt.desk.usage import LANG

_lang = click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")


@click.group(epilog="Example:\n\n  landopt database sql landopt > landopt.sql")
def database() -> None:
    """Make and bring up to date the tables of the central database (PostgreSQL with PostGIS)."""


@database.command(epilog="Example:\n\n  landopt database upgrade postgis://land/landopt")
@click.argument("address", metavar="postgis://SERVICE/schema")
@click.option("--json", "as_json", is_flag=True, help="Print what was applied as JSON.")
@_lang
def upgrade(address: str, as_json: bool, lang: str | None) -> None:
    """Apply the steps of SQL that a schema lacks, all or none; by its owner, not by an officer's role."""
    from landopt.central.address import parse_address
    from landopt.central.upgrade import VERSION
    from landopt.central.upgrade import upgrade as apply
    from parcels.common.catalogue import told
    from parcels.common.language import language

    place = parse_address(address, "postgis://SERVICE/schema")
    applied = apply(place)
    if as_json:
        done = {"schema": place.name, "version": VERSION, "applied": applied}
        click.echo(json.dumps(done, ensure_ascii=False, sort_keys=True))
        return
    key = "central.applied" if applied else "central.current"
    click.echo(told(key, place=place.name, version=VERSION, names=", ".join(applied)).text(language(lang)))


@database.command(epilog="Example:\n\n  landopt database sql landopt")
@click.argument("schema", metavar="SCHEMA")
def sql(schema: str) -> None:
    """Print all steps as one script for psql: tables, checks, roles and their rights, to read or to run by hand."""
    from landopt.central.address import parse_address
    from landopt.central.upgrade import script

    click.echo(script(parse_address(f"postgis://any/{schema}", "SCHEMA").schema), nl=False)
