"""The facts of a case as the scalar reading sees them (docs/model.md §1): one parcel, one demand, one site at a time.

Standard library only.  Missing keys are unknown facts; nothing here decides anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from constraints.case import Case
from constraints.types import Method
from parcels.common.schema import Value, fields_of

Facts = Mapping[str, Value]
DEMAND_FIELDS = frozenset(fields_of("demand"))
CASE_DEFAULTS: Facts = {name: f.default for name, f in fields_of("case").items() if f.default is not None}
"""What a fact of the case is where no file gives it."""
CANDIDATE = ("candidate", "failed")
FIXED = ("announced", "contracted")


def block_share(facts: Facts) -> int | None:
    """The share of M0 in a parcel's industrial block in hundredths of a per cent, rounded up; None if not told."""
    part, whole = facts.get("ind_block_m0_m2"), facts.get("ind_block_area_m2")
    if not isinstance(part, int) or not isinstance(whole, int) or whole <= 0:
        return None
    return -(-part * 10_000 // whole)


def is_unready(facts: Facts) -> bool:
    """Whether a parcel is known to lack a step before supply: expropriation, conversion, net land."""
    states = (facts.get(name) for name in ("converted", "expropriated", "net_land"))
    return facts.get("ownership") == "collective" or any(state is False for state in states)


class CaseFacts:
    """Rows of a case with their derived facts, looked up by row number."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.parcels = [self._parcel(row) for row in case.parcels.rows()]
        self.demands = list(case.demands.rows())
        self.parcel_row = case.parcels.index()
        self.demand_row = case.demands.index()
        self.area = [integer(row.get("area_m2")) for row in self.parcels]
        self.free = [str(row.get("available_from") or "") for row in self.parcels]
        self.counted = [self._counted(row) for row in self.parcels]
        self.applied: list[set[int]] = [set() for _ in self.parcels]
        self.held_by: list[set[int]] = [set() for _ in self.parcels]
        for demand, row in enumerate(self.demands):
            for name, where in (("applied_for", self.applied), ("holds", self.held_by)):
                for identifier in texts(row.get(name)):
                    if identifier in self.parcel_row:
                        where[self.parcel_row[identifier]].add(demand)
        locked = {p for rule in case.rules if rule.kind == "lock" for p in rule.spec["parcels"]}
        self.candidate = [
            status in CANDIDATE or (status not in FIXED and name in locked)
            for name, status in zip(case.parcels.ids, (row["status"] for row in self.parcels), strict=True)
        ]
        self.fixed = [row["status"] in FIXED for row in self.parcels]
        self.edge = case.perimeters if len(case.perimeters) == len(self.parcels) else ()
        self.shared = dict(zip(case.neighbours.pairs, case.neighbours.shared_dm, strict=True)) if self.edge else {}

    @staticmethod
    def _parcel(row: Facts) -> dict[str, Value]:
        facts = dict(row)
        if facts.get("status") is None:
            facts["status"] = "candidate"
        if facts.get("new_area_m2") is None and facts.get("land_source") is not None:
            facts["new_area_m2"] = facts.get("area_m2") if facts["land_source"] == "new" else 0
        unready = integer(facts.get("area_m2")) if is_unready(facts) else 0
        facts["unready_area_m2"] = unready
        cost = facts.get("readying_yuan_per_m2")
        if isinstance(cost, int) or not unready:
            facts["readying_yuan"] = (2 * integer(cost) * unready + 100) // 200
        return facts

    def _counted(self, facts: Facts) -> int | None:
        """The intending users counted on a parcel; None while its publication is open or nobody counted."""
        closed, count = facts.get("publication_closed"), facts.get("intending_users")
        if count is None or closed is None or str(closed) > self.case.round.as_of:
            return None
        return integer(count)

    def applicants(self, site: Sequence[int]) -> int | None:
        """The n of a site: the larger of counted intending users and demands that applied; None where unknown."""
        most = 0
        for parcel in site:
            count = self.counted[parcel]
            if count is None:
                return None
            most = max(most, count)
        return max(most, len(set().union(*[self.applied[parcel] for parcel in site])))

    def site(self, site: Sequence[int]) -> dict[str, Value]:
        """What belongs to the site as a whole."""
        return {
            "site_area_m2": sum([self.area[parcel] for parcel in site]),
            "site_parcels": len(site),
            "intending_users": self.applicants(site),
            "site_compact": self.compact(site),
        }

    def compact(self, site: Sequence[int]) -> int | None:
        """floor(1600 x area / perimeter^2): 100 for a square, less the longer the edge; None where not measured."""
        if not self.edge:
            return None
        inside = sum(self.shared.get((one, other), 0) for one, other in itertools.combinations(sorted(site), 2))
        edge = sum(self.edge[parcel] for parcel in site) - 2 * inside
        return 160_000 * sum(self.area[parcel] for parcel in site) // edge**2 if edge > 0 else None

    def operator(self, parcel: int, demand: int | None) -> Value:
        """The operator on a parcel: ``existing_user`` where the demand holds it today."""
        if demand is None:
            return None
        return "existing_user" if demand in self.held_by[parcel] else self.demands[demand].get("operator")

    def offer(
        self,
        parcel: int,
        demand: int | None,
        site: Facts,
        method: Method,
        term: int,
        period: str | None,
        others: int = 0,
    ) -> dict[str, Value]:
        """All facts of (parcel, demand or market, method, term, period); demand facts of the market are unknown."""
        found: dict[str, Value] = {**CASE_DEFAULTS, **self.parcels[parcel]}
        if demand is not None:
            found.update(self.demands[demand])
            found["operator"] = self.operator(parcel, demand)
        found.update(site)
        found["method"] = method.id
        found["right"] = method.right
        found["competitive"] = method.competitive
        found["term_years"] = term or None
        found["period"] = period
        found["other_applicants"] = others
        return found


def integer(value: Value) -> int:
    """An integer fact; unknown counts 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def texts(value: Value) -> tuple[str, ...]:
    """A fact of codes or ids; unknown is empty."""
    return value if isinstance(value, tuple) else ()


def key_text(value: Value) -> str:
    """A fact as part of a limit's key: a set joined by ";", unknown "", booleans "true" and "false"."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, tuple) else str(value)
