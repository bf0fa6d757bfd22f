"""What was done with a toolbox, as lines or as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from parcels.common.catalogue import told

if TYPE_CHECKING:
    from landopt.toolboxes.install import Installed


def tell(done: Sequence[Installed], as_json: bool, lang: str) -> None:
    """Print what was done at each place."""
    if as_json:
        said = [{"folder": str(e.folder), "written": e.written, "kept": e.kept, "removed": e.removed} for e in done]
        click.echo(json.dumps(said, ensure_ascii=False))
        return
    for each in done:
        counts = {"written": len(each.written), "removed": len(each.removed)}
        click.echo(told("done.toolbox", folder=each.folder, **counts).text(lang))
        if each.kept:
            click.echo(told("done.toolbox-kept", names=each.kept).text(lang))
