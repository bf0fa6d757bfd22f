"""Polygon and point layers by role: how much of each parcel they cover, measured once, carried as whole m²."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import shapely

from parcels.common.catalogue import Told, told
from parcels.common.frozen import FactTable
from parcels.common.place import Place, within
from parcels.common.schema import Value
from parcels.formats.opening import open_layer
from parcels.geometry.crs import place, to_crs
from parcels.geometry.overlay import Cover, cover
from parcels.geometry.segments import Plane
from parcels.how_read import AS_IT_SAYS, HowRead
from parcels.layer_reach import reach
from parcels.read import ParcelFile
from parcels.role_columns import Attributes, attributes
from parcels.tables.findings import Findings

OVERLAP_ROLES = {
    "permanent_basic_farmland": "in_pbf",
    "ecological_red_line": "in_erl",
    "ecological_red_line_core": "in_erl_core",
}
TOLERANCE_M2 = 1
"""An overlap below this is reported and counts 0; a parcel is inside if no more than this lies outside."""

Array = np.ndarray[Any, Any]


class LayerRef(Protocol):
    """A layer by role: ``role``, ``path`` and (optional) ``layer``."""

    @property
    def role(self) -> str:
        """What the layer means."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def layer(self) -> str | None:
        """Its layer in the file, where there are several."""

    @property
    def coverage(self) -> Path | tuple[str, ...] | None:
        """What it covers: an outline file, or the names of districts; ``None`` where it is not stated."""

    @property
    def coverage_layer(self) -> str | None:
        """The layer of the outline file."""

    @property
    def as_of(self) -> str:
        """The day it shows (ISO), or ""."""

    @property
    def how(self) -> HowRead:
        """How it is read where its headings do not say."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A plain :class:`LayerRef`."""

    role: str
    path: Path
    layer: str | None = None
    coverage: Path | tuple[str, ...] | None = None
    coverage_layer: str | None = None
    as_of: str = ""
    how: HowRead = AS_IT_SAYS


@dataclass(frozen=True, slots=True)
class Overlaid:
    """Parcels with what the layers say about them.

    ``distances[point]`` are metres, rounded up, per parcel row; ``inputs`` name, digest and rows of each layer file.
    """

    table: FactTable
    distances: Mapping[str, tuple[int, ...]]
    inputs: tuple[Mapping[str, Any], ...]
    issues: tuple[Any, ...]
    notes: tuple[Told, ...]


def overlay_layers(
    land: ParcelFile, layers: Sequence[LayerRef], *, purpose: str = "supply", plane: Plane | None = None
) -> Overlaid:
    """Measure every role layer against the parcels.

    Parameters
    ----------
    land
        The parcels, in a projected CRS.
    layers
        What the round names; a role may be given once.
    purpose
        Of the round; kept for the notes.
    plane
        The outlines side by side, if they are there already.

    Returns
    -------
    Overlaid
        Facts of the file stay where a layer says nothing; where both speak and differ, the stricter counts and the
        difference is reported (finding 60).

    Raises
    ------
    Refused
        If a layer file cannot be read at all.
    """
    plane = Plane(land.geometry.geometry.values) if plane is None else plane
    columns: dict[str, tuple[Value, ...]] = dict(land.table.columns)
    distances: dict[str, tuple[int, ...]] = {}
    inputs: list[Mapping[str, Any]] = []
    issues: list[Any] = []
    notes: list[Told] = []
    for ref in sorted(layers, key=lambda entry: entry.role):
        raw = open_layer(ref.path, ref.layer, points=ref.role == "points", encoding=ref.how.encoding, crs=ref.how.crs)
        found = Findings(within(raw.where, role=ref.role), "L")
        inputs.append({"name": ref.path.name, "sha256": raw.sha256, "rows": len(raw.rows)})
        geometry = raw.geometry if raw.geometry is not None else np.zeros(0, dtype=object)
        placed = place(geometry, raw.crs, raw.where, declared=ref.how.crs, prefix="L")
        issues.extend((*raw.issues, *placed.issues))
        if any(issue.level == "error" for issue in placed.issues) or not land.crs:
            continue
        moved = placed.geometry
        if placed.crs != land.crs:
            moved = to_crs(moved, placed.crs, land.crs)
            found.add("note", "017.projected-to-parcels", crs=placed.crs, crs2=land.crs)
        usable, named = _usable(ref.role, moved, attributes(raw, ref.role, found, ref.how), found)
        made = _measure(ref.role, plane, land.table, usable, named, distances, found)
        if ref.role in REACHING:
            place_ = Place(file=ref.path.name, layer=raw.layer, role=ref.role)
            far = reach(
                plane,
                usable,
                land.crs,
                place_,
                coverage=ref.coverage,
                coverage_layer=ref.coverage_layer,
                as_of=ref.as_of,
                districts=land.table.column("district"),
                ids=land.table.ids,
                protects=ref.role in OVERLAP_ROLES,
            )
            issues.extend(far.issues)
            if far.file is not None:
                inputs.append({"name": far.file.name, "sha256": far.sha256, "rows": 0})
            if geometry.size and not usable.size:  # a layer of another kind than its role shows nothing of any parcel
                made = {name: _within(values, np.zeros(len(land.table), bool)) for name, values in made.items()}
            elif ref.role in OVERLAP_ROLES or ref.coverage is not None:
                made = {name: _within(values, far.rows) for name, values in made.items()}
        for name, values in made.items():
            columns[name] = _settle(name, columns.get(name), values, land.table.ids, found)
        issues.extend(found.done())
        notes.extend(issue.note for issue in (*placed.issues, *found.issues) if issue.level == "note")
    return Overlaid(FactTable(land.table.ids, columns), distances, tuple(inputs), tuple(issues), tuple(notes))


