"""Ties: whether the plan is the only best one, and which of the best the declared ladder and a public lot pick.

Runs only where the proved gap is 0 in every tier. The lot is the SHA-256 of the round id and the offer id, so anybody
can draw it again: the plan that holds the offer with the smallest hash wins, then the next smallest, and so on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from landopt.solving.programme.arrays import Ints, Program, from_arrays, ranges, standing
from landopt.solving.programme.model import build
from landopt.solving.proof.certificate import Certificate
from parcels.common.issues import Refused, error
from parcels.common.place import Place
from parcels.common.schema import fields

if TYPE_CHECKING:
    from constraints.case import Case
    from landopt.screening.offers import Offers
from landopt.solving.search_state import Options
from landopt.solving.tuning import USUAL

BLOCK = 10
"""Offers of the lot decided in one programme (powers of two as weights)."""


def ladder(case: Case, offers: Offers) -> dict[str, Any]:
    """What the second stage needs: the steps of the ladder as numbers, and the texts of the offer ids.

    A step ``-field`` prefers the larger sum of an integer field over parcels or platforms, ``field`` the smaller;
    ``demand_id`` and ``parcel_id`` prefer the plan that serves the first id, then the second (``-``: from the last).
    A declared field that no row was given tells nothing apart; the next step decides.

    Raises
    ------
    Refused
        S020: the field is neither an id nor an integer field of parcels or demands.
    """
    steps = []
    for step in case.objective.ties:
        name, down = step.removeprefix("-"), step.startswith("-")
        if name in ("demand_id", "parcel_id"):
            steps.append({"name": step, "order": name, "reverse": down})
            continue
        where = _table(case, name)
        column = (case.parcels if where == "parcel" else case.demands).column(name) if where else ()
        if not where or not all(value is None or type(value) is int for value in column):
            raise Refused(error("S020.ties-no-integer", at=Place("round.toml", table="objective"), name=name))
        values = [int(str(value)) if value is not None else 0 for value in column]
        steps.append({"name": step, where: values, "sign": 1 if down else -1})
    return {
        "steps": steps,
        "round": case.round.id,
        "parcels": list(case.parcels.ids),
        "demands": list(case.demands.ids),
        "methods": [method.id for method in case.methods],
        "periods": [period.id for period in case.round.periods],
        "period": np.asarray(offers.period).tolist() if len(case.round.periods) else [],
    }


def _table(case: Case, name: str) -> str:
    """Which table has the field (``parcel``, ``demand``, blank: none): by its columns, else as it is declared.

    A table leaves out the columns of fields that were never given, and an empty one has none at all.
    """
    if name in case.parcels.columns:
        return "parcel"
    if name in case.demands.columns:
        return "demand"
    declared = fields().get(name)
    if declared is None or declared.type != "int":
        return ""
    return declared.of if declared.of in ("parcel", "demand") else ""


def offer_id(parcels: Sequence[str], demand: str, method: str, period: str) -> str:
    """The public name of an offer: its parcels, platform (or nothing), method and period (or nothing)."""
    return "|".join((";".join(parcels), demand, method, period))


def lot(round_id: str, offer: str) -> str:
    """The hash an offer draws in a round (hex SHA-256)."""
    return hashlib.sha256(f"{round_id}\n{offer}".encode()).hexdigest()


def examine(
    base: dict[str, Any],
    reached: Sequence[int],
    chosen: Ints,
    spec: dict[str, Any],
    options: Options,
    proof: tuple[Mapping[str, Any], int] | None = None,
) -> tuple[Ints, dict[str, Any]]:
    """The plan the ladder and the lot pick among the best ones, and what was found.

    ``proof`` is the tree of the last tier and its scale: offers that it shows to be in no plan as good stay out.
    """
    tiers = len(base["score"])
    prog = from_arrays(base, tiers - 1, reached)
    pool = _near(base, reached, chosen)
    if proof is not None:
        pool = np.union1d(np.intersect1d(pool, Certificate(prog, *proof).level(reached[-1])), chosen)
    if len(pool) == len(chosen):
        return chosen, {"status": "unique", "by": "prices", "parcels": 0, "broken_by": []}
    if len(pool) > USUAL.small:
        return chosen, {"status": "not examined"}
    stage = _Stage(prog, pool, reached[-1], chosen, options)
    differing = stage.differ()
    if differing is None:
        return chosen, {"status": "not examined"}
    if differing == 0:
        return chosen, {"status": "unique", "by": "solver", "parcels": 0, "broken_by": []}
    used: list[str] = []
    for step in spec["steps"]:
        before = stage.chosen
        if "order" in step:
            stage.by_order(step["order"], step["reverse"])
        else:
            stage.by_sum(_weights(prog, pool, step))
        if not np.array_equal(before, stage.chosen):
            used.append(step["name"])
    before = stage.chosen
    stage.by_lot(_lots(prog, pool, spec))
    if not np.array_equal(before, stage.chosen):
        used.append("lot")
    if not np.array_equal(chosen, stage.chosen):  # the number told is that of the plan that is printed
        differing = _Stage(prog, pool, reached[-1], stage.chosen, options).differ()
    told = {"status": "tied", "parcels": differing, "broken_by": used}
    return (stage.chosen, told) if differing is not None else (chosen, {"status": "not examined"})


def _near(base: dict[str, Any], reached: Sequence[int], chosen: Ints) -> Ints:
    """Offers that another best plan could use: at the last tier's prices they are worth all they cost, exactly."""
    from landopt.solving.relaxation.prices import relax
    from landopt.solving.search.restricted import exact_margin

    prog = from_arrays(base, len(base["score"]) - 1, reached)
    relaxed, _ = relax(prog, start=chosen)
    slack = relaxed.bound * relaxed.prices.scale + relaxed.prices.scale - 1 - reached[-1] * relaxed.prices.scale
    return np.union1d(np.flatnonzero(exact_margin(prog, relaxed) >= -slack), chosen)


