"""How a table or layer beside the parcels is read, where its headings do not say: columns, units, encoding, CRS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.common.units import unit_factor
from parcels.tables.columns import column_key

RECORDS = ("rule", "parcel_id", "demand_id", "document", "date", "by")
"""The facts of a document on file."""
NAMED = ("industrial_block", "zones", "points")
"""Roles whose features have a name: the fact ``name``."""
AREAS = ("area_m2", "ind_m2", "m0_m2")
"""Facts of an industrial block in m², whose columns may be in another unit."""
FACTS = {
    **dict.fromkeys(NAMED, ("name",)),
    "industrial_block": ("name", "level", *AREAS),
    "records": RECORDS,
}
"""The facts that are read from columns, by role."""


@dataclass(frozen=True, slots=True)
class HowRead:
    """``columns``: heading by fact, stronger than what the headings say, blank: read from none; ``units`` by fact."""

    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    crs: str | None = None

    def heading(self, fact: str, by_itself: str | None, there: Mapping[str, str], where: Place | str) -> str | None:
        """The column a fact is read from, by key of the headings ``there``.

        Raises
        ------
        Refused
            F016: the column that is named is not there.
        """
        if fact not in self.columns:
            taken = {column_key(heading) for name, heading in self.columns.items() if name != fact and heading}
            return None if by_itself is not None and column_key(by_itself) in taken else by_itself
        wanted = self.columns[fact]
        if not wanted:
            return None
        if column_key(wanted) not in there:
            raise Refused(error("F016.no-column", at=where, heading=wanted, fact=fact))
        return there[column_key(wanted)]

    def factor(self, fact: str) -> Fraction:
        """m² per unit of a column."""
        return unit_factor("m2", self.units.get(fact, "m2")) or Fraction(1)


AS_IT_SAYS = HowRead()
"""As the headings say."""
