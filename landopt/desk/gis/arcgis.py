"""``landopt arcgis``: the Python toolbox for ArcGIS, written into a folder that is added in ArcGIS Pro."""

from __future__ import annotations

from pathlib import Path

import click

from landopt.desk.usage import LANG


@click.command(epilog="Example:\n\n  landopt arcgis landopt-toolbox")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False))
@click.option("--remove", is_flag=True, help="Take the toolbox out of FOLDER; what you changed or added stays.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@click.option("--lang", type=LANG, help="Language of the texts (default: from the environment).")
def arcgis(folder: Path, remove: bool, as_json: bool, lang: str | None) -> None:
    """Write the Python toolbox for ArcGIS Pro into FOLDER, or bring it up to date (docs/gis-toolboxes.md).

    It has been tried with a stand-in for arcpy only, never with ArcGIS itself.
    """
    from landopt.desk.gis.told import tell
    from landopt.toolboxes.install import arcgis_files, put, take_away
    from parcels.common.language import language

    tell([take_away(folder) if remove else put(folder, arcgis_files())], as_json, language(lang))
