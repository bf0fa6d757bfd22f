"""``layer_styles`` in a GeoPackage: QGIS opens the layers in the colours of the map by itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from xml.sax.saxutils import quoteattr

from landopt.reasons import words
from landopt.report.map.charts import COLOURS

_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
  styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now'))
)"""


def add_styles(path: Path, as_of: str) -> None:
    """Add the default styles of the layers ``parcels`` and ``sites`` to a GeoPackage that has them.

    Parameters
    ----------
    as_of
        The date of the styles (ISO): the round's, so that the same plan gives the same file.
    """
    moment = f"{as_of}T00:00:00.000Z"
    with closing(sqlite3.connect(path)) as store, store:
        layers = dict(store.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        store.execute("DROP TABLE IF EXISTS layer_styles")
        store.execute("DELETE FROM gpkg_contents WHERE table_name = 'layer_styles'")
        store.execute(_TABLE)
        store.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?)",
            (moment,),
        )
        for layer, style in (
            ("parcels", _qml(parcels_style(), labels=True)),
            ("sites", _qml(sites_style(), labels=False)),
        ):
            if layer in layers:
                store.execute(
                    "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, "
                    "styleName, styleQML, styleSLD, useAsDefault, description, owner, ui, update_time) "
                    "VALUES ('', '', ?, ?, 'landopt', ?, '', 1, 'landopt', '', NULL, ?)",
                    (layer, layers[layer], style, moment),
                )


def parcels_style() -> str:
    """Categories by method; what is held back stays white. Renderer and labels as QGIS writes them."""
    entries = [(method, _title(method), colour) for method, colour in COLOURS.items()]
    entries.append(("", "暂不供应 held back", "#ffffff"))
    categories = "".join(
        f'<category symbol="{number}" value={quoteattr(value)} label={quoteattr(label)} render="true"/>'
        for number, (value, label, _) in enumerate(entries)
    )
    symbols = "".join(_fill(str(number), colour) for number, (_, _, colour) in enumerate(entries))
    label = (
        '<labeling type="simple"><settings calloutType="simple"><text-style fieldName="parcel_id" fontSize="7" '
        'textColor="29,37,48,255"/><rendering scaleVisibility="1" scaleMin="1" scaleMax="10000"/></settings></labeling>'
    )
    return (
        f'<renderer-v2 type="categorizedSymbol" attr="coalesce(method,\'\')" enableorderby="0" forceraster="0">'
        f"<categories>{categories}</categories><symbols>{symbols}</symbols></renderer-v2>{label}"
    )


def sites_style() -> str:
    """An outline for each site."""
    outline = (
        '<symbol type="fill" name="0" alpha="1" clip_to_extent="1"><layer class="SimpleLine" enabled="1" pass="0">'
        '<Option type="Map"><Option name="line_color" type="QString" value="29,37,48,255"/>'
        '<Option name="line_width" type="QString" value="0.7"/>'
        '<Option name="line_width_unit" type="QString" value="MM"/></Option></layer></symbol>'
    )
    return f'<renderer-v2 type="singleSymbol"><symbols>{outline}</symbols></renderer-v2>'


def protected_style(colour: str) -> str:
    """A hatch in a colour for areas that are protected."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    hatch = (
        '<symbol type="fill" name="0" alpha="1" clip_to_extent="1"><layer class="SimpleFill" enabled="1" pass="0">'
        f'<Option type="Map"><Option name="color" type="QString" value="{red},{green},{blue},110"/>'
        f'<Option name="outline_color" type="QString" value="{red},{green},{blue},255"/>'
        '<Option name="outline_width" type="QString" value="0.4"/>'
        '<Option name="outline_width_unit" type="QString" value="MM"/>'
        '<Option name="style" type="QString" value="b_diagonal"/></Option></layer></symbol>'
    )
    return f'<renderer-v2 type="singleSymbol"><symbols>{hatch}</symbols></renderer-v2>'


def _title(method: str) -> str:
    return f"{words.word('method', method, 'zh')} {words.word('method', method, 'en')}"


def _fill(name: str, colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return (
        f'<symbol type="fill" name="{name}" alpha="1" clip_to_extent="1">'
        '<layer class="SimpleFill" enabled="1" pass="0">'
        f'<Option type="Map"><Option name="color" type="QString" value="{red},{green},{blue},255"/>'
        '<Option name="outline_color" type="QString" value="60,70,84,255"/>'
        '<Option name="outline_width" type="QString" value="0.15"/>'
        '<Option name="outline_width_unit" type="QString" value="MM"/>'
        '<Option name="style" type="QString" value="solid"/></Option></layer></symbol>'
    )


def _qml(inner: str, *, labels: bool) -> str:
    shown = "1" if labels else "0"
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>"
    return f'{head}<qgis version="3.28" styleCategories="Symbology|Labeling" labelsEnabled="{shown}">{inner}</qgis>'
