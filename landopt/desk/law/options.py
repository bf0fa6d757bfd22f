"""Options and small readers that the commands about the law share."""

from __future__ import annotations

import json

import click

from landopt.desk.usage import LANG, Wrong

packs_option = click.option("--packs", metavar="A,B", help="Rule packs, separated by commas. Default: all.")
as_of_option = click.option("--as-of", metavar="DATE", help="Date of the plan or notice decision. Default: today.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print data instead of text.")
lang_option = click.option("--lang", type=LANG, help="Language of the text.")


def chosen_packs(names: str | None) -> tuple[str, ...]:
    """The packs named, or all; refused if one is not known."""
    from constraints.loading.load import load_pack, pack_names

    chosen = tuple(part.strip() for part in names.split(",") if part.strip()) if names else pack_names()
    for name in chosen:
        load_pack(name)
    return chosen


def iso_day(text: str | None) -> str:
    """The day of an option as ISO text; today if none is given."""
    import datetime

    from constraints.loading.rule_file import iso_date

    if text is None:
        return datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    found = iso_date(text)
    if found is None:
        raise Wrong("not-a-date", text=text)
    return found[0]


def tongue_of(lang: str | None) -> str:
    """The language of the text."""
    from parcels.common.language import language

    return language(lang)


def print_json(value: object) -> None:
    """A value as JSON on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