REACHING = (*OVERLAP_ROLES, "urban_boundary", "industrial_block", "zones")
"""Roles whose layers may say nothing of a parcel because they do not reach it."""


def _within(values: Sequence[Value], rows: Array) -> tuple[Value, ...]:
    """Measured facts where the layer reaches; beyond it a zero or a "no" is not known, what it does show counts."""
    return tuple(value if inside or value else None for value, inside in zip(values, rows.tolist(), strict=True))


def _usable(role: str, geometry: Array, named: Attributes, found: Findings) -> tuple[Array, Attributes]:
    """Features that can be measured; invalid polygons are refused, other kinds passed over with a word."""
    geometry = shapely.force_2d(geometry)
    kinds = shapely.get_type_id(geometry)
    fit = np.isin(kinds, (0, 4)) if role == "points" else np.isin(kinds, (3, 6))
    fit &= ~shapely.is_empty(geometry)
    if (~fit).any():
        wanted = told("shape.points" if role == "points" else "shape.polygons")
        found.add("warning", "061.feature-no-not", sum=int((~fit).sum()), wanted=wanted)
    if role != "points":
        bad = fit & ~shapely.is_valid(geometry)
        for i in np.flatnonzero(bad).tolist():
            reason = shapely.is_valid_reason(geometry[i])
            found.add("error", "001.outline-not-valid", at=Place(row=i + 1), reason=reason)
        fit &= ~bad
    if not fit.any():
        found.add("warning", "062.layer-other-kind" if geometry.size else "062.layer-no-feature")
    keep = np.flatnonzero(fit)
    return geometry[keep], named.take(keep.tolist())


def _measure(
    role: str,
    plane: Plane,
    table: FactTable,
    geometry: Array,
    named: Attributes,
    distances: dict[str, tuple[int, ...]],
    found: Findings,
) -> dict[str, tuple[Value, ...]]:
    ids = table.ids
    if role == "points":
        for point, name in zip(geometry, named.ids, strict=True):
            metres = np.ceil(np.round(shapely.distance(plane.shapes, point), 4))
            distances[name] = tuple(np.nan_to_num(metres, nan=10**9).astype(np.int64).tolist())
        return {}
    if role in OVERLAP_ROLES:
        covered = cover(plane, geometry)
        return {OVERLAP_ROLES[role]: _whole(covered.area, ids, found)}
    if role == "urban_boundary":
        return {"in_udb": tuple(_inside(cover(plane, geometry), plane).tolist())}
    if role == "industrial_block":
        return _blocks(plane, geometry, named, table, found)
    if role == "zones":
        return {"zone": _zones(plane, geometry, named, table, found)}
    return {}


def _whole(area: Array, ids: Sequence[str], found: Findings) -> tuple[int, ...]:
    """Overlaps in whole m² (half up); below 1 m² they are reported and count 0."""
    exact = np.round(area, 4)
    slight = (exact > 0.0001) & (exact < TOLERANCE_M2)
    for i in np.flatnonzero(slight).tolist():
        found.add(
            "warning",
            "063.overlap-m2-below",
            at=Place(id=ids[i]),
            ids=(ids[i],),
            exact=exact[i],
            tolerance_m2=TOLERANCE_M2,
        )
    return tuple(np.where(exact < TOLERANCE_M2, 0, np.floor(exact + 0.5)).astype(np.int64).tolist())


def _inside(covered: Cover, plane: Plane) -> Array:
    return np.asarray(plane.areas - covered.area <= TOLERANCE_M2) & (covered.area > 0)


