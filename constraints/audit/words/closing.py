"""Rules that a plan's reasons name as closing parcels: does each really say so there? Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from constraints.audit.reread import Reader
from constraints.reading.book import DEMAND_FIELDS, Clause
from constraints.reading.core import NOBODY, ban

Json = Mapping[str, Any]
Same = Callable[[str, str, Any, Any], None]
MOST = 2_000
"""Parcels a reason counts that are asked about one by one; of more, as many."""


class Closing:
    """Asks the scalar reading what it says of a parcel for a platform (or the market), by any method."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._said: dict[tuple[int, int | None, int], Mapping[tuple[str, str], set[tuple[str, ...]]]] = {}
        self._order: dict[tuple[str, str], list[int]] = {}
        self._bans: dict[str, Clause | None] = {}

    def closes(self, row: int, demand: int | None, rule: str, verdict: str, unknowns: tuple[str, ...]) -> bool:
        """Whether a rule gives that verdict by any method (where facts are named: hanging on just these)."""
        clause = self._ban(rule) if verdict == "forbid" and not unknowns else None
        if clause is not None and not self.reader.facts.parcels[row].get("use_mix"):
            quiet = DEMAND_FIELDS if demand is None else NOBODY
            return any(clause.holds(facts, quiet) for facts in self.reader.cases((row,), demand, -1))
        for method in self._methods(rule, verdict):
            found = self._by(row, demand, method).get((rule, verdict), ())
            if unknowns in found if unknowns else found:
                return True
        return False

    def _ban(self, rule: str) -> Clause | None:
        """The clause of a rule that forbids on a condition of its own, whatever the method (:func:`ban`)."""
        if rule not in self._bans:
            self._bans[rule] = ban(self.reader.book.on({}), rule)
        return self._bans[rule]

    def _methods(self, rule: str, verdict: str) -> list[int]:
        """All methods, those first by which the rule itself states that verdict: they are the likeliest to give it."""
        known = self._order.get((rule, verdict))
        if known is None:
            methods = self.reader.case.methods
            spec = next((one.spec for one in self.reader.case.rules if one.id == rule), {})
            stated = spec.get("verdict") or {}
            first = [stated.get(method.id) == verdict or rule in method.default_rule for method in methods]
            known = self._order[rule, verdict] = sorted(range(len(methods)), key=lambda k: not first[k])
        return known

    def _by(self, row: int, demand: int | None, method: int) -> Mapping[tuple[str, str], set[tuple[str, ...]]]:
        """(rule, verdict) with the unknown facts it hangs on, by one method."""
        known = self._said.get((row, demand, method))
        if known is None:
            found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
            for one in self.reader.judge_site((row,), demand, method, -1, noted=False).rulings:
                found.setdefault((one.rule_id, one.verdict), set()).add(one.unknowns)
            known = self._said[row, demand, method] = found
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
        need, hits = min(reason["count"], MOST), 0
        for row in rows[:MOST]:
            if 0 < need <= hits:
                break  # as many as it counts: of more it says nothing
            hits += row >= 0 and any(self.closes(row, demand, rule, verdict, unknowns) for demand in asked)
        enough = 0 < need <= hits
        same(where, f"{rule}: parcels it closes", reason["count"], reason["count"] if enough else hits)