def _weights(prog: Program, pool: Ints, step: dict[str, Any]) -> Ints:
    if "parcel" in step:
        values = np.array(step["parcel"], dtype=np.int64)
        sums = np.add.reduceat(values[prog.site_parcels], prog.site_start[:-1])
        return np.asarray(step["sign"] * sums[prog.site[pool]])
    values = np.append(np.array(step["demand"], dtype=np.int64), 0)
    return np.asarray(step["sign"] * values[prog.demand[pool]])


def _lots(prog: Program, pool: Ints, spec: dict[str, Any]) -> list[str]:
    out = []
    for offer in pool.tolist():
        site = int(prog.site[offer])
        land = prog.site_parcels[int(prog.site_start[site]) : int(prog.site_start[site + 1])].tolist()
        demand = int(prog.demand[offer])
        period = spec["periods"][spec["period"][offer]] if spec["periods"] and spec["period"][offer] >= 0 else ""
        name = offer_id(
            [spec["parcels"][p] for p in land],
            spec["demands"][demand] if demand >= 0 else "",
            spec["methods"][int(prog.method[offer])],
            period,
        )
        out.append(lot(spec["round"], name))
    return out


class _Stage:
    """Programmes over the offers of best plans, each with the rows of the decisions made so far."""

    def __init__(self, prog: Program, pool: Ints, value: int, chosen: Ints, options: Options) -> None:
        self.prog, self.pool, self.options = prog, pool, options
        self.chosen = chosen
        self.value = value
        self.rows: list[tuple[Ints, Ints, str, int]] = []
        self.fixed: dict[int, int] = {}

    def _solve(self, weights: Ints) -> Ints | None:
        """The best plan by ``weights`` (over the pool) among plans of the same value that keep what is decided."""
        from landopt.solving.programme.pulp_imported import pulp
        from landopt.solving.programme.silent_highs import SilentHiGHS

        built = build(self.prog, self.pool, None, self.rows)
        slack_terms = [
            (var, -int(self.prog.penalty[row])) for var, row in zip(built.s, built.soft.tolist(), strict=True)
        ]
        worth = list(zip(built.x, self.prog.score[self.pool].tolist(), strict=True)) + slack_terms
        built.problem.addConstraint(pulp.lpSum_vars_coefs(worth) >= self.value, "value")
        built.problem.setObjective(pulp.lpSum_vars_coefs(list(zip(built.x, weights.tolist(), strict=True))))
        place = {int(offer): k for k, offer in enumerate(self.pool)}
        for offer, value in self.fixed.items():
            built.x[place[offer]].lowBound = value
            built.x[place[offer]].upBound = value
        left = None
        if self.options.deadline is not None:
            from time import monotonic

            left = max(0.1, self.options.deadline - monotonic())
        stats = built.problem.solve(
            SilentHiGHS(msg=False, gapRel=0, threads=1, timeLimit=left, mip_abs_gap=0.5, random_seed=self.options.seed)
        )
        if stats.status != pulp.LpSolveStatus.Optimal or not stats.has_solution:
            return None
        found = self.pool[np.array([(var.value() or 0.0) > 0.5 for var in built.x])]
        state = standing(self.prog, found)
        return found if state.lawful and state.objective == self.value else None

    def differ(self) -> int | None:
        """The largest number of parcels whose offer differs in another best plan; None if that was not settled."""
        prog = self.prog
        mine = np.isin(self.pool, self.chosen)
        covered = np.zeros(prog.parcels, dtype=np.int64)
        covered[_land(prog, self.chosen)] = 1
        sites = prog.site[self.pool]
        size = np.diff(prog.site_start)[sites]
        free = np.add.reduceat(1 - covered[prog.site_parcels], prog.site_start[:-1])[sites]
        weights = np.where(mine, -size, free)
        found = self._solve(weights)
        if found is None:
            return None
        return int(size[mine].sum() + weights[np.isin(self.pool, found)].sum())

    def by_sum(self, weights: Ints) -> None:
        """Keep the plans with the largest sum."""
        found = self._solve(weights)
        if found is None:
            return
        self.chosen = found
        total = int(weights[np.isin(self.pool, found)].sum())
        self.rows.append((self.pool, weights, ">=", total))

    def by_order(self, order: str, reverse: bool) -> None:
        """Serve the first id if any best plan does, then the second, and so on."""
        prog = self.prog
        groups: dict[int, list[int]] = {}
        for k, offer in enumerate(self.pool.tolist()):
            keys = [int(prog.demand[offer])] if order == "demand_id" else _land(prog, np.array([offer])).tolist()
            for key in keys:
                if key >= 0:
                    groups.setdefault(key, []).append(k)
        for key in sorted(groups, reverse=reverse):
            members = np.array(groups[key])
            ours = bool(np.isin(self.pool[members], self.chosen).any())
            if not ours:
                weights = np.zeros(len(self.pool), dtype=np.int64)
                weights[members] = 1
                found = self._solve(weights)
                if found is None:
                    return
                if np.isin(self.pool[members], found).any():
                    self.chosen, ours = found, True
            ones = np.ones(len(members), dtype=np.int64)
            self.rows.append((self.pool[members], ones, "=", 1 if ours else 0))

    def by_lot(self, hashes: list[str]) -> None:
        """Draw the public lot among what is still tied."""
        order = [k for k in sorted(range(len(hashes)), key=hashes.__getitem__) if int(self.pool[k]) not in self.fixed]
        at = 0
        while at < len(order):
            if self._alone():
                return
            block = order[at : at + BLOCK]
            weights = np.zeros(len(self.pool), dtype=np.int64)
            weights[block] = [2 ** (BLOCK - 1 - j) for j in range(len(block))]
            found = self._solve(weights)
            if found is None:
                return
            self.chosen = found
            inside = np.isin(self.pool, found)
            for k in block:
                self.fixed[int(self.pool[k])] = int(inside[k])
            at += BLOCK

    def _alone(self) -> bool:
        """True where no other plan is left."""
        found = self._solve(np.where(np.isin(self.pool, self.chosen), -1, 1))
        return found is None or np.array_equal(found, self.chosen)


def _land(prog: Program, offers: Ints) -> Ints:
    sites = prog.site[offers]
    return prog.site_parcels[ranges(prog.site_start[sites], prog.site_start[sites + 1] - prog.site_start[sites])]
