"""DXF: closed polylines of a drawing; the one text inside an outline is its id."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pyogrio
import shapely

from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, warning
from parcels.formats.decoding.encoding import decode
from parcels.formats.registry import Ask, reads
from parcels.formats.sources import RawTable, unreadable


@reads("DXF", ".dxf", kind="drawing")
def read_dxf(ask: Ask) -> RawTable:
    """Closed polylines of a drawing; the one text inside an outline is its id.

    Raises
    ------
    Refused
        As :func:`parcels.formats.sources.read_vector`; 2 if nothing is closed, 8 for arcs, 31 if no encoding fits.
    """
    path = ask.path
    decoded = decode(path.read_bytes(), path.name, encoding=ask.encoding)
    options = {"DXF_CLOSED_LINE_AS_POLYGON": True, "DXF_ENCODING": "UTF-8"}
    before = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(options)
    try:
        if decoded.text.isascii():
            meta, _, wkb, data = pyogrio.raw.read(str(path), layer="entities")
        else:
            with tempfile.TemporaryDirectory(prefix="landopt-") as folder:
                meta, _, wkb, data = pyogrio.raw.read(str(_in_utf8(decoded.text, Path(folder))), layer="entities")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError) as problem:
        raise Refused(unreadable(path, problem)) from None
    finally:
        pyogrio.set_gdal_config_options(before)
    names = list(meta["fields"])
    shapes = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore"))
    kinds = shapely.get_type_id(shapes)
    outlines, points = np.flatnonzero(np.isin(kinds, (3, 6))), np.flatnonzero(kinds == 0)
    open_lines = int(np.isin(kinds, (1, 5)).sum())
    if not len(outlines):
        what = f"{path.name} has no closed outline ({open_lines} open line(s))"
        raise Refused(error("P002", what, path.name, "close the polylines of the parcels"))
    cells = {name: data[i] for i, name in enumerate(names)}
    texts = [str(text).strip() if text is not None else "" for text in cells.get("Text", [None] * len(shapes))]
    issues: list[Issue] = []
    if open_lines:
        issues.append(warning("P010", f"{open_lines} open line(s) are not read", path.name, "close parcels' outlines"))
    arcs = [str(c) for c in cells.get("SubClasses", [])]
    curved = [
        i
        for i in outlines.tolist()
        if i < len(arcs) and ("Circle" in arcs[i] or "Ellipse" in arcs[i] or "Spline" in arcs[i])
    ]
    if curved:
        issues.append(
            error("P008", f"{len(curved)} outline(s) are circles, ellipses or splines", path.name, "linearise")
        )
    bent = _bulges(path)
    if bent:
        issues.append(
            error("P008", f"{bent} point(s) of polylines begin an arc", path.name, "make arcs straight first")
        )
    labelled = [i for i in points.tolist() if texts[i]]
    tree = shapely.STRtree(shapes[outlines])
    inside: dict[int, set[str]] = {}
    for label, outline in zip(*tree.query(shapes[labelled], predicate="within"), strict=True) if labelled else ():
        inside.setdefault(int(outline), set()).add(texts[labelled[int(label)]])
    ids: list[object] = []
    for position in range(len(outlines)):
        held = sorted(inside.get(position, set()))
        ids.append(held[0] if len(held) == 1 else None)
        if len(held) > 1:
            what = f"outline {position + 1} holds several texts: {', '.join(held[:5])}"
            issues.append(error("P074", what, path.name, "leave the parcel's id as the one text inside"))
        if not held:
            issues.append(error("P074", f"outline {position + 1} holds no text with the parcel's id", path.name))
    columns: dict[str, list[object]] = {"parcel_id": ids}
    rows = tuple(range(1, len(outlines) + 1))
    system = str(meta["crs"]) if meta.get("crs") else None
    return RawTable(
        path, "", "DXF", columns, rows, shapes[outlines], system, (decoded.note,), tuple(issues), sha256_of(path)
    )


def _in_utf8(text: str, folder: Path) -> Path:
    """A copy of a drawing in UTF-8: what a drawing says of its encoding is often wrong, or missing."""
    head = "0\nSECTION\n2\nHEADER\n0\nENDSEC\n"  # without a header section the encoding is not looked at
    copy = folder / "drawing.dxf"
    copy.write_text(text if "HEADER" in text[:2000] else head + text, encoding="utf-8", newline="")
    return copy


def _bulges(path: Path) -> int:
    """Points of polylines that begin an arc (group 42), which GDAL would make straight in silence."""
    lines = path.read_text("latin-1").splitlines()
    entity, count = "", 0
    for code, value in zip(lines[::2], lines[1::2], strict=False):
        if code.strip() == "0":
            entity = value.strip()
        elif code.strip() == "42" and entity in ("LWPOLYLINE", "VERTEX") and value.strip().strip("+-0.eE"):
            count += 1
    return count
