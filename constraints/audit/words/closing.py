"""Rules that a plan's reasons name as closing parcels: does each really say so there? Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from constraints.audit.reread import Reader

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
MOST = 2_000
"""Parcels a reason counts that are asked about one by one; of more, as many."""


class Closing:
    """Asks the scalar reading what it says of a parcel for a platform (or the market), by any method."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._said: dict[tuple[int, int | None], dict[tuple[str, str], set[tuple[str, ...]]]] = {}

    def said(self, row: int, demand: int | None) -> dict[tuple[str, str], set[tuple[str, ...]]]:
        """(rule, verdict) with the unknown facts it hangs on, of every method."""
        known = self._said.get((row, demand))
        if known is None:
            known = self._said[row, demand] = {}
            for method in range(len(self.reader.case.methods)):
                for one in self.reader.judge_site((row,), demand, method, -1, noted=False).rulings:
                    known.setdefault((one.rule_id, one.verdict), set()).add(one.unknowns)
        return known

    def kept(self, row: int, demand: int) -> set[str]:
        """The platform's wish that keeps it from the parcel: its rights, or its budget by a method not forbidden."""
        wish = self.reader.facts.demands[demand]
        rights, budget = wish.get("want_right"), wish.get("budget_yuan")
        methods = [
            (number, method)
            for number, method in enumerate(self.reader.case.methods)
            if not (isinstance(rights, tuple) and rights and method.right not in rights)
        ]
        if not methods:
            return {"want_right"}
        if not isinstance(budget, int):
            return set()
        for number, _ in methods:
            judged = self.reader.judge_site((row,), demand, number, -1, noted=False)
            if judged.verdict != "forbid" and judged.price > budget:
                return {"budget_yuan"}
        return set()

    def of_wishes(
        self, same: Same, where: str, reason: Json, rows: Sequence[int], named: Sequence[int], demand: int
    ) -> None:
        """One reason without a rule: a wish keeps the platform from each parcel named and from as many as counted."""
        code = reason["code"]
        same(
            where,
            f"{code}: parcels",
            [row for row in named if row not in rows or code not in self.kept(row, demand)],
            [],
        )
        hits = sum(code in self.kept(row, demand) for row in rows[:MOST])
        enough = 0 < min(reason["count"], MOST) <= hits
        same(where, f"{code}: count", reason["count"], reason["count"] if enough else hits)

    def of_parcels(
        self,
        same: Same,
        where: str,
        reason: Json,
        cite: Callable[[Any], Any],
        rows: Sequence[int],
        asked: Sequence[int | None],
    ) -> None:
        """One reason: its rule gives that verdict on as many of these parcels as it counts, for one who asks."""
        ruling = reason["ruling"]
        rule, verdict, unknowns = cite(ruling["cite"]), ruling["verdict"], tuple(ruling.get("unknowns", ()))
        same(where, f"{rule}: how it closes", reason["code"], "forbid" if verdict == "forbid" else "verdict")
        hits = 0
        for row in rows[:MOST]:
            found = [self.said(row, demand).get((rule, verdict), set()) for demand in asked] if row >= 0 else []
            hits += any(unknowns in each if unknowns else each for each in found)
        enough = 0 < min(reason["count"], MOST) <= hits
        same(where, f"{rule}: parcels it closes", reason["count"], reason["count"] if enough else hits)
