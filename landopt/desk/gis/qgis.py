"""``landopt qgis``: the toolbox of QGIS, put into the profiles of this account and taken away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from landopt.desk.usage import LANG

if TYPE_CHECKING:
    from landopt.toolboxes.install import Installed

_profile = click.option(
    "--profile",
    "named",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A profile folder of QGIS (default: every one found).",
)
_lang = click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
_json = click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")


@click.group(epilog="Example:\n\n  landopt qgis install")
def qgis() -> None:
    """The toolbox for QGIS 3.22 and later: check, solve, why not, compare, audit, report (docs/gis-toolboxes.md)."""


@qgis.command(epilog="Example:\n\n  landopt qgis install --lang zh")
@_profile
@_json
@_lang
def install(named: tuple[Path, ...], as_json: bool, lang: str | None) -> None:
    """Put the toolbox into the profiles of QGIS, or bring it up to date; what you changed in it stays."""
    from landopt.toolboxes.install import put, qgis_files
    from landopt.toolboxes.switch import switch_on

    files = qgis_files()

    def at(profile: Path) -> Installed:
        done = put(_plugin(profile), files)
        switch_on(profile)
        return done

    _each(named, at, as_json, lang)


@qgis.command(epilog="Example:\n\n  landopt qgis uninstall")
@_profile
@_json
@_lang
def uninstall(named: tuple[Path, ...], as_json: bool, lang: str | None) -> None:
    """Take the toolbox out of the profiles of QGIS; what you changed or added stays."""
    from landopt.toolboxes.install import take_away
    from landopt.toolboxes.switch import switch_off

    def at(profile: Path) -> Installed:
        folder = _plugin(profile)
        done = take_away(folder)
        if done.removed or not folder.exists():  # also where a run that was killed had come no further than that
            switch_off(profile)
        return done

    _each(named, at, as_json, lang)


def _plugin(profile: Path) -> Path:
    from landopt.toolboxes.install import PLUGIN

    return profile / "python" / "plugins" / PLUGIN


def _each(named: tuple[Path, ...], at: Callable[[Path], Installed], as_json: bool, lang: str | None) -> None:
    """Do it at each profile and tell what was done."""
    from landopt.desk.gis.told import tell
    from landopt.toolboxes.profiles import homes, profiles
    from parcels.common.issues import Environment, error
    from parcels.common.language import language

    found = list(named) or profiles()
    if not found:
        raise Environment(error("E008.no-profile", at="QGIS", folders=tuple(str(path) for path in homes())))
    tell([at(profile) for profile in found], as_json, language(lang))
