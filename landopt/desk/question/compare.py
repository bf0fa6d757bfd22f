"""``landopt compare``: what moved between two plans, and which rule or number moved it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from landopt.desk.decide.solve import seconds
from landopt.desk.progress import heard, said
from landopt.desk.usage import LANG, Wrong

if TYPE_CHECKING:
    from landopt.api import Plan


@click.command(epilog="Example:\n\n  landopt compare plans/P-1 plans/P-2 --causes --html changes.html")
@click.argument("plans", metavar="PLAN PLAN [PLAN]...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--causes/--no-causes",
    default=None,
    help="Solve the first round with one change at a time to say what moved what (default: with --html only).",
)
@click.option("--most", type=click.IntRange(1), default=40, show_default=True, help="Changes tried with --causes.")
@click.option("--time-limit", callback=seconds, help="Stop --causes after this long: 90, 5m (default: 2m).")
@click.option("--lang", type=LANG, help="Language of the text (default: from the environment).")
@click.option("--html", metavar="FILE", type=click.Path(path_type=Path), help="Also write the comparison as one page.")
@click.option("--csv", "table", metavar="FILE", type=click.Path(path_type=Path), help="Also write a line a plan.")
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as JSON.")
def compare(
    plans: tuple[Path, ...],
    causes: bool | None,
    most: int,
    time_limit: int | None,
    lang: str | None,
    html: Path | None,
    table: Path | None,
    as_json: bool,
) -> None:
    """Score, parcels, methods, platforms and limits of two plans, and the rules, numbers and facts that differ.

    Of more than two plans one line each: score, bound, platforms, area, methods, parcels that differ from the first;
    with --html also a small map each, with their numbers as CSV beside the page.
    """
    from landopt.api import open_plan
    from landopt.reasons.compared.several import several, several_csv
    from landopt.reasons.texts import render_answer
    from parcels.common.kept import write_kept
    from parcels.common.language import language

    if len(plans) < 2:
        raise Wrong("two-plans")
    if len(plans) > 2 and causes:
        raise Wrong("two-plans-only")
    if html is not None and html.is_dir():
        raise Wrong("is-a-folder", path=html, example=html / "compare.html")
    opened = [open_plan(path) for path in plans]
    if table is not None:
        said(write_kept(table, several_csv(several([each.data for each in opened])).encode()), language(lang))
    if len(opened) > 2:
        rows = {"plans": several([each.data for each in opened])}
        if html is not None:
            _page(html, opened, rows["plans"], language(lang))
        if as_json:
            click.echo(json.dumps(rows, ensure_ascii=False, sort_keys=True))
        else:
            click.echo(render_answer("several", rows, language(lang)), nl=False)
        return
    before, after = opened
    diff = before.diff(after)
    if causes or (causes is None and html is not None and diff.found["changes"]):
        told = heard(language(lang))
        diff = before.diff(after, causes=True, most=most, time_limit=time_limit, say=told)
    found = diff.as_dict()
    if html is not None:
        from landopt.report.map.comparison import comparison_page
        from parcels.common.visible import visible_values

        seen = visible_values(found)
        said(write_kept(html, comparison_page(seen, before.case, after.case, language(lang))), language(lang))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, sort_keys=True))
    else:
        click.echo(diff.text(language(lang)), nl=False)


def _page(html: Path, plans: Sequence[Plan], rows: Sequence[Mapping[str, Any]], lang: str) -> None:
    """The page of more than two plans, and beside it what its maps show as CSV."""
    from landopt.report.pictures.compared import compared_csv, compared_page
    from landopt.report.pictures.small_maps import Outlines
    from landopt.report.source import open_source
    from parcels.common.kept import write_kept
    from parcels.common.visible import visible_values

    known = {tuple(sorted(each.case.parcels.ids)) for each in plans}
    drawn = len(known) == 1 and (plans[0].folder / "plan.gpkg").is_file()
    outlines = Outlines(open_source(plans[0].folder).polygons) if drawn else None
    seen = [visible_values(each.data) for each in plans]
    said(write_kept(html, compared_page(seen, visible_values(rows), outlines, lang)), lang)
    said(write_kept(html.with_suffix(".csv"), compared_csv(seen).encode()), lang)
