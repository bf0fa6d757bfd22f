"""``landopt report``: map, tables, documents."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.help_text import add
from landopt.desk.usage import LANG
from landopt.report.output import outputs

if TYPE_CHECKING:
    from landopt.report.write import Done


def _kinds[F: Callable[..., None]](command: F) -> F:
    """An option for each output there is."""
    for output in reversed(outputs()):
        add(*output.help)
        command = click.option(f"--{output.kind}", is_flag=True, help=output.help[0])(command)
    return command


# One parameter an option of the command.
@click.command(epilog="Example:\n\n  landopt report examples/nansha/plan --html --xlsx --lang zh")
@click.argument("plan", metavar="PLAN", type=click.Path(path_type=Path), required=False)
@_kinds
@click.option("--compare", "other", type=click.Path(path_type=Path), help="The plan this one is compared with.")
@click.option("--with-proof", is_flag=True, help="The map carries the proof and verifies it without further files.")
@click.option("--headings", type=click.Path(path_type=Path), help="Headings of the tables (TOML) instead of our own.")
@click.option("--public", is_flag=True, help="The public edition: nothing internal (default: PLAN/report-public).")
@click.option("--mu", is_flag=True, help="Tables show mu beside hectares.")
@click.option(
    "--template-dir", type=click.Path(path_type=Path), help="Folder of Word templates (default: ROUND/templates)."
)
@click.option(
    "--templates",
    "shipped",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Only write the Word templates to DIR.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The folder to write (default: PLAN/report).")
@click.option("--lang", type=LANG, help="Language (default: from the environment).")
@click.option("--json", "as_json", is_flag=True, help="Print the files written as JSON.")
def report(
    plan: Path | None,
    other: Path | None,
    with_proof: bool,
    headings: Path | None,
    public: bool,
    mu: bool,
    template_dir: Path | None,
    shipped: Path | None,
    output: Path | None,
    lang: str | None,
    as_json: bool,
    **kinds: bool,
) -> None:
    """Write what people look at, from the plan folder alone: nothing is decided or computed anew.

    Without a kind, all kinds are written whose library is installed; a kind that is asked for and whose library is
    missing is refused with the command that installs it.
    """
    from landopt.desk.progress import heard
    from landopt.report.write import Wish, write_reports, write_templates
    from parcels.common.language import language

    if shipped is not None:
        _told(write_templates(shipped, language(lang)), as_json, language(lang))
        return
    if plan is None:
        raise click.MissingParameter(param_hint="PLAN", param_type="argument")
    wish = Wish(
        plan=plan,
        kinds=tuple(kind for kind, asked in kinds.items() if asked),
        lang=language(lang),
        output=output,
        compare=other,
        with_proof=with_proof,
        headings=headings,
        template_dir=template_dir,
        public=public,
        mu=mu,
    )
    _told(write_reports(wish, heard(wish.lang)), as_json, wish.lang)


def _told(done: Done, as_json: bool, lang: str) -> None:
    click.echo(json.dumps(done.as_dict(), ensure_ascii=False) if as_json else "\n".join(done.lines(lang)))
