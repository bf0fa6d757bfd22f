"""The best plan of an independent programme, by HiGHS on its own rows, and what ties there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import highspy
import numpy as np

from tests.independent.lines import Key
from tests.independent.programme import Programme


class Solver:
    """The whole programme: offers, then the units of slack of soft rows."""

    def __init__(self, programme: Programme) -> None:
        self.p = programme
        self.rows = sorted(programme.rows)
        alone = [[key] for key in self.rows if programme.rows[key].unit and not programme.rows[key].once]
        shared: dict[str, list[Key]] = {}
        for key in self.rows:
            if programme.rows[key].once:
                shared.setdefault(key[0], []).append(key)
        self.soft = [*alone, *shared.values()]  # the rows that each slack is in
        self.slack = {key: place for place, keys in enumerate(self.soft) for key in keys}
        self.count = len(programme.offers) + len(self.soft)
        self.lines: list[tuple[dict[int, int], float, float]] = []
        self._links()
        for key in self.rows:
            row = programme.rows[key]
            cells = {at: o.rows[key] for at, o in enumerate(programme.offers) if o.rows.get(key)}
            if row.unit:
                place = len(programme.offers) + self.slack[key]
                cells[place] = -row.unit if row.sense == "<=" else row.unit
            self.lines.append(
                (cells, row.rhs if row.sense != "<=" else -np.inf, row.rhs if row.sense != ">=" else np.inf)
            )

    def _links(self) -> None:
        """At most one offer a parcel and a platform."""
        taken: dict[Any, dict[int, int]] = {}
        for at, offer in enumerate(self.p.offers):
            for parcel in offer.name[0]:
                taken.setdefault(("p", parcel), {})[at] = 1
            if offer.name[1] is not None:
                taken.setdefault(("d", offer.name[1]), {})[at] = 1
        self.lines += [(cells, -np.inf, 1.0) for cells in taken.values()]

    def worth(self, tier: int) -> dict[int, int]:
        """The objective of a tier."""
        found = {at: offer.score[tier] for at, offer in enumerate(self.p.offers)}
        for place, keys in enumerate(self.soft, len(self.p.offers)):
            row = self.p.rows[keys[0]]
            if row.tier == tier:
                found[place] = -row.penalty
        return found

    def best(
        self, worth: Mapping[int, int], kept: Sequence[tuple[Mapping[int, int], int]], most: float = np.inf
    ) -> tuple[int, ...] | None:
        """The columns of a best point, checked; ``kept`` are sums not to fall short of; None if there is none."""
        solver = highspy.Highs()
        for name, value in (
            ("output_flag", False),
            ("mip_rel_gap", 0.0),
            ("mip_abs_gap", 0.4),
            ("random_seed", 1),
            ("presolve", "off"),
        ):
            solver.setOptionValue(name, value)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize)
        for at in range(self.count):
            solver.addVar(0.0, 1.0 if at < len(self.p.offers) else 1e9)
            solver.changeColCost(at, float(worth.get(at, 0)))
            solver.changeColIntegrality(at, highspy.HighsVarType.kInteger)
        for cells, low, high in (*self.lines, *((dict(c), v - 0.4, np.inf) for c, v in kept)):  # sums are whole
            solver.addRow(low, high, len(cells), list(cells), [float(v) for v in cells.values()])
        if not self.count:
            return () if all(low <= 0 <= high for _, low, high in self.lines) else None
        solver.run()
        if solver.getModelStatus() == highspy.HighsModelStatus.kInfeasible:
            return None
        assert solver.getModelStatus() == highspy.HighsModelStatus.kOptimal, solver.getModelStatus()
        point = tuple(round(value) for value in solver.getSolution().col_value)
        for cells, low, high in (*self.lines, *((dict(c), float(v), np.inf) for c, v in kept)):
            assert low <= sum(point[at] * value for at, value in cells.items()) <= high
        return point

    def held(self, tier: int, reached: int) -> int:
        """What later tiers may not bring a tier below that reached so much."""
        part, whole = self.p.gives[tier] if tier < len(self.p.gives) else (0, 1)
        return reached - abs(reached) * part // whole

    def solve(self) -> tuple[list[int], tuple[int, ...]] | None:
        """The best objective of each tier and a plan that has it; None where no plan is lawful."""
        reached: list[int] = []
        kept: list[tuple[Mapping[int, int], int]] = []
        point: tuple[int, ...] | None = None
        for tier in range(len(self.p.tiers)):
            worth = self.worth(tier)
            point = self.best(worth, kept)
            if point is None:
                return None
            reached.append(sum(worth.get(at, 0) * value for at, value in enumerate(point)))
            kept.append((worth, self.held(tier, reached[-1])))
        assert point is not None
        return reached, point

    def apart(self, reached: Sequence[int], plan: Sequence[int]) -> int:
        """The largest number of parcels that another best plan gives otherwise than ``plan`` (numbers of offers)."""
        supplied = {parcel for at in plan for parcel in self.p.offers[at].name[0]}
        weights = {}
        for at, offer in enumerate(self.p.offers):
            site = offer.name[0]
            weights[at] = -len(site) if at in plan else sum(parcel not in supplied for parcel in site)
        kept = [(self.worth(tier), self.held(tier, value)) for tier, value in enumerate(reached)]
        point = self.best(weights, kept)
        assert point is not None
        return len(supplied) + sum(weights.get(at, 0) * value for at, value in enumerate(point))
