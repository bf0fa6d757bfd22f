"""``landopt rules limits``: limits over the whole plan that the packs' texts give, to be switched on in a policy."""

from __future__ import annotations

import click

from landopt.desk.law.options import (
    chosen_packs,
    iso_day,
    json_option,
    lang_option,
    packs_option,
    print_json,
    tongue_of,
)
from parcels.common.catalogue import phrase


@click.command(epilog="Example:\n\n  landopt rules limits --as-of 2026-11-22 --toml >> my-round/policy.toml")
@packs_option
@click.option("--as-of", metavar="DATE", help="Only limits in force on a date. Default: those of every date.")
@click.option("--toml", "as_toml", is_flag=True, help="Print them as they go into a policy.toml.")
@json_option
@lang_option
def limits(packs: str | None, as_of: str | None, as_toml: bool, as_json: bool, lang: str | None) -> None:
    """Limits of the plan that the texts give, switched off until a policy takes them."""
    from constraints.loading.plan_limits import plan_limits

    date = iso_day(as_of) if as_of else None
    found = [each for name in chosen_packs(packs) for each in plan_limits(name, date)]
    tongue = tongue_of(lang)
    if as_json:
        print_json([{"id": each.rule.id, "pack": each.pack, "toml": each.toml} for each in found])
        return
    if as_toml:
        click.echo("\n".join(each.toml for each in found))
        return
    for each in found:
        rule = each.rule
        until = f" .. {rule.until}" if rule.until else ""
        click.echo(f"{rule.id:32} {rule.start}{until} [{rule.cite.grade}] {rule.title.text(tongue)} ({each.pack})")
    click.echo(phrase("law.limits", tongue, count=len(found)))
