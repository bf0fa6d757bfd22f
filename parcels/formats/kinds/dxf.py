"""DXF: closed polylines of a drawing; the one text inside an outline is its id."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

from parcels.common.digests import sha256_of
from parcels.common.issues import Issue, Refused, error, note, warning
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
    cells = {name: data[i] for i, name in enumerate(names)}
    shapes = _closed(shapely.force_2d(shapely.from_wkb(wkb, on_invalid="ignore")))
    kinds = shapely.get_type_id(shapes)
    on = [str(name) for name in cells.get("Layer", [""] * len(shapes))]
    if ask.layer is not None and ask.layer not in on:
        layers = sorted(set(on))
        raise Refused(error("F003.no-layer", at=path.name, file=path.name, layer=ask.layer, names=layers))
    meant = np.array([ask.layer is None or name == ask.layer for name in on], dtype=bool)
    outlines = np.flatnonzero(np.isin(kinds, (3, 6)) & meant)
    open_lines = int((np.isin(kinds, (1, 5)) & meant).sum())
    if not len(outlines):
        raise Refused(error("P002.no-closed-outline", at=path.name, file=path.name, open_lines=open_lines))
    issues: list[Issue] = []
    if open_lines:
        issues.append(warning("P010.open-line-not", at=path.name, open_lines=open_lines))
    issues += _curved([str(c) for c in cells.get("SubClasses", [])], outlines.tolist(), path)
    texts = [str(text).strip() if text is not None else "" for text in cells.get("Text", [None] * len(shapes))]
    labels = _labels(shapes, kinds, texts, on, ask.layer)
    ids = _ids(shapes, outlines, labels, texts, path, issues)
    if ask.layer is None and any(issue.code == "P074" for issue in issues) and len(set(on)) > 1:
        layers = sorted({on[i] for i in outlines.tolist()})
        issues.append(note("P074.layers", at=path.name, names=layers))
    columns: dict[str, list[object]] = {"parcel_id": ids}
    rows = tuple(range(1, len(outlines) + 1))
    system = str(meta["crs"]) if meta.get("crs") else None
    layer = ask.layer or ""
    return RawTable(
        path, layer, "DXF", columns, rows, shapes[outlines], system, (decoded.note,), tuple(issues), sha256_of(path)
    )


def _closed(shapes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Lines whose last point is the first are outlines, whether or not the drawing calls them closed."""
    out = shapes.copy()
    for i in np.flatnonzero(shapely.get_type_id(shapes) == 1).tolist():
        points = shapely.get_coordinates(shapes[i])
        if len(points) >= 4 and (points[0] == points[-1]).all():
            out[i] = shapely.Polygon(points)
    return out


def _curved(classes: list[str], outlines: list[int], path: Path) -> list[Issue]:
    """Finding 8 for circles, ellipses, splines and arcs of polylines."""
    issues = []
    curved = [
        i for i in outlines if i < len(classes) and any(word in classes[i] for word in ("Circle", "Ellipse", "Spline"))
    ]
    if curved:
        issues.append(error("P008.outline-circles-ellipses", at=path.name, count=len(curved)))
    bent = _bulges(path)
    if bent:
        issues.append(error("P008.point-polylines-begin", at=path.name, bent=bent))
    return issues


def _labels(
    shapes: np.ndarray[Any, Any], kinds: np.ndarray[Any, Any], texts: list[str], on: list[str], layer: str | None
) -> list[int]:
    """The texts that may be ids: where a layer is named, not those of layers with outlines of their own (houses)."""
    points = [i for i in np.flatnonzero(kinds == 0).tolist() if texts[i]]
    if layer is None:
        return points
    others = {on[i] for i in np.flatnonzero(np.isin(kinds, (3, 6))).tolist()} - {layer}
    return [i for i in points if on[i] not in others]


def _ids(
    shapes: np.ndarray[Any, Any],
    outlines: np.ndarray[Any, Any],
    labels: list[int],
    texts: list[str],
    path: Path,
    issues: list[Issue],
) -> list[object]:
    """The id of each outline: the one text inside it that is inside no smaller one and does not say its area."""
    held: list[set[str]] = [set() for _ in outlines]
    areas = shapely.area(shapes[outlines])
    if labels:
        found: dict[int, list[int]] = {}
        tree = shapely.STRtree(shapes[outlines])
        for label, outline in zip(*tree.query(shapes[labels], predicate="within"), strict=True):
            found.setdefault(int(label), []).append(int(outline))
        for label, around in found.items():
            inner = min(around, key=lambda at: float(areas[at]))
            held[inner].add(texts[labels[label]])
    ids: list[object] = []
    for position, inside in enumerate(held):
        names = sorted(text for text in inside if len(inside) == 1 or not _is_area(text, float(areas[position])))
        several = [text for text in names if "\n" in text or "\r" in text]
        ids.append(names[0] if len(names) == 1 and not several else None)
        if several:
            shown = " / ".join(several[0].split())
            issues.append(error("P074.two-lines", at=path.name, position=position + 1, text=shown))
        elif len(names) > 1:
            issues.append(error("P074.outline-holds-several", at=path.name, position=position + 1, held=names[:5]))
        elif not names:
            issues.append(error("P074.outline-holds-no", at=path.name, position=position + 1))
    return ids


def _is_area(text: str, area: float) -> bool:
    """True for a label that says the outline's area, in m², hectares or mu.

    It says so by a word before it (面积=), a unit or a decimal point, or is a number of m² of three digits and more: A1
    and 1 are names of parcels, whatever their size.
    """
    number = re.fullmatch(_AREA, text)
    if number is None or not (number["word"] or number["unit"] or "." in number["figure"] or len(number["figure"]) > 2):
        return False
    plain = not (number["word"] or number["unit"] or "." in number["figure"])
    units = (1.0,) if plain else (1.0, 10_000.0, 2000 / 3)
    return any(abs(float(number["figure"]) * unit - area) <= 0.01 * area for unit in units)


_AREA = re.compile(
    r"(?P<word>(面积|用地面积|area|S|A)\s*[:：=]\s*)?(?P<figure>[0-9]+(\.[0-9]+)?)\s*(?P<unit>㎡|m2|m²|平方米|亩|公顷|ha)?",
    re.I,
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
