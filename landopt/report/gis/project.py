"""``plan.qgz``: a project for QGIS 3.22 and later, with the plan, its sites, the protected areas and a layout to print.

The project names its layers by paths relative to itself; it holds no code, no form and no address.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landopt.report.gis.layer_files import aliases, write_gpkg_layer
from landopt.report.gis.styles import parcels_style, protected_style, sites_style
from landopt.report.papers.plain import one_line
from landopt.report.papers.review_sheet import plan_mark
from landopt.report.protected import Protected
from landopt.report.source import Source
from landopt.report.system_words import system_words
from parcels.common.catalogue import phrase

_EPOCH = (1980, 1, 1, 0, 0, 0)
_SEGMENTS = (10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
PROTECTED_FILE = "protected.gpkg"


def write_protected(path: Path, layers: Sequence[Protected], crs: Any, as_of: str) -> None:
    """The protected areas of a round as a GeoPackage, a layer a kind."""
    import numpy as np
    import pyogrio

    options = {"OGR_CURRENT_DATE": f"{as_of}T00:00:00.000Z"}
    pyogrio.set_gdal_config_options(options)
    try:
        for layer in layers:
            shapes = np.array(layer.shapes, object)
            write_gpkg_layer(path, layer.role, {"name": [layer.title("zh")] * len(shapes)}, shapes, crs)
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))


def project(source: Source, gpkg: Path, target: Path, protected: Sequence[Protected], lang: str) -> bytes:
    """The project as a .qgz.

    Parameters
    ----------
    gpkg
        Where the layers of the plan are.
    target
        The folder the project will lie in.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    environment = Environment(
        loader=FileSystemLoader(str(Path(__file__).parent)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    frame = source.polygons
    box = [round(float(value), 3) for value in frame.total_bounds] if len(frame) else [0.0, 0.0, 1.0, 1.0]
    styles = {"parcels": parcels_style(), "sites": sites_style()}
    columns = _columns(gpkg)
    layers = [
        {
            "id": f"{name}_of_the_plan",
            "title": phrase(f"layer.{name}", lang),
            "source": f"{_relative(gpkg, target)}|layername={name}",
            "style": Markup(style),  # noqa: S704 - our own XML
            "aliases": [(column, aliases(name)[column]) for column in columns.get(name, ())],
        }
        for name, style in (("sites", styles["sites"]), ("parcels", styles["parcels"]))
        if name in columns
    ]
    layers[1:1] = [
        {
            "id": f"{layer.role}_protected",
            "title": layer.title(lang),
            "source": f"./{PROTECTED_FILE}|layername={layer.role}",
            "style": Markup(protected_style(layer.colour)),  # noqa: S704 - our own XML
            "aliases": [],
        }
        for layer in protected
    ]
    number = None if frame.crs is None else frame.crs.to_epsg()
    texts = {name: phrase(f"project.{name}", lang) for name in ("layout", "legend", "metres")}
    sheet = _sheet(box)
    text = environment.get_template("project.qgs.j2").render(
        title=one_line(source.plan["case"]["title"][lang], 200),
        layers=layers,
        box=box,
        sheet=sheet,
        segment=next((step for step in _SEGMENTS if step >= (sheet[2] - sheet[0]) / 12), _SEGMENTS[-1]),
        wkt="" if frame.crs is None else frame.crs.to_wkt(),
        number=number or 0,
        name="" if frame.crs is None else frame.crs.name,
        system=system_words(source.case.crs, lang),
        mark=plan_mark(source, lang),
        texts=texts,
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        member = zipfile.ZipInfo("plan.qgs", _EPOCH)
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, text.encode("utf-8"))
    return out.getvalue()


def _columns(gpkg: Path) -> dict[str, list[str]]:
    import pyogrio

    names = [str(name) for name, kind in pyogrio.list_layers(gpkg) if kind is not None]
    return {name: [str(each) for each in pyogrio.read_info(gpkg, layer=name)["fields"]] for name in names}


def _relative(path: Path, folder: Path) -> str:
    """A path as a project writes it: from its own folder, with slashes; whole where the disk is another."""
    try:
        found = os.path.relpath(path.absolute(), folder.absolute()).replace(os.sep, "/")
    except ValueError:
        return path.absolute().as_posix()
    return found if found.startswith("../") else f"./{found}"


def _sheet(box: Sequence[float]) -> list[float]:
    """What the map of the layout shows: the plan with a margin, in the shape of the map (396 x 246 mm)."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    wide = max(box[2] - box[0], (box[3] - box[1]) * 396 / 246, 10.0) * 1.1 / 2
    return [round(value, 3) for value in (x - wide, y - wide * 246 / 396, x + wide, y + wide * 246 / 396)]
