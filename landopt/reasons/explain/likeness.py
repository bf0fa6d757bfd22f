"""Which parcels and platforms are alike to the law: equal on every fact a rule looks at, prices included."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any

from constraints.reading.book import RuleBook
from constraints.reading.case_facts import CaseFacts
from parcels.common.schema import fields

_SITE = frozenset(("site_area_m2", "site_parcels", "site_compact", "intending_users"))
_SITE |= {"other_applicants", "operator", "period"}
_OWN = ("want_right", "budget_yuan", "partners", "lease_years", "want_term")


class Likeness:
    """Keys of single parcels and platforms: equal keys get equal answers (who applied and who holds included)."""

    def __init__(self, facts: CaseFacts, book: RuleBook) -> None:
        self.facts = facts
        points: dict[str, set[int] | None] = {}
        for shelf in book.shelves.values():
            for name, levels, _ in shelf.signature:
                known = points.get(name, set())
                points[name] = None if levels is None or known is None else known | set(levels)
        declared = fields()
        named = {name: None if levels is None else tuple(sorted(levels)) for name, levels in points.items()}
        self.levels = named
        self.prices = sorted({name for shelf in book.shelves.values() for name in shelf.prices})
        self.parcel_names = [n for n in sorted(named) if n in declared and declared[n].of in ("parcel", "case")]
        self.demand_names = [n for n in sorted(named) if n in declared and declared[n].of == "demand"]
        self.records = {record.parcel_id for record in facts.case.records if record.parcel_id}
        self.asked = {record.demand_id for record in facts.case.records if record.demand_id}
        self._parcel: dict[int, tuple[Any, ...]] = {}
        self._demand: dict[int | None, tuple[Any, ...]] = {None: ("market",)}

    def _level(self, name: str, value: Any) -> Any:
        if name not in self.levels:
            return None  # no rule looks at it
        levels = self.levels[name]
        if levels is None or not isinstance(value, int) or isinstance(value, bool):
            return value
        return bisect_left(levels, value) + bisect_right(levels, value)

    def key(
        self, site: tuple[int, ...] | Any, demand: int | None, others: int, *, budget: bool = True
    ) -> tuple[Any, ...]:
        """The key of a single parcel, a platform (``None``: the market) and the number of other applicants.

        Without ``budget`` equal keys get equal rulings, but prices may lie on either side of the platform's budget.
        """
        row = site[0]
        parcel = self._parcel.get(row)
        if parcel is None:
            parcel = self._parcel[row] = self._of_parcel(row)
        wanted = self._demand.get(demand)
        if wanted is None:
            wanted = self._demand[demand] = self._of_demand(demand)
        holds = demand is not None and demand in self.facts.held_by[row]
        return (
            parcel,
            wanted,
            holds,
            self._level("other_applicants", others),
            self._prices(row, demand if budget else None),
        )

    def _prices(self, row: int, demand: int | None) -> tuple[Any, ...]:
        """Prices matter by being known, and in full where a reserve price or a budget is held against them."""
        facts = self.facts.parcels[row]
        budget = None if demand is None else self.facts.demands[demand].get("budget_yuan")
        if budget is None and facts.get("reserve_price") is None:
            return tuple(facts.get(name) is None for name in self.prices)
        return (facts.get("area_m2"), *(facts.get(name) for name in self.prices))

    def _of_parcel(self, row: int) -> tuple[Any, ...]:
        facts = self.facts.parcels[row]
        name = facts.get("parcel_id")
        own = [self._level(field, facts.get(field)) for field in self.parcel_names if field not in _SITE]
        area = facts.get("area_m2")
        together = (self._level("site_area_m2", area), self._level("intending_users", self.facts.applicants((row,))))
        return (*own, *together, facts.get("use_mix"), name if name in self.records else None)

    def _of_demand(self, demand: int | None) -> tuple[Any, ...]:
        assert demand is not None
        facts = self.facts.demands[demand]
        name = facts.get("demand_id")
        own = [self._level(field, facts.get(field)) for field in self.demand_names]
        return (*own, *(facts.get(field) for field in _OWN), name if name in self.asked else None)
