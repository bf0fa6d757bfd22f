"""The pages of ``docs/`` that are made from the packs and the code: ``python -m landopt.desk.docs [--write]``.

Without ``--write`` nothing changes: the pages that are not current are named, and the exit code is 1.
"""

from __future__ import annotations

import json
from pathlib import Path

import click

FOLDER = Path(__file__).parents[3] / "docs"


def pages() -> dict[str, str]:
    """Every made page by name, as it should be."""
    from landopt.desk.docs import (
        door_page,
        facts_pages,
        glossary_page,
        house_page,
        reference,
        rules_pages,
        templates_page,
    )
    from landopt.workbench.service.description import description
    from landopt.workbench.service.run import RATE
    from parcels.common import codes

    made = {name: page() for name, page in reference.PAGES.items()}
    made |= {"round-file.md": facts_pages.round_page(), "columns.md": facts_pages.columns_page()}
    made |= {"templates.md": templates_page.page(), "glossary.md": glossary_page.page()}
    made |= {"errors.md": codes.page(), "api.md": door_page.page(), "architecture.md": house_page.page()}
    made["service.openapi.json"] = f"{json.dumps(description(RATE), ensure_ascii=False, indent=1, sort_keys=True)}\n"
    return {**made, **rules_pages.pages()}


def stale(folder: Path) -> dict[str, str]:
    """The pages a folder lacks or holds in another wording, as they should be."""
    made = pages()
    return {name: text for name, text in made.items() if _read(folder / name) != text}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


@click.command(epilog="Example:\n\n  python -m landopt.desk.docs --write")
@click.option("--write", is_flag=True, help="Write the pages that are not current.")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, help="Default: docs.")
def docs(write: bool, folder: Path) -> None:
    """Make the pages of docs/, the release's list of packs and the days kept, or say which are not current."""
    from constraints.loading.releases import LIST, release_text
    from landopt.intake import days_off

    found = {folder / name: text for name, text in stale(folder).items()}
    if folder == FOLDER:
        beside = {LIST: release_text(), days_off.KEPT: days_off.made()}
        found |= {path: text for path, text in beside.items() if _read(path) != text}
    for path, text in found.items():
        if write:
            path.write_text(text, encoding="utf-8", newline="\n")
            click.echo(f"written: {path.name}")
        else:
            click.echo(f"not current: {path.name}", err=True)
    if found and not write:
        click.echo("Maybe: make docs", err=True)
        raise SystemExit(1)
