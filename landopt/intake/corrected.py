"""Facts corrected by hand (``corrections.toml``), held against the files and put in place of what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from constraints.loading.corrections import Correction, correction_rules, lowers_measured, shown
from constraints.loading.load import methods
from constraints.loading.method_facts import off
from constraints.types import Rule
from landopt.intake.names import unknown_parcel, unknown_platform
from landopt.intake.overlay import changed
from landopt.intake.roundfile import RoundFile
from parcels.common.frozen import FactTable
from parcels.common.issues import Issue, error, finding
from parcels.common.place import Place
from parcels.common.schema import Value, fields

if TYPE_CHECKING:
    import geopandas

AREA_PERCENT = 1
"""How far an area may be from the one its outline has (as for the file itself)."""


def with_corrections(rules: Sequence[Rule], corrections: Sequence[Correction]) -> tuple[Rule, ...]:
    """The rules of a round with those that its corrections make, sorted by id."""
    if not corrections:
        return tuple(rules)
    known = [method.id for method in methods() if not off(method.id)]
    return tuple(sorted((*rules, *correction_rules(corrections, rules, known)), key=lambda rule: rule.id))


def corrected_facts(
    file: RoundFile,
    corrections: Sequence[Correction],
    parcels: FactTable,
    demands: FactTable,
    outlines: geopandas.GeoDataFrame,
) -> tuple[FactTable, FactTable, list[Issue]]:
    """Both tables with every correction put in, and what is to be said of them.

    An error where the old value is not the one on file, where a measured overlap would be lowered (C041), where an area
    is not that of the outline; else a note (C044) a correction, or a warning where it has no document.
    """
    if not corrections or file.corrections is None:
        return parcels, demands, []
    issues: list[Issue] = []
    name, roles = file.corrections.name, [layer.role for layer in file.layers]
    tables, new = {"parcel": parcels, "demand": demands}, dict[str, dict[tuple[int, str], Value]](parcel={}, demand={})
    for number, one in enumerate(corrections, 1):
        at, table = Place(name, table="correction", entry=number), tables[one.of]
        row, field = table.index().get(one.id), fields()[one.field]
        if row is None:
            unknown = unknown_parcel if one.of == "parcel" else unknown_platform
            issues.append(unknown(one.id, table.index(), at))
            continue
        here = table.column(one.field)[row]
        said = {"id": one.id, "field": one.field, "old": shown(one.old, field), "new": shown(one.new, field)}
        if here != one.old:
            issues.append(error("C040.other-value", at=at, ids=(one.id,), here=shown(here, field), **said))
        elif lowers_measured(one, roles):
            issues.append(error("C041.measured", at=at, ids=(one.id,), **said))
        elif one.field == "area_m2" and not _fits(one, outlines):
            issues.append(error("C042.area", at=at, ids=(one.id,), percent=AREA_PERCENT, **said))
        elif one.date > file.round.as_of:
            issues.append(
                error("C043.after-round", at=at, ids=(one.id,), id=one.id, date=one.date, as_of=file.round.as_of)
            )
        else:
            key, level = ("C044.with", "note") if one.document else ("C044.without", "warning")
            values = {**said, "document": one.document, "person": one.person, "date": one.date}
            issues.append(finding(level, key, at=at, ids=(one.id,), values=values))
        new[one.of][row, one.field] = one.new
    return changed(parcels, new["parcel"]), changed(demands, new["demand"]), issues


def _fits(one: Correction, outlines: geopandas.GeoDataFrame) -> bool:
    from parcels.geometry.shapes import area_m2

    mine = outlines.geometry[outlines["parcel_id"] == one.id]
    measured = area_m2(mine.to_numpy())[0]
    if not isinstance(one.new, int) or measured is None:
        return False
    return abs(one.new - measured) * 100 <= AREA_PERCENT * max(one.new, measured)
