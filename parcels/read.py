"""A parcel file as checked facts and outlines: :func:`read_parcels` is the front door of the room."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas
import numpy as np

from parcels.common.catalogue import Told, told
from parcels.common.frozen import FactTable, table
from parcels.common.issues import Issue, Refused, error, noted
from parcels.common.place import NOWHERE, Place
from parcels.common.schema import Value, fields_of
from parcels.formats.sources import RawTable
from parcels.geometry.areas import settle_areas
from parcels.geometry.crs import place
from parcels.geometry.shapes import check_shapes
from parcels.geometry.systems import zone_of
from parcels.tables.columns import match_columns, nearest
from parcels.tables.fact_table import Facts, read_facts
from parcels.tables.findings import Findings
from parcels.tables.use_codes import systems


@dataclass(frozen=True, slots=True)
class ParcelFile:
    """What a parcel file holds.

    ``geometry`` has the column ``parcel_id`` and is sorted by it, row for row as ``table``; outlines that were refused
    are ``None``. ``issues`` holds every finding: with one of level ``error`` the file is refused. ``notes`` are the
    findings worth keeping in the plan (encoding used, projection, areas measured); ``dropped`` the ids left out;
    ``lines`` the row of the file that each parcel stands in.
    """

    geometry: geopandas.GeoDataFrame
    table: FactTable
    crs: str
    issues: tuple[Issue, ...]
    notes: tuple[Told, ...]
    sha256: str
    path: Path
    where: Place = NOWHERE
    dropped: tuple[str, ...] = ()
    lines: tuple[int, ...] = ()

    @property
    def rows(self) -> int:
        """Number of parcels."""
        return len(self.table)


# Each is a key of round.toml that says how one file is to be read.
def read_parcels(
    path: str | Path,
    *,
    layer: str | None = None,
    encoding: str | None = None,
    crs: str | None = None,
    area_source: str | None = None,
    use_codes: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Collection[str] = (),
) -> ParcelFile:
    """Read any parcel file, right or with the reasons why not.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, shapefile (also zipped), FileGDB, DXF, KML, CSV or XLSX with WKT or a reference to boundary
        points, boundary-point TXT, GeoParquet.
    layer
        Layer or sheet, where several fit.
    encoding
        Overrides what is found from the bytes.
    crs
        The CRS of a file that has none, or the projected zone for one in degrees.
    area_source
        ``"attribute"`` or ``"geometry"``: which area counts; then a disagreement of more than 1 % is only noted.
    use_codes
        Code system of land use; never guessed (default ``landopt``).
    units
        Unit by field or column, stronger than the heading.
    columns
        Heading by field, stronger than what the headings say; blank: the field is read from no column.
    drop
        Ids of parcels to leave out before anything about them is judged.

    Returns
    -------
    ParcelFile
        Complete only if none of its issues is an error.

    Raises
    ------
    Refused
        If nothing can be read at all (no such file, no layer, cut off, undecodable).
    """
    from parcels.formats.opening import open_parcels

    path = Path(path)
    if use_codes is not None and use_codes not in systems():
        raise Refused(error("P048.use-codes-no", at=path.name, use_codes=use_codes, systems=systems()))
    if area_source not in (None, "attribute", "geometry"):
        raise Refused(error("P018.area-source", at=path.name, area_source=area_source))
    raw = open_parcels(path, layer=layer, encoding=encoding, crs=crs)
    return from_raw(
        raw,
        crs=crs,
        area_source=area_source,
        use_codes=use_codes,
        units=units,
        columns=columns,
        drop=drop,
        spend=True,
    )


# As above, and whether the table may be spent.
def from_raw(
    raw: RawTable,
    *,
    crs: str | None = None,
    area_source: str | None = None,
    use_codes: str | None = None,
    units: Mapping[str, str] | None = None,
    columns: Mapping[str, str] | None = None,
    drop: Collection[str] = (),
    spend: bool = False,
) -> ParcelFile:
    """As :func:`read_parcels`, from a table already opened; ``spend``: its outlines are let go on the way."""
    found = Findings(raw.where, "P")
    stubs = raw.format in ("ESRI Shapefile", "zip")
    match = match_columns(raw.columns, "parcel", raw.where, units=units, stubs=stubs, named=columns)
    facts = read_facts(raw.columns, match.columns, raw.rows, "parcel", found, use_codes=use_codes, drop=drop)
    rows = [raw.rows[i] for i in facts.keep]
    placed = place(_shapes(raw, facts, spend), raw.crs, raw.where, declared=crs)
    told_before, unbuilt = _with_ids(raw.issues, dict(zip(rows, facts.ids, strict=True)) if raw.issues else {})
    outlines = check_shapes(placed.geometry, facts.ids, rows, found, unbuilt, spend=True)
    stated = match.columns.get("area_m2")
    cells = [raw.columns[stated.name][i] for i in facts.keep] if stated else []
    notes = settle_areas(facts, outlines, rows, found, stated, area_source, bool(placed.crs), cells)
    if not raw.rows:
        found.add("error", "068.file-holds-no")
    for identifier in sorted(drop):
        if identifier not in facts.dropped and "parcel_id" in match.columns:
            near = nearest([identifier], (*facts.ids, *facts.dropped))
            maybe = told("near.one", name=near) if near else ""
            found.add("error", "059.parcel-dropped-but", ids=(identifier,), maybe=maybe, identifier=identifier)
    system = () if {issue.code for issue in raw.issues} & _NO_SYSTEM else placed.issues
    issues = (*told_before, *match.issues, *system, *found.done())
    held = table(facts.ids, facts.columns)
    order = sorted(range(len(facts.ids)), key=lambda i: facts.ids[i])
    frame = geopandas.GeoDataFrame(
        {"parcel_id": list(held.ids)}, geometry=outlines[order] if order else [], crs=placed.crs or None
    )
    zone = zone_of(int(placed.crs[5:])) if placed.crs else None
    if zone is not None:
        notes = (noted(raw.where, told("note.zone", zone=zone, crs=placed.crs)), *notes)
    blank = [name for name, field in fields_of("parcel").items() if name in _TOLD and name not in facts.columns]
    if blank and facts.ids:
        notes = (*notes, noted(raw.where, told("note.unknown", names=blank)))
    told_notes = tuple(issue.note for issue in issues if issue.level == "note")
    return ParcelFile(
        frame,
        held,
        placed.crs,
        issues,
        (*raw.notes, *told_notes, *notes),
        raw.sha256,
        raw.path,
        raw.where,
        facts.dropped,
        tuple(rows[i] for i in order),
    )


_NO_SYSTEM = {"P014", "P016", "P017"}
"""Findings of a reader about the system: what :func:`parcels.geometry.crs.place` adds to them is only their echo."""


_NO_OUTLINE = {"P008", "P012", "P043", "P075", "F001"}
"""Findings of a reader after which a row has no outline: that it has none is only their echo."""


_NO_PLOT = {"P002", "P010", "P012", "P013", "P027", "P069"}
"""Findings of a reader of plots, which names them by their numbers: those that have no outline lack it for that."""


def _with_ids(issues: Sequence[Issue], ids: Mapping[int, str]) -> tuple[tuple[Issue, ...], frozenset[int]]:
    """Findings of a reader with the id of their row; the rows whose outline could not be built."""
    out, unbuilt = [], set[int]()
    for issue in issues:
        if issue.place.row in ids:
            number = issue.place.row
            issue = replace(issue, place=issue.place.but(id=ids[number]), ids=issue.ids or (ids[number],))
            if issue.level == "error" and issue.code in _NO_OUTLINE:
                unbuilt.add(number)
            out.append(issue)
            continue
        if issue.level == "error" and issue.code in _NO_PLOT and issue.ids:
            unbuilt.update(number for number, identifier in ids.items() if identifier in issue.ids)
        out.append(issue)
    return tuple(out), frozenset(unbuilt)


_TOLD = ("grade", "benchmark_price", "appraised_price", "intending_users", "publication_closed", "existing_right")
"""Optional facts whose absence changes verdicts or prices: it is said which are not in the file."""


def _shapes(raw: RawTable, facts: Facts, spend: bool) -> np.ndarray[Any, Any]:
    """The outlines of the rows that are kept, as an array of its own."""
    if raw.geometry is None:
        return np.full(len(facts.keep), None, dtype=object)
    whole = len(facts.keep) == len(raw.geometry)
    shapes = raw.geometry.copy() if whole else np.asarray(raw.geometry[list(facts.keep)])
    if spend and raw.geometry.flags.writeable:
        raw.geometry.fill(None)
    return shapes


def with_columns(file: FactTable, columns: Mapping[str, tuple[Value, ...]]) -> FactTable:
    """A table with columns added or replaced."""
    return FactTable(file.ids, {**file.columns, **columns})
