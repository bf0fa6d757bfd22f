"""From ``round.toml`` to the case: read every file, check everything, collect all problems, freeze the facts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.case import Case, Record
from constraints.language.expr import closest
from constraints.loading.method_facts import off
from constraints.reading.case_facts import block_share
from landopt.intake.corrected import corrected_facts, with_corrections
from landopt.intake.days_off import non_working_days
from landopt.intake.other_day import day_of, set_aside
from landopt.intake.perimeters import perimeters, reads_compactness
from landopt.intake.pulled import pulled
from landopt.intake.roundfile import RoundFile, read_round_file
from parcels.common.catalogue import Told, told
from parcels.common.frozen import FactTable
from parcels.common.gate import read_bytes, read_text
from parcels.common.issues import Issue, Refused, error, warning
from parcels.common.place import Place
from parcels.common.visible import says_something

if TYPE_CHECKING:
    import geopandas

    from constraints.loading.corrections import Correction
    from parcels.demands import DemandFile, RecordFile


@dataclass(frozen=True, slots=True)
class Loaded:
    """A round as read: the case (``None`` if refused), polygons index-aligned with its parcels, all findings."""

    file: RoundFile
    case: Case | None
    geometry: geopandas.GeoDataFrame | None
    issues: tuple[Issue, ...]
    notes: tuple[Told, ...]

    def ready(self) -> Case:
        """The case.

        Raises
        ------
        Refused
            With all issues, when one of them is an error.
        """
        if self.case is None:
            raise Refused(self.issues)
        return self.case


# One file after the other; every finding of all of them is kept, so that they come at once.
def read_round(path: str | Path, *, drop: Sequence[str] = (), reason: str = "", as_of: str | None = None) -> Loaded:
    """Read and check a round.

    Parameters
    ----------
    path
        The round's folder or its ``round.toml``.
    drop
        Parcel ids to leave out; kept on the record with ``reason``.
    as_of
        Another day whose law holds: policy is carried over, facts later than it are set aside (docs/planner.md).

    Returns
    -------
    Loaded
        Every problem of every file is in ``issues``; ``case`` is ``None`` if one of them is an error.

    Raises
    ------
    Refused
        If ``round.toml`` itself cannot be read.
    """
    from constraints.loading.lint import coverage
    from constraints.loading.load import methods, rules_for
    from constraints.loading.period_law import days_of
    from constraints.loading.ranks import known_packs
    from parcels.check_map import check_parcels
    from parcels.geometry.neighbours import neighbours
    from parcels.geometry.segments import Plane
    from parcels.layers import overlay_layers
    from parcels.read import read_parcels

    file = read_round_file(path)
    filed, own = file, file.round.as_of
    if as_of is not None:
        file = replace(file, round=replace(file.round, as_of=day_of(as_of)))
    issues: list[Issue] = []
    sources = _sources(file)
    if drop and not says_something(reason):
        issues.append(error("C010.parcels-dropped-without", at="--drop"))
    own_day = None if as_of is None else own
    days = days_of(file.round)
    law = _read(issues, lambda: rules_for(file.packs, file.policy, file.round.as_of, sources.policies, own_day, days))
    rules = law[0] if law else ()
    issues += law[1] if law else ()
    by_hand = _read(issues, lambda: _corrections(file)) or ()
    rules = with_corrections(rules, by_hand)
    land = _read(
        issues,
        lambda: read_parcels(
            file.parcels,
            layer=file.layer,
            encoding=file.encoding,
            crs=file.crs,
            area_source=file.area_source,
            use_codes=file.use_codes,
            units=file.units or None,
            columns=file.columns or None,
            drop=tuple(drop),
        ),
    )
    wants = _read(issues, lambda: _demands(file))
    on_file = file.records
    papers = _read(issues, lambda: _records(on_file, file)) if on_file is not None else None
    notes = [issue.told for issue in issues if issue.code == "R023"]
    of_snapshot, paper = pulled(file)
    issues += of_snapshot
    inputs: list[Mapping[str, Any]] = [*sources.inputs, *paper]
    for part in (land, wants, papers):
        if part is not None:
            issues += part.issues
            notes += part.notes
            inputs.append({"name": part.path.name, "sha256": part.sha256, "rows": part.rows})
    if land is None or wants is None:
        return Loaded(file, None, None, tuple(issues), tuple(notes))
    plane = Plane(land.geometry.geometry.values, float(file.settings.adjacency_gap_m))
    overlaid = _read(issues, lambda: overlay_layers(land, file.layers, purpose=file.round.purpose, plane=plane))
    if overlaid is None:
        return Loaded(file, None, None, tuple(issues), tuple(notes))
    issues += overlaid.issues
    notes += overlaid.notes
    inputs += overlaid.inputs
    land_facts, demand_facts, corrected = corrected_facts(file, by_hand, overlaid.table, wants.table, land.geometry)
    issues += corrected
    issues += check_parcels(land, land_facts, as_of=own, box=file.box, plane=plane)
    records = tuple(Record(**entry) for entry in papers.rows_) if papers is not None else ()
    named = {rule.id for rule in rules}
    if own_day is not None:  # documents are held against the round as it is filed
        named |= {rule.id for rule in rules_for(file.packs, file.policy, own, sources.policies)[0]}
    issues += cross_checks(filed, land_facts, demand_facts, overlaid.distances, records, named)
    issues += coverage(rules, land_facts.columns)
    issues = without_consequences(issues)
    polygons = land.geometry.set_index("parcel_id")
    if any(issue.level == "error" for issue in issues):
        return Loaded(file, None, polygons, tuple(issues), tuple(notes))
    case = Case(
        round=file.round,
        parcels=_with_block_shares(land_facts),
        demands=demand_facts,
        neighbours=neighbours(plane, float(file.settings.adjacency_m), float(file.settings.adjacency_gap_m)),
        rules=rules,
        methods=tuple(method for method in methods() if not off(method.id)),
        objective=file.objective,
        settings=file.settings,
        market=file.market,
        records=records,
        distances=overlaid.distances,
        calendar=non_working_days(file.round.as_of),
        packs=tuple(name for name in file.packs if name in known_packs()),
        inputs=tuple(inputs),
        dropped=tuple({"parcel_id": identifier, "reason": reason} for identifier in sorted(drop)),
        notes=tuple(str(note) for note in notes),
        crs=land.crs,
        sources=sources.texts,
        outlines=_outlines(polygons),
        perimeters=perimeters(polygons) if reads_compactness(rules) else (),
    )
    if as_of is not None:
        case, told = set_aside(case, own)
        issues += told
    return Loaded(file, case, polygons, tuple(issues), tuple(notes))


@dataclass(frozen=True, slots=True)
class _Sources:
    """``round.toml``, the policies and own packs as they were read: texts for the case, digests, contents by path."""

    texts: tuple[Mapping[str, str], ...]
    inputs: tuple[Mapping[str, Any], ...]
    policies: Mapping[str, bytes]


def _sources(file: RoundFile) -> _Sources:
    """The files of the round that are text; one that cannot be read is left to its own reader."""
    from constraints.loading.pack_files import own_file
    from constraints.loading.ranks import known_packs

    texts: list[Mapping[str, str]] = []
    inputs: list[Mapping[str, Any]] = []
    policies: dict[str, bytes] = {}
    own = [(name, Path(name) / "rules.toml") for name in file.packs if name not in known_packs()]
    for role, name, path in (
        ("round", file.path.name, file.path),
        *(("policy", each.name, each) for each in file.policy),
        *(("pack", own_file(name), path) for name, path in own),
        *(("corrections", each.name, each) for each in ([file.corrections] if file.corrections else [])),
    ):
        try:
            raw = read_bytes(path, 4_000_000)
            text = raw.decode("utf-8")
        except (OSError, UnicodeDecodeError, Refused):
            continue
        policies[name if role == "pack" else str(path)] = raw
        texts.append({"role": role, "name": name, "text": text})
        inputs.append({"name": name, "sha256": hashlib.sha256(raw).hexdigest(), "rows": len(text.splitlines())})
    return _Sources(tuple(texts), tuple(inputs), policies)


def _outlines(polygons: geopandas.GeoDataFrame) -> str:
    """The digest of the outlines, as multi-polygons in the form that ``plan.gpkg`` holds them in."""
    import numpy as np
    import shapely

    from constraints.audit.bound.layers import outline_digest

    shapes = np.array(polygons.geometry.values, dtype=object)
    single = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.POLYGON)
    shapes[single] = shapely.multipolygons(shapes[single], indices=np.arange(len(single)))
    wkb = shapely.to_wkb(shapes, byte_order=1, flavor="iso")
    return outline_digest(zip(map(str, polygons.index), wkb, strict=True))


def _with_block_shares(table: FactTable) -> FactTable:
    """The parcels with the share of M0 in their industrial block, where the file does not tell it."""
    if not {"ind_block_m0_m2", "ind_block_area_m2"} <= set(table.columns):
        return table
    told = table.column("ind_block_m0_percent")
    shares = tuple(
        value if value is not None else block_share(row) for value, row in zip(told, table.rows(), strict=True)
    )
    if all(share is None for share in shares):
        return table
    return FactTable(table.ids, {**table.columns, "ind_block_m0_percent": shares})


def _corrections(file: RoundFile) -> tuple[Correction, ...]:
    from constraints.loading.corrections import read_corrections

    if file.corrections is None:
        return ()
    try:
        text = read_text(file.corrections, 4_000_000, "utf-8")
    except (OSError, UnicodeDecodeError) as trouble:
        raise Refused(error("R027.not-toml", at=file.corrections.name, trouble=trouble)) from None
    return read_corrections(text, file.corrections.name)


def _records(path: Path, file: RoundFile) -> RecordFile:
    from parcels.demands import read_records

    how = file.records_how
    return read_records(path, layer=file.records_layer, encoding=how.encoding, columns=how.columns)


def _demands(file: RoundFile) -> DemandFile:
    from parcels.demands import read_demands

    return read_demands(
        file.demands,
        layer=file.demands_layer,
        encoding=file.demands_encoding,
        units=file.units or None,
        columns=file.columns or None,
        use_codes=file.use_codes,
    )


def _read[T](issues: list[Issue], reader: Callable[[], T]) -> T | None:
    """What a reader returns; a file that cannot be read at all adds its issues and gives None."""
    try:
        return reader()
    except Refused as refused:
        issues.extend(refused.issues)
        return None


_NO_OUTLINE = frozenset(("P001", "P002", "P003", "P008", "P010", "P011", "P012", "P013", "P020", "P021"))
_NO_PLACE = frozenset(("P014", "P016", "P017"))


def without_consequences(issues: Iterable[Issue]) -> list[Issue]:
    """The findings without those that only follow from an error.

    A refused outline lies in no layer; areas in a wrong unit are smaller than their parts; rules that were not read
    are not known.
    """
    found = list(issues)
    errors = [issue for issue in found if issue.level == "error"]
    lost = {identifier for issue in errors if issue.code in _NO_OUTLINE for identifier in issue.ids}
    nowhere = any(issue.code in _NO_PLACE for issue in errors)
    in_unit = any(issue.code == "P019" and not issue.ids for issue in errors)
    lawless = any(issue.code.startswith("R") for issue in errors)
    return [
        issue
        for issue in found
        if not (issue.code == "L060" and (nowhere or lost.intersection(issue.ids)))
        and not (issue.code == "P067" and in_unit and "area_m2" in issue.named.values())
        and not (issue.code == "C023" and lawless and issue.value("thing") == told("fact.rule"))
    ]


def cross_checks(
    file: RoundFile,
    parcels: FactTable,
    demands: FactTable,
    distances: Mapping[str, tuple[int, ...]],
    records: Sequence[Record],
    rules: set[str],
) -> list[Issue]:
    """What one file says about another: parcels held or applied for, districts, points, records."""
    issues: list[Issue] = []
    ids, wants = set(parcels.ids), set(demands.ids)
    districts = {str(value) for value in parcels.column("district") if value is not None}
    where = file.demands.name
    for row, demand in enumerate(demands.ids):
        for name in ("holds", "applied_for"):
            for identifier in demands.column(name)[row] or ():  # type: ignore[union-attr]
                if identifier not in ids:
                    at, maybe = Place(where, column=name), closest(str(identifier), ids)
                    values = {"demand": demand, "field": name, "parcel": identifier}
                    issues.append(warning("C020.no-such-parcel", at=at, ids=(demand,), maybe=maybe, **values))
        for district in demands.column("districts")[row] or ():  # type: ignore[union-attr]
            if district not in districts:
                at, maybe = Place(where, column="districts"), closest(str(district), districts)
                values = {"demand": demand, "district": district}
                issues.append(warning("C021.empty-district", at=at, ids=(demand,), maybe=maybe, **values))
        for wish in str(demands.column("near")[row] or "").split(";"):
            point = wish.rpartition(":")[0].strip()
            if wish and point not in distances:
                maybe = closest(point, distances) or told("near.points")
                at = Place(where, column="near")
                values = {"demand": demand, "point": point}
                issues.append(error("C022.no-such-point", at=at, ids=(demand,), maybe=maybe, **values))
    for number, record in enumerate(records, 2):
        records_name = file.records.name if file.records else "records"
        for value, known, what in (
            (record.rule, rules, told("fact.rule")),
            (record.parcel_id, ids, told("fact.parcel")),
            (record.demand_id, wants, told("fact.demand")),
        ):
            if value and value not in known:
                issues.append(
                    error(
                        "C023.record-names-not",
                        at=Place(records_name, row=number),
                        maybe=closest(value, known),
                        thing=what,
                        value=value,
                    )
                )
        if record.date > file.round.as_of:
            day, as_of = record.date, file.round.as_of
            at = Place(records_name, row=number, column="date")
            issues.append(error("P039.document-after-round", at=at, document=record.document, date=day, as_of=as_of))
    return issues