def _blocks(
    plane: Plane, geometry: Array, named: Attributes, table: FactTable, found: Findings
) -> dict[str, tuple[Value, ...]]:
    """Each parcel's block: the one that holds it wholly; a parcel across an edge is outside and reported."""
    count = len(plane.shapes)
    geometry, named = _united(geometry, named, found)
    parcel, block, area = _pairs(plane, geometry)
    whole = plane.areas
    held = whole[parcel] - area <= TOLERANCE_M2
    holder: list[int | None] = [None] * count
    for p, b in sorted(zip(parcel[held].tolist(), block[held].tolist(), strict=True), key=lambda e: named.ids[e[1]]):
        if holder[p] is None:
            holder[p] = b
        else:
            first = named.ids[holder[p] or 0]
            found.add(
                "warning",
                "064.lies-blocks-counts",
                at=Place(id=table.ids[p]),
                ids=(table.ids[p],),
                first=first,
                names=named.ids[b],
            )
    partly = ~held & (area >= TOLERANCE_M2)
    for p, b, m2 in zip(parcel[partly].tolist(), block[partly].tolist(), area[partly].tolist(), strict=True):
        if holder[p] is None:
            found.add(
                "warning",
                "065.m2-lie-block",
                at=Place(id=table.ids[p]),
                ids=(table.ids[p],),
                m2=m2,
                whole=whole[p],
                names=named.ids[b],
            )
    measured = shapely.area(geometry)
    out: dict[str, tuple[Value, ...]] = {
        "in_ind_block": tuple(b is not None for b in holder),
        "ind_block": tuple(None if b is None else named.ids[b] for b in holder),
    }
    for name, key in _BLOCK.items():
        given = named.numbers.get(key)
        if key == "area_m2":
            given = [
                v if v is not None else int(np.floor(round(float(measured[i]), 4) + 0.5))
                for i, v in enumerate(given or [None] * len(geometry))
            ]
        if given is not None:
            out[name] = tuple(None if b is None else given[b] for b in holder)
    return out


def _united(geometry: Array, named: Attributes, found: Findings) -> tuple[Array, Attributes]:
    """Blocks of several polygons as one feature each; numbers that differ between the polygons are refused."""
    rows: dict[str, list[int]] = {}
    for row, identifier in enumerate(named.ids):
        rows.setdefault(identifier, []).append(row)
    if len(rows) == len(named.ids):
        return geometry, named
    for identifier, several in rows.items():
        for key, values in named.numbers.items():
            if len({values[row] for row in several}) > 1:
                found.add("error", "067.block-different-values", identifier=identifier, key=key)
    united = np.array([shapely.union_all(geometry[several]) for several in rows.values()], dtype=object)
    return united, named.take([several[0] for several in rows.values()])


_BLOCK = {
    "ind_block_level": "level",
    "ind_block_area_m2": "area_m2",
    "ind_block_ind_m2": "ind_m2",
    "ind_block_m0_m2": "m0_m2",
}


def _pairs(plane: Plane, geometry: Array) -> tuple[Array, Array, Array]:
    """(parcel, feature, m² of overlap) of all that meet."""
    parcel, feature = shapely.STRtree(geometry).query(plane.shapes, predicate="intersects")
    area = shapely.area(shapely.intersection(plane.shapes[parcel], geometry[feature]))
    return parcel, feature, area


def _zones(plane: Plane, geometry: Array, named: Attributes, table: FactTable, found: Findings) -> tuple[Value, ...]:
    """The zones of each parcel: those that hold more than half of it; a parcel across an edge is reported."""
    total: dict[tuple[int, str], float] = {}
    parcel, feature, area = _pairs(plane, geometry)
    for p, f, m2 in zip(parcel.tolist(), feature.tolist(), area.tolist(), strict=True):
        key = (p, named.ids[f])
        total[key] = total.get(key, 0.0) + m2
    whole = plane.areas
    zones: list[set[str]] = [set() for _ in table.ids]
    for (p, name), m2 in sorted(total.items()):
        if whole[p] - m2 > TOLERANCE_M2 and m2 >= TOLERANCE_M2:
            found.add(
                "warning",
                "066.zone-counts" if 2 * m2 > whole[p] else "066.zone-does-not-count",
                at=Place(id=table.ids[p]),
                ids=(table.ids[p],),
                m2=m2,
                whole=whole[p],
                name=name,
            )
        if 2 * m2 > whole[p]:
            zones[p].add(name)
    return tuple(tuple(sorted(names)) for names in zones)


def _settle(
    name: str, stated: Sequence[Value] | None, measured: tuple[Value, ...], ids: Sequence[str], found: Findings
) -> tuple[Value, ...]:
    """What counts where the file states a fact that a layer also gives: the stricter; a difference is reported."""
    if stated is None:
        return measured
    out: list[Value] = []
    for identifier, said, seen in zip(ids, stated, measured, strict=True):
        if said is None or said == seen:
            out.append(seen)
            continue
        if seen is None:  # beyond the reach of the layer the file's own word stands
            out.append(said)
            continue
        taken = _stricter(name, said, seen)
        out.append(taken)
        if isinstance(said, int) and isinstance(seen, int) and not isinstance(said, bool) and abs(said - seen) <= 1:
            continue
        found.add(
            "warning",
            "060.parcel-file-says",
            at=Place(id=identifier),
            ids=(identifier,),
            name=name,
            show=_show(said),
            show2=_show(seen),
            show3=_show(taken),
        )
    return tuple(out)


def _stricter(name: str, said: Value, seen: Value) -> Value:
    if name in OVERLAP_ROLES.values() and isinstance(said, int) and isinstance(seen, int):
        return max(said, seen)
    if isinstance(said, bool) and isinstance(seen, bool):
        return said and seen
    return said if name == "zone" else seen


def _show(value: Value) -> str:
    if isinstance(value, tuple):
        return ";".join(value) or "none"
    return "unknown" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
