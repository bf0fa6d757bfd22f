"""The one door to every format: a path becomes a :class:`parcels.formats.sources.RawTable`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from parcels.common.digests import sha256_of
from parcels.common.gate import admit, check_shape
from parcels.common.issues import Refused, error
from parcels.formats.companion import with_companion
from parcels.formats.guard import guarded
from parcels.formats.outline_columns import with_outlines
from parcels.formats.registry import Ask, Format, Prefix, endings, format_of
from parcels.formats.sources import RawTable


def open_parcels(
    path: Path, *, layer: str | None = None, encoding: str | None = None, crs: str | None = None
) -> RawTable:
    """Open a parcel file by its format.

    Raises
    ------
    Refused
        As :func:`parcels.read.read_parcels`.
    """
    ask = Ask(path, layer, encoding, crs)
    found = format_of(path)
    raw = _read(found, ask)
    if found.kind == "table":
        return with_outlines(raw, encoding=encoding, crs=crs)
    return with_companion(raw, path) if found.kind == "drawing" else raw


def open_layer(
    path: Path,
    layer: str | None = None,
    *,
    points: bool = False,
    encoding: str | None = None,
    crs: str | None = None,
) -> RawTable:
    """Open a role layer (polygons, or points).

    Raises
    ------
    Refused
        As :func:`open_parcels`.
    """
    found = format_of(path)
    if found.kind in ("table", "drawing"):
        return open_parcels(path, layer=layer, encoding=encoding, crs=crs)
    return _read(found, Ask(path, layer, encoding, crs, points=points, prefix="L"))


def open_table(path: Path, *, layer: str | None = None, encoding: str | None = None, prefix: Prefix = "D") -> RawTable:
    """A table of rows: CSV or a workbook.

    Raises
    ------
    Refused
        If there is no such file or it is no table.
    """
    found = format_of(path)
    if found.kind != "table":
        raise Refused(error("F002.table-needed-here", at=path.name, file=path.name, endings=endings("table")))
    return _read(found, Ask(path, layer, encoding, prefix=prefix))


def _read(found: Format, ask: Ask) -> RawTable:
    """Read through the gate: what may never end is read by a child first, or as the plain copy a child made of it."""
    assert found.read is not None
    admit(ask.path)
    with guarded(ask.path, ask.layer) as plain:
        try:
            raw = found.read(ask if plain == ask.path else replace(ask, path=plain))
        except RecursionError:
            raise Refused(error("F012.deep", at=ask.path.name, name=ask.path.name)) from None
        except MemoryError:
            raise Refused(error("F014.memory", at=ask.path.name, name=ask.path.name)) from None
    if raw.path != ask.path and plain != ask.path:
        raw = replace(raw, path=ask.path, sha256=sha256_of(ask.path))
    check_shape(raw.path.name, raw.path.name, len(raw.columns), len(raw.rows))
    return raw if raw.format else replace(raw, format=found.name)
