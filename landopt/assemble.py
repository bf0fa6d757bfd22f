"""From ``round.toml`` to the case: read every file, check everything, collect all problems, freeze the facts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from constraints.case import Case, Record
from landopt.roundfile import RoundFile, read_round_file
from parcels.issues import Issue, Refused, error, note, warning
from parcels.schema import Value
from parcels.tables import FactTable

if TYPE_CHECKING:
    import geopandas

HORIZON_YEARS = 4
"""Years past the round's date for which non-working days are kept: the longest chain of upstream steps fits in it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A round as read: the case (``None`` if refused), polygons index-aligned with its parcels, all findings."""

    file: RoundFile
    case: Case | None
    geometry: geopandas.GeoDataFrame | None
    issues: tuple[Issue, ...]
    notes: tuple[str, ...]

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


def read_round(path: str | Path, *, drop: Sequence[str] = (), reason: str = "") -> Loaded:
    """Read and check a round.

    Parameters
    ----------
    path
        The round's folder or its ``round.toml``.
    drop
        Parcel ids to leave out; kept on the record with ``reason``.

    Returns
    -------
    Loaded
        Every problem of every file is in ``issues``; ``case`` is ``None`` if one of them is an error.

    Raises
    ------
    Refused
        If ``round.toml`` itself cannot be read.
    """
    from constraints.load import methods, rules_for
    from parcels.check import check_parcels
    from parcels.demands import read_demands, read_records
    from parcels.layers import overlay_layers
    from parcels.neighbours import neighbours
    from parcels.read import read_parcels

    file = read_round_file(path)
    issues: list[Issue] = []
    notes: list[str] = []
    inputs: list[dict[str, Any]] = []
    rules, found = rules_for(file.packs, file.policy, file.round.as_of)
    issues += found
    if drop and not reason:
        issues.append(error("C010", "parcels are dropped without a reason", "--drop", 'Add --reason "..."'))

    land = _read(
        issues,
        lambda: read_parcels(
            file.parcels,
            layer=file.layer,
            encoding=file.encoding,
            crs=file.crs,
            area_source=file.area_source,
            use_codes=file.use_codes,
            units=file.units,
            drop=tuple(drop),
        ),
    )
    wants = _read(issues, lambda: read_demands(file.demands, units=file.units, use_codes=file.use_codes))
    records = _read(issues, lambda: read_records(file.records)) if file.records else None
    for part in (land, wants, records):
        if part is not None:
            issues += part.issues
            notes += part.notes
            inputs.append({"name": part.path.name, "sha256": part.sha256, "rows": part.rows})
    if land is None or wants is None:
        return Loaded(file, None, None, tuple(issues), tuple(notes))

    overlaid = _read(issues, lambda: overlay_layers(land, file.layers, purpose=file.round.purpose))
    if overlaid is None:
        return Loaded(file, None, land.geometry, tuple(issues), tuple(notes))
    issues += overlaid.issues
    notes += overlaid.notes
    inputs += overlaid.inputs
    issues += check_parcels(land, overlaid.table, as_of=file.round.as_of)
    issues += _cross_checks(file, overlaid.table, wants.table)
    if any(issue.level == "error" for issue in issues):
        return Loaded(file, None, land.geometry, tuple(issues), tuple(notes))
    case = Case(
        round=file.round,
        parcels=overlaid.table,
        demands=wants.table,
        neighbours=neighbours(land.geometry.geometry.values, float(file.settings.adjacency_m)),
        rules=rules,
        methods=tuple(method for method in methods() if method.id != "contribution"),
        objective=file.objective,
        settings=file.settings,
        market=file.market,
        records=tuple(Record(**entry) for entry in records.rows_) if records else (),
        distances=overlaid.distances,
        calendar=non_working_days(file.round.as_of),
        packs=file.packs,
        inputs=tuple(inputs),
        dropped=tuple({"parcel_id": identifier, "reason": reason} for identifier in sorted(drop)),
        notes=tuple(notes),
        crs=land.crs,
    )
    return Loaded(file, case, land.geometry, tuple(issues), tuple(notes))
